from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from core.links.tokens import Purpose, TokenClaims, TokenSigner
from core.links.urls import TrackingUrls, is_web_url, with_parameter

SIGNER = TokenSigner(b"a key for tests")
URLS = TrackingUrls(SIGNER, "https://mail.example.com/")


@pytest.mark.parametrize(
    ("url", "start", "purpose"),
    [
        (URLS.open(7), "https://mail.example.com/o/", Purpose.OPEN),
        (URLS.unsubscribe(7), "https://mail.example.com/u/", Purpose.UNSUBSCRIBE),
        (URLS.preferences(7), "https://mail.example.com/p/", Purpose.PREFERENCES),
        (URLS.view(7), "https://mail.example.com/v/", Purpose.VIEW),
        (URLS.conversion(7), "https://mail.example.com/e/", Purpose.CONVERSION),
    ],
)
def test_each_url_carries_a_token_for_its_own_purpose(url: str, start: str, purpose: Purpose) -> None:
    assert url.startswith(start)
    assert SIGNER.verify(url.removeprefix(start).removesuffix(".gif"), purpose) == TokenClaims(7, 0)


def test_the_pixel_looks_like_an_image() -> None:
    assert URLS.open(7).endswith(".gif")


def test_a_click_names_message_and_link() -> None:
    token = URLS.click(7, 3).removeprefix("https://mail.example.com/c/")
    assert SIGNER.verify(token, Purpose.CLICK) == TokenClaims(7, 3)


def test_the_landing_page_gets_a_conversion_token() -> None:
    query = dict(parse_qsl(urlsplit(URLS.landing("https://shop.example/x?a=1#top", 7, 3)).query))
    assert query["a"] == "1"
    assert SIGNER.verify(query["pw"], Purpose.CONVERSION) == TokenClaims(7, 3)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example?pw=t"),
        ("https://a.example/p?", "https://a.example/p?pw=t"),
        ("https://a.example/p?x=1", "https://a.example/p?x=1&pw=t"),
        ("https://a.example/p?x=1&", "https://a.example/p?x=1&pw=t"),
        ("https://a.example/p?x=%C3%A4#part?two", "https://a.example/p?x=%C3%A4&pw=t#part?two"),
    ],
)
def test_a_parameter_is_added_and_the_rest_stays(url: str, expected: str) -> None:
    assert with_parameter(url, "pw", "t") == expected


@pytest.mark.parametrize("url", ["https://a.example", "http://a.example:8080/ä?b=c#d", "HTTPS://A.EXAMPLE/"])
def test_complete_web_addresses_are_recognised(url: str) -> None:
    assert is_web_url(url)


@pytest.mark.parametrize(
    "url",
    ["", "a.example", "//a.example", "/path", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "https://", "https://[",
     "https://a.example/\r\nX: y", "https://a.example/a b", "ftp://a.example"],
)  # fmt: skip
def test_everything_else_is_not_a_web_address(url: str) -> None:
    assert not is_web_url(url)
