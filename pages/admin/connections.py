"""Connections: what carries your email and how it is reached, which one is used unless told otherwise, and where providers report to."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.permissions import Permission
from core.providers.catalogue import CATALOGUE
from core.providers.connections import Connection
from core.ui import dialogs
from core.ui.admin import connection_card, connection_form, pace_card, pace_form
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.words import plain

page = open_page("Connections", needs=Permission.CONNECTIONS_MANAGE, help="What carries your email, and reports what became of it.")
connections = page.services.connections


def add() -> None:
    kinds = connection_card.kinds()
    usual = next(place for place, kind in enumerate(kinds) if kind.kind == "smtp")  # the outbox is there from the beginning
    chosen = st.selectbox("Kind", kinds, usual, connection_card.name_of, key="connection_kind")
    st.caption(chosen.summary)
    with st.form("connection_form", border=False):
        name = st.text_input("Name", key="connection_name", placeholder=f"Our {chosen.label}")
        values = connection_form.fields(chosen, f"connection_{chosen.kind}")
        problem = st.container()  # above the button, where it is seen
        if st.form_submit_button("Add connection", type="primary"):
            next_step = "Test it before the first campaign." if chosen.sends else "Give its webhook address to your provider."
            with problem, page.act(f"Added. {next_step}"):
                connections.add(
                    page.by, name or "", chosen.kind, {name: value for name, value in values.items() if value not in ("", None)}
                )
                dialogs.done()


def edit(one: Connection) -> None:
    kind = CATALOGUE[one.kind]
    st.caption(f"{plain(one.name)} · {kind.label}")
    with st.form("edit_form", border=False):
        values = connection_form.fields(kind, f"edit_{one.id}", one.settings)
        if one.sends:
            st.caption("A campaign that waits for this connection tries it again within a minute or so.")
        problem = st.container()
        if st.form_submit_button("Save changes", type="primary"):
            with (
                problem,
                page.act("Saved. Test it to see whether it answers." if one.sends else "Saved. It counts from the next report on."),
            ):
                connections.change(page.by, one.id, values)
                dialogs.done()


def draw(one: Connection) -> None:
    with st.container(border=True, key=f"connection_{one.id}"):
        connection_card.heading(one)
        connection_card.facts(one)
        connection_card.bounces(one, mailboxes.get(one.id), page.services.clock.now())
        if one.sends:
            pace_card.draw(page, one, paces[one.id], names)
        connection_card.reports(one, page.services.settings.public_url)
        with st.container(horizontal=True):
            if one.sends:
                pace_card.try_again(page, one, paces[one.id])
            tested = one.sends and st.button("Test", icon=":material/network_check:", key=f"test_{one.id}")
            if CATALOGUE[one.kind].fields:
                st.button("Edit", icon=":material/edit:", key=f"edit_{one.id}", on_click=dialogs.show, args=("edit", one))
            if one.sends:
                st.button("Pace", icon=":material/speed:", key=f"pace_{one.id}", on_click=dialogs.show, args=("pace", one))
            if one.sends and not one.is_default:
                st.button("Make default", key=f"default_{one.id}", on_click=make_default, args=(one,))
            if not one.is_default:
                st.button("Remove", key=f"remove_{one.id}", type="tertiary", on_click=dialogs.show, args=("remove", one))
        if tested:
            test(one)


def pace(one: Connection) -> None:
    others = {each.id: each.name for each in shown if each.sends and each.id != one.id}
    pace_form.draw(page, one, paces[one.id], others, dialogs.done)


def test(one: Connection) -> None:
    with page.act(), st.spinner("Asking the server"):
        connections.test(page.by, one.id)
        st.success("It answers and accepts us.", icon=":material/check_circle:")


def make_default(one: Connection) -> None:
    with page.act(f"New campaigns use {plain(one.name)}."):
        connections.set_default(page.by, one.id)


def remove(one: Connection) -> None:
    lost = "" if one.sends else " What its provider reports from then on is refused."
    body = f"“{plain(one.name)}” and its secrets go for good. No campaign uses it.{lost}"
    question = Question("Remove this connection?", body, "Remove connection")
    dialogs.ask_first(page, question, partial(connections.remove, page.by, one.id), name="remove", success="Removed.")


if page.header("Add connection"):
    dialogs.show("add_connection")
connections.default(page.by)  # a workspace without one gets the outbox
shown, mailboxes = connections.all(page.by), page.services.bounce_mailboxes.states(page.by)
paces, names = page.services.paces.all(page.by), {one.id: one.name for one in shown}
connection_card.say_unreachable(shown, page.services.settings.public_url)
for connection in shown:
    draw(connection)
dialogs.dialog("add_connection", "Add a connection", add)
if (opened := dialogs.opened("edit"))[0]:
    dialogs.dialog("edit", "Edit connection", partial(edit, opened[1]))
if (opened := dialogs.opened("pace"))[0]:
    dialogs.dialog("pace", "Pace", partial(pace, opened[1]))
if (opened := dialogs.opened("remove"))[0]:
    remove(opened[1])
