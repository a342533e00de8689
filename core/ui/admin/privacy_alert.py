"""A word to whoever looks after privacy where somebody waits for an answer."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.ui.page import Page
from core.ui.words import counted

PAGE = "pages/admin/privacy.py"


def draw(page: Page, *, leads_there: bool = True) -> None:
    """Say how many requests are overdue or due within a week; nothing where none is, or to who may not answer them.

    Args:
        page: The page.
        leads_there: Whether to show the way to the page of requests.
    """
    if not page.may(Permission.PRIVACY_MANAGE) or not page.sees_all_lists:
        return
    pressing = page.services.privacy_requests.pressing(page.by)
    if not pressing.overdue and not pressing.due_soon:
        return
    late = (
        f"{counted(pressing.overdue, 'request')} about personal data {'is' if pressing.overdue == 1 else 'are'} overdue"
        if pressing.overdue
        else ""
    )
    soon = f"{counted(pressing.due_soon, 'request')} about personal data {'is' if pressing.due_soon == 1 else 'are'} due within 7 days"
    words = late if not pressing.due_soon else soon if not late else f"{late}, {pressing.due_soon} more due within 7 days"
    with st.container(key="privacy_alert"):
        (st.error if pressing.overdue else st.warning)(f"**{words}.**", icon=":material/contact_page:")
        if leads_there:
            st.page_link(PAGE, label="Answer them", icon=":material/arrow_forward:")
