"""Suppressions: addresses no campaign reaches, whatever list they are on."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.suppression import Suppression, SuppressionReason
from core.permissions import Permission
from core.ui import dialogs, paging
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import plain

HELP = "No campaign reaches these addresses, whatever list they are on. Hard bounces and complaints get here by themselves."
REASONS = {
    SuppressionReason.HARD_BOUNCE: ("Address does not exist", "red"),
    SuppressionReason.SOFT_BOUNCE: ("Mailbox out of reach for long", "orange"),
    SuppressionReason.COMPLAINT: ("Marked as spam", "red"),
    SuppressionReason.MANUAL: ("Added by hand", "gray"),
}

page = open_page("Suppressions", needs=Permission.CONTACTS_VIEW, help=HELP)
suppressions, may_edit = page.services.suppressions, page.may(Permission.CONTACTS_EDIT)


def add() -> None:
    with st.form("suppress_form", border=False):
        email = st.text_input("Email address", key="suppress_email", placeholder="name@example.com")
        if st.form_submit_button("Suppress address", type="primary"):
            with page.act("Suppressed."):
                suppressions.add(page.by, email or "", SuppressionReason.MANUAL, "by hand")
                dialogs.done()


def draw(one: Suppression) -> None:
    look = {"horizontal": True, "horizontal_alignment": "distribute", "vertical_alignment": "center"}
    with st.container(border=True, key=f"suppressed_{one.email}", **look):
        with st.container(gap=None, width="content"):
            st.markdown(f"**{plain(one.email)}**")
            st.caption(page.when(one.created_at), help=page.exactly(one.created_at))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            words, colour = REASONS[one.reason]
            st.badge(words, color=colour)
            if may_edit:
                st.button("Lift", key=f"lift_{one.email}", type="tertiary", on_click=dialogs.show, args=("lift", one))


def lift(one: Suppression) -> None:
    body = f"Campaigns can reach {plain(one.email)} again, as far as the person agreed to it."
    if one.reason is SuppressionReason.COMPLAINT:
        body += " **They marked an email of yours as spam**; writing again can harm everything you send."
    question = Question("Lift this suppression?", body, "Lift suppression")
    dialogs.ask_first(page, question, partial(suppressions.remove, page.by, one.email), name="lift", success="Lifted.")


if may_edit and page.header("Suppress an address", icon="block"):
    dialogs.show("suppress")
page.say_lists()
found = paging.read(lambda limit, offset: suppressions.page(page.by, limit, offset), key="suppressed_page")
if not found.rows:
    empty_state("block", "Nothing is suppressed", "Addresses that bounce for good or mark your mail as spam will be kept here.")
else:
    for one in found.rows:
        draw(one)
    paging.choose(found.total, key="suppressed_page", what=("address", "addresses"))
dialogs.dialog("suppress", "Suppress an address", add)
if (opened := dialogs.opened("lift"))[0]:
    lift(opened[1])
