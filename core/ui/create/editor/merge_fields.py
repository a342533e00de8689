"""The merge fields that somebody can choose from, and inserting one with words for those who don't have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.contacts.attributes import AttributeType
from core.permissions import Permission
from core.ui.page import Page

_USUAL = {
    "contact.first_name": "First name",
    "contact.last_name": "Last name",
    "contact.email": "Email address",
}
_OURS = {
    "workspace.name": "Your workspace’s name",
    "workspace.postal_address": "Your postal address",
    "unsubscribe_url": "Unsubscribe link",
    "preferences_url": "Preferences link",
    "view_url": "Link to the email in the browser",
}


def known_attributes(page: Page) -> dict[str, AttributeType]:
    """Return the contact attributes that exist, as far as the person may know of them."""
    return page.services.contacts.attributes(page.by) if page.may(Permission.CONTACTS_VIEW) else {}


def vocabulary(page: Page, attributes: Mapping[str, AttributeType]) -> tuple[str, ...] | None:
    """Return the names a contact may have; None, which takes every name, for somebody who may not know which there are."""
    return tuple(attributes) if page.may(Permission.CONTACTS_VIEW) else None


def choices(attributes: Mapping[str, AttributeType]) -> dict[str, str]:
    """Return the merge fields that can be inserted, and what they are called."""
    return _USUAL | {f"contact.{name}": name.replace("_", " ").capitalize() for name in attributes} | _OURS


def written(field: str, fallback: str) -> str:
    """Return a merge field as it stands in a text.

    Args:
        field: Its name.
        fallback: What is said to those who don't have it; empty for nothing. Signs that would end it early are left out.
    """
    safe = fallback.translate(str.maketrans("", "", "\\'\"{}%")).strip()
    return f"{{{{ {field} | default('{safe}') }}}}" if safe else f"{{{{ {field} }}}}"


def picker(fields: Mapping[str, str], insert: Callable[[str], None], *, key: str) -> None:
    """Draw what inserts a merge field.

    Args:
        fields: The merge fields, and what they are called.
        insert: Called with the field as it is written.
        key: Unique on the page.
    """
    with st.popover(":material/person_add: Field", help="Insert a field of the reader", type="tertiary"):
        field = st.selectbox("Field to insert", list(fields), format_func=fields.__getitem__, key=f"{key}_which")
        fallback = st.text_input("For people without it", key=f"{key}_fallback", placeholder="there") or ""
        st.button("Insert at the end", key=f"{key}_insert", on_click=lambda: insert(written(field, fallback)))
