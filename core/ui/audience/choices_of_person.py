"""What a person has chosen and agreed to, in words, and noting what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

import streamlit as st

from core.contacts.consent.evidence import ConsentMethod, ConsentPurpose
from core.contacts.consent.records import ConsentRecord, ConsentStatus
from core.contacts.contacts import Contact
from core.contacts.lookup import Frequency
from core.ui.audience.people_table import came_from
from core.ui.page import Page
from core.ui.words import plain

FREQUENCIES: Mapping[Frequency, str] = {
    Frequency.ALL: "All email",
    Frequency.WEEKLY: "At most one a week",
    Frequency.MONTHLY: "At most one a month",
}
METHODS: Mapping[ConsentMethod, str] = {
    ConsentMethod.UNTOLD: "",
    ConsentMethod.FORM: "by a sign-up form",
    ConsentMethod.DOUBLE_OPT_IN: "by answering the mail that asked",
    ConsentMethod.PREFERENCES: "on the preference page",
    ConsentMethod.UNSUBSCRIBE_PAGE: "on the unsubscribe page",
    ConsentMethod.ONE_CLICK: "with one click in their mail program",
    ConsentMethod.PRIVACY_SIGNAL: "by a signal of their browser",
    ConsentMethod.COMPLAINT: "by marking mail as spam",
    ConsentMethod.PROVIDER: "told by the provider",
    ConsentMethod.IMPORT: "by an import",
    ConsentMethod.MOVE_IN: "brought from another tool",
    ConsentMethod.API: "by the API",
    ConsentMethod.CLI: "on the command line",
    ConsentMethod.BY_HAND: "by hand",
    ConsentMethod.MERGE: "by merging two entries",
}
_STATES: Mapping[ConsentStatus, str] = {
    ConsentStatus.SUBSCRIBED: "Subscribed",
    ConsentStatus.UNSUBSCRIBED: "Unsubscribed",
    ConsentStatus.PENDING: "Asked by mail",
    ConsentStatus.UNKNOWN: "Unknown",
}


def badges(page: Page, contact: Contact, *, is_suppressed_here: bool) -> None:
    """Draw what keeps mail from somebody besides their consent: suppressed everywhere, a pause, less often; and no sale."""
    if not is_suppressed_here and (found := page.services.suppressions.find(page.by, contact.email)) is not None:
        since = f"Nobody on this installation can write to this address since {page.exactly(found.created_at)}. {plain(found.source)}"
        st.badge("Suppressed for the whole installation", icon=":material/block:", color="red", help=since)
    chosen = page.services.choices.get(page.by, contact.id)
    if chosen.paused_until is not None:
        st.badge(f"Paused until {chosen.paused_until:%-d %b %Y}", icon=":material/pause:", color="orange")
    if chosen.frequency is not Frequency.ALL:
        st.badge(FREQUENCIES[chosen.frequency], icon=":material/schedule:", color="blue")
    if chosen.do_not_sell:
        st.badge("Do not sell", icon=":material/money_off:", color="violet", help="What is known about them must not be sold or shared.")


def told(page: Page, record: ConsentRecord, lists: Mapping[int, str]) -> None:
    """Draw one record: what was said, by what way, when, and the words that were agreed to."""
    way = METHODS[record.method]
    source = plain(came_from(record.source)) if record.source not in ("", record.method.value, "manual") else ""
    parts = [f"**{_what(record, lists)}**", *filter(None, [way, source]), page.when(record.occurred_at)]
    st.markdown(" · ".join(parts), help=page.exactly(record.occurred_at))
    where = " · ".join(filter(None, [record.ip or record.ip_prefix, plain(record.user_agent[:120])]))
    version = f", version {record.wording_version}" if record.wording_version else ""
    wording = f"“{plain(record.wording[:300])}” ({record.language or 'no language'}{version})" if record.wording else ""
    if said := " · ".join(filter(None, [wording, where])):
        st.caption(said)


def edit(page: Page, contact: Contact) -> None:
    """Draw the form that notes how often somebody wants email and whether anything about them may be sold."""
    chosen = page.services.choices.get(page.by, contact.id)
    with st.expander("What they want", icon=":material/tune:"), st.form("person_choices", border=False):
        names = {words: frequency for frequency, words in FREQUENCIES.items()}
        often = st.selectbox("How often", list(names), list(names.values()).index(chosen.frequency), key="person_often")
        pause = st.date_input("No email until", chosen.paused_until.date() if chosen.paused_until else None, key="person_pause")
        forbidden = st.checkbox("Do not sell or share what is known about them", chosen.do_not_sell, key="person_no_sale")
        if st.form_submit_button("Save what they want"):
            with page.act("Saved."):
                until = _moment(pause) if isinstance(pause, date) else None
                page.services.choices.set_mail(page.by, contact.id, frequency=names[often], paused_until=until)
                if forbidden != chosen.do_not_sell:
                    page.services.choices.set_sale(page.by, contact.id, forbidden=forbidden, source="told by the person")
                st.rerun()


def _what(record: ConsentRecord, lists: Mapping[int, str]) -> str:
    if record.purpose is ConsentPurpose.SALE:
        return "Forbade the sale of data" if record.state is ConsentStatus.UNSUBSCRIBED else "Allowed the sale of data"
    said = _STATES[record.state]
    if record.purpose is ConsentPurpose.LIST:
        said += f" (list “{plain(lists.get(record.list_id or 0, 'that is gone'))}”)"
    return said


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
