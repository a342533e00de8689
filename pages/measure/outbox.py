"""Outbox: every email the sandbox kept, read like a mailbox."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFound
from core.permissions import Permission
from core.providers.outbox.reading import OutboxRow, StoredMail
from core.ui import paging
from core.ui.page import open_page
from core.ui.parts import email_frame, empty_state
from core.ui.words import plain

HELP = "What the sandbox connection kept instead of sending. Pictures load and links work, so opens and clicks are counted."
PAGE = 20
# Beside an open email there is no room for the list on a phone; the way back to it is the link above the email.
ONE_AT_A_TIME = "<style>@media (max-width: 640px) { .st-key-mailbox_beside { display: none } }</style>"
VIEWS = ("Email", "Plain text", "Headers", "Source")

page = open_page("Outbox", needs=Permission.OUTBOX_VIEW, all_lists=True, help=HELP)
outbox = page.services.outbox


def mailbox(chosen: str) -> None:
    search = (
        st.text_input("Search", type="search", placeholder="Recipient’s address", key="mail_search", label_visibility="collapsed") or ""
    ).strip()
    found = paging.read(
        lambda limit, offset: outbox.page(page.by, limit=limit, offset=offset, recipient=search), key="mail_page", size=PAGE
    )
    if not found.rows:
        st.info("No email to this address.", icon=":material/search_off:")
    with st.container(gap="xsmall", key="mailbox"):
        for one in found.rows:
            line(one, one.key == chosen)
    paging.choose(found.total, key="mail_page", what="email", size=PAGE)


def line(one: OutboxRow, is_open: bool) -> None:
    with st.container(border=True, gap=None, key=f"mail_{one.key}"):
        mark = ":primary[:material/drafts:] " if is_open else ""
        st.button(f"{mark}**{plain(one.subject) or 'No subject'}**", type="tertiary", key=f"open_{one.key}", on_click=show, args=(one.key,))
        st.caption(f"{plain(one.to)} · {page.when(one.at)}", help=page.exactly(one.at))


def show(key: str) -> None:
    st.query_params["mail"] = key


def message(key: str) -> None:
    try:
        mail = outbox.show(page.by, key)
    except NotFound as error:
        st.info(f"{error.message} It may have been cleared away.", icon=":material/search_off:")
        return
    st.button(
        "All emails", icon=":material/arrow_back:", type="tertiary", key="all_emails", on_click=st.query_params.pop, args=("mail", None)
    )
    st.subheader(plain(mail.row.subject) or "No subject", anchor=False)
    st.caption(f"From {plain(mail.row.sender)} · to {plain(mail.row.to)} · {page.exactly(mail.row.at)}")
    view = st.segmented_control("View", VIEWS, default=VIEWS[0], required=True, key="mail_view", label_visibility="collapsed")
    {"Email": body, "Plain text": text, "Headers": headers, "Source": source}[view or "Email"](mail)


def body(mail: StoredMail) -> None:
    email_frame(mail.html, title=f"Email: {mail.row.subject}", height=720, key="mail_frame")


def text(mail: StoredMail) -> None:
    st.code(mail.text or "There is no plain-text part.", language=None, wrap_lines=True)


def headers(mail: StoredMail) -> None:
    rows = [{"Header": name, "Value": value} for name, value in mail.headers]
    columns = {"Value": st.column_config.TextColumn(width="large")}
    st.dataframe(rows, hide_index=True, height="content", column_config=columns, alt="Headers of this email")


def source(mail: StoredMail) -> None:
    st.download_button("Download .eml", mail.raw, f"{mail.row.key}.eml", "message/rfc822", icon=":material/download:")
    st.code(mail.raw[:60_000].decode("utf-8", "replace"), language=None, wrap_lines=True, height=560)


chosen = st.query_params.get("mail", "")
if not outbox.page(page.by, limit=1).total:
    words = "Campaigns and test emails through the outbox connection land here, as real messages, without reaching anybody."
    if empty_state("outbox", "Nothing here yet", words, "Make a campaign" if page.may(Permission.CAMPAIGNS_EDIT) else ""):
        st.switch_page("pages/create/campaigns.py")
elif chosen:
    left, right = st.columns([2, 5], gap="medium")
    with right:
        message(chosen)
    with left, st.container(key="mailbox_beside"):
        st.html(ONE_AT_A_TIME)
        mailbox(chosen)
else:
    mailbox("")
