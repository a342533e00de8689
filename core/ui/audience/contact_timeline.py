"""What happened around a person, a line each, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from core.analytics.timeline import Moment
from core.analytics.timeline_rows import Part
from core.contacts.consent.evidence import ConsentPurpose
from core.contacts.consent.records import ConsentStatus
from core.messages.states import MessageState
from core.storage.event_words import Actor, EventKind
from core.ui import paging
from core.ui.audience.people_table import came_from
from core.ui.measure import fate_words
from core.ui.page import Page
from core.ui.words import plain

SIZE = 25
_K = EventKind
_EVENTS: Mapping[str, tuple[str, str]] = {
    _K.SENT: ("forward_to_inbox", "Got an email"),
    _K.DELIVERED: ("mark_email_read", "Delivered"),
    _K.DEFERRED: ("schedule", "Delivery put off"),
    _K.BOUNCED: ("unsubscribe", "Bounced"),
    _K.REJECTED: ("unsubscribe", "Rejected"),
    _K.FAILED: ("error", "Failed"),
    _K.OPENED: ("drafts", "Opened"),
    _K.CLICKED: ("ads_click", "Clicked"),
    _K.COMPLAINED: ("report", "Marked as spam"),
    _K.CONVERTED: ("paid", "Converted"),
    _K.REPLIED: ("reply", "Replied"),
    _K.PAGE_VIEWED: ("visibility", "Looked at a page"),
}
_ACTORS = {Actor.PROXY: "by a proxy of their mailbox", Actor.MACHINE: "by a machine"}
_ICONS = {
    Part.CONSENT: "handshake",
    Part.CHANGE: "edit",
    Part.NOTE: "sticky_note_2",
    Part.LIST: "list_alt",
    Part.TAG: "sell",
    Part.SUPPRESSION: "block",
    Part.ORIGIN: "person_add",
    Part.MERGE: "merge",
}


def draw(page: Page, contact_id: int) -> None:
    """Draw a page of what happened."""
    ask = page.services.timelines.page
    found = paging.read(lambda limit, offset: ask(page.by, contact_id, limit=limit, offset=offset), key="timeline_page", size=SIZE)
    with st.container(border=True, gap="small"):
        st.markdown("##### What happened", anchors=False)
        for one in found.rows:
            _line(page, one)
        paging.choose(found.total, key="timeline_page", what=("entry", "entries"), size=SIZE)


def _line(page: Page, one: Moment) -> None:
    icon, title, more = _told(one)
    faded = one.part is Part.EVENT and one.details.get("actor") == Actor.MACHINE
    name = f":gray[{title}]" if faded else f"**{title}**"
    with st.container(gap=None):
        st.markdown(f":gray[:material/{icon}:] {name} · :gray[{page.when(one.at)}]", help=page.exactly(one.at))
        if more:
            st.markdown(f":small[:gray[{more}]]")


def _told(one: Moment) -> tuple[str, str, str]:
    """Return the picture, what happened, and a quieter line; what others typed is shown as typed."""
    known = one.details
    if one.part is Part.EVENT:
        return _event(one.what, known)
    if one.part is Part.MESSAGE:
        state = MessageState(one.what)
        words = f"Email: {fate_words.state_name(state).lower()}"
        return "mail", words, _joined(_campaign(known), plain(str(known.get("reason", "")).replace("_", " ")))
    return _ICONS[one.part], *_standing(one, known)


def _event(what: str, known: Mapping[str, Any]) -> tuple[str, str, str]:
    icon, words = _EVENTS.get(what, ("bolt", what.replace("_", " ").capitalize()))
    actor = _ACTORS.get(known.get("actor", ""), "")
    why = known.get("actor_reason") if actor else known.get("reason")
    link = plain(_short(known["url"])) if known.get("url") else ""
    place = " on ".join(filter(None, [plain(str(known.get("client", ""))), plain(str(known.get("device", "")))]))
    return icon, _joined(words, sep=" ", more=actor), _joined(_campaign(known), link, plain(str(why or "").replace("_", " ")), place)


def _standing(one: Moment, known: Mapping[str, Any]) -> tuple[str, str]:
    name, source, by = (plain(str(known.get(key, ""))) for key in ("name", "source", "by"))
    if one.part is Part.CONSENT:
        return _consent(one.what, str(known.get("purpose", "")), name), _joined(plain(came_from(str(known.get("source", "")))), by)
    if one.part is Part.CHANGE:
        fields = ", ".join(plain(str(field).removeprefix("attributes.").replace("_", " ")) for field in known.get("fields", ()))
        return ("Added" if known.get("is_new") else "Changed"), _joined(fields, by)
    if one.part is Part.NOTE:
        return "Note", _joined(plain(str(known.get("text", ""))[:300]), by)
    words = {Part.LIST: f"Joined the list {name}", Part.TAG: f"Got the tag {name}", Part.MERGE: "Another contact was merged into this one"}
    if one.part is Part.SUPPRESSION:
        return "Suppressed", _joined(one.what.replace("_", " "), source)
    if one.part is Part.ORIGIN:
        return "Became a contact", _joined(plain(came_from(str(known.get("source", "")))), plain(str(known.get("file", ""))))
    return words[one.part], ""


def _consent(state: str, purpose: str, name: str) -> str:
    """Return what was agreed to or refused; one list, or a sale, is not all mail."""
    refused = state == ConsentStatus.UNSUBSCRIBED.value
    if purpose == ConsentPurpose.LIST.value:
        return f"{'Left' if refused else 'Asked for'} {f'the list {name}' if name else 'a list'}"
    if purpose == ConsentPurpose.SALE.value:
        return "Asked not to be sold" if refused else "Allowed the sale of data"
    return state.capitalize()


def _campaign(known: Mapping[str, Any]) -> str:
    return plain(str(known.get("campaign", "")))


def _short(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"[:80]


def _joined(*words: str, sep: str = " · ", more: str = "") -> str:
    return sep.join(filter(None, [*words, more]))
