"""One text of a template being written in one tab: begun from what the database has, and kept as a draft while somebody writes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core.errors import Conflict, PostwrightError
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.drafts import Draft, changed_by
from core.templates.library.models import TemplateVersion
from core.ui.create import canvas, draft_words, language_form
from core.ui.page import Page
from core.ui.parts import problem


@dataclass
class Writing:
    """What is written.

    Args:
        template_id: The template.
        language: The language; "" for the main one.
        kind: What it is written in.
        words: The text as it is now: a source, or the words of a translation (see `Variant.source`).
        saved: What the newest version says; None where it has no such language yet.
        based_on: The number of the version it was begun from.
        seen: The number of the newest version that this tab knows of.
        revision: The revision of the draft it goes on from; 0 for none yet.
        kept: The text as the draft has it, or the version where there is no draft; None where neither is known.
        kept_at: When the draft was kept; None where there is none.
        generation: Grows whenever the text changes otherwise than by typing, so that its fields are drawn anew.
        trouble: Why the draft could not be kept; None where nothing is wrong.
        told: Whether that was said where everybody sees it.
        resumed: The draft it was begun with, until another is kept; None where it was begun with a version.
    """

    template_id: int
    language: str
    kind: TemplateKind
    words: str
    saved: str | None
    based_on: int
    seen: int
    revision: int = 0
    kept: str | None = None
    kept_at: datetime | None = None
    generation: int = 0
    trouble: PostwrightError | None = None
    told: bool = False
    resumed: Draft | None = None

    @property
    def has_draft(self) -> bool:
        """Whether there is a draft that it goes on from."""
        return self.revision > 0 and not self.in_conflict

    @property
    def in_conflict(self) -> bool:
        """Whether somebody else changed the draft, or saved a version, meanwhile."""
        return isinstance(self.trouble, Conflict)


def name_of(template_id: int, language: str = "") -> str:
    """Return where the session keeps what is written."""
    return f"writing_{template_id}_{language}"


def forget(template_id: int, language: str) -> None:
    """Forget what this tab has of a text; it begins with what the database has, in fields of their own."""
    key = name_of(template_id, language)
    known: Writing | None = st.session_state.pop(key, None)
    if known:
        st.session_state[f"{key}_turn"] = known.generation + 1


def current(page: Page, latest: TemplateVersion, saved: str | None, *, may_edit: bool, language: str = "") -> Writing:
    """Return what this tab writes, beginning with the draft, or the newest version where there is none.

    Args:
        page: The page.
        latest: The newest version of the template.
        saved: What that says in this language; None where it has no such language.
        may_edit: Whether the text can be changed.
        language: The language; "" for the main one.
    """
    key = name_of(latest.template_id, language)
    found: Writing | None = st.session_state.get(key)
    if found is None:
        found = st.session_state[key] = _opened(page, latest, saved, language, may_edit=may_edit)
        found.generation = st.session_state.get(f"{key}_turn", 0)
    return found


def catch_up(page: Page, now: Writing, latest: TemplateVersion, saved: str | None, *, may_edit: bool) -> Writing:
    """Return what this tab writes in the light of the newest version, once its words are those that were typed last.

    Where a version was saved meanwhile (restored, in another tab, by somebody else) and nothing is being written here, it begins
    anew with that. Whoever may only look sees the newest version.

    Args:
        page: The page.
        now: What is written.
        latest: The newest version of the template.
        saved: What that says in this language; None where it has no such language.
        may_edit: Whether the text can be changed.
    """
    if not may_edit or (now.seen < latest.number and not now.in_conflict):
        return _caught_up(page, now, latest, saved, may_edit=may_edit)
    return now


def would_undo(page: Page, now: Writing) -> bool:
    """Return whether saving would take the place of what somebody saved or kept meanwhile, which is then told in place of it."""
    latest, saved = _newest(page, now)
    draft = page.services.template_drafts.get(page.by, now.template_id, now.language)
    if draft and draft.revision != now.revision and draft.source != now.words:
        now.trouble = changed_by(draft)
    elif saved not in {now.saved, now.words}:
        now.trouble = draft_words.older(latest.number)
    return now.in_conflict


def _opened(page: Page, latest: TemplateVersion, saved: str | None, language: str, *, may_edit: bool) -> Writing:
    draft = page.services.template_drafts.get(page.by, latest.template_id, language) if may_edit else None
    words = saved if saved is not None else language_form.nothing_said(latest)
    now = Writing(latest.template_id, language, latest.kind, words, saved, latest.number, latest.number, kept=words)
    if draft:
        now.revision = draft.revision
        if draft.kind is latest.kind or (not language and TemplateKind.BLOCKS not in {draft.kind, latest.kind}):
            now.kind, now.words, now.kept, now.based_on = draft.kind, draft.source, draft.source, draft.based_on
            now.kept_at, now.resumed = draft.updated_at, draft if draft.source != words else None
    return now


def _caught_up(page: Page, now: Writing, latest: TemplateVersion, saved: str | None, *, may_edit: bool) -> Writing:
    if not may_edit:
        is_old = now.seen < latest.number or now.words != saved
        return _anew(page, now, latest, saved, may_edit=False) if is_old else now
    if now.saved == saved:  # what is new is in other languages
        _see(now, latest, saved)
    elif now.words in {now.saved, saved}:
        return _anew(page, now, latest, saved)
    else:
        draft = page.services.template_drafts.get(page.by, now.template_id, now.language)
        # The main text says that its draft was begun from an older version; translations have no place where versions stand.
        if draft and draft.revision == now.revision and not now.language:
            _see(now, latest, saved)
        else:
            now.trouble = draft_words.older(latest.number)
    return now


def _see(now: Writing, latest: TemplateVersion, saved: str | None) -> None:
    if now.saved == saved and now.based_on == now.seen:
        now.based_on = latest.number
    now.saved, now.seen = saved, latest.number


def _anew(page: Page, known: Writing, latest: TemplateVersion, saved: str | None, *, may_edit: bool = True) -> Writing:
    fresh = _opened(page, latest, saved, known.language, may_edit=may_edit)
    fresh.generation = known.generation + 1
    st.session_state[name_of(known.template_id, known.language)] = fresh
    return fresh


def begin_anew(page: Page, known: Writing) -> None:
    """Take what the database has by now in place of what this tab has."""
    drafts, this = page.services.template_drafts, (page.by, known.template_id, known.language)
    draft = drafts.get(*this) if known.in_conflict else None
    if draft and draft.revision == known.revision:  # theirs is a version: the draft is this tab's own
        with suppress(Conflict):  # somebody goes on with it in this very moment: then that is theirs
            drafts.discard(*this, revision=known.revision)
    _anew(page, known, *_newest(page, known))


def write_over(page: Page, now: Writing) -> None:
    """Keep what this tab has in place of what somebody else kept or saved meanwhile; for the press of a button that says so."""
    draft = page.services.template_drafts.get(page.by, now.template_id, now.language)
    latest, now.saved = _newest(page, now)
    now.based_on = now.seen = latest.number
    now.trouble, now.kept, now.revision = None, None, draft.revision if draft else 0


def _newest(page: Page, now: Writing) -> tuple[TemplateVersion, str | None]:
    latest = page.services.templates.latest(page.by, now.template_id)
    if not now.language:
        return latest, latest.source
    return latest, page.services.translating.languages(page.by, now.template_id).get(now.language)


def keep(page: Page, now: Writing) -> None:
    """Keep the text as the draft, if it is not kept already; what says what is saved needs none.

    Where somebody else kept another, nothing is written over; where it can't be kept, `trouble` says why and the text stays.
    """
    if now.in_conflict:
        return
    now.trouble = None
    if now.words == now.kept:
        return
    try:
        _keep(page, now)
    except PostwrightError as error:
        now.trouble = error


def _keep(page: Page, now: Writing) -> None:
    drafts = page.services.template_drafts
    latest, saved = _newest(page, now)
    # A draft that is begun from what is not the newest any more would undo what was saved since, and nobody would know.
    # The main text says so beside its draft; a translation has no place for it.
    if (now.language or not now.revision) and saved not in {now.saved, now.words}:
        raise draft_words.older(latest.number)
    _see(now, latest, saved)
    if now.words == saved:
        drafts.discard(page.by, now.template_id, now.language, revision=now.revision)
        now.revision, now.kept_at, now.based_on = 0, None, latest.number
    else:
        goes_on, language = {"based_on": now.based_on, "revision": now.revision}, now.language
        draft = drafts.keep(page.by, now.template_id, now.words, now.kind, language=language, **goes_on)
        now.revision, now.kept_at = draft.revision, draft.updated_at
    now.kept, now.resumed = now.words, None


def say_kept(page: Page, now: Writing) -> None:
    """Say whether what is written is kept, and how long ago that was."""
    is_kept = now.words == now.kept
    words = ("Draft saved" if now.kept_at else "Nothing changed yet") if is_kept else "The draft is not saved"
    age = max(0.0, (page.services.clock.now() - now.kept_at).total_seconds()) if now.kept_at and is_kept else None
    canvas.say_saved(words, age, key=f"saved_{now.template_id}_{now.language}")


def say_standing(page: Page, now: Writing, newest: int | None = None) -> None:
    """Say what happened to the draft that somebody has to know: who else wrote, why it is not kept, where it comes from.

    Args:
        page: The page.
        now: What is written.
        newest: The number of the newest version, to say so where the draft was begun from an older one; None to say nothing of it.
    """
    if now.trouble and not now.told:  # whoever writes far below, on a phone, sees nothing of what stands above
        st.toast("Your draft is not kept. It says why above the field.", icon=":material/error:")
    now.told = now.trouble is not None
    if now.trouble and now.in_conflict:
        draft_words.say_conflict(now.trouble, begin_anew, write_over, (page, now))
    elif now.trouble:
        problem(now.trouble)
    elif now.resumed:
        draft_words.say_resumed(page, now.resumed, newest)
    elif newest and now.kept_at and now.based_on < newest:
        draft_words.say_begun(now.based_on)
