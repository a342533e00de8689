from __future__ import annotations

import email
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from email import policy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import contacts
from core.messages.delivery import Delivery, DeliveryReport
from core.messages.flight_files import Errand
from core.messages.leasing import LEASE
from core.messages.ledger import Ledger
from core.messages.plan import SendPlan
from core.messages.posting import REPORT_AGAIN_AFTER, Posting, Written, completed, hand_over
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal
from core.providers.base import Outcome, OutgoingMessage, SendResult
from core.providers.connections import Connections
from core.providers.progress import Progress
from core.storage.database import Database
from core.storage.event_words import BounceClass
from core.storage.journal import JournalWriter
from core.templates.languages.headings import Headings
from tests.messages.conftest import CAMPAIGN
from tests.providers.conftest import email as letter
from tests.support.mail_server import MailServer, free_port

Journal = Callable[[], list[dict[str, Any]]]
AddPeople = Callable[..., list[int]]
Enqueue = Callable[..., int]


def drain(delivery: Delivery, plan: SendPlan, should_go_on: Callable[[], bool] = lambda: True) -> DeliveryReport:
    return delivery.drain(plan, owner="test", should_go_on=should_go_on)


def test_everybody_gets_exactly_one_email(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, journal: Journal, tmp_path: Path, clock: FrozenClock
) -> None:
    enqueue(add_people(7))

    assert drain(delivery, plan) == DeliveryReport(accepted=7)
    assert drain(delivery, plan) == DeliveryReport()

    mails = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in (tmp_path / "outbox").rglob("*.eml")]
    assert sorted(mail["To"] for mail in mails) == [f"person{number}@example.com" for number in range(7)]
    records = journal()
    assert len(records) == len({record["message_id"] for record in records}) == 7
    assert {(each["kind"], each["provider"], each["source"], each["at"]) for each in records} == {
        ("sent", "outbox", "delivery", clock.now().isoformat(timespec="microseconds"))
    }


def test_more_than_a_batch_is_sent_in_one_drain(delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue) -> None:
    enqueue(add_people(1_100))

    assert drain(delivery, plan).accepted == 1_100


def test_those_who_may_not_be_mailed_are_skipped_with_the_reason(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, rows: Callable[..., list[Any]], workspace: Principal,
    db: Database, clock: FrozenClock,
) -> None:  # fmt: skip
    fine, suppressed, deleted = add_people(3)
    [unsubscribed] = add_people(1, consent="unsubscribed")
    enqueue([fine, suppressed, deleted, unsubscribed])
    Suppressions(db, clock).add(workspace, "person1@example.com", SuppressionReason.COMPLAINT)
    with db.transaction() as connection:
        connection.execute(sa.delete(contacts).where(contacts.c.id == deleted))

    assert drain(delivery, plan) == DeliveryReport(accepted=1, skipped=3)
    reasons = {row.contact_id: row.reason for row in rows(MessageState.SKIPPED)}
    assert reasons == {suppressed: "suppressed", deleted: "deleted", unsubscribed: "unsubscribed"}


def test_an_email_that_cannot_be_written_holds_nobody_up(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, rows: Callable[..., list[Any]], journal: Journal
) -> None:
    young, strange = add_people(1, attributes={"age": 20}), add_people(1, attributes={"age": "x"})
    enqueue(young + strange)

    report = drain(delivery, replace(plan, headings=Headings("{% if contact.age > 18 %}Hello{% endif %} you")))

    assert report == DeliveryReport(accepted=1, refused=1)
    [refused] = rows(MessageState.REFUSED)
    assert refused.contact_id == strange[0]
    assert "can't be rendered" in refused.reason
    assert [record["kind"] for record in journal()] == ["sent"]


def test_nothing_is_sent_once_somebody_said_stop(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, ledger: Ledger, workspace: Principal
) -> None:
    enqueue(add_people(600))

    def nobody_has_it() -> bool:
        return MessageState.ACCEPTED not in ledger.counts(workspace, CAMPAIGN)

    assert drain(delivery, plan, nobody_has_it).accepted == 500
    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.ACCEPTED: 500, MessageState.QUEUED: 100}


def test_what_a_killed_sender_left_behind_is_sent_once_through_the_outbox(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, ledger: Ledger, workspace: Principal,
    clock: FrozenClock, tmp_path: Path,
) -> None:  # fmt: skip
    enqueue(add_people(4))
    claimed = ledger.claim(workspace.workspace_id, CAMPAIGN, "killed", 4)
    ledger.record_intent("killed", [each.message_id for each in claimed[:2]], plan.connection_id)
    assert drain(delivery, plan) == DeliveryReport()
    clock.advance(LEASE)

    assert drain(delivery, plan).accepted == 4
    assert len(list((tmp_path / "outbox").rglob("*.eml"))) == 4


def test_what_a_killed_sender_had_under_way_is_not_sent_again_over_smtp(
    delivery: Delivery, smtp_plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, ledger: Ledger, workspace: Principal,
    clock: FrozenClock, mail_server: MailServer,
) -> None:  # fmt: skip
    enqueue(add_people(4))
    claimed = ledger.claim(workspace.workspace_id, CAMPAIGN, "killed", 4)
    ledger.record_intent("killed", [each.message_id for each in claimed[:2]])
    clock.advance(LEASE)

    assert drain(delivery, smtp_plan).accepted == 2
    assert len(mail_server.received) == 2
    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.ACCEPTED: 2, MessageState.UNCERTAIN: 2}


def test_each_recipient_has_an_outcome_whatever_the_mail_server_says(
    delivery: Delivery, smtp_plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, mail_server: MailServer,
    rows: Callable[..., list[Any]], journal: Journal,
) -> None:  # fmt: skip
    enqueue(add_people(5))
    mail_server.answers |= {
        ("RCPT", "person1@example.com"): "550 5.1.1 No such user",
        ("RCPT", "person2@example.com"): "451 4.7.1 Greylisted",
        ("DATA", "person3@example.com"): "hang up",
        ("DATA", "person4@example.com"): "554 5.7.1 Spam",
    }

    assert drain(delivery, smtp_plan) == DeliveryReport(accepted=1, refused=2, retry=1, uncertain=1)
    assert [row.state.value for row in rows()] == ["accepted", "refused", "retry", "uncertain", "refused"]
    facts = {(record["kind"], record.get("bounce_class")) for record in journal()}
    assert facts == {("sent", None), ("bounced", "hard"), ("bounced", "block")}


def test_what_is_no_text_in_a_servers_words_costs_nobody_their_outcome(
    delivery: Delivery,
    smtp_plan: SendPlan,
    add_people: AddPeople,
    enqueue: Enqueue,
    mail_server: MailServer,
    rows: Callable[..., list[Any]],
) -> None:
    enqueue(add_people(3))
    mail_server.answers["RCPT", "person1@example.com"] = "550 5.1.1 a\0b \x1b]0;title\x07 \x9b31m"

    assert drain(delivery, smtp_plan) == DeliveryReport(accepted=2, refused=1)
    assert [(row.state.value, row.reason) for row in rows()] == [
        ("accepted", ""),
        ("refused", "550 5.1.1 a b ]0;title 31m"),
        ("accepted", ""),
    ]


class Babbling:
    """A provider that takes everything and says what nobody can keep."""

    kind, batch_size, tells_progress = "babbling", 10, False

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress) -> list[SendResult]:
        first, second, *_ = messages
        return [
            SendResult(first.message_id, Outcome.ACCEPTED, provider_message_id="id\0\x1b" + "x" * 5_000),
            SendResult(second.message_id, Outcome.REFUSED, "no\0\x85\u202ewon\ud800", bounce_class=BounceClass.HARD),
        ]


def test_a_result_is_kept_in_plain_words_whichever_provider_says_it(
    ledger: Ledger, clock: FrozenClock, plan: SendPlan, tmp_path: Path, add_people: AddPeople, enqueue: Enqueue,
    rows: Callable[..., list[Any]],
) -> None:  # fmt: skip
    enqueue(add_people(2))
    posting, provider = Posting(clock, ledger, lambda: JournalWriter(tmp_path / "journal", "test")), Babbling()
    claimed = ledger.claim(plan.workspace_id, CAMPAIGN, "me", 10)
    written = [Written(each, letter(each.message_id)) for each in claimed]
    with posting.begin("me", Errand(plan.workspace_id, CAMPAIGN)) as flight:
        left = posting.intend("me", written, plan.connection_id, flight)
        posting.record("me", completed(left, hand_over(provider, left, flight)), provider)
        flight.landed()
    posting.close()
    assert [(row.state.value, row.reason) for row in rows()] == [("accepted", ""), ("refused", "no won ")]
    assert rows()[0].provider_message_id == "id " + "x" * 997


@pytest.mark.parametrize(
    ("command", "answer", "said"),
    [("MAIL", "553 5.7.1 not owned by user shop", "sender's address is not taken"), ("DATA", "554 5.7.1 Spam", "every one was refused")],
)
def test_what_every_message_would_meet_waits_for_a_person_and_not_for_the_whole_audience(
    delivery: Delivery, smtp_plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, mail_server: MailServer, connections: Connections,
    ledger: Ledger, workspace: Principal, command: str, answer: str, said: str,
) -> None:  # fmt: skip
    connections.change(workspace, smtp_plan.connection_id, {"connections": 2})
    enqueue(add_people(100))
    who = [smtp_plan.from_email] if command == "MAIL" else [f"person{number}@example.com" for number in range(100)]
    mail_server.answers |= {(command, each): answer for each in who}

    report = drain(delivery, smtp_plan)

    assert said in report.stopped
    assert report.needs_person
    assert report.refused <= 2 * 40
    counts = ledger.counts(workspace, CAMPAIGN)
    assert counts[MessageState.QUEUED] == 100 - report.refused > 0

    mail_server.answers.clear()
    assert drain(delivery, smtp_plan).accepted == counts[MessageState.QUEUED]


def test_a_dead_mail_server_loses_nothing_and_everything_leaves_once_it_is_back(
    delivery: Delivery, smtp_plan: SendPlan, connections: Connections, workspace: Principal, add_people: AddPeople, enqueue: Enqueue,
    ledger: Ledger, clock: FrozenClock, mail_server: MailServer, rows: Callable[..., list[Any]],
) -> None:  # fmt: skip
    enqueue(add_people(50))
    dead = connections.add(workspace, "Dead", "smtp", {"host": "127.0.0.1", "port": free_port(), "security": "none"})

    report = drain(delivery, replace(smtp_plan, connection_id=dead.id))

    assert "can't be reached" in report.stopped
    counts = ledger.counts(workspace, CAMPAIGN)
    assert counts[MessageState.RETRY] + counts.get(MessageState.QUEUED, 0) == 50
    assert all("can't be reached" in row.reason for row in rows(MessageState.RETRY))
    clock.advance(rows(MessageState.RETRY)[0].due_at - clock.now())
    assert drain(delivery, smtp_plan).accepted == len(mail_server.received) == 50


def test_a_campaign_goes_on_once_its_wrong_connection_is_corrected(
    delivery: Delivery, smtp_plan: SendPlan, connections: Connections, workspace: Principal, add_people: AddPeople, enqueue: Enqueue,
    clock: FrozenClock, mail_server: MailServer, rows: Callable[..., list[Any]],
) -> None:  # fmt: skip
    enqueue(add_people(3))
    connections.change(workspace, smtp_plan.connection_id, {"port": free_port()})
    assert drain(delivery, smtp_plan).accepted == 0

    connections.change(workspace, smtp_plan.connection_id, {"port": mail_server.port})

    clock.advance(rows(MessageState.RETRY)[0].due_at - clock.now())
    assert drain(delivery, smtp_plan).accepted == len(mail_server.received) == 3


def test_a_full_disk_of_the_journal_stops_the_drain_and_forgets_nothing(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, ledger: Ledger, workspace: Principal,
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    enqueue(add_people(700))
    write = os.write

    def full_for_the_journal(descriptor: int, data: Any) -> int:
        if "journal" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    with monkeypatch.context() as full:
        full.setattr(os, "write", full_for_the_journal)
        report = drain(delivery, plan)
        again = drain(delivery, plan)

    assert (report.accepted, again.accepted) == (500, 0)
    assert "full" in report.stopped
    assert "full" in again.stopped
    assert ledger.counts(workspace, CAMPAIGN) == {MessageState.ACCEPTED: 500, MessageState.QUEUED: 200}
    deadline = time.monotonic() + 10  # the journal looks again only after a moment
    while not (report := drain(delivery, plan)).accepted and time.monotonic() < deadline:
        assert "full" in report.stopped
    assert report.accepted == 200
    assert len({record["message_id"] for record in journal()}) == 700


def test_a_full_disk_of_the_outbox_makes_messages_wait(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, rows: Callable[..., list[Any]], tmp_path: Path,
    clock: FrozenClock,
) -> None:  # fmt: skip
    enqueue(add_people(3))
    (tmp_path / "outbox").write_text("in the way")

    report = drain(delivery, plan)

    assert (report.retry, report.accepted) == (3, 0)
    assert "outbox" in report.stopped
    (tmp_path / "outbox").unlink()
    clock.advance(rows(MessageState.RETRY)[0].due_at - clock.now())
    assert drain(delivery, plan).accepted == 3


def test_facts_that_a_full_disk_and_a_crash_took_are_reported_again(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, journal: Journal, tmp_path: Path, clock: FrozenClock
) -> None:
    enqueue(add_people(3))
    drain(delivery, plan)
    sent = {(record["message_id"], record["at"]) for record in journal()}
    delivery.close()
    for path in tmp_path.rglob("*.jsonl"):
        path.unlink()  # what was only in the memory of a killed process

    assert delivery.report_again() == 0, "the ingester gets its time first"
    clock.advance(REPORT_AGAIN_AFTER + timedelta(seconds=1))
    assert delivery.report_again() == 3
    assert {(record["message_id"], record["at"]) for record in journal()} == sent
    assert delivery.report_again() == 0, "not over and over while the ingester rests"
    enqueue(add_people(2))
    drain(delivery, plan)
    delivery.close()
    for path in tmp_path.rglob("*.jsonl"):
        path.unlink()
    clock.advance(REPORT_AGAIN_AFTER + timedelta(seconds=1))
    assert delivery.report_again() == 2, "what is lost meanwhile need not wait for those"


def test_a_fact_that_is_known_late_and_lost_is_reported_too(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, rows: Callable[..., list[Any]], db: Database,
    clock: FrozenClock,
) -> None:  # fmt: skip
    enqueue(add_people(3))
    drain(delivery, plan)
    _, early, late = (row.id for row in rows())
    accepted_at = clock.now()

    def put(message_id: int, **values: Any) -> None:
        with db.transaction() as connection:
            connection.execute(sa.update(messages).where(messages.c.id == message_id).values(**values))

    put(late, state="uncertain", accepted_at=None)
    clock.advance(REPORT_AGAIN_AFTER + timedelta(minutes=1))
    assert delivery.report_again() == 2
    put(early, recorded_at=clock.now())  # of the other one the journal lost the second report as well
    put(late, state="accepted", accepted_at=accepted_at - timedelta(minutes=1))  # a report from before tells that it left
    reported = 0
    for _ in range(36):
        clock.advance(timedelta(seconds=10))
        reported += delivery.report_again()
    assert reported == 2


def test_a_page_of_unreported_facts_ends_in_the_middle_of_a_moment(
    delivery: Delivery, plan: SendPlan, add_people: AddPeople, enqueue: Enqueue, ledger: Ledger, clock: FrozenClock
) -> None:
    enqueue(add_people(5))
    drain(delivery, plan)
    found, after = [], (clock.now() - timedelta(days=1), 0)
    while page := ledger.unrecorded(after=after, before=clock.now() + timedelta(seconds=1), limit=2):
        after = (page[-1].accepted_at, page[-1].message_id)
        found += [each.message_id for each in page]
    assert found == sorted(set(found))
    assert len(found) == 5
