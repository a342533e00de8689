"""What providers get when they report: what is proved is on the disk before the answer, nothing else is believed."""

from __future__ import annotations

import base64
import gzip
import socket
import zlib
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.settings import Settings
from tests.receiver.conftest import Site, small_files
from tests.receiver.reporting import BEARER, TOKEN, add_connection, change_secret, hide_connections, lines, remove_connection, report
from tests.support.waiting import wait_for
from tracking_receiver.limiting import PER_FORGER

ONE = b'{"event": "delivered", "recipient": "ann@example.com"}'


@pytest.fixture
def key(site: Site) -> str:
    return add_connection(site.settings)


def test_a_report_is_in_the_journal_as_it_came(site: Site, key: str) -> None:
    answer = report(site, key, ONE)

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    [line] = lines(site, key)
    assert (line["kind"], line["source"], line["provider"], line["workspace_id"]) == ("webhook", "receiver", "generic", 1)
    assert (line["content_type"], line["body"].encode()) == ("application/json", ONE)
    assert line["at"].endswith("+00:00")


def test_ten_thousand_events_come_in_one_report(site: Site, key: str) -> None:
    body = orjson.dumps([{"event": "opened", "recipient": f"person{n}@example.com", "id": str(n)} for n in range(10_000)])

    assert report(site, key, body).status_code == 200
    [line] = lines(site, key)
    assert len(orjson.loads(line["body"])) == 10_000


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_a_compressed_report_is_kept_inflated(site: Site, key: str, encoding: str) -> None:
    two_members = gzip.compress(ONE[:10]) + gzip.compress(ONE[10:])

    for body in (gzip.compress(ONE), two_members):
        assert report(site, key, body, content_encoding=encoding).status_code == 200
    assert [line["body"].encode() for line in lines(site, key)] == [ONE, ONE]


def test_a_gzip_bomb_is_refused_before_it_fills_the_memory(site: Site, key: str) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)
    bomb = b"".join(squeezer.compress(zeros) for _ in range(1024)) + squeezer.flush()
    before = _memory_high(site)

    answer = report(site, key, bomb, content_encoding="gzip")

    assert (answer.status_code, answer.json()) == (413, {"error": "large"})
    assert _memory_high(site) - before < 120 * 1024 * 1024
    assert not lines(site, key)


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"no gzip", "gzip", 400),
        (gzip.compress(ONE)[:-5], "gzip", 400),
        (gzip.compress(ONE) + b"behind it", "gzip", 400),
        (ONE, "br", 415),
        (ONE, "gzip, gzip", 415),
        (ONE, "identity", 200),
    ],
    ids=["no gzip", "cut off", "something behind it", "another encoding", "twice", "none"],
)
def test_what_is_not_the_gzip_it_says_is_refused(site: Site, key: str, body: bytes, encoding: str, status: int) -> None:
    assert report(site, key, body, content_encoding=encoding).status_code == status
    assert len(lines(site, key)) == (status == 200)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
def test_a_report_beyond_the_limit_is_refused(site: Site, key: str, is_chunked: bool) -> None:
    body = b"x" * (16 * 1024 * 1024 + 1)
    content: Any = iter([body[start : start + 1_000_000] for start in range(0, len(body), 1_000_000)]) if is_chunked else body

    answer = site.http.post(f"/webhooks/generic/{key}", content=content, headers=BEARER)

    assert answer.status_code == 413
    assert not lines(site, key)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \xe4\xf6", "\xff"],
)
def test_a_forged_report_is_refused_without_an_echo_and_not_kept(site: Site, key: str, authorization: str) -> None:
    headers = [(b"authorization", authorization.encode("latin-1"))]

    answer = site.http.post(f"/webhooks/generic/{key}", content=ONE, headers=headers)

    assert (answer.status_code, answer.json()) == (401, {"error": "forged"})
    assert not lines(site, key)


def test_who_forges_again_and_again_has_to_wait_and_what_is_genuine_never(site: Site, key: str) -> None:
    answers = [report(site, key, ONE, authorization="Bearer x") for _ in range(PER_FORGER + 5)]

    assert {answer.status_code for answer in answers[:PER_FORGER]} == {401}
    assert (answers[-1].status_code, answers[-1].json()) == (429, {"error": "often"})
    assert int(answers[-1].headers["retry-after"]) > 0
    assert report(site, key, ONE).status_code == 200
    assert len(lines(site, key)) == 1


def test_nothing_is_believed_where_no_secret_was_entered(site: Site) -> None:
    key = add_connection(site.settings, webhook_token="")

    for authorization in ("Bearer", "Bearer x", "Basic Og=="):
        assert report(site, key, ONE, authorization=authorization).status_code == 401
    assert not lines(site, key)


@pytest.mark.parametrize("path", ["generic/{key}x", "smtp/{key}", "outbox/{key}", "x/{key}", "generic/x", "generic/%00", "generic/%ff"])
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
def test_an_address_that_is_no_connections_is_unknown(site: Site, key: str, path: str, method: str) -> None:
    answer = site.http.request(method, f"/webhooks/{path.format(key=key)}", headers=BEARER)

    assert answer.status_code == 404
    assert not lines(site, key)


def test_a_provider_that_is_being_set_up_finds_the_address(site: Site, key: str) -> None:
    for method in ("HEAD", "GET"):
        assert site.http.request(method, f"/webhooks/generic/{key}").status_code == 200
    assert site.http.put(f"/webhooks/generic/{key}", headers=BEARER).status_code == 405
    assert not lines(site, key)


def test_a_body_that_is_no_text_is_kept_byte_for_byte(site: Site, key: str) -> None:
    body = bytes(range(256))

    assert report(site, key, body, content_type="application/octet-stream").status_code == 200
    [line] = lines(site, key)
    assert base64.b64decode(line["body_base64"]) == body
    assert "body" not in line


@pytest.mark.parametrize("body", [b"", b"\x00", b"null", b"[[[[", b'{"a":', b"\xff\xfe", b"[" * 100_000, b'"\\ud800"'])
def test_garbage_is_never_a_fault_of_ours(site: Site, key: str, body: bytes) -> None:
    assert report(site, key, body).status_code == 200  # it is proved to be theirs: what it says is read later
    assert report(site, key, body, authorization="Bearer x").status_code == 401


def test_a_new_secret_counts_at_once_and_the_old_one_no_more(site: Site, key: str) -> None:
    assert report(site, key, ONE).status_code == 200
    change_secret(site.settings, key, webhook_token="another")

    wait_for(lambda: report(site, key, ONE, authorization="Bearer another").status_code == 200, "the new secret to count")
    assert report(site, key, ONE).status_code == 401


def test_a_removed_connection_takes_no_reports(site: Site, key: str) -> None:
    assert report(site, key, ONE).status_code == 200
    remove_connection(site.settings, key)

    wait_for(lambda: report(site, key, ONE).status_code == 404, "the door to be shut")


def test_secrets_of_another_installation_open_nothing_and_shut_no_other_door(site: Site, key: str) -> None:
    elsewhere = Settings.load(data_dir=site.settings.data_dir, secret_key="the key of another installation")
    broken = add_connection(elsewhere)

    assert report(site, broken, ONE).status_code == 401
    assert report(site, key, ONE).status_code == 200


def test_a_report_is_on_the_disk_before_the_answer(start: Any) -> None:
    with start() as site:
        key = add_connection(site.settings)
        for number in range(20):
            assert report(site, key, b'{"event": "opened", "id": "%d"}' % number).status_code == 200
        site.process.kill()
        site.process.wait(timeout=10)

        assert [orjson.loads(line["body"])["id"] for line in lines(site, key)] == [str(number) for number in range(20)]


def test_on_a_full_disk_the_provider_is_told_to_come_again(start: Any) -> None:
    with start(set_up=small_files(64 * 1024)) as site:
        key = add_connection(site.settings)
        answers = [report(site, key, b'{"x": "%s"}' % (b"y" * 9000)).status_code for _ in range(12)]

        assert answers[0] == 200
        assert answers[-1] == 503
        assert len(lines(site, key)) == answers.count(200)


def test_without_a_database_known_addresses_go_on_and_unknown_ones_are_told_to_come_again(start: Any) -> None:
    with start() as site:
        key = add_connection(site.settings)
        assert report(site, key, ONE).status_code == 200
        hide_connections(site.settings)

        assert report(site, key, ONE).status_code == 200
        assert report(site, "0" * 32, ONE).status_code == 503
        assert report(site, key, ONE, authorization="Bearer x").status_code == 401

        hide_connections(site.settings, again=False)
        wait_for(lambda: report(site, "0" * 32, ONE).status_code == 404, "the database to be asked again")
        assert "going on with" in site.log.read_text()


def test_the_log_holds_no_key_no_secret_and_no_address(site: Site, key: str) -> None:
    report(site, key, ONE)
    report(site, key, ONE, authorization="Bearer x")

    log = site.log.read_text()
    assert not [word for word in (key, TOKEN, "ann@example.com", "Traceback") if word in log]


def _memory_high(site: Site) -> int:
    status = Path(f"/proc/{site.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_a_gzip_of_very_many_parts_is_refused_at_once(site: Site, key: str) -> None:
    answer = report(site, key, gzip.compress(b"") * 100_000, content_encoding="gzip")
    assert (answer.status_code, answer.json()) == (400, {"error": "malformed"})
    sixteen = gzip.compress(ONE[:9]) + gzip.compress(b"") * 14 + gzip.compress(ONE[9:])
    assert report(site, key, sixteen, content_encoding="gzip").status_code == 200


def test_a_report_that_says_more_than_can_be_read_is_refused_rather_than_left_out_later(site: Site, key: str) -> None:
    answer = report(site, key, gzip.compress(b"[" + b"0," * 1_000_000 + b"0]"), content_encoding="gzip")
    assert (answer.status_code, answer.json()) == (413, {"error": "large"})
    assert not lines(site, key)


def test_a_compressed_pile_of_json_takes_no_memory_before_it_is_proved(site: Site) -> None:
    key = add_connection(site.settings, "mailgun", webhook_signing_key="a-signing-key")
    pile = gzip.compress(b"[" + b"[]," * 3_000_000 + b"[]]")
    before = _memory_high(site)
    assert report(site, key, pile, "mailgun", content_encoding="gzip").status_code == 401
    assert _memory_high(site) - before < 60 * 1024 * 1024


def test_many_large_bodies_at_once_find_no_room_and_leave_it_again(site: Site, key: str) -> None:
    part, announced = 15 * 1024 * 1024, 16 * 1024 * 1024
    head = f"POST /webhooks/generic/{key} HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n".encode()
    large = b"[" + b"0," * (part // 2) + b"0]"  # refused once it is read: it leaves nothing behind
    with ExitStack() as open_ones:

        def is_full() -> bool:
            """Let one more come in, in place of one that was too slow or found no room, and ask for some."""
            sock = open_ones.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=30))
            with suppress(OSError):  # for the last one there is no room any more
                sock.sendall(head)
                sock.sendall(bytes(part))
            return report(site, key, large).status_code == 503

        wait_for(is_full, "the room to be taken")
    wait_for(lambda: report(site, key, large).status_code == 413, "the room to be free again")
    assert report(site, key, ONE).status_code == 200


def test_an_undecided_report_counts_against_its_sender(start: Any) -> None:
    """Amazon is looked for behind a proxy that is not there, so that nothing leaves this machine."""
    topic = "arn:aws:sns:us-east-1:1:mail"
    message = {"Type": "Notification", "TopicArn": topic, "Message": "{}", "MessageId": "1", "Timestamp": "2026-11-26T00:00:00Z"}
    message |= {"SignatureVersion": "2", "Signature": "AA==", "SigningCertURL": "https://sns.us-east-1.amazonaws.com/a.pem"}
    with start(environment={"HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}) as site:
        key = add_connection(site.settings, "ses", topic_arns=topic)
        answers = [report(site, key, orjson.dumps(message), "ses").status_code for _ in range(PER_FORGER + 1)]
    assert answers == [503] * PER_FORGER + [429]
