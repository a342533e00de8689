"""Subjects and preview texts in several languages: how a draft keeps them, what is refused, and that a launch freezes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.app import Services
from core.audit.actions import AuditAction
from core.campaigns.models import Campaign
from core.campaigns.plans import load_plan
from core.contacts.attributes import AttributeType
from core.errors import Conflict, InvalidInput
from core.permissions import Principal
from core.templates.languages.headings import Heading

Draft = Callable[..., Campaign]
GERMAN = Heading("Neues für {{ contact.first_name }}", "Der erste Tee")


def test_a_draft_keeps_its_lines_in_each_language(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(
        preview_text=" What grows ",
        subjects={"DE": GERMAN, "pt_BR": Heading(preview_text="Chá"), "fr": Heading()},
        subject_b="Other",
        preview_text_b="Beside",
        subjects_b={"de": Heading("Anderes")},
    )
    found = services.campaigns.get(by, made.id)
    assert found.preview_text == "What grows"
    assert found.subjects == {"de": GERMAN, "pt-br": Heading("", "Chá")}, "what says nothing is not kept"
    assert (found.subject_b, found.preview_text_b, found.subjects_b) == ("Other", "Beside", {"de": Heading("Anderes")})
    assert services.campaigns.all(by) == [found] == [made]


def test_without_any_it_is_as_before(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    assert (made.preview_text, made.subjects, made.preview_text_b, made.subjects_b) == ("", {}, "", {})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param(
            {"preview_text": "Hi\r\nBcc: all@example.com"}, "The preview text has a line break", id="a header in the preview text"
        ),
        pytest.param({"preview_text": "x" * 401}, "The preview text is 401 characters long", id="a preview text without end"),
        pytest.param({"preview_text": "{{ stranger.name }}"}, "stranger", id="an unknown field in the preview text"),
        pytest.param({"preview_text": "{{ data.order }}"}, "only single messages bring", id="data in the preview text"),
        pytest.param({"subject": "{{ data.order }}"}, "only single messages bring", id="data in the subject"),
        pytest.param({"subjects": {"de": Heading("Hi\nBcc: a@example.com")}}, "In the language de: The subject has a line", id="a header"),
        pytest.param({"subjects": {"de": Heading("x" * 401)}}, "In the language de: The subject is 401", id="a subject without end"),
        pytest.param({"subjects": {"de": Heading("{{ contact.shoe_size }}")}}, "In the language de: .*shoe_size", id="an unknown field"),
        pytest.param({"subjects": {"de": Heading("{% set x = 1 %}")}}, r"In the language de: .*not allowed", id="what Jinja may not do"),
        pytest.param(
            {"subjects": {"de": Heading("", "{{ 7 ** 7 }}")}}, r"In the language de: .*not allowed", id="a dangerous preview text"
        ),
        pytest.param({"subjects": {"german": GERMAN}}, "In the language german: This is no language", id="no language"),
        pytest.param({"subjects": {"de": GERMAN, "DE": GERMAN}}, "The language de is there twice", id="one language twice"),
        pytest.param({"subjects": {f"a{a}{b}": GERMAN for a in "abcdef" for b in "abcdef"}}, "in 30 languages", id="too many"),
        pytest.param({"subject_b": "B", "subjects_b": {"de": Heading("{{ x")}}, "In the language de: ", id="in the second subject"),
        pytest.param({"subjects_b": {"de": GERMAN}}, "no second subject", id="languages of no second subject"),
        pytest.param({"preview_text_b": "Beside"}, "no second subject", id="a preview text of no second subject"),
    ],
)
def test_lines_are_checked_as_the_main_subject_is(
    draft: Draft, services: Services, by: Principal, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        draft(**fields)
    known = services.campaigns.all(by)
    assert known == []
    made = draft()
    with pytest.raises(InvalidInput, match=said):
        services.campaigns.update(by, made.id, **fields)
    assert services.campaigns.get(by, made.id) == made


def test_a_field_that_is_declared_may_be_used(services: Services, by: Principal, draft: Draft) -> None:
    services.fields.add(by, "City", AttributeType.TEXT)
    line = Heading("Neues aus {{ contact.city }}", "{{ contact.city }}")
    assert draft(subjects={"de": line}).subjects == {"de": line}


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({"subject": "Hi"}, {"subject": "Hi"}),
        ({"preview_text": ""}, {"preview_text": ""}),
        ({"subjects": {}}, {"subjects": {}}),
        ({"subjects": {"fr": GERMAN}}, {"subjects": {"fr": GERMAN}}),
        ({"subjects_b": {"fr": GERMAN}}, {"subjects_b": {"fr": GERMAN}}),
        ({"preview_text_b": "Else"}, {"preview_text_b": "Else"}),
        ({"subject_b": "Third"}, {"subject_b": "Third"}),
        ({"subject_b": None}, {"subject_b": None, "preview_text_b": "", "subjects_b": {}}),
    ],
)
def test_changing_one_line_leaves_the_others(
    services: Services, by: Principal, draft: Draft, changes: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    lines = {"subject": "A", "preview_text": "Beside A", "subjects": {"de": GERMAN}}
    lines |= {"subject_b": "B", "preview_text_b": "Beside B", "subjects_b": {"de": Heading("B de")}}
    made = draft(**lines)
    changed = services.campaigns.update(by, made.id, **changes)
    assert {name: getattr(changed, name) for name in lines} == lines | after
    first, *second = services.experiments.arms(by.workspace_id, made.id) or [None]
    if changed.subject_b is None:
        assert first is None
    else:
        assert first and (first.headings, second[0].headings) == changed.headings


def test_the_audit_log_tells_that_lines_changed_and_not_what_they_say(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.update(
        by, made.id, subjects={"de": Heading("Für Ada Lovelace")}, subject_b="Ada B", subjects_b={"de": Heading("Ada")}
    )
    changed = services.audit.page(by).rows[0]
    assert (changed.action, changed.after["fields"]) == (AuditAction.CAMPAIGN_CHANGED, ["subject_b", "subjects", "subjects_b"])
    assert "Ada" not in str([one.after for one in services.audit.page(by).rows])


def test_what_was_launched_keeps_its_lines(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(subject_b="B", subjects={"de": GERMAN})
    launched = services.campaigns.launch(by, made.id)
    with pytest.raises(Conflict, match="can't be changed"):
        services.campaigns.update(by, made.id, subjects={})
    assert (launched.subjects, services.campaigns.get(by, made.id).subjects) == ({"de": GERMAN}, {"de": GERMAN})
    with services.db.read() as connection:
        plan = load_plan(connection, made.id)
    assert plan
    assert plan.headings.languages == {"de": GERMAN}
    assert [one.subject for one in plan.arms.values()] == ["Hello {{ contact.first_name }}", "B"]
