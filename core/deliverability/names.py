"""Names of domains: one spelling each, whose they are, and whether two of them belong together."""

from __future__ import annotations

import re
from functools import cache

import dns.exception
import dns.name
from publicsuffixlist import PublicSuffixList

from core.contacts.addresses import domain_of, normalise
from core.errors import InvalidInput

_AROUND = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u2060\ufeff"
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#@\s]*@)?([^/?#:\s]+)", re.IGNORECASE)
_ROOM = 60  # in front of the longest domain that can be set up there is room for a selector and “._domainkey”
_LONGEST = 253 - _ROOM
EXAMPLE = "Enter a domain such as example.com."


def domain_name(text: str) -> str:
    """Return the one spelling a sender domain is kept under: lower case, in ASCII (A-labels), without a dot at the end.

    Args:
        text: What somebody typed.

    Raises:
        InvalidInput: If it is no domain one can own; says what it is instead.
    """
    given = text.strip(_AROUND)
    if (url := _URL.match(given)) is not None:
        raise InvalidInput("This is the address of a web page.", hint=f"Enter its domain only: {url[2].lower()[:_LONGEST]}")
    if "@" in given:
        raise InvalidInput("This is an email address.", hint=f"Enter what stands after its @: {domain_of(given).lower()[:_LONGEST]}")
    domain = _spelled(given)
    if organisational(domain) is None:
        raise InvalidInput(f"Nobody owns “{domain[:80]}”: domains are registered beneath it.", hint=EXAMPLE)
    return domain


def host_beneath(text: str, domain: str) -> str:
    """Return the one spelling of a host that belongs to a domain; "" for nothing.

    Args:
        text: What somebody typed: the whole name, or only what stands in front of the domain ("bounces").
        domain: The sender domain.

    Raises:
        InvalidInput: If it is no host, or one of somebody else.
    """
    given = text.strip(_AROUND).rstrip(".")
    if not given:
        return ""
    host = _spelled(given if "." in given else f"{given}.{domain}")
    if host == domain or not belongs_to(host, domain):
        raise InvalidInput("The return path must be a host beneath the domain.", hint=f"For example bounces.{domain}")
    return host


def belongs_to(host: str, domain: str) -> bool:
    """Return whether a host is the domain or lies beneath it."""
    return host == domain or host.endswith(f".{domain}")


def organisational(name: str) -> str | None:
    """Return the domain somebody registered (RFC 7489, 3.2: one label more than the public suffix), None for a suffix itself."""
    found = _suffixes().privatesuffix(name)
    return str(found) if found else None


def is_aligned(one: str, other: str, *, strict: bool = False) -> bool:
    """Return whether two domains are aligned (RFC 7489, 3.1): of one owner, or with `strict` the same."""
    if one == other:
        return True
    owner = organisational(one)
    return not strict and owner is not None and owner == organisational(other)


def readable(domain: str) -> str:
    """Return a domain as people write it: A-labels as the letters they stand for."""
    if "xn--" not in domain:
        return domain
    try:
        shown = dns.name.from_text(domain).to_unicode(omit_final_dot=True, idna_codec=dns.name.IDNA_2008_Practical)
    except (dns.exception.DNSException, UnicodeError):
        return domain
    return domain if "\\" in shown else shown  # what can't be shown is escaped there


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _spelled(given: str) -> str:
    bare = given.removesuffix(".")
    if not bare:
        raise InvalidInput("There is no domain.", hint=EXAMPLE)
    if any(character in bare for character in "/:?#[]*_ \t\r\n"):
        raise InvalidInput("This is not a domain.", hint=EXAMPLE)
    try:
        domain = domain_of(normalise(f"postmaster@{bare}"))
    except InvalidInput as error:
        raise InvalidInput("This is not a domain.", hint=EXAMPLE) from error
    if len(domain) > _LONGEST:
        raise InvalidInput(f"The domain is longer than {_LONGEST} characters.", hint="Its records would not fit into the DNS.")
    return domain
