"""What is special about sending through Brevo: versions of one request, its templates, a key it keeps for half an hour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from core.errors import Unavailable
from core.providers.base import Attachment, Outcome, Trouble
from core.providers.brevo.send import BrevoProvider
from tests.providers.conftest import email
from tests.providers.reporting import read
from tests.support.esp.brevo import FakeBrevo
from tests.support.esp.server import GOOD_KEY, Reply, Trick, serving


@pytest.fixture
def service() -> Iterator[FakeBrevo]:
    fake = FakeBrevo()
    with serving(fake):
        yield fake


@pytest.fixture
def brevo(service: FakeBrevo) -> Iterator[BrevoProvider]:
    with closing(BrevoProvider(GOOD_KEY, f"{service.url}/v3")) as built:
        yield built


def test_what_versions_share_holds_nothing_of_anybody(service: FakeBrevo, brevo: BrevoProvider) -> None:
    brevo.send([email(1, subject="For Ann", html="<p>Ann</p>", text="Ann"), email(2, subject="For Bob", html="<p>Bob</p>", text="")])

    body = service.calls[0].json()
    shared = {name: value for name, value in body.items() if name != "messageVersions"}
    assert "Ann" not in str(shared)
    assert set(shared) == {"sender", "subject", "htmlContent"}
    assert "textContent" not in body["messageVersions"][1]


def test_senders_do_not_share_a_request(service: FakeBrevo, brevo: BrevoProvider) -> None:
    messages = [email(1), email(2, from_email="other@shop.example"), email(3), email(4, from_name="Another Shop")]

    assert {result.outcome for result in brevo.send(messages)} == {Outcome.ACCEPTED}

    assert len(service.calls) == 3
    assert {mail.key: mail.sender for mail in service.delivered} == {
        "1-abc": "The Shop <news@shop.example>",
        "2-abc": "The Shop <other@shop.example>",
        "3-abc": "The Shop <news@shop.example>",
        "4-abc": "Another Shop <news@shop.example>",
    }


@pytest.mark.parametrize("count", [1, 2])
def test_a_report_is_found_again_by_the_header_and_by_the_name(service: FakeBrevo, brevo: BrevoProvider, count: int) -> None:
    key = "4711-0123456789ab"
    result, *_ = brevo.send([email(1, key=key), email(2)][:count])

    body = service.calls[0].json()
    custom = body.get("messageVersions", [body])[0]["headers"]["X-Mailin-custom"]
    told = {"event": "delivered", "message-id": result.provider_message_id, "X-Mailin-custom": custom, "email": "a@b.example"}
    [event] = read("brevo", orjson.dumps(told))
    assert (event.message_key, event.provider_message_id) == (key, result.provider_message_id)


def test_a_message_alone_has_a_key_that_is_always_the_same(service: FakeBrevo, brevo: BrevoProvider) -> None:
    service.tricks.append(Trick.RESET)
    [lost] = brevo.send([email(1)])
    [again] = brevo.send([email(1)])

    keys = {UUID(call.json()["headers"]["idempotencyKey"]) for call in service.calls}
    assert len(keys) == 1
    assert (lost.outcome, again.outcome) == (Outcome.UNCERTAIN, Outcome.UNCERTAIN)
    assert "before" in again.reason
    assert len(service.delivered) == 1


def test_a_sender_that_is_not_valid_burns_nothing(service: FakeBrevo, brevo: BrevoProvider) -> None:
    service.senders = {"other@shop.example"}

    results = brevo.send([email(number) for number in range(10)])

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, Trouble.SENDER)}
    assert "sender" in results[0].reason
    assert len(service.calls) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(402, "not_enough_credits"), (400, "not_enough_credits"), (403, "permission_denied"), (400, "account_under_validation")],
)
def test_what_a_person_must_mend_burns_nothing(service: FakeBrevo, brevo: BrevoProvider, status: int, code: str) -> None:
    service.answer = lambda call: service.error(status, "No.", code)  # type: ignore[method-assign]

    results = brevo.send([email(1), email(2)])

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, Trouble.SIGN_IN)}
    assert code in results[0].reason


@pytest.mark.parametrize(
    ("headers", "wait"), [({"x-sib-ratelimit-reset": "42"}, 42), ({"Retry-After": "9"}, 9), ({"x-sib-ratelimit-reset": "soon"}, None)]
)
def test_how_long_to_wait_is_read_from_its_own_header(
    service: FakeBrevo, brevo: BrevoProvider, headers: dict[str, str], wait: int | None
) -> None:
    service.answer = lambda call: Reply(429, {"code": "too_many_requests", "message": "…"}, headers)  # type: ignore[method-assign]

    [result] = brevo.send([email(1)])

    assert (result.trouble, result.retry_after) == (Trouble.THROTTLED, timedelta(seconds=wait) if wait else None)


@pytest.mark.parametrize("answer", [{}, {"messageIds": ["<1@x>"]}, {"messageIds": [1, 2]}, {"messageId": "<1@x>"}, [], "no"])
def test_an_answer_that_does_not_name_every_message_is_uncertain(service: FakeBrevo, brevo: BrevoProvider, answer: object) -> None:
    service.answer = lambda call: Reply(201, answer)  # type: ignore[method-assign]

    assert {result.outcome for result in brevo.send([email(1), email(2)])} == {Outcome.UNCERTAIN}


@pytest.mark.parametrize(
    ("name", "shown"), [("Shop, Inc.", "Shop, Inc."), ("Zoë", "Zoë"), ("Zoë, Shop", "Zoë Shop"), ('"Zoë" (Shop)', "Zoë Shop"), ("", "")]
)
def test_a_senders_name_is_not_lost(service: FakeBrevo, brevo: BrevoProvider, name: str, shown: str) -> None:
    brevo.send([email(1, from_name=name)])

    assert service.delivered[0].sender == f"{shown} <news@shop.example>"


def test_styles_that_look_like_a_template_keep_their_meaning(service: FakeBrevo, brevo: BrevoProvider) -> None:
    html = "<style>@media (max-width:9em){#head{color:red}}</style><p>{#x#} {{y}}</p><STYLE type='a'>b{#c{}}</STYLE >{%z%}"
    brevo.send([email(1, html=html)])

    given = service.calls[0].json()["htmlContent"]
    assert given == (
        "<style>@media (max-width:9em){ #head{color:red}}</style><p>&#123;#x#} &#123;{y}}</p><STYLE type='a'>b{ #c{}}</STYLE >&#123;%z%}"
    )
    assert service.delivered[0].html == html.replace("{#head", "{ #head").replace("{#c", "{ #c")


def test_a_header_it_can_not_write_is_refused(service: FakeBrevo, brevo: BrevoProvider) -> None:
    results = brevo.send([email(1, headers={"X-Mine": "Grüße"}), email(2)])

    assert {result.message_id: result.outcome for result in results} == {1: Outcome.REFUSED, 2: Outcome.ACCEPTED}


def test_attachments_of_others_are_sent_to_nobody_else(service: FakeBrevo, brevo: BrevoProvider) -> None:
    files = (Attachment("a.txt", "text/plain", b"hello"),)
    brevo.send([email(1, attachments=files), email(2), email(3)])

    assert {mail.key: len(mail.attachments) for mail in service.delivered} == {"1-abc": 1, "2-abc": 0, "3-abc": 0}


def test_what_answers_must_be_brevo(service: FakeBrevo, brevo: BrevoProvider) -> None:
    service.answer = lambda call: Reply(200, {"hello": "world"})  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="not Brevo"):
        brevo.check()


@pytest.mark.parametrize("key", ["", "ключ"])
def test_without_a_key_nothing_is_asked(service: FakeBrevo, key: str) -> None:
    with closing(BrevoProvider(key, f"{service.url}/v3")) as brevo:
        [result] = brevo.send([email(1)])
        assert (result.outcome, result.attempted, result.trouble) == (Outcome.RETRY, False, Trouble.SIGN_IN)
        with pytest.raises(Unavailable):
            brevo.check()
    assert service.calls == []
