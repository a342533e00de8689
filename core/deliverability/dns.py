"""Asking the DNS: what is not there is an empty answer, and who does not answer is told apart from that."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.rdata import Rdata
from dns.rdtypes.ANY.TXT import TXT

from core.errors import InvalidInput, Unavailable

PORT = 53
# What passes every network in one piece (DNS flag day 2020): an RSA key fits in; more is asked again over TCP.
_LARGEST_ANSWER = 1232
# One question, to all servers together; a healthy one answers in milliseconds.
QUESTION_SECONDS = 4.0
# Everything about one domain: a person waits for it.
LOOK_SECONDS = 20.0


class Dns:
    """Where questions go.

    Args:
        servers: Name servers to ask, "address" or "address:port" with commas between; empty means the machine's own.
        question_seconds: How long one question may take.
        look_seconds: How long all questions of one look may take together.
    """

    def __init__(self, servers: str = "", *, question_seconds: float = QUESTION_SECONDS, look_seconds: float = LOOK_SECONDS) -> None:
        self._servers = name_servers(servers)
        self._question, self._all = question_seconds, look_seconds

    def look(self) -> Look:
        """Return a look at the DNS as it is now: each question is asked once, and the time for all is limited."""
        try:
            resolver = dns.resolver.Resolver(configure=not self._servers)
        except dns.resolver.NoResolverConfiguration:
            resolver = dns.resolver.Resolver(configure=False)  # nobody to ask: every question fails, and says so
        if self._servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in self._servers]
        resolver.timeout = self._question / 2
        resolver.use_edns(0, 0, _LARGEST_ANSWER)
        resolver.cache = dns.resolver.Cache()
        return Look(resolver, self._question, time.monotonic() + self._all)


class Look:
    """One look at the DNS.

    Args:
        resolver: Asks.
        question_seconds: How long one question may take.
        until: When no more is asked, on the monotonic clock.
    """

    def __init__(self, resolver: dns.resolver.Resolver, question_seconds: float, until: float) -> None:
        self._resolver, self._question, self._until = resolver, question_seconds, until
        self._failed: set[tuple[str, str]] = set()

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the texts of a name, the parts of each put together (RFC 7208, 3.3).

        Raises:
            Unavailable: If the DNS does not answer.
        """
        return self._ask(name, "TXT", lambda one: _text(one) if isinstance(one, TXT) else "")

    def mx(self, name: str) -> tuple[str, ...]:
        """Return the mail servers of a name, the preferred first; "." for one that takes no mail (RFC 7505).

        Raises:
            Unavailable: If the DNS does not answer.
        """
        found = self._ask(name, "MX", str)
        ranked = sorted((int(preference), host) for preference, host in (one.split(maxsplit=1) for one in found))
        return tuple(host.rstrip(".").lower() or "." for _, host in ranked)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the IPv4 and IPv6 addresses of a name.

        Raises:
            Unavailable: If the DNS does not answer.
        """
        return self._ask(name, "A", str) + self._ask(name, "AAAA", str)

    def cname(self, name: str) -> str:
        """Return the name a name stands for, "" where it stands for itself.

        Raises:
            Unavailable: If the DNS does not answer.
        """
        return next((one.rstrip(".").lower() for one in self._ask(name, "CNAME", str)), "")

    def _ask(self, name: str, kind: str, read: Callable[[Rdata], str]) -> tuple[str, ...]:
        left = self._until - time.monotonic()
        if left <= 0 or (name, kind) in self._failed:
            raise _silent(name)
        try:
            asked = dns.name.from_text(name)
        except dns.exception.DNSException:
            return ()  # somebody's record names what can't be a name; there is nothing there
        try:
            answer = self._resolver.resolve(asked, kind, raise_on_no_answer=False, lifetime=min(left, self._question), search=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError) as error:
            self._failed.add((name, kind))
            raise _silent(name) from error
        return tuple(read(one) for one in answer.rrset or () if one.rdtype == dns.rdatatype.from_text(kind))


def name_servers(text: str) -> list[tuple[str, int]]:
    """Return the addresses and ports of name servers.

    Args:
        text: "9.9.9.9, [2620:fe::fe]:53, 127.0.0.1:5353".

    Raises:
        InvalidInput: If one is no address.
    """
    return [_name_server(one.strip()) for one in text.split(",") if one.strip()]


def host_of(url: str) -> str:
    """Return the host of a URL, in lower case."""
    return (urlsplit(url).hostname or "").lower()


def is_address(host: str) -> bool:
    """Return whether a host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def are_public(addresses: Sequence[str]) -> bool:
    """Return whether others could reach one of these addresses."""
    return any(ipaddress.ip_address(one).is_global for one in addresses)


def _name_server(text: str) -> tuple[str, int]:
    try:
        if is_address(text):
            return text, PORT
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError:
        host, port = "", PORT
    if not is_address(host):
        raise InvalidInput(f"“{text[:60]}” is not the address of a name server.", hint="Write it like 9.9.9.9 or 127.0.0.1:5353.")
    return host, port


def _text(one: TXT) -> str:
    """Return a text as it can be kept and shown: somebody else wrote it, and control characters are no part of any record."""
    text = b"".join(one.strings).decode("utf-8", "replace")
    return text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)


def _silent(name: str) -> Unavailable:
    return Unavailable(f"The DNS does not answer for {name[:253]}.", hint="Check again in a few minutes.")
