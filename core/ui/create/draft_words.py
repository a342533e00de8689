"""What is said of drafts, in the same words wherever somebody writes: whose it is, what happened meanwhile, what goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.errors import Conflict, PostwrightError
from core.templates.library.drafts import Draft
from core.ui import dialogs
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.parts import remark
from core.ui.words import harmless, plain


def older(newest: int) -> Conflict:
    """Return what is told to somebody who wrote on what is not the newest version any more, where nothing of it was kept.

    Args:
        newest: The number of the version that was saved meanwhile.
    """
    hint = "Load it, or go on with yours: saved as a version, yours takes the place of what is new there."
    return Conflict(f"Version {newest} was saved meanwhile; what you changed here was not kept.", hint=hint)


def say_resumed(page: Page, draft: Draft, newest: int | None = None) -> None:
    """Say that what stands in the editor is a draft, and who kept it when.

    Args:
        page: The page.
        draft: The draft it was begun with.
        newest: The number of the newest version, to say so where the draft was begun from an older one; None to say nothing of it.
    """
    who = "you" if draft.updated_by == page.by.label else plain(draft.updated_by_name)
    words = f":gray[:material/edit_note: This is the draft that {who} kept {page.when(draft.updated_at)}. It is no version yet.]"
    if newest and draft.based_on < newest:
        words += f" :orange[It was begun from version {draft.based_on}: what changed since then is not in it.]"
    st.markdown(f":small[{words}]")  # a caption would fade the colour


def say_begun(number: int) -> None:
    """Say that a draft was begun from an older version than the newest.

    Args:
        number: The version it was begun from.
    """
    remark(f":material/edit_note: Your draft was begun from version {number}: what changed since then is not in it.")


def say_conflict(trouble: PostwrightError, load_theirs: Callable[..., None], go_on: Callable[..., None], args: tuple[Any, ...]) -> None:
    """Say that somebody else was first, and offer both ways out.

    Args:
        trouble: What happened.
        load_theirs: Takes what the database has.
        go_on: Goes on with what this tab has.
        args: What both are called with.
    """
    st.warning(f"**{harmless(trouble.message)}** {harmless(trouble.hint)}", icon=":material/group:")
    with st.container(horizontal=True):
        st.button("Load theirs", type="primary", key="load_theirs", on_click=load_theirs, args=args)
        st.button("Go on with mine", key="keep_mine", on_click=go_on, args=args)


def discard_button(dialog: str, *, key: str) -> None:
    """Draw what asks whether a draft is to be thrown away; only where there is one.

    Args:
        dialog: The name of the question.
        key: Unique on the page.
    """
    if st.button("Discard draft", key=key, type="tertiary"):
        dialogs.show(dialog)
        st.rerun()  # the whole page: the question is not drawn by the fragment that has the button


def discarding(number: int) -> Question:
    """Return the question before a draft of a template's main language is thrown away.

    Args:
        number: The newest version, which takes its place.
    """
    body = f"What changed since version {number} goes, also what others changed in it."
    return Question("Discard this draft?", body, "Discard draft")
