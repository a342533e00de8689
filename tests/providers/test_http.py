"""The one rule about answers, and a transport that never raises."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Unavailable
from core.providers.base import Outcome, Trouble
from core.providers.http import Answer, HttpApi, failed, must_accept
from tests.providers.conftest import email
from tests.support.esp.server import Call, FakeService, Reply, Trick, serving
from tests.support.mail_server import free_port

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Echo(FakeService):
    """Answers what it is told to."""

    send_path = "/"
    reply = Reply(200, {"ok": True})

    def answer(self, call: Call) -> Reply:
        return self.reply

    def error(self, status: int, message: str) -> Reply:
        return Reply(status, {"message": message})


@pytest.fixture
def echo() -> Iterator[Echo]:
    service = Echo()
    with serving(service):
        yield service


@pytest.mark.parametrize(
    ("status", "outcome", "attempted", "trouble"),
    [
        (400, Outcome.REFUSED, True, None),
        (413, Outcome.REFUSED, True, None),
        (422, Outcome.REFUSED, True, None),
        (401, Outcome.RETRY, False, Trouble.SIGN_IN),
        (403, Outcome.RETRY, False, Trouble.SIGN_IN),
        (402, Outcome.RETRY, False, Trouble.SIGN_IN),
        (404, Outcome.RETRY, False, Trouble.SIGN_IN),
        (301, Outcome.RETRY, False, Trouble.SIGN_IN),
        (408, Outcome.RETRY, False, Trouble.CONNECTION),
        (429, Outcome.RETRY, False, Trouble.THROTTLED),
        (503, Outcome.RETRY, False, Trouble.CONNECTION),
        (500, Outcome.UNCERTAIN, True, Trouble.CONNECTION),
        (502, Outcome.UNCERTAIN, True, Trouble.CONNECTION),
        (504, Outcome.UNCERTAIN, True, Trouble.CONNECTION),
        (200, Outcome.UNCERTAIN, True, Trouble.CONNECTION),
        (0, Outcome.UNCERTAIN, True, Trouble.CONNECTION),
    ],
)
def test_what_an_answer_means(status: int, outcome: Outcome, attempted: bool, trouble: Trouble | None) -> None:
    [first, second] = failed([email(1), email(2)], Answer(status, reason="said"), NOW)

    assert (first.outcome, first.attempted, first.trouble) == (outcome, attempted, trouble)
    assert (first.message_id, second.message_id) == (1, 2)
    assert "said" in first.reason


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("0", timedelta()),
        ("99999999", timedelta(hours=1)),
        ("Sun, 22 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 22 Nov 2026 11:00:00 GMT", timedelta()),
        ("Sun, 22 Nov 9999 11:00:00 GMT", timedelta(hours=1)),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_how_long_a_service_wants_us_to_wait(said: str, wait: timedelta | None) -> None:
    [result] = failed([email(1)], Answer(429, headers={"retry-after": said}), NOW)

    assert result.retry_after == wait


def test_what_is_no_text_in_a_services_words_is_left_out() -> None:
    [result] = failed([email(1)], Answer(400), NOW, said="a\0b\x1b[31mc")

    assert result.reason == "400 a b [31mc"


@pytest.mark.parametrize("status", [0, 301, 401, 403, 404, 408, 429, 500, 503])
def test_a_check_tells_what_keeps_mail_from_leaving(status: int) -> None:
    with pytest.raises(Unavailable):
        must_accept(Answer(status, reason="said"))


@pytest.mark.parametrize("status", [200, 202, 400, 422])
def test_a_check_passes_where_mail_could_leave(status: int) -> None:
    must_accept(Answer(status))


def test_one_connection_is_kept_and_redirects_are_not_followed(echo: Echo) -> None:
    with closing(HttpApi(echo.url)) as api:
        assert api.get("/x").json() == {"ok": True}
        echo.reply = Reply(302, None, {"Location": f"{echo.url}/elsewhere"})
        answer = api.post("/y", json={"a": 1})

    assert (answer.status, answer.is_success, answer.json()) == (302, False, None)
    assert [call.path for call in echo.calls] == ["/x", "/y"]


@pytest.mark.parametrize("trick", [Trick.HALF, Trick.RESET, Trick.SILENT])
def test_what_broke_after_it_left_may_have_arrived(echo: Echo, trick: Trick) -> None:
    echo.tricks.append(trick)
    with closing(HttpApi(echo.url, timeout=0.3 if trick is Trick.SILENT else 20)) as api:
        answer = api.post("/x", content=b"mail")

    assert (answer.status, answer.left) == (0, True)
    assert answer.reason
    assert len(echo.calls) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://a-name-that-does-not-exist.invalid", "ftp://127.0.0.1"])
def test_what_never_left_did_not_arrive(url: str) -> None:
    with closing(HttpApi(url.format(port=free_port()))) as api:
        answer = api.post("/x", content=b"mail")

    assert (answer.status, answer.left) == (0, False)


@contextmanager
def dripping(begins: bytes, drop: bytes) -> Iterator[str]:
    """A server that answers with a beginning, and from then on with a drop now and then; no wait for one is ever long."""
    over = threading.Event()

    def serve() -> None:
        client, _ = server.accept()
        with client, suppress(OSError):
            client.recv(65536)
            client.sendall(begins)
            while not over.wait(0.02):
                client.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_head_that_drips_does_not_hold_a_request_for_ever(begins: bytes) -> None:
    with dripping(begins, b"H") as url, closing(HttpApi(url, timeout=0.3)) as api:
        began = time.monotonic()
        answer = api.post("/x", content=b"mail")

    assert (answer.status, answer.left, answer.reason) == (0, True, "it did not answer in time")
    assert time.monotonic() - began < 3


def test_a_body_that_drips_is_cut_off_and_its_status_counts() -> None:
    with (
        dripping(b"HTTP/1.1 202 Accepted\r\nContent-Length: 99999\r\n\r\nok", b".") as url,
        closing(HttpApi(url, timeout=0.3)) as api,
    ):
        answer = api.post("/x", content=b"mail")

    assert answer.status == 202
    assert answer.body.startswith(b"ok")


def test_a_request_that_was_cut_off_does_not_shorten_the_next(echo: Echo) -> None:
    with closing(HttpApi(echo.url, timeout=0.3)) as api:
        echo.tricks.append(Trick.SILENT)
        assert api.post("/x", content=b"mail").status == 0
        assert api.post("/x", content=b"mail").is_success


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "2852039166"])
def test_nothing_is_sent_where_clouds_hand_out_keys(host: str) -> None:
    with closing(HttpApi(f"http://{host}/")) as api:
        answer = api.get("/latest/meta-data/")

    assert (answer.status, answer.left) == (0, False)
    assert "nothing is sent there" in answer.reason


def test_an_answer_without_end_is_cut_off(echo: Echo) -> None:
    echo.reply = Reply(200, "x" * 9_000_000)
    with closing(HttpApi(echo.url)) as api:
        answer = api.get("/x")

    assert answer.is_success
    assert len(answer.body) < 5_000_000
