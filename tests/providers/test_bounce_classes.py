from __future__ import annotations

import pytest

from core.providers.bounce_classes import classify, settle
from core.storage.event_words import BounceClass


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 The email account that you tried to reach does not exist", BounceClass.HARD),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound", BounceClass.HARD),
        (553, "5.1.2 Host unknown", BounceClass.HARD),
        (554, "5.1.0 Sender rejected: your address is on a blocklist", BounceClass.BLOCK),
        (550, "5.1.0 Address rejected: user unknown", BounceClass.HARD),
        (550, "5.4.4 Invalid route", BounceClass.HARD),
        (553, "5.1.8 Sender address rejected: domain not found", BounceClass.BLOCK),
        (552, "5.2.2 Mailbox full", BounceClass.SOFT),
        (550, "5.2.1 The account is disabled", BounceClass.SOFT),
        (550, "5.7.1 Message rejected as spam", BounceClass.BLOCK),
        (550, "5.7.26 Unauthenticated mail is not accepted due to the domain's DMARC policy", BounceClass.BLOCK),
        (554, "5.6.0 Content rejected", BounceClass.BLOCK),
        (550, "5.4.310 DNS domain tea.example does not exist", BounceClass.HARD),
        (550, "5.4.1 Recipient address rejected: Access denied", BounceClass.SOFT),
        (554, "5.4.6 Routing loop detected", BounceClass.SOFT),
        (554, "5.4.14 Hop count exceeded", BounceClass.SOFT),
        (552, "5.2.4 Mailing list expansion problem", BounceClass.SOFT),
        (554, "5.3.2 System not accepting network messages", BounceClass.SOFT),
        (553, "5.3.0 No such user", BounceClass.HARD),
        (550, "5.5.0 Requested action not taken", BounceClass.UNKNOWN),
        (556, "5.1.10 Recipient address has null MX", BounceClass.HARD),
        (451, "4.7.1 Greylisted", BounceClass.SOFT),
        (421, "Too busy", BounceClass.SOFT),
        (554, "4.2.2 over quota", BounceClass.SOFT),
        (550, "No such user here", BounceClass.HARD),
        (550, "5.0.0 User unknown", BounceClass.HARD),
        (550, "Requested action not taken: mailbox unavailable", BounceClass.HARD),
        (554, "Your host 192.0.2.1 is blocked by a blocklist", BounceClass.BLOCK),
        (554, "Relay access denied", BounceClass.BLOCK),
        (552, "quota exceeded", BounceClass.SOFT),
        (550, "Mailbox 5.1.1.9 says no", BounceClass.UNKNOWN),
        (554, "Transaction failed", BounceClass.UNKNOWN),
    ],
)
def test_only_an_answer_about_the_address_is_hard(code: int, text: str, expected: BounceClass) -> None:
    assert classify(text, smtp_code=code) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 5.1.1 The email account that you tried to reach does not exist", BounceClass.HARD),
        ("smtp; 550 5.1.1 user unknown", BounceClass.HARD),
        ("smtp;451 4.3.0 mailbox unavailable", BounceClass.SOFT),
        ("host mx.example.com[192.0.2.1] said: 452-4.2.2 The recipient's inbox is out of storage", BounceClass.SOFT),
        ("450 mailbox unavailable", BounceClass.SOFT),
        ("550-5.7.26 This mail is unauthenticated. User unknown would be another answer.", BounceClass.BLOCK),
        ("Sorry, error 5.1.1.", BounceClass.HARD),
        ("Sent from 5.1.1.7", BounceClass.UNKNOWN),
        ("Rejected 500 messages before this one", BounceClass.UNKNOWN),
        ("", BounceClass.UNKNOWN),
        ("x" * 5_000 + " no such user", BounceClass.UNKNOWN),
    ],
)
def test_codes_are_found_where_they_stand_in_the_text(text: str, expected: BounceClass) -> None:
    assert classify(text) is expected


def test_a_status_apart_from_the_text_counts_first() -> None:
    assert classify("Mail refused, see 5.1.1", status="5.7.1") is BounceClass.BLOCK
    assert classify("5.1.1", status="gibberish") is BounceClass.HARD


def test_a_status_that_says_nothing_leaves_it_to_the_text() -> None:
    assert classify("smtp; 550 5.1.1 Not here", status="5.0.0") is BounceClass.HARD
    assert classify("smtp; 550 5.7.1 Not you", status="5.0.0") is BounceClass.BLOCK
    assert classify("smtp; 550 Not here", status="5.0.0") is BounceClass.UNKNOWN


@pytest.mark.parametrize(
    ("verdict", "text", "expected"),
    [
        (BounceClass.HARD, "550 5.7.1 rejected as spam", BounceClass.BLOCK),
        (BounceClass.HARD, "552 5.2.2 full", BounceClass.SOFT),
        (BounceClass.HARD, "no words we know", BounceClass.HARD),
        (BounceClass.SOFT, "550 5.1.1 user unknown", BounceClass.SOFT),
        (BounceClass.BLOCK, "550 5.1.1 user unknown", BounceClass.BLOCK),
        (BounceClass.SOFT, "550 5.7.1 blocked", BounceClass.BLOCK),
        (BounceClass.UNKNOWN, "550 5.1.1 user unknown", BounceClass.HARD),
    ],
)
def test_an_address_is_bad_only_where_the_provider_and_the_server_do_not_say_otherwise(
    verdict: BounceClass, text: str, expected: BounceClass
) -> None:
    assert settle(verdict, text) is expected
