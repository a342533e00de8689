"""The receiver and clients that are in a hurry, rude, slow or gone: over bare sockets."""

from __future__ import annotations

import re
import socket
import struct
import time

import pytest

from core.links.tokens import Purpose
from tests.receiver.conftest import Site
from tests.receiver.wire import Wire, get
from tracking_receiver.hits import PIXEL
from tracking_receiver.limiting import PER_TOKEN

# Makes a request unusual without changing what it means: it takes the whole way instead of the shortcut.
THE_LONG_WAY = "Content-Length: 0"


def _path(site: Site, purpose: Purpose, message: int, link: int = 0) -> str:
    token = site.token(purpose, message, link)
    return {Purpose.OPEN: f"/o/{token}.gif", Purpose.CLICK: f"/c/{token}", Purpose.CONVERSION: f"/e/{token}?value=3&order_id=A%201"}[
        purpose
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("what", ["open", "click", "click with token", "conversion", "forged open", "forged click"])
def test_the_shortcut_and_the_long_way_answer_and_note_the_same(site: Site, method: str, what: str) -> None:
    path = {
        "open": _path(site, Purpose.OPEN, 401),
        "click": _path(site, Purpose.CLICK, 401, 1),
        "click with token": _path(site, Purpose.CLICK, 401, 2),
        "conversion": _path(site, Purpose.CONVERSION, 401),
        "forged open": "/o/AAAA.gif?x=%00",
        "forged click": "/c/AAAA",
    }[what]
    answers, noted = [], []
    for headers in ([], [THE_LONG_WAY]):
        before = len(site.records(message_id=401))
        with Wire(site.port) as wire:
            wire.send(get(path, "User-Agent: Tester/1 é", *headers, method=method))
            answer = wire.answer(has_body=method != "HEAD")
        answer.headers.pop("date")
        answers.append(answer)
        lines = site.records(message_id=401)[before:]
        noted.append([{name: value for name, value in line.items() if name != "at"} for line in lines])

    assert answers[0] == answers[1]
    assert noted[0] == noted[1]


def test_answers_come_in_the_order_of_the_requests_whichever_way_they_take(site: Site) -> None:
    opened, clicked, converted = (_path(site, purpose, 402, 1) for purpose in (Purpose.OPEN, Purpose.CLICK, Purpose.CONVERSION))
    asked = [opened, clicked, "/healthz", opened, converted, opened, converted, "/healthz", "/readyz", clicked, opened]
    expected = {opened: "image/gif", clicked: None, converted: "image/gif", "/healthz": "application/json", "/readyz": "application/json"}

    with Wire(site.port) as wire:
        wire.send(b"".join(get(path) for path in asked))
        answers = [wire.answer() for _ in asked]

    assert [answer.headers.get("content-type") for answer in answers] == [expected[path] for path in asked]
    assert sorted(line["kind"] for line in site.records(message_id=402)) == ["clicked"] * 2 + ["converted"] * 2 + ["opened"] * 4


@pytest.mark.parametrize("way", [[], [THE_LONG_WAY]], ids=["shortcut", "long way"])
@pytest.mark.parametrize("purpose", [Purpose.OPEN, Purpose.CONVERSION])
def test_a_client_that_wants_the_connection_closed_gets_that(site: Site, purpose: Purpose, way: list[str]) -> None:
    with Wire(site.port) as wire:
        wire.send(get(_path(site, purpose, 403), "Connection: close", *way) + get("/healthz"))
        answer = wire.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert wire.rest() == b""


def test_http_1_0_is_answered_and_closed(site: Site) -> None:
    with Wire(site.port) as wire:
        wire.send(get(_path(site, Purpose.OPEN, 404), version="1.0"))
        answer = wire.answer()
        assert (answer.status, answer.body, answer.headers["connection"]) == (200, PIXEL, "close")
        assert wire.rest() == b""
    assert len(site.records("opened", 404)) == 1


def test_a_request_that_comes_in_pieces_is_one_request(site: Site) -> None:
    with Wire(site.port) as wire:
        for piece in get(_path(site, Purpose.OPEN, 405), "X-Long: " + "y" * 300):
            wire.send(bytes([piece]))
        assert wire.answer().body == PIXEL
    assert len(site.records("opened", 405)) == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"NONSENSE\r\n\r\n",
        b"GET /o/x.gif HTTP/1.1\r\nhost x\r\n\r\n",
        b"GET /o/x.gif HTTP/9.9\r\nhost: x\r\n\r\n",
        b"POST /u/x HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"POST /u/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["TLS", "nonsense", "no colon", "version", "negative length", "chunk"],
)
def test_what_is_no_http_is_refused_and_the_next_client_served(site: Site, sent: bytes) -> None:
    with Wire(site.port) as wire:
        wire.send(sent)
        first = wire.rest()
    assert first.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")) or first == b""
    assert not first.startswith(b"HTTP/1.1 500")
    assert site.http.get(site.urls.open(406)).status_code == 200


def test_a_hundred_thousand_headers_are_cut_off(site: Site) -> None:
    with Wire(site.port) as wire:
        try:
            wire.send(get(_path(site, Purpose.OPEN, 407), *["a: "] * 100_000))
        except ConnectionError:
            pass
        else:
            assert wire.rest().startswith(b"HTTP/1.1 400") or not wire.rest()
    assert not site.records(message_id=407)


def test_clients_that_hang_up_harm_nobody_and_are_noted(site: Site) -> None:
    reset = struct.pack("ii", 1, 0)
    for purpose in (Purpose.OPEN, Purpose.CONVERSION):
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", site.port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)  # closing sends a reset: no answer can be delivered
                client.sendall(get(_path(site, purpose, 408)) * 3)
        with Wire(site.port) as wire:
            wire.send(get(_path(site, purpose, 409)))
            assert wire.answer().status == 200
    assert len(site.records(message_id=409)) == 2
    assert "Traceback" not in site.log.read_text()


def test_a_client_that_sends_and_never_reads_is_not_answered_into_memory(site: Site) -> None:
    request = get(_path(site, Purpose.OPEN, 410))
    with socket.create_connection(("127.0.0.1", site.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(1.0)
        sent = 0
        with pytest.raises(TimeoutError):  # the server stops reading
            while sent < 64_000_000:
                sent += client.send(request * 500)
    assert site.http.get(site.urls.open(411)).status_code == 200


def test_a_trusted_proxy_names_the_client_on_both_ways_and_nobody_else_can(site: Site) -> None:
    for way in ([], [THE_LONG_WAY]):
        with Wire(site.port) as wire:
            wire.send(get(_path(site, Purpose.OPEN, 412), "X-Forwarded-For: 203.0.113.9, 198.51.100.7", *way))
            assert wire.answer().status == 200
    assert [line["ip"] for line in site.records(message_id=412)] == ["198.51.100.7"] * 2


def test_slow_clients_are_let_go_while_others_are_served(site: Site) -> None:
    begun = time.monotonic()
    slow = [b"", b"GET /o/", get("/o/x.gif")[:-2], get(_path(site, Purpose.OPEN, 413)) + b"GET"]
    wires = []
    for sent in slow * 10:
        wires.append(Wire(site.port))
        wires[-1].send(sent)
    with Wire(site.port) as body, Wire(site.port) as ignored:
        body.send(get(f"/u/{site.token(Purpose.UNSUBSCRIBE, 414)}", "Content-Length: 50", method="POST") + b"List")
        ignored.send(get(_path(site, Purpose.OPEN, 414), "Content-Length: 50", method="POST") + b"x")
        assert site.http.get(site.urls.open(415)).status_code == 200
        assert ignored.answer().status == 405
        ignored.send(b"y")
        assert [wire.rest().startswith(b"HTTP/1.1 200") for wire in wires] == [False, False, False, True] * 10
        assert body.answer().status == 408
        assert ignored.rest() == b""
    for wire in wires:
        wire.__exit__()
    assert 5 < time.monotonic() - begun < 20
    assert not site.records(message_id=414)


def test_an_idle_connection_is_closed_after_its_answer(site: Site) -> None:
    with Wire(site.port) as wire:
        wire.send(get(_path(site, Purpose.OPEN, 416)))
        wire.answer()
        assert wire.rest() == b""


def test_opens_and_conversions_of_many_at_once_are_all_noted(site: Site) -> None:
    wires = [Wire(site.port) for _ in range(60)]
    for number, wire in enumerate(wires):
        wire.send(get(_path(site, Purpose.OPEN, 500 + number)) + get(_path(site, Purpose.CONVERSION, 500 + number)))
    for wire in wires:
        assert [wire.answer().status, wire.answer().status] == [200, 200]
        wire.__exit__()
    noted = [(line["kind"], line["message_id"]) for line in site.records() if 500 <= line.get("message_id", 0) < 560]
    assert sorted(noted) == sorted((kind, number) for kind in ("opened", "converted") for number in range(500, 560))


def test_a_conversion_token_used_again_and_again_by_get_has_to_wait(site: Site) -> None:
    with Wire(site.port) as wire:
        wire.send(get(_path(site, Purpose.CONVERSION, 417)) * (PER_TOKEN + 1))
        statuses = [wire.answer().status for _ in range(PER_TOKEN + 1)]
    assert statuses == [200] * PER_TOKEN + [429]
    assert len(site.records("converted", 417)) == PER_TOKEN


def test_hits_are_counted_whichever_way_they_take(site: Site) -> None:
    def told() -> list[int]:
        text = site.http.get("/metrics").text
        routes = [("/o/{token}", 200), ("/c/{token}", 302), ("/e/{token}", 200)]
        found = [re.search(rf'route="{re.escape(route)}",status="{status}",worker="\d+"}} (\d+)', text) for route, status in routes]
        return [int(each[1]) if each else 0 for each in found]

    before = told()
    for way in ([], [THE_LONG_WAY]):
        for purpose, link in ((Purpose.OPEN, 0), (Purpose.CLICK, 1), (Purpose.CONVERSION, 1)):
            with Wire(site.port) as wire:
                wire.send(get(_path(site, purpose, 418, link), *way))
                wire.answer()
    assert [after - earlier for after, earlier in zip(told(), before, strict=True)] == [2, 2, 2]
