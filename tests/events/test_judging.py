"""Who acted, and why we think so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidInput
from core.events import datacentres
from core.events.client import client_and_device
from core.events.event import Event, MatchedMessage
from core.events.judging import judge_actor
from core.events.matching import Context
from core.events.rules import RULES_VERSION, judge
from core.events.signals import of_agent, regathered
from core.storage.event_words import Actor, EventKind

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
CUBOT = "Mozilla/5.0 (Linux; Android 11; {} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15"
LISTED = "Mozilla/5.0 (compatible; SiteUptime.com)"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOME, CLOUD = "81.2.69.160", "3.5.140.2"


def judged(kind: EventKind = EventKind.CLICKED, *, after: float = 3600, link_id: int | None = 5, **known: object) -> Event:
    message = MatchedMessage(1, 1, 1, 1, None, "accepted", NOON, True, "a@example.com")
    at = NOON + timedelta(seconds=after)
    event = Event(1, kind, at, at, "receiver", message_id=1, message=message, link_id=link_id, **known)  # type: ignore[arg-type]
    return judge_actor(event, Context({1: message}))


@pytest.mark.parametrize(
    ("user_agent", "actor", "reason"),
    [
        *((agent, Actor.HUMAN, "") for agent in (CHROME, IPHONE, ANDROID, OUTLOOK, THUNDERBIRD, SAFARI)),
        (GMAIL, Actor.PROXY, "image_proxy"),
        (YAHOO, Actor.PROXY, "image_proxy"),
        ("Mozilla/5.0", Actor.MACHINE, "apple_privacy"),
        ("", Actor.MACHINE, "no_user_agent"),
        ("  ", Actor.MACHINE, "no_user_agent"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", Actor.MACHINE, "crawler"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Actor.MACHINE, "crawler"),
        ("Mozilla/5.0 (compatible; AhrefsBot; +http://example.com)", Actor.MACHINE, "crawler"),
        ("SomeService (a bot)", Actor.MACHINE, "crawler"),
        (CUBOT.format("CUBOT)"), Actor.HUMAN, ""),
        (CUBOT.format("CUBOT KING KONG Build/CUBOT;"), Actor.HUMAN, ""),
        (CUBOT.format("CUBOT/X30)"), Actor.HUMAN, ""),
        ("python-requests/2.32", Actor.MACHINE, "http_library"),
        ("Go-http-client/1.1", Actor.MACHINE, "http_library"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/131.0 Safari/537.36", Actor.MACHINE, "headless_browser"),
        ("BarracudaCentral", Actor.MACHINE, "security_scanner"),
        ("Mozilla/5.0 (Mimecast URL Protect)", Actor.MACHINE, "security_scanner"),
        ("Mozilla/5.0 (compatible; Proofpoint URL Defense)", Actor.MACHINE, "security_scanner"),
        ("Mozilla/5.0 (Windows NT 10.0) SafeLinks/1.0", Actor.MACHINE, "security_scanner"),
        ("facebookexternalhit/1.1", Actor.MACHINE, "link_preview"),
    ],
)
def test_every_verdict_has_its_reason(user_agent: str, actor: Actor, reason: str) -> None:
    event = judged(user_agent=user_agent, ip=HOME)
    assert (event.actor, event.actor_reason or "", event.rules_version) == (actor, reason, RULES_VERSION)


def test_image_proxies_stay_opens_wherever_their_servers_stand() -> None:
    for agent in (GMAIL, YAHOO):
        event = judged(EventKind.OPENED, user_agent=agent, ip=CLOUD, after=2)
        assert (event.actor, event.signals) == (Actor.PROXY, "image_proxy,datacentre,soon")


@pytest.mark.parametrize(
    ("known", "signals", "actor"),
    [
        ({"user_agent": LISTED, "ip": HOME}, "listed_agent", Actor.HUMAN),
        ({"user_agent": CHROME, "ip": CLOUD}, "datacentre", Actor.HUMAN),
        ({"user_agent": CHROME, "ip": HOME, "after": 4}, "soon", Actor.HUMAN),
        ({"user_agent": CHROME, "ip": CLOUD, "after": 4}, "datacentre,soon", Actor.MACHINE),
        ({"user_agent": LISTED, "ip": CLOUD}, "listed_agent,datacentre", Actor.MACHINE),
        ({"user_agent": LISTED, "ip": HOME, "after": 4}, "listed_agent,soon", Actor.MACHINE),
        ({"user_agent": CHROME, "ip": HOME, "method": "HEAD"}, "head", Actor.MACHINE),
        ({"user_agent": CHROME, "ip": HOME, "link_id": 0}, "honeypot", Actor.MACHINE),
        ({"user_agent": CHROME, "machine": "machine", "is_reported": True}, "provider_machine", Actor.MACHINE),
        ({"user_agent": CHROME, "machine": "proxy", "is_reported": True}, "provider_proxy", Actor.PROXY),
        ({"is_reported": True}, "", Actor.HUMAN),  # a provider that does not tell the user agent
        ({"user_agent": CHROME, "ip": HOME}, "", Actor.HUMAN),
    ],
)
def test_weak_signs_take_two_and_strong_ones_decide_alone(known: dict[str, object], signals: str, actor: Actor) -> None:
    event = judged(**known)  # type: ignore[arg-type]
    assert (event.signals, event.actor) == (signals, actor)


def test_history_is_judged_from_what_was_kept() -> None:
    holds = datacentres.shipped().holds
    assert regathered("head,soon", None, CHROME, "3.5.140.0/24", holds) == "head,datacentre,soon"
    assert regathered("apple_privacy", None, CHROME, "17.58.101.0/24", holds) == "apple_privacy"
    assert regathered("crawler,datacentre", None, GMAIL, "81.2.69.0/24", holds) == "image_proxy"
    assert regathered(None, "head_request", CHROME, None, holds) == "head"
    assert regathered(None, "no_user_agent", None, None, holds) == "no_agent"
    assert regathered(None, None, None, None, holds) is None
    assert judge(of_agent(GMAIL)).actor is Actor.PROXY


def test_ranges_of_data_centres_can_be_replaced(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("ranges") / "ranges.txt"
    path.write_text("# ours\n203.0.113.0/25  # half\n2001:db8::/32\n")
    ours = datacentres.load(path)
    found = {one: ours.holds(one) for one in ("203.0.113.5", "203.0.113.200", "::ffff:203.0.113.9", "2001:db8::1", "x", CLOUD)}
    assert list(found.values()) == [True, False, True, True, False, False]
    path.write_text("203.0.113.0/24\nnonsense\n")
    with pytest.raises(InvalidInput, match="Line 2"):
        datacentres.load(path)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (CHROME, ("Chrome", "computer")),
        (IPHONE, ("Apple Mail", "phone")),
        (ANDROID, ("Chrome", "phone")),
        (GMAIL, ("Gmail", None)),
        ("something else", (None, None)),
    ],
)
def test_client_and_device_are_named_where_the_user_agent_tells(user_agent: str, expected: tuple[str | None, str | None]) -> None:
    assert client_and_device(user_agent) == expected
