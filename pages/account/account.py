"""Your account: what you are called, your password, your second factor, and where you are signed in."""

from __future__ import annotations

import streamlit as st

from core.accounts.own_account import Account
from core.permissions import Permission
from core.ui.page import Page, open_page
from core.ui.signing_in import account_parts, auth
from core.ui.words import plain

page = open_page("Your account", needs=Permission.ACCOUNT_MANAGE)


def main(page: Page) -> None:
    account = page.services.own_account.show(page.by)
    left, right = st.columns(2, gap="medium")
    with left:
        profile(page, account)
        password(page, account)
    with right:
        account_parts.second_factor(page, account)
        account_parts.sessions(page)


def profile(page: Page, account: Account) -> None:
    with st.container(border=True):
        st.markdown("#### Profile", anchors=False)
        st.markdown(f"You sign in as **{plain(account.email)}**. :gray[It is the same in every workspace.]")
        with st.form("profile", border=False):
            name = st.text_input("Name", value=account.name, autocomplete="name", key="account_name", help="What colleagues see.")
            pressed = st.form_submit_button("Save", key="account_save")
        if pressed:
            with page.act("Saved."):
                page.services.own_account.rename(page.by, name or "")
                st.rerun()


def password(page: Page, account: Account) -> None:
    with st.container(border=True):
        st.markdown("#### Password", anchors=False)
        if not account.has_password:
            st.markdown(":gray[You sign in through your identity provider; there is no password here.]")
            return
        st.markdown(":gray[At least 12 characters that are hard to guess. You are signed out everywhere and sign in again.]")
        with st.form("change_password", border=False):
            current = st.text_input("Current password", type="password", autocomplete="current-password", key="current_password")
            new = st.text_input("New password", type="password", autocomplete="new-password", key="new_password")
            pressed = st.form_submit_button("Change password", key="change_password_submit")
        if pressed:
            with page.act():
                page.services.password_changes.change(page.by, current or "", new or "")
                auth.leave()
                st.rerun()


main(page)
