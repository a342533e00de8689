"""Reading a mailbox over POP3 (RFC 1939): what was read is deleted, because the protocol remembers nothing else."""

from __future__ import annotations

import base64
import logging
import poplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from core.errors import Unavailable
from core.providers.forbidden import addresses_of
from core.providers.mailbox import Fetched
from core.providers.smtp.account import BATCH_SIZE, Account
from core.providers.smtp.opening import Security
from core.providers.smtp.parsing import LONGEST_MAIL
from core.providers.smtp.visit import Bounds, Visit

_FAILURES = (OSError, poplib.error_proto, ValueError)
# A larger mail is not fetched whole: bounces are small, and of what returns a whole message the beginning is enough.
LARGEST_MAIL = 5 * 1024 * 1024
_LINES_OF_LARGE = 2_000
# One round reads this many; the next follows a minute later. Deletions count once the server is told goodbye.
_MOST_IN_A_ROUND = 2_000
_MIB = 1024 * 1024
_BOUNDS = Bounds(answer_bytes=2 * LARGEST_MAIL, answer_lines=750_000, line_bytes=_MIB, visit_bytes=256 * _MIB)
_log = logging.getLogger(__name__)
_LISTED = re.compile(rb"(\d{1,10}) (\d{1,18})\b")
T = TypeVar("T")


class _Patient(poplib.POP3):
    """Takes longer lines than the 2,048 octets of the standard library, which mail in the wild has, but no endless answer."""

    def __init__(self, account: Account, port: int) -> None:
        self._visit = Visit(_BOUNDS, account.timeout, account.longest)
        super().__init__(account.host, port, timeout=account.timeout)

    def sign_in_with(self, bearer: bytes) -> None:
        """Sign in by XOAUTH2 (RFC 5034 tells how; tokens are too long to stand behind the command)."""
        self._putcmd("AUTH XOAUTH2")
        self._getresp()  # type: ignore[attr-defined]
        self._putcmd(base64.b64encode(bearer).decode())
        if not self._getresp().startswith(b"+OK"):  # type: ignore[attr-defined]
            self._putcmd("")  # it says why, and wants an empty answer before it says no
            self._getresp()  # type: ignore[attr-defined]

    def _putcmd(self, line: str) -> None:
        self._visit.begin_command()
        super()._putcmd(line)  # type: ignore[misc]

    def _getline(self) -> tuple[bytes, int]:
        line = self._visit.line(self.sock)
        if not line:
            raise poplib.error_proto("-ERR EOF")
        return line.rstrip(b"\r\n"), len(line)


class _PatientTls(_Patient):
    """The same inside TLS."""

    def __init__(self, account: Account, port: int) -> None:
        self._context = account.context
        super().__init__(account, port)

    def _create_socket(self, timeout: float) -> ssl.SSLSocket:
        plain = super()._create_socket(timeout)  # type: ignore[misc]
        return self._context.wrap_socket(plain, server_hostname=self.host)


class Pop3Mailbox:
    """A mailbox over POP3, opened at once.

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
            self._sign_in(account)
        except Unavailable:
            _hang_up(self._server)
            raise

    def _sign_in(self, account: Account) -> None:
        if account.token is not None:
            bearer = account.bearer()
            self._expect("refused the sign-in", lambda: self._server.sign_in_with(bearer))
            return
        self._expect("refused the sign-in", lambda: self._server.user(account.username))
        self._expect("refused the sign-in", lambda: self._server.pass_(account.password))

    def batches(self) -> Iterator[Sequence[Fetched]]:
        """Yield what is there, oldest first; see `Mailbox`.

        Raises:
            Unavailable: If the server does not answer as it should; says why.
        """
        _, lines, _ = self._expect("can't be listed", self._server.list)
        found = [_LISTED.match(line) for line in lines[:_MOST_IN_A_ROUND]]
        sizes = [(int(each[1]), int(each[2])) for each in found if each is not None]
        for start in range(0, len(sizes), BATCH_SIZE):
            fetched = [self._fetch(number, size) for number, size in sizes[start : start + BATCH_SIZE]]
            yield [one for one in fetched if one is not None]

    def put_away(self, read: Sequence[Fetched]) -> None:
        """Delete mails; see `Mailbox`.

        Raises:
            Unavailable: If the server does not do so; they come again.
        """
        for one in read:
            self._expect("can't delete mails", partial(self._server.dele, int(one.mark)))

    def close(self) -> None:
        """Sign out; only then the server deletes what was put away."""
        try:
            self._server.quit()
        except _FAILURES:
            _hang_up(self._server)

    def _fetch(self, number: int, size: int) -> Fetched | None:
        """Return a mail, or None for a large one that the server does not give the beginning of: it stays where it is."""
        is_large = size > LARGEST_MAIL
        lines = self._beginning(number) if is_large else self._expect("can't be read", lambda: self._server.retr(number))[1]
        if lines is None:
            return None
        return Fetched(str(number).encode(), (b"\r\n".join(lines) + b"\r\n")[:LONGEST_MAIL])

    def _beginning(self, number: int) -> list[bytes] | None:
        try:
            return self._server.top(number, _LINES_OF_LARGE)[1]
        except poplib.error_proto as error:
            if not str(error).startswith("b'-ERR "):  # more than a "no": what was answered makes no sense
                raise self._account.cant("can't be read", error) from error
            _log.warning("a mail of more than %d bytes stays in the bounce mailbox, its server gives no part of it", LARGEST_MAIL)
            return None
        except OSError as error:
            raise self._account.cant("can't be read", error) from error

    def _expect(self, what: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except _FAILURES as error:
            raise self._account.cant(what, error) from error


def _connected(account: Account) -> _Patient:
    addresses_of(account.host, account.port)  # none of them is where nothing connects to
    if account.security is Security.TLS:
        return _PatientTls(account, account.port or poplib.POP3_SSL_PORT)
    server = _Patient(account, account.port or poplib.POP3_PORT)
    if account.security is Security.STARTTLS:
        try:
            server.stls(context=account.context)
        except _FAILURES:
            _hang_up(server)
            raise
    return server


def _hang_up(server: poplib.POP3) -> None:
    with suppress(OSError):  # there may be no connection any more
        server.close()
