"""Sign-up forms: where people outside sign up by themselves."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.forms import SignUpForm
from core.contacts.hosted.published import FormState
from core.permissions import Permission
from core.ui import dialogs, rows
from core.ui.audience import form_parts
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import number, plain

EDITOR = "pages/audience/form.py"

page = open_page("Forms", needs=Permission.CONTACTS_VIEW, all_lists=True)
forms, may_edit = page.services.forms, page.may(Permission.CONTACTS_EDIT)


def draw(one: SignUpForm) -> None:
    caption = f"{plain(one.form.design.title)} · changed {page.when(one.updated_at)}"
    figures, badge = [(number(one.received), "sign-ups")], partial(form_parts.badge, one.form)
    actions, query = partial(buttons, one), {"id": str(one.id)}
    rows.row(one.name, EDITOR, query, caption=caption, badge=badge, figures=figures, actions=actions, key=f"form_{one.id}")


def buttons(one: SignUpForm) -> None:
    st.button("Link and code", key=f"share_{one.id}", type="tertiary", on_click=dialogs.show, args=("share", one.id))
    if not may_edit:
        return
    if one.form.state is FormState.LIVE:
        if st.button("Pause", key=f"pause_{one.id}", type="tertiary"):
            with page.act("Paused. Its page says that nobody can sign up now."):
                forms.pause(page.by, one.id)
                st.rerun()
    elif st.button("Resume", key=f"resume_{one.id}", type="tertiary"):
        with page.act("It takes people again."):
            forms.resume(page.by, one.id)
            st.rerun()
    st.button("Delete", key=f"delete_{one.id}", type="tertiary", on_click=dialogs.show, args=("delete", one))


def delete(one: SignUpForm) -> None:
    body = f"The address of “{plain(one.name)}” leads nowhere from then on, wherever it stands. Who signed up by it stays."
    question = Question("Delete this form?", body, "Delete form")
    dialogs.ask_first(page, question, partial(forms.delete, page.by, one.id), name="delete", success="Form deleted.")


if may_edit and page.header("New form"):
    st.switch_page(EDITOR)
found = forms.all(page.by)
if not found:
    words = "A form lets people sign up by themselves: on a page of its own, in a frame on your site, or as your own HTML."
    if empty_state("assignment", "No forms yet", words, "New form" if may_edit else ""):
        st.switch_page(EDITOR)
for each in found:
    draw(each)
for name in ("share", "delete"):
    is_open, which = dialogs.opened(name)
    if is_open and name == "delete":
        delete(which)
    elif is_open:
        shown = next((each for each in found if each.id == which), None)
        if shown:
            dialogs.dialog("share", "Link and code", partial(form_parts.share, page, shown), width="large")
