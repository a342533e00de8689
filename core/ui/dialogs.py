"""Dialogs that stay open until they are closed: which one is open is kept in the session, so a form in it keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from core.ui.page import Page

_OPEN = "_open_dialog"

Width = Literal["small", "medium", "large"]


@dataclass(frozen=True)
class Question:
    """What is asked before something that matters happens.

    Args:
        title: What is about to happen, as a question.
        body: Exactly what happens and to how many; Markdown.
        yes: The button, a verb ("Send to 42,694 people now").
        typed: What must be typed first, only where it can't be undone; empty for none.
        more: Draws what stands below the body; None for nothing.
    """

    title: str
    body: str
    yes: str
    typed: str = ""
    more: Callable[[], None] | None = None


def show(name: str, value: Any = None) -> None:
    """Open a dialog in the next run; use it as `on_click`."""
    st.session_state[_OPEN] = (name, value)


def hide() -> None:
    """Close whatever is open."""
    st.session_state.pop(_OPEN, None)


def opened(name: str) -> tuple[bool, Any]:
    """Return whether this dialog is open, and the value it was opened with."""
    current, value = st.session_state.get(_OPEN, ("", None))
    return current == name, value


def dialog(
    name: str, title: str, body: Callable[[], None], *, width: Width = "small", position: Literal["center", "right"] = "center"
) -> None:
    """Draw a dialog if it is open.

    Args:
        name: The name `show` was called with.
        title: Its heading.
        body: Draws what is inside; calls `done` to close it.
        width: How wide.
        position: In the middle, or a drawer at the right for details.
    """
    if opened(name)[0]:
        st.dialog(title, width=width, position=position, on_dismiss=hide)(body)()


def done() -> None:
    """Close the open dialog and draw the page anew."""
    hide()
    st.rerun()


def ask_first(page: Page, question: Question, action: Callable[[], Any], *, name: str, success: str = "") -> None:
    """Draw the question if `show(name)` opened it; on yes the action runs once and its outcome is told.

    Args:
        page: The page.
        question: What is asked.
        action: What yes does.
        name: The dialog's name, unique on the page.
        success: What is said when it worked.
    """

    def body() -> None:
        st.markdown(question.body)
        if question.more:
            question.more()
        wanted = question.typed
        typed = st.text_input(f"Type “{wanted}” to go on", key=f"{name}-typed") if wanted else ""
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button("Go back", key=f"{name}-no", on_click=hide)
            yes = st.button(question.yes, type="primary", key=f"{name}-yes", disabled=bool(wanted) and typed.strip() != wanted)
        if yes:
            with page.act(success):
                action()
                done()
        if not opened(name)[0]:
            st.rerun()

    dialog(name, question.title, body)
