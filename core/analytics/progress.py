"""Where messages stand, in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping

from core.analytics.models import Progress
from core.messages.states import MessageState

_S = MessageState
# Every state belongs to exactly one part, so the parts add up to the recipients.
PARTS: Mapping[str, tuple[MessageState, ...]] = {
    "queued": (_S.QUEUED, _S.CLAIMED),
    "sending": (_S.SENDING,),
    "accepted": (_S.ACCEPTED, _S.DELIVERED, _S.BOUNCED, _S.COMPLAINED),
    "retry": (_S.RETRY,),
    "uncertain": (_S.UNCERTAIN,),
    "refused": (_S.REFUSED,),
    "skipped": (_S.SKIPPED,),
    "cancelled": (_S.CANCELLED,),
}


def progress(counts: Mapping[MessageState, int]) -> Progress:
    """Return the ledger's counts as a report tells them."""
    parts = {name: sum(counts.get(state, 0) for state in states) for name, states in PARTS.items()}
    return Progress(recipients=sum(parts.values()), **parts)
