"""Sender domains: the DNS records that prove your mail is yours, whether they are there, and the keys it is signed with."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.deliverability.models import SenderDomain
from core.deliverability.names import readable
from core.permissions import Permission
from core.ui import dialogs
from core.ui.admin import sender_domain_parts
from core.ui.admin.sender_domain_words import EMPTY, HELP, NEW_KEYS
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import plain

page = open_page("Sender domains", needs=Permission.CONNECTIONS_MANAGE, help=HELP)
domains = page.services.sender_domains
CHOSEN = "domain"


def add() -> None:
    with st.form("add_form", border=False):
        name = st.text_input("Domain", key="new_domain", placeholder="example.com", help="What stands after the @ of your From address.")
        st.caption("Keys to sign with are made at once; the private halves are stored encrypted and never leave.")
        if st.form_submit_button("Add domain", type="primary"):
            with page.act("Added. Enter its records in the DNS, then check."):
                st.session_state[CHOSEN] = domains.add(page.by, name or "").domain
                dialogs.done()


def change(one: SenderDomain) -> None:
    connections = {each.id: each.name for each in page.services.connections.all(page.by) if each.sends}
    with st.form("change_form", border=False):
        help = "The host at which a provider takes bounces, if it is one of yours. For mail servers of your own the connection says it."
        label = "Your provider’s return path (optional)"
        host = st.text_input(label, one.return_path, key="return_path", placeholder=f"bounces.{one.domain}", help=help)
        given = [each for each in one.connection_ids or () if each in connections]
        chosen = st.multiselect(
            "Sends through", list(connections), given, lambda each: connections[each], key="through", placeholder="All connections"
        )
        if st.form_submit_button("Save changes", type="primary"):
            with page.act("Saved. Its records may have changed: check again."):
                domains.change(page.by, one.domain, return_path=host or "", connection_ids=chosen)
                dialogs.done()


def check(one: SenderDomain) -> None:
    bar = st.progress(0.0, "Asking the DNS")
    with page.act("Checked."):
        domains.check(page.by, one.domain, lambda done, total: bar.progress(done / total, f"Asking the DNS: {done} of {total} records"))
        st.rerun()


def draw(one: SenderDomain) -> None:
    with st.container(border=True, key="sender_domain"):
        sender_domain_parts.heading(page, one)
        with st.container(horizontal=True):
            pressed = st.button("Check now", type="primary", icon=":material/network_check:", key="check")
            st.button("Settings", icon=":material/tune:", key="change", on_click=dialogs.show, args=("change", one))
            st.button("New keys", icon=":material/key:", key="rotate", on_click=dialogs.show, args=("rotate", one))
            st.button("Remove", type="tertiary", key="remove", on_click=dialogs.show, args=("remove", one))
        if pressed:
            check(one)
    if sender_domain_parts.old_keys(page, one):
        with page.act("Removed."):
            domains.remove_old_keys(page.by, one.domain)
            st.rerun()
    sender_domain_parts.records(one)
    sender_domain_parts.alignment(one)


def rotate(one: SenderDomain) -> None:
    question = Question("Make new keys?", NEW_KEYS, "Make new keys")
    dialogs.ask_first(
        page, question, partial(domains.rotate, page.by, one.domain), name="rotate", success="Publish the new records, then check."
    )


def remove(one: SenderDomain) -> None:
    body = (
        f"“{plain(readable(one.domain))}” and its keys go for good. Mail from it is no longer signed here, from half a minute on. "
        "Its DNS records stay as they are: mail that is on its way still needs them for a few days."
    )
    question = Question("Remove this domain?", body, "Remove domain")
    dialogs.ask_first(page, question, partial(domains.remove, page.by, one.domain), name="remove", success="Removed.")


shown = domains.all(page.by)
if not shown:
    if empty_state("dns", "No sender domain yet", EMPTY, "Add a domain"):
        dialogs.show("add")
else:
    if page.header("Add domain"):
        dialogs.show("add")
    wanted = st.session_state.get(CHOSEN) or st.query_params.get(CHOSEN)
    chosen = sender_domain_parts.named(shown, wanted)
    if len(shown) > 1:
        at = shown.index(chosen)
        chosen = st.selectbox("Domain", shown, at, sender_domain_parts.option, key="chosen_domain")
    draw(chosen)
dialogs.dialog("add", "Add a sender domain", add)
for name, drawn in (("change", partial(dialogs.dialog, "change", "Settings")), ("rotate", rotate), ("remove", remove)):
    is_open, value = dialogs.opened(name)
    if is_open:
        drawn(partial(change, value) if name == "change" else value)
