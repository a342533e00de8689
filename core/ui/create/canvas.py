"""The component on which an email is put together: a palette, the email in its frame, and an outline for keyboards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.ui.signing_in.auth import session_token
from core.ui.web import frames
from core.ui.web.frames import FRAMES, Framed

_FOLDER = Path(__file__).parents[1] / "components" / "canvas"
# One module for the browser, several files for those who read them; what others are made of stands first.
_SCRIPTS = ("icons", "frame", "places", "drag", "overlay", "outline", "palette", "canvas")
_AT_ONCE = 200


@cache
def _component() -> Any:
    # Made on first use: at import there is no runtime yet that could know it.
    return st.components.v2.component(
        "postwright_canvas",
        html=(_FOLDER / "canvas.html").read_text("utf-8"),
        css=(_FOLDER / "canvas.css").read_text("utf-8"),
        js="\n".join((_FOLDER / f"{name}.js").read_text("utf-8") for name in _SCRIPTS),
    )


@cache
def _saved() -> Any:
    css = "p { color: var(--st-gray-text-color); font-family: var(--st-font); font-size: 13px; margin: 0; text-align: right; }\n"
    return st.components.v2.component("postwright_saved", html="<p></p>\n", css=css, js=(_FOLDER.parent / "saved.js").read_text("utf-8"))


def frame_of(kept: dict[str, Any]) -> str:
    """Return the path of the canvas's frame, the same as long as this tab edits.

    Args:
        kept: Where that is kept.
    """
    page: Framed = kept.setdefault("frame", frames.canvas())
    return f"/frames/{FRAMES.put(session_token(), page)}"


def draw(data: Mapping[str, Any], *, key: str) -> None:
    """Draw the canvas.

    Args:
        data: What is shown; see `editor.showing`.
        key: Unique on the page; `steps` reads what was done there.
    """
    _component()(key=key, data=dict(data), on_steps_change=lambda: None)


def say_saved(words: str, age: float | None, *, key: str) -> None:
    """Say that something was saved, and go on counting how long ago.

    Args:
        words: What is said.
        age: How many seconds ago it was; None to count nothing.
        key: Unique on the page.
    """
    _saved()(key=key, data={"words": words, "age": age})


def steps(key: str, tab: str, after: int) -> list[Mapping[str, Any]]:
    """Return what somebody did on the canvas since step `after`, each once, in order.

    The browser sends a step again until it is told that it arrived. What it sends is checked here for its shape only.
    Should it send to a server that was restarted what the one before has done, that is in the draft already: it bears another name.

    Args:
        key: The canvas.
        tab: What this tab's editing is called.
        after: The number of the last step that was taken.
    """
    sent = (st.session_state.get(key) or {}).get("steps")
    found = sent if isinstance(sent, Sequence) and not isinstance(sent, str) else []
    mine = [step for step in found if _is_step(step) and step.get("tab") == tab]
    waiting = {step["n"]: step for step in mine[:_AT_ONCE] if step["n"] > after}
    return [waiting[number] for number in sorted(waiting)]


def _is_step(step: object) -> bool:
    # The browser's numbers may come as floats.
    if not isinstance(step, Mapping) or not isinstance(step.get("do"), str):
        return False
    number = step.get("n")
    return isinstance(number, int | float) and math.isfinite(number)
