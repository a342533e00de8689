"""Mails that come back, in the forms servers really write: what each is read as."""

from __future__ import annotations

from base64 import encodebytes
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.providers.smtp.bounces import read
from core.providers.smtp.parsing import LONGEST_MAIL
from core.providers.smtp.verp import check_template, key_in, return_path
from core.providers.webhooks import ProviderEvent, UnreadableReport
from core.storage.event_words import BounceClass, EventKind

KEY = "123-abcdef012345"
MAILS = Path(__file__).parent / "mails"
NAMES = sorted(path.stem for path in MAILS.glob("*.eml"))
B, D, U = EventKind.BOUNCED, EventKind.DEFERRED, EventKind.UNKNOWN

EXPECTED: dict[str, list[tuple[EventKind, BounceClass | None]]] = {
    "postfix": [(B, BounceClass.HARD)],
    "postfix_delayed": [(D, None)],
    "postfix_expired": [(B, BounceClass.SOFT)],
    "postfix_no_such_domain": [(B, BounceClass.HARD)],
    "exim_dsn": [(B, BounceClass.HARD)],
    "exim_plain": [(B, BounceClass.BLOCK)],
    "exchange": [(B, BounceClass.HARD)],
    "exchange_mailbox_full": [(B, BounceClass.SOFT)],
    "exchange_group": [(B, BounceClass.SOFT)],
    "gmail": [(B, BounceClass.HARD)],
    "gmail_dmarc": [(B, BounceClass.BLOCK)],
    "qmail": [(B, BounceClass.HARD)],
    "sendmail_old": [(B, BounceClass.HARD)],
    "international": [(B, BounceClass.HARD)],
    "delivered": [(EventKind.DELIVERED, None)],
    "relayed": [],
    "yahoo_arf": [(EventKind.COMPLAINED, None)],
    "arf_fraud": [(EventKind.COMPLAINED, None)],
    "arf_opt_out": [(EventKind.UNSUBSCRIBED, None)],
    "arf_not_spam": [(U, None)],
    "outlook_complaint": [(EventKind.COMPLAINED, None)],
    "vacation": [(U, None)],
    "autoreply_quiet": [(U, None)],
    "person": [(U, None)],
    "forwarded_bounce": [(U, None)],
    "spam": [],
}


def mail(name: str, key: str = KEY) -> bytes:
    return (MAILS / f"{name}.eml").read_bytes().replace(b"{KEY}", key.encode())


def events(body: bytes) -> list[ProviderEvent]:
    return read(body, "message/rfc822")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("name", NAMES)
def test_each_form_is_read_as_what_it_is(name: str, line_end: bytes) -> None:
    found = events(mail(name).replace(b"\n", line_end))
    assert [(event.kind, event.bounce_class) for event in found] == EXPECTED[name]
    assert all((event.message_key, event.recipient) == (KEY, "") for event in found)


@pytest.mark.parametrize("name", NAMES)
def test_without_our_key_nothing_counts(name: str) -> None:
    for key in ("", "someone-else", "123-abcdef01234", "123-abcdef01234g"):
        for event in events(mail(name, key)):
            assert (event.kind, event.bounce_class, event.message_key) == (U, None, "")


def test_what_has_no_key_still_says_whom_it_was_about_and_what_it_would_be() -> None:
    [event] = events(mail("postfix", ""))
    assert event.recipient == "ann@tea.example"
    assert event.properties == {"action": "failed", "status": "5.1.1", "reported": "bounced"}


def test_the_reason_is_the_servers_and_names_nobody() -> None:
    [event] = events(mail("postfix"))
    assert event.reason == "550 5.1.1 <…>: Recipient address rejected: User unknown in virtual mailbox table"
    assert event.at == datetime(2026, 11, 22, 11, 58, 3, tzinfo=UTC)
    for name in NAMES:
        assert all("@" not in one.reason for one in events(mail(name)))


def test_the_reason_is_not_taken_from_the_message_that_comes_back() -> None:
    [event] = events(mail("exim_plain"))
    assert "blocked" in event.reason
    assert "left" not in event.reason


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_address_it_came_back_to_names_the_message_first(header: str) -> None:
    body = f"{header}: <bounces+9-0123456789ab@mail.shop.example>\n".encode() + mail("postfix_delayed")
    assert [event.message_key for event in events(body)] == ["9-0123456789ab"]


@pytest.mark.parametrize(
    "subject", ["Undelivered: Your absence from our sale", "Automatic reply", "Mail failed: Away from home? A vacation for less"]
)
def test_a_server_that_quotes_a_subject_of_ours_is_no_automatic_reply(subject: str) -> None:
    body = mail("exim_plain").replace(b"X-Failed-Recipients: ann@tea.example\nAuto-Submitted: auto-replied\n", b"")
    [event] = events(body.replace(b"Subject: Mail delivery failed: returning message to sender", f"Subject: {subject}".encode()))
    assert (event.kind, event.bounce_class, event.message_key) == (B, BounceClass.BLOCK, KEY)


def test_a_report_of_several_recipients_has_an_event_for_each() -> None:
    second = b"Final-Recipient: rfc822; bob@tea.example\nAction: failed\nStatus: 5.2.2\n\n--b1--"
    found = events(mail("postfix_no_such_domain").replace(b"--b1--", second))
    assert [(event.kind, event.bounce_class) for event in found] == [(B, BounceClass.HARD), (B, BounceClass.SOFT)]


def test_a_report_may_be_encoded() -> None:
    head, mark, rest = mail("international").partition(b"Content-Type: message/global-delivery-status\n\n")
    report, end, tail = rest.partition(b"\n--b--")
    encoded = mark[:-1] + b"Content-Transfer-Encoding: base64\n\n" + encodebytes(report)
    assert [(event.kind, event.bounce_class) for event in events(head + encoded + end + tail)] == EXPECTED["international"]


@pytest.mark.parametrize("answer", ["In-Reply-To: <{}@shop.example>", "References: <1@else.example> <{}@shop.example>"])
def test_what_calls_itself_an_answer_to_a_message_of_ours_is_about_it(answer: str) -> None:
    body = answer.format(KEY).encode() + b"\n" + mail("postfix_no_such_domain", "")
    assert [event.message_key for event in events(body)] == [KEY]


@pytest.mark.parametrize("body", [b"", b"\n", b"\x00\xff\xfe", b"no header at all", b"\n\nbody only"])
def test_what_is_no_mail_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableReport):
        events(body)


PIECES = st.sampled_from(
    [
        *(line + b"\n" for line in mail("postfix").split(b"\n")),
        *(line + b"\n" for line in mail("yahoo_arf").split(b"\n")),
        *(line + b"\n" for line in mail("exim_plain").split(b"\n")),
        b"Content-Type: message/rfc822\n\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Type: multipart/mixed; boundary=\n",
        b"Content-Type: text/plain; charset=nonsense\n",
        b"Content-Type: text/plain; charset*=utf-8''%ff\n",
        b"Content-Type: multipart/report; report-type*0=deli; report-type*1=very\n",
        b"Date: Sun, 99 Nov 99999 99:99:99 +9999\n",
        b"To: \xff\xfe@\xff\n",
        b"To: =?utf-8?b?/////w==?=\n",
        b"\n",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=30), max_size=60))
def test_whatever_lies_in_the_mailbox_is_read_or_called_unreadable(pieces: list[bytes]) -> None:
    try:
        found = events(b"".join(pieces))
    except UnreadableReport:
        return
    for event in found:
        assert event.message_key or event.kind is U
        assert event.at is None or event.at.tzinfo is not None
        assert event.bounce_class is None or event.bounce_class in set(BounceClass)
        orjson.dumps(event.properties)


NESTED = b"Content-Type: message/rfc822\n\n"
HOSTILE = {
    "nested": b"From: mailer-daemon@x\n" + NESTED * 8_000,
    "parts": b"From: mailer-daemon@x\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 40_000,
    "headers": b"a: b\n" * 60_000,
    "long header": b"Return-Path: <>\nTo: " + b"a@" * 200_000,
    "one line": b"Return-Path: <>\n\n" + b"550 5.1.1 user " * 20_000,
    "addresses": b"Return-Path: <>\n\n" + b"<" * 100_000 + b"a@b.example>" * 10_000,
    "blank": b"Return-Path: <>\n\n" + b" \t" * 100_000 + b"\n" * 50_000,
    "quotes": b"Return-Path: <>\nSubject: failure notice\n\n" + b"> " * 120_000,
    "groups": b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 15_000,
    "dashes": b"Return-Path: <>\n\n" + b"-" * 250_000,
    "dashed": b"Return-Path: <>\n\n" + (b"-" * 80 + b"copy of " * 12 + b"\n") * 1_400,
    "parameter": b'Return-Path: <>\nContent-Type: multipart/report; a="' + b";" * 250_000,
    "parameters": b"Return-Path: <>\nContent-Type: multipart/report; " + b"a;" * 120_000,
    "folded parameter": b'Return-Path: <>\nContent-Type: multipart/report; a="' + (b";" * 70 + b"\n ") * 3_500,
    "parameters of parts": b"Return-Path: <>\nContent-Type: multipart/mixed; boundary=x\n\n"
    + (b'--x\nContent-Type: text/plain; a="' + b";" * 600 + b"\n\nb\n") * 390,
    "line ends": b"Return-Path: <>\n\n" + b"\n" * 250_000,
    "old line ends": b"Return-Path: <>\n\n" + b"\r" * 250_000,
    "blank groups": b"Content-Type: message/delivery-status\n\n" + b"\n" * 250_000,
    "parts in parts": b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (depth, depth) for depth in range(390))
    + b"x\n" * 100_000,
    "to": b"Return-Path: <>\n" + b"".join(b"%s: %s\n" % (name, b"a" * 3_900) for name in [b"To", b"Delivered-To", b"X-Original-To"] * 10),
    "charset": b"Return-Path: <>\nContent-Type: multipart/mixed; boundary=x\n\n"
    + (b"--x\nContent-Type: text/plain; charset=Punycode\n\n-" + b"9" * 9_000 + b"\n") * 20,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_takes_long(name: str) -> None:
    started = process_time()
    with suppress(UnreadableReport):
        events(HOSTILE[name] * 2)
    assert process_time() - started < 1  # a tenth at most where nobody else uses the machine


def test_what_real_mail_holds_is_read_however_much_comes_with_it() -> None:
    many = b"".join(b"Received: from a%d by b%d\n" % (hop, hop) for hop in range(100))
    assert [(event.kind, event.message_key) for event in events(many + mail("postfix"))] == [(B, KEY)]
    filled = b"Content-Type: multipart/report; a=1; b=2; c=3; d=4;\n\tcharset=utf-8;"
    assert [event.kind for event in events(mail("postfix").replace(b"Content-Type: multipart/report;", filled))] == [B]


def test_only_the_beginning_of_a_mail_is_read() -> None:
    assert [event.kind for event in events(mail("postfix") + b"x" * 2 * LONGEST_MAIL)] == [B]


LOCALS = st.from_regex(r"[a-z][a-z0-9.+_-]{0,30}[a-z0-9]", fullmatch=True).filter(lambda drawn: ".." not in drawn)
KEYS = st.builds("{}-{:012x}".format, st.integers(1, 10**18 - 1), st.integers(0, 2**48 - 1))


@given(LOCALS, KEYS)
def test_a_return_path_gives_its_key_back(local: str, key: str) -> None:
    template = f"{local}@mail.example.com"
    check_template(template)
    made = return_path(template, key)
    assert key_in(made) == key_in(f"<{made.upper()}>") == key
    assert len(made.partition("@")[0]) <= 64
    assert made.endswith("@mail.example.com")


@given(st.text(max_size=80))
def test_no_address_makes_reading_its_key_fail(text: str) -> None:
    assert isinstance(key_in(text), str)


def test_no_bounce_address_makes_no_return_path() -> None:
    assert return_path("", KEY) == ""
    assert return_path("bounces@bücher.example", KEY) == f"bounces+{KEY}@xn--bcher-kva.example"


@pytest.mark.parametrize("text", ["nobody", "a@b c", f"{'x' * 33}@example.com", '"a b"@example.com', "a@example.com\n"])
def test_a_bounce_address_that_cant_carry_a_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        check_template(text)
