"""How a campaign stands right now: how many of what, how fast, how long the rest takes, and what waits until when.

Counting reads the campaign's part of one index, which takes a while where a million wait. So that many people can watch at once,
all of a process share the same count for several times as long as it took: watching costs a few hundredths of one processor at most.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.messages.pace import Pace, Rate
from core.messages.reading import SeenCampaigns, count_states, nothing_for_the_limited
from core.messages.states import OPEN_STATES, MessageState
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.storage.database import Database

# A count is good for this many times the time it took, and never longer than the bound.
_WORTH, _LONGEST = 10, timedelta(seconds=5)
_FORGOTTEN_AFTER = timedelta(minutes=5)
# A worker may take so long to see that the time of a message has come.
PATIENCE = timedelta(seconds=20)
LEFT = (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.BOUNCED, MessageState.COMPLAINED)

_m = messages.c


@dataclass(frozen=True)
class Standing:
    """How a campaign stands.

    Args:
        counts: Messages by state; states without any are left out.
        at: When they were counted.
        rate: How fast it goes; None while that can't be told yet.
        retrying: Messages that are tried again later.
        next_try: When the first of them is.
        put_off: Messages that wait for their time before the first try.
        next_turn: When the first of them leaves.
        just_due: Messages whose time, or next try, came a moment ago.
    """

    counts: Mapping[MessageState, int] = field(default_factory=dict)
    at: datetime | None = None
    rate: Rate | None = None
    retrying: int = 0
    next_try: datetime | None = None
    put_off: int = 0
    next_turn: datetime | None = None
    just_due: int = 0

    @property
    def total(self) -> int:
        """How many messages there are."""
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """How many have no outcome yet."""
        return sum(self.counts.get(state, 0) for state in OPEN_STATES)

    @property
    def settled(self) -> int:
        """How many have an outcome."""
        return self.total - self.open

    @property
    def has_overdue(self) -> bool:
        """Whether something has neither left nor a reason to wait, as far as its time tells."""
        return self.retrying + self.put_off + self.just_due < self.open

    @property
    def seconds_left(self) -> float | None:
        """How long those take that need not wait for their time; None where that can't be told."""
        moving = self.open - self.retrying - self.put_off
        if self.rate is None or moving <= 0 or self.rate.settled_per_second <= 0:
            return None
        return moving / self.rate.settled_per_second


@dataclass
class _Watched:
    """What is known about one campaign."""

    pace: Pace = field(default_factory=Pace)
    standing: Standing | None = None
    good_until: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_good(self, now: datetime, after: datetime | None) -> bool:
        """Return whether the last count still serves."""
        if self.standing is None or self.standing.at is None or self.good_until is None:
            return False
        return self.standing.at <= now < self.good_until and (after is None or self.standing.at > after)


class Standings:
    """Tells how campaigns stand, to however many watch.

    Args:
        db: The database.
        clock: The time.
        seen: Which campaigns somebody may see; one they may not looks like one without messages.
    """

    def __init__(self, db: Database, clock: Clock, seen: SeenCampaigns = nothing_for_the_limited) -> None:
        self._db, self._clock, self._seen = db, clock, seen
        self._lock = threading.Lock()
        self._watched: dict[tuple[int, int], _Watched] = {}

    def now(self, by: Principal, campaign_id: int, *, after: datetime | None = None) -> Standing:
        """Return how a campaign stands.

        Args:
            by: Who asks.
            campaign_id: The campaign.
            after: A count from before this moment is not new enough: what is over does not count on, and is not asked again.

        Raises:
            Denied: If `by` may not see campaigns.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        if by.lists is not None:
            with self._db.read() as connection:
                seen = self._seen(connection, by)
            if seen is not None and campaign_id not in seen:
                return Standing()
        watched = self._of(by.workspace_id, campaign_id)
        if watched.standing is not None and after is None and watched.lock.locked():
            return watched.standing  # somebody counts already
        with watched.lock:
            if not watched.is_good(self._clock.now(), after):
                self._count(watched, by.workspace_id, campaign_id)
            assert watched.standing is not None
            return watched.standing

    def _of(self, workspace_id: int, campaign_id: int) -> _Watched:
        old = self._clock.now() - _FORGOTTEN_AFTER
        with self._lock:
            for key in [key for key, each in self._watched.items() if each.good_until is not None and each.good_until < old]:
                del self._watched[key]
            return self._watched.setdefault((workspace_id, campaign_id), _Watched())

    def _count(self, watched: _Watched, workspace_id: int, campaign_id: int) -> None:
        begun = self._clock.now()
        with self._db.read() as connection:
            counts = count_states(connection, workspace_id, campaign_id)
            tried, queued = (
                _timed(connection, workspace_id, campaign_id, state, begun) for state in (MessageState.RETRY, MessageState.QUEUED)
            )
        ended = self._clock.now()
        settled = sum(count for state, count in counts.items() if state not in OPEN_STATES)
        watched.pace.note(begun, sum(counts.get(state, 0) for state in LEFT), settled)
        watched.standing = Standing(counts, begun, watched.pace.rate(), *tried[:2], *queued[:2], tried[2] + queued[2])
        watched.good_until = ended + min(_LONGEST, _WORTH * max(ended - begun, timedelta()))


def _timed(
    connection: sa.Connection, workspace_id: int, campaign_id: int, state: MessageState, now: datetime
) -> tuple[int, datetime | None, int]:
    """Return how many messages of a state wait for a time, the first such time, and for how many it came a moment ago."""
    mine = (_m.workspace_id == workspace_id, _m.campaign_id == campaign_id, _m.state == state.value)
    waits = _m.due_at > now
    figures = (sa.func.count().filter(waits), sa.func.min(_m.due_at).filter(waits), sa.func.count().filter(_m.due_at <= now))
    count, first, just_due = connection.execute(sa.select(*figures).where(*mine, _m.due_at > now - PATIENCE)).one()
    return count, first, just_due
