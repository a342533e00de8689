"""Suppressions: addresses no campaign reaches, whatever list they are on."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.suppression.suppression import SuppressionReason
from core.permissions import Permission
from core.ui import dialogs, paging
from core.ui.audience import suppression_parts
from core.ui.page import open_page
from core.ui.parts import empty_state

HELP = "No campaign reaches these addresses, whatever list they are on. Hard bounces and complaints get here by themselves."
ANY_REASON = "Any reason"

page = open_page("Suppressions", needs=Permission.CONTACTS_VIEW, help=HELP)
HERE, EVERYWHERE = "This workspace", "Whole installation"
WHERE = {"default": HERE, "required": True, "key": "where", "label_visibility": "collapsed"}
suppressions, may_edit = page.services.suppressions, page.may(Permission.CONTACTS_EDIT)
looks_after_all = page.may(Permission.SUPPRESSIONS_EVERYWHERE) and page.sees_all_lists
where = st.segmented_control("Where", [HERE, EVERYWHERE], **WHERE) if looks_after_all else HERE
everywhere = where == EVERYWHERE


def filters() -> tuple[str, SuppressionReason | None]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look = {"label_visibility": "collapsed", "bind": "query-params"}
        search = st.text_input("Search", type="search", placeholder="Search by address", key="suppressed_search", width=340, **look)
        chosen = ANY_REASON
        if not everywhere:
            names = {reason.value: words for reason, (words, _) in suppression_parts.REASONS.items()}
            said = {"format_func": lambda one: names.get(one, one), "width": 220}
            chosen = st.selectbox("Reason", [ANY_REASON, *names], key="suppressed_reason", **said, **look)
        if may_edit and page.sees_all_lists:
            st.button("Paste a list", icon=":material/playlist_add:", key="paste", on_click=dialogs.show, args=("many",))
        if page.may(Permission.CONTACTS_EXPORT) and not everywhere:
            st.download_button("CSV", as_csv, "suppressions.csv", "text/csv", icon=":material/download:", key="csv", on_click="ignore")
    return (search or "").strip(), SuppressionReason(chosen) if chosen != ANY_REASON else None


def as_csv() -> bytes:
    return "".join(suppressions.stream_csv(page.by)).encode()


if may_edit and page.header("Suppress an address", icon="block"):
    dialogs.show("many" if everywhere else "suppress")
page.say_lists()
search, reason = filters()
if everywhere:
    service = page.services.suppressed_everywhere
    found = paging.read(lambda limit, offset: service.page(page.by, limit, offset, search=search), key="suppressed_page")
else:
    found = paging.read(
        lambda limit, offset: suppressions.page(page.by, limit, offset, search=search, reason=reason), key="suppressed_page"
    )
if not found.rows and (search or reason):
    st.info("No address like this is suppressed.", icon=":material/search_off:")
elif not found.rows:
    empty_state("block", "Nothing is suppressed", "Addresses that bounce for good or mark your mail as spam will be kept here.")
else:
    for one in found.rows:
        suppression_parts.draw(page, one, may_lift=may_edit)
    paging.choose(found.total, key="suppressed_page", what=("address", "addresses"))
dialogs.dialog("suppress", "Suppress an address", partial(suppression_parts.add_one, page))
dialogs.dialog("many", "Suppress many addresses", partial(suppression_parts.add_many, page, everywhere=everywhere))
if (opened := dialogs.opened("lift"))[0]:
    suppression_parts.lift(page, opened[1])
