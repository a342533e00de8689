"""Our DKIM signatures, held against RFC 8463's example and against an independent verifier."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deliverability import keys
from core.deliverability.dkim import SigningKey, relaxed_body, sign
from core.deliverability.keys import Algorithm
from core.providers.base import OutgoingMessage
from core.providers.content import Filled
from core.providers.mime import to_bytes
from tests.conftest import NOON

RSA = SigningKey("example.com", "pw-test-rsa", keys.make(Algorithm.RSA))
ED25519 = SigningKey("example.com", "pw-test-ed25519", keys.make(Algorithm.ED25519))
PUBLISHED = {
    f"{one.selector}._domainkey.{one.domain}.": f"v=DKIM1; k={algorithm}; p={keys.published(one.key)}".encode()
    for one, algorithm in ((RSA, "rsa"), (ED25519, "ed25519"))
}
# RFC 8463, appendix A.
FOOTBALL = b"""From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
RFC_KEY = Ed25519PrivateKey.from_private_bytes(base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
RFC_BODY_HASH = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
RFC_SIGNATURE = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    b" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
)


def outgoing(**changed) -> OutgoingMessage:
    fields = {
        **{"message_id": 1, "workspace_id": 1, "key": "abc123", "to": "ann@example.net", "from_email": "tea@example.com"},
        **{"from_name": "Tea", "subject": "Spring", "html": "<p>Hello  you</p>\n", "text": "Hello\n\n\n"},
        "headers": {
            **{"Date": "Sun, 22 Nov 2026 12:00:00 +0000", "Message-ID": "<abc123@example.com>", "Reply-To": "tea@example.com"},
            **{"List-Unsubscribe": f"<https://links.example.com/u/{'x' * 90}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        },
    }
    merged = fields | changed
    return OutgoingMessage(**(merged | {name: Filled.whole(merged[name]) for name in ("html", "text")}))


def verified(message: bytes, number: int) -> bool:
    """Whether an independent verifier believes a message's n-th signature."""
    try:
        return bool(dkim.DKIM(message).verify(idx=number, dnsfunc=lambda name, timeout=5: PUBLISHED.get(name.decode())))
    except dkim.ValidationError:
        return False


def covered(signature: bytes) -> list[str]:
    tags = dict(part.strip().split("=", 1) for part in signature.decode().partition(":")[2].replace("\r\n\t", "").split(";"))
    return [name.strip() for name in tags["h"].split(":")]


def test_the_example_of_the_standard_gets_the_hash_and_the_verdict_it_prints() -> None:
    body = FOOTBALL.partition(b"\r\n\r\n")[2]
    made = sign(FOOTBALL, [SigningKey("football.example.com", "brisbane", RFC_KEY)], datetime.fromtimestamp(1528637909, UTC))
    assert f"bh={RFC_BODY_HASH};".encode() in made
    assert relaxed_body(body).endswith(b"Joe.\r\n")
    public = f"v=DKIM1; k=ed25519; p={keys.published(RFC_KEY)}".encode()
    assert public.endswith(b"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert dkim.verify(
        made + FOOTBALL, dnsfunc=lambda name, timeout=5: public if name == b"brisbane._domainkey.football.example.com." else None
    )
    # The verifier used here believes the signature printed in the standard, with the key made from the standard's secret.
    assert dkim.verify(RFC_SIGNATURE + FOOTBALL, dnsfunc=lambda name, timeout=5: public)


def test_both_signatures_are_believed_and_cover_what_matters() -> None:
    message = to_bytes(outgoing())
    made = sign(message, [RSA, ED25519], NOON)
    signed = made + message
    assert verified(signed, 0)
    assert verified(signed, 1)
    first = made.partition(b"\r\nDKIM-Signature:")[0]
    names = covered(first)
    assert names.count("from") == 2
    assert {"to", "subject", "date", "message-id", "mime-version", "content-type", "reply-to"} <= set(names)
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(names)
    assert made.endswith(b"\r\n")
    assert max(map(len, made.split(b"\r\n"))) <= 90


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Spring", b"Subject: Autumn"),
        (b"Hello", b"Goodbye"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Clicks"),
        (b"To: ", b"From: mallory@example.org\r\nTo: "),
    ],
    ids=["subject", "body", "one-click", "a second sender"],
)
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_changed_on_the_way_is_noticed(old: bytes, new: bytes, number: int) -> None:
    message = to_bytes(outgoing())
    assert not verified(sign(message, [RSA, ED25519], NOON) + message.replace(old, new, 1), number)


def test_what_mail_servers_do_on_the_way_does_no_harm() -> None:
    message = to_bytes(outgoing())
    signed = b"Received: from relay\r\n\tby mx; Sun, 22 Nov 2026 12:00:01 +0000\r\n" + sign(message, [RSA, ED25519], NOON) + message
    refolded = signed.replace(b"Subject: Spring", b"SUBJECT:\r\n  Spring ") + b"\r\n\r\n"
    assert verified(refolded, 0)
    assert verified(refolded, 1)


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),
        (b"no end", b"no end\r\n"),
        (b"end \t", b"end\r\n"),
        (b"a\r\n \t \r\n", b"a\r\n"),
    ],
)
def test_a_body_in_its_relaxed_form(body: bytes, relaxed: bytes) -> None:
    assert relaxed_body(body) == relaxed


lines = st.lists(st.text(alphabet=" \tabé.", max_size=12).map(lambda line: line.encode()), max_size=8).map(
    lambda found: b"".join(line + b"\r\n" for line in found)
)
words = st.text(alphabet="ab \u00e9\u4e2d", min_size=0, max_size=90)


@settings(max_examples=60)
@given(body=lines, subject=words, name=words)
def test_any_message_is_believed(body: bytes, subject: str, name: str) -> None:
    message = to_bytes(outgoing(subject=subject, from_name=name)).partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body
    signed = sign(message, [RSA, ED25519], NOON) + message
    assert verified(signed, 0)
    assert verified(signed, 1)


def test_headers_that_are_there_twice_are_covered_from_the_bottom() -> None:
    message = to_bytes(outgoing()).replace(b"Reply-To: ", b"Reply-To: first@example.com\r\nReply-To: ", 1)
    assert verified(sign(message, [RSA], NOON) + message, 0)


def test_nothing_to_sign_with_is_no_signature() -> None:
    assert sign(to_bytes(outgoing()), [], NOON) == b""


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_comes_back_from_its_text(algorithm: Algorithm) -> None:
    key = keys.make(algorithm)
    assert keys.published(keys.from_text(keys.to_text(key))) == keys.published(key)
