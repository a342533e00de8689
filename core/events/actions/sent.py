"""`sent`: the provider has the message. Settles what a crash left open, and notes that the lake has the event."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.events.actions.ledger import UNSETTLED, locked
from core.events.actions.means import Means
from core.events.event import Event
from core.messages.states import MessageState
from core.messages.tables import messages


def on_sent(connection: sa.Connection, events: Sequence[Event], means: Means) -> None:
    """Mark the messages as recorded, and as accepted where the sender could not say so itself."""
    events = [event for event in events if event.message is not None]
    column = messages.c
    now = means.clock.now()
    for chunk in locked(connection, [event.matched.id for event in events]):
        fresh = sa.update(messages).where(column.id.in_(chunk), column.recorded_at.is_(None))
        connection.execute(fresh.values(recorded_at=now))
    settle_accepted(connection, events)


def settle_accepted(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Mark the messages behind events as accepted where the ledger does not know it yet."""
    unsettled = [event for event in events if event.matched.state in UNSETTLED or not event.matched.is_accepted]
    if unsettled:
        connection.execute(_settle(), [_outcome(event) for event in unsettled])


def _settle() -> sa.Update:
    column = messages.c
    is_unsettled = sa.or_(*(column.state == state for state in UNSETTLED))  # an IN list can't be run for many rows at once
    return (
        sa.update(messages)
        .where(column.id == sa.bindparam("the_id"))
        .values(
            # A message that bounced before its `sent` was read stays bounced, and still was accepted once.
            state=sa.case((is_unsettled, MessageState.ACCEPTED.value), else_=column.state),
            reason=sa.case((is_unsettled, ""), else_=column.reason),
            accepted_at=sa.func.coalesce(column.accepted_at, sa.bindparam("at", type_=column.accepted_at.type)),
            provider_message_id=sa.func.coalesce(
                sa.bindparam("provider_id", type_=column.provider_message_id.type), column.provider_message_id
            ),
            lease_owner=None,
            lease_until=None,
            due_at=None,
        )
    )


def _outcome(event: Event) -> dict[str, object]:
    return {"the_id": event.matched.id, "at": event.at, "provider_id": event.provider_message_id}
