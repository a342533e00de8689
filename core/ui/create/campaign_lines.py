"""What inboxes show of a campaign, on its form: subject and preview text, a second subject to try, and all that in other languages."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.campaigns.drafts import DraftFields
from core.campaigns.models import Campaign
from core.templates.languages.headings import Heading, Headings
from core.ui.create.language_form import name_of
from core.ui.page import Page
from core.ui.words import plain

_NOTHING = Heading()
_BESIDE = "What inboxes show beside the subject. Left empty, they show what the template says."


def draw(draft: Campaign | None, key: str, fields: DraftFields) -> None:
    """Draw the lines in the main language and put them into `fields`."""
    fields["subject"] = st.text_input("Subject", draft.subject if draft else "", key=f"{key}_subject") or ""
    before = draft.preview_text if draft else ""
    fields["preview_text"] = (
        st.text_input("Preview text", before, key=f"{key}_preview_text", placeholder="As the template says it", help=_BESIDE) or ""
    )
    fields["subject_b"], fields["preview_text_b"] = _second(draft, key)


def draw_languages(page: Page, draft: Campaign | None, key: str, fields: DraftFields) -> None:
    """Draw a row for each other language of the template that was chosen, and put what is in them into `fields`."""
    has_second = fields["subject_b"] is not None
    fields["subjects"], fields["subjects_b"] = (draft.subjects, draft.subjects_b if has_second else {}) if draft else ({}, {})
    if "template_id" not in fields:
        return
    there = page.services.translating.spoken(page.by, page.services.templates.latest(page.by, fields["template_id"]))
    tags = sorted({*there, *fields["subjects"], *fields["subjects_b"]})
    if not tags:
        return
    st.markdown("##### In other languages", anchors=False)
    st.caption("Readers get subject, preview text and mail in one language. A line that is left empty is as in the main language.")
    first, second = dict(fields["subjects"]), dict(fields["subjects_b"])
    for tag in tags:
        missing = "" if tag in there else " :orange-badge[:material/warning: Not in this template: nobody gets it]"
        st.markdown(f"**{plain(name_of(tag))}**{missing}")
        first[tag] = _row(tag, "", first, Heading(fields["subject"], fields["preview_text"]), key)
        if has_second:
            second[tag] = _row(tag, "_b", second, Heading(fields["subject_b"] or "", fields["preview_text_b"]), key)
    fields["subjects"], fields["subjects_b"] = first, second


def headings_of(fields: DraftFields) -> tuple[Headings, ...]:
    """Return what inboxes would show of what is in the form."""
    first = Headings(fields["subject"], fields["preview_text"], fields["subjects"])
    second = fields["subject_b"]
    return (first,) if not second else (first, Headings(second, fields["preview_text_b"], fields["subjects_b"]))


def _second(draft: Campaign | None, key: str) -> tuple[str | None, str]:
    known, beside = (draft.subject_b, draft.preview_text_b) if draft else (None, "")
    if not st.toggle("Test a second subject", bool(known), key=f"{key}_ab", help="Half of the people get one subject, half the other."):
        return None, ""
    subject = st.text_input("Second subject", known or "", key=f"{key}_subject_b") or ""
    shown = st.text_input("Its preview text", beside, key=f"{key}_preview_text_b", placeholder="That of the first subject") or ""
    return subject, shown


def _row(tag: str, end: str, known: Mapping[str, Heading], main: Heading, key: str) -> Heading:
    before = known.get(tag, _NOTHING)
    what, beside = ("Second subject", "Its preview text") if end else ("Subject", "Preview text")
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        subject = st.text_input(
            f"{what} ({tag})", before.subject, key=f"{key}_subject{end}_{tag}", placeholder=_as_main(main.subject, "The main subject")
        )
    with right:
        shown = st.text_input(
            f"{beside} ({tag})",
            before.preview_text,
            key=f"{key}_preview_text{end}_{tag}",
            placeholder=_as_main(main.preview_text, "That of the first subject" if end else "As the template says it"),
        )
    return Heading(subject or "", shown or "")


def _as_main(words: str, otherwise: str) -> str:
    return f"As in the main language: {words}" if words.strip() else otherwise
