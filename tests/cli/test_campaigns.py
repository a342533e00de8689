"""A campaign from the command line, with no other process running: send --wait does all the work itself."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Cli
from tests.support.mail_server import free_port

CREATE = ("campaigns", "create", "--name", "May", "--subject", "Hi", "--template", "News", "--from", "Acme <news@example.com>")


@pytest.fixture
def sent(shop: Cli) -> Cli:
    created = shop(*CREATE, "--to", "list:Readers", "--json")
    assert created.code == 0, created
    assert created.facts["audience_size"] == 40
    said = shop("campaigns", "send", str(created.facts["id"]), "--wait", "--json")
    assert said.code == 0, said
    assert (said.facts["state"], said.facts["counts"]) == ("sent", {"accepted": 40})
    return shop


def test_a_sent_campaign_is_reported_at_once(sent: Cli) -> None:
    report = sent("campaigns", "report", "1", "--json").facts
    assert (report["state"], report["totals"]["recipients"], report["totals"]["delivered"]) == ("sent", 40, 40)
    words = sent("campaigns", "report", "1").out
    assert "delivered" in words
    assert "https://example.com/a" in words


def test_sending_again_changes_nothing(sent: Cli) -> None:
    assert sent("campaigns", "send", "1", "--wait", "--json").facts["counts"] == {"accepted": 40}
    assert sent("outbox", "list", "--json").facts["total"] == 40


def test_the_outbox_shows_the_mail(sent: Cli) -> None:
    page = sent("outbox", "list", "--limit", "3", "--json").facts
    assert (len(page["mail"]), page["total"]) == (3, 40)
    key = page["mail"][0]["key"]
    assert "Subject: Hi" in sent("outbox", "show", key).out
    mail = sent("outbox", "show", key, "--json").facts
    assert mail["to"] == page["mail"][0]["to"]
    assert "List-Unsubscribe" in sent("outbox", "show", key, "--raw").out


def test_messages_are_listed_in_every_form(sent: Cli) -> None:
    assert len(sent("messages", "list", "--campaign", "1", "--json").facts["messages"]) == 40
    lines = sent("messages", "list", "--campaign", "1", "--state", "accepted").out.splitlines()
    assert {json.loads(line)["state"] for line in lines} == {"accepted"}
    rows = list(csv.DictReader(sent("messages", "list", "--campaign", "1", "--format", "csv").out.splitlines()))
    assert {row["email"] for row in rows} == {f"p{n}@example.com" for n in range(40)}
    assert sent("messages", "list", "--campaign", "1", "--state", "refused").out == ""
    assert sent("messages", "list", "--campaign", "9").code == 1


def test_events_are_exported_in_every_form(sent: Cli, tmp_path: Path) -> None:
    lines = sent("events", "export", "--campaign", "1").out.splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"sent"}
    assert len(lines) == 40
    assert len(sent("events", "export", "--format", "csv", "--kind", "sent").out.splitlines()) == 41
    said = sent("events", "export", "--format", "parquet", "-o", tmp_path / "events.parquet", "--json")
    assert said.facts["events"] == pq.read_table(tmp_path / "events.parquet").num_rows == 40
    assert sent("events", "export", "--since", "2999-01-01T00:00:00Z").out == ""
    assert sent("events", "export", "--since", "yesterday").code == 2
    assert sent("events", "export", "--format", "parquet").code == 2


def test_two_subjects_are_reported_as_arms(shop: Cli) -> None:
    shop(*CREATE, "--to", "list:Readers", "--subject-b", "Hello")
    shop("campaigns", "send", "1", "--wait")
    report = shop("campaigns", "report", "1", "--json").facts
    assert sum(arm["recipients"] for arm in report["arms"]) == 40
    assert {arm["subject"] for arm in report["arms"]} == {"Hi", "Hello"}
    assert "DIFFERENCE" in shop("campaigns", "report", "1").out


def test_a_test_goes_to_the_seed_addresses_and_counts_nowhere(shop: Cli) -> None:
    shop(*CREATE, "--to", "list:Readers")
    assert shop("campaigns", "test", "1").code == 2
    assert shop("seeds", "add", "tests@example.com", "--label", "Outlook", "--json").facts["label"] == "Outlook"
    assert shop("seeds", "add", "tests@example.com").code == 1
    some = shop("campaigns", "test", "1", "--seeds", "--to", "me@example.com", "--to", "nobody", "--json")
    assert (some.code, some.facts["ok"]) == (1, False)
    assert [(one["address"], bool(one["refused"])) for one in some.facts["copies"]] == [
        ("me@example.com", False),
        ("nobody", True),
        ("tests@example.com", False),
    ]
    assert shop("campaigns", "test", "1", "--seeds").code == 0
    assert "tests@example.com" in shop("seeds", "list").out
    assert shop("seeds", "remove", "Tests@example.com").code == 0
    assert shop("seeds", "remove", "tests@example.com").code == 1
    assert shop("campaigns", "list", "--json").facts["campaigns"][0]["state"] == "draft"


def test_a_campaign_is_paused_resumed_and_cancelled(shop: Cli) -> None:
    shop(*CREATE, "--to", "list:Readers")
    assert shop("campaigns", "pause", "1").code == 1
    assert shop("campaigns", "send", "1", "--json").facts["messages"] == 40
    assert shop("campaigns", "pause", "1", "--json").facts["state"] == "paused"
    assert shop("campaigns", "resume", "1", "--json").facts["state"] == "sending"
    assert shop("campaigns", "cancel", "1", "--json").facts["state"] == "cancelled"
    assert shop("campaigns", "report", "1", "--json").facts["totals"]["cancelled"] == 40
    assert [one["state"] for one in shop("campaigns", "list", "--json").facts["campaigns"]] == ["cancelled"]
    assert "May" in shop("campaigns", "list").out


def test_only_mail_that_never_leaves_may_have_no_sender(shop: Cli) -> None:
    assert shop(*CREATE[:-2], "--to", "list:Readers", "--json").facts["from_email"] == "news@example.com"


def test_nobody_is_mailed_for_a_mistake(shop: Cli) -> None:
    assert shop(*CREATE, "--to", "list:None such").code == 1
    assert shop(*CREATE, "--to", "everybody").code == 2
    shop("providers", "add", "Server", "--kind", "smtp", "--set", "host=127.0.0.1", "--set", "security=none")
    assert shop(*CREATE[:-2], "--to", "list:Readers", "--provider", "Server").code == 2
    assert shop("campaigns", "send", "77", "--wait").code == 1
    assert shop("campaigns", "list", "--json").facts["campaigns"] == []


def test_waiting_ends_with_words_when_the_mail_server_is_dead(shop: Cli) -> None:
    where = ("--set", "host=127.0.0.1", "--set", f"port={free_port()}", "--set", "security=none")
    shop("providers", "add", "Server", "--kind", "smtp", *where)
    shop(*CREATE, "--to", "list:Readers", "--provider", "Server")
    for _ in ("first", "again, while the next try is not due yet"):
        said = shop("campaigns", "send", "1", "--wait")
        assert said.code == 1
        assert "Nothing can leave at the moment: The mail server 127.0.0.1" in said.err
        assert "can't be reached" in said.err
        assert ". Nothing is lost" in said.err
    (campaign,) = shop("campaigns", "list", "--json").facts["campaigns"]
    assert campaign["state"] == "sending"
    assert "can't be reached" in campaign["stopped_reason"]


def test_a_workspace_does_not_see_anothers_campaign(sent: Cli) -> None:
    from core.accounts.workspaces import Workspaces
    from core.clock import SystemClock
    from core.settings import Settings
    from core.storage.database import Database

    database = Database(Settings.load().resolved_database_url)
    Workspaces(database, SystemClock()).create("Other")
    database.close()
    assert sent("campaigns", "report", "1", "--workspace", "Other").code == 1
    assert sent("outbox", "list", "--workspace", "Other", "--json").facts["total"] == 0


def test_a_campaign_is_scheduled_and_unscheduled(shop: Cli) -> None:
    number = str(shop(*CREATE, "--to", "list:Readers", "--holdout", "10", "--json").facts["id"])
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None).isoformat()
    said = shop("campaigns", "schedule", number, "--at", tomorrow, "--contact-zone", "--window", "mon-sun 8-20", "--next-day", "--json")
    assert said.code == 0, said
    assert (said.facts["state"], said.facts["scheduled_wall"], said.facts["forecast"]["people"]) == ("scheduled", tomorrow, 40)
    assert said.facts["timing"]["in_contact_zone"]
    words = shop("campaigns", "schedule", number, "--at", tomorrow)
    assert "goes to 40 people" in words.out
    assert "each contact's own clock" in words.out
    assert shop("campaigns", "send", number).code == 1
    assert shop("campaigns", "unschedule", number, "--json").facts["state"] == "draft"


@pytest.mark.parametrize(("option", "value", "code"), [("--at", "tomorrow", 2), ("--at", "2001-01-01T09:00", 1), ("--window", "noon", 1)])
def test_a_time_that_cant_be_is_told(shop: Cli, option: str, value: str, code: int) -> None:
    number = str(shop(*CREATE, "--to", "list:Readers", "--json").facts["id"])
    given = {"--at": "2027-01-01T09:00", option: value}
    assert shop("campaigns", "schedule", number, *(part for pair in given.items() for part in pair)).code == code
