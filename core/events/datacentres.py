"""Whether an address belongs to a data centre: a sign of a machine, for people read mail elsewhere."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from socket import AF_INET, inet_pton

from core.errors import InvalidInput

_SHIPPED = Path(__file__).with_name("datacentre_ranges.txt")
_Network = IPv4Network | IPv6Network
_Starts = tuple[list[int], list[int]]


class Datacentres:
    """The networks of data centres.

    Args:
        networks: Them; they may overlap.
    """

    def __init__(self, networks: Iterable[_Network]) -> None:
        together: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for network in networks:
            together[network.version].append((int(network.network_address), int(network.broadcast_address)))
        self._ranges = {version: _merged(ranges) for version, ranges in together.items()}
        self.holds = lru_cache(maxsize=65_536)(self._holds)

    def _holds(self, address: str) -> bool:
        """Return whether an address, or the first one of a network, is in a data centre; False where it is no address."""
        version, number = _number(address.partition("/")[0])
        starts, ends = self._ranges[version]
        place = bisect_right(starts, number) - 1
        return place >= 0 and number <= ends[place]


def load(path: Path | None = None) -> Datacentres:
    """Return the networks of a file: one CIDR a line, `#` begins a comment.

    Args:
        path: The file; the one that comes with Postwright if there is none.

    Raises:
        InvalidInput: If it can't be read; names the line.
    """
    try:
        lines = (path or _SHIPPED).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("The file of data-centre ranges can't be read.", hint="Check POSTWRIGHT_DATACENTRE_RANGES.") from error
    found = []
    for number, line in enumerate(lines, 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        try:
            found.append(ip_network(written))
        except ValueError as error:
            problem = f"Line {number} of the file of data-centre ranges is no network."
            raise InvalidInput(problem, hint="Write one a line, such as 203.0.113.0/24.") from error
    return Datacentres(found)


@lru_cache(maxsize=1)
def shipped() -> Datacentres:
    """Return the networks that come with Postwright."""
    return load()


def _number(address: str) -> tuple[int, int]:
    """Return the version of an address and its number, -1 where it is none."""
    try:
        return 4, int.from_bytes(inet_pton(AF_INET, address))  # `ipaddress` takes ten times as long
    except (OSError, ValueError):
        pass
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return 4, -1
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return parsed.version, int(parsed)


def _merged(ranges: list[tuple[int, int]]) -> _Starts:
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(ranges):
        if ends and start <= ends[-1] + 1:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends
