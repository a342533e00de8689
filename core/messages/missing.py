"""Who should have got a campaign and did not: counting them, and letting their messages wait once more.

Nobody is ever sent two messages this way: a contact has one row per campaign, and the same row waits again. Whether it may be
sent at all is asked here and, like for every message, once more right before it leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.contacts.lookup import SkipReason, barring
from core.contacts.tables import contacts
from core.messages.leasing import move
from core.messages.reasons import is_for_good, meaning, together
from core.messages.settling import NO_LEASE
from core.messages.states import MessageState
from core.messages.tables import messages
from core.storage.database import among, chunked

_S = MessageState
_MISSING = (_S.CANCELLED, _S.SKIPPED, _S.REFUSED, _S.UNCERTAIN)
# They were left out on purpose, so that what the campaign changes can be measured; sending to them would spoil that.
KEPT_OUT = frozenset({SkipReason.HOLDOUT.value})
_NOT_LEFT = (_S.CANCELLED, _S.SKIPPED)
_IN_LIST = 10_000

_m = messages.c


@dataclass(frozen=True)
class Missing:
    """How many have not got a campaign and may get it now.

    Args:
        cancelled: Their messages had not left when the campaign was cancelled.
        skipped: Left out for a reason that does not hold any more, by that reason.
        refused: Refused by the provider, by the gist of its reason; without addresses that are no good.
        uncertain: Nobody knows whether they got it.
        barred: Those that can't get it whatever is done: unsubscribed, suppressed, deleted, held out, or an address that is no good.
    """

    cancelled: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    uncertain: int = 0
    barred: int = 0

    @property
    def surely(self) -> int:
        """How many certainly have not got it."""
        return self.cancelled + sum(self.skipped.values()) + sum(self.refused.values())


@dataclass(frozen=True)
class Choice:
    """Which of the missing get it now.

    Args:
        cancelled: Those whose messages were cancelled.
        skipped: Those left out for a reason that does not hold any more.
        refused: Gists of refusals.
        joined: Those who came into the audience since.
        uncertain: Those of whom nobody knows; some of them get it twice.
    """

    cancelled: bool = False
    skipped: bool = False
    refused: Collection[str] = ()
    joined: bool = False
    uncertain: bool = False


def count_missing(connection: sa.Connection, workspace_id: int, campaign_id: int) -> Missing:
    """Return who has not got a campaign and may get it now."""
    found: dict[MessageState, dict[str, int]] = {state: {} for state in _MISSING}
    barred = 0
    for state, reason, may_get_it, count in connection.execute(_counted(workspace_id, campaign_id)):
        if not may_get_it or _is_over(MessageState(state), reason):
            barred += count
        else:
            found[MessageState(state)][reason] = count
    return Missing(
        cancelled=sum(found[_S.CANCELLED].values()),
        skipped=dict(sorted(found[_S.SKIPPED].items())),
        refused=together(found[_S.REFUSED]),
        uncertain=sum(found[_S.UNCERTAIN].values()),
        barred=barred,
    )


def requeue(connection: sa.Connection, workspace_id: int, campaign_id: int, chosen: Choice, now: datetime) -> dict[MessageState, int]:
    """Let messages wait once more, inside the caller's transaction; return how many were in each state.

    They begin anew: `queued_at` is when they were queued last, so that what is told late about an earlier try is known for that.
    """
    mine = sa.and_(_m.workspace_id == workspace_id, _m.campaign_id == campaign_id)
    again: dict[str, Any] = {"state": _S.QUEUED.value, "reason": "", "attempts": 0, "due_at": None, "queued_at": now, "accepted_at": None}
    moved: dict[MessageState, int] = {}
    for state, reasons in _wanted(connection, mine, chosen):
        which = sa.and_(mine, _m.state == state.value, _may_get_it())
        parts = [which]
        if reasons is not None:
            parts = [sa.and_(which, _m.reason.in_(among(connection, some))) for some in chunked(reasons, _IN_LIST)]
        # What was stopped before it left may be bound to a connection that has it already; the others may leave by any.
        values = again | NO_LEASE | ({} if state in _NOT_LEFT else {"connection_id": None})
        moved[state] = moved.get(state, 0) + sum(len(move(connection, part, values)) for part in parts)
    return {state: count for state, count in moved.items() if count}


def without_message(connection: sa.Connection, workspace_id: int, campaign_id: int, contact_ids: Iterable[int]) -> list[int]:
    """Return those of some contacts for whom a campaign has no message, in order."""
    mine = sa.select(_m.contact_id).where(_m.workspace_id == workspace_id, _m.campaign_id == campaign_id)
    have = set(connection.execute(mine).scalars())
    return sorted(set(contact_ids) - have)


def _wanted(connection: sa.Connection, mine: sa.ColumnElement[bool], chosen: Choice) -> list[tuple[MessageState, list[str] | None]]:
    """Return which states are moved, and of which reasons; None for all."""
    wanted: list[tuple[MessageState, list[str] | None]] = []
    if chosen.cancelled:
        wanted.append((_S.CANCELLED, None))
    if chosen.skipped:
        wanted.append((_S.SKIPPED, [reason for reason in _reasons(connection, mine, _S.SKIPPED) if reason not in KEPT_OUT]))
    if chosen.refused:
        refused = meaning(chosen.refused, _reasons(connection, mine, _S.REFUSED))
        wanted.append((_S.REFUSED, [reason for reason in refused if not is_for_good(reason)]))
    if chosen.uncertain:
        wanted.append((_S.UNCERTAIN, None))
    return wanted


def _reasons(connection: sa.Connection, mine: sa.ColumnElement[bool], state: MessageState) -> list[str]:
    return list(connection.execute(sa.select(_m.reason).distinct().where(mine, _m.state == state.value)).scalars())


def _is_over(state: MessageState, reason: str) -> bool:
    return reason in KEPT_OUT if state is _S.SKIPPED else state is _S.REFUSED and is_for_good(reason)


def _counted(workspace_id: int, campaign_id: int) -> sa.Select[Any]:
    may = sa.case((_may_get_it(), 1), else_=0).label("may")
    states = [state.value for state in _MISSING]
    mine = (_m.workspace_id == workspace_id, _m.campaign_id == campaign_id, _m.state.in_(states))
    return sa.select(_m.state, _m.reason, may, sa.func.count()).where(*mine).group_by(_m.state, _m.reason, may)


def _may_get_it() -> sa.ColumnElement[bool]:
    """Return the condition that a message's contact may be mailed."""
    barred = barring(contacts)
    person = (contacts.c.id == _m.contact_id, contacts.c.workspace_id == _m.workspace_id)
    return sa.exists().select_from(barred.told_from).where(*person, barred.why.is_(None)).correlate(messages)
