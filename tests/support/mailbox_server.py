"""Real IMAP and POP3 servers on this machine, small but faithful, that hold mails and behave as a test tells them to."""

from __future__ import annotations

import base64
import contextlib
import re
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

USER, PASSWORD, TOKEN = "bounces", "right pass", "a-token"
BEARER = base64.b64encode(f"user={USER}\1auth=Bearer {TOKEN}\1\1".encode()).decode()


@dataclass
class Held:
    """A mail in the mailbox."""

    data: bytes
    uid: int
    is_seen: bool = False


@dataclass
class MailboxServer:
    """What the servers hold and how they behave.

    `before` is called with a command's name before it is answered; what it returns, if anything, is answered instead
    ("hang up" ends the connection). `floods` says something again and again before it answers a command, and `drips` one letter
    after the other, until the client hangs up. `says_it_holds` is how many mails IMAP claims.
    """

    port: int = 0
    mails: list[Held] = field(default_factory=list)
    before: Callable[[str], str | None] = lambda _command: None
    sessions: int = 0
    commands: list[str] = field(default_factory=list)
    folder: str = "INBOX"
    number_stands_behind: bool = False
    tls: ssl.SSLContext | None = None
    floods: dict[str, bytes] = field(default_factory=dict)
    drips: str = ""
    says_it_holds: int | None = None
    over: threading.Event = field(default_factory=threading.Event)
    _uid: int = 0

    def put(self, *mails: bytes) -> None:
        """Let mails arrive."""
        for data in mails:
            self._uid += 1
            self.mails.append(Held(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), self._uid))

    @property
    def unread(self) -> int:
        return sum(1 for each in self.mails if not each.is_seen)


class HungUp(Exception):
    """The server ends the connection."""


class _Session(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        self.held.sessions += 1
        with contextlib.suppress(HungUp, OSError, ValueError):
            self.greet()
            while line := self.rfile.readline():
                self.obey(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))

    @property
    def held(self) -> MailboxServer:
        return self.server.held

    def say(self, text: str | bytes) -> None:
        self.wfile.write((text if isinstance(text, bytes) else text.encode()) + b"\r\n")
        self.wfile.flush()

    def asked(self, command: str) -> str | None:
        self.held.commands.append(command)
        answer = self.held.before(command)
        while flood := self.held.floods.get(command):
            self.wfile.write(flood)
        while command == self.held.drips and not self.held.over.wait(0.02):
            self.wfile.write(b"x")
            self.wfile.flush()
        if answer == "hang up":
            raise HungUp
        return answer

    def begin_tls(self) -> None:
        assert self.held.tls is not None
        self.request = self.held.tls.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")

    def greet(self) -> None: ...

    def obey(self, line: str) -> None: ...


class ImapSession(_Session):
    """IMAP4rev1 (RFC 3501), as much of it as reading a folder takes."""

    is_signed_in, is_selected = False, False

    def greet(self) -> None:
        self.say("* OK ready")

    def obey(self, line: str) -> None:
        tag, _, rest = line.partition(" ")
        command, _, told = rest.partition(" ")
        command = command.upper()
        if command == "UID":
            command, _, told = told.partition(" ")
            command = command.upper()
        if (answer := self.asked(command)) is not None:
            self.say(f"{tag} {answer}")
            return
        reply = getattr(self, f"on_{command.lower()}", None)
        self.say(f"{tag} {reply(told) if reply else 'BAD what?'}")
        if command == "STARTTLS":
            self.begin_tls()
        if command == "LOGOUT":
            raise HungUp

    def on_capability(self, _told: str) -> str:
        self.say("* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN")
        return "OK done"

    def on_starttls(self, _told: str) -> str:
        return "OK begin"

    def on_login(self, told: str) -> str:
        self.is_signed_in = told in (f'{USER} "{PASSWORD}"', f'"{USER}" "{PASSWORD}"')
        return "OK signed in" if self.is_signed_in else "NO [AUTHENTICATIONFAILED] wrong password"

    def on_authenticate(self, told: str) -> str:
        assert told == "XOAUTH2"
        self.say("+ ")
        self.is_signed_in = self.rfile.readline().decode().strip() == BEARER
        if not self.is_signed_in:
            self.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
            assert self.rfile.readline() == b"\r\n"
        return "OK signed in" if self.is_signed_in else "NO the token is not good"

    def on_select(self, told: str) -> str:
        if not self.is_signed_in or told != f'"{self.held.folder}"':
            return "NO there is no such folder"
        self.is_selected = True
        self.say(f"* {len(self.held.mails) if self.held.says_it_holds is None else self.held.says_it_holds} EXISTS")
        self.say("* OK [UIDVALIDITY 1] always the same")
        return "OK [READ-WRITE] selected"

    def on_search(self, told: str) -> str:
        first, last = map(int, re.fullmatch(r"(\d+):(\d+) UNSEEN UNDELETED", told).groups())
        assert 1 <= first <= last <= (self.held.says_it_holds or len(self.held.mails))
        self.say("* SEARCH " + " ".join(str(each.uid) for each in self.held.mails[first - 1 : last] if not each.is_seen))
        return "OK found"

    def on_fetch(self, told: str) -> str:
        wanted, _, parts = told.partition(" ")
        length = int(re.search(r"BODY\.PEEK\[\]<0\.(\d+)>", parts)[1])
        for number, each in enumerate(self.held.mails, 1):
            if str(each.uid) in wanted.split(","):
                data, uid = each.data[:length], f"UID {each.uid}"
                before, behind = ("", f" {uid}") if self.held.number_stands_behind else (f"{uid} ", "")
                self.say(f"* {number} FETCH ({before}BODY[]<0> {{{len(data)}}}".encode() + b"\r\n" + data + f"{behind})".encode())
        return "OK fetched"

    def on_store(self, told: str) -> str:
        wanted, _, what = told.partition(" ")
        assert what == r"+FLAGS.SILENT (\Seen)"
        for each in self.held.mails:
            each.is_seen = each.is_seen or str(each.uid) in wanted.split(",")
        return "OK marked"

    def on_logout(self, _told: str) -> str:
        self.say("* BYE")
        return "OK"


class Pop3Session(_Session):
    """POP3 (RFC 1939)."""

    def greet(self) -> None:
        self.user, self.deleted = "", set[int]()
        self.there = list(self.held.mails)
        self.say("+OK ready")

    def obey(self, line: str) -> None:
        command, _, told = line.partition(" ")
        command = command.upper()
        if (answer := self.asked(command)) is not None:
            self.say(answer)
            return
        reply = getattr(self, f"on_{command.lower()}", None)
        self.say(reply(told) if reply else "-ERR what?")
        if command == "STLS":
            self.begin_tls()
        if command == "QUIT":
            raise HungUp

    def on_stls(self, _told: str) -> str:
        return "+OK begin"

    def on_capa(self, _told: str) -> str:
        return "+OK\r\nSTLS\r\nTOP\r\n."

    def on_user(self, told: str) -> str:
        self.user = told
        return "+OK"

    def on_pass(self, told: str) -> str:
        return "+OK" if (self.user, told) == (USER, PASSWORD) else "-ERR wrong password"

    def on_auth(self, told: str) -> str:
        assert told == "XOAUTH2"
        self.say("+ ")
        if self.rfile.readline().decode().strip() == BEARER:
            return "+OK"
        self.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
        assert self.rfile.readline() == b"\r\n"
        return "-ERR the token is not good"

    def on_list(self, _told: str) -> str:
        lines = [f"{number} {len(each.data)}" for number, each in enumerate(self.there, 1)]
        return "\r\n".join(["+OK", *lines, "."])

    def on_retr(self, told: str) -> bytes:
        return self._whole(self.there[int(told) - 1].data)

    def on_top(self, told: str) -> bytes:
        number, _, lines = told.partition(" ")
        head, blank, body = self.there[int(number) - 1].data.partition(b"\r\n\r\n")
        return self._whole(head + blank + b"\r\n".join(body.split(b"\r\n")[: int(lines)]) + b"\r\n")

    def on_dele(self, told: str) -> str:
        self.deleted.add(int(told) - 1)
        return "+OK"

    def on_quit(self, _told: str) -> str:
        gone = [each for number, each in enumerate(self.there) if number in self.deleted]
        self.held.mails = [each for each in self.held.mails if each not in gone]
        return "+OK"

    def _whole(self, data: bytes) -> bytes:
        stuffed = re.sub(rb"^\.", b"..", data, flags=re.MULTILINE)
        return b"+OK\r\n" + stuffed + b"."


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, block_on_close = True, True, False
    held: MailboxServer

    def get_request(self) -> Any:
        connection, address = super().get_request()
        return connection, address

    def handle_error(self, *_: Any) -> None: ...


class _TlsServer(_Server):
    def get_request(self) -> Any:
        connection, address = super().get_request()
        return self.held.tls.wrap_socket(connection, server_side=True), address


@contextmanager
def serving(protocol: str, *, tls: ssl.SSLContext | None = None, from_the_start: bool = False) -> Iterator[MailboxServer]:
    """Run a server for "imap" or "pop3"; with TLS on demand, or from the start."""
    session = {"imap": ImapSession, "pop3": Pop3Session}[protocol]
    with (_TlsServer if from_the_start else _Server)(("127.0.0.1", 0), session) as server:
        server.held = held = MailboxServer(server.server_address[1], tls=tls)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield held
        finally:
            held.over.set()
            server.shutdown()
            thread.join()
