"""What an open or a click tells about who acted, one event at a time; `rules` says what follows from it.

Signals are kept with the event, so that history can be judged again although the full address and the method are gone.
Sources: what image proxies and Apple's Mail Privacy Protection send is public; the words are those under which scanners,
crawlers and HTTP libraries announce themselves; the list of crawlers is crawler-user-agents. That list names mail's image
proxies and some browsers too, so it is a sign among others and decides nothing alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from core.events.event import Event
from core.storage.event_words import Actor, EventKind

# A machine looks at mail as it arrives; clocks differ a little, and a fetch may be faster than our note that it was accepted.
_SOON, _SKEW = timedelta(seconds=10), timedelta(seconds=-30)
_APPLE = re.compile(r"17\.\d+\.\d+\.\d+(/\d+)?")


class Signal(StrEnum):
    """One thing that was seen."""

    HONEYPOT = "honeypot"
    HEAD = "head"
    NO_AGENT = "no_agent"
    IMAGE_PROXY = "image_proxy"
    APPLE_PRIVACY = "apple_privacy"
    SECURITY_SCANNER = "security_scanner"
    HEADLESS_BROWSER = "headless_browser"
    CRAWLER = "crawler"
    LINK_PREVIEW = "link_preview"
    HTTP_LIBRARY = "http_library"
    PROVIDER_MACHINE = "provider_machine"
    PROVIDER_PROXY = "provider_proxy"
    LISTED_AGENT = "listed_agent"
    DATACENTRE = "datacentre"
    SOON = "soon"
    # What only several events together show (`patterns`).
    EVERY_LINK = "every_link"
    NEAR_HONEYPOT = "near_honeypot"
    HEAD_BEFORE = "head_before"
    BURST = "burst"


JOINT = frozenset({Signal.EVERY_LINK, Signal.NEAR_HONEYPOT, Signal.HEAD_BEFORE, Signal.BURST})
# What the user agent and the network tell: worked out anew when history is judged again.
_OF_AGENT = frozenset(
    {
        Signal.IMAGE_PROXY,
        Signal.APPLE_PRIVACY,
        Signal.SECURITY_SCANNER,
        Signal.HEADLESS_BROWSER,
        Signal.CRAWLER,
        Signal.LINK_PREVIEW,
        Signal.HTTP_LIBRARY,
        Signal.LISTED_AGENT,
    }
)
# "Googlebot/2.1", "bingbot;", "(SomeBot)"; but CUBOT makes phones, which name themselves "CUBOT X30)" or "Build/CUBOT)".
_BOT = re.compile(r"(?<!\bcu)bot[/;)]")

# The first word found in the lower-cased user agent decides; proxies come first, because crawler lists name them too.
_WORDS: tuple[tuple[str, Signal], ...] = (
    ("googleimageproxy", Signal.IMAGE_PROXY),
    ("yahoomailproxy", Signal.IMAGE_PROXY),
    ("barracuda", Signal.SECURITY_SCANNER),
    ("proofpoint", Signal.SECURITY_SCANNER),
    ("mimecast", Signal.SECURITY_SCANNER),
    ("safelinks", Signal.SECURITY_SCANNER),
    ("scanner", Signal.SECURITY_SCANNER),
    ("headless", Signal.HEADLESS_BROWSER),
    ("phantomjs", Signal.HEADLESS_BROWSER),
    ("crawler", Signal.CRAWLER),
    ("spider", Signal.CRAWLER),
    ("slurp", Signal.CRAWLER),
    ("preview", Signal.LINK_PREVIEW),
    ("facebookexternalhit", Signal.LINK_PREVIEW),
    ("curl/", Signal.HTTP_LIBRARY),
    ("wget/", Signal.HTTP_LIBRARY),
    ("python-", Signal.HTTP_LIBRARY),
    ("aiohttp", Signal.HTTP_LIBRARY),
    ("go-http-client", Signal.HTTP_LIBRARY),
    ("okhttp", Signal.HTTP_LIBRARY),
    ("apache-httpclient", Signal.HTTP_LIBRARY),
    ("java/", Signal.HTTP_LIBRARY),
)
_OLD_REASONS = {"head_request": Signal.HEAD, "no_user_agent": Signal.NO_AGENT}
_KNOWN = {signal.value: signal for signal in Signal}


_NO_AGENT = Signal.NO_AGENT.value


def gather(event: Event, is_datacentre: Callable[[str], bool]) -> str:
    """Return the signals of a matched open or click, words with commas between; empty where nothing was seen."""
    told = of_agent(event.user_agent) if event.user_agent else "" if event.is_reported else _NO_AGENT
    address, message = event.ip or event.ip_prefix or "", event.message
    accepted_at = message.accepted_at if message is not None else None
    is_soon = accepted_at is not None and _SKEW <= event.at - accepted_at < _SOON
    is_in_datacentre = is_datacentre(address)
    if not (is_soon or is_in_datacentre or event.machine or event.link_id == 0 or event.method == "HEAD" or address[:3] == "17."):
        return told
    return written(
        [
            *_of_request(event, address),
            *told.split(","),
            *([Signal.DATACENTRE] if is_in_datacentre else []),
            *([Signal.SOON] if is_soon else []),
        ]
    )


def regathered(
    signals: str | None, reason: str | None, user_agent: str | None, ip_prefix: str | None, is_datacentre: Callable[[str], bool]
) -> str | None:
    """Return the signals of a kept event as today's lists see it, None where nothing can be told.

    What an earlier release noted as the reason of its verdict counts where it kept no signals.

    Args:
        signals: As they were kept, None for events of an earlier release.
        reason: The reason of its verdict.
        user_agent: The user agent, None where there was none or it is not kept.
        ip_prefix: The network it came from.
        is_datacentre: Whether an address is in a data centre.
    """
    if signals is None and not user_agent and not ip_prefix and reason not in _OLD_REASONS:
        return None
    kept = set(read(signals))
    if signals is None and reason in _OLD_REASONS:
        kept.add(_OLD_REASONS[reason])
    if user_agent:
        by_network = kept & {Signal.APPLE_PRIVACY} if _APPLE.fullmatch(ip_prefix or "") else set()
        kept = (kept - _OF_AGENT) | set(read(of_agent(user_agent))) | by_network
    if ip_prefix:
        kept -= {Signal.DATACENTRE}
        kept |= {Signal.DATACENTRE} if is_datacentre(ip_prefix) else set()
    return written(kept)


@lru_cache(maxsize=16_384)
def of_agent(user_agent: str) -> str:
    """Return what a user agent tells, as words with commas between."""
    plain = user_agent.strip().lower()
    if not plain:
        return Signal.NO_AGENT.value
    if plain == "mozilla/5.0":  # Apple's Mail Privacy Protection fetches every image under this bare name
        return Signal.APPLE_PRIVACY.value
    found = next((signal for word, signal in _WORDS if word in plain), None)
    if found is None and _BOT.search(plain):
        found = Signal.CRAWLER
    if found is None and _is_listed(user_agent):
        found = Signal.LISTED_AGENT
    return found.value if found is not None else ""


def written(signals: Iterable[str]) -> str:
    """Return signals as they are kept: each once, in one order, with commas between."""
    present = set(signals)
    return ",".join(signal.value for signal in Signal if signal in present)


def read(signals: str | None) -> frozenset[Signal]:
    """Return the signals of a kept word list; words of later releases are passed over."""
    return frozenset(_KNOWN[word] for word in signals.split(",") if word in _KNOWN) if signals else frozenset()


def _of_request(event: Event, address: str) -> list[Signal]:
    found = []
    if event.link_id == 0 and event.kind is EventKind.CLICKED:
        found.append(Signal.HONEYPOT)
    if event.method == "HEAD":
        found.append(Signal.HEAD)
    if event.machine:
        found.append(Signal.PROVIDER_PROXY if event.machine == Actor.PROXY.value else Signal.PROVIDER_MACHINE)
    if event.kind is EventKind.OPENED and _APPLE.fullmatch(address):
        found.append(Signal.APPLE_PRIVACY)
    return found


def _is_listed(user_agent: str) -> bool:
    from crawleruseragents import is_crawler  # reads a large file: only whoever judges pays for it

    return bool(is_crawler(user_agent))
