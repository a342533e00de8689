"""Workspace: its name, its time zone, the postal address that every mail must name, and how its people sign in."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from core.permissions import Permission
from core.ui import dialogs
from core.ui.admin import sending_rules_form
from core.ui.navigation import start_page
from core.ui.page import Page, open_page

page = open_page("Workspace", needs=Permission.WORKSPACE_EDIT)


def main(page: Page) -> None:
    if page.may(Permission.WORKSPACES_CREATE) and page.header("New workspace"):
        dialogs.show("new_workspace")
    if not page.workspace.postal_address:
        st.info(
            "**Add your postal address.** Most countries’ laws want it in every marketing email; the footer shows it.",
            icon=":material/mail:",
        )
    about(page)
    sending_rules_form.draw(page)
    signing_in(page)
    tracking(page)
    dialogs.dialog("new_workspace", "New workspace", lambda: create(page))


def about(page: Page) -> None:
    zones = time_zones(page.workspace.timezone)
    with st.form("workspace", width=640):
        name = st.text_input("Name", value=page.workspace.name, key="workspace_name")
        zone = st.selectbox(
            "Time zone", zones, index=zones.index(page.workspace.timezone), key="workspace_zone", help="All times are shown in it."
        )
        address = st.text_area(
            "Postal address",
            value=page.workspace.postal_address,
            placeholder="Company\nStreet and number\nTown, country",
            height=120,
            key="workspace_address",
        )
        pressed = st.form_submit_button("Save", type="primary", key="workspace_save")
    if pressed:
        with page.act("Saved."):
            page.services.workspaces.update(page.by, name=name, timezone=zone, postal_address=address)
            st.rerun()


def signing_in(page: Page) -> None:
    """Draw the rule about second factors; it is asked of everybody from their next click, so it is switched by a button that says so."""
    on = page.workspace.requires_two_factor
    with st.container(border=True, width=640):
        st.markdown("**Everybody needs a second factor** " + (":green-badge[On]" if on else ":gray-badge[Off]"))
        st.markdown(
            "Besides their password, people prove who they are with a code from their phone. "
            "Whoever has not set one up can do nothing else here until they have."
        )
        label = "Turn off" if on else "Turn on"
        if st.button(label, key="two_factor"):
            with page.act("A password is enough again." if on else "Everybody needs a second factor from their next click."):
                page.services.workspaces.update(page.by, requires_two_factor=not on)
                st.rerun()


def tracking(page: Page) -> None:
    """Draw whether opens and clicks are kept by person."""
    on = page.workspace.tracks_people
    with st.container(border=True, width=640):
        st.markdown("**Opens and clicks by person** " + (":green-badge[On]" if on else ":gray-badge[Off]"))
        st.markdown(
            "While it is off, opens, clicks and conversions are only counted, with a pseudonym that changes every day. Nobody can tell "
            "whose they were, also not from the raw events. Segments about opens and clicks find nobody for that time; unsubscribes, "
            "bounces and complaints are still kept. What was noted before stays."
        )
        if st.button("Turn off" if on else "Turn on", key="tracks_people"):
            with page.act("From now on they are only counted." if on else "From now on they are kept by person."):
                page.services.workspaces.update(page.by, tracks_people=not on)
                st.rerun()


def create(page: Page) -> None:
    st.markdown("It has its own contacts, campaigns, people and connections; nothing is shared with this one. You become its admin.")
    zones = time_zones(page.workspace.timezone)
    with st.form("new_workspace_form", border=False):
        name = st.text_input("Name", placeholder="Your other company", key="new_workspace_name")
        zone = st.selectbox("Time zone", zones, index=zones.index(page.workspace.timezone), key="new_workspace_zone")
        pressed = st.form_submit_button("Make workspace", type="primary", key="new_workspace_save")
    if pressed:
        with page.act("Made. You are in it now."):
            start, made = start_page(page.by), page.services.workspaces.create_for(page.by, name, zone)
            page.services.sessions.move(page.token, made.id)
            dialogs.hide()
            st.switch_page(start)


def time_zones(current: str) -> list[str]:
    """Return the zones people live in, and whichever is set."""
    known = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))}
    return sorted(known | {"UTC", current})


main(page)
