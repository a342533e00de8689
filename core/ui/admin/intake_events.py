"""Looking up single events: a search, what it found, and everything known of one with the raw line it came from."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.events.intake import RawEvent
from core.events.looking_up import FOUND_AT_MOST, FoundEvent
from core.ui import dialogs, paging
from core.ui.admin.intake_parts import provider_name
from core.ui.page import Page
from core.ui.words import plain

DIALOG = "intake_event"
SIZE = 8
_ICONS = {
    "sent": "send",
    "delivered": "mark_email_read",
    "opened": "drafts",
    "clicked": "ads_click",
    "bounced": "undo",
    "complained": "report",
    "unsubscribed": "unsubscribe",
    "converted": "paid",
}
_ACTORS = {"human": "a person", "proxy": "a proxy, for a person", "machine": "a machine"}


def look_up(page: Page) -> None:
    """Draw the search and what it found."""
    st.subheader("Look up an event", anchor=False)
    words = st.text_input(
        "Address, message number or key, or a provider’s number of an event or a message",
        type="search",
        placeholder="ada@example.com",
        key="find",
        bind="query-params",
    )
    if not words or not words.strip():
        return
    with st.skeleton(height=160):
        found = page.services.intake.look_up(page.by, words)
    if not found:
        st.info("No event goes by this. Addresses have to be whole, numbers exact.", icon=":material/search_off:")
        return
    with st.container(gap="xsmall"):
        for event in paging.cut(found, key="found_page", size=SIZE):
            _card(page, event)
    paging.choose(len(found), key="found_page", what="event", size=SIZE)
    if len(found) == FOUND_AT_MOST:
        st.caption(f"These are the newest {FOUND_AT_MOST}.")


def details(page: Page, event_id: int) -> None:
    """Draw everything known of an event, readable first, then the raw line."""
    with st.skeleton(height=320):
        raw = page.services.intake.raw(page.by, event_id)
    event = raw.event
    st.markdown(f"{_icon(event)} **{plain(_title(event))}**")
    st.markdown("\n".join(f"- :gray[{name}:] {plain(value)}" for name, value in _facts(page, event).items() if value))
    st.markdown("#### The raw line")
    _raw(page, raw)


def _raw(page: Page, raw: RawEvent) -> None:
    line = raw.line
    if line is None:
        kept = f"The oldest here is from {page.exactly(raw.raw_since)}." if raw.raw_since else "There are none here any more."
        st.info(f"The raw line is no longer kept. {kept}", icon=":material/auto_delete:")
        return
    if line.item is not None:
        st.caption("The whole report: its parts can’t be told apart." if line.is_whole_body else "The part of the report that told it.")
        _shown(line.item)
        st.caption("How the report came.")
    _shown(line.record)
    st.caption(f"{plain(line.file)}, from byte {line.offset:,} on. Addresses of machines are shortened.")


def _shown(value: Any) -> None:
    """Draw JSON from outside; nothing in it is trusted, so it is never Markdown."""
    if isinstance(value, dict | list):
        st.json(value)
    else:
        st.code(str(value), language=None, wrap_lines=True)


def _card(page: Page, event: FoundEvent) -> None:
    look = {"horizontal": True, "horizontal_alignment": "distribute", "vertical_alignment": "center"}
    with st.container(border=True, key=f"event_{event.event_id}", **look):  # type: ignore[arg-type]
        with st.container(gap=None, width="stretch"):
            st.markdown(f"{_icon(event)} **{plain(_title(event))}**")
            parts = [page.when(event.occurred_at), plain(event.address), _by_whom(event)]
            st.caption(" · ".join(filter(None, parts)), help=page.exactly(event.occurred_at), width="content")
        look = {"icon": ":material/chevron_right:", "icon_position": "right", "type": "tertiary"}
        st.button("Details", key=f"look_{event.event_id}", on_click=dialogs.show, args=(DIALOG, event.event_id), **look)  # type: ignore[arg-type]


def _title(event: FoundEvent) -> str:
    kind = event.kind.replace("_", " ").capitalize()
    return f"{kind} ({event.bounce_class})" if event.bounce_class else kind


def _icon(event: FoundEvent) -> str:
    return f":gray[:material/{_ICONS.get(event.kind, 'bolt')}:]"


def _by_whom(event: FoundEvent) -> str:
    if event.actor == "machine":
        return "by a machine"
    return f"told by {plain(provider_name(event.provider))}" if event.provider else ""


def _facts(page: Page, event: FoundEvent) -> dict[str, str]:
    who = _ACTORS.get(event.actor or "", "")
    why = ", ".join(word.replace("_", " ") for word in (event.actor_reason or "").split(",") if word)
    money = f"{event.value:,.2f} {event.currency or ''}".strip() if event.value is not None else ""
    return {
        "Happened": page.exactly(event.occurred_at),
        "Heard of": page.exactly(event.received_at),
        "Address": event.address,
        "Who did it": f"{who} ({why})" if who and why else who,
        "Seen": (event.signals or "").replace(",", ", ").replace("_", " "),
        "Why": event.reason or "",
        "Link": event.url or "",
        "Worth": money,
        "Program": " on a ".join(filter(None, [event.client, event.device])),
        "Announced as": event.user_agent or "",
        "Network": event.ip_prefix or "",
        "Told by": provider_name(event.provider),
        "Their number of the event": event.provider_event_id or "",
        "Their number of the message": event.provider_message_id or "",
        "Message": str(event.message_id or ""),
        "Campaign": str(event.campaign_id or ""),
        "Event": str(event.event_id),
    }
