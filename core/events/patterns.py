"""What only several hits on one message show: machines that follow every link, or the hidden one, or ask twice.

Pure, and the order in which hits come makes no difference. The windows are short and the numbers high enough for a person
who clicks two links within a minute, or one link twice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from core.events.signals import Signal

# What this far apart has nothing to do with each other.
REACH = timedelta(seconds=60)
_MOMENT = timedelta(seconds=10)
_INSTANT = timedelta(seconds=2)
_MANY_LINKS = 3
_BURST = 5


class Hit(NamedTuple):
    """An open or a click, as patterns look at it.

    Args:
        event_id: Its number.
        message: Which message, or whatever else stands for one recipient of one mailing.
        is_click: Whether it is a click.
        at: When.
        link: The link, by number or address; None where a provider does not tell.
        network: The network it came from, None where it is not known.
        is_head: Whether it only asked what there is.
        is_honeypot: Whether it followed the hidden link.
        of_links: How many links the mailing has, 0 where that is not known.
    """

    event_id: int
    message: Hashable
    is_click: bool
    at: datetime
    link: int | str | None = None
    network: str | None = None
    is_head: bool = False
    is_honeypot: bool = False
    of_links: int = 0


def find(hits: Iterable[Hit]) -> dict[int, set[Signal]]:
    """Return what the hits on each message show together, by event; events that show nothing are absent."""
    together: dict[Hashable, list[Hit]] = defaultdict(list)
    for hit in hits:
        together[hit.message].append(hit)
    found: dict[int, set[Signal]] = defaultdict(set)
    for of_one in together.values():
        if len(of_one) < 2:
            continue
        of_one.sort(key=lambda hit: (hit.at, hit.event_id))
        for event_id, signal in _of_message(of_one):
            found[event_id].add(signal)
    return dict(found)


def _of_message(hits: Sequence[Hit]) -> Iterator[tuple[int, Signal]]:
    """Every part takes about as long as there are hits: somebody may send a million to one message."""
    clicks = [hit for hit in hits if hit.is_click]
    named = [hit for hit in clicks if not hit.is_honeypot and hit.link is not None]
    yield from _marked(Signal.EVERY_LINK, _with_links(named, _MANY_LINKS, _MOMENT))
    if any(hit.of_links == 2 for hit in named):
        yield from _marked(Signal.EVERY_LINK, _with_links(named, 2, _INSTANT))
    yield from _marked(Signal.BURST, _bursts(clicks))
    yield from _marked(Signal.NEAR_HONEYPOT, _near_traps(hits))
    yield from _marked(Signal.HEAD_BEFORE, _after_heads(hits))


def _marked(signal: Signal, hits: Iterable[Hit]) -> Iterator[tuple[int, Signal]]:
    return ((hit.event_id, signal) for hit in hits)


def _with_links(clicks: Sequence[Hit], many: int, span: timedelta) -> Iterator[Hit]:
    """Yield the clicks of every stretch, no longer than `span`, that holds so many links."""
    first = told = 0
    inside: Counter[int | str | None] = Counter()
    for last, click in enumerate(clicks):
        inside[click.link] += 1
        while click.at - clicks[first].at > span:
            inside[clicks[first].link] -= 1
            if not inside[clicks[first].link]:
                del inside[clicks[first].link]
            first += 1
        if len(inside) >= many:
            yield from clicks[max(first, told) : last + 1]
            told = last + 1


def _bursts(clicks: Sequence[Hit]) -> Iterator[Hit]:
    """Yield clicks from one network that come faster than a hand makes them."""
    networks: dict[str, list[Hit]] = defaultdict(list)
    for hit in clicks:
        if hit.network is not None:
            networks[hit.network].append(hit)
    for same in networks.values():
        told = 0
        for first in range(len(same) - _BURST + 1):
            if same[first + _BURST - 1].at - same[first].at <= _MOMENT:
                yield from same[max(first, told) : first + _BURST]
                told = first + _BURST


def _near_traps(hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield what else came with a hit on the hidden link: such a scan is of the whole mail, and may come from several networks."""
    traps = [hit for hit in hits if hit.is_honeypot]
    if not traps:
        return
    anywhere, by_network = [trap.at for trap in traps], defaultdict(list)
    for trap in traps:
        if trap.network is not None:
            by_network[trap.network].append(trap.at)
    for hit in hits:
        if hit.is_honeypot:
            continue
        is_same = hit.network is not None and _is_near(hit.at, by_network.get(hit.network, ()), REACH)
        if is_same or (hit.is_click and _is_near(hit.at, anywhere, _MOMENT)):
            yield hit


def _after_heads(hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield what was fetched a moment after the same network only asked whether it is there."""
    heads: dict[tuple[bool, int | str | None, str], datetime] = {}
    for hit in sorted(hits, key=lambda hit: (hit.at, not hit.is_head)):
        if hit.network is None:
            continue
        what = (hit.is_click, hit.link, hit.network)
        if hit.is_head:
            heads[what] = hit.at
        elif what in heads and hit.at - heads[what] <= _MOMENT:
            yield hit


def _is_near(at: datetime, others: Sequence[datetime], span: timedelta) -> bool:
    place = bisect_left(others, at)
    return any(abs(at - other) <= span for other in others[max(0, place - 1) : place + 1])
