"""From a host name to a connection that takes mail: greeting, EHLO, TLS, sign-in."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from core.providers.base import Trouble
from core.providers.forbidden import addresses_of, must_be_allowed
from core.providers.smtp.wire import Gone, Reply, Wire

_REASON_LENGTH = 300
_OWN_NAME_SECONDS = 2.0
_NO_NAME = "[127.0.0.1]"


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SignIn(StrEnum):
    """How we sign in: with a password, or with an access token (Google, Microsoft)."""

    PASSWORD = "password"  # noqa: S105
    XOAUTH2 = "xoauth2"


class CannotOpen(Exception):
    """There is no connection to send through.

    Args:
        reason: Why, in words for people.
        trouble: What kind of trouble it is.
    """

    def __init__(self, reason: str, trouble: Trouble) -> None:
        super().__init__(reason)
        self.trouble = trouble


@dataclass(frozen=True)
class Server:
    """A mail server and how to talk to it.

    Args:
        host: Its name.
        port: Its port.
        security: How the connection is encrypted.
        username: For signing in; empty for none.
        secret: Returns the password or access token; asked once a connection.
        sign_in: How.
        timeout: Seconds to wait for an answer.
        tls: The TLS context; the default verifies certificates.
    """

    host: str
    port: int
    security: Security
    username: str
    secret: Callable[[], str]
    sign_in: SignIn
    timeout: float
    tls: ssl.SSLContext

    @property
    def name(self) -> str:
        """The server as people read it."""
        return f"{self.host}:{self.port}"


@dataclass
class Opened:
    """A connection that takes mail.

    Args:
        wire: It.
        extensions: What the server can do, in upper case (RFC 5321, 4.1.1.1).
        needs_reset: Whether an envelope was begun that goes nowhere, also in a batch before: the next one would be nested in it (4.1.4).
    """

    wire: Wire
    extensions: frozenset[str]
    needs_reset: bool = False

    @property
    def pipelines(self) -> bool:
        """Whether commands may be sent before their predecessors are answered (RFC 2920)."""
        return "PIPELINING" in self.extensions


async def open_connection(server: Server) -> Opened:
    """Return a connection that takes mail.

    Raises:
        CannotOpen: If there is none; says why.
    """
    try:
        async with asyncio.timeout(server.timeout):
            return await _opened(server)
    except TimeoutError as error:
        raise _unreachable(server, "it did not answer in time") from error
    except (OSError, ssl.SSLError, Gone, ValueError) as error:
        raise _unreachable(server, (str(error) or type(error).__name__)) from error


async def _opened(server: Server) -> Opened:
    loop = asyncio.get_running_loop()
    wire = Wire(loop)
    tls, name = (server.tls, server.host) if server.security is Security.TLS else (None, None)
    await loop.run_in_executor(None, addresses_of, server.host, server.port)
    transport, _ = await loop.create_connection(lambda: wire, server.host, server.port, ssl=tls, server_hostname=name)
    try:
        if peer := transport.get_extra_info("peername"):  # the name may have led somewhere else meanwhile
            must_be_allowed(peer[0])
        greeting = await wire.greeting()
        if not greeting.is_good:
            raise CannotOpen(f"The mail server {server.name} does not take mail now: {greeting.words}", _busy(greeting))
        extensions = await _hello(wire)
        if server.security is Security.STARTTLS:
            await _encrypt(loop, wire, server, extensions)
            extensions = await _hello(wire)
        if server.username:
            await _sign_in(wire, server, extensions)
    except BaseException:
        wire.abort()
        raise
    return Opened(wire, frozenset(extensions))


async def _hello(wire: Wire) -> dict[str, str]:
    """Say who we are and return what the server can do, with the parameters of each."""
    name = await _own_name_soon()
    reply = await wire.ask(f"EHLO {name}")
    if not reply.is_good:
        reply = await wire.ask(f"HELO {name}")
        if not reply.is_good:
            raise Gone(reply.words)
        return {}
    words = [line.upper().partition(" ") for line in reply.text.split("\n")[1:]]
    return {keyword: parameters for keyword, _, parameters in words}


async def _encrypt(loop: asyncio.AbstractEventLoop, wire: Wire, server: Server, extensions: dict[str, str]) -> None:
    if "STARTTLS" not in extensions:
        raise CannotOpen(
            f"The mail server {server.name} offers no encryption (STARTTLS), and nothing is sent in the clear.", Trouble.CONNECTION
        )
    reply = await wire.ask("STARTTLS")
    if not reply.is_good:
        raise Gone(reply.words)
    upgraded = await loop.start_tls(wire.transport, wire, server.tls, server_hostname=server.host)
    if upgraded is None:
        raise Gone("encryption could not be begun")
    wire.upgrade(upgraded)


async def _sign_in(wire: Wire, server: Server, extensions: dict[str, str]) -> None:
    mechanisms = set(extensions.get("AUTH", "").split())
    secret = server.secret()
    if server.sign_in is SignIn.XOAUTH2:
        reply = await wire.ask("AUTH XOAUTH2 " + _base64(f"user={server.username}\1auth=Bearer {secret}\1\1"))
        if reply.code == 334:  # the server says why in its challenge, and wants an empty answer before it says no
            reply = await wire.ask("")
    elif "PLAIN" in mechanisms:
        reply = await wire.ask("AUTH PLAIN " + _base64(f"\0{server.username}\0{secret}"))  # RFC 4616
    elif "LOGIN" in mechanisms:
        reply = await wire.ask("AUTH LOGIN")
        for part in (server.username, secret):
            reply = await wire.ask(_base64(part)) if reply.code == 334 else reply
    else:
        raise CannotOpen(f"The mail server {server.name} offers no way to sign in that is known here.", Trouble.SIGN_IN)
    if not reply.is_good:
        trouble = Trouble.SIGN_IN if reply.code >= 500 else Trouble.CONNECTION
        raise CannotOpen(f"The mail server {server.name} refused the sign-in: {reply.words[:_REASON_LENGTH]}", trouble)


def _busy(reply: Reply) -> Trouble:
    return Trouble.THROTTLED if reply.code in (421, 454) else Trouble.CONNECTION


def _unreachable(server: Server, why: str) -> CannotOpen:
    words = "it does not answer with TLS on this port" if "WRONG_VERSION_NUMBER" in why else why[:_REASON_LENGTH]
    words = words.partition("] ")[2] if words.startswith("[Errno") else words
    return CannotOpen(f"The mail server {server.name} can't be reached: {words.rstrip('. ')}.", Trouble.CONNECTION)


async def _own_name_soon() -> str:
    """Return our name; asking for it goes to the DNS, and a slow answer there must not hold up all connections."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, _own_name), _OWN_NAME_SECONDS)
    return _NO_NAME


@cache
def _own_name() -> str:
    """Return our host name, or the address literal servers take where there is no full one (RFC 5321, 4.1.4)."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else _NO_NAME


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
