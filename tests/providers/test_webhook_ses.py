"""Amazon SES over SNS: whose certificate signed for which topic, the confirmation, and what the reports say."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Semaphore, Thread
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as some

from core.errors import InvalidInput
from core.providers.entering import checked_values, kind_named
from core.providers.ses.certificates import Certificates, answer_of, fetch
from core.providers.ses.webhook import WEBHOOK, webhook
from core.providers.webhooks import Forged, ProviderEvent, Undecided
from core.storage.event_words import BounceClass, EventKind
from tests.providers.reports import (
    ANY_JSON,
    KEY,
    NOW,
    assert_needs_json,
    assert_reads_or_refuses,
    is_believed,
    request,
    told,
)

TOPIC = "arn:aws:sns:us-east-1:123456789012:mail"
CERTIFICATE_URL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
SUBSCRIBE_URL = f"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37fb687f5d51e6e2425"
PRIVATE = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)


def certificate(key: Any = PRIVATE, begins: datetime = NOW - timedelta(days=30), days: int = 365) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


class Amazon:
    """Answers what is fetched, and remembers what was."""

    def __init__(self, pem: bytes | None = None, fails: bool = False) -> None:
        self.pem, self.fails = certificate() if pem is None else pem, fails
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if self.fails:
            raise OSError("no way out")
        return self.pem


def happening(**changed: Any) -> dict[str, Any]:
    mail = {
        "timestamp": "2026-11-22T11:59:58.237Z",
        "source": "news@shop.example",
        "messageId": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000",
        "destination": ["ann@example.com"],
        "headers": [{"name": "From", "value": "The Shop <news@shop.example>"}, {"name": "X-Postwright-Message", "value": KEY}],
        "commonHeaders": {"messageId": "<17-0f3a9c71d2b4@shop.example>", "to": ["ann@example.com"]},
    }
    return {"eventType": "Delivery", "mail": mail} | changed


DELIVERY = happening(delivery={"timestamp": "2026-11-22T12:00:00.000Z", "recipients": ["ann@example.com"], "smtpResponse": "250 ok"})


def notification(said: object = DELIVERY, **changed: Any) -> dict[str, Any]:
    message = {
        "Type": "Notification",
        "MessageId": "19ba9823-d7f2-53c1-860e-cb10e0d13dfc",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": said if isinstance(said, str) else orjson.dumps(said).decode() + "\n",
        "Timestamp": "2026-11-22T12:00:01.675Z",
        "SignatureVersion": "1",
        "SigningCertURL": CERTIFICATE_URL,
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn",
    }
    return message | changed


def confirmation(kind: str = "SubscriptionConfirmation", **changed: Any) -> dict[str, Any]:
    message = notification("You have chosen to subscribe to the topic.", Type=kind, SubscribeURL=SUBSCRIBE_URL, Token="2336412f37fb")
    return {name: value for name, value in message.items() if name not in ("Subject", "UnsubscribeURL")} | changed


NAMES = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def signed(message: dict[str, Any], key: Any = PRIVATE) -> dict[str, Any]:
    lines = [part for name in NAMES[message["Type"]] if name in message for part in (name, message[name])]
    text = "".join(f"{line}\n" for line in lines).encode()
    hashing = hashes.SHA256() if message["SignatureVersion"] == "2" else hashes.SHA1()
    return message | {"Signature": base64.b64encode(key.sign(text, padding.PKCS1v15(), hashing)).decode()}


def verifier(amazon: Amazon | None = None, topics: str = TOPIC) -> Any:
    return webhook(amazon or Amazon()).verifier({"topic_arns": topics})


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("message", [notification(), confirmation(), confirmation("UnsubscribeConfirmation")], ids=lambda one: one["Type"])
def test_what_amazon_signed_is_believed(message: dict[str, Any], version: str) -> None:
    assert is_believed(verifier(), request(signed(message | {"SignatureVersion": version})))


def test_a_message_without_a_subject_is_signed_without_it() -> None:
    without = {name: value for name, value in notification().items() if name != "Subject"}
    assert is_believed(verifier(), request(signed(without)))
    assert is_believed(verifier(), request(signed(without) | {"Subject": None}))
    assert not is_believed(verifier(), request(signed(without) | {"Subject": "added later"}))


def test_signed_in_the_other_version_is_not_signed() -> None:
    for version, claimed in (("1", "2"), ("2", "1"), ("1", "3"), ("1", None)):
        message = signed(notification(SignatureVersion=version))
        assert not is_believed(verifier(), request(message | {"SignatureVersion": claimed})), (version, claimed)


@pytest.mark.parametrize("name", NAMES["Notification"])
def test_a_changed_value_is_refused(name: str) -> None:
    message = signed(notification())
    assert not is_believed(verifier(), request(message | {name: message[name] + "x"}))
    assert not is_believed(verifier(), request({key: value for key, value in message.items() if key != name}))
    assert not is_believed(verifier(), request(message | {name: ["a", "list"]}))


@pytest.mark.parametrize("given_signature", ["", "not base64!", "ünï", None, 7, base64.b64encode(b"short").decode()])
def test_garbage_instead_of_a_signature_is_refused(given_signature: object) -> None:
    assert not is_believed(verifier(), request(notification() | {"Signature": given_signature}))


def test_another_key_signs_nothing() -> None:
    assert not is_believed(verifier(), request(signed(notification(), OTHER)))


@pytest.mark.parametrize("topics", ["", "  ,", "arn:aws:sns:us-east-1:123456789012:other", TOPIC[:-1], TOPIC + "s"])
def test_only_our_topics_are_believed_and_without_one_nothing(topics: str) -> None:
    amazon = Amazon()
    assert not is_believed(verifier(amazon, topics), request(signed(notification())))
    assert amazon.asked == []  # nobody else's message makes us fetch anything


def test_each_of_several_topics_is_believed() -> None:
    assert is_believed(verifier(topics=f"arn:aws:sns:us-east-1:123456789012:other , {TOPIC}"), request(signed(notification())))


EVIL = [
    "http://sns.us-east-1.amazonaws.com/cert.pem",
    "https://sns.us-east-1.amazonaws.com.evil.example/cert.pem",
    "https://evil.example/sns.us-east-1.amazonaws.com/cert.pem",
    "https://sns.us-east-1.amazonaws.com@evil.example/cert.pem",
    "https://evil.example#sns.us-east-1.amazonaws.com/cert.pem",
    "https://me@sns.us-east-1.amazonaws.com/cert.pem",
    "https://sns.us-east-1.amazonaws.com:8443/cert.pem",
    "https://sns.us-east-1.amazonaws.com:443/cert.pem",
    "https://s3.amazonaws.com/bucket/cert.pem",
    "https://bucket.s3.us-east-1.amazonaws.com/cert.pem",
    "https://evil-sns.us-east-1.amazonaws.com/cert.pem",
    "https://snsxus-east-1.amazonaws.com/cert.pem",
    "https://sns.us-east-1.amazonaws.com/cert.der",
    "https://sns.us-east-1.amazonaws.com/a/../cert.pem",
    "https://sns.us-east-1.amazonaws.com/?Action=GetEndpointAttributes&x=.pem",
    "https://sns.us-east-1.amazonaws.com/cert.pem?x=.pem",
    "https://sns.us-east-1.amazonaws.com/cert.pem#.pem",
    "https://sns.us-east-1.amazonaws.com\\@evil.example/cert.pem",
    "https://sns.us-east-1.amazonaws.com/cert.pem\n",
    "file:///etc/ssl/cert.pem",
    "https://sns.us-east-1.amazonaws.com/" + "a" * 5_000 + ".pem",
    "",
    None,
    7,
]


@pytest.mark.parametrize("url", EVIL)
def test_a_certificate_from_elsewhere_is_never_fetched(url: object) -> None:
    amazon = Amazon()
    assert not is_believed(verifier(amazon), request(signed(notification()) | {"SigningCertURL": url}))
    assert amazon.asked == []
    with pytest.raises(OSError, match="not an address of Amazon SNS"):
        fetch(str(url))


@pytest.mark.parametrize("host", ["sns.eu-central-1.amazonaws.com", "sns.us-gov-west-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"])
def test_every_region_signs(host: str) -> None:
    assert is_believed(verifier(), request(signed(notification(SigningCertURL=f"https://{host}/SimpleNotificationService-0a1b.pem"))))


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<Error>no such key</Error>", id="no certificate"),
        pytest.param(certificate(days=10), id="expired"),
        pytest.param(certificate(begins=NOW + timedelta(days=1)), id="not valid yet"),
        pytest.param(certificate(rsa.generate_private_key(65537, 1024)), id="a short key"),
        pytest.param(certificate(ec.generate_private_key(ec.SECP256R1())), id="a key of another kind"),
    ],
)
def test_a_certificate_that_proves_nothing_is_refused(pem: bytes) -> None:
    assert not is_believed(verifier(Amazon(pem)), request(signed(notification())))


def test_a_certificate_is_fetched_once_a_day() -> None:
    amazon = Amazon()
    checking = verifier(amazon)
    for hours in (0, 1, 23):
        assert is_believed(checking, request(signed(notification()), at=NOW + timedelta(hours=hours)))
    assert amazon.asked == [CERTIFICATE_URL]
    assert is_believed(checking, request(signed(notification()), at=NOW + timedelta(hours=25)))
    assert len(amazon.asked) == 2


def test_a_kept_certificate_ends_when_it_expires() -> None:
    amazon = Amazon(certificate(begins=NOW - timedelta(days=1), days=1, key=PRIVATE))
    soon = Amazon(certificate(begins=NOW - timedelta(hours=23), days=1))
    assert not is_believed(verifier(amazon), request(signed(notification())))
    checking = verifier(soon)
    assert is_believed(checking, request(signed(notification())))
    assert not is_believed(checking, request(signed(notification()), at=NOW + timedelta(hours=2)))


def test_what_is_kept_of_certificates_has_a_bound() -> None:
    amazon = Amazon()
    certificates = Certificates(amazon)
    urls = [f"https://sns.us-east-1.amazonaws.com/{number}.pem" for number in range(20)]
    for url in [*urls, urls[-1], urls[0]]:
        certificates.key(url, NOW)
    assert amazon.asked == [*urls, urls[0]]  # the last is kept, the first was let go


def test_a_certificate_that_cannot_be_fetched_leaves_it_open() -> None:
    with pytest.raises(Undecided):
        verifier(Amazon(fails=True)).verify(request(signed(notification())))


class Answers(BaseHTTPRequestHandler):
    """A server with good and bad answers."""

    def do_GET(self) -> None:
        status, body = {"/good": (200, b"yes"), "/away": (302, b""), "/large": (200, b"x" * 200_000)}.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("Location", "/good")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_only_a_plain_answer_is_taken(answering: str) -> None:
    assert answer_of(f"{answering}/good") == b"yes"
    for path in ("/away", "/large", "/missing"):
        with pytest.raises(OSError):
            answer_of(answering + path)
    with pytest.raises(OSError):
        answer_of("http://127.0.0.1:1/")


def test_a_subscription_is_confirmed() -> None:
    amazon = Amazon()
    kind = webhook(amazon)
    assert kind.follow_up is not None
    kind.follow_up(request(signed(confirmation())))
    assert amazon.asked == [SUBSCRIBE_URL]


def test_nothing_else_is_followed_up() -> None:
    """The address in a goodbye would subscribe again."""
    amazon = Amazon()
    kind = webhook(amazon)
    assert kind.follow_up is not None
    for message in (notification(), notification(SubscribeURL=SUBSCRIBE_URL), confirmation("UnsubscribeConfirmation")):
        kind.follow_up(request(signed(message)))
    assert amazon.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *EVIL,
        CERTIFICATE_URL,
        SUBSCRIBE_URL.replace("https:", "http:"),
        SUBSCRIBE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
        SUBSCRIBE_URL.replace("//", "//me@"),
        SUBSCRIBE_URL.replace("ConfirmSubscription", "DeleteTopic"),
        SUBSCRIBE_URL + "#x",
    ],
)
def test_a_confirmation_elsewhere_is_not_followed(url: object) -> None:
    amazon = Amazon()
    kind = webhook(amazon)
    assert kind.follow_up is not None
    with pytest.raises(Forged):
        kind.follow_up(request(confirmation(SubscribeURL=url)))
    assert amazon.asked == []


def test_a_confirmation_that_fails_is_asked_for_again() -> None:
    kind = webhook(Amazon(fails=True))
    assert kind.follow_up is not None
    with pytest.raises(OSError, match="no way out"):
        kind.follow_up(request(signed(confirmation())))


def test_a_topic_that_is_none_is_refused_when_it_is_entered() -> None:
    kind = kind_named("ses")
    for wrong in ("mail", "arn:aws:ses:us-east-1:123456789012:identity/x", f"{TOPIC},x", "arn:aws:sns:us-east-1:1234:mail"):
        with pytest.raises(InvalidInput, match="not the ARN of a topic"):
            checked_values(kind, {"topic_arns": wrong})
    for right in (TOPIC, f"{TOPIC}, arn:aws-cn:sns:cn-north-1:123456789012:mail.fifo"):
        assert checked_values(kind, {"topic_arns": right})[0]["topic_arns"] == right


def events(**changed: Any) -> list[ProviderEvent]:
    return WEBHOOK.read(orjson.dumps(notification(happening(**changed))), "text/plain; charset=UTF-8")


@pytest.mark.parametrize(
    ("name", "place", "kind"),
    [
        ("Send", "send", EventKind.SENT),
        ("Delivery", "delivery", EventKind.DELIVERED),
        ("DeliveryDelay", "deliveryDelay", EventKind.DEFERRED),
        ("Bounce", "bounce", EventKind.BOUNCED),
        ("Reject", "reject", EventKind.REJECTED),
        ("Rendering Failure", "failure", EventKind.FAILED),
        ("Complaint", "complaint", EventKind.COMPLAINED),
        ("Open", "open", EventKind.OPENED),
        ("Click", "click", EventKind.CLICKED),
    ],
)
@pytest.mark.parametrize("field", ["eventType", "notificationType"])
def test_every_event_is_told_with_its_message(name: str, place: str, kind: EventKind, field: str) -> None:
    recipients = {
        "recipients": ["ann@example.com"],
        "bouncedRecipients": [{"emailAddress": "ann@example.com"}],
        "complainedRecipients": [{"emailAddress": "ann@example.com"}],
        "delayedRecipients": [{"emailAddress": "ann@example.com"}],
    }
    body = happening(**{place: recipients | {"timestamp": "2026-11-22T12:00:00.000Z"}})
    del body["eventType"]
    [event] = WEBHOOK.read(orjson.dumps(notification(body | {field: name})), "text/plain")
    assert told(event, "kind", "at", "recipient", "message_key") == (kind, NOW, "ann@example.com", KEY)
    assert event.rfc_message_id == "17-0f3a9c71d2b4@shop.example"
    assert event.provider_message_id == "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000"
    assert event.provider_event_id == "19ba9823-d7f2-53c1-860e-cb10e0d13dfc"


def test_the_events_own_time_counts_then_the_mails_then_that_of_the_message() -> None:
    assert events(eventType="Send")[0].at == datetime(2026, 11, 22, 11, 59, 58, 237_000, UTC)
    assert events(eventType="Send", mail={"destination": ["a@b.example"]})[0].at == datetime(2026, 11, 22, 12, 0, 1, 675_000, UTC)


def test_a_tag_names_the_message_too() -> None:
    mail = happening()["mail"] | {"headers": [], "tags": {"ses:from-domain": ["shop.example"], "pw_message": [KEY]}}
    assert events(eventType="Send", mail=mail)[0].message_key == KEY


def test_each_recipient_has_an_event_of_its_own() -> None:
    told_by_ses = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "timestamp": "2026-11-22T12:00:00.000Z",
        "bouncedRecipients": [
            {"emailAddress": "ann@example.com", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 <ann@example.com>... User unknown"},
            {"emailAddress": "ben@example.com", "status": "5.7.1", "diagnosticCode": "smtp; 550 5.7.1 spam"},
        ],
    }
    first, second = events(eventType="Bounce", bounce=told_by_ses)
    assert told(first, "recipient", "bounce_class", "reason") == ("ann@example.com", "hard", "smtp; 550 5.1.1 <…>... User unknown")
    assert told(second, "recipient", "bounce_class") == ("ben@example.com", "block")
    assert first.provider_event_id != second.provider_event_id
    assert first.properties == {"type": "Permanent", "subtype": "General", "status": "5.1.1"}
    again = events(eventType="Bounce", bounce=told_by_ses)
    assert [event.provider_event_id for event in again] == [first.provider_event_id, second.provider_event_id]


@pytest.mark.parametrize(
    ("given_type", "subtype", "said", "expected"),
    [
        ("Permanent", "General", "", BounceClass.HARD),
        ("Permanent", "NoEmail", "", BounceClass.HARD),
        ("Permanent", "Suppressed", "Amazon SES has suppressed sending to this address", BounceClass.HARD),
        ("Permanent", "OnAccountSuppressionList", "", BounceClass.HARD),
        ("Permanent", "UnsubscribedRecipient", "", BounceClass.UNKNOWN),
        ("Permanent", "General", "smtp; 550 5.7.26 unauthenticated", BounceClass.BLOCK),
        ("Permanent", "General", "smtp; 552 5.2.2 mailbox full", BounceClass.SOFT),
        ("Transient", "General", "", BounceClass.SOFT),
        ("Transient", "General", "smtp; 550 5.1.1 user unknown", BounceClass.SOFT),
        ("Transient", "MailboxFull", "", BounceClass.SOFT),
        ("Transient", "MessageTooLarge", "smtp; 552 5.3.4 too large", BounceClass.BLOCK),
        ("Transient", "ContentRejected", "", BounceClass.BLOCK),
        ("Transient", "AttachmentRejected", "", BounceClass.BLOCK),
        ("Transient", "CustomTimeoutExceeded", "", BounceClass.SOFT),
        ("Undetermined", "Undetermined", "", BounceClass.UNKNOWN),
        ("Undetermined", "Undetermined", "smtp; 550 5.1.1 user unknown", BounceClass.HARD),
    ],
)
def test_a_bounce_says_what_it_says_about_the_address(given_type: str, subtype: str, said: str, expected: BounceClass) -> None:
    recipient = {"emailAddress": "ann@example.com"} | ({"diagnosticCode": said} if said else {})
    told_by_ses = {"bounceType": given_type, "bounceSubType": subtype, "bouncedRecipients": [recipient]}
    [event] = events(eventType="Bounce", bounce=told_by_ses)
    assert event.bounce_class == expected
    assert event.reason == (said or f"{given_type}: {subtype}")


@pytest.mark.parametrize(
    ("feedback", "kind"),
    [
        ("abuse", EventKind.COMPLAINED),
        ("fraud", EventKind.COMPLAINED),
        ("other", EventKind.COMPLAINED),
        (None, EventKind.COMPLAINED),
        ("not-spam", EventKind.UNKNOWN),
        ("auth-failure", EventKind.UNKNOWN),
    ],
)
def test_feedback_is_a_complaint_unless_it_says_the_opposite(feedback: str | None, kind: EventKind) -> None:
    told_by_ses = {"complainedRecipients": [{"emailAddress": "ann@example.com"}], "complaintFeedbackType": feedback, "userAgent": "Loop/1"}
    [event] = events(eventType="Complaint", complaint=told_by_ses)
    assert told(event, "kind", "recipient", "user_agent") == (kind, "ann@example.com", "")


def test_an_open_of_one_of_several_is_nobodys() -> None:
    opened = {"ipAddress": "203.0.113.9", "userAgent": "Mozilla/5.0", "timestamp": "2026-11-22T12:00:00.000Z"}
    [event] = events(eventType="Open", open=opened)
    assert told(event, "recipient", "ip", "user_agent") == ("ann@example.com", "203.0.113.9", "Mozilla/5.0")
    [event] = events(eventType="Open", open=opened, mail={"destination": ["ann@example.com", "ben@example.com"]})
    assert event.recipient == ""
    [event] = events(eventType="Click", click=opened | {"link": "https://shop.example.com/a"})
    assert event.url == "https://shop.example.com/a"


def test_content_that_was_refused_is_not_the_addresss_fault() -> None:
    [event] = events(eventType="Reject", reject={"reason": "Bad content"})
    assert told(event, "kind", "bounce_class", "reason") == (EventKind.REJECTED, "block", "Bad content")
    [event] = events(eventType="Rendering Failure", failure={"errorMessage": "Attribute 'name' is not present", "templateName": "x"})
    assert told(event, "kind", "reason") == (EventKind.FAILED, "Attribute 'name' is not present")


def preferences(everything: bool = False, **topics: str) -> dict[str, Any]:
    rows = [{"topicName": name, "subscriptionStatus": status} for name, status in topics.items()]
    return {"unsubscribeAll": everything, "topicSubscriptionStatus": rows}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (preferences(), preferences(everything=True), EventKind.UNSUBSCRIBED),
        (preferences(news="OptIn"), preferences(news="OptOut"), EventKind.UNSUBSCRIBED),
        (preferences(news="OptOut"), preferences(news="OptIn"), EventKind.SUBSCRIBED),
        (preferences(everything=True), preferences(), EventKind.SUBSCRIBED),
        (preferences(news="OptIn"), preferences(news="OptIn"), EventKind.UNKNOWN),
        ({}, {}, EventKind.UNKNOWN),
    ],
)
def test_a_change_of_preferences_is_read(old: dict[str, Any], new: dict[str, Any], kind: EventKind) -> None:
    [event] = events(eventType="Subscription", subscription={"oldTopicPreferences": old, "newTopicPreferences": new})
    assert told(event, "kind", "recipient") == (kind, "ann@example.com")


@pytest.mark.parametrize(
    "message",
    [
        confirmation(),
        confirmation("UnsubscribeConfirmation"),
        notification("Successfully validated SNS topic for Amazon SES event publishing."),
        notification({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have successfully subscribed."}),
    ],
)
def test_what_is_about_the_subscription_is_no_event(message: dict[str, Any]) -> None:
    assert WEBHOOK.read(orjson.dumps(message), "text/plain") == []


def test_what_nobody_knows_is_kept() -> None:
    [event] = events(eventType="Quarantine")
    assert told(event, "kind", "properties", "recipient") == (EventKind.UNKNOWN, {"event": "Quarantine"}, "ann@example.com")
    for said in ("words", "[1]", "7"):
        [event] = WEBHOOK.read(orjson.dumps(notification(said)), "text/plain")
        assert event.properties == {"malformed": True}


def test_what_is_no_json_is_unreadable() -> None:
    assert_needs_json(WEBHOOK)


@given(some.binary(max_size=200) | ANY_JSON.map(orjson.dumps))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    assert_reads_or_refuses(WEBHOOK, body)
    assert not is_believed(verifier(), request(body))


@given(some.dictionaries(some.sampled_from(sorted({*notification(), "Signature", "SubscribeURL", "Token"})), ANY_JSON))
def test_any_message_is_refused(changed: dict[str, Any]) -> None:
    assert not is_believed(verifier(), request(notification() | {"Signature": "AAAA"} | changed))


@settings(deadline=None)
@given(
    some.sampled_from(["Bounce", "Complaint", "Delivery", "DeliveryDelay", "Open", "Reject", "Subscription", "Send"]),
    some.dictionaries(
        some.sampled_from(["bounce", "complaint", "delivery", "deliveryDelay", "open", "reject", "subscription", "mail"]), ANY_JSON
    ),
)
def test_any_values_are_read(name: str, changed: dict[str, Any]) -> None:
    assert_reads_or_refuses(WEBHOOK, orjson.dumps(notification(happening(eventType=name) | changed)))


def test_where_nothing_answers_few_wait_and_nobody_asks_again_for_a_minute() -> None:
    let_go, waiting, asked = Event(), Semaphore(0), []

    def silent(url: str) -> bytes:
        asked.append(url)
        waiting.release()
        let_go.wait(10)
        raise OSError("nothing answers")

    certificates = Certificates(silent)
    urls = [f"https://sns.us-east-1.amazonaws.com/{number}.pem" for number in range(3)]
    stuck = [Thread(target=lambda url=url: is_undecided(certificates, url, NOW)) for url in urls[:2]]
    for thread in stuck:
        thread.start()
        waiting.acquire()
    assert is_undecided(certificates, urls[2], NOW)  # at once: two are waited for already
    let_go.set()
    for thread in stuck:
        thread.join()
    assert is_undecided(certificates, urls[0], NOW + timedelta(seconds=59))
    assert asked == urls[:2]
    assert is_undecided(certificates, urls[0], NOW + timedelta(seconds=61))
    assert asked == [*urls[:2], urls[0]]


def is_undecided(certificates: Certificates, url: str, at: datetime) -> bool:
    try:
        certificates.key(url, at)
    except Undecided:
        return True
    return False
