"""kill -9 in the middle of two sends: into the outbox everybody gets exactly one message, over SMTP nobody gets two, and nothing
that was acknowledged is missing afterwards."""

from __future__ import annotations

import csv
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.providers.smtp.send import CONNECTIONS
from tests.faults.killing import CHILDREN, Killer
from tests.faults.readers import Readers
from tests.support import mail_server
from tests.support.mail_server import MailServer
from tests.support.product import Product, running
from tests.support.waiting import wait_for

# One story for all tests here: what a killed worker had claimed comes back after a minute, which nobody wants to wait for twice.
pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("kills"), pytest.mark.timeout(600)]

READERS = 3_000
MAILED = 600
TEMPLATE = "<html><body><p>Hello {{ contact.email }}</p><a href='https://example.com/'>Go</a></body></html>"


@dataclass(frozen=True)
class Aftermath:
    """What is there after both campaigns came to their end."""

    product: Product
    readers: Readers
    server: MailServer
    killed: Counter[str]
    outbox: str
    smtp: str

    def totals(self, campaign: str) -> dict[str, Any]:
        found: dict[str, Any] = self.product.run("campaigns", "report", campaign)["totals"]
        return found


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    folder = tmp_path_factory.mktemp("kills")
    with mail_server.serving() as server, running(folder / "data") as product:
        product.run("users", "add", "owner@example.com", "--role", "admin", "--password-stdin", given="a long pass phrase\n")
        outbox = _draft(product, folder, "reader", READERS, "--track-conversions")
        smtp_settings = [f"--set={key}={value}" for key, value in {"host": "127.0.0.1", "port": server.port, "security": "none"}.items()]
        product.run("providers", "add", "Mail host", "--kind", "smtp", *smtp_settings)
        smtp = _draft(product, folder, "mailed", MAILED, "--provider", "Mail host")
        killer, readers = Killer(product), Readers(product)
        server.before_answer = lambda taken: killer.kill("worker") if taken == MAILED // 4 else None
        readers.start()
        for campaign in (smtp, outbox):
            product.run("campaigns", "send", campaign)
        _kill_at_random(product, killer)
        for campaign in (outbox, smtp):
            wait_for(lambda campaign=campaign: _is_sent(product, campaign), f"campaign {campaign} to end", seconds=300, every=0.5)
        readers.stop()
        yield Aftermath(product, readers, server, killer.killed, outbox, smtp)


def _draft(product: Product, folder: Path, who: str, count: int, *options: str) -> str:
    people, template = folder / f"{who}.csv", folder / "template.html"
    people.write_text("email\n" + "".join(f"{who}-{n}@example.com\n" for n in range(count)))
    template.write_text(TEMPLATE)
    product.run("contacts", "import", str(people), "--list", who)
    product.run("templates", "import", str(template), "--name", "Plain")
    created = product.run(
        "campaigns", "create", "--name", f"News for {who}", "--subject", "News", "--template", "Plain", "--to", f"list:{who}",
        "--from", "news@example.com", *options,
    )  # fmt: skip
    return str(created["id"])


def _kill_at_random(product: Product, killer: Killer) -> None:
    """Kill each kind of process a few times while mail is going out.

    Few and early: every dead worker keeps some messages for a minute, and kills must not have to wait for those. The storms kill more, in a
    time that flies.
    """
    dice, outbox = random.Random(7), product.data_dir / "outbox"
    for share in (0.05, 0.2):
        wanted = int(READERS * share)
        wait_for(lambda wanted=wanted: sum(1 for _ in outbox.rglob("*.eml")) >= wanted, f"{wanted} messages", seconds=120)
        for name in dice.sample(list(CHILDREN), len(CHILDREN)):
            killer.kill(name)


def _is_sent(product: Product, campaign: str) -> bool:
    """Ask the database: a command takes seconds of the machine that the product needs to come to its end."""
    with closing(sqlite3.connect(product.data_dir / "app.db", timeout=30)) as connection:
        [state] = connection.execute("select state from campaigns where id = ?", [campaign]).fetchone()
    return bool(state == "sent")


def test_every_kind_of_process_was_killed(after: Aftermath) -> None:
    assert all(after.killed[word] >= 1 for word in CHILDREN), after.killed


def test_into_the_outbox_everybody_gets_exactly_one_message(after: Aftermath) -> None:
    recipients = Counter(mail.to for mail in after.product.mail())
    assert len(recipients) == READERS, "somebody was missed"
    assert set(recipients.values()) == {1}, "somebody was written to twice"
    totals = after.totals(after.outbox)
    assert (totals["recipients"], totals["uncertain"]) == (READERS, 0)
    assert totals["accepted"] == READERS, "whoever reacts to a message has got it, even where its sender died before saying so"
    delivered = wait_for(
        lambda: after.totals(after.outbox)["delivered"] == READERS, "facts lost with a sender to be reported again", seconds=120
    )
    assert delivered


# What people did, and where the report tells how many of them.
FIGURES = {
    "opened": ("unique_opens", "opens_total"),
    "clicked": ("unique_clicks", "clicks_total"),
    "unsubscribed": ("unsubscribes",),
    "converted": ("converting_contacts", "conversions"),
}


@pytest.mark.parametrize("what", FIGURES)
def test_everything_acknowledged_is_in_the_report(after: Aftermath, what: str) -> None:
    answered, tried = len(after.readers.answered[what]), len(after.readers.tried[what])
    assert answered > 0
    totals = wait_for(lambda: _with_at_least(after, FIGURES[what][0], answered), f"{answered} that {what}", seconds=30, every=0.5)
    for figure in FIGURES[what]:
        assert answered <= totals[figure] <= tried, figure


def _with_at_least(after: Aftermath, figure: str, count: int) -> dict[str, Any]:
    totals = after.totals(after.outbox)
    return totals if totals[figure] >= count else {}


def test_whoever_was_told_that_they_are_unsubscribed_gets_no_more_mail(after: Aftermath) -> None:
    file = after.product.data_dir / "contacts.csv"
    after.product.run("contacts", "export", "--output", str(file))
    with file.open(newline="") as rows:
        gone = {row["email"] for row in csv.DictReader(rows) if row["consent"] == "unsubscribed"}
    assert after.readers.answered["unsubscribed"] <= gone <= after.readers.tried["unsubscribed"]


def test_over_smtp_nobody_gets_two_and_what_nobody_knows_is_said(after: Aftermath) -> None:
    received = Counter(envelope.rcpt_tos[0] for envelope in after.server.received)
    assert set(received.values()) == {1}, "somebody was written to twice"
    totals = after.totals(after.smtp)
    assert totals["accepted"] + totals["uncertain"] == totals["recipients"] == MAILED
    assert totals["accepted"] <= len(received)
    # Each connection may have handed one over that was not answered; of all others their dead sender's record tells.
    assert 1 <= totals["uncertain"] <= CONNECTIONS * after.killed["worker"]
    accepted = {row["email"] for row in after.product.run("messages", "list", "--campaign", after.smtp, "--state", "accepted")["messages"]}
    assert accepted <= set(received), "the ledger knows of mail that never left"
    assert len(accepted) == totals["accepted"]
