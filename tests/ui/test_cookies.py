from __future__ import annotations

import pytest

from core.ui.web.cookies import session_cookie, token_among


@pytest.mark.parametrize("origin", ["https://mail.example.com", "http://localhost:8501", "http://127.0.0.1:8501", "http://[::1]:8501"])
def test_where_the_browser_keeps_it_the_cookie_is_tied_to_the_host(origin: str):
    assert (session_cookie(origin).name, session_cookie(origin).secure) == ("__Host-sid", True)


def test_over_plain_http_the_cookie_can_only_be_plain():
    assert (session_cookie("http://intranet:8501").name, session_cookie("http://intranet:8501").secure) == ("sid", False)


@pytest.mark.parametrize("origin", ["", "null", "http://[", "nonsense", "https://"])
def test_an_odd_origin_gets_the_strict_cookie(origin: str):
    assert session_cookie(origin).secure


def test_over_https_a_plain_cookie_set_by_a_neighbour_is_not_read():
    cookies = {"sid": "planted"}
    assert token_among(cookies, "https://mail.example.com") == ""
    assert token_among(cookies, "http://intranet:8501") == "planted"
    assert token_among({"sid": "planted", "__Host-sid": "mine"}, "") == "mine"
