from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound, Unavailable
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.providers.catalogue import CATALOGUE
from core.providers.connections import Connections
from core.providers.outbox.send import OutboxProvider
from core.providers.pace_book import PaceBook
from core.providers.standing import after_domain_trouble
from core.providers.tables import connections as table
from core.storage.database import Database
from core.storage.vault import Vault
from tests.providers.conftest import email as outgoing
from tests.support.mail_server import MailServer

SMTP = {"host": "127.0.0.1", "port": "2525", "security": "none", "username": "ann", "password": "s3cret-word"}


@pytest.fixture
def connections(db: Database, clock: FrozenClock, tmp_path: Path) -> Connections:
    return Connections(db, clock, Vault(b"key"), tmp_path)


def test_a_workspace_without_a_connection_gets_the_outbox_once(connections: Connections, workspace: Principal, tmp_path: Path) -> None:
    first, second = connections.default(workspace), connections.default(workspace)

    assert first == second
    assert (first.kind, first.is_default) == ("outbox", True)
    provider = connections.open(workspace.workspace_id, first.id)
    assert isinstance(provider, OutboxProvider)
    provider.send([outgoing(1)])
    assert (tmp_path / "outbox" / "7" / "1-abc.eml").exists()


def test_secrets_are_neither_shown_nor_stored_in_the_clear(connections: Connections, workspace: Principal, db: Database) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP)

    shown = {name: added.settings[name] for name in ("host", "port", "security", "username")}
    assert shown == {"host": "127.0.0.1", "port": 2525, "security": "none", "username": "ann"}
    assert not {"password", "bounce_password", "oauth_client_secret", "oauth_refresh_token"} & set(added.settings)
    with db.read() as connection:
        row = connection.execute(sa.select(table)).one()
    assert "s3cret-word" not in str(row)


def test_a_connection_opens_as_it_was_entered(connections: Connections, workspace: Principal, mail_server: MailServer) -> None:
    values = {"host": "127.0.0.1", "port": mail_server.port, "security": "none"}
    added = connections.add(workspace, "Relay", "smtp", values)

    connections.test(workspace, added.id)
    assert mail_server.connections == 1


def test_a_connection_that_does_not_answer_says_so(connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP | {"port": 1})

    with pytest.raises(Unavailable):
        connections.test(workspace, added.id)


@pytest.mark.parametrize(
    ("kind", "values", "word"),
    [
        ("pigeon", {}, "outbox, smtp"),
        ("smtp", {"port": 25}, "Server"),
        ("smtp", {"host": "x", "port": "many"}, "Port"),
        ("smtp", {"host": "x", "port": 70_000}, "Port"),
        ("smtp", {"host": "x", "security": "magic"}, "starttls"),
        ("smtp", {"host": "x\r\ny"}, "Server"),
        ("smtp", {"host": "x", "colour": "red"}, "colour"),
        ("outbox", {"folder": "/"}, "folder"),
    ],
)
def test_what_cannot_be_used_is_named(
    connections: Connections, workspace: Principal, kind: str, values: dict[str, object], word: str
) -> None:
    with pytest.raises(InvalidInput, match=word):
        connections.add(workspace, "X", kind, values)


def test_what_is_changed_counts_and_what_is_left_out_stays(connections: Connections, workspace: Principal, db: Database) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP)
    before = _secrets(db)

    changed = connections.change(workspace, added.id, {"username": "bob", "password": ""})

    assert changed == replace(added, settings=added.settings | {"username": "bob"})
    assert connections.get(workspace, added.id) == changed
    assert _opened(before) == _opened(_secrets(db)) == {"password": "s3cret-word"}


def test_a_corrected_port_is_the_one_that_is_used(connections: Connections, workspace: Principal, mail_server: MailServer) -> None:
    added = connections.add(workspace, "Relay", "smtp", {"host": "127.0.0.1", "port": 1, "security": "none"})

    connections.change(workspace, added.id, {"port": mail_server.port})

    connections.test(workspace, added.id)
    assert mail_server.connections == 1


def test_connections_are_changed_while_their_pace_is_noted(
    db: Database, connections: Connections, workspace: Principal, clock: FrozenClock
) -> None:
    made, book, errors = connections.add(workspace, "Relay", "smtp", SMTP), PaceBook(db, clock), list[Exception]()
    slower = partial(after_domain_trouble, reason="slow down", now=clock.now(), wanted=None, measured=10.0)

    def run(step: Callable[[int], object]) -> None:
        try:
            for number in range(25):
                step(number)
        except Exception as error:
            errors.append(error)

    def note(thread: int, number: int) -> None:
        book.note(workspace.workspace_id, made.id, {f"shop{thread}-{number}.example": slower})

    steps: list[Callable[[int], object]] = [partial(note, thread) for thread in range(3)]
    steps.append(lambda number: connections.change(workspace, made.id, {"port": 2600 + number, "password": "secret"}))
    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_new_secret_replaces_the_stored_one_and_is_not_shown(connections: Connections, workspace: Principal, db: Database) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP)

    changed = connections.change(workspace, added.id, {"password": "another-word"})

    assert changed == added
    assert "another-word" not in _secrets(db)
    assert _opened(_secrets(db)) == {"password": "another-word"}


def test_a_value_that_is_emptied_is_empty_or_what_it_is_by_default(connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP)

    changed = connections.change(workspace, added.id, {"username": "", "port": "", "password": "again"})

    assert (changed.settings["username"], changed.settings["port"]) == ("", 587)


@pytest.mark.parametrize(
    ("values", "word"),
    [({"host": ""}, "Server"), ({"port": "many"}, "Port"), ({"security": "magic"}, "starttls"), ({"kind": "outbox"}, "kind")],
)
def test_a_change_that_cannot_be_used_changes_nothing(
    connections: Connections, workspace: Principal, values: dict[str, object], word: str
) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP)

    with pytest.raises(InvalidInput, match=word):
        connections.change(workspace, added.id, {"username": "bob"} | values)
    assert connections.get(workspace, added.id) == added


MAILBOX = {"bounce_protocol": "imap", "bounce_host": "imap.example.com", "bounce_username": "b", "bounce_password": "b-word"}
TOKEN = {
    "host": "smtp.example.com", "username": "ann", "sign_in": "xoauth2", "oauth_token_url": "https://t.example/",
    "oauth_client_id": "c", "oauth_refresh_token": "refresh",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "stored", "change", "asked"),
    [
        ("smtp", SMTP, {"host": "evil.example"}, "password"),
        ("smtp", SMTP, {"port": 26}, "password"),
        ("smtp", SMTP | {"security": "tls"}, {"security": "none"}, "password"),
        ("smtp", SMTP, {"bounce_protocol": "pop3", "bounce_host": "evil.example"}, "password"),
        ("smtp", SMTP | MAILBOX, {"bounce_username": "", "bounce_host": "evil.example"}, "password"),
        ("smtp", SMTP | MAILBOX, {"bounce_host": "evil.example"}, "bounce_password"),
        ("smtp", SMTP | MAILBOX, {"bounce_port": 99}, "bounce_password"),
        ("smtp", SMTP | MAILBOX, {"bounce_security": "none"}, "bounce_password"),
        ("smtp", SMTP | MAILBOX | {"bounce_host": ""}, {"host": "evil.example", "password": "new"}, "bounce_password"),
        ("smtp", TOKEN, {"oauth_token_url": "https://evil.example/"}, "oauth_refresh_token"),
        ("smtp", TOKEN | {"oauth_client_secret": "cs"}, {"oauth_token_url": "https://e.example/", "oauth_refresh_token": "n"},
         "oauth_client_secret"),
        ("smtp", TOKEN, {"host": "evil.example"}, "oauth_refresh_token"),
        ("brevo", {"api_key": "k"}, {"api_url": "https://evil.example"}, "api_key"),
        ("mailgun", {"api_key": "k"}, {"api_url": "https://evil.example"}, "api_key"),
        ("mailjet", {"api_key": "k"}, {"api_url": "https://evil.example"}, "api_key"),
        ("mailjet", {"api_secret": "k"}, {"api_url": "https://evil.example"}, "api_secret"),
        ("postal", {"api_key": "k"}, {"server_url": "https://evil.example"}, "api_key"),
        ("postmark", {"server_token": "k"}, {"api_url": "https://evil.example"}, "server_token"),
        ("resend", {"api_key": "k"}, {"api_url": "https://evil.example"}, "api_key"),
        ("sendgrid", {"api_key": "k"}, {"api_url": "https://evil.example"}, "api_key"),
        ("ses", {"secret_access_key": "k"}, {"api_url": "https://evil.example"}, "secret_access_key"),
        ("sparkpost", {"api_key": "k"}, {"api_url": "https://evil.example"}, "api_key"),
    ],
)  # fmt: skip
def test_a_secret_is_never_sent_where_it_was_not_entered_for(
    connections: Connections, workspace: Principal, db: Database, kind: str, stored: dict[str, object], change: dict[str, object],
    asked: str,
) -> None:  # fmt: skip
    added = connections.add(workspace, "Relay", kind, stored)
    before = _secrets(db)

    with pytest.raises(InvalidInput, match="has to be entered again: what you changed decides where it is sent") as refusal:
        connections.change(workspace, added.id, change | {asked: ""})

    assert f"“{asked}”" in refusal.value.hint
    assert (connections.get(workspace, added.id), _secrets(db)) == (added, before)
    connections.change(workspace, added.id, change | {asked: "entered-again"})
    assert _opened(_secrets(db))[asked] == "entered-again"


@pytest.mark.parametrize(
    ("stored", "change"),
    [
        (SMTP, MAILBOX),
        (SMTP | MAILBOX, {"bounce_protocol": "none"}),
        (SMTP, {"connections": 2, "host": "127.0.0.1", "port": 2525}),
        (SMTP, {"oauth_token_url": "https://t.example/"}),
        (SMTP | MAILBOX, {"bounce_folder": "Bounces", "return_path": "b@example.com"}),
    ],
)
def test_a_secret_that_goes_nowhere_else_is_kept(
    connections: Connections, workspace: Principal, db: Database, stored: dict[str, object], change: dict[str, object]
) -> None:
    added = connections.add(workspace, "Relay", "smtp", stored)

    connections.change(workspace, added.id, change)

    assert _opened(_secrets(db))["password"] == SMTP["password"]


def test_every_secret_with_an_address_beside_it_says_where_it_goes() -> None:
    """A new kind can't forget it: whatever signs in somewhere else than at our own receiver is asked for again."""
    for kind in CATALOGUE.values():
        names = {field.name for field in kind.fields}
        for field in kind.fields:
            comes_in = field.name.startswith("webhook_")
            if field.secret and not comes_in and names & {"api_url", "server_url", "host"}:
                assert field.goes_to is not None, f"{kind.kind}: {field.name}"


def test_a_secret_of_another_key_has_to_be_entered_again(
    connections: Connections, workspace: Principal, db: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP)
    restored = Connections(db, clock, Vault(b"another key"), tmp_path)

    with pytest.raises(InvalidInput, match="Password has to be entered again"):
        restored.change(workspace, added.id, {"port": 26, "password": ""})
    restored.change(workspace, added.id, {"password": "entered again"})

    assert restored.open(workspace.workspace_id, added.id).kind == "smtp"


def test_a_connection_without_a_secret_needs_none_to_be_changed(connections: Connections, workspace: Principal, db: Database) -> None:
    added = connections.add(workspace, "Relay", "smtp", {"host": "mail.example.com"})

    assert connections.change(workspace, added.id, {"port": 26}).settings["port"] == 26
    assert _secrets(db) == ""


def test_a_name_is_needed_and_used_once(connections: Connections, workspace: Principal) -> None:
    connections.add(workspace, "Relay", "outbox")

    with pytest.raises(Conflict):
        connections.add(workspace, " Relay ", "outbox")
    with pytest.raises(InvalidInput):
        connections.add(workspace, "  ", "outbox")


def test_the_default_is_read_while_somebody_else_writes(db: Database, connections: Connections, workspace: Principal) -> None:
    known = connections.default(workspace)
    with db.transaction():
        assert connections.default(workspace) == known


def test_exactly_one_connection_is_the_default(connections: Connections, workspace: Principal) -> None:
    first = connections.add(workspace, "One", "outbox")
    second = connections.add(workspace, "Two", "outbox")
    assert (first.is_default, second.is_default) == (True, False)

    connections.set_default(workspace, second.id)

    assert [found.name for found in connections.all(workspace) if found.is_default] == ["Two"]
    assert connections.default(workspace).id == second.id


def test_a_removed_connection_is_gone(connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "One", "outbox")

    connections.remove(workspace, added.id)

    with pytest.raises(NotFound):
        connections.get(workspace, added.id)
    with pytest.raises(NotFound):
        connections.remove(workspace, added.id)


def test_another_workspace_sees_and_opens_nothing(connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "One", "outbox")
    stranger = Principal.system(workspace.workspace_id + 1)

    assert connections.all(stranger) == []
    change = partial(connections.change, values={})
    for attempt in (connections.get, connections.remove, connections.set_default, connections.test, change):
        with pytest.raises(NotFound):
            attempt(stranger, added.id)
    with pytest.raises(NotFound):
        connections.by_name(stranger, "One")
    with pytest.raises(NotFound):
        connections.open(stranger.workspace_id, added.id)


def test_only_an_admin_changes_connections(connections: Connections, workspace: Principal) -> None:
    marketer = Principal(workspace.workspace_id, "person:2", ROLE_PERMISSIONS[Role.MARKETER])

    with pytest.raises(Denied):
        connections.add(marketer, "X", "outbox")
    with pytest.raises(Denied):
        connections.change(marketer, connections.default(marketer).id, {})
    assert connections.default(marketer).kind == "outbox"


def _secrets(db: Database) -> str:
    with db.read() as connection:
        return str(connection.execute(sa.select(table.c.secrets)).scalar_one())


def _opened(sealed: str) -> dict[str, object]:
    """The secrets that are not empty."""
    return {name: value for name, value in json.loads(Vault(b"key").open(sealed)).items() if value}


def test_one_that_only_takes_reports_is_never_the_default(connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "Outbox", "generic", {"webhook_token": "t"})
    assert (added.is_default, added.sends) == (False, False)
    with pytest.raises(Conflict, match="takes reports only"):
        connections.set_default(workspace, added.id)
    default = connections.default(workspace)
    assert (default.name, default.kind, default.is_default) == ("Outbox 2", "outbox", True)
    assert connections.default(workspace) == default


def test_one_without_its_key_sends_nothing_and_says_what_is_missing(connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "Grid", "sendgrid", {})
    assert not added.is_default
    with pytest.raises(Unavailable, match="API key is missing"):
        connections.open(workspace.workspace_id, added.id)
    connections.change(workspace, added.id, {"api_key": " SG.key\n"})
    with closing(connections.open(workspace.workspace_id, added.id)) as provider:
        assert provider.kind == "sendgrid"


def test_each_connection_has_an_address_of_its_own(connections: Connections, workspace: Principal) -> None:
    first, second = (connections.add(workspace, name, "generic", {"webhook_token": "t"}) for name in ("A", "B"))
    assert first.webhook_url("https://mail.example.com") == f"https://mail.example.com/webhooks/generic/{first.webhook_key}"
    assert first.webhook_key != second.webhook_key
    assert connections.add(workspace, "C", "smtp", SMTP).webhook_url("https://mail.example.com") is None


def test_only_secrets_that_are_used_have_to_be_entered_again(
    db: Database, clock: FrozenClock, tmp_path: Path, connections: Connections, workspace: Principal
) -> None:
    added = connections.add(workspace, "Relay", "smtp", SMTP | {"bounce_protocol": "imap", "bounce_password": "s3cret"})
    restored = Connections(db, clock, Vault(b"another key"), tmp_path)
    with pytest.raises(InvalidInput, match="Mailbox password has to be entered again"):
        restored.change(workspace, added.id, {"password": "entered again"})
    changed = restored.change(workspace, added.id, {"password": "entered again", "bounce_protocol": "none"})
    assert changed.settings["bounce_protocol"] == "none"


@pytest.mark.parametrize("port", ["0", "70000", "imap"])
def test_a_port_that_may_be_left_out_is_checked_where_it_is_not(connections: Connections, workspace: Principal, port: str) -> None:
    assert connections.add(workspace, "Relay", "smtp", SMTP | {"bounce_port": ""}).settings["bounce_port"] == ""
    with pytest.raises(InvalidInput, match="Mailbox port"):
        connections.add(workspace, "Other", "smtp", SMTP | {"bounce_port": port})
