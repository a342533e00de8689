"""Which addresses a check may connect to: public ones. What a template says must not make this machine knock at its own doors."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Sequence

Resolver = Callable[[str], Sequence[str]]
Endpoint = tuple[str, int]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = frozenset({80, 443, 8080, 8443})
# Public by their numbers, but answered by the cloud one runs in, or within a site as long ago (RFC 3879).
_NEAR = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("fec0::/10"))


class Refused(OSError):
    """An address that is not asked for anything."""


class NoHost(OSError):
    """A name that has no address."""


def is_public(address: str) -> bool:
    """Return whether an IP address is one that everybody reaches, whatever form it hides in.

    Args:
        address: As a resolver gives it.
    """
    try:
        found: _Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    tunnelled = found.sixtofour if isinstance(found, ipaddress.IPv6Address) else None
    return _is_open(found) and (tunnelled is None or _is_open(tunnelled))


def permitted(host: str, port: int, resolve: Resolver, also: Collection[Endpoint] = ()) -> list[str]:
    """Return the addresses of a host, if it may be asked; to these and no others is then connected.

    Args:
        host: A name or an IP address.
        port: Where on it.
        resolve: Says the addresses of a name.
        also: Addresses and ports that may be asked although they are not public.

    Raises:
        Refused: If one of its addresses is not public, or the port is none of the web's.
        NoHost: If it has no address.
    """
    addresses = list(dict.fromkeys([host] if _is_address(host) else resolve(host)))
    if not addresses:
        raise NoHost("the name has no address")
    for address in addresses:
        if (address, port) not in also and (port not in PORTS or not is_public(address)):
            raise Refused("it leads into a private network")
    return addresses


def _is_open(address: _Address) -> bool:
    # All of ::/8 is reserved: IPv4 addresses that are mapped (::ffff:127.0.0.1), translated (64:ff9b::) or written as ::127.0.0.1.
    if address.is_multicast or address.is_reserved or address.is_unspecified or any(address in network for network in _NEAR):
        return False
    return address.is_global


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
