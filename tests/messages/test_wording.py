"""Which words somebody gets: the language is chosen once, and subject, preview text and body are all in it where they can be."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.messages.composing import Composer
from core.messages.plan import PinnedVersion
from core.templates.languages.choice import chosen_language
from core.templates.languages.headings import Heading, Headings
from tests.messages.conftest import KEY
from tests.messages.test_composing import ANN, NOW, PLAN

COMPOSER = Composer(TrackingUrls(TokenSigner(KEY), "https://track.example"), KEY)
TAGS = ("de", "de-at", "fr", "pt", "pt-br")
NO_WORDS = Heading()
_SAID = re.compile(r'data-language="([^"]*)"')
_BESIDE = re.compile(r'<div style="display:none[^>]*>([^<]*)</div>')

languages = st.sampled_from(TAGS)
known = st.sampled_from([*TAGS, "DE", "de_AT", "de-CH", "pt_BR", "es", "en", "", "  fr ", "-", None, 7])
said = st.dictionaries(languages, st.tuples(st.booleans(), st.booleans()))


def version(language: str) -> PinnedVersion:
    html = f'<html><body data-language="{language}"><p>Hi {{{{ contact.first_name }}}}</p></body></html>'
    return PinnedVersion(1, html, f"in {language or 'main'}", ())


def headings(arm: str, theirs: dict[str, tuple[bool, bool]], *, has_preview: bool) -> Headings:
    written = {tag: Heading(f"{arm} in {tag}" * subject, f"{arm} beside {tag}" * preview) for tag, (subject, preview) in theirs.items()}
    return Headings(f"{arm} in main", f"{arm} beside main" * has_preview, written)


@given(there=st.sets(languages), first=said, second=said, previews=st.tuples(st.booleans(), st.booleans()), reads=known)
def test_subject_preview_and_body_are_of_one_language(
    there: set[str],
    first: dict[str, tuple[bool, bool]],
    second: dict[str, tuple[bool, bool]],
    previews: tuple[bool, bool],
    reads: object,
) -> None:
    a, b = headings("A", first, has_preview=previews[0]), headings("B", second, has_preview=previews[1])
    main = replace(version(""), languages={tag: version(tag) for tag in there})
    plan = replace(PLAN, version=main, headings=a, arms={1: a.beside(a), 2: b.beside(a)}, link_ids=())
    reader = replace(ANN, attributes={"language": reads})
    tag = chosen_language(reads, there)
    assert tag in {"", *there}
    for variant, arm, theirs in ((None, "A", first), (1, "A", first), (2, "B", second)):
        message = COMPOSER.compose(plan, 42, reader, variant)
        html = str(message.html)
        assert _SAID.findall(html) == [tag]
        assert str(message.text).strip() == f"in {tag or 'main'}"
        assert message.subject == f"{arm} in {tag if theirs.get(tag, (False,))[0] else 'main'}"
        tested = COMPOSER.compose_test(plan, reader, "me@example.com", variant, at=NOW)
        assert tested.subject == f"[Test] {message.subject}"
        assert _SAID.findall(str(tested.html)) == [tag]
        assert _BESIDE.findall(str(tested.html)) == _BESIDE.findall(html) == beside(arm, tag, a, b)


def beside(arm: str, tag: str, a: Headings, b: Headings) -> list[str]:
    """Return the preview text by the rule in words: one's own, else the main one; a second subject without any has the first one's."""
    written = a if arm == "A" or not (b.preview_text or any(one.preview_text for one in b.languages.values())) else b
    found = written.languages.get(tag, NO_WORDS).preview_text or written.preview_text
    return [found] if found else []


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<body><p>Hi</p></body>", "<body>{new}<p>Hi</p></body>"),
        ('<body class="a">\n<!-- x --><div style="display:none">Old <b>text</b></div><p>Hi</p>', None),
        ('<body><span style="max-height:0;overflow:hidden">{{ contact.city }}</span><p>Hi</p>', None),
        ("<body><div hidden>{% if contact.city %}Old{% endif %}</div><p>Hi</p>", None),
        ('<body><div style="opacity:0.9">Hi</div>', '<body>{new}<div style="opacity:0.9">Hi</div>'),
        (
            '<body><div style="display:none"><a href="{{ unsubscribe_url }}">x</a></div>',
            '<body>{new}<div style="display:none"><a href="{{ unsubscribe_url }}">x</a></div>',
        ),
        (
            '<body><div style="display:none">{% if contact.city %}</div><p>Hi</p>{% endif %}',
            '<body>{new}<div style="display:none">{% if contact.city %}</div><p>Hi</p>{% endif %}',
        ),
        ('<body><div style="display:none">never closed', '<body>{new}<div style="display:none">never closed'),
        ("<p>No body</p>", "{new}<p>No body</p>"),
    ],
)
def test_a_preview_text_stands_where_the_template_had_its_own_and_else_before_everything(body: str, shown: str | None) -> None:
    plan = replace(PLAN, version=PinnedVersion(1, body, "Hi", ()), headings=Headings("Hello", "New & {{ contact.city }}"), link_ids=())
    html = str(COMPOSER.compose_test(plan, replace(ANN, attributes={"city": "<Köln>"}), "me@example.com", at=NOW).html)
    new = "New &amp; &lt;Köln&gt;"
    assert html.count(new) == 1
    if shown is None:
        assert "Old" not in html
        assert html.endswith("<p>Hi</p>")
        return
    before, _, after = shown.partition("{new}")
    bare = replace(plan, headings=Headings("Hello"), version=replace(plan.version, html=after))
    left = str(COMPOSER.compose_test(bare, ANN, "me@example.com", at=NOW).html)
    assert html.startswith(before)
    assert html.endswith(left)
    assert re.fullmatch(r'<div style="display:none[^>]*">[^<]*</div>', html[len(before) : len(html) - len(left)])


def test_a_preview_text_may_say_what_the_subject_says_and_brings_no_second_line() -> None:
    plan = replace(PLAN, headings=Headings("Tea for {{ contact.first_name }}", "{{ campaign.subject }}: {{ contact.city }}"))
    message = COMPOSER.compose(plan, 42, replace(ANN, first_name="Ann", attributes={"city": "Köln\r\n</div><p>"}), None)
    assert 'overflow:hidden;mso-hide:all">Tea for Ann: Köln &lt;/div&gt;&lt;p&gt;</div>' in str(message.html)


def test_emails_of_one_language_share_a_layout_whatever_their_arm() -> None:
    a = Headings("A", "Beside A", {"de": Heading("A de", "Daneben")})
    plan = replace(PLAN, headings=a, arms={1: a, 2: Headings("B").beside(a)}, version=replace(PLAN.version, languages={"de": PLAN.version}))
    first, second = (COMPOSER.compose(plan, number, ANN, number) for number in (1, 2))
    assert first.html.layout is second.html.layout  # type: ignore[union-attr]
