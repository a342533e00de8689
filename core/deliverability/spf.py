"""Reading SPF records (RFC 7208) as receivers do: everything they include, and how much looking up that takes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.deliverability.dns import Look, is_address

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4: receivers give up beyond it, and the record counts as broken
MOST_VOID = 2
_GIVE_UP = 25  # far enough to say how much too many they are
_TERM = re.compile(r"(?P<qualifier>[-+~?]?)(?P<name>[a-z0-9]+)(?::(?P<value>[^/\s]+))?(?P<size>(?:/\d+)?(?://\d+)?)", re.IGNORECASE)
_IP = re.compile(r"(?P<qualifier>[-+~?]?)ip[46]:(?P<network>\S+)", re.IGNORECASE)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>\S*)", re.IGNORECASE)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class SpfReading:
    """What a receiver makes of a domain's SPF record.

    Args:
        records: The SPF records of the domain; there must be exactly one.
        mechanisms: What it allows, with everything it includes ("include:example.com").
        networks: The addresses it allows.
        lookups: How many questions to the DNS that takes.
        void: How many of them found nothing.
        broken: What makes receivers ignore it; "" for nothing.
        ending: What it says about everybody else ("~all"); "" for nothing.
    """

    records: tuple[str, ...] = ()
    mechanisms: set[str] = field(default_factory=set)
    networks: list[Network] = field(default_factory=list)
    lookups: int = 0
    void: int = 0
    broken: str = ""
    ending: str = ""

    def allows(self, mechanism: str, addresses: Iterable[str] = ()) -> bool:
        """Return whether a mechanism, or every one of some addresses, is allowed."""
        wanted = [ipaddress.ip_address(one) for one in addresses]
        covered = bool(wanted) and all(any(one in network for network in self.networks) for one in wanted)
        return _plain(mechanism) in self.mechanisms or covered


def spf_records(texts: Iterable[str]) -> tuple[str, ...]:
    """Return those of a name's texts that are SPF records (RFC 7208, 4.5)."""
    return tuple(text for text in texts if re.match(r"v=spf1(?:\s|$)", text, re.IGNORECASE))


def read(look: Look, domain: str) -> SpfReading:
    """Return what receivers make of the SPF record of a domain.

    Raises:
        Unavailable: If the DNS does not answer.
    """
    reading = SpfReading(spf_records(look.txt(domain)))
    if len(reading.records) == 1:
        _Walk(look, reading).through(domain, reading.records[0], ())
    return reading


def merged(record: str, mechanisms: Iterable[str]) -> str:
    """Return a record with what it lacks, in front of what it says about everybody else."""
    terms = record.split()
    have = {_plain(term) for term in terms}
    missing = [one for one in mechanisms if _plain(one) not in have]
    at = next((n for n, term in enumerate(terms) if _is_ending(term)), len(terms))
    return " ".join([*terms[:at], *missing, *terms[at:]])


def _plain(mechanism: str) -> str:
    """Return a mechanism as it is compared: a name means the same with a dot at its end."""
    return mechanism.lower().removeprefix("+").rstrip(".")


def _is_ending(term: str) -> bool:
    return term.lower().lstrip("+-~?") == "all" or term.lower().startswith("redirect=")


class _Walk:
    """Goes through a record and all it includes."""

    def __init__(self, look: Look, reading: SpfReading) -> None:
        self._look, self._reading = look, reading

    def through(self, domain: str, record: str, above: tuple[str, ...], *, speaks: bool = True, allows: bool = True) -> None:
        """Read a record; `speaks` says whether its ending is that of the whole, `allows` whether who is in it may send."""
        ending = redirect = ""
        for term in record.split()[1:]:
            if self._reading.lookups > _GIVE_UP:
                return
            if modifier := _MODIFIER.fullmatch(term):
                redirect = modifier["value"] if modifier["name"].lower() == "redirect" else redirect
            elif _is_ending(term):
                ending = term.lower()
                break  # nothing after it counts
            else:
                self._term(domain, term, above, allows=allows)
        if redirect and not ending:
            self._reading.lookups += 1
            self._include(redirect, (*above, domain), speaks=speaks, allows=allows)
        elif speaks:
            self._reading.ending = ending

    def _term(self, domain: str, term: str, above: tuple[str, ...], *, allows: bool) -> None:
        allows = allows and term[0] not in "-~?"
        if address := _IP.fullmatch(term):
            self._network(term, address["network"], allows=allows)
            return
        found = _TERM.fullmatch(term)
        name = found["name"].lower() if found else ""
        if found is None or name not in {"include", "a", "mx", "ptr", "exists"} or (name in {"include", "exists"} and not found["value"]):
            self._break(f"“{term[:60]}” in the record of {domain} is no part of an SPF record")
            return
        self._reading.lookups += 1
        target = found["value"] or domain
        if allows:
            self._reading.mechanisms.add(_plain(term))
        if "%" in target:
            return  # a macro: what it becomes depends on the message
        if name == "include":
            self._include(target, (*above, domain), allows=allows)
        elif name in {"a", "mx"}:
            self._hosts(name, target, found["size"], allows=allows)

    def _include(self, domain: str, above: tuple[str, ...], *, speaks: bool = False, allows: bool = True) -> None:
        name = domain.lower().rstrip(".")
        if name in above:
            self._break(f"the record of {above[-1]} includes itself by way of {name}")
            return
        records = spf_records(self._look.txt(name))
        if not records:
            self._reading.void += 1
            self._break(f"it includes {name}, which has no SPF record")
        elif len(records) > 1:
            self._break(f"it includes {name}, which has {len(records)} SPF records")
        else:
            self.through(name, records[0], above, speaks=speaks, allows=allows)

    def _hosts(self, name: str, target: str, size: str, *, allows: bool) -> None:
        hosts = self._look.mx(target)[:10] if name == "mx" else (target,)
        addresses = [address for host in hosts if host != "." for address in self._look.addresses(host)]
        if not addresses:
            self._reading.void += 1
        four, _, six = size.partition("//")
        for address in addresses if allows else ():
            bits = six if ":" in address else four.lstrip("/")
            self._network(name, f"{address}/{bits}" if bits else address, allows=True)

    def _network(self, term: str, text: str, *, allows: bool) -> None:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            self._break(f"“{term[:60]}” names no network")
            return
        if allows:
            self._reading.networks.append(network)
            if is_address(text):
                self._reading.mechanisms.add(f"ip{network.version}:{text.lower()}")

    def _break(self, why: str) -> None:
        self._reading.broken = self._reading.broken or why
