"""What is special about sending through Postmark: an answer for each message, message streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import orjson
import pytest

from core.errors import Unavailable
from core.providers.base import Attachment, Outcome, Trouble
from core.providers.postmark.send import PostmarkProvider
from core.storage.event_words import BounceClass
from tests.providers.conftest import email
from tests.providers.reporting import read
from tests.support.esp.postmark import FakePostmark
from tests.support.esp.server import GOOD_KEY, Reply, serving


@pytest.fixture
def service() -> Iterator[FakePostmark]:
    fake = FakePostmark()
    with serving(fake):
        yield fake


@pytest.fixture
def postmark(service: FakePostmark) -> Iterator[PostmarkProvider]:
    with closing(PostmarkProvider(GOOD_KEY, api_url=service.url)) as built:
        yield built


def test_campaigns_and_single_emails_take_streams_of_their_own(service: FakePostmark, postmark: PostmarkProvider) -> None:
    postmark.send([email(1), email(2, is_bulk=False)])

    assert [row["MessageStream"] for row in service.calls[0].json()] == ["broadcast", "outbound"]


def test_a_report_is_found_again_by_the_metadata_and_by_the_name(service: FakePostmark, postmark: PostmarkProvider) -> None:
    key = "4711-0123456789ab"
    [result] = postmark.send([email(1, key=key)])

    metadata = service.calls[0].json()[0]["Metadata"]
    told = {"RecordType": "Delivery", "MessageID": result.provider_message_id, "Metadata": metadata, "Recipient": "a@b.example"}
    [event] = read("postmark", orjson.dumps(told))
    assert (event.message_key, event.provider_message_id) == (key, result.provider_message_id)


def test_our_message_id_is_kept(service: FakePostmark, postmark: PostmarkProvider) -> None:
    postmark.send([email(1)])

    assert service.delivered[0].headers["Message-ID"] == "<1-abc@shop.example>"


def test_a_recipient_postmark_keeps_as_inactive_is_refused_and_not_taken_for_a_bounce(
    service: FakePostmark, postmark: PostmarkProvider
) -> None:
    service.refuses = {"person2@example.com"}

    results = postmark.send([email(1), email(2), email(3)])

    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]
    assert results[1].bounce_class is BounceClass.SOFT  # they may have unsubscribed there, from this stream only
    assert "inactive" in results[1].reason
    assert "person2@example.com" not in results[1].reason


@pytest.mark.parametrize(
    ("code", "words", "trouble"),
    [
        (400, "The 'From' address you supplied is not a Sender Signature on your account.", Trouble.SENDER),
        (401, "The Sender Signature has not been confirmed.", Trouble.SENDER),
        (405, "Not allowed to send: you ran out of credits.", Trouble.SIGN_IN),
        (412, "While your account is pending approval, all recipients must share your domain.", Trouble.SIGN_IN),
        (300, "Invalid 'From' address: 'news@shop'.", Trouble.SENDER),
        (1235, "The 'MessageStream' provided does not exist on this server.", Trouble.SIGN_IN),
        (429, "Rate limit exceeded.", Trouble.THROTTLED),
        (100, "We are down for maintenance.", Trouble.CONNECTION),
    ],
)
def test_what_would_meet_every_message_burns_none(
    service: FakePostmark, postmark: PostmarkProvider, code: int, words: str, trouble: Trouble
) -> None:
    service.says = {"person2@example.com": (code, words)}

    results = postmark.send([email(1), email(2)])

    assert results[0].outcome is Outcome.ACCEPTED
    assert (results[1].outcome, results[1].attempted, results[1].trouble) == (Outcome.RETRY, False, trouble)
    assert str(code) in results[1].reason


@pytest.mark.parametrize("code", [300, 411, 9999])
def test_what_is_wrong_with_one_message_is_its_own(service: FakePostmark, postmark: PostmarkProvider, code: int) -> None:
    service.says = {"person2@example.com": (code, "Invalid 'To' address.")}

    results = postmark.send([email(1), email(2), email(3)])

    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]
    assert results[1].bounce_class is None


def test_a_stream_that_is_missing_burns_nothing(service: FakePostmark, postmark: PostmarkProvider) -> None:
    service.streams = {"outbound"}

    results = postmark.send([email(1), email(2)])

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, Trouble.SIGN_IN)}
    assert "MessageStream" in results[0].reason


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ([], [Outcome.UNCERTAIN] * 2),
        ([{"ErrorCode": 0, "MessageID": "a", "Message": "OK"}], [Outcome.ACCEPTED, Outcome.UNCERTAIN]),
        ([{"MessageID": "a", "Message": "Message accepted, but delivery may be delayed."}, None], [Outcome.ACCEPTED, Outcome.UNCERTAIN]),
        ([{"ErrorCode": 0}, {"ErrorCode": "0", "MessageID": "a"}], [Outcome.UNCERTAIN] * 2),
        ({"hello": "world"}, [Outcome.UNCERTAIN] * 2),
        ("<html>", [Outcome.UNCERTAIN] * 2),
    ],
)
def test_only_what_is_named_was_taken(service: FakePostmark, postmark: PostmarkProvider, answer: object, outcomes: list[Outcome]) -> None:
    service.answer = lambda call: Reply(200, answer)  # type: ignore[method-assign]

    assert [result.outcome for result in postmark.send([email(1), email(2)])] == outcomes


@pytest.mark.parametrize(("code", "trouble"), [(1235, Trouble.SIGN_IN), (405, Trouble.SIGN_IN), (429, Trouble.THROTTLED)])
def test_a_whole_request_may_be_refused_for_the_account(
    service: FakePostmark, postmark: PostmarkProvider, code: int, trouble: Trouble
) -> None:
    service.answer = lambda call: service.error(422, "No.", code)  # type: ignore[method-assign]

    results = postmark.send([email(1), email(2)])

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, trouble)}
    assert len(service.calls) == 1


def test_files_beyond_ten_megabytes_never_leave(service: FakePostmark, postmark: PostmarkProvider) -> None:
    large = Attachment("a.pdf", "application/pdf", bytes(8_000_000))

    results = postmark.send([email(1, attachments=(large,)), email(2)])

    assert {result.message_id: result.outcome for result in results} == {1: Outcome.REFUSED, 2: Outcome.ACCEPTED}


def test_large_messages_are_spread_over_requests(service: FakePostmark, postmark: PostmarkProvider) -> None:
    results = postmark.send([email(number, html="x" * 9_000_000) for number in range(4)])

    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert [len(call.json()) for call in service.calls] == [2, 2]


def test_what_answers_must_be_postmark(service: FakePostmark, postmark: PostmarkProvider) -> None:
    service.answer = lambda call: Reply(200, {"hello": "world"})  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="not Postmark"):
        postmark.check()


@pytest.mark.parametrize("token", ["", "ключ", "a b"])
def test_without_a_token_nothing_is_asked(service: FakePostmark, token: str) -> None:
    with closing(PostmarkProvider(token, api_url=service.url)) as postmark:
        [result] = postmark.send([email(1)])
        assert (result.outcome, result.attempted, result.trouble) == (Outcome.RETRY, False, Trouble.SIGN_IN)
        with pytest.raises(Unavailable):
            postmark.check()
    assert service.calls == []
