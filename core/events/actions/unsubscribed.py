"""`unsubscribed`: the person does not want this mail any more."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.records import About
from core.events.actions.means import Means
from core.events.event import Event

_OURS = {method.value: method for method in (ConsentMethod.ONE_CLICK, ConsentMethod.UNSUBSCRIBE_PAGE, ConsentMethod.PREFERENCES)}


def on_unsubscribed(connection: sa.Connection, events: Sequence[Event], means: Means) -> None:
    """Withdraw consent, with what is known about how it was said."""
    withdraw(connection, events, means, "unsubscribe")


def withdraw(connection: sa.Connection, events: Sequence[Event], means: Means, how: str) -> None:
    """Withdraw the consent of those the events are about.

    Args:
        connection: The transaction.
        events: Each is a "no".
        means: What effects go through.
        how: How it was said, where neither provider nor event tell.
    """
    for event in events:
        if event.contact_id is None:
            continue
        source = f"provider:{event.provider}" if event.provider else event.reason or how
        evidence = Evidence(_method(event, how), source, user_agent=event.user_agent or "")
        about = About(message_id=event.message_id, ip_prefix=event.ip_prefix or "")
        means.consent.withdraw(connection, event.workspace_id, [event.contact_id], evidence, about=about, said_at=event.at)


def _method(event: Event, how: str) -> ConsentMethod:
    if how == "complaint":
        return ConsentMethod.COMPLAINT
    if event.provider:
        return ConsentMethod.PROVIDER
    return _OURS.get(event.reason or "", ConsentMethod.UNTOLD)
