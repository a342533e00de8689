from __future__ import annotations

import email
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from core.errors import Unavailable
from core.providers.base import Outcome, Trouble
from core.providers.smtp.opening import Security, SignIn
from core.providers.smtp.send import SmtpProvider
from core.storage.event_words import BounceClass
from tests.providers.conftest import email as outgoing
from tests.providers.conftest import make_certificate
from tests.providers.contract import Told
from tests.support.mail_server import MailServer, OnlyAnn, free_port

Start = Callable[..., MailServer]


@pytest.fixture(params=[False, True], ids=["step by step", "pipelined"])
def mail_server(request: pytest.FixtureRequest, start_mail_server: Start) -> MailServer:
    server = start_mail_server(enable_SMTPUTF8=True)
    server.pipelines = request.param
    return server


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


def test_who_was_refused_last_in_a_batch_spoils_nothing_for_the_first_of_the_next(mail_server: MailServer) -> None:
    mail_server.answers["RCPT", "person2@example.com"] = "550 5.1.1 No such user"
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, connections=1, timeout=5)) as provider:
        first = provider.send([outgoing(1), outgoing(2)])
        [after] = provider.send([outgoing(3)])

    assert [result.outcome for result in (*first, after)] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]
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
        ("RCPT", "450 4.7.28 Unusual rate", Outcome.RETRY, None),
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


def test_nothing_is_sent_where_clouds_hand_out_keys() -> None:
    with closing(SmtpProvider("169.254.169.254", 25, Security.NONE, timeout=2)) as provider, pytest.raises(Unavailable) as refusal:
        provider.check()
    assert "nothing is sent there" in str(refusal.value)


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


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_that_has_expired_is_named_and_nothing_is_sent(start_mail_server: Start, tmp_path: Path, security: Security) -> None:
    ended, key = make_certificate(tmp_path, -timedelta(days=1))
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(ended, key)
    options = {"ssl_context": theirs} if security is Security.TLS else {"tls_context": theirs}
    ours = ssl.create_default_context(cafile=ended)
    server = start_mail_server(**options)
    with closing(SmtpProvider("127.0.0.1", server.port, security, "ann", "right", timeout=5, tls=ours)) as provider:
        results = provider.send([outgoing(1), outgoing(2)])

    assert {(each.outcome, each.attempted, each.trouble) for each in results} == {(Outcome.RETRY, False, Trouble.CONNECTION)}
    assert "certificate has expired" in results[0].reason
    assert server.received == []


def test_a_server_without_encryption_is_not_used_where_encryption_is_asked_for(mail_server: MailServer) -> None:
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.STARTTLS, timeout=5)) as provider:
        assert provider.send([outgoing(1)])[0].outcome is Outcome.RETRY

    assert mail_server.received == []


def test_many_connections_carry_a_batch_and_nothing_is_lost_or_doubled(mail_server: MailServer) -> None:
    refused = {f"person{number}@example.com" for number in range(7, 200, 31)}
    mail_server.answers.update({("RCPT", each): "550 5.1.1 No such user" for each in refused})
    mail_server.answers.update({("DATA", "person50@example.com"): "hang up", ("RCPT", "person90@example.com"): "hang up"})
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, connections=6, timeout=5)) as provider:
        results = provider.send([outgoing(number) for number in range(200)])

    outcomes = {result.message_id: result.outcome for result in results}
    taken = [envelope.rcpt_tos[0] for envelope in mail_server.received]
    assert len(taken) == len(set(taken))
    assert [number for number, outcome in outcomes.items() if outcome is Outcome.UNCERTAIN] == [50]
    assert {f"person{number}@example.com" for number, outcome in outcomes.items() if outcome is Outcome.REFUSED} == refused
    assert outcomes[90] is Outcome.RETRY
    accepted = {f"person{number}@example.com" for number, outcome in outcomes.items() if outcome is Outcome.ACCEPTED}
    assert accepted | {"person50@example.com"} == set(taken)
    assert 1 < mail_server.connections <= 6 + 4


def test_each_message_is_told_of_before_its_final_dot_and_few_at_a_time(mail_server: MailServer) -> None:
    told, open_ones = Told({}), list[int]()

    def look(_taken: int) -> None:
        [recipient] = mail_server.received[-1].rcpt_tos
        assert int(recipient.removeprefix("person").partition("@")[0]) in told.begun - set(told.answers)
        open_ones.append(len(told.begun - set(told.answers)))

    mail_server.before_answer = look
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, connections=3, timeout=5)) as provider:
        results = provider.send([outgoing(number) for number in range(60)], told)

    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert len(open_ones) == 60
    assert max(open_ones) <= 3, "a kill leaves one of each connection unknown"


def test_what_a_domain_or_a_server_asks_for_is_told_apart(mail_server: MailServer, provider: SmtpProvider) -> None:
    mail_server.answers["RCPT", "person1@example.com"] = "450 4.7.28 Unusual rate"
    mail_server.answers["RCPT", "person2@example.com"] = "451 4.3.0 Try later"

    results = provider.send([outgoing(1), outgoing(2), outgoing(3)])

    assert [result.trouble for result in results] == [Trouble.DOMAIN, None, None]


@pytest.mark.parametrize(
    ("command", "answer", "trouble", "wait"),
    [
        ("MAIL", "553 5.7.1 Sender address rejected: not owned by user shop", Trouble.SENDER, None),
        ("MAIL", "501 5.1.7 Bad sender address syntax", Trouble.SENDER, None),
        ("MAIL", "530 5.7.0 Authentication required", Trouble.SIGN_IN, None),
        ("DATA", "554 5.2.252 SendAsDenied; shop not allowed to send as news", Trouble.SENDER, None),
        ("DATA", "554 Message rejected: Email address is not verified.", Trouble.SENDER, None),
        ("DATA", "550 5.4.5 Daily user sending limit exceeded.", Trouble.THROTTLED, timedelta(hours=1)),
        ("MAIL", "550 5.4.5 Daily user sending limit exceeded.", Trouble.THROTTLED, timedelta(hours=1)),
    ],
)
def test_what_is_said_of_us_burns_no_recipient(
    mail_server: MailServer, provider: SmtpProvider, command: str, answer: str, trouble: Trouble, wait: timedelta | None
) -> None:
    for number in (1, 2, 3):
        who = "news@shop.example" if command == "MAIL" else f"person{number}@example.com"
        mail_server.answers[command, who] = answer

    results = provider.send([outgoing(1), outgoing(2), outgoing(3)])

    assert {(each.outcome, each.attempted, each.trouble, each.retry_after) for each in results} == {(Outcome.RETRY, False, trouble, wait)}
    assert all(answer in each.reason for each in results)
    assert mail_server.received == []


@pytest.mark.parametrize("answer", ["454 Throttling failure: Maximum sending rate exceeded.", "452 4.3.1 Out of storage", "421 Slow down"])
def test_a_server_that_wants_less_is_heard(mail_server: MailServer, provider: SmtpProvider, answer: str) -> None:
    mail_server.answers["DATA", "person1@example.com"] = answer

    [result] = provider.send([outgoing(1)])

    assert (result.outcome, result.trouble) == (Outcome.RETRY, Trouble.THROTTLED)


def test_the_answer_to_a_whole_message_may_take_longer_than_others(mail_server: MailServer) -> None:
    mail_server.slowness = 1.5
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, timeout=1)) as provider:
        assert [result.outcome for result in provider.send([outgoing(1)])] == [Outcome.ACCEPTED]


def test_an_address_with_special_letters_goes_where_the_server_takes_it(mail_server: MailServer, provider: SmtpProvider) -> None:
    [result] = provider.send([outgoing(1, to="jörg@bücher.example")])

    assert result.outcome is Outcome.ACCEPTED
    assert mail_server.received[0].rcpt_tos == ["jörg@bücher.example"]
    assert "SMTPUTF8" in mail_server.received[0].mail_options


def test_an_address_with_special_letters_is_refused_clearly_elsewhere(start_mail_server: Start) -> None:
    server = start_mail_server(enable_SMTPUTF8=False)
    with closing(SmtpProvider("127.0.0.1", server.port, Security.NONE, timeout=5)) as provider:
        refused, accepted = provider.send([outgoing(1, to="jörg@example.com"), outgoing(2)])

    assert (refused.outcome, accepted.outcome) == (Outcome.REFUSED, Outcome.ACCEPTED)
    assert "special letters" in refused.reason


def test_every_message_has_a_return_path_of_its_own(mail_server: MailServer) -> None:
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, bounce_address="bounces@mail.example", timeout=5)) as provider:
        provider.send([outgoing(1, key="1-0123456789ab"), outgoing(2, key="2-0123456789ab")])

    assert sorted(str(envelope.mail_from) for envelope in mail_server.received) == [
        "bounces+1-0123456789ab@mail.example",
        "bounces+2-0123456789ab@mail.example",
    ]


def test_signed_mail_begins_with_its_signature(mail_server: MailServer) -> None:
    def sign(domain: str, data: bytes) -> bytes:
        return f"X-Signed: {domain} {len(data)}\r\n".encode()

    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, sign=sign, timeout=5)) as provider:
        provider.send([outgoing(1)])

    assert bytes(mail_server.received[0].content or b"").startswith(b"X-Signed: shop.example ")


def test_a_batch_is_as_large_as_some_seconds_are_worth(mail_server: MailServer) -> None:
    with closing(SmtpProvider("127.0.0.1", mail_server.port, Security.NONE, connections=2, timeout=5)) as provider:
        assert provider.batch_size == 40
        provider.send([outgoing(number) for number in range(40)])

        assert provider.batch_size == 500


def test_an_access_token_is_fetched_and_used(start_mail_server: Start, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    server = start_mail_server(tls_context=server_tls, authenticator=OnlyAnn(), auth_required=True)
    for token, outcome, trouble in (("good", Outcome.ACCEPTED, None), ("stale", Outcome.RETRY, Trouble.SIGN_IN)):
        options = {"sign_in": SignIn.XOAUTH2, "timeout": 5, "tls": client_tls}
        with closing(SmtpProvider("127.0.0.1", server.port, Security.STARTTLS, "ann", lambda token=token: token, **options)) as provider:
            [result] = provider.send([outgoing(1)])
        assert (result.outcome, result.trouble) == (outcome, trouble)
