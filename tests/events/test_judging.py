"""Who acted, and why we think so."""

from __future__ import annotations

import pytest

from core.events.client import client_and_device
from core.events.judging import judge_user_agent
from core.storage.event_words import Actor

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
CUBOT = "Mozilla/5.0 (Linux; Android 11; {} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


@pytest.mark.parametrize(
    ("user_agent", "actor", "reason"),
    [
        (CHROME, Actor.HUMAN, ""),
        (IPHONE, Actor.HUMAN, ""),
        (GMAIL, Actor.PROXY, "image_proxy"),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", Actor.PROXY, "image_proxy"),
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
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/131.0 Safari/537.36", Actor.MACHINE, "headless_browser"),
        ("BarracudaCentral", Actor.MACHINE, "security_scanner"),
    ],
)
def test_every_verdict_has_its_reason(user_agent: str, actor: Actor, reason: str) -> None:
    assert judge_user_agent(user_agent) == (actor, reason)


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
