"""A scheduled campaign is launched once, at its time, whoever tries and whatever dies; each reader gets it by their own clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from core.app import Services, build
from core.campaigns.models import Audience, Campaign
from core.campaigns.scheduling import MISSED, TOO_LATE
from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.campaigns.timing import Late, Timing
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput
from core.hours import Quiet, parse_window
from core.jobs.delivering import drain
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.sending_rules import Cap, SendingRules

Draft = Callable[..., Campaign]
on = datetime.fromisoformat
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday
IN_CONTACT_ZONE = Timing(in_contact_zone=True)

# The audit row is the last thing a launch writes before it commits.
DIES_AT_THE_END = """
import os, signal, sys
from datetime import datetime
import sqlalchemy as sa
from core.app import build
from core.clock import FrozenClock
from core.settings import Settings

services = build(Settings.load(), clock=FrozenClock(datetime.fromisoformat(sys.argv[1])))

@sa.event.listens_for(services.db.engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "insert into audit_log" in statement.lower():
        os.kill(os.getpid(), signal.SIGKILL)

services.campaigns.launch_due()
"""


def living_in(services: Services, by: Principal, campaign: Campaign, zones: dict[str, str]) -> None:
    """Put people on the campaign's list, each with what they say of their zone."""
    for name, zone in zones.items():
        services.contacts.save(by, f"{name}@example.com", attributes={"time_zone": zone}, list_ids=[campaign.audience.id])


def due(services: Services, by: Principal, campaign: Campaign) -> dict[str, datetime | None]:
    return {(row.email or "").partition("@")[0]: row.due_at for row in services.ledger.page(by, campaign.id)}


def deliver(services: Services, campaign: Campaign) -> None:
    drain(services, campaign.id, owner="test", should_stop=lambda: False)


def test_it_is_launched_at_its_time_and_not_before(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, timezone="Europe/Berlin")
    made = services.campaigns.schedule(by, draft().id, on("2026-11-22T18:00"))
    assert (made.state, made.scheduled_at, made.scheduled_wall) == (
        CampaignState.SCHEDULED,
        NOON + timedelta(hours=5),
        on("2026-11-22T18:00"),
    )
    clock.advance(timedelta(hours=4, minutes=59))
    assert services.campaigns.launch_due() == 0
    clock.advance(timedelta(minutes=1))
    assert (services.campaigns.launch_due(), services.campaigns.launch_due()) == (1, 0)
    assert services.ledger.counts(by, made.id) == {MessageState.QUEUED: 3}
    assert services.campaigns.due() == [made.id]
    assert services.audit.page(by).rows[0].via == "schedule"


def test_another_zone_of_the_workspace_moves_nothing(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, timezone="Europe/Berlin")
    made = services.campaigns.schedule(by, draft().id, on("2026-11-22T18:00"))
    services.workspaces.update(by, timezone="America/New_York")
    assert services.campaigns.get(by, made.id).scheduled_zone == "Europe/Berlin"
    clock.advance(timedelta(hours=5))
    assert services.campaigns.launch_due() == 1
    assert set(due(services, by, made).values()) == {None}


def test_of_many_sweepers_one_launches_it(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    made = draft(people=20)
    services.campaigns.schedule(by, made.id, on("2026-11-22T13:00"))
    clock.advance(timedelta(hours=1))
    others = [build(services.settings, clock=clock) for _ in range(3)]
    launched: list[int] = []
    threads = [threading.Thread(target=lambda each=each: launched.append(each.campaigns.launch_due())) for each in (services, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in others:
        each.close()
    assert sum(launched) == 1
    assert services.ledger.counts(by, made.id) == {MessageState.QUEUED: 20}


def test_a_launch_that_is_killed_before_its_end_has_done_nothing(
    services: Services, by: Principal, draft: Draft, clock: FrozenClock
) -> None:
    made = draft()
    services.campaigns.schedule(by, made.id, on("2026-11-22T13:00"))
    clock.advance(timedelta(hours=1))
    settings = services.settings
    given = {"DATA_DIR": settings.data_dir, "SECRET_KEY": settings.secret_key.get_secret_value(), "DATABASE_URL": settings.database_url}
    environment = os.environ | {f"POSTWRIGHT_{name}": str(value) for name, value in given.items()}
    done = subprocess.run([sys.executable, "-c", DIES_AT_THE_END, clock.now().isoformat()], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert services.campaigns.get(by, made.id).state is CampaignState.SCHEDULED
    assert services.ledger.counts(by, made.id) == {}
    assert services.campaigns.launch_due() == 1
    assert services.ledger.counts(by, made.id) == {MessageState.QUEUED: 3}


def test_after_a_rest_it_is_launched_at_once(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    made = draft()
    services.campaigns.schedule(by, made.id, on("2026-11-22T13:00"))
    clock.advance(timedelta(hours=1) + TOO_LATE)
    assert services.campaigns.launch_due() == 1
    assert due(services, by, made) == dict.fromkeys(("reader-0", "reader-1", "reader-2"))


def test_more_than_a_day_late_somebody_is_asked(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    made = draft()
    services.campaigns.schedule(by, made.id, on("2026-11-22T13:00"))
    clock.advance(timedelta(hours=1, seconds=1) + TOO_LATE)
    assert services.campaigns.launch_due() == 0
    found = services.campaigns.get(by, made.id)
    assert (found.state, found.stopped_reason) == (CampaignState.SCHEDULED, MISSED)
    assert services.campaigns.schedule(by, made.id, on("2026-11-24T13:00")).stopped_reason == ""
    clock.advance(timedelta(hours=24))
    assert services.campaigns.launch_due() == 1


def test_what_fails_then_is_said_and_holds_nobody_up(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    empty, fine = draft(), draft()
    for each in (empty, fine):
        services.campaigns.schedule(by, each.id, on("2026-11-22T13:00"))
    gone = services.lists.create(by, "Emptied")
    with services.db.transaction() as connection:
        mine = sa.update(campaigns).where(campaigns.c.id == empty.id)
        connection.execute(mine.values(audience={"kind": "list", "id": gone.id}))
    clock.advance(timedelta(hours=1))
    assert services.campaigns.launch_due() == 1
    assert "Nobody is in this audience" in services.campaigns.get(by, empty.id).stopped_reason
    assert services.campaigns.get(by, fine.id).state is CampaignState.SENDING
    services.contacts.save(by, "late@example.com", list_ids=[gone.id])
    assert services.campaigns.launch_due() == 0, "nobody expects it at whatever hour that is put right"


def test_surprises_come_when_it_is_scheduled(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    for at in ("2026-11-22T10:00", "2028-01-01T10:00", "2026-11-23T10:00+01:00"):
        with pytest.raises(InvalidInput):
            services.campaigns.schedule(by, made.id, on(at))
    services.workspaces.update(by, sending_rules=SendingRules(quiet=Quiet(1260, 480)))
    with pytest.raises(Conflict, match="nobody at any hour"):
        services.campaigns.schedule(by, made.id, on("2026-11-23T10:00"), Timing(parse_window("22-23"), in_contact_zone=True))
    with pytest.raises(Conflict, match="Nobody is in this audience"):
        services.campaigns.schedule(by, draft(audience=Audience("list", services.lists.create(by, "None").id)).id, on("2026-11-23T10:00"))
    assert services.campaigns.get(by, made.id).state is CampaignState.DRAFT


def test_what_waits_can_only_be_unscheduled_or_cancelled(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    timing = Timing(parse_window("mon-fri 9-18"))
    made = services.campaigns.schedule(by, draft().id, on("2026-11-23T10:00"), timing)
    for act in (services.campaigns.launch, services.campaigns.pause, services.campaigns.delete):
        with pytest.raises(Conflict):
            act(by, made.id)
    with pytest.raises(Conflict, match="Unschedule"):
        services.campaigns.update(by, made.id, name="Other")
    again = services.campaigns.unschedule(by, made.id)
    assert (again.state, again.scheduled_at, again.scheduled_wall, again.timing) == (CampaignState.DRAFT, None, None, timing)
    assert services.campaigns.unschedule(by, made.id) == again
    clock.advance(timedelta(days=1))
    assert services.campaigns.launch_due() == 0
    services.campaigns.schedule(by, made.id, on("2026-11-24T10:00"))
    assert services.campaigns.cancel(by, made.id).state is CampaignState.CANCELLED
    clock.advance(timedelta(days=1))
    assert services.campaigns.launch_due() == 0
    with pytest.raises(Conflict, match="launched already"):
        services.campaigns.unschedule(by, made.id)


def test_each_gets_it_by_their_own_clock(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, timezone="Europe/Berlin")
    made = draft(people=1)
    living_in(
        services, by, made, {"east": "Pacific/Kiritimati", "west": "pacific/pago_pago", "lost": "Atlantis", "new-york": "America/New_York"}
    )
    scheduled = services.campaigns.schedule(by, made.id, on("2026-11-24T09:00"), IN_CONTACT_ZONE)
    assert scheduled.scheduled_at == datetime(2026, 11, 23, 19, tzinfo=UTC), "when it is nine for the first of them"
    clock.advance(datetime(2026, 11, 23, 19, tzinfo=UTC) - clock.now())
    assert services.campaigns.launch_due() == 1
    assert due(services, by, made) == {
        "east": None,
        "reader-0": datetime(2026, 11, 24, 8, tzinfo=UTC),
        "lost": datetime(2026, 11, 24, 8, tzinfo=UTC),
        "new-york": datetime(2026, 11, 24, 14, tzinfo=UTC),
        "west": datetime(2026, 11, 24, 20, tzinfo=UTC),
    }
    deliver(services, made)
    assert services.ledger.counts(by, made.id) == {MessageState.ACCEPTED: 1, MessageState.QUEUED: 4}
    assert services.campaigns.due() == []
    for hours, accepted in ((13, 3), (6, 4), (6, 5)):
        clock.advance(timedelta(hours=hours))
        assert services.campaigns.due() == [made.id]
        deliver(services, made)
        assert services.ledger.counts(by, made.id)[MessageState.ACCEPTED] == accepted
    assert services.campaigns.get(by, made.id).state is CampaignState.SENT


@pytest.mark.parametrize(("late", "expected"), [(Late.NOW, None), (Late.NEXT_DAY, datetime(2026, 11, 22, 22, tzinfo=UTC))])
def test_whose_time_is_over_gets_it_at_once_or_the_next_day(
    services: Services, by: Principal, draft: Draft, late: Late, expected: datetime | None
) -> None:
    made = draft(people=0)
    living_in(services, by, made, {"auckland": "Pacific/Auckland", "berlin": "Europe/Berlin"})
    timing = Timing(in_contact_zone=True, late=late)
    told = services.campaigns.forecast(by, made.id, on("2026-11-22T14:00"), timing)
    assert (told.people, told.late, told.zones) == (2, 1, 2)
    services.campaigns.schedule(by, made.id, on("2026-11-22T14:00"), timing)
    services.campaigns.launch_due()
    berlin = datetime(2026, 11, 22, 13, tzinfo=UTC)
    if late is Late.NEXT_DAY:
        assert services.campaigns.get(by, made.id).state is CampaignState.SCHEDULED
        return
    assert due(services, by, made) == {"auckland": expected, "berlin": berlin}


@pytest.mark.parametrize(
    ("wall", "starts"),
    [("2027-03-28T02:30", datetime(2027, 3, 28, 1, tzinfo=UTC)), ("2027-10-31T02:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC))],
)
def test_clocks_that_change_that_night(services: Services, by: Principal, draft: Draft, wall: str, starts: datetime) -> None:
    services.workspaces.update(by, timezone="Europe/Berlin")
    assert services.campaigns.schedule(by, draft().id, on(wall)).scheduled_at == starts


def test_a_window_of_the_workspace_holds_the_whole_campaign(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    made = draft(timing=Timing(parse_window("mon-fri 9-18")))
    services.campaigns.launch(by, made.id)
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert set(due(services, by, made).values()) == {monday}, "nothing is claimed in vain before"
    clock.advance(monday - NOON)
    with services.db.transaction() as connection:
        connection.execute(sa.update(messages).values(due_at=None))
    clock.advance(timedelta(hours=9))
    deliver(services, made)
    assert services.ledger.counts(by, made.id) == {MessageState.QUEUED: 3}
    assert set(due(services, by, made).values()) == {monday + timedelta(days=1)}
    assert services.campaigns.due() == [], "nobody looks at it again and again until it opens"
    clock.advance(timedelta(hours=15))
    deliver(services, made)
    assert services.campaigns.get(by, made.id).state is CampaignState.SENT


def test_quiet_hours_are_those_of_each_contact(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, sending_rules=SendingRules(quiet=Quiet(1260, 480)))
    made = draft(people=1)
    living_in(services, by, made, {"tokyo": "Asia/Tokyo", "new-york": "America/New_York"})
    services.campaigns.launch(by, made.id)
    assert due(services, by, made) == {
        "reader-0": None,
        "tokyo": datetime(2026, 11, 22, 23, tzinfo=UTC),
        "new-york": datetime(2026, 11, 22, 13, tzinfo=UTC),
    }
    deliver(services, made)
    assert services.ledger.counts(by, made.id) == {MessageState.ACCEPTED: 1, MessageState.QUEUED: 2}


def test_whose_hours_are_over_is_put_off_a_zone_at_a_time(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, sending_rules=SendingRules(quiet=Quiet(1260, 480)))
    made = draft(people=2)
    living_in(services, by, made, {"berlin": "Europe/Berlin"})
    services.campaigns.launch(by, made.id)
    services.campaigns.pause(by, made.id)
    clock.advance(timedelta(hours=8, minutes=30))  # 20:30, in Berlin 21:30
    services.campaigns.resume(by, made.id)
    claims = Counter(row.attempts for row in services.ledger.page(by, made.id))
    deliver(services, made)
    assert services.ledger.counts(by, made.id) == {MessageState.ACCEPTED: 2, MessageState.QUEUED: 1}
    assert due(services, by, made)["berlin"] == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert claims == {0: 3}


def test_for_whom_no_hour_fits_is_left_out_with_the_reason(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, sending_rules=SendingRules(quiet=Quiet(1260, 480)))
    made = draft(people=2, timing=Timing(parse_window("11-14")))
    living_in(services, by, made, {"honolulu": "Pacific/Honolulu"})  # there it is one to four in the night
    assert services.campaigns.forecast(by, made.id).never == 1
    services.campaigns.launch(by, made.id)
    deliver(services, made)
    assert services.ledger.counts(by, made.id) == {MessageState.ACCEPTED: 2, MessageState.SKIPPED: 1}
    assert [row.reason for row in services.ledger.page(by, made.id, MessageState.SKIPPED)] == ["no_hour"]


def test_nobody_gets_more_than_the_workspace_allows(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, sending_rules=SendingRules(cap=Cap(2, 7)))
    made = [draft() for _ in range(3)]
    for each in made:
        services.campaigns.launch(by, each.id)
        deliver(services, each)
    assert [services.ledger.counts(by, each.id) for each in made] == [
        {MessageState.ACCEPTED: 3},
        {MessageState.ACCEPTED: 3},
        {MessageState.SKIPPED: 3},
    ]
    assert {row.reason for row in services.ledger.page(by, made[2].id)} == {"frequency_cap"}
    important = draft(timing=Timing(ignores_cap=True))
    services.campaigns.launch(by, important.id)
    deliver(services, important)
    assert services.ledger.counts(by, important.id) == {MessageState.ACCEPTED: 3}
    clock.advance(timedelta(days=7, seconds=1))
    later = draft()
    services.campaigns.launch(by, later.id)
    deliver(services, later)
    assert services.ledger.counts(by, later.id) == {MessageState.ACCEPTED: 3}


def test_two_campaigns_at_once_do_not_slip_past_the_cap(services: Services, by: Principal, draft: Draft, clock: FrozenClock) -> None:
    services.workspaces.update(by, sending_rules=SendingRules(cap=Cap(1, 7)))
    made = [draft(people=30) for _ in range(2)]
    for each in made:
        services.campaigns.launch(by, each.id)
    start = threading.Barrier(2)

    def send(each: Campaign) -> None:
        start.wait()
        deliver(services, each)

    threads = [threading.Thread(target=send, args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with services.db.read() as connection:
        accepted = sa.select(messages.c.contact_id).where(messages.c.state == MessageState.ACCEPTED.value)
        per_person = Counter(connection.execute(accepted).scalars())
    assert len(per_person) == 30
    assert set(per_person.values()) == {1}


def test_only_who_sets_the_cap_may_pass_it(services: Services, by: Principal, draft: Draft) -> None:
    marketer = Principal(by.workspace_id, "person:2", frozenset(Permission) - {Permission.WORKSPACE_EDIT})
    made, important = draft(), Timing(ignores_cap=True)
    with pytest.raises(Denied):
        services.campaigns.update(marketer, made.id, timing=important)
    with pytest.raises(Denied):
        services.campaigns.schedule(marketer, made.id, on("2026-11-23T10:00"), important)
    services.campaigns.update(by, made.id, timing=important)
    assert services.campaigns.update(marketer, made.id, name="Other", timing=important).timing == important


def test_some_deliberately_get_nothing(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(people=200, subject_b="Other", holdout_percent=25)
    services.campaigns.launch(by, made.id)
    rows = services.ledger.page(by, made.id, MessageState.SKIPPED, limit=1000)
    assert {(row.reason, row.variant_id) for row in rows} == {("holdout", None)}
    assert 25 <= len(rows) <= 75
    assert sum(services.ledger.counts(by, made.id).values()) == 200
    deliver(services, made)
    assert services.ledger.counts(by, made.id) == {MessageState.ACCEPTED: 200 - len(rows), MessageState.SKIPPED: len(rows)}
    with pytest.raises(InvalidInput):
        draft(holdout_percent=51)


def test_people_of_a_segment_stay_within_the_lists_of_who_scheduled_it(
    services: Services, by: Principal, draft: Draft, clock: FrozenClock
) -> None:
    draft()
    mine = services.lists.create(by, "Mine")
    services.contacts.save(by, "mine@example.com", list_ids=[mine.id])
    limited = Principal(by.workspace_id, "person:2", frozenset(Permission), lists=frozenset({mine.id}))
    rules = {"all": [{"field": "email", "operator": "contains", "value": "example.com"}]}
    made = draft(audience=Audience("segment", services.segments.create(by, "All", rules).id))
    with services.db.transaction() as connection:
        connection.execute(sa.update(campaigns).where(campaigns.c.id == made.id).values(created_by=limited.label))
    services.campaigns.schedule(limited, made.id, on("2026-11-22T13:00"))
    clock.advance(timedelta(hours=1))
    assert services.campaigns.launch_due() == 1
    assert due(services, by, made) == {"mine": None}
