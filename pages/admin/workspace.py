"""Workspace: its name, its time zone, and the postal address that every mail must name."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from core.permissions import Permission
from core.ui.page import Page, open_page

page = open_page("Workspace", needs=Permission.WORKSPACE_EDIT)


def main(page: Page) -> None:
    if not page.workspace.postal_address:
        st.info(
            "**Add your postal address.** Most countries’ laws want it in every marketing email; the footer shows it.",
            icon=":material/mail:",
        )
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
        save(page, name, zone, address)


def time_zones(current: str) -> list[str]:
    """Return the zones people live in, and whichever is set."""
    known = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))}
    return sorted(known | {"UTC", current})


def save(page: Page, name: str, zone: str, address: str) -> None:
    with page.act("Saved."):
        page.services.workspaces.update(page.by, name=name, timezone=zone, postal_address=address)
        st.rerun()


main(page)
