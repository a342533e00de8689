"""Where a person stands: consent, suppression, notes; and what can be done about it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.bulk import BulkAction, BulkChange
from core.contacts.consent.consent import ConsentStatus
from core.contacts.notes import Note
from core.contacts.profile import Profile
from core.contacts.suppression.suppression import SuppressionReason
from core.permissions import Permission
from core.ui import dialogs
from core.ui.audience import choices_of_person
from core.ui.audience.people_table import CONSENT_COLOURS
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.words import plain

REASONS = {
    SuppressionReason.HARD_BOUNCE: "the address does not exist",
    SuppressionReason.SOFT_BOUNCE: "the mailbox was out of reach for long",
    SuppressionReason.COMPLAINT: "they marked an email as spam",
    SuppressionReason.MANUAL: "somebody here said so",
    SuppressionReason.ERASED: "they asked to be forgotten",
}
MERGE, LIST = "pages/audience/merge_contacts.py", "pages/audience/contacts.py"
_HISTORY = 10


def badges(page: Page, profile: Profile) -> None:
    """Draw where somebody stands, in a row under the title."""
    contact = profile.contact
    no = None if profile.suppressed and profile.suppressed.is_everywhere else profile.suppressed
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(contact.consent.value.capitalize(), color=CONSENT_COLOURS[contact.consent])  # type: ignore[arg-type]
        if no:
            words = f"Suppressed: {REASONS.get(no.reason, no.reason.value)}"
            st.badge(words, icon=":material/block:", color="red", help=f"Since {page.exactly(no.since)}. {plain(no.source)}".strip())
        choices_of_person.badges(page, contact, is_suppressed_here=no is not None)
        st.caption(f"Added {page.when(contact.created_at)}", help=page.exactly(contact.created_at), width="content")


def consent(page: Page, profile: Profile) -> None:
    """Draw what somebody agreed to and when, the newest first."""
    with st.container(border=True):
        st.markdown("##### Consent", anchors=False)
        names = page.services.lists.names(page.by)
        for record in page.services.consent.history(page.by, profile.contact.id)[::-1][:_HISTORY]:
            choices_of_person.told(page, record, names)
        if page.may(Permission.CONTACTS_EDIT):
            choices_of_person.edit(page, profile.contact)


def notes(page: Page, profile: Profile, *, may_edit: bool) -> None:
    """Draw what colleagues wrote, and a place to write."""
    with st.container(border=True):
        st.markdown("##### Notes", anchors=False)
        found = page.services.notes.all(page.by, profile.contact.id)
        for one in found:
            _note(page, one, may_edit)
        if not found:
            st.caption("What colleagues should know about this person.")
        if may_edit:
            with st.form("note_form", border=False, clear_on_submit=True):
                text = st.text_area("Note", key="note_text", height=80, label_visibility="collapsed", placeholder="Write a note")
                if st.form_submit_button("Add note"):
                    with page.act("Noted."):
                        page.services.notes.add(page.by, profile.contact.id, text or "")
                        st.rerun()


def danger(page: Page, profile: Profile) -> None:
    """Draw the ways to stop writing to somebody, to merge them and to delete them."""
    with st.expander("Stop writing, merge or delete", icon=":material/more_horiz:"), st.container(gap="small"):
        if profile.contact.consent is not ConsentStatus.UNSUBSCRIBED:
            st.button("Unsubscribe", key="person_unsubscribe", on_click=dialogs.show, args=("unsubscribe",))
        if profile.suppressed is None or profile.suppressed.is_everywhere:
            st.button("Suppress address", key="person_suppress", on_click=dialogs.show, args=("suppress",))
        if st.button("Merge with another contact", key="person_merge"):
            st.switch_page(MERGE, query_params={"id": str(profile.contact.id)})
        st.button("Delete person", key="person_delete", on_click=dialogs.show, args=("delete_person",))


def questions(page: Page, profile: Profile) -> None:
    """Draw the question that is asked, if one is."""
    who, contact = plain(profile.contact.email), profile.contact
    ask = partial(dialogs.ask_first, page)
    body = f"{who} gets no campaigns any more. Only they themselves, or you with their word for it, can change that back."
    stop = BulkChange(BulkAction.UNSUBSCRIBE)
    act = partial(page.services.bulk_changes.run, page.by, [contact.id], stop)
    ask(Question("Unsubscribe this person?", body, "Unsubscribe"), act, name="unsubscribe", success="Unsubscribed.")
    body = f"No campaign reaches {who} any more, whatever list it is on. You can lift this under Suppressions."
    act_2 = partial(page.services.suppressions.add, page.by, contact.email, SuppressionReason.MANUAL, "by hand")
    ask(Question("Suppress this address?", body, "Suppress address"), act_2, name="suppress", success="Suppressed.")
    body = (
        "Address, name, fields, lists, tags and notes go for good. What stays: the figures of past campaigns, when consent was given or "
        "withdrawn (under a number, without a name), the copies of emails in the outbox, and what the journal wrote down of opens and "
        "clicks. Somebody who had unsubscribed stays on the suppression list."
    )
    question = Question("Delete this person for good?", body, "Delete person", typed="delete")
    ask(question, partial(_delete, page, contact.id), name="delete_person", success="Deleted.")


def _delete(page: Page, contact_id: int) -> None:
    page.services.contacts.delete(page.by, contact_id)
    dialogs.hide()
    st.switch_page(LIST)


def _note(page: Page, one: Note, may_edit: bool) -> None:
    with st.container(gap=None):
        st.text(one.text)
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(
                f"{plain(one.author) or 'Somebody'} · {page.when(one.created_at)}", help=page.exactly(one.created_at), width="content"
            )
            if may_edit and one.written_by == page.by.label and st.button("Delete", key=f"note_delete_{one.id}", type="tertiary"):
                with page.act("Deleted."):
                    page.services.notes.delete(page.by, one.id)
                    st.rerun()
