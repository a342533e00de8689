"""One language of a template being written in one tab: kept as a draft while somebody types, and made a version by a press."""

from __future__ import annotations

import streamlit as st

from core.errors import PostwrightError
from core.templates.library.models import TemplateVersion
from core.ui.create import draft_words, language_form, template_preview, text_draft
from core.ui.create.editor import merge_fields
from core.ui.create.text_draft import Writing
from core.ui.page import Page
from core.ui.parts import problem

_HEIGHT = 720  # pixels


@st.fragment
def draw(page: Page, latest: TemplateVersion, language: str, saved: str | None, *, may_edit: bool) -> None:
    """Draw the words beside how they look, and keep what is typed.

    Args:
        page: The page.
        latest: The newest version of the template.
        language: The language.
        saved: Its words in that version; None where it has none.
        may_edit: Whether they can be changed.
    """
    now = text_draft.current(page, latest, saved, may_edit=may_edit, language=language)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        above = st.container()
        fields = merge_fields.choices(merge_fields.known_attributes(page))
        may_write = may_edit and not now.in_conflict
        now.words = language_form.draw(latest, language, now.words, now.generation, fields, may_edit=may_write)
        if text_draft.catch_up(page, now, latest, saved, may_edit=may_edit) is not now:
            st.rerun()  # its fields are drawn already
        if may_edit:
            text_draft.keep(page, now)
            with above:
                _standing(page, now)
    with right:
        _preview(page, now)


def _standing(page: Page, now: Writing) -> None:
    """Say how it stands with the draft, and offer what can be done with it."""
    text_draft.say_standing(page, now)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        text_draft.say_kept(page, now)
        with st.container(horizontal=True, width="content"):
            if now.has_draft:
                draft_words.discard_button("discard_translation", key="discard_translation_open")
            is_new = now.saved is None or now.words != now.saved
            if st.button("Save translation", type="primary", key="save_translation", disabled=not is_new or now.in_conflict):
                _save(page, now)


def _save(page: Page, now: Writing) -> None:
    if text_draft.would_undo(page, now):
        st.rerun()
    with page.act("Saved as a new version."):
        page.services.translating.put(page.by, now.template_id, now.language, now.words)
        text_draft.forget(now.template_id, now.language)
        st.rerun()


def _preview(page: Page, now: Writing) -> None:
    try:
        found = page.services.translating.try_out(page.by, now.template_id, now.language, now.words)
    except PostwrightError as error:
        problem(error)
        return
    template_preview.draw(page, found, key=f"language_{now.language}", height=_HEIGHT, template_id=now.template_id)
