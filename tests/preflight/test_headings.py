"""What preflight says about what inboxes show of an email in several languages."""

from __future__ import annotations

import pytest

from core.app import Services
from core.campaigns.models import Audience
from core.contacts.attributes import AttributeType
from core.permissions import Principal
from core.preflight.envelopes import Envelope
from core.preflight.findings import Rule, Severity
from core.templates.languages.headings import Heading, Headings
from core.templates.languages.naming import english_name
from core.templates.library.templates import TemplateVersion

STOP = '<a href="{{ unsubscribe_url }}">Stop</a>'
ENGLISH = f'<html lang="en"><body><p>Hello {{{{ contact.first_name | default("you") }}}}</p>{STOP}</body></html>'
ABOUT = {Rule.SUBJECT_LANGUAGE, Rule.PREVIEW_LANGUAGE, Rule.LANGUAGE_UNUSED}
BOTH = Heading("Neues vom Berg", "Was dieses Frühjahr wächst, Blatt für Blatt")
BESIDE = "What grows this spring, leaf by leaf"


@pytest.fixture
def german(services: Services, workspace: Principal) -> TemplateVersion:
    version = services.templates.save(workspace, "Letter", ENGLISH)
    return services.translating.put(workspace, version.template_id, "de", f"<p>Hallo</p>{STOP}")


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        ((Headings("News"),), {"The mail has German words but its subject is only in English."}),
        ((Headings("News", "", {"de": BOTH}),), set()),
        ((Headings("News", BESIDE, {"de": BOTH}),), set()),
        ((Headings("News", BESIDE, {"de": Heading("Neues")}),), {"The mail has German words but its preview text is only in English."}),
        (
            (Headings("News", "", {"de": BOTH}), Headings("Other")),
            {"The mail has German words but its second subject is only in English."},
        ),
        (
            (Headings("News"), Headings("Other", "", {"de": BOTH})),
            {"The mail has German words but its first subject is only in English."},
        ),
        ((Headings("News"), Headings("Other")), {"The mail has German words but its subjects are only in English."}),
        ((Headings("News", BESIDE, {"de": BOTH}), Headings("Other", "", {"de": Heading("Anderes")})), set()),
        (
            (Headings("News", "", {"de": BOTH, "fr": Heading("Nouvelles")}),),
            {"The subject is there in French, but the mail has no French words: nobody gets it."},
        ),
    ],
)
def test_a_language_under_another_one_is_told(
    services: Services, workspace: Principal, german: TemplateVersion, headings: tuple[Headings, ...], said: set[str]
) -> None:
    report = services.preflight.check(workspace, german, Envelope.around(headings, None))
    found = [one for one in report.findings if one.rule in ABOUT]
    assert {one.message for one in found} == said
    assert all(one.severity is not Severity.ERROR for one in found)


def test_where_the_mail_does_not_say_its_main_language_none_is_made_up(services: Services, workspace: Principal) -> None:
    version = services.templates.save(workspace, "Letter", f"<p>Hi</p>{STOP}")
    version = services.translating.put(workspace, version.template_id, "de", f"<p>Hallo</p>{STOP}")
    report = services.preflight.check(workspace, version, Envelope(("News",)))
    assert [one.message for one in report.findings if one.rule in ABOUT] == [
        "The mail has German words but its subject is only in its main language."
    ]


def test_without_a_subject_or_another_language_nothing_is_said(services: Services, workspace: Principal, german: TemplateVersion) -> None:
    alone = services.templates.save(workspace, "Alone", ENGLISH)
    for version, envelope in ((german, Envelope()), (alone, Envelope(("News",)))):
        assert not {one.rule for one in services.preflight.check(workspace, version, envelope).findings} & ABOUT


def test_the_subject_of_a_language_is_looked_at_with_the_mail_in_it(
    services: Services, workspace: Principal, german: TemplateVersion
) -> None:
    lines = Headings("News", "", {"de": Heading("Re: GROSSER VERKAUF!!", "Für {{ contact.last_name }} allein und sonst niemanden")})
    services.fields.add(workspace, "language", AttributeType.TEXT)
    letters = services.lists.create(workspace, "Readers")
    for email, language in (("ann@example.com", "en"), ("bert@example.com", "de-AT")):
        services.contacts.save(workspace, email, attributes={"language": language}, list_ids=[letters.id])
    report = services.preflight.check(workspace, german, Envelope.around((lines,)), audience=Audience("list", letters.id))
    about = [one for one in report.findings if one.rule in (Rule.SUBJECT_FAKE_REPLY, Rule.SHOUTING, Rule.EXCLAIMING)]
    assert {(one.rule, one.where, one.languages) for one in about} == {
        (rule, "Subject", ("de",)) for rule in (Rule.SUBJECT_FAKE_REPLY, Rule.SHOUTING, Rule.EXCLAIMING)
    }
    (empty,) = (one for one in report.findings if one.rule is Rule.FIELD_EMPTY)
    assert (empty.message, empty.languages) == ("“last_name” is empty for 1 of 1 people who get it in de (100 %).", ("de",))


def test_the_preview_text_of_a_second_subject_is_looked_at_too_in_each_language(
    services: Services, workspace: Principal, german: TemplateVersion
) -> None:
    first = Headings("News", BESIDE, {"de": BOTH})
    second = Headings("Other news", "{{ contact.last_name }}, this", {"de": Heading("Anderes", "Kurz")})
    report = services.preflight.check(workspace, german, Envelope.around((first, second)))
    assert {one.languages for one in report.findings if one.rule is Rule.PREVIEW_SHORT} == {("de",)}
    letters = services.lists.create(workspace, "Readers")
    services.contacts.save(workspace, "ann@example.com", list_ids=[letters.id])
    report = services.preflight.check(workspace, german, Envelope.around((first, second)), audience=Audience("list", letters.id))
    assert [one.message for one in report.findings if one.rule is Rule.FIELD_EMPTY] == [
        "“last_name” is empty for 1 of 1 people who get it in the main language (100 %)."
    ]
    same = Envelope.around((first, Headings("Other news", "News")))
    assert Rule.PREVIEW_SAME in {one.rule for one in services.preflight.check(workspace, german, same).findings}


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("de", "German"),
        ("de-AT", "German (de-AT)"),
        ("pt_BR", "Brazilian Portuguese"),
        ("ka", "Georgian"),
        ("haw", "Hawaiian"),
        ("qq", "qq"),
    ],
)
def test_languages_have_english_names(tag: str, name: str) -> None:
    assert english_name(tag) == name
