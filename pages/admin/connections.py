"""Connections: what carries your email, how it is reached, which one is used unless told otherwise, and whether it answers."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.permissions import Permission
from core.providers.catalogue import CATALOGUE
from core.providers.connections import Connection
from core.ui import connection_form, dialogs
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.words import plain

page = open_page("Connections", needs=Permission.CONNECTIONS_MANAGE, help="What carries your email from here to people’s inboxes.")
connections = page.services.connections


def add() -> None:
    kinds = {kind.label: kind for kind in CATALOGUE.values()}
    chosen = kinds[st.selectbox("Kind", list(kinds), key="connection_kind")]
    st.caption(chosen.summary)
    with st.form("connection_form", border=False):
        name = st.text_input("Name", key="connection_name", placeholder=f"Our {chosen.label}")
        values = connection_form.fields(chosen, f"connection_{chosen.kind}")
        if st.form_submit_button("Add connection", type="primary"):
            with page.act("Added. Test it before the first campaign."):
                connections.add(page.by, name or "", chosen.kind, {name: value for name, value in values.items() if value != ""})
                dialogs.done()


def edit(one: Connection) -> None:
    kind = CATALOGUE[one.kind]
    st.caption(f"{plain(one.name)} · {kind.label}")
    with st.form("edit_form", border=False):
        values = connection_form.fields(kind, f"edit_{one.id}", one.settings)
        st.caption("A campaign that waits for this connection tries it again within a minute or so.")
        if st.form_submit_button("Save changes", type="primary"):
            with page.act("Saved. Test it to see whether it answers."):
                connections.change(page.by, one.id, values)
                dialogs.done()


def draw(one: Connection) -> None:
    kind = CATALOGUE[one.kind]
    with st.container(border=True, key=f"connection_{one.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(one.name)}**", width="content")
            if one.is_default:
                st.badge("Default", icon=":material/star:", color="primary")
        known = [f"{item.label}: {plain(str(one.settings[item.name]))}" for item in kind.fields if one.settings.get(item.name)]
        st.caption(" · ".join([kind.label, *known]))
        with st.container(horizontal=True):
            if st.button("Test", icon=":material/network_check:", key=f"test_{one.id}"):
                test(one)
            if kind.fields:
                st.button("Edit", icon=":material/edit:", key=f"edit_{one.id}", on_click=dialogs.show, args=("edit", one))
            if not one.is_default:
                st.button("Make default", key=f"default_{one.id}", on_click=make_default, args=(one,))
                st.button("Remove", key=f"remove_{one.id}", type="tertiary", on_click=dialogs.show, args=("remove", one))


def test(one: Connection) -> None:
    with page.act(), st.spinner("Asking the server"):
        connections.test(page.by, one.id)
        st.success("It answers and accepts us.", icon=":material/check_circle:")


def make_default(one: Connection) -> None:
    with page.act(f"New campaigns use {plain(one.name)}."):
        connections.set_default(page.by, one.id)


def remove(one: Connection) -> None:
    body = f"“{plain(one.name)}” and its secrets go for good. No campaign uses it."
    question = Question("Remove this connection?", body, "Remove connection")
    dialogs.ask_first(page, question, partial(connections.remove, page.by, one.id), name="remove", success="Removed.")


if page.header("Add connection"):
    dialogs.show("add_connection")
connections.default(page.by)  # a workspace without one gets the outbox
for connection in connections.all(page.by):
    draw(connection)
dialogs.dialog("add_connection", "Add a connection", add)
if (opened := dialogs.opened("edit"))[0]:
    dialogs.dialog("edit", "Edit connection", partial(edit, opened[1]))
if (opened := dialogs.opened("remove"))[0]:
    remove(opened[1])
