"""Templates on their way into a new look: how far they are, by real counts; it goes on when the page is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import streamlit as st

from core.permissions import Permission
from core.templates.brands.restyling import Told
from core.templates.brands.wearing import Wearer
from core.ui import background
from core.ui.page import Page
from core.ui.words import counted, number, plain

_EVERY = 0.7
_HOUR = 3_600.0
_MOST_NAMED = 10


@contextmanager
def bar() -> Iterator[Told]:
    """Draw a bar while a change is being saved, and yield what tells it how far that is."""
    drawn = st.progress(0.0, text="Saving")
    try:
        yield lambda done, total: _show(drawn.progress, done, total)
    finally:
        drawn.empty()


def follow(page: Page, kits: Sequence[int]) -> None:
    """Draw how far the templates of some kits are, if any wait; go on with them, unless somebody else is at it.

    Args:
        page: The page.
        kits: The numbers of the kits.
    """
    name, key = f"restyle:{page.by.workspace_id}", f"brand_waiting_{'_'.join(map(str, kits))}"
    waiting = _waiting(page, kits)
    if not waiting:
        st.session_state.pop(key, None)
        background.forget(name)
        return
    st.session_state[key] = max(waiting, st.session_state.get(key, 0))
    if page.may(Permission.TEMPLATES_EDIT):
        by, services = page.by, page.services
        background.start(name, lambda told: services.brand_kits.follow(by, seconds=_HOUR, told=told), services.clock.now())
    st.fragment(run_every=_EVERY)(partial(_progress, page, kits, key, name))()


def problems(worn: Sequence[Wearer]) -> None:
    """Draw which templates can't be written in the look of their kit, and why.

    Args:
        worn: The templates that wear it.
    """
    found = [one for one in worn if one.problem]
    if not found:
        return
    said = counted(len(found), "template keeps the look it had", "templates keep the look they had")
    lines = [f"- **{plain(one.name)}:** {plain(one.problem)}" for one in found[:_MOST_NAMED]]
    more = [f"- and {number(len(found) - _MOST_NAMED)} more"] if len(found) > _MOST_NAMED else []
    words = [f"**{said}.** Open and mend them, and they follow when they are saved.", "", *lines, *more]
    st.warning("\n".join(words), icon=":material/warning:")


def _progress(page: Page, kits: Sequence[int], key: str, name: str) -> None:
    waiting = _waiting(page, kits)
    if not waiting:
        st.rerun()
    total = max(waiting, st.session_state.get(key, 0))
    work = background.find(name)
    left = work.seconds_left(page.services.clock.now()) if work and not work.finished else None
    with st.container(border=True, key="brand_following"):
        _show(st.progress, total - waiting, total, left)
        st.caption("You can leave this page; it goes on. A template that is sent meanwhile is written first.")


def _waiting(page: Page, kits: Sequence[int]) -> int:
    return sum(one.is_due for kit_id in kits for one in page.services.brand_kits.where_used(page.by, kit_id))


def _show(draw: Callable[..., object], done: int, total: int, left: float | None = None) -> None:
    rest = f" · about {max(1, round(left))} s left" if left is not None else ""
    words = f"Writing templates in the new look: {number(done)} of {number(total)}{rest}"
    draw(done / total if total else 1.0, text=words)
