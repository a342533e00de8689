"""What mail clients, people, scanners and attackers get from the receiver, and what it notes, over real HTTP."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from core.app import build
from core.links.tokens import Purpose, TokenSigner
from core.messages.request_models import Request
from core.permissions import Principal
from core.storage.journal import JournalReader
from tests.receiver.conftest import BROWSER, WORKSPACE, Site, add_link
from tests.support.waiting import wait_for
from tracking_receiver.hits import PIXEL

PAGES = {Purpose.CLICK: "c", Purpose.UNSUBSCRIBE: "u", Purpose.PREFERENCES: "p", Purpose.VIEW: "v", Purpose.CONVERSION: "e"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_an_open_is_noted_and_answered_with_a_pixel_nobody_may_cache(site: Site) -> None:
    answer = site.http.get(site.urls.open(101))

    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PIXEL, "image/gif")
    assert "no-store" in answer.headers["cache-control"]
    [record] = site.records("opened", 101)
    assert (record["source"], record["method"], record["ip"], record["user_agent"]) == ("receiver", "GET", "127.0.0.1", BROWSER)


def test_head_is_answered_like_get_without_a_body_and_noted_as_head(site: Site) -> None:
    pixel = site.http.head(site.urls.open(102))
    click = site.http.head(site.urls.click(102, 1), follow_redirects=False)

    assert (pixel.status_code, pixel.content, pixel.headers["content-length"]) == (200, b"", str(len(PIXEL)))
    assert (click.status_code, click.headers["location"]) == (302, "https://shop.example/a?x=1")
    assert [record["method"] for record in site.records(message_id=102)] == ["HEAD", "HEAD"]


def test_a_click_leads_on_and_is_noted_with_its_link(site: Site) -> None:
    answer = site.http.get(site.urls.click(103, 1), follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/a?x=1")
    assert "no-store" in answer.headers["cache-control"]
    [record] = site.records("clicked", 103)
    assert record["link_id"] == 1


def test_the_hidden_link_leads_nowhere_and_is_noted(site: Site) -> None:
    answer = site.http.get(site.urls.trap(112), follow_redirects=False)

    assert answer.status_code == 200
    assert "leads nowhere" in answer.text
    [record] = site.records("clicked", 112)
    assert record["link_id"] == 0


def test_a_link_that_wants_it_gets_the_conversion_token_before_the_fragment(site: Site) -> None:
    location = site.http.get(site.urls.click(104, 2), follow_redirects=False).headers["location"]

    found = re.fullmatch(r"https://shop\.example/b\?x=1&pw=([\w-]+)#top", location)
    assert found
    claims = site.signer.verify(found[1], Purpose.CONVERSION)
    assert claims is not None
    assert (claims.message_id, claims.link_id) == (104, 2)


def test_a_link_made_after_the_start_is_found(site: Site) -> None:
    link = add_link(site.settings, "https://shop.example/später?q=ä b", 9)

    answer = site.http.get(site.urls.click(105, link), follow_redirects=False)

    assert answer.headers["location"] == "https://shop.example/sp%C3%A4ter?q=%C3%A4%20b"


def test_a_genuine_link_without_a_destination_is_noted_and_says_so(site: Site) -> None:
    answer = site.http.get(site.urls.click(106, 999_999))

    assert answer.status_code == 404
    assert "leads nowhere now" in answer.text
    assert len(site.records("clicked", 106)) == 1


@pytest.mark.parametrize("purpose", PAGES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_is_not_ours_is_refused_in_plain_words_and_notes_nothing(site: Site, purpose: Purpose, method: str) -> None:
    genuine = site.token(purpose)
    before = len(site.records())
    wrong = Purpose.OPEN if purpose is not Purpose.OPEN else Purpose.CLICK
    forgeries = [
        genuine[:-1],
        genuine[:-1] + ("A" if genuine[-1] != "A" else "B"),
        "x",
        "%00",
        "ä" * 32,
        TokenSigner(b"another key").mint(purpose, 1),
        site.token(wrong),
    ]
    for token in forgeries:
        answer = site.http.request(method, f"/{PAGES[purpose]}/{token}")
        assert answer.status_code in (404, 405), token
        assert "Traceback" not in answer.text
    assert len(site.records()) == before


@pytest.mark.parametrize("token", ["x", "", "%00", "a" * 5000])
def test_a_forged_pixel_is_still_a_pixel_but_notes_nothing(site: Site, token: str) -> None:
    before = len(site.records())

    answer = site.http.get(f"/o/{token}.gif")

    assert (answer.status_code, answer.content) == (200, PIXEL)
    assert len(site.records()) == before


def test_looking_at_the_unsubscribe_page_changes_nothing(site: Site) -> None:
    answer = site.http.get(site.urls.unsubscribe(1))
    site.http.head(site.urls.unsubscribe(1))

    assert answer.status_code == 200
    assert '<form method="post">' in answer.text
    assert "Müller &amp; Töchter" in answer.text
    assert WORKSPACE not in answer.text  # it is escaped
    assert not site.records("unsubscribed", 1)


@pytest.mark.parametrize(
    ("message", "request_body", "how"),
    [
        (201, {"data": ONE_CLICK}, "one_click"),
        (202, {"files": {"List-Unsubscribe": (None, "One-Click")}}, "one_click"),
        (203, {"data": {"from": "page"}}, "unsubscribe_page"),
        (204, {}, "unsubscribe_page"),
        (205, {"content": b"\xff\x00 nonsense", "headers": {"content-type": "multipart/form-data"}}, "unsubscribe_page"),
    ],
    ids=["one-click urlencoded", "one-click multipart", "the button", "an empty body", "nonsense"],
)
def test_posting_unsubscribes_at_once_without_a_redirect(site: Site, message: int, request_body: dict[str, Any], how: str) -> None:
    answer = site.http.post(site.urls.unsubscribe(message), follow_redirects=False, **request_body)

    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    assert [record["reason"] for record in site.records("unsubscribed", message)] == [how]


def test_the_preferences_link_leads_to_the_same_page_for_now(site: Site) -> None:
    assert '<form method="post">' in site.http.get(site.urls.preferences(206)).text
    assert site.http.post(site.urls.preferences(206)).status_code == 200
    assert len(site.records("unsubscribed", 206)) == 1


@pytest.mark.parametrize("path", ["u", "e"])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
def test_a_body_of_ten_megabytes_is_refused_and_does_nothing(site: Site, path: str, is_chunked: bool) -> None:
    purpose = Purpose.UNSUBSCRIBE if path == "u" else Purpose.CONVERSION
    body = b"x" * 10_000_000
    content = iter([body[start : start + 65_536] for start in range(0, len(body), 65_536)]) if is_chunked else body

    answer = site.http.post(f"/{path}/{site.token(purpose, 207)}", content=content)

    assert answer.status_code == 413
    assert not site.records(message_id=207)


@pytest.mark.parametrize(
    ("message", "method", "request_body"),
    [
        (301, "GET", {"params": {"value": "19.90", "currency": "eur", "order_id": "A-1"}}),
        (302, "POST", {"data": {"value": "19.90", "currency": "EUR", "order_id": "A-1"}}),
        (303, "POST", {"json": {"value": 19.9, "currency": "EUR", "order_id": "A-1"}}),
        (304, "POST", {"files": {"value": (None, "19.90"), "currency": (None, "EUR"), "order_id": (None, "A-1")}}),
    ],
    ids=["query", "form", "json", "multipart"],
)
def test_a_conversion_is_noted_with_value_currency_and_order(site: Site, message: int, method: str, request_body: dict[str, Any]) -> None:
    answer = site.http.request(method, f"/e/{site.token(Purpose.CONVERSION, message, 2)}", **request_body)

    assert answer.status_code == 200
    [record] = site.records("converted", message)
    assert (record["value"], record["currency"], record["key"], record["link_id"]) == (19.9, "EUR", "A-1", 2)


def test_a_conversion_needs_no_value(site: Site) -> None:
    assert site.http.post(f"/e/{site.token(Purpose.CONVERSION, 305)}").json() == {"recorded": True}
    [record] = site.records("converted", 305)
    assert "value" not in record


@pytest.mark.parametrize(
    ("fields", "word"),
    [({"value": "12,50"}, "value"), ({"value": "nan"}, "value"), ({"currency": "Euro"}, "currency"), ({"order_id": "x" * 300}, "order_id")],
)
def test_a_conversion_that_can_not_be_right_is_refused_with_what_is_expected(site: Site, fields: dict[str, str], word: str) -> None:
    answer = site.http.post(f"/e/{site.token(Purpose.CONVERSION, 306)}", data=fields)

    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert not site.records("converted", 306)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/json", b"{"), ("application/json", b"[1]"), ("multipart/form-data", b"x")],
)
def test_a_body_that_is_not_what_it_says_is_no_conversion(site: Site, content_type: str, body: bytes) -> None:
    answer = site.http.post(f"/e/{site.token(Purpose.CONVERSION, 307)}", content=body, headers={"content-type": content_type})

    assert answer.status_code == 400
    assert not site.records("converted", 307)


def test_head_is_no_conversion(site: Site) -> None:
    assert site.http.head(f"/e/{site.token(Purpose.CONVERSION, 308)}").status_code == 200
    assert not site.records("converted", 308)


def test_a_message_is_shown_in_the_browser_without_counting_as_an_open(site: Site) -> None:
    answer = site.http.get(site.urls.view(1))

    assert answer.status_code == 200
    assert "Hello Ada" in answer.text
    assert "/o/" not in answer.text
    assert f"{site.url}/c/" in answer.text
    assert "pw-end" not in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]  # default-src 'none' holds


def test_a_single_message_is_shown_where_a_template_wrote_its_link(site: Site) -> None:
    with closing(build(site.settings)) as services:
        by = Principal.system(services.workspaces.by_name(WORKSPACE).id)
        services.templates.save(by, "Receipt", "<p>Order {{ data.order }}, <a href='{{ view_url }}'>in the browser</a></p>")
        request = Request("grace@example.com", "shop@example.com", "Order", template="Receipt", data={"order": "A-1"})
        written = services.requests.submit(by, request).message_id
        given = services.requests.submit(by, replace(request, template=None, data={}, html="<p>Order</p>")).message_id
    shown = site.http.get(site.urls.view(written))

    assert (shown.status_code, "Order A-1" in shown.text, site.urls.view(written) in shown.text) == (200, True, True)
    assert site.http.get(site.urls.view(given)).status_code == 404
    assert site.http.post(site.urls.unsubscribe(written)).status_code == 200


def test_a_message_that_is_gone_says_so(site: Site) -> None:
    answer = site.http.get(site.urls.view(999_999))

    assert (answer.status_code, "is gone" in answer.text) == (404, True)


def test_the_links_of_a_test_message_say_that_it_was_a_test(site: Site) -> None:
    assert "This was a test" in site.http.get(site.urls.preview()).text


def test_pages_load_nothing_and_run_nothing(site: Site) -> None:
    answer = site.http.get(site.urls.unsubscribe(1))

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"(src|href)=|url\(|@import|<script", answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers


def test_other_addresses_and_methods_are_refused_in_plain_words(site: Site) -> None:
    assert site.http.get("/").status_code == 404
    assert site.http.get("/.env").status_code == 404
    assert "Nothing is here" in site.http.get("/wp-login.php").text
    for path in (site.urls.open(107), site.urls.click(107, 1)):
        assert site.http.post(path).status_code == 405
    assert site.http.delete(site.urls.unsubscribe(107)).status_code == 405
    assert not site.records(message_id=107)


def test_a_request_with_an_endless_head_is_cut_off(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
        try:
            for _ in range(1000):
                connection.sendall(b"x-more: " + b"a" * 1000 + b"\r\n")
            answer = connection.recv(100)
        except ConnectionError:
            answer = b"HTTP/1.1 400"
    assert answer.startswith(b"HTTP/1.1 400")
    assert site.http.get("/healthz").status_code == 200


def test_health_and_readiness_are_told(site: Site) -> None:
    assert site.http.get("/healthz").json() == {"status": "ok", "journal_backlog": 0}
    assert site.http.get("/readyz").json() == {"ready": True, "journal": True, "database": True}


def test_the_log_holds_no_token_and_no_address(site: Site) -> None:
    site.http.get(site.urls.click(108, 1), follow_redirects=False)
    site.http.post(site.urls.unsubscribe(108))

    log = site.log.read_text()

    assert "receiver listens on 127.0.0.1" in log
    assert site.token(Purpose.CLICK, 108, 1) not in log
    assert "/c/" not in log


def test_an_answered_open_survives_a_kill(start: Any) -> None:
    with start() as site:
        for message in range(1, 51):
            assert site.http.get(site.urls.open(message)).status_code == 200
        site.process.kill()
        site.process.wait(timeout=10)

        assert {record["message_id"] for record in site.records("opened")} == set(range(1, 51))


def test_told_to_stop_it_finishes_its_journal_and_ends_well(start: Any) -> None:
    with start() as site:
        site.http.get(site.urls.open(1))
        status = site.stop()

        reader = JournalReader(site.settings.journal_dir)
        assert status == 0
        assert all(reader.read(path.name, 0).finished for path in reader.files())
        assert "Traceback" not in site.log.read_text()


def test_a_taken_port_is_one_clear_message(site: Site) -> None:
    command = [sys.executable, "-m", "tracking_receiver", "--port", str(site.port)]
    environment = {"POSTWRIGHT_DATA_DIR": str(site.settings.data_dir), "PATH": ""}

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert f"can't listen on 127.0.0.1 port {site.port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_listens_on_ipv6_too(start: Any) -> None:
    with start() as site:
        site.stop()
        command = [sys.executable, "-m", "tracking_receiver", "--host", "::", "--port", str(site.port)]
        process = subprocess.Popen(command, env={"POSTWRIGHT_DATA_DIR": str(site.settings.data_dir)}, stderr=subprocess.DEVNULL)
        try:
            for host in ("127.0.0.1", "::1"):
                wait_for(lambda host=host: _is_open(host, site.port), host)  # type: ignore[misc]
        finally:
            process.terminate()
            process.wait(timeout=20)


def _is_open(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) == 0
