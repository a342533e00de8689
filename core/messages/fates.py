"""What became of a message, in the few words people ask with: did they get it, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from core.messages.states import MessageState

_S = MessageState


class Fate(StrEnum):
    """Every state belongs to exactly one."""

    RECEIVED = "received"
    WAITING = "waiting"
    BOUNCED = "bounced"
    REFUSED = "refused"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


STATES_OF: Mapping[Fate, tuple[MessageState, ...]] = {
    # Who marks an email as spam did get it.
    Fate.RECEIVED: (_S.DELIVERED, _S.ACCEPTED, _S.COMPLAINED),
    Fate.WAITING: (_S.SENDING, _S.CLAIMED, _S.RETRY, _S.QUEUED),
    Fate.BOUNCED: (_S.BOUNCED,),
    Fate.REFUSED: (_S.REFUSED,),
    Fate.SKIPPED: (_S.SKIPPED,),
    Fate.UNCERTAIN: (_S.UNCERTAIN,),
    Fate.CANCELLED: (_S.CANCELLED,),
}
FATE_OF: Mapping[MessageState, Fate] = {state: fate for fate, states in STATES_OF.items() for state in states}


def by_fate(counts: Mapping[MessageState, int]) -> dict[Fate, int]:
    """Return how many messages have each fate; those that none has are left out."""
    told = {fate: sum(counts.get(state, 0) for state in states) for fate, states in STATES_OF.items()}
    return {fate: count for fate, count in told.items() if count}
