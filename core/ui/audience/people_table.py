"""The table of contacts: what is looked for, the rows, and on a phone the same as cards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.contacts.choosing import Choice
from core.contacts.consent.consent import ConsentStatus
from core.contacts.contacts import Contact
from core.contacts.directory import Row
from core.ui.narrow import table_or_cards
from core.ui.page import Page
from core.ui.words import plain

OPEN = ":material/person_search:"
CONTACT = "pages/audience/contact.py"
CONSENT_COLOURS = {
    ConsentStatus.SUBSCRIBED: "green",
    ConsentStatus.UNSUBSCRIBED: "orange",
    ConsentStatus.PENDING: "blue",
    ConsentStatus.UNKNOWN: "gray",
}
SOURCES = {"import": "An import", "form": "A form", "api": "The API", "manual": "By hand"}
_MAIL = {"Not suppressed": False, "Suppressed": True}
_ANY_LIST, _ANY_TAG, _ANY_CONSENT, _ANY_MAIL, _ANY_SOURCE = "All lists", "All tags", "Any consent", "Any address", "Any source"


def filters(page: Page) -> Choice:
    """Draw what can be looked for; it is kept in the address."""
    lists = {name: number for number, name in page.services.lists.names(page.by).items()}
    tags = {name: number for number, name in page.services.tags.names(page.by).items()}
    look: dict[str, Any] = {"label_visibility": "collapsed", "bind": "query-params"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = st.text_input("Search", type="search", placeholder="Search by address or name", key="person_search", width=220, **look)
        on = _choose("List", [_ANY_LIST, *lists], "person_list")
        tag = _choose("Tag", [_ANY_TAG, *tags], "person_tag") if tags else _ANY_TAG
        consent = _choose("Consent", [_ANY_CONSENT, *(one.capitalize() for one in ConsentStatus)], "person_consent")
        mail = _choose("Suppressed", [_ANY_MAIL, *_MAIL], "person_mail")
        source = _choose("Source", [_ANY_SOURCE, *SOURCES.values()], "person_source")
    known = ConsentStatus(consent.lower()) if consent != _ANY_CONSENT else None
    way = next((kind for kind, name in SOURCES.items() if name == source), "")
    return Choice((search or "")[:200], lists.get(on), tags.get(tag), known, _MAIL.get(mail), way)


def _choose(label: str, options: list[str], key: str) -> str:
    return str(st.selectbox(label, options, key=key, width=138, label_visibility="collapsed", bind="query-params"))


def table(page: Page, rows: Sequence[Row], *, choosing: bool) -> list[int]:
    """Draw people; return the numbers of those who were chosen in the table.

    Args:
        page: The page.
        rows: Who.
        choosing: Whether people can be chosen.
    """
    chosen: list[int] = []

    def wide() -> None:
        chosen.extend(_wide(page, rows, choosing))

    table_or_cards(wide, partial(_cards, page, rows), key="people")
    go_where_opened()
    return chosen


def open_column(ids: Sequence[int]) -> Any:
    """Return the column of a table whose buttons lead to the profiles of its rows; draw `go_where_opened` after it.

    Args:
        ids: Whose profile each row leads to.
    """
    return st.column_config.ButtonColumn("", on_click=_open, args=(list(ids),), key="person_row", width=56, pinned=True, type="tertiary")


def go_where_opened() -> None:
    """Go to the profile whose button was pressed, if one was."""
    if (opened := st.session_state.pop("person_opened", None)) is not None:
        st.switch_page(CONTACT, query_params={"id": str(opened)})


def name_of(contact: Contact) -> str:
    """Return somebody's whole name; may be empty."""
    return " ".join(filter(None, [contact.first_name, contact.last_name]))


def came_from(source: str) -> str:
    """Return where somebody came from, in words."""
    kind, _, number = source.partition(":")
    return {"import": f"Import {number}".strip(), "form": f"Form {number}".strip()}.get(kind) or SOURCES.get(source, source)


def _wide(page: Page, rows: Sequence[Row], choosing: bool) -> list[int]:
    shown = [_as_row(one) for one in rows]
    ids = [one.contact.id for one in rows]
    columns = {
        "Open": open_column(ids),
        "Address": st.column_config.TextColumn(width="medium"),
        "Tags": st.column_config.ListColumn(width="medium"),
        "Added": st.column_config.DatetimeColumn(format="D MMM YYYY", timezone=page.workspace.timezone),
    }
    order = ["Open", "Address", "Name", "Consent", *(["Tags"] if any(one.tags for one in rows) else []), "Source", "Added"]
    look: dict[str, Any] = {
        "column_config": columns,
        "column_order": order,
        "hide_index": True,
        "height": "content",
        "alt": "Contacts, newest first",
    }
    if not choosing:
        st.dataframe(shown, **look)
        return []
    event = st.dataframe(shown, **look, key="person_table", on_select="rerun", selection_mode="multi-row")
    return [ids[at] for at in event.selection.rows if at < len(ids)]


def _as_row(one: Row) -> dict[str, object]:
    return {
        "Open": OPEN,
        "Address": one.contact.email,
        "Name": name_of(one.contact),
        "Consent": "Suppressed" if one.suppressed else one.contact.consent.value.capitalize(),
        "Tags": list(one.tags),
        "Source": came_from(one.source),
        "Added": one.contact.created_at,
    }


def _open(ids: list[int]) -> None:
    st.session_state["person_opened"] = ids[st.session_state["person_row"]["row"]]


def _cards(page: Page, rows: Sequence[Row]) -> None:
    for one in rows:
        contact = one.contact
        with st.container(border=True, gap=None):
            st.page_link(CONTACT, label=f"**{plain(contact.email)}**", query_params={"id": str(contact.id)})
            consent = (
                ":red-badge[Suppressed]"
                if one.suppressed
                else f":{CONSENT_COLOURS[contact.consent]}-badge[{contact.consent.value.capitalize()}]"
            )
            tags = " ".join(f":gray-badge[{plain(tag)}]" for tag in one.tags[:5])
            st.markdown(" ".join(filter(None, [plain(name_of(contact)), consent, tags])))
