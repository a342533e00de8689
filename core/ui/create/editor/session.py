"""One template being edited in one tab: the states of its document, what is chosen, and how it stands with the draft in the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import streamlit as st

from core.errors import Conflict, InvalidInput, PostwrightError
from core.templates.blocks import editing
from core.templates.blocks.document import Document, new_id, read_document
from core.templates.blocks.history import History
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.drafts import Draft, changed_by
from core.templates.library.models import TemplateVersion
from core.ui.create import draft_words
from core.ui.page import Page


@dataclass
class Editing:
    """What is edited.

    Args:
        template_id: The template.
        history: The document, and what was before and after.
        based_on: The number of the version it was begun from.
        revision: The revision of the draft it goes on from; 0 for none yet.
        kept: The document as the draft has it, or the version where there is no draft.
        kept_at: When the draft was kept; None where there is none.
        selected: The part that is chosen, empty for none.
        steps_taken: The number of the last step of the canvas that was taken.
        generation: Grows whenever the document changes otherwise than in the panel, so that the panel's fields are drawn anew.
        said: What is read out about the last step.
        trouble: Why the last step or the draft could not be taken; None where nothing is wrong.
        resumed: The draft it was begun with; None where it was begun with a version.
        tab: Names this tab's editing in this process, so that steps are known that another process has taken.
    """

    template_id: int
    history: History
    based_on: int
    revision: int = 0
    kept: Document | None = None
    kept_at: datetime | None = None
    selected: str = ""
    steps_taken: int = 0
    generation: int = 0
    said: str = ""
    trouble: PostwrightError | None = None
    resumed: Draft | None = None
    tab: str = field(default_factory=new_id)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.history.document

    @property
    def in_conflict(self) -> bool:
        """Whether somebody else changed the draft meanwhile."""
        return isinstance(self.trouble, Conflict)

    def change(self, document: Document, *, redraw: bool = False) -> None:
        """Take a new state of the document.

        Args:
            document: The new state.
            redraw: Whether the panel's fields have to take their values anew.
        """
        self.history = self.history.changed(document)
        if redraw:
            self.redraw()

    def redraw(self) -> None:
        """Let the panel's fields take their values anew; forget a choice that is not there any more."""
        self.generation += 1
        if self.selected and editing.find(self.document, self.selected) is None:
            self.selected = ""

    def undo(self) -> bool:
        """Go back one state; return whether there was one."""
        return self._go(self.history.undo())

    def redo(self) -> bool:
        """Do again what was undone; return whether there was something."""
        return self._go(self.history.redo())

    def _go(self, history: History) -> bool:
        went = history is not self.history
        self.history = history
        self.redraw()
        return went


def current(page: Page, latest: TemplateVersion, *, may_edit: bool) -> Editing:
    """Return what this tab edits of a template, beginning with the draft, or the newest version where there is none.

    Where a version was saved meanwhile (restored, translated, in another tab) and nothing is being written here, it begins anew with that.
    """
    key = name_of(latest.template_id)
    if key not in st.session_state:
        st.session_state[key] = opened(page, latest, may_edit=may_edit)
    found: Editing = st.session_state[key]
    if found.based_on < latest.number and not found.in_conflict and not _is_draft_of(page, found, may_edit=may_edit):
        if found.document == found.kept:
            return begin_anew(page, found, latest, may_edit=may_edit)
        found.trouble = draft_words.older(latest.number)
    return found


def choose_asked_for(now: Editing) -> None:
    """Choose the part that the page's address names, once; what is not there is passed over."""
    part_id = st.query_params.get("part", "")
    if part_id and now.facts.get("asked_for") != part_id:
        now.facts["asked_for"] = part_id
        now.selected = part_id if editing.find(now.document, part_id) else now.selected


def _is_draft_of(page: Page, now: Editing, *, may_edit: bool) -> bool:
    draft = page.services.template_drafts.get(page.by, now.template_id) if may_edit else None
    return draft is not None and draft.revision == now.revision


def opened(page: Page, latest: TemplateVersion, *, may_edit: bool) -> Editing:
    """Return a template as it stands in the database, ready to be edited."""
    draft = page.services.template_drafts.get(page.by, latest.template_id) if may_edit else None
    if draft is None or draft.kind is not TemplateKind.BLOCKS:
        document = read_document(latest.source)
        return Editing(latest.template_id, History(document), latest.number, kept=document, revision=draft.revision if draft else 0)
    try:
        document = read_document(draft.source)
    except InvalidInput as error:  # what wrote it knew another form; the draft stays until something else is kept
        document = read_document(latest.source)
        return Editing(latest.template_id, History(document), latest.number, draft.revision, kept=document, trouble=error)
    return Editing(
        latest.template_id, History(document), draft.based_on, draft.revision, kept=document, kept_at=draft.updated_at, resumed=draft
    )


def begin_anew(page: Page, known: Editing, latest: TemplateVersion, *, may_edit: bool = True) -> Editing:
    """Take what the database has in place of what this tab has, and return it; the canvas goes on counting its steps."""
    fresh = opened(page, latest, may_edit=may_edit)
    fresh.steps_taken, fresh.generation, fresh.tab = known.steps_taken, known.generation + 1, known.tab
    st.session_state[name_of(latest.template_id)] = fresh
    return fresh


def load_theirs(page: Page, known: Editing) -> None:
    """Take what the database has by now in place of what this tab has; for the press of a button that says so."""
    begin_anew(page, known, page.services.templates.latest(page.by, known.template_id))


def write_over(page: Page, now: Editing) -> None:
    """Keep what this tab has in place of what somebody else kept meanwhile; for the press of a button that says so."""
    draft = page.services.template_drafts.get(page.by, now.template_id)
    now.trouble, now.revision, now.kept = None, draft.revision if draft else 0, None
    now.based_on = page.services.templates.get(page.by, now.template_id).latest_number


def keep(page: Page, now: Editing) -> None:
    """Keep the document as the draft, if it is not kept already; where somebody else kept another, nothing is written over."""
    if now.document == now.kept or now.in_conflict:
        return
    try:
        # A draft that is begun from what is not the newest any more would undo what was saved since, and nobody would know.
        if not now.revision and (newest := page.services.templates.get(page.by, now.template_id).latest_number) > now.based_on:
            raise draft_words.older(newest)
        draft = page.services.template_drafts.keep(
            page.by,
            now.template_id,
            now.document.as_json(),
            TemplateKind.BLOCKS,
            based_on=now.based_on,
            revision=now.revision,
        )
    except PostwrightError as error:
        now.trouble = now.facts["unkept"] = error
        return
    if now.trouble is now.facts.pop("unkept", None):
        now.trouble = None
    now.kept, now.kept_at, now.revision = now.document, draft.updated_at, draft.revision


def look_again(page: Page, now: Editing) -> None:
    """Find out before saving whether somebody went on with the draft meanwhile; in conflict nothing is saved."""
    draft = page.services.template_drafts.get(page.by, now.template_id)
    if draft and draft.revision != now.revision and draft.source != now.document.as_json():
        now.trouble = changed_by(draft)


def name_of(template_id: int) -> str:
    """Return where the session keeps what is edited of a template."""
    return f"editing_{template_id}"
