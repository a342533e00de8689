"""Where nothing connects to, whoever enters it: link-local addresses, where clouds hand out the keys of the machine we run on.

Private networks are allowed: many a mail server is in one. Who must be kept from them puts a firewall between.
"""

from __future__ import annotations

import ipaddress
import socket

_NETWORKS = tuple(ipaddress.ip_network(each) for each in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(OSError):
    """A name or address that leads where nothing connects to."""

    def __init__(self) -> None:
        super().__init__("this address is one of the machine's own network, and nothing is sent there")


def must_be_allowed(address: str) -> None:
    """Do nothing if we may connect to an address.

    Args:
        address: An IP address, as the resolver or a socket gives it.

    Raises:
        ForbiddenAddress: If we may not.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or (ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None)
        found = inner or found
    if any(found in network for network in _NETWORKS):
        raise ForbiddenAddress


def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses of a name, in the order in which they should be tried.

    Raises:
        OSError: If there are none; a `ForbiddenAddress` if one of them is where nothing connects to.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("this is no name of a server") from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        must_be_allowed(address)
    return addresses
