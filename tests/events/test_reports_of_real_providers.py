"""What SendGrid and its like report changes what it says, and nothing else: the message, the address, the consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from core.contacts.tables import contacts, suppressions
from core.messages.keys import MessageKeys
from tests.events.conftest import World
from tests.events.reports import report

ADA = "ada@example.com"


def sendgrid(key: str, name: str, seconds: int, **more: Any) -> object:
    return [{"event": name, "email": ADA, "timestamp": seconds, "pw_message": key, "sg_message_id": "abc123.filter1.9.0"} | more]


def mailgun(key: str, name: str, seconds: int, **more: Any) -> object:
    data = {"event": name, "recipient": ADA, "timestamp": seconds, "id": "x", "user-variables": {"pw_message": key}}
    return {"signature": {}, "event-data": data | more}


def ses(key: str, name: str, seconds: int, **more: Any) -> object:
    mail = {"messageId": "0000", "destination": [ADA], "headers": [{"name": "X-Postwright-Message", "value": key}]}
    said = orjson.dumps({"eventType": name, "mail": mail} | more).decode()
    return {"Type": "Notification", "MessageId": "19ba9823", "Message": said, "Timestamp": "2026-11-22T12:00:00Z"}


def postmark(key: str, name: str, seconds: int, **more: Any) -> object:
    return {"RecordType": name, "Recipient": ADA, "MessageID": "883953f4", "Metadata": {"pw_message": key}} | more


def brevo(key: str, name: str, seconds: int, **more: Any) -> object:
    return {"event": name, "email": ADA, "ts": seconds, "ts_event": seconds, "message-id": "<1@x>", "tags": [f"pw_message:{key}"]} | more


def mailjet(key: str, name: str, seconds: int, **more: Any) -> object:
    return {"event": name, "email": ADA, "time": seconds, "MessageID": 19421777835146490, "CustomID": key} | more


Body = Callable[..., object]
RECIPIENT = {"bouncedRecipients": [{"emailAddress": ADA, "status": "5.1.1"}]}
ACCEPTED = [(sendgrid, "processed", "abc123"), (mailgun, "accepted", None), (ses, "Send", "0000"), (brevo, "request", "<1@x>")]
HARD: list[tuple[Body, str, dict[str, Any]]] = [
    (sendgrid, "bounce", {"type": "bounce", "reason": "550 5.1.1 user unknown"}),
    (mailgun, "failed", {"severity": "permanent", "delivery-status": {"code": 550, "message": "5.1.1 user unknown"}}),
    (ses, "Bounce", {"bounce": {"bounceType": "Permanent"} | RECIPIENT}),
    (postmark, "Bounce", {"Type": "HardBounce", "Details": "smtp;550 5.1.1 user unknown"}),
    (brevo, "hard_bounce", {"reason": "550 5.1.1 user unknown"}),
    (mailjet, "bounce", {"hard_bounce": True, "error": "user unknown"}),
]
BLOCKED: list[tuple[Body, str, dict[str, Any]]] = [
    (sendgrid, "bounce", {"type": "bounce", "reason": "550 5.7.1 spam"}),
    (mailgun, "failed", {"severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550, "message": "5.7.1 spam"}}),
    (ses, "Bounce", {"bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": ADA, "status": "5.7.1"}]}}),
    (postmark, "Bounce", {"Type": "HardBounce", "Details": "smtp;550 5.7.1 spam"}),
    (brevo, "hard_bounce", {"reason": "550 5.7.1 spam"}),
    (mailjet, "bounce", {"hard_bounce": True, "error": "content blocked"}),
]
GOODBYES: list[tuple[Body, str, dict[str, Any]]] = [
    (sendgrid, "unsubscribe", {}),
    (mailgun, "unsubscribed", {}),
    (ses, "Subscription", {"subscription": {"newTopicPreferences": {"unsubscribeAll": True}}}),
    (postmark, "SubscriptionChange", {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}),
    (brevo, "unsubscribe", {}),
    (mailjet, "unsub", {}),
]


def tell(world: World, body: Body, name: str, message_id: int, **more: Any) -> None:
    """Let a provider tell of a message, and the ingester read it."""
    key = MessageKeys(world.settings.key).of(message_id)
    report(world, body(key, name, int(world.clock.now().timestamp()), **more), provider=body.__name__)
    assert world.ingester().run_once().kept == 1


def suppressed(world: World) -> list[str]:
    return [row.email for row in world.rows(suppressions)]


@pytest.mark.parametrize(("body", "name", "provider_id"), ACCEPTED)
def test_a_message_in_doubt_is_settled_by_what_the_provider_says(
    small_world: World, body: Body, name: str, provider_id: str | None
) -> None:
    message_id = small_world.message(ADA, state="uncertain")
    tell(small_world, body, name, message_id)
    row = small_world.row(message_id)
    assert (row.state, row.provider_message_id) == ("accepted", provider_id)


@pytest.mark.parametrize(("body", "name", "more"), HARD)
def test_a_hard_bounce_suppresses_the_address(small_world: World, body: Body, name: str, more: dict[str, Any]) -> None:
    message_id = small_world.message(ADA)
    tell(small_world, body, name, message_id, **more)
    assert small_world.row(message_id).state == "bounced"
    assert suppressed(small_world) == [ADA]
    assert [event["bounce_class"] for event in small_world.events()] == ["hard"]


@pytest.mark.parametrize(("body", "name", "more"), BLOCKED)
def test_a_block_suppresses_nobody(small_world: World, body: Body, name: str, more: dict[str, Any]) -> None:
    message_id = small_world.message(ADA)
    tell(small_world, body, name, message_id, **more)
    assert small_world.row(message_id).state == "bounced"
    assert suppressed(small_world) == []
    assert [event["bounce_class"] for event in small_world.events()] == ["block"]


@pytest.mark.parametrize(("body", "name", "more"), GOODBYES)
def test_a_goodbye_at_the_provider_withdraws_consent(small_world: World, body: Body, name: str, more: dict[str, Any]) -> None:
    message_id = small_world.message(ADA)
    tell(small_world, body, name, message_id, **more)
    with small_world.db.read() as connection:
        assert connection.execute(sa.select(contacts.c.consent)).scalar_one() == "unsubscribed"
