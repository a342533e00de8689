"""The source of a template written as MJML or HTML: its field, and how it stands with its draft and its versions."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.errors import InvalidInput, PostwrightError
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.library.models import Template, TemplateVersion
from core.templates.library.names import LONGEST_NOTE
from core.ui import dialogs
from core.ui.create import code_helps, draft_words, text_draft
from core.ui.create.text_draft import Writing
from core.ui.page import Page
from core.ui.parts import problem

_MONOSPACE = "<style>textarea[aria-label=Source] { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px }</style>"
_KINDS = {TemplateKind.MJML: "MJML", TemplateKind.HTML: "HTML"}
_DISCARD = "discard_draft"


def current(page: Page, latest: TemplateVersion, *, may_edit: bool) -> Writing:
    """Return what this tab writes, kept as a draft as far as it was typed.

    Args:
        page: The page.
        latest: The newest version of the template.
        may_edit: Whether the person may change it.
    """
    now = text_draft.current(page, latest, latest.source, may_edit=may_edit)
    now = text_draft.catch_up(page, now, latest, latest.source, may_edit=may_edit)
    if may_edit:
        text_draft.keep(page, now)
    return now


def draw(page: Page, template: Template, latest: TemplateVersion, now: Writing, *, may_edit: bool) -> None:
    """Draw the field and what helps whoever writes in it.

    Args:
        page: The page.
        template: The template.
        latest: Its newest version.
        now: What is written.
        may_edit: Whether the person may change it.
    """
    if may_edit:
        text_draft.say_standing(page, now, latest.number)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{_KINDS[now.kind]} · version {latest.number} · changed {page.when(template.updated_at)}", width="content")
        if may_edit:
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                text_draft.say_kept(page, now)
                if now.has_draft:
                    draft_words.discard_button(_DISCARD, key="discard")
    _field(template.id, now, may_edit=may_edit)
    if may_edit:
        st.text_input("Note for the next version", key=_note(template.id), placeholder="What is new in it", max_chars=LONGEST_NOTE)
        code_helps.pictures(page, now.kind, key=f"picture_{template.id}")
    code_helps.fields(page)


def _field(template_id: int, now: Writing, *, may_edit: bool) -> None:
    key, is_closed = f"source_{template_id}", not may_edit or now.in_conflict
    # Otherwise than by typing; and a field that is closed in this run would show what stood in it before.
    if is_closed or st.session_state.get(key) != now.words:
        st.session_state[key] = now.words
    st.html(_MONOSPACE)
    st.text_area(
        "Source",
        key=key,
        height=600,
        disabled=is_closed,
        help="Leave the field to keep the draft and see the change beside it.",
        on_change=_typed,
        args=(template_id, key),
    )


def _typed(template_id: int, key: str) -> None:
    write(template_id, st.session_state[key] or "")


def write(template_id: int, source: str) -> None:
    """Put a source into the editor; the next run keeps it as the draft.

    Args:
        template_id: The template.
        source: What takes the place of what is there.
    """
    now: Writing | None = st.session_state.get(text_draft.name_of(template_id))
    if now:
        now.words = source


def compiled(page: Page, now: Writing) -> CompiledTemplate | None:
    """Return what is in the editor, compiled; where that can't be done, say why and in which line."""
    if isinstance(now.trouble, InvalidInput):  # too large, or no text: the field says so already
        return None
    try:
        return page.services.templates.try_out(page.by, now.words, now.kind, template_id=now.template_id)
    except PostwrightError as error:
        problem(error)
        return None


def save(page: Page, now: Writing) -> None:
    """Make what is in the editor the next version, and draw the page anew; where that can't be done, say why.

    What could not be kept as a draft is not saved either: the page says why already.
    """
    if now.trouble:
        return
    if text_draft.would_undo(page, now):
        st.rerun()
    with page.act("Saved as a new version." if now.words != now.saved else "Nothing has changed since the last version."):
        note = st.session_state.get(_note(now.template_id)) or ""
        page.services.templates.save_version(page.by, now.template_id, now.words, kind=now.kind, note=note)
        text_draft.begin_anew(page, now)
        st.session_state[_note(now.template_id)] = ""
        st.rerun()


def ask_to_discard(page: Page, latest: TemplateVersion, now: Writing) -> None:
    """Draw the question whether the draft is to be thrown away, if it was asked for."""
    how = {"name": _DISCARD, "success": "The draft is gone."}
    dialogs.ask_first(page, draft_words.discarding(latest.number), partial(_discard, page, now), **how)


def _discard(page: Page, now: Writing) -> None:
    page.services.template_drafts.discard(page.by, now.template_id)
    text_draft.begin_anew(page, now)


def _note(template_id: int) -> str:
    return f"note_{template_id}"
