"""Connections: the providers that carry your email, which one is used unless told otherwise, and whether it answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.permissions import Permission
from core.providers.base import ProviderField
from core.providers.catalogue import CATALOGUE
from core.providers.connections import Connection
from core.ui import dialogs
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.words import plain

page = open_page("Connections", needs=Permission.CONNECTIONS_MANAGE, help="What carries your email from here to people’s inboxes.")
connections = page.services.connections


def field(one: ProviderField, kind: str) -> Any:
    label, key = one.label if one.required else f"{one.label} (optional)", f"connection_{kind}_{one.name}"
    if one.kind == "number":
        return st.number_input(label, value=int(one.default or 0), step=1, help=one.help or None, key=key)
    if one.kind == "choice":
        index = one.choices.index(str(one.default)) if one.default in one.choices else 0
        return st.selectbox(label, one.choices, index=index, help=one.help or None, key=key)
    hidden = "password" if one.secret or one.kind == "password" else "default"
    return st.text_input(label, str(one.default), type=hidden, help=one.help or None, key=key, autocomplete="off")


def add() -> None:
    kinds = {kind.label: kind for kind in CATALOGUE.values()}
    chosen = kinds[st.selectbox("Kind", list(kinds), key="connection_kind")]
    st.caption(chosen.summary)
    with st.form("connection_form", border=False):
        name = st.text_input("Name", key="connection_name", placeholder=f"Our {chosen.label}")
        values = {one.name: field(one, chosen.kind) for one in chosen.fields}
        if any(one.secret for one in chosen.fields):
            st.caption("Secrets are stored encrypted and never shown again.")
        if st.form_submit_button("Add connection", type="primary"):
            with page.act("Added. Test it before the first campaign."):
                connections.add(page.by, name or "", chosen.kind, {name: value for name, value in values.items() if value != ""})
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
if (opened := dialogs.opened("remove"))[0]:
    remove(opened[1])
