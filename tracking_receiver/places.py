"""Where a request comes from, as coarse as it may be written down and counted: a network, never an address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

_UNKNOWN = "unknown"


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one; "unknown" for what is neither."""
    try:
        found = ip_address(address)
    except ValueError:
        return _UNKNOWN
    if found.version == 6 and found.ipv4_mapped is not None:  # a socket for both kinds shows IPv4 like this
        found = found.ipv4_mapped
    return str(ip_network((int(found) if found.version == 4 else found.packed, 24 if found.version == 4 else 48), strict=False))


@lru_cache(maxsize=4096)
def is_nearby(address: str) -> bool:
    """Return whether an address is of this machine or a private network, or there is none: a proxy of ours, nobody from outside.

    What can't be read as an address came in a header, and whoever writes such a thing is a stranger.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return not address
    mapped = found.ipv4_mapped if found.version == 6 else None
    return (mapped or found).is_private


@lru_cache(maxsize=1024)
def is_this_machine(address: str) -> bool:
    """Return whether an address is of this machine itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if found.version == 6 else None
    return (mapped or found).is_loopback
