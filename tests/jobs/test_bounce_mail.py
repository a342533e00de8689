"""From a mail in the bounce mailbox to the ledger: read beside the sending, kept before it is put away, counted once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.app import Services
from core.campaigns.models import Campaign
from core.clock import FrozenClock
from core.contacts.tables import suppressions
from core.errors import Unavailable
from core.events.tables import soft_bounces
from core.jobs.bounce_mail import EVERY_SECONDS, BounceMail
from core.jobs.delivering import drain
from core.jobs.worker import run
from core.messages.tables import messages
from core.permissions import Principal
from core.providers.connections import Connection
from core.storage.database import Database
from tests.support import mail_server
from tests.support.mailbox_server import PASSWORD, USER, MailboxServer, serving
from tests.support.waiting import wait_for

MAILS = Path(__file__).parent.parent / "providers" / "mails"
both = pytest.mark.parametrize("protocol", ["imap", "pop3"])
Start = Callable[..., MailboxServer]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:
        yield lambda protocol="imap": running.enter_context(serving(protocol))


@pytest.fixture
def mailbox(start: Start) -> MailboxServer:
    return start()


def entered(server: MailboxServer, protocol: str = "imap") -> dict[str, Any]:
    bounces = {"protocol": protocol, "host": "127.0.0.1", "port": server.port, "security": "none", "username": USER, "password": PASSWORD}
    return {"host": "127.0.0.1", "port": 9, "security": "none"} | {f"bounce_{name}": value for name, value in bounces.items()}


def connect(services: Services, by: Principal, server: MailboxServer, protocol: str = "imap", name: str = "Relay") -> Connection:
    services.connections.default(by)  # the outbox, which campaigns go out through
    return services.connections.add(by, name, "smtp", entered(server, protocol))


def sent(services: Services, by: Principal, campaign: Campaign) -> list[tuple[int, str]]:
    """Send a campaign; return the number and the key of every message."""
    services.campaigns.launch(by, campaign.id)
    drain(services, campaign.id, owner="test", should_stop=lambda: False)
    services.ingester.catch_up()
    with services.db.read() as connection:
        ids = connection.execute(sa.select(messages.c.id).where(messages.c.campaign_id == campaign.id).order_by(messages.c.id)).scalars()
        return [(number, services.composer.message_key(number)) for number in ids]


def mail(name: str, key: str) -> bytes:
    return (MAILS / f"{name}.eml").read_bytes().replace(b"{KEY}", key.encode())


def read(services: Services) -> Any:
    """Read the mailboxes once and let the ingester follow."""
    once(services)
    return services.ingester.catch_up()


def once(services: Services) -> None:
    """Read the mailboxes once, as the worker does."""
    reader = BounceMail(services, lambda: False)
    started = reader.step()
    reader.wait(30)
    reader.close()
    assert started


def states(services: Services) -> list[str]:
    with services.db.read() as connection:
        return list(connection.execute(sa.select(messages.c.state).order_by(messages.c.id)).scalars())


def suppressed(services: Services) -> list[tuple[str, str]]:
    with services.db.read() as connection:
        rows = connection.execute(sa.select(suppressions.c.email, suppressions.c.reason).order_by(suppressions.c.email))
        return [(row.email, row.reason) for row in rows]


@both
@pytest.mark.usefixtures("db")
def test_what_comes_back_is_in_the_ledger_and_has_its_consequences(
    real: Services, owner: Principal, draft: Callable[[int], Campaign], start: Start, protocol: str
) -> None:
    server = start(protocol)
    connect(real, owner, server, protocol)
    campaign = draft(7)
    keys = [key for _, key in sent(real, owner, campaign)]
    forms = ("postfix", "exchange_mailbox_full", "gmail_dmarc", "yahoo_arf", "vacation", "postfix_delayed", "qmail")
    server.put(*(mail(form, key) for form, key in zip(forms, keys, strict=True)))
    report = read(real)
    assert (report.kept, report.dropped) == (7, {})
    assert states(real) == ["bounced", "bounced", "bounced", "complained", "accepted", "accepted", "bounced"]
    assert suppressed(real) == [("p0@example.com", "hard_bounce"), ("p3@example.com", "complaint"), ("p6@example.com", "hard_bounce")]
    with real.db.read() as connection:
        assert len(connection.execute(sa.select(soft_bounces)).all()) == 1
    assert [(alert.count, alert.campaign_id) for alert in real.alerts.open(owner)] == [(1, campaign.id)]
    assert server.unread == 0


def test_a_campaign_sent_by_smtp_hears_of_what_comes_back_by_the_address_alone(
    real: Services, owner: Principal, draft: Callable[[int], Campaign], mailbox: MailboxServer
) -> None:
    with mail_server.serving() as relay:
        values = entered(mailbox) | {"port": relay.port, "return_path": "bounces@mail.shop.example"}
        real.connections.add(owner, "Relay", "smtp", values)
        campaign = draft(3)
        sent(real, owner, campaign)
        came_from = {envelope.rcpt_tos[0]: envelope.mail_from for envelope in relay.received}
    assert len(set(came_from.values())) == 3
    bare = mail("postfix_no_such_domain", "").replace(b"bounces+@mail.shop.example", came_from["p1@example.com"].encode())
    mailbox.put(bare)
    read(real)
    assert states(real) == ["accepted", "bounced", "accepted"]
    assert suppressed(real) == [("p1@example.com", "hard_bounce")]


def test_a_mail_that_is_read_again_counts_once(
    real: Services, owner: Principal, draft: Callable[[int], Campaign], mailbox: MailboxServer
) -> None:
    connect(real, owner, mailbox)
    [(_, key)] = sent(real, owner, draft(1))
    mailbox.put(mail("exchange_mailbox_full", key))
    assert read(real).kept == 1
    mailbox.mails[0].is_seen = False
    report = read(real)
    assert (report.kept, report.dropped) == (0, {"duplicate": 1})
    mailbox.put(mail("exchange_mailbox_full", key))  # and a server that hands the same one over twice
    assert read(real).dropped == {"duplicate": 1}


@pytest.mark.faults
@both
def test_killed_between_keeping_and_putting_away_it_is_read_again_and_counts_once(
    real: Services, owner: Principal, draft: Callable[[int], Campaign], start: Start, protocol: str
) -> None:
    server = start(protocol)
    connect(real, owner, server, protocol)
    [(_, first), (_, second)] = sent(real, owner, draft(2))
    server.put(mail("postfix", first), mail("qmail", second))
    asked, hold = threading.Event(), threading.Event()

    def hang(command: str) -> str | None:
        if command not in ("STORE", "DELE"):
            return None
        asked.set()
        hold.wait(60)
        return "hang up"

    server.before = hang
    process = subprocess.Popen([sys.executable, "-m", "core.cli.main", "worker"], env=_environment(real), stderr=subprocess.DEVNULL)
    try:
        assert asked.wait(60)
    finally:
        process.kill()
        process.wait()
    hold.set()
    server.before = lambda _: None
    assert real.ingester.catch_up().kept == 2
    with real.db.transaction() as connection:
        connection.execute(sa.text("delete from leases where name like 'bounce-mail:%'"))  # its time is up
    report = read(real)
    assert (report.kept, report.dropped) == (0, {"duplicate": 2})
    assert states(real) == ["bounced", "bounced"]
    assert server.unread == 0


def _environment(services: Services) -> dict[str, str]:
    settings = services.settings
    return os.environ | {
        "POSTWRIGHT_DATA_DIR": str(settings.data_dir),
        "POSTWRIGHT_SECRET_KEY": settings.secret_key.get_secret_value(),
        "POSTWRIGHT_DATABASE_URL": settings.database_url,
    }


@pytest.mark.parametrize("form", ["postfix", "gmail_dmarc", "yahoo_arf", "arf_opt_out", "exim_plain", "qmail", "delivered"])
def test_a_forged_bounce_has_no_effect(
    real: Services, owner: Principal, draft: Callable[[int], Campaign], mailbox: MailboxServer, form: str
) -> None:
    connect(real, owner, mailbox)
    [(number, key)] = sent(real, owner, draft(1))
    for guess in ("", f"{number}-000000000000", f"{number + 1}-{key.partition('-')[2]}", "nonsense"):
        forged = mail(form, guess)
        for address in (b"ann@tea.example", b"ann@gmail.example", b"ann@yahoo.example"):
            forged = forged.replace(address, b"p0@example.com")
        mailbox.put(forged)
    read(real)
    assert states(real) == ["accepted"]
    assert suppressed(real) == []
    assert real.alerts.open(owner) == []
    with real.engine.session(owner.workspace_id) as session:
        kinds = session.rows("select distinct kind, bounce_class from events where kind <> 'sent'")
    assert kinds == [{"kind": "unknown", "bounce_class": None}]
    assert real.contacts.find(owner, "p0@example.com").consent == "subscribed"


def test_a_genuine_key_speaks_for_its_own_message_only(
    real: Services, owner: Principal, draft: Callable[[int], Campaign], mailbox: MailboxServer
) -> None:
    connect(real, owner, mailbox)
    [(_, key), _] = sent(real, owner, draft(2))
    mailbox.put(mail("postfix", key).replace(b"ann@tea.example", b"p1@example.com"))
    read(real)
    assert states(real) == ["bounced", "accepted"]
    assert suppressed(real) == [("p0@example.com", "hard_bounce")]


def test_a_key_of_another_workspace_has_no_effect(
    real: Services, owner: Principal, draft: Callable[[int], Campaign], mailbox: MailboxServer
) -> None:
    other = Principal.system(real.workspaces.create("Other").id)
    connect(real, other, mailbox)
    [(_, key)] = sent(real, owner, draft(1))
    mailbox.put(mail("postfix", key))
    read(real)
    assert states(real) == ["accepted"]
    assert suppressed(real) == []


def test_each_mailbox_is_read_once_a_minute_and_one_that_hangs_holds_nobody_up(
    services: Services, clock: FrozenClock, workspace: Principal, start: Start
) -> None:
    hung, other = start("imap"), start("imap")
    release = threading.Event()
    hung.before = lambda _: "hang up" if release.wait(30) else None
    connect(services, workspace, hung, name="Hung")
    connect(services, workspace, other, name="Other")
    passed = [0.0]
    reader = BounceMail(services, lambda: False, lambda: passed[0])
    assert reader.step() == 2
    wait_for(lambda: "LOGOUT" in other.commands, "the other mailbox")
    assert reader.step() == 0
    clock.advance(timedelta(hours=-1))  # somebody has set it back
    passed[0] += EVERY_SECONDS
    wait_for(lambda: reader.step() == 1, "the other one again")
    wait_for(lambda: other.sessions == 2, "the other one again")
    release.set()
    reader.wait(30)
    assert hung.sessions == 1
    reader.close()


def test_servers_of_one_workspace_that_hang_hold_no_other_up(services: Services, workspace: Principal, start: Start) -> None:
    hung, other = start("imap"), start("imap")
    release = threading.Event()
    hung.before = lambda _: "hang up" if release.wait(30) else None
    for number in range(9):
        connect(services, workspace, hung, name=f"Hung {number}")
    connect(services, Principal.system(services.workspaces.create("Other").id), other)
    reader = BounceMail(services, lambda: False)
    try:
        assert reader.step() == 5
        assert reader.step() == 0
        wait_for(lambda: "LOGOUT" in other.commands, "the other workspace's mailbox")
    finally:
        release.set()
        reader.wait(30)
        reader.close()


def test_a_server_that_claims_more_than_it_has_is_left_when_the_worker_stops(
    services: Services, workspace: Principal, mailbox: MailboxServer
) -> None:
    connect(services, workspace, mailbox)
    mailbox.says_it_holds = 4_000_000_000
    reader = BounceMail(services, lambda: "SEARCH" in mailbox.commands)
    reader.step()
    reader.wait(30)
    reader.close()
    assert mailbox.commands.count("SEARCH") == 1


def test_two_workers_do_not_read_one_mailbox_at_once(services: Services, workspace: Principal, mailbox: MailboxServer) -> None:
    connection = connect(services, workspace, mailbox)
    first, second = BounceMail(services, lambda: False), BounceMail(services, lambda: False)
    inside, release = threading.Event(), threading.Event()

    def hold(command: str) -> None:
        if command == "SELECT":
            inside.set()
            release.wait(30)

    mailbox.before = hold
    first.step()
    assert inside.wait(30)
    [its] = services.bounce_mailboxes.all()
    assert its.connection_id == connection.id
    assert second.read(its) == 0
    assert mailbox.sessions == 1
    release.set()
    first.wait(30)


def test_what_went_wrong_is_kept_with_the_connection_until_it_goes_well(
    services: Services, workspace: Principal, mailbox: MailboxServer
) -> None:
    connection = connect(services, workspace, mailbox)
    mailbox.before = lambda command: "NO wrong password" if command == "LOGIN" else None
    read(services)
    state = services.bounce_mailboxes.states(workspace)[connection.id]
    assert ("refused the sign-in" in state.problem, state.read_at) == (True, None)
    mailbox.before = lambda _: None
    read(services)
    state = services.bounce_mailboxes.states(workspace)[connection.id]
    assert (state.problem, state.read_at) == ("", services.clock.now())
    services.connections.remove(workspace, connection.id)
    assert services.bounce_mailboxes.states(workspace) == {}


def test_a_mail_that_cant_be_kept_stays_in_the_mailbox(services: Services, workspace: Principal, mailbox: MailboxServer) -> None:
    connection = connect(services, workspace, mailbox)
    mailbox.put(mail("postfix", "1-0123456789ab"))
    folder = services.settings.journal_dir
    folder.write_text("a file where the folder should be")
    once(services)
    assert mailbox.unread == 1
    assert "journal" in services.bounce_mailboxes.states(workspace)[connection.id].problem
    folder.unlink()
    once(services)
    assert mailbox.unread == 0


def test_testing_a_connection_tests_its_mailbox_too(services: Services, workspace: Principal, mailbox: MailboxServer) -> None:
    with mail_server.serving() as relay:
        added = services.connections.add(workspace, "Relay", "smtp", entered(mailbox) | {"port": relay.port})
        services.connections.test(workspace, added.id)
        assert mailbox.sessions == 1
        services.connections.change(workspace, added.id, {"bounce_password": "wrong"})
        with pytest.raises(Unavailable, match="bounce mailbox"):
            services.connections.test(workspace, added.id)


def test_a_mailbox_is_read_with_the_sign_in_for_sending_where_it_has_none_of_its_own(
    services: Services, workspace: Principal, mailbox: MailboxServer
) -> None:
    shared = {"host": "127.0.0.1", "security": "none", "username": USER, "password": PASSWORD}
    own = {"bounce_protocol": "imap", "bounce_port": mailbox.port, "bounce_security": "none"}
    added = services.connections.add(workspace, "Relay", "smtp", shared | own)
    read(services)
    assert services.bounce_mailboxes.states(workspace)[added.id].problem == ""


def test_connections_without_a_mailbox_are_left_alone(services: Services, workspace: Principal, sqlite_db: Database) -> None:
    services.connections.add(workspace, "Relay", "smtp", {"host": "127.0.0.1", "return_path": "bounces@mail.example.com"})
    services.connections.default(workspace)
    assert BounceMail(services, lambda: False).step() == 0


def test_the_worker_reads_them(real: Services, owner: Principal, mailbox: MailboxServer) -> None:
    connect(real, owner, mailbox)
    mailbox.put(mail("spam", ""))
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(real, stop), kwargs={"sweep_seconds": 0.1})
    thread.start()
    try:
        wait_for(lambda: mailbox.unread == 0, "the mailbox to be read")
    finally:
        stop.set()
        thread.join(20)
    assert [state.problem for state in real.bounce_mailboxes.states(owner).values()] == [""]
