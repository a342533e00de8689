"""What a connection or a group of recipients' domains stands at, and what trouble and success make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import floor

# Out of order this often in a row, a connection rests; before that it only takes a breath.
BREAKS_AFTER = 5
_BREATH = timedelta(seconds=5)
_FIRST_REST, _LONGEST_REST = timedelta(seconds=30), timedelta(minutes=15)
_FIRST_HOLD, _LONGEST_HOLD = timedelta(minutes=1), timedelta(hours=1)
_FIRST_THROTTLE, _LONGEST_THROTTLE = timedelta(seconds=10), timedelta(minutes=15)
_SLOWEST_PART = 1 / 64
_DOUBLES_AFTER = 100  # messages taken without complaint
# The least a campaign waits for; a single message leaves with one whole permit, so that where both wait, it is the first.
_CAMPAIGNS_NEED = 1.5
_PROBES = 1.0  # messages a second while nobody knows whether a connection works again
# What a connection or a domain is taken to bear where nobody entered a rate and none was measured.
ASSUMED_RATE, ASSUMED_DOMAIN_RATE = 50.0, 10.0
# Until a person has changed something.
FOR_A_PERSON = datetime(9999, 1, 1, tzinfo=UTC)
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Standing:
    """What is known of a connection, or of a group of recipients' domains behind it.

    Args:
        permits: How many messages may leave at once, as of `refilled_at`.
        refilled_at: When that was counted.
        slowed: The part of its rate it has now.
        full_rate: The rate that is a part of, where nobody entered one: what it bore when it first complained.
        failures: Complaints in a row.
        held_until: Nothing leaves until then.
        reason: Why, in words.
    """

    permits: float
    refilled_at: datetime
    slowed: float = 1.0
    full_rate: float | None = None
    failures: int = 0
    held_until: datetime | None = None
    reason: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing that has to be remembered, apart from its permits."""
        return self.slowed >= 1 and not self.failures and self.held_until is None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether only a person can mend it."""
        return self.held_until is not None and self.held_until >= FOR_A_PERSON

    def is_held(self, now: datetime) -> bool:
        """Return whether nothing may leave."""
        return self.held_until is not None and self.held_until > now

    def rate(self, configured: float | None) -> float | None:
        """Return the messages a second it has now; None for any number."""
        rate = configured if self.slowed >= 1 else (configured or self.full_rate or ASSUMED_RATE) * self.slowed
        # After a rest, one message at a time finds out whether it is in order again: all processes together.
        return min(rate or _PROBES, _PROBES) if self.failures >= BREAKS_AFTER else rate


def fresh(configured: float | None, now: datetime) -> Standing:
    """Return the standing of what nobody knows anything about yet."""
    return Standing(burst(configured), now)


def burst(rate: float | None) -> float:
    """Return how many messages may leave at once at a rate: those of a second, but at least one (and a half: a single one's lead)."""
    return max(_CAMPAIGNS_NEED, rate or 0.0)


def refilled(standing: Standing, configured: float | None, now: datetime) -> Standing:
    """Return a standing as it is now. A clock that was put back gives nothing and takes nothing."""
    rate = standing.rate(configured)
    seconds = max(0.0, (now - standing.refilled_at).total_seconds())
    permits = burst(rate) if rate is None else min(burst(rate), standing.permits + seconds * rate)
    return replace(standing, permits=permits, refilled_at=now)


def permitted(standing: Standing, rate: float, *, is_urgent: bool) -> int:
    """Return how many messages may leave at once; where they are few, the last permit is a single message's (`is_urgent`)."""
    possible = standing.permits + 1e-6  # what is lost by rounding is not lost to anybody
    is_first = is_urgent or rate / 2 > _CAMPAIGNS_NEED  # who is faster comes in rounds anyway, and others in between
    return max(0, floor(possible)) if is_first or possible >= _CAMPAIGNS_NEED else 0


def worthwhile_at(standing: Standing, configured: float | None, now: datetime, *, is_urgent: bool = False) -> datetime:
    """Return when enough may leave to be worth a round: half of what may leave at once; one message is, where somebody waits for it."""
    current, rate = refilled(standing, configured, now), standing.rate(configured)
    if rate is None:
        return now
    wanted = 1.0 if is_urgent else max(_CAMPAIGNS_NEED, burst(rate) / 2)
    # A hair more, so that rounding doesn't make us come too early and wait again.
    return now if current.permits >= wanted else now + timedelta(seconds=(wanted - current.permits) / rate + 1e-6)


def after_success(standing: Standing, accepted: int, now: datetime) -> Standing:
    """Return a standing after messages were taken without complaint: it gets faster bit by bit.

    What others have learnt while these were on their way still holds.
    """
    if standing.is_held(now):
        return standing
    slowed = min(1.0, standing.slowed * (1 + min(1.0, accepted / _DOUBLES_AFTER)))
    failures = 0 if slowed >= 1 or standing.failures >= BREAKS_AFTER else standing.failures
    full = None if slowed >= 1 else standing.full_rate
    return replace(standing, slowed=slowed, full_rate=full, failures=failures, held_until=None, reason="")


def after_failure(standing: Standing, reason: str, now: datetime) -> Standing:
    """Return the standing of a connection that is out of order: it takes a breath, and rests after some in a row."""
    if standing.is_held(now):
        return standing  # of chunks that were on their way at once, one counts
    failures = standing.failures + 1
    rest = _BREATH if failures < BREAKS_AFTER else _doubled(_FIRST_REST, failures - BREAKS_AFTER, _LONGEST_REST)
    return replace(
        standing, failures=failures, held_until=now + rest, reason=reason[:_LONGEST_REASON], permits=_CAMPAIGNS_NEED, refilled_at=now
    )


def after_throttling(standing: Standing, reason: str, now: datetime, wanted: timedelta | None, measured: float) -> Standing:
    """Return the standing of a connection that was asked to be slower: half its rate, and a break as long as it wants.

    Args:
        standing: What it stood at.
        reason: What it said.
        now: The time.
        wanted: How long it wants us to wait, where it says so.
        measured: The messages a second it took before.
    """
    rest = wanted if wanted is not None else _doubled(_FIRST_THROTTLE, standing.failures, _LONGEST_THROTTLE)
    return _slower(standing, reason, now + min(rest, timedelta(days=1)), measured)


def after_domain_trouble(standing: Standing, reason: str, now: datetime, wanted: timedelta | None, measured: float) -> Standing:
    """Return the standing of a group of domains that wants us to be slower: half its rate, and a break that doubles."""
    rest = max(wanted or timedelta(0), _doubled(_FIRST_HOLD, standing.failures, _LONGEST_HOLD))
    return _slower(standing, reason, now + min(rest, timedelta(days=1)), measured)


def after_refused_sign_in(standing: Standing, reason: str) -> Standing:
    """Return the standing of a connection whose credentials are refused: nothing leaves until a person has looked."""
    return replace(standing, held_until=FOR_A_PERSON, reason=reason[:_LONGEST_REASON])


def tried_again(standing: Standing, now: datetime) -> Standing:
    """Return a standing that is not held any more because a person wants to see whether it works; it stays slow for now."""
    return replace(standing, held_until=None, failures=0, reason="", permits=max(_CAMPAIGNS_NEED, standing.permits), refilled_at=now)


def _slower(standing: Standing, reason: str, until: datetime, measured: float) -> Standing:
    full = standing.full_rate if standing.slowed < 1 and standing.full_rate else measured
    slowed = max(_SLOWEST_PART, standing.slowed / 2)
    # One message is enough to see whether it is over; a full burst right after a break would ask for the next one.
    held = replace(standing, slowed=slowed, full_rate=full, held_until=until, permits=_CAMPAIGNS_NEED, refilled_at=until)
    return replace(held, failures=standing.failures + 1, reason=reason[:_LONGEST_REASON])


def _doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    return min(longest, first * (1 << min(times, 12)))
