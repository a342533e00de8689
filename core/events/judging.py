"""Who opened or clicked: a person, a proxy that fetches for one, or a machine; every verdict carries its reason.

The rules are few and look at the request alone. Sources: what image proxies and Apple's Mail Privacy Protection send is
public; the words are those under which scanners, crawlers and HTTP libraries announce themselves.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from core.events.event import Event
from core.events.matching import Context
from core.storage.event_words import Actor, EventKind


class Verdict(NamedTuple):
    """Who, and why we think so."""

    actor: Actor
    reason: str


_PERSON = Verdict(Actor.HUMAN, "")
_CRAWLER = Verdict(Actor.MACHINE, "crawler")
# "Googlebot/2.1", "bingbot;", "(SomeBot)"; but CUBOT makes phones, which name themselves "CUBOT X30)" or "Build/CUBOT)".
_BOT = re.compile(r"(?<!\bcu)bot[/;)]")
_JUDGED = frozenset({EventKind.OPENED, EventKind.CLICKED})
_BY_A_PERSON = frozenset({EventKind.UNSUBSCRIBED, EventKind.COMPLAINED, EventKind.CONVERTED, EventKind.SUBSCRIBED, EventKind.REPLIED})

# The first word found in the lower-cased user agent decides; proxies come first, because crawler lists name them too.
_WORDS: tuple[tuple[str, Verdict], ...] = (
    ("googleimageproxy", Verdict(Actor.PROXY, "image_proxy")),
    ("yahoomailproxy", Verdict(Actor.PROXY, "image_proxy")),
    ("barracuda", Verdict(Actor.MACHINE, "security_scanner")),
    ("proofpoint", Verdict(Actor.MACHINE, "security_scanner")),
    ("mimecast", Verdict(Actor.MACHINE, "security_scanner")),
    ("safelinks", Verdict(Actor.MACHINE, "security_scanner")),
    ("scanner", Verdict(Actor.MACHINE, "security_scanner")),
    ("headless", Verdict(Actor.MACHINE, "headless_browser")),
    ("phantomjs", Verdict(Actor.MACHINE, "headless_browser")),
    ("crawler", _CRAWLER),
    ("spider", _CRAWLER),
    ("slurp", _CRAWLER),
    ("preview", Verdict(Actor.MACHINE, "link_preview")),
    ("facebookexternalhit", Verdict(Actor.MACHINE, "link_preview")),
    ("curl/", Verdict(Actor.MACHINE, "http_library")),
    ("wget/", Verdict(Actor.MACHINE, "http_library")),
    ("python-", Verdict(Actor.MACHINE, "http_library")),
    ("aiohttp", Verdict(Actor.MACHINE, "http_library")),
    ("go-http-client", Verdict(Actor.MACHINE, "http_library")),
    ("okhttp", Verdict(Actor.MACHINE, "http_library")),
    ("apache-httpclient", Verdict(Actor.MACHINE, "http_library")),
    ("java/", Verdict(Actor.MACHINE, "http_library")),
)


def judge_actor(event: Event, _context: Context) -> Event:
    """Set who acted and why we think so; kinds in which nobody acts (`sent`, `bounced`) have no actor."""
    if event.kind in _JUDGED:
        verdict = Verdict(Actor.MACHINE, "head_request") if event.method == "HEAD" else judge_user_agent(event.user_agent or "")
        event.actor, event.actor_reason = verdict.actor.value, verdict.reason or None
    elif event.kind in _BY_A_PERSON:
        event.actor = Actor.HUMAN.value
    return event


@lru_cache(maxsize=16_384)
def judge_user_agent(user_agent: str) -> Verdict:
    """Return who announces itself by this user agent."""
    plain = user_agent.strip().lower()
    if not plain:
        return Verdict(Actor.MACHINE, "no_user_agent")
    if plain == "mozilla/5.0":  # Apple's Mail Privacy Protection fetches every image under this bare name
        return Verdict(Actor.MACHINE, "apple_privacy")
    found = next((verdict for word, verdict in _WORDS if word in plain), _PERSON)
    return _CRAWLER if found is _PERSON and _BOT.search(plain) else found
