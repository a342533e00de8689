"""What came in, single events and past ones again, from the command line."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.app import build
from core.clock import SystemClock
from core.messages.tables import messages
from core.settings import Settings
from core.storage.database import Database
from core.storage.event_record import event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.storage.leases import Lease
from core.storage.tables import leases
from tests.cli.conftest import Cli
from tests.cli.test_campaigns import CREATE

CLOCK = SystemClock()


@pytest.fixture
def sent(shop: Cli) -> Cli:
    assert shop(*CREATE, "--to", "list:Readers", "--json").code == 0
    assert shop("campaigns", "send", "1", "--wait").code == 0
    return shop


def opened(settings: Settings, *message_ids: int) -> None:
    """Let messages be opened, and the ingester take that in."""
    journal = JournalWriter(settings.journal_dir, "receiver")
    now = CLOCK.now()
    journal.append([event_record(EventKind.OPENED, now, "receiver", message_id=one, user_agent="x") for one in message_ids])
    journal.close()
    services = build(settings)
    with services.db.transaction() as connection:
        connection.execute(sa.delete(leases))  # the process before has ended, and its lease would still hold for seconds
    services.ingester.catch_up()
    services.ingester.close()
    services.close()


def ago(**span: float) -> str:
    return (CLOCK.now() - timedelta(**span)).isoformat()


def test_what_came_in_is_told(sent: Cli) -> None:
    said = sent("events", "intake")
    assert said.code == 0, said
    assert "40 events kept" in said.out
    facts = sent("events", "intake", "--since", ago(hours=3), "--json").facts
    assert (facts["kept"], facts["left_out"], facts["backlog"]["waiting_bytes"]) == (40, 0, 0)
    assert facts["sources"][0]["events"] == 40
    assert sent("events", "intake", "--since", "2999-01-01T00:00:00Z").code == 1


def test_an_event_is_shown_with_its_raw_line(sent: Cli) -> None:
    found = sent("events", "raw", "p0@example.com", "--json").facts["event"]["address"]
    assert found == "p0@example.com"
    assert "sent" in sent("events", "raw", "p0@example.com").out
    assert sent("events", "raw", "nobody@example.com").code == 2
    event = sent("events", "raw", "p0@example.com", "--json").facts
    assert event["line"]["record"]["kind"] == "sent"
    assert sent("events", "raw", str(event["event"]["event_id"]), "--json").facts["event"]["kind"] == "sent"


def test_several_events_are_listed(sent: Cli, settings: Settings) -> None:
    message = sent("events", "raw", "p0@example.com", "--json").facts["event"]["message_id"]
    opened(settings, message)
    facts = sent("events", "raw", str(message), "--json").facts
    assert sorted(one["kind"] for one in facts["events"]) == ["opened", "sent"]
    assert "opened" in sent("events", "raw", str(message)).out


def test_a_replay_does_the_work_itself_where_no_ingester_runs(sent: Cli, settings: Settings) -> None:
    opened(settings, 777_001, 777_001, 777_002)
    database = Database(settings.resolved_database_url)
    with database.transaction() as connection:
        first = connection.execute(sa.select(sa.func.min(messages.c.id))).scalar_one()
        connection.execute(sa.update(messages).where(messages.c.id == first).values(id=777_001))
    database.close()

    said = sent("events", "replay", "--since", ago(hours=1), "--wait", "--json")

    assert (said.code, said.facts["state"]) == (0, "done")
    assert said.facts["counts"]["added"] == 2
    assert sent("events", "raw", "777001", "--json").facts["events"]
    again = sent("events", "replay", "--since", ago(hours=1), "--wait")
    assert "added" not in again.out
    assert "were there already" in again.out


def test_a_replay_that_is_not_waited_for_is_left_to_the_ingester(sent: Cli) -> None:
    said = sent("events", "replay", "--since", ago(hours=1), "--json")
    assert (said.code, said.facts["state"], said.facts["progress"]) == (0, "waiting", 0)
    assert sent("events", "replay", "--since", ago(hours=1)).code == 1  # one at a time
    assert sent("events", "replay", "--since", "yesterday").code == 2


def test_a_lease_that_ran_out_is_taken_over(sent: Cli, settings: Settings) -> None:
    database = Database(settings.resolved_database_url)
    Lease(database, CLOCK, "ingester", "a-dead-one", timedelta(seconds=0.5)).hold()
    database.close()
    said = sent("events", "replay", "--since", ago(hours=1), "--wait", "--json")
    assert said.facts["state"] == "done"


def test_a_raw_line_that_is_no_longer_kept_is_said(sent: Cli, settings: Settings) -> None:
    shutil.rmtree(settings.journal_dir)
    said = sent("events", "raw", "p0@example.com")
    assert said.code == 0
    assert "no longer kept" in said.out


def test_people_and_machines_are_told_apart_again(sent: Cli, settings: Settings) -> None:
    opened(settings, 1, 2)
    dry = sent("events", "reclassify", "--dry-run", "--wait", "--json")
    assert dry.code == 0, dry
    assert (dry.facts["state"], dry.facts["counts"]) == ("done", {"judged": 2})
    said = sent("events", "reclassify", "--since", ago(hours=1), "--wait")
    assert said.code == 0 and "2 looked at" in said.out
