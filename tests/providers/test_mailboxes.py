"""Reading a mailbox by IMAP and POP3: what is read, what is put away, and what servers do wrong."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from core.errors import Unavailable
from core.providers.mailbox import Mailbox
from core.providers.smtp.account import BATCH_SIZE, Account, account_of
from core.providers.smtp.imap import ImapMailbox
from core.providers.smtp.opening import Security
from core.providers.smtp.parsing import LONGEST_MAIL
from core.providers.smtp.pop3 import LARGEST_MAIL, Pop3Mailbox
from tests.support.mail_server import free_port
from tests.support.mailbox_server import PASSWORD, TOKEN, USER, MailboxServer, serving

OPEN = {"imap": ImapMailbox, "pop3": Pop3Mailbox}
both = pytest.mark.parametrize("protocol", ["imap", "pop3"])
Start = Callable[..., MailboxServer]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:
        yield lambda protocol, **options: running.enter_context(serving(protocol, **options))


def opened(protocol: str, server: MailboxServer, **changed: Any) -> Mailbox:
    known = {"host": "127.0.0.1", "port": server.port, "security": Security.NONE, "username": USER, "password": PASSWORD, "timeout": 5.0}
    return OPEN[protocol](Account(**known | changed))


def read_all(mailbox: Mailbox, *, put_away: bool = True) -> list[bytes]:
    found = []
    with closing(mailbox):
        for batch in mailbox.batches():
            found += [one.data for one in batch]
            if put_away:
                mailbox.put_away(batch)
    return found


def letter(number: int) -> bytes:
    return f"Subject: {number}\r\n\r\n.line\r\nHello\r\n".encode()


@both
def test_everything_is_read_once_and_in_order(protocol: str, start: Start) -> None:
    server = start(protocol)
    letters = [letter(number) for number in range(2 * BATCH_SIZE + 3)]
    server.put(*letters)
    assert read_all(opened(protocol, server)) == letters
    assert read_all(opened(protocol, server)) == []
    server.put(letter(99))
    assert read_all(opened(protocol, server)) == [letter(99)]


def test_imap_marks_what_was_read_and_pop3_deletes_it(start: Start) -> None:
    imap, pop3 = start("imap"), start("pop3")
    for protocol, server in (("imap", imap), ("pop3", pop3)):
        server.put(letter(1))
        read_all(opened(protocol, server))
    assert ([each.is_seen for each in imap.mails], pop3.mails) == ([True], [])


@both
def test_what_was_not_put_away_comes_again(protocol: str, start: Start) -> None:
    server = start(protocol)
    server.put(letter(1))
    assert read_all(opened(protocol, server), put_away=False) == read_all(opened(protocol, server)) == [letter(1)]


@both
def test_a_connection_lost_before_it_is_put_away_loses_nothing(protocol: str, start: Start) -> None:
    server = start(protocol)
    server.put(letter(1))
    server.before = lambda command: "hang up" if command in ("STORE", "QUIT", "DELE") else None
    with pytest.raises(Unavailable):
        read_all(opened(protocol, server))
    server.before = lambda _: None
    assert read_all(opened(protocol, server)) == [letter(1)]


@both
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_tls_is_used_and_its_certificate_checked(
    protocol: str, security: Security, start: Start, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = start(protocol, tls=server_tls, from_the_start=security is Security.TLS)
    server.put(letter(1))
    assert read_all(opened(protocol, server, security=security, tls=client_tls)) == [letter(1)]
    server.commands.clear()
    with pytest.raises(Unavailable, match="certificate"):
        opened(protocol, server, security=security)
    assert not {"LOGIN", "USER", "PASS"} & set(server.commands)


@both
def test_a_wrong_password_is_told_without_repeating_it(protocol: str, start: Start) -> None:
    with pytest.raises(Unavailable, match=r"refused the sign-in.*wrong password") as told:
        opened(protocol, start(protocol), password="my secret")
    assert "my secret" not in str(told.value) + told.value.hint


def test_what_a_server_says_is_told_in_plain_words(start: Start) -> None:
    server = start("imap")
    server.before = lambda command: "NO a\0b\x1b[31mc" if command == "LOGIN" else None
    with pytest.raises(Unavailable, match=r"refused the sign-in: a b \[31mc\."):
        opened("imap", server)


@both
def test_an_access_token_signs_in_where_passwords_do_not(protocol: str, start: Start) -> None:
    server = start(protocol)
    server.put(letter(1))
    assert read_all(opened(protocol, server, password="", token=lambda: TOKEN)) == [letter(1)]
    with pytest.raises(Unavailable, match=r"refused the sign-in.*token"):
        opened(protocol, server, token=lambda: "an old one")


@both
def test_a_token_that_is_not_given_out_is_told(protocol: str, start: Start) -> None:
    def refuse() -> str:
        raise Unavailable("The access token was refused.")

    with pytest.raises(Unavailable, match="token was refused"):
        opened(protocol, start(protocol), token=refuse)


@both
def test_letters_beyond_ascii_in_a_password_are_no_accident(protocol: str, start: Start) -> None:
    with pytest.raises(Unavailable, match="refused the sign-in"):
        opened(protocol, start(protocol), password="schlüssel")


@both
def test_a_server_that_is_not_there_or_speaks_otherwise_is_told(protocol: str, start: Start) -> None:
    with pytest.raises(Unavailable, match="can't be reached"):
        opened(protocol, MailboxServer(free_port()))
    other = {"imap": "pop3", "pop3": "imap"}[protocol]
    with pytest.raises(Unavailable):
        opened(protocol, start(other))


@both
def test_nothing_is_read_where_clouds_hand_out_keys(protocol: str) -> None:
    kinds = {"imap": ImapMailbox, "pop3": Pop3Mailbox}
    with pytest.raises(Unavailable, match="can't be reached: this address is one of the machine's own network"):
        kinds[protocol](Account("169.254.169.254", 0, Security.NONE, "ann", "right"))


@both
def test_a_server_that_does_not_answer_is_given_up(protocol: str, start: Start) -> None:
    server = start(protocol)
    silent = threading.Event()
    server.before = lambda _: "hang up" if silent.wait(30) else None
    with pytest.raises(Unavailable, match="in time"):
        opened(protocol, server, timeout=0.2)
    silent.set()


@both
def test_of_a_large_mail_the_beginning_is_read(protocol: str, start: Start) -> None:
    server = start(protocol)
    large = letter(1) + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * (LARGEST_MAIL // 72 + 1)
    server.put(large, letter(2))
    found = read_all(opened(protocol, server))
    assert found[1] == letter(2)
    assert len(found[0]) <= LONGEST_MAIL
    assert large.startswith(found[0][:1000])
    assert read_all(opened(protocol, server)) == []


def test_a_large_mail_whose_beginning_is_not_given_stays_and_holds_nobody_up(start: Start) -> None:
    server = start("pop3")
    server.put(b"Subject: large\r\n\r\n" + b"y\r\n" * LARGEST_MAIL, letter(2))
    server.before = lambda command: "-ERR not here" if command == "TOP" else None
    assert read_all(opened("pop3", server)) == [letter(2)]
    assert len(server.mails) == 1


def test_lines_longer_than_pop3_allows_are_read(start: Start) -> None:
    server = start("pop3")
    long = b"Subject: long\r\n\r\n" + b"x" * 10_000 + b"\r\n"
    server.put(long)
    assert read_all(opened("pop3", server)) == [long]


MAIL = b"* 1 FETCH (UID 1 BODY[] {1000000}\r\n" + b"x" * 1_000_000 + b")\r\n"
FLOODS = {
    "mails": ("imap", "FETCH", MAIL),
    "lines": ("imap", "FETCH", b"* 1 FETCH (UID 1)\r\n" * 1_000),
    "words": ("imap", "SELECT", b"* WHAT " + b"x" * 100_000 + b"\r\n"),
    "numbers": ("imap", "SEARCH", b"* SEARCH " + b"1 " * 300_000 + b"\r\n"),
    "no end of a line": ("imap", "CAPABILITY", b"x" * 100_000),
    "list": ("pop3", "LIST", b"+OK\r\n" + b"1 1\r\n" * 10_000),
    "blank lines": ("pop3", "RETR", b"+OK\r\n" + b"\r\n" * 10_000),
    "mail": ("pop3", "RETR", b"+OK\r\n" + b"x" * 100_000 + b"\r\n"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_an_endless_answer_is_given_up(name: str, start: Start) -> None:
    protocol, command, flood = FLOODS[name]
    server = start(protocol)
    server.put(letter(1))
    server.floods[command] = flood
    with pytest.raises(Unavailable, match="too long"):
        read_all(opened(protocol, server))


@pytest.mark.parametrize(
    ("protocol", "command"), [("imap", "CAPABILITY"), ("imap", "LOGIN"), ("imap", "FETCH"), ("pop3", "PASS"), ("pop3", "RETR")]
)
def test_a_server_that_drips_is_given_up(protocol: str, command: str, start: Start) -> None:
    server = start(protocol)
    server.put(letter(1))
    server.drips = command
    with pytest.raises(Unavailable, match="in time"):
        read_all(opened(protocol, server, longest=0.4))


def test_between_searches_that_find_nothing_the_reader_may_stop(start: Start) -> None:
    server = start("imap")
    server.says_it_holds = 4_000_000_000
    with closing(opened("imap", server)) as mailbox:
        assert [len(batch) for batch, _ in zip(mailbox.batches(), range(3), strict=False)] == [0, 0, 0]
    assert server.commands.count("SEARCH") <= 4


def test_imap_reads_the_folder_that_was_asked_for(start: Start) -> None:
    server = start("imap")
    server.folder = 'Zur&APw-ck &- \\"mehr\\"'
    server.put(letter(1))
    assert read_all(opened("imap", server, folder='Zurück & "mehr"')) == [letter(1)]
    with pytest.raises(Unavailable, match="can't open the folder"):
        opened("imap", server, folder="Elsewhere")


def test_a_number_behind_the_mail_is_found(start: Start) -> None:
    server = start("imap")
    server.number_stands_behind = True
    server.put(letter(1), letter(2))
    assert read_all(opened("imap", server)) == [letter(1), letter(2)]
    assert server.unread == 0


def test_the_sign_in_for_sending_is_used_where_the_mailbox_has_none_of_its_own() -> None:
    oauth = {"oauth_token_url": "https://x.example", "oauth_client_id": "a", "oauth_client_secret": "", "oauth_refresh_token": "b"}
    sending = {"host": "mail.example.com", "username": "ann", "password": "secret", "sign_in": "xoauth2", "bounce_protocol": "imap"} | oauth
    shared, own = account_of(sending), account_of(sending | {"bounce_username": "bounces", "bounce_password": "other"})
    assert shared is not None
    assert own is not None
    assert (shared.host, shared.username, shared.token is not None) == ("mail.example.com", "ann", True)
    assert (own.username, own.password, own.token) == ("bounces", "other", None)
