"""Sending a test of a draft: to the seed addresses, to another one, or to both; and the list of seed addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.campaigns.models import Campaign
from core.campaigns.seeds import MAX_LABEL, SeedAddress
from core.campaigns.trying import Tried
from core.errors import PostwrightError
from core.ui import background
from core.ui.page import Page
from core.ui.parts import problem
from core.ui.words import counted, harmless

# Most tests are over by then, and nobody sees a bar come and go.
_AT_ONCE_SECONDS = 1.0
_EVERY_SECONDS = 0.7


def draw(page: Page, draft: Campaign, saved: Callable[[], Campaign], language: str | None = None) -> None:
    """Draw what sends a test, how far it is, and what became of it.

    Args:
        page: The page.
        draft: The campaign.
        saved: Keeps what is in the form, and returns it.
        language: Which the copies are read in; by default each address's own.
    """
    name, seeds = f"test_campaign:{page.by.workspace_id}:{page.by.label}:{draft.id}", page.services.seed_addresses.all(page.by)
    if may_begin(name):
        _form(page, name, seeds, saved, language)
    if page.sees_all_lists:
        with st.popover("Seed addresses", icon=":material/mark_email_read:", type="tertiary"):
            _manage(page, seeds)


def chosen(seeds: list[SeedAddress]) -> list[str]:
    """Ask which addresses of the list get it; all of them unless somebody says otherwise, also once the list has changed."""
    names = {one.email: f"{one.label} · {one.email}" if one.label else one.email for one in seeds}
    key = "test_seeds_" + "_".join(str(one.id) for one in seeds)
    return st.multiselect("Send a test to", list(names), default=list(names), format_func=names.__getitem__, key=key)


def other(seeds: list[SeedAddress]) -> str:
    """Ask for an address that is not on the list; it stays for the next test."""
    label = "Also to" if seeds else "Send a test to"
    return st.text_input(label, key="test_address", placeholder="you@example.com", persist_state="page") or ""


def start(page: Page, name: str, job: Callable[[background.Progress], object]) -> None:
    """Begin to send a test, unless one of this name is on its way, and draw the page anew; it goes on when the page is closed.

    Args:
        page: The page.
        name: Names it to whoever returns.
        job: Sends it.
    """
    work = background.start(name, job, page.services.clock.now())
    if work.thread:
        work.thread.join(timeout=_AT_ONCE_SECONDS)
    st.rerun()


def may_begin(name: str) -> bool:
    """Draw how far a test is, or what became of the last one; return whether another can be asked for."""
    work = background.find(name)
    if work is None:
        return True
    if not work.finished:
        st.fragment(run_every=_EVERY_SECONDS)(partial(_follow, name))()
        return False
    if isinstance(work.error, PostwrightError):  # nothing has left: it is put right where it was typed
        problem(work.error)
        background.forget(name)
        return True
    problem(work.error) if work.error else tell(work.result)
    # Not the form again at once: a second press of its button would find it and send everything twice.
    st.button("Send another", key="test_again", on_click=background.forget, args=(name,))
    return False


def tell(tried: tuple[Tried, ...]) -> None:
    """Draw what became of each copy."""
    refused = [one for one in tried if one.refused]
    if taken := len(tried) - len(refused):
        st.success(f"Sent to {counted(taken, 'address', 'addresses')}. It counts nowhere.", icon=":material/check:")
    if refused:
        lines = [f"- {harmless(one.address)}: {harmless(one.refused)}" for one in refused]
        st.error("\n".join([f"Not sent to {counted(len(refused), 'address', 'addresses')}:", "", *lines]), icon=":material/error:")


def _follow(name: str) -> None:
    work = background.find(name)
    if work is None or work.finished:
        st.rerun()
    words = f"{work.done} of {work.total} sent" if work.total else "Sending"
    st.progress(work.done / work.total if work.total else 0.0, text=words)
    st.caption("You can close this; it goes on.")


def _form(page: Page, name: str, seeds: list[SeedAddress], saved: Callable[[], Campaign], language: str | None) -> None:
    with st.form("send_test", border=False):
        picked = chosen(seeds) if seeds else []
        with st.container(horizontal=True, vertical_alignment="bottom"):
            also = other(seeds)
            pressed = st.form_submit_button("Send test")
    if pressed:
        with page.act():
            by, send, campaign_id = page.by, page.services.campaigns.send_test, saved().id
            start(page, name, lambda step: send(by, campaign_id, [*picked, also], language, step))


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
