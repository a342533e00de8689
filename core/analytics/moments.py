"""When things happened: counts by hour and by day in a person's time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import InvalidInput
from core.storage.engine import Session

# Every zone in use is a whole number of quarters away from UTC, so quarters can be put into any zone's hours and days.
# Plain integers: DuckDB's time_bucket asks the calendar for every row and takes several times as long.
QUARTER = "epoch_us({column}) // 900000000"
_QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_FILLED_HOURS = 31 * 24

Counts = dict[str, int]


def zone_of(timezone: str) -> ZoneInfo:
    """Return the zone of an IANA name ("Europe/Berlin").

    Raises:
        InvalidInput: If there is no such zone.
    """
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput(f"There is no time zone “{timezone[:60]}”.", hint="Write one such as Europe/Berlin.") from error


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def by_quarter(session: Session, relation: str, columns: Mapping[str, str], since: datetime | None = None) -> list[dict[str, Any]]:
    """Return how many rows of a relation have each of these times in each quarter of an hour (`quarter`, counted since 1970).

    Args:
        session: Where the relation is.
        relation: Its name; ours, never a person's text.
        columns: The name of each count and the time column that is counted for it.
        since: Rows sent before this are left out.
    """
    where = "" if since is None else " and sent_at >= $since"
    counted = " union all ".join(
        f"select {QUARTER.format(column=column)} as quarter, '{name}' as name, count(*) as number "
        f"from {relation} where {column} is not null{where} group by quarter"
        for name, column in columns.items()
    )
    found = session.rows(counted, {} if since is None else {"since": since})
    return [{"quarter": row["quarter"], row["name"]: row["number"]} for row in found]


def by_hour(quarters: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> dict[datetime, Counts]:
    """Return counts by hour of the zone (as UTC instants, since an hour comes twice in autumn), oldest first, gaps filled."""
    hours = _summed(quarters, lambda quarter: quarter.astimezone(zone).replace(minute=0).astimezone(UTC))
    if not hours:
        return {}
    first, last = min(hours), max(hours)
    span = int((last - first) / timedelta(hours=1))
    filled = {first + timedelta(hours=number): Counts() for number in range(span + 1)} if span <= MOST_FILLED_HOURS else {}
    return dict(sorted((filled | hours).items()))


def by_day(quarters: Iterable[Mapping[str, Any]], zone: ZoneInfo, days: Iterable[date]) -> dict[date, Counts]:
    """Return counts for each of these days of the zone, in their order."""
    counted = _summed(quarters, lambda quarter: quarter.astimezone(zone).date())
    return {day: counted.get(day, {}) for day in days}


def _summed(quarters: Iterable[Mapping[str, Any]], key: Callable[[datetime], Any]) -> dict[Any, Counts]:
    summed: dict[Any, Counts] = {}
    for row in quarters:
        counts = summed.setdefault(key(_EPOCH + row["quarter"] * _QUARTER), {})
        for name, number in row.items():
            if name != "quarter":
                counts[name] = counts.get(name, 0) + number
    return summed
