"""People: who may sign in to this workspace, and as what."""

from __future__ import annotations

import streamlit as st

from core.accounts.people import Person
from core.permissions import Permission, Role
from core.ui import dialogs
from core.ui.page import Page, open_page
from core.ui.words import plain

page = open_page("People", needs=Permission.PEOPLE_MANAGE, help="Everybody who can sign in to this workspace, and what they may do in it.")

ROLES = {
    Role.ADMIN: "Admin: everything, including people and connections",
    Role.MARKETER: "Marketer: writes, imports and sends",
    Role.ANALYST: "Analyst: reads reports, builds segments, exports",
}


def main(page: Page) -> None:
    if page.header("Add person", icon="person_add"):
        dialogs.show("add_person")
    for person in page.services.people.all(page.by):
        draw(page, person)
    dialogs.dialog("add_person", "Add a person", lambda: add(page))
    open_one, person_id = dialogs.opened("change_role")
    if open_one:
        dialogs.dialog("change_role", "Change role", lambda: change_role(page, person_id))
    ask_before_disabling(page)


def draw(page: Page, person: Person) -> None:
    with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(width=340, gap=None):
            st.markdown(f"**{plain(person.name)}** {badges(page, person)}")
            st.text(person.email)
        seen = "Never signed in" if person.last_seen_at is None else f"Seen {page.when(person.last_seen_at)}"
        st.caption(seen, width="content", help=page.exactly(person.last_seen_at) or None)
        with st.popover("Manage", key=f"manage_{person.id}", type="tertiary"):
            manage(page, person)


def badges(page: Page, person: Person) -> str:
    role = f":violet-badge[{plain(person.role_name)}]" if person.role == Role.ADMIN else f":gray-badge[{plain(person.role_name)}]"
    you = " :blue-badge[You]" if person.id == page.by.person_id else ""
    return role + you + (" :orange-badge[Disabled]" if person.disabled_at else "")


def manage(page: Page, person: Person) -> None:
    key = f"_{person.id}"
    if person.disabled_at:
        if st.button("Let in again", icon=":material/lock_open:", key="enable" + key):
            with page.act(f"{plain(person.name)} can sign in again."):
                page.services.people.enable(page.by, person.id)
                st.rerun()
        return
    st.button("Change role", icon=":material/badge:", key="role" + key, on_click=dialogs.show, args=("change_role", person.id))
    st.button("Disable", icon=":material/block:", key="disable" + key, on_click=dialogs.show, args=("disable_person", person.id))


def add(page: Page) -> None:
    with st.form("add_person_form", border=False):
        name = st.text_input("Name", key="add_name")
        email = st.text_input("Email", key="add_email", autocomplete="off")
        role = st.selectbox("Role", list(ROLES), format_func=ROLES.__getitem__, index=1, key="add_role")
        password = st.text_input("First password", type="password", autocomplete="new-password", key="add_password")
        st.caption("At least 12 characters. Tell it to them in person; they can change it in their menu.")
        pressed = st.form_submit_button("Add person", type="primary", key="add_submit")
    if pressed:
        with page.act(f"{plain(name)} can sign in now."):
            page.services.people.add(page.by, email, name, password, role)
            dialogs.done()


def change_role(page: Page, person_id: int) -> None:
    person = by_id(page, person_id)
    role = st.radio("Role", list(ROLES), format_func=ROLES.__getitem__, index=list(ROLES).index(Role(person.role)), key="new_role")
    if st.button(f"Make {plain(person.name)} {role.value}", type="primary", key="set_role", disabled=role == person.role):
        with page.act("Changed. It counts from their next click."):
            page.services.people.set_role(page.by, person_id, role)
            dialogs.done()


def ask_before_disabling(page: Page) -> None:
    asked, person_id = dialogs.opened("disable_person")
    if not asked:
        return
    person = by_id(page, person_id)
    question = dialogs.Question(
        title=f"Disable {plain(person.name)}?",
        body="They are signed out now and can’t sign in to this workspace. What they made stays. You can let them in again any time.",
        yes="Disable",
    )
    dialogs.ask_first(
        page,
        question,
        lambda: page.services.people.disable(page.by, person_id),
        name="disable_person",
        success="They can no longer sign in.",
    )


def by_id(page: Page, person_id: int) -> Person:
    return next(person for person in page.services.people.all(page.by) if person.id == person_id)


main(page)
