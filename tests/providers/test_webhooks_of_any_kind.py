"""What holds for the reports of every kind: nothing that is sent makes them fail, and forged is forged."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.catalogue import CATALOGUE
from core.providers.webhook_catalogue import WEBHOOKS
from core.providers.webhooks import Forged, ProviderEvent, UnreadableReport
from core.storage.event_words import BounceClass, EventKind
from tests.providers.reporting import asked

KINDS = sorted(WEBHOOKS)
# Names the readers look for, so that what is drawn gets far into them.
NAMES = st.sampled_from(
    re.findall(
        r"\w+",
        """event type data payload msg msys message_event email to ts at timestamp created_at bounce tags metadata rcpt_meta headers
        message original_message meta morph user_agent_parsed bounce_class tag id _id click reject output details name value""",
    )
)
WORDS = st.sampled_from(["bounce", "email.bounced", "hard_bounced", "hard_bounce", "MessageBounced", "bounced", "Permanent"]) | st.text(
    max_size=20
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | WORDS
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=30)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "authorization",
            "signature",
            "svix-id",
            "svix-timestamp",
            "svix-signature",
            "x-mandrill-signature",
            "x-postal-signature",
            "x-postal-signature-256",
        ]
    ),
    st.text(max_size=80) | st.binary(max_size=40).map(lambda drawn: b64encode(drawn).decode()),
)
SECRETS = {
    name: "c2VjcmV0"
    for name in [
        "webhook_username",
        "webhook_password",
        "webhook_secret",
        "webhook_signing_secret",
        "webhook_key",
        "webhook_public_key",
        "webhook_token",
    ]
}


def events(kind: str, body: bytes) -> list[ProviderEvent]:
    try:
        return WEBHOOKS[kind].read(body, "application/json")
    except UnreadableReport:
        return []


@pytest.mark.parametrize("kind", KINDS)
@given(body=st.binary(max_size=300))
def test_any_bytes_are_read_or_called_unreadable(kind: str, body: bytes) -> None:
    events(kind, body)


@pytest.mark.parametrize("kind", KINDS)
@given(drawn=JSON)
def test_any_json_is_read_into_events_the_lake_can_hold(kind: str, drawn: Any) -> None:
    body = orjson.dumps(drawn)
    for each in (body, urlencode({"mandrill_events": body.decode()}).encode()):
        for event in events(kind, each):
            assert isinstance(event.kind, EventKind)
            assert event.bounce_class is None or event.bounce_class in set(BounceClass)
            assert event.at is None or event.at.tzinfo is not None
            assert all(isinstance(getattr(event, name), str) for name in ("recipient", "message_key", "reason", "url", "ip", "user_agent"))
            orjson.dumps(event.properties)


@pytest.mark.parametrize("kind", KINDS)
@given(body=st.binary(max_size=100), headers=HEADERS)
def test_whatever_is_not_signed_is_forged_and_nothing_else_is_raised(kind: str, body: bytes, headers: dict[str, str]) -> None:
    for settings in ({}, SECRETS):
        with pytest.raises(Forged):
            WEBHOOKS[kind].verifier(settings).verify(asked(body, headers))


def test_every_kind_that_reports_is_offered_and_says_where_to_enter_its_address() -> None:
    assert {name for name, kind in CATALOGUE.items() if kind.webhook is not None} == set(WEBHOOKS)
    for kind in CATALOGUE.values():
        assert kind.webhook is None or (kind.webhook is WEBHOOKS[kind.kind] and len(kind.webhook.guide) > 40)
