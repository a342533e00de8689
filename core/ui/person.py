"""A person in detail: what is known, what they agreed to and when, and the ways to change it."""

from __future__ import annotations

import streamlit as st

from core.contacts.consent import ConsentStatus
from core.contacts.contacts import Contact
from core.contacts.suppression import SuppressionReason
from core.permissions import Permission
from core.ui.dialogs import done
from core.ui.page import Page
from core.ui.words import plain

CONSENT_COLOURS = {
    ConsentStatus.SUBSCRIBED: "green",
    ConsentStatus.UNSUBSCRIBED: "orange",
    ConsentStatus.PENDING: "blue",
    ConsentStatus.UNKNOWN: "gray",
}


def show(page: Page, contact: Contact) -> None:
    """Draw the details of a person, for a drawer."""
    name = " ".join(filter(None, [contact.first_name, contact.last_name]))
    if name:
        st.markdown(f"#### {plain(name)}", anchors=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(contact.consent.value.capitalize(), color=CONSENT_COLOURS[contact.consent])  # type: ignore[arg-type]
        if page.services.suppressions.contains(page.by, contact.email):
            st.badge("Suppressed", icon=":material/block:", color="red", help="Nobody in this workspace can write to this address.")
        st.caption(f"Added {page.when(contact.created_at)}", help=page.exactly(contact.created_at), width="content")
    _attributes(contact)
    _history(page, contact)
    if page.may(Permission.CONTACTS_EDIT):
        _edit(page, contact)
        _danger(page, contact)


def _attributes(contact: Contact) -> None:
    st.markdown("##### What you know", anchors=False)
    if not contact.attributes:
        st.caption("Nothing besides the address yet. Columns of an import become attributes.")
        return
    rows = {plain(name.replace("_", " ")): plain(str(value)) for name, value in sorted(contact.attributes.items())}
    st.table(rows, border="horizontal", alt="Attributes of this person")


def _history(page: Page, contact: Contact) -> None:
    st.markdown("##### Consent history", anchors=False)
    for record in page.services.consent.history(page.by, contact.id):
        words = f"**{record.state.value.capitalize()}** · {plain(record.source) or 'no source'} · {page.when(record.occurred_at)}"
        st.markdown(words, help=page.exactly(record.occurred_at))


def _edit(page: Page, contact: Contact) -> None:
    with st.expander("Change the name", icon=":material/edit:"), st.form("person_edit", border=False):
        first = st.text_input("First name", contact.first_name)
        last = st.text_input("Last name", contact.last_name)
        if st.form_submit_button("Save"):
            with page.act("Saved."):
                page.services.contacts.save(page.by, contact.email, first_name=first or "", last_name=last or "")
                done()


def _danger(page: Page, contact: Contact) -> None:
    with st.expander("Stop writing or delete", icon=":material/warning:"):
        st.markdown("**Suppress the address.** No campaign reaches it any more. You can lift this under Suppressions.")
        if st.button("Suppress address", key="person_suppress"):
            with page.act("Suppressed. No campaign will reach this address."):
                page.services.suppressions.add(page.by, contact.email, SuppressionReason.MANUAL, "by hand")
                done()
        st.markdown(
            "**Delete the person.** Address, name, attributes and lists go for good. What stays: the figures of past campaigns, "
            "when consent was given or withdrawn (under a number, without a name), the copies of emails in the outbox, and what the "
            "journal wrote down of opens and clicks. Somebody who had unsubscribed stays on the suppression list."
        )
        sure = st.checkbox("Yes, delete this person for good", key="person_sure")
        if st.button("Delete person", key="person_delete", type="primary", disabled=not sure) and sure:
            with page.act("Deleted."):
                page.services.contacts.delete(page.by, contact.id)
                done()
