"""What is special about sending through Amazon SES: signatures, one request a message, what it says about the account."""

from __future__ import annotations

import base64
import email as mime
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from core.clock import FrozenClock
from core.errors import InvalidInput, Unavailable
from core.providers.base import Attachment, Outcome, SendResult, Trouble
from core.providers.catalogue import CATALOGUE
from core.providers.entering import checked_values
from core.providers.ses.send import SesProvider
from core.providers.ses.sigv4 import Credentials, signed, signing_key
from tests.providers.conftest import email
from tests.providers.contract import campaign
from tests.providers.reporting import read
from tests.support.esp.server import GOOD_KEY, Call, Reply, Trick, serving
from tests.support.esp.ses import ACCESS_KEY, FakeSes, provider

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
URL = "https://example.amazonaws.com/"


@pytest.fixture
def service() -> Iterator[FakeSes]:
    fake = FakeSes()
    with serving(fake):
        yield fake


@pytest.fixture
def ses(service: FakeSes) -> Iterator[SesProvider]:
    with closing(provider(service.url)) as built:
        yield built


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "signature"),
    [
        pytest.param("GET", URL, {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", id="get-vanilla"),
        pytest.param("POST", URL, {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", id="post-vanilla"),
        pytest.param(
            "GET",
            f"{URL}?Param2=value2&Param1=value1",
            {},
            b"",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            id="get-vanilla-query-order-key-case",
        ),
        pytest.param(
            "GET",
            URL,
            {"My-Header1": "  value1", "My-Header2": ' "a   b   c" '},
            b"",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            id="get-header-value-trim",
        ),
        pytest.param(
            "POST",
            URL,
            FORM,
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            id="post-x-www-form-urlencoded",
        ),
    ],
)
def test_signatures_are_those_of_amazons_test_suite(method: str, url: str, headers: dict[str, str], body: bytes, signature: str) -> None:
    proof = signed(Credentials("AKIDEXAMPLE", SECRET, "us-east-1", "service"), method, url, headers, body, AT)["authorization"]

    assert proof.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=")
    assert proof.endswith(f", Signature={signature}")


def test_the_example_of_amazons_documentation_is_signed_as_it_says() -> None:
    assert signing_key(SECRET, "20150830", "us-east-1", "iam").hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"

    proof = signed(Credentials("AKIDEXAMPLE", SECRET, "us-east-1", "iam"), "GET", url, headers, b"", AT)["authorization"]

    assert "SignedHeaders=content-type;host;x-amz-date" in proof
    assert proof.endswith("Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")


def test_a_port_is_signed_only_where_it_is_unusual() -> None:
    credentials = Credentials("AKIDEXAMPLE", SECRET, "us-east-1", "ses")

    hosts = [
        signed(credentials, "GET", url, {}, b"", AT)["host"]
        for url in ("https://a.example:443/", "http://a.example:8080/", "http://[::1]/")
    ]

    assert hosts == ["a.example", "a.example:8080", "[::1]"]
    assert SECRET not in repr(credentials)


def test_the_mail_is_the_bytes_we_wrote(service: FakeSes, ses: SesProvider) -> None:
    headers = {
        "Message-ID": "<1-abc@shop.example>",
        "List-Unsubscribe": "<https://l.example/u/1>",
        "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
    }
    ses.send([email(1, headers=headers, text="Grüße\n.\n", from_name="Zoë, Shop")])

    [call] = service.calls
    raw = base64.b64decode(call.json()["Content"]["Raw"]["Data"])
    mail = mime.message_from_bytes(raw)
    assert (mail["Message-ID"], mail["List-Unsubscribe"], mail["Date"]) == tuple(headers.values())
    assert "FromEmailAddress" not in call.json()
    assert "ConfigurationSetName" not in call.json()
    assert raw.count(b"\r\nX-Postwright-Message: 1-abc\r\n") == 1


def test_a_report_is_found_again_by_the_tag_and_by_the_name(service: FakeSes, ses: SesProvider) -> None:
    key = "4711-0123456789ab"
    [result] = ses.send([email(1, key=key)])

    tags = {tag["Name"]: [tag["Value"]] for tag in service.calls[0].json()["EmailTags"]}
    happened = {
        "eventType": "Delivery",
        "mail": {"messageId": result.provider_message_id, "tags": tags},
        "delivery": {"recipients": ["a@b.example"]},
    }
    told = {"Type": "Notification", "MessageId": "m", "Message": orjson.dumps(happened).decode()}
    [event] = read("ses", orjson.dumps(told))
    assert (event.message_key, event.provider_message_id) == (key, result.provider_message_id)


def test_a_configuration_set_is_named(service: FakeSes) -> None:
    with closing(provider(service.url, configuration_set="reports")) as ses:
        ses.send([email(1)])

    assert service.calls[0].json()["ConfigurationSetName"] == "reports"


class Meeting(FakeSes):
    """Answers only once so many requests are there at the same time."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.meeting = threading.Barrier(count)

    def handle(self, call: Call) -> tuple[Trick, Reply]:
        self.meeting.wait(10)
        return super().handle(call)


def test_several_requests_are_under_way_at_once() -> None:
    with serving(Meeting(16)) as service, closing(provider(service.url)) as ses:
        results = ses.send(campaign([[f"{number}"] for number in range(64)]))

        assert {result.outcome for result in results} == {Outcome.ACCEPTED}
        assert max(service.keys().values()) == 1
        assert len(service.delivered) == 64


@pytest.mark.parametrize(
    ("kind", "status", "words", "trouble", "wait"),
    [
        ("TooManyRequestsException", 429, "Too many requests", Trouble.THROTTLED, None),
        ("ThrottlingException", 400, "Maximum sending rate exceeded.", Trouble.THROTTLED, None),
        ("ThrottlingException", 400, "Daily message quota exceeded.", Trouble.THROTTLED, timedelta(hours=1)),
        ("LimitExceededException", 400, "Too many instances", Trouble.THROTTLED, None),
        ("AccountSuspendedException", 400, "Your account is suspended", Trouble.SIGN_IN, None),
        ("SendingPausedException", 400, "Sending paused for this account.", Trouble.SIGN_IN, None),
        ("MailFromDomainNotVerifiedException", 400, "MX record", Trouble.SENDER, None),
        ("NotFoundException", 404, "Configuration set <reports> does not exist.", Trouble.SIGN_IN, None),
        ("AccessDeniedException", 403, "not authorized to perform ses:SendEmail", Trouble.SIGN_IN, None),
        ("MessageRejected", 400, "Email address is not verified. The following identities failed the check", Trouble.SENDER, None),
        ("ServiceUnavailable", 503, "Service unavailable", Trouble.CONNECTION, None),
    ],
)
def test_what_concerns_the_account_keeps_every_message_here(
    service: FakeSes, ses: SesProvider, kind: str, status: int, words: str, trouble: Trouble, wait: timedelta | None
) -> None:
    service.refusal = service.error(status, words, kind)

    results = ses.send([email(number) for number in range(64)])

    said = {(result.outcome, result.attempted, result.trouble, result.retry_after) for result in results}
    assert said == {(Outcome.RETRY, False, trouble, wait)}
    assert len({result.message_id for result in results}) == 64
    assert words[:20] in results[0].reason
    assert len(service.calls) < 64


@pytest.mark.parametrize("off", [timedelta(minutes=20), timedelta(minutes=-20)])
def test_a_wrong_clock_is_named(service: FakeSes, ses: SesProvider, off: timedelta) -> None:
    service.clock_is_off = off

    [result] = ses.send([email(1)])

    assert (result.outcome, result.attempted, result.trouble) == (Outcome.RETRY, False, Trouble.SIGN_IN)
    assert "clock" in result.reason
    with pytest.raises(Unavailable) as raised:
        ses.check()
    assert "clock" in str(raised.value.hint)


def test_a_signature_holds_the_time_of_our_clock(service: FakeSes) -> None:
    with closing(provider(service.url, clock=FrozenClock(AT))) as ses:
        [result] = ses.send([email(1)])

    assert service.calls[0].headers["x-amz-date"] == "20150830T123600Z"
    assert "clock" in result.reason


def test_content_that_is_refused_is_refused_for_this_message_only(service: FakeSes, ses: SesProvider) -> None:
    service.refusal = service.error(400, "Illegal content for ann@example.com", "MessageRejected")

    [result] = ses.send([email(1)])

    assert (result.outcome, result.bounce_class) == (Outcome.REFUSED, None)
    assert "ann@example.com" not in result.reason


def test_an_answer_without_a_name_is_uncertain(service: FakeSes, ses: SesProvider) -> None:
    service.refusal = Reply(200, {"hello": "world"})

    assert ses.send([email(1)])[0].outcome is Outcome.UNCERTAIN


def test_a_key_that_may_only_send_passes_the_check(service: FakeSes, ses: SesProvider) -> None:
    service.account = {}
    with pytest.raises(Unavailable, match="not Amazon SES"):
        ses.check()
    service.account = {"SendingEnabled": False}
    with pytest.raises(Unavailable, match="paused"):
        ses.check()
    service.answer = lambda call: service.error(403, "not authorized to perform ses:GetAccount", "AccessDeniedException")  # type: ignore[method-assign]
    ses.check()


def test_another_region_or_key_is_refused(service: FakeSes) -> None:
    for key_id, region in ((ACCESS_KEY, "us-east-1"), ("AKIDOTHER", "eu-central-1")):
        with closing(SesProvider(key_id, GOOD_KEY, region, api_url=service.url)) as ses:
            [result] = ses.send([email(1)])
            assert (result.outcome, result.trouble) == (Outcome.RETRY, Trouble.SIGN_IN)
            assert GOOD_KEY not in result.reason


@pytest.mark.parametrize(
    ("key_id", "secret", "region"), [("", "x", "us-east-1"), ("x", "", "us-east-1"), ("x", "x", ""), ("x", "ключ", "us-east-1")]
)
def test_without_credentials_nothing_is_asked(service: FakeSes, key_id: str, secret: str, region: str) -> None:
    with closing(SesProvider(key_id, secret, region, api_url=service.url)) as ses:
        [result] = ses.send([email(1)])
        assert (result.outcome, result.attempted, result.trouble) == (Outcome.RETRY, False, Trouble.SIGN_IN)
        with pytest.raises(Unavailable):
            ses.check()
    assert service.calls == []


def test_what_is_too_large_for_ses_never_leaves(service: FakeSes, ses: SesProvider) -> None:
    large = Attachment("film.mp4", "video/mp4", bytes(30_000_000))

    results: list[SendResult] = ses.send([email(1, attachments=(large,)), email(2)])

    assert {result.message_id: result.outcome for result in results} == {1: Outcome.REFUSED, 2: Outcome.ACCEPTED}
    assert "provider takes" in next(result.reason for result in results if result.message_id == 1)
    assert len(service.calls) == 1


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "us-gov-west-1", "ap-southeast-4", "cn-north-1"])
def test_regions_are_known_by_their_shape(region: str) -> None:
    shown, _ = checked_values(CATALOGUE["ses"], {"region": region})
    assert shown["region"] == region


@pytest.mark.parametrize("region", ["us east 1", "example.com/", "us-east-1.evil.example", "eu"])
def test_what_is_no_region_is_refused_when_it_is_entered(region: str) -> None:
    with pytest.raises(InvalidInput, match="not a region"):
        checked_values(CATALOGUE["ses"], {"region": region})
