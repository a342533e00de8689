"""The states of a message, from the queue to its last outcome."""

from __future__ import annotations

from enum import StrEnum


class MessageState(StrEnum):
    """Where a message is.

    `queued → claimed → sending → accepted → delivered | bounced | complained`; the others leave this line: `refused` for
    good, `retry` until its time comes, `uncertain` where an intent is on record and no answer ever came, `skipped` because
    the person may not be mailed, `cancelled` because somebody stopped the campaign.
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REFUSED = "refused"
    RETRY = "retry"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


# A campaign is over once no message is in one of these.
OPEN_STATES = (MessageState.QUEUED, MessageState.CLAIMED, MessageState.SENDING, MessageState.RETRY)
# Nothing has left yet, so stopping is still possible.
STOPPABLE_STATES = (MessageState.QUEUED, MessageState.CLAIMED, MessageState.RETRY)
