"""Reading a mailbox over IMAP (RFC 3501): what is not seen yet is read and marked as seen; nothing is deleted."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from core.errors import Unavailable
from core.providers.forbidden import addresses_of
from core.providers.mailbox import Fetched
from core.providers.smtp.account import BATCH_SIZE, Account
from core.providers.smtp.opening import Security
from core.providers.smtp.parsing import LONGEST_MAIL
from core.providers.smtp.visit import Bounds, TooMuch, Visit

_FAILURES = (OSError, imaplib.IMAP4.error, ValueError)
_PORT, _PORT_TLS = 143, 993
_DIGITS = 10
_UID = re.compile(rb"\bUID (\d{1,10})\b")
# An answer that names more mails is longer than `imaplib` reads.
_SEARCHED_AT_ONCE = 50_000
# No mailbox holds more that is worth looking for.
_MOST_MAILS = 10_000_000
_LARGEST_LITERAL = 4 * LONGEST_MAIL
_MIB = 1024 * 1024
_BOUNDS = Bounds(answer_bytes=BATCH_SIZE * LONGEST_MAIL + 4 * _MIB, answer_lines=20_000, line_bytes=_MIB, visit_bytes=256 * _MIB)


class _Bounded(imaplib.IMAP4):
    """Reads no more than was asked for, and keeps nothing of what a server says besides."""

    def __init__(self, account: Account, port: int) -> None:
        self._visit = Visit(_BOUNDS, account.timeout, account.longest)
        super().__init__(account.host, port, timeout=account.timeout)

    def read(self, size: int) -> bytes:
        """Read a literal, unless it is longer than anything that was asked for."""
        if size > _LARGEST_LITERAL:
            raise TooMuch
        return self._visit.exactly(self.sock, size)

    def readline(self) -> bytes:
        """Read a line."""
        return self._visit.line(self.sock)

    def send(self, data: Any) -> None:
        """Send a command."""
        self._visit.begin_command()
        self.untagged_responses = {kind: said for kind, said in self.untagged_responses.items() if kind == "BYE"}
        super().send(data)


class _BoundedTls(_Bounded):
    """The same inside TLS."""

    def __init__(self, account: Account, port: int) -> None:
        self._context = account.context
        super().__init__(account, port)

    def _create_socket(self, timeout: float | None) -> ssl.SSLSocket:
        plain = super()._create_socket(timeout)  # type: ignore[misc]
        return self._context.wrap_socket(plain, server_hostname=self.host)


class ImapMailbox:
    """A folder over IMAP, opened at once.

    Args:
        account: How it is reached.

    Raises:
        Unavailable: If it can't be reached, or refuses us; says why.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        try:
            self._server = _connected(account)
        except _FAILURES as error:
            raise account.cant("can't be reached", error) from error
        try:
            self._sign_in()
            answer = self._expect("can't open the folder", lambda: self._server.select(_quoted(account.folder)))
        except Unavailable:
            self.close()
            raise
        self._there = min(_numbers(answer[:1])[:1] or [0], [_MOST_MAILS])[0]

    def batches(self) -> Iterator[Sequence[Fetched]]:
        """Yield what is not seen, oldest first; see `Mailbox`.

        Raises:
            Unavailable: If the server does not answer as it should; says why.
        """
        for first in range(1, self._there + 1, _SEARCHED_AT_ONCE):
            uids = self._unseen(f"{first}:{min(self._there, first + _SEARCHED_AT_ONCE - 1)}")
            if not uids:
                yield ()
            for start in range(0, len(uids), BATCH_SIZE):
                yield self._fetch(uids[start : start + BATCH_SIZE])

    def put_away(self, read: Sequence[Fetched]) -> None:
        """Mark mails as seen; see `Mailbox`.

        Raises:
            Unavailable: If the server does not do so; they come again.
        """
        marks = b",".join(one.mark for one in read).decode()
        if marks:
            self._expect("can't mark mails as read", lambda: self._server.uid("STORE", marks, "+FLAGS.SILENT", r"(\Seen)"))

    def close(self) -> None:
        """Sign out."""
        try:
            self._server.logout()
        except _FAILURES:
            _hang_up(self._server)

    def _sign_in(self) -> None:
        account, server = self._account, self._server
        if account.token is not None:
            bearer = account.bearer()  # asked again, the server says why it refuses, and wants an empty answer before it says no
            self._expect("refused the sign-in", lambda: server.authenticate("XOAUTH2", lambda challenge: b"" if challenge else bearer))
            return
        if account.username.isascii() and account.password.isascii():
            self._expect("refused the sign-in", lambda: server.login(account.username, account.password))
            return
        plain = f"\0{account.username}\0{account.password}".encode()  # RFC 4616; LOGIN has no letters beyond ASCII
        self._expect("refused the sign-in", lambda: server.authenticate("PLAIN", lambda _: plain))

    def _unseen(self, among: str) -> list[int]:
        found = self._expect("can't be searched", lambda: self._server.uid("SEARCH", among, "UNSEEN", "UNDELETED"))
        return sorted(set(_numbers(found)))

    def _fetch(self, uids: Sequence[int]) -> list[Fetched]:
        wanted, part = ",".join(map(str, uids)), f"(UID BODY.PEEK[]<0.{LONGEST_MAIL}>)"
        lines = self._expect("can't be read", lambda: self._server.uid("FETCH", wanted, part))
        return list(_mails(lines, set(uids)))

    def _expect(self, what: str, ask: Callable[[], tuple[str, Sequence[Any]]]) -> Sequence[Any]:
        try:
            status, answer = ask()
        except _FAILURES as error:
            raise self._account.cant(what, error) from error
        if status != "OK":
            raise self._account.cant(what, imaplib.IMAP4.error(*[one for one in answer if isinstance(one, bytes)]))
        return answer


def _connected(account: Account) -> imaplib.IMAP4:
    addresses_of(account.host, account.port)  # none of them is where nothing connects to
    if account.security is Security.TLS:
        return _BoundedTls(account, account.port or _PORT_TLS)
    server = _Bounded(account, account.port or _PORT)
    if account.security is Security.STARTTLS:
        try:
            server.starttls(ssl_context=account.context)
        except _FAILURES:
            _hang_up(server)
            raise
    return server


def _hang_up(server: imaplib.IMAP4) -> None:
    with suppress(OSError):  # there may be no connection any more
        server.shutdown()


def _numbers(said: Sequence[Any]) -> list[int]:
    """Return the numbers in an answer, as many as may be asked for; what is too long to be the number of a mail is none."""
    words = (word for line in said if isinstance(line, bytes) for word in line.split())
    return list(islice((int(word) for word in words if word.isdigit() and len(word) <= _DIGITS), _SEARCHED_AT_ONCE))


def _mails(lines: Sequence[Any], asked: set[int]) -> Iterator[Fetched]:
    """Yield the mails of an answer: each is a pair of its head and its bytes; the number may stand behind them."""
    for place, line in enumerate(lines):
        if not isinstance(line, tuple) or len(line) != 2:
            continue
        behind = lines[place + 1] if place + 1 < len(lines) and isinstance(lines[place + 1], bytes) else b""
        found = _UID.search(line[0]) or _UID.search(behind)
        if found and int(found[1]) in asked:
            yield Fetched(found[1], line[1][:LONGEST_MAIL])


def _quoted(folder: str) -> str:
    """Return a folder's name as the protocol wants it (RFC 3501, 5.1.3)."""
    encoded = re.sub(r"[^\x20-\x7e]+|&", _shifted, folder)
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    return "&" + base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
