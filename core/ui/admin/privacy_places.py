"""Where personal data lives, as the registry says: for whoever writes the record of processing (GDPR art. 30)."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.privacy.registry import FILES, LAKE, PLACES, File, Place, Whose, table_of
from core.ui.words import plain

_HEADINGS = {Whose.CONTACTS: "About the people you write to", Whose.USERS: "About the people who work here"}


def show() -> None:
    """Draw every place that holds something about somebody."""
    st.markdown(":gray[Every place with something about somebody: what for, how long, and what erasing a person does there.]")
    for whose, heading in _HEADINGS.items():
        st.subheader(heading, anchor=False)
        _places(place for place in (*reversed(PLACES), *LAKE) if place.whose is whose and (place in LAKE or table_of(place) is not None))
        _files(file for file in FILES if file.whose is whose)


def _places(places: Iterable[Place]) -> None:
    for place in places:
        _entry(place.what, place.table, place.why, place.kept, place.erased)


def _files(files: Iterable[File]) -> None:
    for file in files:
        _entry(file.what, file.where, file.why, file.kept, file.erased)


def _entry(what: str, where: str, why: str, kept: str, erased: str) -> None:
    with st.container(gap=None):
        st.markdown(f"**{plain(what)}** :gray[{plain(where)}]")
        st.caption(f"{plain(why)} **Kept:** {plain(kept)} **Erasing a contact:** {plain(erased)}")
