"""What is kept long enough goes: not a day early, and nothing beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.log import AuditFilter
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import Evidence
from core.contacts.tables import contacts
from core.errors import Denied, InvalidInput, NotFound
from core.messages.tables import messages, requests
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.privacy.retention import BOUNDS, DataKind
from core.privacy.tables import retention_runs
from core.storage.event_words import EventKind
from tests.privacy.conftest import ADA, BOB, FIREFOX, World

DAY = timedelta(days=1)


def set_to(world: World, what: DataKind, days: int) -> int:
    """Set a rule and return what it would take."""
    world.services.retention.set(world.by, what, days)
    return world.services.retention.preview(world.by, what, days)


def carried_out(world: World) -> int:
    taken = world.services.retention_work.step()
    assert world.services.retention_work.step() == 0
    return taken


def _mailed(world: World, *contact_ids: int) -> None:
    """Let each of them have got another mail just now."""
    same = {"workspace_id": world.by.workspace_id, "campaign_id": None, "state": "accepted", "queued_at": world.clock.now()}
    insert = sa.insert(messages).returning(messages.c.id)
    with world.services.db.transaction() as connection:
        numbers = [connection.execute(insert.values(**same, contact_id=each)).scalar_one() for each in contact_ids]
    world.journal(*(world.happened(EventKind.SENT, number, source="delivery") for number in numbers))


def test_everything_is_kept_as_long_as_nobody_says_otherwise(world: World) -> None:
    rules = {rule.kind: rule.days for rule in world.services.retention.rules(world.by)}
    assert rules == dict.fromkeys(DataKind) | {DataKind.SINGLE_EMAILS: 30}
    world.clock.advance(4_000 * DAY)
    assert carried_out(world) == 0


def test_old_events_go(world: World) -> None:
    old = len(world.events())
    world.clock.advance(100 * DAY)
    world.journal(world.happened(EventKind.CLICKED, world.message_id(world.contact_id())))
    assert set_to(world, DataKind.EVENTS, 101) == 0
    assert carried_out(world) == 0
    world.clock.advance(2 * DAY)
    assert set_to(world, DataKind.EVENTS, 101) == old
    assert carried_out(world) == old
    assert [event["kind"] for event in world.events()] == ["clicked"]


def test_and_so_does_where_opens_came_from(world: World) -> None:
    count = len(world.events())
    world.clock.advance(10 * DAY)
    world.journal(world.happened(EventKind.OPENED, world.message_id(world.contact_id(BOB)), user_agent=FIREFOX, ip="81.2.69.160"))
    assert set_to(world, DataKind.ENGAGEMENT, 7) == 2
    assert carried_out(world) == 2
    opened = world.events("kind = 'opened'")
    assert len(world.events()) == count + 1
    assert sorted((event["user_agent"] or "") for event in opened) == ["", "", FIREFOX]
    assert {event["actor"] for event in opened} == {"human"}


def test_who_was_judged_by_it_stays_judged(small_world: World) -> None:
    services, clock = small_world.services, small_world.clock
    small_world.journal(small_world.happened(EventKind.OPENED, small_world.message_id(small_world.contact_id(BOB)), user_agent="curl/8.0"))
    before = small_world.events("kind = 'opened'", "event_id, actor, actor_reason, signals")
    assert {event["actor"] for event in before} == {"human", "machine"}
    clock.advance(8 * DAY)
    set_to(small_world, DataKind.ENGAGEMENT, 7)
    carried_out(small_world)
    services.intake.reclassify(small_world.by, clock.now() - 10 * DAY, clock.now())
    for _ in range(4):
        services.ingester.run_once()
    assert small_world.events("kind = 'opened'", "event_id, actor, actor_reason, signals") == before


def test_what_messages_say_goes_and_that_they_were_sent_stays(world: World) -> None:
    world.clock.advance(91 * DAY)
    assert set_to(world, DataKind.MESSAGES, 90) >= 2
    assert carried_out(world) >= 2
    with world.services.db.read() as connection:
        rows = connection.execute(sa.select(messages).where(messages.c.campaign_id.is_not(None))).all()
    assert {row.contact_id for row in rows} == {world.contact_id(), world.contact_id(BOB)}
    assert {(row.reason, row.provider_message_id, row.state) for row in rows} == {("", None, "accepted")}


def test_words_of_single_emails_that_are_over_go_sooner(world: World) -> None:
    with world.services.db.transaction() as connection:
        ids = connection.execute(sa.select(requests.c.message_id).order_by(requests.c.message_id)).scalars().all()
        connection.execute(sa.update(messages).where(messages.c.id == ids[0]).values(state="accepted"))
    world.clock.advance(3 * DAY)
    assert set_to(world, DataKind.SINGLE_EMAILS, 2) == 1
    assert carried_out(world) == 1
    with world.services.db.read() as connection:
        kept = connection.execute(sa.select(requests.c.message_id).where(requests.c.content != "")).scalars().all()
    assert kept == ids[1:]  # the other one has not left yet


def test_files_of_refused_rows_go(world: World) -> None:
    world.clock.advance(30 * DAY)
    assert set_to(world, DataKind.IMPORT_REFUSALS, 29) == 1
    assert carried_out(world) == 1
    with pytest.raises(NotFound):
        world.services.imports.refused_rows(world.by, 1)
    assert "blobs" not in world.traces("again")


def test_who_never_answered_goes_and_their_no_stays(world: World) -> None:
    services, by = world.services, world.by
    services.contacts.save(by, "pending@example.com", consent=ConsentStatus.PENDING)
    world.clock.advance(4 * DAY)
    services.contacts.save(by, "newer@example.com", consent=ConsentStatus.PENDING)
    assert set_to(world, DataKind.UNCONFIRMED, 3) == 1
    assert carried_out(world) == 1
    assert services.contacts.find(by, "pending@example.com") is None
    assert services.contacts.find(by, "newer@example.com") and services.contacts.find(by, ADA)


def test_who_got_email_for_long_and_opened_none_goes(world: World) -> None:
    services, by = world.services, world.by
    services.contacts.save(by, "unwritten@example.com")
    silent = services.contacts.save(by, "silent@example.com")
    late, bob = services.contacts.save(by, "late@example.com").id, world.contact_id(BOB)
    with services.db.transaction() as connection:
        services.consent.withdraw(connection, by.workspace_id, [silent.id], Evidence(source="letter"))
    for days in (3, 60, 110):
        world.clock.advance(days * DAY)
        _mailed(world, silent.id, bob)
    world.clock.advance(6 * DAY)
    _mailed(world, late, late, late)
    world.journal(world.happened(EventKind.OPENED, world.message_id(bob), user_agent=FIREFOX))
    world.clock.advance(2 * DAY)
    assert set_to(world, DataKind.INACTIVE, 180) == 1
    assert carried_out(world) == 1
    assert services.contacts.find(by, "silent@example.com") is None
    assert services.suppressions.contains(by, "silent@example.com")
    assert all(services.contacts.find(by, email) for email in (ADA, BOB, "unwritten@example.com", "late@example.com"))


def test_few_mails_or_only_late_ones_say_nothing_about_who_reads(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    few = services.contacts.save(by, "few@example.com").id
    for days in (1, 60):
        small_world.clock.advance(days * DAY)
        _mailed(small_world, few)
    small_world.clock.advance(120 * DAY)
    assert set_to(small_world, DataKind.INACTIVE, 181) == 0
    assert carried_out(small_world) == 0
    assert services.contacts.find(by, "few@example.com")


def test_who_stopped_reading_is_only_told_from_events_that_are_kept(small_world: World) -> None:
    retention, by = small_world.services.retention, small_world.by
    retention.set(by, DataKind.EVENTS, 200)
    with pytest.raises(InvalidInput, match="events that are kept"):
        retention.set(by, DataKind.INACTIVE, 201)
    retention.set(by, DataKind.INACTIVE, 200)
    with pytest.raises(InvalidInput, match="events that are kept"):
        retention.set(by, DataKind.EVENTS, 199)
    retention.set(by, DataKind.EVENTS, None)
    retention.set(by, DataKind.INACTIVE, 400)


def test_nobody_is_inactive_where_nobody_is_watched(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    small_world.clock.advance(400 * DAY)
    small_world.journal(small_world.happened(EventKind.SENT, small_world.message_id(small_world.contact_id(BOB)), source="delivery"))
    small_world.clock.advance(DAY)
    services.workspaces.update(by, tracks_people=False)
    assert set_to(small_world, DataKind.INACTIVE, 180) == 0


def test_a_rule_is_carried_out_once_a_day_and_on_record(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    small_world.clock.advance(30 * DAY)
    set_to(small_world, DataKind.IMPORT_REFUSALS, 29)
    carried_out(small_world)
    small_world.clock.advance(DAY)
    carried_out(small_world)
    with services.db.read() as connection:
        rows = connection.execute(sa.select(retention_runs.c.count, retention_runs.c.finished_at).order_by(retention_runs.c.id)).all()
    assert [row.count for row in rows] == [1, 0] and all(row.finished_at for row in rows)
    assert [run.count for run in services.retention.runs(by)] == [1]
    [entry] = services.audit.page(by, AuditFilter(actions=frozenset({AuditAction.RETENTION_APPLIED}))).rows
    assert (entry.actor, entry.target) == ("worker", "retention:import_refusals")
    assert next(rule for rule in services.retention.rules(by) if rule.kind is DataKind.IMPORT_REFUSALS).latest


def test_a_run_that_was_killed_is_gone_on_with(small_world: World) -> None:
    small_world.clock.advance(100 * DAY)
    set_to(small_world, DataKind.EVENTS, 99)
    with small_world.services.db.transaction() as connection:
        started = {"workspace_id": small_world.by.workspace_id, "kind": "events", "older_than": small_world.clock.now(), "count": 3}
        connection.execute(sa.insert(retention_runs).values(**started, created_at=small_world.clock.now() - DAY))
    assert carried_out(small_world) > 0
    assert small_world.events() == []


def test_times_that_make_no_sense_and_who_may_set_them(small_world: World) -> None:
    retention, by = small_world.services.retention, small_world.by
    for kind, bounds in BOUNDS.items():
        for days in (bounds.least - 1, bounds.most + 1):
            with pytest.raises(InvalidInput, match="days"):
                retention.set(by, kind, days)
    retention.set(by, DataKind.EVENTS, 400)
    retention.set(by, DataKind.EVENTS, None)
    assert {rule.kind: rule.days for rule in retention.rules(by)}[DataKind.EVENTS] is None
    marketer = Principal(by.workspace_id, "person:1", ROLE_PERMISSIONS[Role.MARKETER])
    with pytest.raises(Denied):
        retention.set(marketer, DataKind.EVENTS, 400)
    with small_world.services.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(contacts)).scalar_one() == 2
