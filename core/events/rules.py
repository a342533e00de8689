"""From signals to who acted: a person, a proxy that fetches for one, or a machine; every verdict carries its reason.

A pure function of the signals, so that history is judged by the same rules as the present. Some signals decide alone. The
weak ones fit people too (an office behind a cloud's address, a browser that a list of crawlers names), so it takes two.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from core.events.signals import Signal, read
from core.storage.event_words import Actor

# Raise it with every change of rules, words or patterns: each event says which of them judged it last.
RULES_VERSION = 1


class Verdict(NamedTuple):
    """Who, and why we think so."""

    actor: Actor
    reason: str


_PERSON = Verdict(Actor.HUMAN, "")
# The first that was seen decides. An image proxy fetches because a person opened, wherever its servers stand; nobody but a
# machine follows a link that can't be seen.
_DECISIVE: tuple[tuple[Signal, Verdict], ...] = (
    (Signal.HONEYPOT, Verdict(Actor.MACHINE, "honeypot")),
    (Signal.HEAD, Verdict(Actor.MACHINE, "head_request")),
    (Signal.PROVIDER_MACHINE, Verdict(Actor.MACHINE, "provider_machine")),
    (Signal.IMAGE_PROXY, Verdict(Actor.PROXY, "image_proxy")),
    (Signal.PROVIDER_PROXY, Verdict(Actor.PROXY, "provider_proxy")),
    (Signal.SECURITY_SCANNER, Verdict(Actor.MACHINE, "security_scanner")),
    (Signal.HEADLESS_BROWSER, Verdict(Actor.MACHINE, "headless_browser")),
    (Signal.CRAWLER, Verdict(Actor.MACHINE, "crawler")),
    (Signal.LINK_PREVIEW, Verdict(Actor.MACHINE, "link_preview")),
    (Signal.HTTP_LIBRARY, Verdict(Actor.MACHINE, "http_library")),
    (Signal.APPLE_PRIVACY, Verdict(Actor.MACHINE, "apple_privacy")),
    (Signal.NO_AGENT, Verdict(Actor.MACHINE, "no_user_agent")),
    (Signal.EVERY_LINK, Verdict(Actor.MACHINE, "every_link")),
    (Signal.NEAR_HONEYPOT, Verdict(Actor.MACHINE, "near_honeypot")),
    (Signal.HEAD_BEFORE, Verdict(Actor.MACHINE, "head_before")),
    (Signal.BURST, Verdict(Actor.MACHINE, "burst")),
)
_WEAK = (Signal.LISTED_AGENT, Signal.DATACENTRE, Signal.SOON)


@lru_cache(maxsize=4096)
def judge(signals: str) -> Verdict:
    """Return who acted.

    Args:
        signals: What was seen, words with commas between.
    """
    seen = read(signals)
    for signal, verdict in _DECISIVE:
        if signal in seen:
            return verdict
    weak = [signal.value for signal in _WEAK if signal in seen]
    return Verdict(Actor.MACHINE, "_and_".join(weak)) if len(weak) > 1 else _PERSON
