"""What is known about a person, their lists and tags, and the dialogs that change it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from core.contacts.attributes import AttributeType
from core.contacts.fields import CustomField
from core.contacts.profile import Profile
from core.ui import dialogs
from core.ui.audience.people_table import came_from, name_of
from core.ui.narrow import table_or_list
from core.ui.page import Page
from core.ui.words import plain

EDIT, BELONGING = "contact_edit", "contact_belonging"
_YES_NO = {True: "Yes", False: "No"}


def about(page: Page, profile: Profile, *, may_edit: bool) -> None:
    """Draw names and fields."""
    contact, fields = profile.contact, page.services.fields.all(page.by)
    with st.container(border=True):
        _heading("What you know", "Edit", EDIT, may_edit)
        rows = {"Address": plain(contact.email), "Name": plain(name_of(contact)) or "–"}
        rows |= {plain(one.label): shown(contact.attributes[one.name]) for one in fields if one.name in contact.attributes}
        rows["Came by"] = plain(came_from(profile.source)) or "–"
        rows["Added"] = page.exactly(contact.created_at)
        draw = partial(st.table, rows, border="horizontal", alt="What is known about this person")
        table_or_list(draw, [f":small[:gray[{label}]]  \n{value}" for label, value in rows.items()], key="facts")


def belonging(page: Page, profile: Profile, *, may_edit: bool) -> None:
    """Draw lists and tags."""
    with st.container(border=True):
        _heading("Lists and tags", "Change", BELONGING, may_edit)
        words = [f":blue-badge[:material/list_alt: {plain(one.name)}]" for one in profile.lists]
        words += [f":gray-badge[:material/sell: {plain(name)}]" for name in profile.tags.values()]
        st.markdown(" ".join(words) if words else ":gray[On no list, and without tags.]")


def dialogs_of(page: Page, profile: Profile) -> None:
    """Draw the dialog that is open, if one is."""
    dialogs.dialog(EDIT, "What you know", partial(_edit, page, profile), width="medium")
    dialogs.dialog(BELONGING, "Lists and tags", partial(_change_belonging, page, profile))


def _heading(title: str, button: str, dialog: str, may_edit: bool) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"##### {title}", anchors=False, width="content")
        if may_edit:
            st.button(button, key=f"open_{dialog}", type="tertiary", icon=":material/edit:", on_click=dialogs.show, args=(dialog,))


def _edit(page: Page, profile: Profile) -> None:
    contact = profile.contact
    with st.form("contact_edit_form", border=False):
        left, right = st.columns(2)
        first = left.text_input("First name", contact.first_name, key="contact_first")
        last = right.text_input("Last name", contact.last_name, key="contact_last")
        values = {one.name: _input(one, contact.attributes.get(one.name)) for one in page.services.fields.all(page.by)}
        if st.form_submit_button("Save", type="primary"):
            with page.act("Saved."):
                names = {"first_name": first or "", "last_name": last or ""}
                page.services.profiles.change(page.by, contact.id, **names, attributes=_changed(contact.attributes, values))
                dialogs.done()


def _changed(known: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was changed in the form; what was left alone may have been changed by somebody else meanwhile."""
    return {name: value for name, value in values.items() if (known.get(name, "") or "") != (value if value is not None else "")}


def _input(field: CustomField, value: Any) -> Any:
    look: dict[str, Any] = {"key": f"field_{field.name}", "help": plain(field.description) or None}
    label = plain(field.label)
    if field.type is AttributeType.NUMBER:
        given = st.number_input(label, value=float(value) if isinstance(value, int | float) else None, step=None, format="%g", **look)
        return int(given) if given is not None and given == int(given) else given
    if field.type is AttributeType.BOOLEAN:
        index = list(_YES_NO).index(value) if value in _YES_NO else None
        return st.selectbox(label, list(_YES_NO), index=index, format_func=_YES_NO.__getitem__, placeholder="Not known", **look)
    if field.type is AttributeType.DATE:
        day = st.date_input(label, value=_day(value), min_value=date(1900, 1, 1), max_value=date(2200, 1, 1), format="YYYY-MM-DD", **look)
        return day.isoformat() if isinstance(day, date) else None
    return st.text_input(label, str(value) if value is not None else "", **look)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _change_belonging(page: Page, profile: Profile) -> None:
    lists = page.services.lists.names(page.by)
    tags = list(page.services.tags.names(page.by).values())
    with st.form("contact_belonging_form", border=False):
        on = st.multiselect("Lists", list(lists), [one.id for one in profile.lists], format_func=lists.__getitem__, key="contact_lists")
        has = st.multiselect(
            "Tags",
            tags,
            list(profile.tags.values()),
            key="contact_tags",
            accept_new_options=page.sees_all_lists,
            placeholder="Choose some, or type a new one",
        )
        if st.form_submit_button("Save", type="primary"):
            with page.act("Saved."):
                _save_belonging(page, profile, set(on), set(has))
                dialogs.done()


def _save_belonging(page: Page, profile: Profile, on: set[int], has: set[str]) -> None:
    services, ids = page.services, [profile.contact.id]
    before = {one.id for one in profile.lists}
    for name in sorted(has - set(profile.tags.values())):
        services.tags.add(page.by, ids, name)
    for tag_id, name in profile.tags.items():
        if name not in has:
            services.tags.remove(page.by, ids, tag_id)
    for list_id in sorted(on - before):
        services.lists.add(page.by, list_id, ids)
    for list_id in sorted(before - on):
        services.lists.remove(page.by, list_id, ids)


def shown(value: Any) -> str:
    """Return a value as people read it."""
    return _YES_NO[value] if isinstance(value, bool) else plain(str(value))
