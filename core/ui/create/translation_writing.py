"""One language of a template being written in one tab: kept as a draft while somebody types, and made a version by a press."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from core.errors import Conflict, InvalidInput, PostwrightError
from core.templates.library.models import TemplateVersion
from core.ui import dialogs
from core.ui.create import canvas, language_form, template_preview
from core.ui.create.editor import merge_fields
from core.ui.page import Page
from core.ui.parts import problem
from core.ui.words import harmless

_HEIGHT = 720  # pixels


@dataclass
class Writing:
    """What is written.

    Args:
        template_id: The template.
        language: The language.
        words: Its words as they are now, see `Variant.source`.
        saved: Those that the newest version has; None where it has no such language yet.
        based_on: The number of the version it was begun from.
        revision: The revision of the draft it goes on from; 0 for none yet.
        kept: The words as the draft has them, or the version where there is no draft.
        kept_at: When the draft was kept; None where there is none.
        generation: Grows whenever the words change otherwise than by typing, so that the fields are drawn anew.
        trouble: Why the draft could not be kept; None where nothing is wrong.
    """

    template_id: int
    language: str
    words: str
    saved: str | None
    based_on: int
    revision: int = 0
    kept: str = ""
    kept_at: datetime | None = None
    generation: int = 0
    trouble: PostwrightError | None = None

    @property
    def in_conflict(self) -> bool:
        """Whether somebody else changed the draft meanwhile."""
        return isinstance(self.trouble, Conflict)


def forget(template_id: int, language: str) -> None:
    """Forget what this tab has of a language; it begins with what the database has, in fields of their own."""
    key = _name_of(template_id, language)
    known: Writing | None = st.session_state.pop(key, None)
    if known:
        st.session_state[f"{key}_turn"] = known.generation + 1


def _name_of(template_id: int, language: str) -> str:
    return f"writing_{template_id}_{language}"


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
    now = _current(page, latest, language, saved, may_edit=may_edit)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        above = st.container()
        fields = merge_fields.choices(merge_fields.known_attributes(page))
        may_write = may_edit and not now.in_conflict
        now.words = language_form.draw(latest, language, now.words, now.generation, fields, may_edit=may_write)
        if may_edit:
            _keep(page, now, latest)
            with above:
                _standing(page, now, latest)
    with right:
        _preview(page, now)


def _current(page: Page, latest: TemplateVersion, language: str, saved: str | None, *, may_edit: bool) -> Writing:
    key = _name_of(latest.template_id, language)
    if key not in st.session_state:
        st.session_state[key] = _opened(page, latest, language, saved, may_edit=may_edit)
        st.session_state[key].generation = st.session_state.get(f"{key}_turn", 0)
    found: Writing = st.session_state[key]
    return found


def _opened(page: Page, latest: TemplateVersion, language: str, saved: str | None, *, may_edit: bool) -> Writing:
    draft = page.services.template_drafts.get(page.by, latest.template_id, language) if may_edit else None
    if draft is None or draft.kind is not latest.kind:
        words = saved if saved is not None else language_form.nothing_said(latest)
        return Writing(latest.template_id, language, words, saved, latest.number, draft.revision if draft else 0, words)
    at, source = draft.updated_at, draft.source
    return Writing(latest.template_id, language, source, saved, draft.based_on, draft.revision, source, at)


def _begin_anew(page: Page, now: Writing, latest: TemplateVersion) -> None:
    fresh = _opened(page, latest, now.language, now.saved, may_edit=True)
    fresh.generation = now.generation + 1
    st.session_state[_name_of(now.template_id, now.language)] = fresh


def _write_over(page: Page, now: Writing) -> None:
    draft = page.services.template_drafts.get(page.by, now.template_id, now.language)
    now.trouble, now.revision, now.kept = None, draft.revision if draft else 0, ""


def _keep(page: Page, now: Writing, latest: TemplateVersion) -> None:
    if now.words == now.kept or now.in_conflict:
        return
    how: dict[str, Any] = {"based_on": now.based_on, "revision": now.revision, "language": now.language}
    try:
        draft = page.services.template_drafts.keep(page.by, now.template_id, now.words, latest.kind, **how)
    except PostwrightError as error:
        now.trouble = error
        return
    now.trouble, now.kept, now.kept_at, now.revision = None, now.words, draft.updated_at, draft.revision


def _standing(page: Page, now: Writing, latest: TemplateVersion) -> None:
    """Say how it stands with the draft, and offer what can be done with it."""
    if now.trouble:
        _trouble(page, now, latest)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        age = None if now.kept_at is None else max(0.0, (page.services.clock.now() - now.kept_at).total_seconds())
        is_kept = now.words == now.kept
        words = ("Draft saved" if now.kept_at else "Nothing changed yet") if is_kept else "The draft is not saved"
        canvas.say_saved(words, age if is_kept else None, key=f"saved_{now.template_id}_{now.language}")
        with st.container(horizontal=True, width="content"):
            how: dict[str, Any] = {"on_click": dialogs.show, "args": ("discard_translation", now.language), "type": "tertiary"}
            if now.kept_at:
                st.button("Discard draft", key="discard_translation_open", **how)
            is_new = now.saved is None or now.words != now.saved
            if st.button("Save translation", type="primary", key="save_translation", disabled=not is_new or now.in_conflict):
                _save(page, now)


def _trouble(page: Page, now: Writing, latest: TemplateVersion) -> None:
    assert now.trouble
    if not now.in_conflict:
        problem(now.trouble)
        return
    st.warning(f"**{harmless(now.trouble.message)}** {harmless(now.trouble.hint)}", icon=":material/group:")
    with st.container(horizontal=True):
        st.button("Load theirs", type="primary", key="load_theirs", on_click=_begin_anew, args=(page, now, latest))
        st.button("Go on with mine", key="keep_mine", on_click=_write_over, args=(page, now))


def _save(page: Page, now: Writing) -> None:
    with page.act("Saved as a new version."):
        page.services.translating.put(page.by, now.template_id, now.language, now.words)
        forget(now.template_id, now.language)
        st.rerun()


def _preview(page: Page, now: Writing) -> None:
    try:
        found = page.services.translating.try_out(page.by, now.template_id, now.language, now.words)
    except InvalidInput as error:
        problem(error)
        return
    template_preview.draw(page, found, key=f"language_{now.language}", height=_HEIGHT, template_id=now.template_id)
