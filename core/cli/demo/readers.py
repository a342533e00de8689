"""What a made-up reader does with one email: the requests their mail program, their scanner and they themselves make.

The same reader does the same with the same campaign every time. Shares are believable, not measured: a third of the
addresses are fetched by Apple's privacy proxy whether anybody reads or not, some employers scan every link.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

PEOPLE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.3.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
)
APPLE_PRIVACY = "Mozilla/5.0"
GMAIL_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
SCANNER = "Mozilla/5.0 (compatible; LinkScanner/2.4)"


class Deed(StrEnum):
    """What one request does."""

    OPEN = "open"
    CLICK = "click"
    BUY = "buy"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True)
class Visit:
    """One request to the receiver.

    Args:
        deed: What it does.
        user_agent: What the client calls itself.
        ip: Its address (RFC 5737: for documentation only).
        link: Which link of the email, for a click; buying follows a click on it.
        is_head: Whether it only asks for the headers.
        value: What was bought for, for a purchase.
    """

    deed: Deed
    user_agent: str
    ip: str
    link: int = 0
    is_head: bool = False
    value: float = 0.0


def visits(email: str, campaign: str, *, links: int, appeal: float) -> list[Visit]:
    """Return what happens to one email, in order.

    Args:
        email: Whose.
        campaign: The campaign's name; another one moves the same person differently.
        links: How many tracked links the email has.
        appeal: How much this campaign moves people: 1 is usual.
    """
    person, day = random.Random(email), random.Random(f"{email}\x1f{campaign}")  # noqa: S311 - made up the same way every time
    ip = f"198.51.100.{person.randrange(1, 255)}"
    browser, program, interest = person.choice(PEOPLE), person.random(), person.betavariate(1.6, 3.2)
    happened: list[Visit] = []
    if person.random() < 0.10:
        happened += _scanned(links)
    if program < 0.34:
        happened.append(Visit(Deed.OPEN, APPLE_PRIVACY, "203.0.113.7"))
    if day.random() < min(0.95, 0.9 * interest * appeal):
        opener = browser if program >= 0.64 else GMAIL_PROXY if program >= 0.34 else ""
        happened += _read(day, opener, browser, ip, links, interest * appeal)
    return happened


def _scanned(links: int) -> list[Visit]:
    """A security gateway looks at every link before the mail is let in."""
    heads = [Visit(Deed.CLICK, PEOPLE[0], "203.0.113.40", link=0, is_head=True)]
    return [*heads, *(Visit(Deed.CLICK, SCANNER, "203.0.113.40", link=link) for link in range(links))]


def _read(day: random.Random, opener: str, browser: str, ip: str, links: int, interest: float) -> list[Visit]:
    """A person reads: the program fetches the pixel (once or again), then perhaps a link, perhaps a purchase, perhaps goodbye."""
    happened = [Visit(Deed.OPEN, opener, ip)] * day.choices((1, 2, 3), (0.7, 0.2, 0.1))[0] if opener else []
    if links and day.random() < 0.35 * interest + 0.06:
        link = min(int(day.expovariate(1.1)), links - 1)
        happened.append(Visit(Deed.CLICK, browser, ip, link=link))
        if day.random() < 0.22:
            happened.append(Visit(Deed.BUY, browser, ip, link=link, value=round(day.triangular(9, 120, 24), 2)))
    elif day.random() < 0.03:
        happened.append(Visit(Deed.UNSUBSCRIBE, browser, ip))
    return happened
