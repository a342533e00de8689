"""Sending a test of a draft: to the seed addresses, to another one, or to both; and the list of seed addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.campaigns.models import Campaign
from core.campaigns.seeds import MAX_LABEL, SeedAddress
from core.campaigns.trying import Tried
from core.ui.page import Page
from core.ui.words import counted, harmless


def draw(page: Page, saved: Callable[[], Campaign], language: str | None = None) -> None:
    """Draw what sends a test, and what became of the last one.

    Args:
        page: The page.
        saved: Keeps what is in the form, and returns it.
        language: Which the copies are read in; by default each address's own.
    """
    seeds = page.services.seed_addresses.all(page.by)
    with st.form("send_test", border=False):
        picked = chosen(seeds) if seeds else []
        with st.container(horizontal=True, vertical_alignment="bottom"):
            other = st.text_input("Also to" if seeds else "Send a test to", key="test_address", placeholder="you@example.com")
            pressed = st.form_submit_button("Send test")
    if pressed:
        with page.act(), st.spinner("Sending"):
            tell(page.services.campaigns.send_test(page.by, saved().id, [*picked, other or ""], language))
    if page.sees_all_lists:
        with st.popover("Seed addresses", icon=":material/mark_email_read:", type="tertiary"):
            _manage(page, seeds)


def chosen(seeds: list[SeedAddress]) -> list[str]:
    """Ask which addresses of the list get it; all of them unless somebody says otherwise, also once the list has changed."""
    names = {one.email: f"{one.label} · {one.email}" if one.label else one.email for one in seeds}
    key = "test_seeds_" + "_".join(str(one.id) for one in seeds)
    return st.multiselect("Send a test to", list(names), default=list(names), format_func=names.__getitem__, key=key)


def tell(tried: tuple[Tried, ...]) -> None:
    """Draw what became of each copy."""
    refused = [one for one in tried if one.refused]
    if taken := len(tried) - len(refused):
        st.success(f"Sent to {counted(taken, 'address', 'addresses')}. It counts nowhere.", icon=":material/check:")
    if refused:
        lines = [f"- {harmless(one.address)}: {harmless(one.refused)}" for one in refused]
        st.error("\n".join([f"Not sent to {counted(len(refused), 'address', 'addresses')}:", "", *lines]), icon=":material/error:")


def _manage(page: Page, seeds: list[SeedAddress]) -> None:
    st.caption("Mailboxes of your own, in the mail programs your readers use. A test goes to all of them with one press.")
    for one in seeds:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            label = f"**{harmless(one.label)}**  \n" if one.label else ""
            st.markdown(f"{label}{harmless(one.email)}", width="content")
            st.button(
                "Remove",
                icon=":material/delete:",
                type="tertiary",
                key=f"remove_seed_{one.id}",
                help=f"Remove {one.email}",
                on_click=partial(_remove, page, one),
            )
    with st.form("add_seed", border=False, clear_on_submit=True):
        email = st.text_input("Address", key="seed_address", placeholder="you@example.com")
        label = st.text_input("What it is read in", key="seed_label", placeholder="Outlook on Windows", max_chars=MAX_LABEL)
        if st.form_submit_button("Add"):
            with page.act("Added. Tests go there too."):
                page.services.seed_addresses.add(page.by, email or "", label or "")
                st.rerun()


def _remove(page: Page, one: SeedAddress) -> None:
    with page.act("Removed."):
        page.services.seed_addresses.remove(page.by, one.id)
