"""What is special about sending through Resend: a key for one message alone, batches that name the bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import orjson
import pytest

from core.errors import Unavailable
from core.providers.base import Attachment, Outcome, Trouble
from core.providers.resend.send import ResendProvider
from tests.providers.conftest import email
from tests.providers.reporting import read
from tests.support.esp.resend import FakeResend
from tests.support.esp.server import GOOD_KEY, Reply, Trick, serving


@pytest.fixture
def service() -> Iterator[FakeResend]:
    fake = FakeResend()
    with serving(fake):
        yield fake


@pytest.fixture
def resend(service: FakeResend) -> Iterator[ResendProvider]:
    with closing(ResendProvider(GOOD_KEY, service.url)) as built:
        yield built


def test_a_key_stands_with_a_message_alone_and_never_with_a_batch(service: FakeResend, resend: ResendProvider) -> None:
    resend.send([email(1)])
    resend.send([email(2), email(3)])

    assert [(call.path, call.headers.get("idempotency-key")) for call in service.calls] == [("/emails", "1-abc"), ("/emails/batch", None)]


def test_the_same_key_gets_the_same_answer_and_nothing_twice(service: FakeResend, resend: ResendProvider) -> None:
    [first], [second] = resend.send([email(1)]), resend.send([email(1)])

    assert first == second
    assert len(service.delivered) == 1


def test_the_same_key_with_other_words_is_uncertain(service: FakeResend, resend: ResendProvider) -> None:
    resend.send([email(1)])
    [result] = resend.send([email(1, subject="Other words")])

    assert result.outcome is Outcome.UNCERTAIN
    assert "before" in result.reason
    assert len(service.delivered) == 1


def test_a_message_whose_answer_was_lost_may_be_sent_again_alone(service: FakeResend, resend: ResendProvider) -> None:
    service.tricks += [Trick.RESET, Trick.HALF]

    assert [resend.send([email(1)])[0].outcome for _ in range(3)] == [Outcome.UNCERTAIN, Outcome.UNCERTAIN, Outcome.ACCEPTED]
    assert len(service.delivered) == 1


def test_a_report_is_found_again_by_the_tag_and_by_the_name(service: FakeResend, resend: ResendProvider) -> None:
    key = "4711-0123456789ab"
    result, _ = resend.send([email(1, key=key), email(2)])

    row = service.calls[0].json()[0]
    for given in ({"tags": {tag["name"]: tag["value"] for tag in row["tags"]}}, {"tags": row["tags"]}):
        told = {"type": "email.delivered", "data": {"email_id": result.provider_message_id, **given}}
        [event] = read("resend", orjson.dumps(told))
        assert (event.message_key, event.provider_message_id) == (key, result.provider_message_id)


def test_the_bad_ones_of_a_batch_are_named_in_one_request(service: FakeResend, resend: ResendProvider) -> None:
    service.refuses = {"person0@example.com", "person3@example.com"}

    results = resend.send([email(number) for number in range(5)])

    assert {result.message_id for result in results if result.outcome is Outcome.REFUSED} == {0, 3}
    names = {result.message_id: result.provider_message_id for result in results if result.outcome is Outcome.ACCEPTED}
    assert names == {1: "re-1", 2: "re-2", 4: "re-3"}
    assert len(service.calls) == 1


def test_where_the_whole_batch_is_refused_halves_find_the_bad_one(service: FakeResend, resend: ResendProvider) -> None:
    service.is_strict = True
    service.refuses = {"person3@example.com"}

    results = resend.send([email(number) for number in range(8)])

    assert {result.message_id: result.outcome for result in results if result.outcome is not Outcome.ACCEPTED} == {3: Outcome.REFUSED}
    assert max(service.keys().values()) == 1
    assert len(service.delivered) == 7


@pytest.mark.parametrize("is_strict", [True, False])
@pytest.mark.parametrize("count", [1, 5])
def test_a_domain_that_is_not_verified_burns_nothing(service: FakeResend, resend: ResendProvider, count: int, is_strict: bool) -> None:
    service.domains, service.is_strict = {"other.example"}, is_strict

    results = resend.send([email(number) for number in range(count)])

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, Trouble.SENDER)}
    assert "not verified" in results[0].reason


@pytest.mark.parametrize(
    ("name", "wait"),
    [
        ("daily_quota_exceeded", timedelta(hours=1)),
        ("monthly_quota_exceeded", timedelta(hours=1)),
        ("rate_limit_exceeded", timedelta(seconds=2)),
    ],
)
def test_a_quota_waits_longer_than_a_rate(service: FakeResend, resend: ResendProvider, name: str, wait: timedelta) -> None:
    service.answer = lambda call: Reply(429, {"name": name, "message": "…"}, {"retry-after": "2"})  # type: ignore[method-assign]

    [result] = resend.send([email(1)])

    assert (result.outcome, result.attempted, result.trouble, result.retry_after) == (Outcome.RETRY, False, Trouble.THROTTLED, wait)


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ({"data": [{"id": "a"}, {"id": "b"}]}, {1: Outcome.ACCEPTED, 2: Outcome.ACCEPTED}),
        ({"data": [{"id": "a"}]}, {1: Outcome.UNCERTAIN, 2: Outcome.UNCERTAIN}),
        ({"data": [{"id": "a"}], "errors": [{"index": 0, "message": "no"}]}, {1: Outcome.REFUSED, 2: Outcome.ACCEPTED}),
        ({"data": [None, {"id": "b"}], "errors": [{"index": 0, "message": "no"}]}, {1: Outcome.REFUSED, 2: Outcome.ACCEPTED}),
        ({"data": [{"id": "a"}, {}]}, {1: Outcome.ACCEPTED, 2: Outcome.UNCERTAIN}),
        ({"data": [], "errors": [{"index": 7, "message": "no"}]}, {1: Outcome.UNCERTAIN, 2: Outcome.UNCERTAIN}),
        ([], {1: Outcome.UNCERTAIN, 2: Outcome.UNCERTAIN}),
        ("no", {1: Outcome.UNCERTAIN, 2: Outcome.UNCERTAIN}),
    ],
)
def test_only_what_is_named_was_taken(service: FakeResend, resend: ResendProvider, answer: Any, outcomes: dict[int, Outcome]) -> None:
    service.answer = lambda call: Reply(200, answer)  # type: ignore[method-assign]

    assert {result.message_id: result.outcome for result in resend.send([email(1), email(2)])} == outcomes


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë", "Zoë <news@shop.example>"),
        ('"Shop", Inc.', "Shop Inc. <news@shop.example>"),
        ("", "news@shop.example"),
        ("<>", "news@shop.example"),
    ],
)
def test_a_senders_name_is_written_as_resend_reads_it(service: FakeResend, resend: ResendProvider, name: str, shown: str) -> None:
    resend.send([email(1, from_name=name)])

    assert service.delivered[0].sender == shown


def test_attachments_go_alone(service: FakeResend, resend: ResendProvider) -> None:
    files = (Attachment("a.txt", "text/plain", b"hello"),)
    results = resend.send([email(1, attachments=files), email(2), email(3)])

    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert sorted(call.path for call in service.calls) == ["/emails", "/emails/batch"]


def test_a_key_that_may_only_send_passes_the_check(service: FakeResend, resend: ResendProvider) -> None:
    words = "This API key is restricted to only send emails"
    service.answer = lambda call: service.error(401, words, "restricted_api_key")  # type: ignore[method-assign]
    resend.check()

    service.answer = lambda call: Reply(200, {"hello": "world"})  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="not Resend"):
        resend.check()


@pytest.mark.parametrize("key", ["", "ключ"])
def test_without_a_key_nothing_is_asked(service: FakeResend, key: str) -> None:
    with closing(ResendProvider(key, service.url)) as resend:
        [result] = resend.send([email(1)])
        assert (result.outcome, result.attempted, result.trouble) == (Outcome.RETRY, False, Trouble.SIGN_IN)
        with pytest.raises(Unavailable):
            resend.check()
    assert service.calls == []
