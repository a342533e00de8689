"""Links: what by its form leads nowhere, or nowhere that a reader could go."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from core.links.urls import is_public_host
from core.preflight.catalogue import found
from core.preflight.emails import UNKNOWN, Email, quoted
from core.preflight.findings import Finding, Rule
from core.templates.markup.scanning import Piece

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)", re.IGNORECASE)
_CODE = frozenset({"javascript", "vbscript", "livescript", "data", "file", "blob"})
_OTHERS = frozenset({"mailto", "tel", "sms"})
# Wider than the standard, because this blocks: hyphens at either end and emoji are in use, whatever it says.
_LABEL = re.compile(r"(?:[\w-]|[^\x00-\x7f]){1,63}")
_MADE_UP = re.compile(
    r"(?:.*\.)?(?:example|invalid|test)|(?:.*\.)?example\.(?:com|org|net|edu)"
    r"|(?:www\.)?(?:your|deine?|ihre?)-?(?:company|domain|site|website|shop|firma|seite)\.[a-z]{2,6}|(?:www\.)?domain\.(?:com|tld)"
)


class Fault(NamedTuple):
    """What is wrong with an address.

    Args:
        rule: Which rule it breaks.
        why: Why, as the rest of a sentence that begins with the address.
    """

    rule: Rule
    why: str


def links(email: Email) -> Iterator[Finding]:
    """Find links that by their form lead nowhere."""
    seen: set[str] = set()
    for piece in email.starts("a", "area"):
        address = email.value(piece, "href")
        if address is None or address in seen:
            continue
        seen.add(address)
        if fault := faulty(address):
            message = f"The link “{quoted(address)}” {fault.why}." if address.strip() else f"A link {fault.why}."
            yield found(fault.rule, message, place=email.place_of_address(address, piece))


def web_links(email: Email) -> dict[str, Piece]:
    """Return the complete web addresses of links that are the same for everybody, in order, each with the first link to it."""
    found_links: dict[str, Piece] = {}
    for piece in email.starts("a", "area"):
        address = (email.value(piece, "href") or "").strip()
        if address and is_fetchable(address):
            found_links.setdefault(address, piece)
    return found_links


def is_fetchable(address: str) -> bool:
    """Return whether an address is a whole one of the web, the same for everybody, and has nothing wrong with it."""
    return address.lower().startswith(("http://", "https://")) and UNKNOWN not in address and faulty(address) is None


def faulty(address: str) -> Fault | None:
    """Return what is wrong with the address of a link by its form; None for nothing."""
    url = address.strip()
    if url in ("", "#"):
        return Fault(Rule.LINK_EMPTY, "leads nowhere")
    if url.startswith((UNKNOWN, "#")):
        return None  # whatever a merge field brings is looked at when the email is written
    scheme = _SCHEME.match(url)
    if scheme is None:
        return Fault(Rule.LINK_MALFORMED, "is not a complete address: https:// is missing in front")
    name = scheme[0].lower()
    if name in _OTHERS:
        return None if url[scheme.end() + 1 :].strip() else Fault(Rule.LINK_MALFORMED, f"ends after {name}:")
    if name in _CODE:
        return Fault(Rule.LINK_MALFORMED, f"begins with {name}:, which no mail program opens")
    if name not in ("http", "https"):
        return Fault(Rule.LINK_MALFORMED, f"begins with {name}:, which is no address of the web")
    return _of_web(url)


def _of_web(url: str) -> Fault | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port  # only reading it finds out that it is no number
    except ValueError:
        return Fault(Rule.LINK_MALFORMED, "is not an address: its host or port can’t be read")
    if any(character.isspace() or ord(character) < 32 for character in url):
        return Fault(Rule.LINK_MALFORMED, "holds a space")
    if not host:
        return Fault(Rule.LINK_MALFORMED, "names no host")
    if UNKNOWN in parts.netloc:
        return None
    if host in ("http", "https"):
        return Fault(Rule.LINK_MALFORMED, "has two beginnings")
    return _of_address(host) if _is_ip(host) else _of_name(host)


def _of_name(host: str) -> Fault | None:
    if len(host) > 253 or not all(map(_LABEL.fullmatch, host.split("."))):
        return Fault(Rule.LINK_MALFORMED, "names a host that can’t exist")
    if _MADE_UP.fullmatch(host):
        return Fault(Rule.LINK_PLACEHOLDER, "still leads to a made-up address")
    if not is_public_host(host):
        return Fault(Rule.LINK_PRIVATE, "leads to a host that only your own network knows")
    return None


def _of_address(host: str) -> Fault | None:
    return None if is_public_host(host) else Fault(Rule.LINK_PRIVATE, "leads to an address inside a private network")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
