"""How long each kind of data is kept: cards, and a dialog that says what a time would take before it is set."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.privacy.retention import BOUNDS, Rule
from core.ui import dialogs
from core.ui.admin.privacy_words import ALWAYS, KINDS, default_of, kept, taken
from core.ui.page import Page
from core.ui.parts import problem

DIALOG = "privacy_keep"
_FIRST = 365


def show(page: Page) -> None:
    """Draw the rules."""
    st.markdown(":gray[What is older goes by itself, once a day. It can’t be undone, so look at how much that is before you set a time.]")
    with st.grid(2, min_column_width=340, gap="small"):
        for rule in page.services.retention.rules(page.by):
            _card(page, rule)
    st.caption(ALWAYS)
    if (shown := dialogs.opened(DIALOG))[0]:
        dialogs.dialog(DIALOG, KINDS[shown[1].kind][0], partial(_form, page, shown[1]))


def _card(page: Page, rule: Rule) -> None:
    title, goes, _ = KINDS[rule.kind]
    with st.container(border=True, key=f"keep_{rule.kind.value}", height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{title}**", width="content")
            st.badge(kept(rule), color="gray" if rule.days == BOUNDS[rule.kind].default else "primary")
        st.caption(goes)
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            key = f"set_{rule.kind.value}"
            st.button("Change", key=key, type="tertiary", icon=":material/edit:", on_click=dialogs.show, args=(DIALOG, rule))
            if rule.latest and rule.days is not None:
                st.caption(f"{taken(rule.kind, rule.latest.count)} went {page.when(rule.latest.created_at)}", width="content")


def _form(page: Page, rule: Rule) -> None:
    bounds = BOUNDS[rule.kind]
    st.markdown(KINDS[rule.kind][1])
    limited = st.toggle("Delete what is older", rule.days is not None and rule.days != bounds.default, key="keep_limited")
    days = None
    if limited:
        first = min(max(rule.days or _FIRST, bounds.least), bounds.most)
        days = int(st.number_input("Days", bounds.least, bounds.most, first, key="keep_days", step=1))
        _preview(page, rule, days)
    else:
        st.caption(f"Kept {default_of(rule.kind)}.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Go back", key="keep_no", on_click=dialogs.hide)
        pressed = st.button("Save", type="primary", key="keep_yes")
    if pressed:
        with page.act("Saved."):
            page.services.retention.set(page.by, rule.kind, days)
            dialogs.done()
    if not dialogs.opened(DIALOG)[0]:
        st.rerun()


def _preview(page: Page, rule: Rule, days: int) -> None:
    try:
        count = page.services.retention.preview(page.by, rule.kind, days)
    except Exception as error:  # the form stays
        problem(error)
        return
    words = f"**{taken(rule.kind, count)}** would go within a day." if count else "Nothing is that old now."
    (st.warning if count else st.info)(words, icon=":material/auto_delete:" if count else ":material/check:")
