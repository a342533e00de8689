"""The counters of a minute tell, for every step, how much came in, went on and was left out, and why."""

from __future__ import annotations

from collections import Counter

from core.events.event import DropReason
from core.events.tables import intake_minutes
from core.messages.keys import MessageKeys
from core.storage.event_words import EventKind
from tests.events.conftest import World
from tests.events.reports import report


def counters(world: World) -> dict[int, dict[str, dict[str, int]]]:
    """By workspace, step and outcome."""
    found: dict[int, dict[str, dict[str, int]]] = {}
    for row in world.rows(intake_minutes):
        found.setdefault(row.workspace_id, {}).setdefault(row.step, {})[row.outcome] = row.count
    return found


def test_every_line_and_event_is_accounted_for_at_every_step(world: World) -> None:
    message, home = world.message("ada@example.com"), world.by.workspace_id
    key, at = MessageKeys(world.settings.key).of(message), world.clock.now().isoformat()
    world.journal(world.record(EventKind.OPENED, message), world.record(EventKind.OPENED, 999), world.record(EventKind.SENT, message))
    world.journal(world.record(EventKind.SENT, message))
    events = [
        {"event": "opened", "message": key, "at": at, "id": "1"},
        {"event": "opened", "message": key, "at": at, "id": "2"},  # a repetition under a new name
        {"event": "bounced", "recipient": "ada@example.com", "at": at, "id": "3"},
        {"event": "bounced", "recipient": "eve@example.org", "at": at, "id": "4"},
    ]
    report(world, events)
    report(world, "no report")
    report(world, [], provider="unheard of")
    report(world, [])
    world.raw_journal(b"no line\n")

    told = world.ingester().run_once()

    assert counters(world) == {
        0: {"parse": {"passed": 1, "unreadable": 1}, "match": {"unmatched": 1}},
        home: {
            "parse": {"passed": 3 + 3, "invalid": 1},
            "unpack": {"passed": 4, "unreadable": 1},
            "match": {"message": 5, "contact": 1, "nobody": 1},
            "deduplicate": {"passed": 5, "duplicate": 2},
            "judge": {"passed": 5},
            "lake": {"passed": 5},
        },
    }
    assert told.kept == len(world.events()) == 5
    assert told.dropped == {"unreadable": 2, "invalid": 1, "unmatched": 1, "duplicate": 2}


def test_what_comes_in_goes_on_or_is_left_out(world: World) -> None:
    """Sums: what a step passed on is what the next one passed on and left out."""
    message = world.message("ada@example.com")
    world.journal(*(world.record(kind, message, key="k") for kind in (EventKind.CONVERTED, EventKind.CONVERTED, EventKind.OPENED)))
    report(world, [{"event": "opened", "recipient": "ada@example.com", "id": "1"}] * 3)
    ingester = world.ingester()
    ingester.run_once()
    report(world, [{"event": "opened", "recipient": "ada@example.com", "id": "1"}] * 2)
    ingester.run_once()

    steps = counters(world)[world.by.workspace_id]
    gone: Counter[str] = Counter()
    for step, outcomes in steps.items():
        gone[step] = sum(number for outcome, number in outcomes.items() if outcome not in set(DropReason))
    own_lines = gone["parse"] - 2  # two of the lines were reports
    assert own_lines + gone["unpack"] == sum(steps["match"].values())
    for before, after in (("match", "deduplicate"), ("deduplicate", "judge"), ("judge", "lake")):
        assert gone[before] == sum(steps[after].values())
    assert gone["lake"] == len(world.events()) == 3
