from __future__ import annotations

import email
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from email import policy
from email.message import EmailMessage

import pytest

from core.errors import Unavailable
from core.providers.base import Outcome
from core.providers.smtp.send import Security, SmtpProvider
from core.storage.event_words import BounceClass
from tests.providers.conftest import email as outgoing
from tests.support.mail_server import MailServer, OnlyAnn, free_port

Start = Callable[..., MailServer]


@pytest.fixture
def provider(mail_server: MailServer) -> Iterator[SmtpProvider]:
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, timeout=5)) as built:
        yield built


def test_an_accepted_message_arrives_as_it_was_written(mail_server: MailServer, provider: SmtpProvider) -> None:
    [result] = provider.send([outgoing(1, text=".one dot\n..two\n.\nend", subject="Grüße")])

    assert result.outcome is Outcome.ACCEPTED
    [envelope] = mail_server.received
    assert (envelope.mail_from, envelope.rcpt_tos) == ("news@shop.example", ["person1@example.com"])
    mail = email.message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail["Subject"] == "Grüße"
    assert mail.get_body(("plain",)).get_content().split() == [".one", "dot", "..two", ".", "end"]  # type: ignore[union-attr]


def test_one_connection_serves_many_messages_and_batches(mail_server: MailServer) -> None:
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, connections=1, timeout=5)) as provider:
        for start in (0, 20):
            results = provider.send([outgoing(start + number) for number in range(20)])
            assert {result.outcome for result in results} == {Outcome.ACCEPTED}

    assert len(mail_server.received) == 40
    assert mail_server.connections == 1


@pytest.mark.parametrize(
    ("command", "answer", "outcome", "bounce_class"),
    [
        ("RCPT", "550 5.1.1 No such user", Outcome.REFUSED, BounceClass.HARD),
        ("RCPT", "550 Go away", Outcome.REFUSED, BounceClass.HARD),
        ("RCPT", "550 5.7.1 Listed", Outcome.REFUSED, BounceClass.BLOCK),
        ("RCPT", "552 5.2.2 Mailbox full", Outcome.REFUSED, BounceClass.SOFT),
        ("RCPT", "451 4.7.1 Greylisted", Outcome.RETRY, None),
        ("RCPT", "421 4.3.2 Shutting down", Outcome.RETRY, None),
        ("DATA", "554 5.7.1 Spam", Outcome.REFUSED, BounceClass.BLOCK),
        ("DATA", "554 Transaction failed", Outcome.REFUSED, BounceClass.UNKNOWN),
        ("DATA", "452 4.3.1 Out of storage", Outcome.RETRY, None),
        ("RCPT", "hang up", Outcome.RETRY, None),
        ("DATA", "hang up", Outcome.UNCERTAIN, None),
    ],
)
def test_one_recipients_trouble_leaves_the_others_alone(
    mail_server: MailServer, provider: SmtpProvider, command: str, answer: str, outcome: Outcome, bounce_class: BounceClass | None
) -> None:
    mail_server.answers[command, "person2@example.com"] = answer

    results = provider.send([outgoing(1), outgoing(2), outgoing(3)])

    assert [result.outcome for result in results] == [Outcome.ACCEPTED, outcome, Outcome.ACCEPTED]
    assert results[1].bounce_class is bounce_class
    assert results[1].attempted
    assert answer == "hang up" or answer in results[1].reason


def test_a_dead_server_leaves_every_message_untried_and_says_so() -> None:
    port = free_port()
    with closing(SmtpProvider("127.0.0.1", port, Security.NONE, timeout=2)) as provider:
        results = provider.send([outgoing(1), outgoing(2)])

        assert [(result.outcome, result.attempted) for result in results] == [(Outcome.RETRY, False)] * 2
        assert f"127.0.0.1:{port}" in results[0].reason
        with pytest.raises(Unavailable, match="can't be reached"):
            provider.check()


def test_a_host_name_that_cannot_exist_is_a_clear_refusal() -> None:
    provider = SmtpProvider("a" * 80 + ".example", 25, Security.NONE, timeout=2)

    with pytest.raises(Unavailable):
        provider.check()
    assert provider.send([outgoing(1)])[0].outcome is Outcome.RETRY


def test_a_message_that_cannot_be_written_is_refused_before_the_server_hears_of_it(mail_server: MailServer, provider: SmtpProvider) -> None:
    [refused, accepted] = provider.send([outgoing(1, subject="a\r\nBcc: all@example.com"), outgoing(2)])

    assert (refused.outcome, refused.bounce_class) == (Outcome.REFUSED, None)
    assert accepted.outcome is Outcome.ACCEPTED
    assert len(mail_server.received) == 1


def test_a_right_sign_in_over_starttls_is_used(start_mail_server: Start, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    server = start_mail_server(tls_context=server_tls, require_starttls=True, authenticator=OnlyAnn(), auth_required=True)
    with closing(SmtpProvider("127.0.0.1", server.port, Security.STARTTLS, "ann", "right", timeout=5, tls=client_tls)) as provider:
        provider.check()

        assert provider.send([outgoing(1)])[0].outcome is Outcome.ACCEPTED


def test_a_wrong_sign_in_is_named(start_mail_server: Start, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    server = start_mail_server(tls_context=server_tls, authenticator=OnlyAnn(), auth_required=True)
    with closing(SmtpProvider("127.0.0.1", server.port, Security.STARTTLS, "ann", "wrong", timeout=5, tls=client_tls)) as provider:
        with pytest.raises(Unavailable, match="refused the sign-in"):
            provider.check()
        [result] = provider.send([outgoing(1)])

    assert (result.outcome, result.attempted) == (Outcome.RETRY, False)
    assert "wrong" not in result.reason


def test_a_certificate_nobody_trusts_stops_everything(start_mail_server: Start, server_tls: ssl.SSLContext) -> None:
    server = start_mail_server(tls_context=server_tls)
    with closing(SmtpProvider("127.0.0.1", server.port, Security.STARTTLS, timeout=5)) as provider, pytest.raises(Unavailable):
        provider.check()


def test_a_server_without_encryption_is_not_used_where_encryption_is_asked_for(mail_server: MailServer) -> None:
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.STARTTLS, timeout=5)) as provider:
        assert provider.send([outgoing(1)])[0].outcome is Outcome.RETRY

    assert mail_server.received == []
