"""From journal lines to events: a line of our own is one, a provider's report may hold thousands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from core.events.event import Drop, Event, Step
from core.events.outside import is_asked
from core.events.parsing import number_id, parse
from core.events.unpacking import is_report, unpack

# A batch of lines of our own is smaller; an event takes about a kilobyte on its way.
MOST_EVENTS = 60_000


@dataclass
class Reading:
    """What lines hold.

    Args:
        lines: How many lines were read.
        found: The events in the order they came, and why lines gave none.
        reports: How many reports of providers were understood as such, by workspace.
        asked: The lines that are no events: what people outside asked for.
    """

    lines: int = 0
    found: list[Event | Drop] = field(default_factory=list)
    reports: Counter[int] = field(default_factory=Counter)
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """The events alone."""
        return [event for event in self.found if isinstance(event, Event)]


def read_lines(lines: Iterable[tuple[str, int, dict[str, Any] | None]], *, most: int = MOST_EVENTS) -> Reading:
    """Return the events of journal lines, all or those of the first ones.

    Args:
        lines: File, offset and record of each; the record is None where the line is no JSON object.
        most: Behind the line that makes them as many as this, no more are read: a short report may hold very many.
    """
    reading = Reading()
    found = reading.found
    for file, offset, record in lines:
        if len(found) >= most:
            break
        reading.lines += 1
        if record is not None and is_asked(record):
            reading.asked.append(record)
            continue
        if record is None or not is_report(record):
            found.append(parse(file, offset, record))
            continue
        before = len(found)
        found.extend(unpack(file, offset, record))
        first = found[before] if len(found) > before else None
        if not (isinstance(first, Drop) and first.step is Step.PARSE):
            reading.reports[number_id(record.get("workspace_id")) or 0] += 1
    return reading
