from __future__ import annotations

import pytest

from core.providers.smtp.replies import classify
from core.storage.event_words import BounceClass


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 The email account that you tried to reach does not exist", BounceClass.HARD),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound", BounceClass.HARD),
        (553, "5.1.2 Host unknown", BounceClass.HARD),
        (550, "5.4.4 Invalid route", BounceClass.HARD),
        (553, "5.1.8 Sender address rejected: domain not found", BounceClass.BLOCK),
        (552, "5.2.2 Mailbox full", BounceClass.SOFT),
        (550, "5.2.1 The account is disabled", BounceClass.SOFT),
        (550, "5.7.1 Message rejected as spam", BounceClass.BLOCK),
        (550, "5.7.26 Unauthenticated mail is not accepted due to the domain's DMARC policy", BounceClass.BLOCK),
        (554, "5.6.0 Content rejected", BounceClass.BLOCK),
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
    assert classify(code, text) is expected
