"""Merging contacts who are the same person: what it will be, field by field, before it is done for good."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.contacts.uniting import MergePreview
from core.errors import NotFound
from core.permissions import Permission
from core.ui import dialogs
from core.ui.audience.contact_facts import shown
from core.ui.audience.people_table import CONTACT, name_of
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.targets import find
from core.ui.words import counted, plain

LIST = ("Contacts", "pages/audience/contacts.py")
HELP = "Messages and events keep what they are and are shown with the contact that stays."

page = open_page("Merge contacts", needs=Permission.CONTACTS_EDIT, back=LIST, help=HELP)
first = find(page, page.services.contacts.get, what="contact", back=LIST)
others = [int(word) for word in st.query_params.get("with", "").split(",")[:20] if word.isascii() and word.isdigit() and len(word) < 16]


def choose_another() -> None:
    with st.form("merge_find", border=True):
        email = st.text_input("Address of the other contact", key="merge_email", placeholder="name@example.com")
        if st.form_submit_button("Show what it would be", type="primary"):
            with page.act():
                found = page.services.contacts.find(page.by, email or "")
                if found is None:
                    raise NotFound("There is no contact with this address.", hint="Look it up under Contacts.")
                st.query_params["with"] = str(found.id)
                st.rerun()


def show(plan: MergePreview) -> None:
    people = {one.id: one for one in (plan.keep, *plan.others)}
    keep = st.radio("Which address stays?", list(people), format_func=lambda one: plain(people[one].email), key="merge_keep")
    if keep != plan.keep.id:
        st.query_params.from_dict({"id": str(keep), "with": ",".join(str(one) for one in people if one != keep)})
        st.rerun()
    chosen = {}
    with st.container(border=True):
        st.markdown("##### What it will be", anchors=False)
        for field, said in plan.fields.items():
            chosen[field] = _value(field, said, plan.chosen[field])
        st.markdown(f"**Lists:** {', '.join(map(plain, plan.lists)) or 'none'}")
        st.markdown(f"**Tags:** {', '.join(map(plain, plan.tags)) or 'none'}")
        st.markdown(f"**Consent:** {plan.consent.value}, the strictest of them" + (", and suppressed" if plan.suppressed else ""))
    if st.button(f"Merge {counted(len(people), 'contact')} into one", type="primary", key="merge_go"):
        dialogs.show("merge", chosen)
    is_open, wanted = dialogs.opened("merge")
    if is_open:
        gone = ", ".join(plain(one.email) for one in plan.others)
        body = f"**{plain(plan.keep.email)}** stays, with what is chosen here. {gone} will be gone. This can’t be undone."
        question = Question("Merge for good?", body, "Merge", typed="merge")
        dialogs.ask_first(page, question, lambda: merge(plan, wanted), name="merge", success="Merged.")


def _value(field: str, said: dict[int, Any], taken: int) -> int:
    label = plain(field.removeprefix("attributes.").replace("_", " ").capitalize())
    if len(set(map(str, said.values()))) == 1:
        st.markdown(f"**{label}:** {shown(said[taken])}")
        return taken
    ids = list(said)
    return int(
        st.radio(label, ids, index=ids.index(taken), format_func=lambda one: shown(said[one]), key=f"merge_{field}", horizontal=True)
    )


def merge(plan: MergePreview, chosen: dict[str, int]) -> None:
    page.services.merges.merge(page.by, plan.keep.id, [one.id for one in plan.others], chosen)
    dialogs.hide()
    st.switch_page(CONTACT, query_params={"id": str(plan.keep.id)})


page.title(f"Merge {name_of(first) or first.email}")
if others:
    with page.act():
        show(page.services.merges.preview(page.by, first.id, others))
else:
    choose_another()
