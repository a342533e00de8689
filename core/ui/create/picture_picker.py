"""Choosing a picture for an email: those that are there, and a place to drop new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from core.permissions import Permission
from core.templates.images.decoding import MAX_BYTES
from core.templates.images.picture import Picture
from core.ui import paging
from core.ui.page import Page
from core.ui.words import number, plain

# Why anybody should say what a picture shows, in a line.
WHY_ALT = "Read out to people who don’t see it, and shown until pictures load. Leave it empty for decoration."
_KINDS = "JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF or BMP. It is made ready for email: upright, no wider than 1,200 pixels, without data."
_PAGE = 12
_TILE = 160  # pixels: narrow enough for two beside each other on a phone
_WIDEST, _HIGHEST = 200, 140  # pixels: tall and wide ones in frames of one size
_LONGEST = 30  # letters of a name: two lines of a tile
_SEARCH = 300  # pixels
_KB, _MB, _GB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Chosen:
    """A picture as an email names it.

    Args:
        url: Its address.
        width: In pixels.
        height: In pixels.
        alt: What it shows.
    """

    url: str
    width: int
    height: int
    alt: str


def pick(page: Page, key: str) -> Chosen | None:
    """Draw the pictures to choose from and return the one that was chosen in this run, or None.

    Args:
        page: The page.
        key: Unique on the page.
    """
    added = upload(page, key, is_framed=True) if page.may(Permission.TEMPLATES_EDIT) else None
    found = added or grid(page, key, partial(_choose_button, key), size=_PAGE)
    return Chosen(page.services.pictures.url_of(found), found.width, found.height, found.alt) if found else None


def upload(page: Page, key: str, *, is_framed: bool = False) -> Picture | None:
    """Draw the place for new pictures and return the one that was uploaded in this run, or None.

    Args:
        page: The page.
        key: Unique on the page.
        is_framed: Whether there is something else beside it.
    """
    turn = int(st.session_state.get(f"{key}_turn", 0))  # a new uploader after each picture: the last one would stand in it still
    with st.form(f"{key}_upload_{turn}", border=is_framed):
        # Of any kind: what it is and what to do about it is for the service to say, in better words than “not allowed”.
        file = st.file_uploader("New picture", key=f"{key}_file_{turn}", max_upload_size=MAX_BYTES >> 20, help=_KINDS)
        alt = st.text_input("What it shows", key=f"{key}_alt_{turn}", placeholder="A red bicycle by a lake", max_chars=500)
        st.caption(WHY_ALT)
        if not st.form_submit_button("Upload picture", key=f"{key}_send_{turn}", type="secondary" if is_framed else "primary"):
            return None
    if file is None:
        st.warning("There is no picture yet. Choose one first.")
        return None
    added: Picture | None = None
    with page.act("Picture uploaded."), st.spinner("Making it ready for email…"):
        added = page.services.pictures.add(page.by, file.getvalue(), file.name, alt or "")
        added = replace(added, alt=alt or added.alt)  # one that was there already keeps its words; here those typed now count
        st.session_state[f"{key}_turn"] = turn + 1
    return added


def grid(page: Page, key: str, tile_end: Callable[[Picture], bool], *, size: int) -> Picture | None:
    """Draw a search and the pictures that match, and return the one whose tile says that it was chosen, or None.

    Args:
        page: The page.
        key: Unique on the page.
        tile_end: Draws what is under a picture; returns whether it was chosen.
        size: How many to a page.
    """
    pictures, chosen = page.services.pictures, None
    how: dict[str, Any] = {"placeholder": "Name, or what it shows", "icon": ":material/search:", "label_visibility": "collapsed"}
    search = st.text_input("Search pictures", key=f"{key}_search", width=_SEARCH, **how) or ""
    total = pictures.count(page.by, search)
    number_of_page = min(int(st.session_state.get(f"{key}_page", 1)), -(-total // size) or 1)
    found = pictures.all(page.by, search, page=number_of_page, size=size)
    if search and not found:
        st.caption("No picture matches. Search for something else.")
    with st.grid(max(1, len(found)), min_column_width=_TILE, gap="small"):
        for one in found:
            with st.container(border=True, height="stretch", gap="xsmall", key=f"{key}_tile_{one.id}"):
                _draw(page, one)
                st.space("stretch")
                if tile_end(one):
                    chosen = one
    if total > size:
        paging.choose(total, key=f"{key}_page", what="picture", size=size)
    return chosen


def facts(one: Picture) -> str:
    """Return what a picture is, in a line."""
    return f"{number(one.width)} × {number(one.height)} · {size_in_words(one.size)}"


def size_in_words(size: int) -> str:
    """Return how much room something takes, on one line."""
    for unit, name in ((_GB, "GB"), (_MB, "MB")):
        if size >= unit:
            return f"{size / unit:,.1f}\u00a0{name}".replace(".0\u00a0", "\u00a0")
    return f"{max(1, round(size / _KB))}\u00a0KB"


def _draw(page: Page, one: Picture) -> None:
    with st.container(height=_HIGHEST, border=False, horizontal_alignment="center", vertical_alignment="center"), page.act():
        shown = page.services.pictures.content(page.by, one.id)
        width = min(one.width, _HIGHEST * one.width // one.height or 1, _WIDEST)
        st.image(shown, width=width, alt=one.alt or one.name)
    name = one.name if len(one.name) <= _LONGEST else f"{one.name[: _LONGEST - 1].rstrip()}…"
    st.markdown(f":small[**{plain(name)}**]")
    st.caption(facts(one) + ("" if one.alt else "  \n:orange[No alt text]"))


def _choose_button(key: str, one: Picture) -> bool:
    return st.button("Choose", key=f"{key}_choose_{one.id}", width="stretch")
