from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.providers.base import Attachment
from core.providers.mime import to_bytes
from tests.providers.conftest import email as outgoing

NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="/\\"), min_size=1, max_size=120)


def parsed(raw: bytes) -> EmailMessage:
    found = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(found, EmailMessage)
    return found


def files(raw: bytes) -> list[tuple[str | None, str, bytes]]:
    assert raw.isascii()
    assert all(len(line) <= 998 and b"\n" not in line for line in raw.split(b"\r\n"))
    found = parsed(raw).iter_attachments()
    return [(part.get_filename(), part.get_content_type(), part.get_payload(decode=True)) for part in found]  # type: ignore[misc]


@given(name=NAMES.filter(lambda name: name.strip()), data=st.binary(max_size=500))
def test_a_file_comes_back_with_its_name_whatever_the_alphabet(name: str, data: bytes) -> None:
    raw = to_bytes(outgoing(1, attachments=(Attachment(name, "application/pdf", data),)))

    assert files(raw) == [(name.strip(), "application/pdf", data)]


def test_the_text_and_the_html_stay_beside_the_files() -> None:
    attachments = (
        Attachment("invoice.pdf", "application/pdf", b"%PDF" * 1000),
        Attachment("Rücksendung.txt", "text/plain", b"--=_1-abc\r\n"),
    )
    raw = to_bytes(outgoing(1, html="<p>Thanks</p>", text="Thanks", attachments=attachments))

    mail = parsed(raw)
    assert mail.get_content_type() == "multipart/mixed"
    assert [mail.get_body((kind,)).get_content().strip() for kind in ("plain", "html")] == ["Thanks", "<p>Thanks</p>"]  # type: ignore[union-attr]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["multipart/alternative", "application/pdf", "text/plain"]
    assert files(raw) == [(each.name, each.content_type, each.data) for each in attachments]


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed"])
def test_what_may_not_be_encoded_goes_as_a_file_of_no_known_kind(kind: str) -> None:
    raw = to_bytes(outgoing(1, attachments=(Attachment("mail.eml", kind, b"From: somebody"),)))

    assert files(raw) == [("mail.eml", "application/octet-stream", b"From: somebody")]


@pytest.mark.parametrize("name", ["", " ", "a\r\nBcc: all@example.com", "a\x00", "../etc/passwd", "a\\b", "x" * 201, "a\u2028b"])
def test_a_name_that_cannot_stand_in_a_header_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        to_bytes(outgoing(1, attachments=(Attachment(name, "text/plain", b""),)))


@pytest.mark.parametrize("kind", ["", "text", "text/", "text/plain; charset=x", "text/plain\r\nBcc: a@b.c", 'text/plain"', "té/x", "a/b/c"])
def test_a_content_type_that_is_none_is_refused(kind: str) -> None:
    with pytest.raises(InvalidInput):
        to_bytes(outgoing(1, attachments=(Attachment("a.txt", kind, b""),)))


@pytest.mark.parametrize("name", ["Grace Hopper", "Hopper, Grace", "Grace Hüpper", ""])
def test_a_recipients_name_stands_before_the_address(name: str) -> None:
    to = parsed(to_bytes(outgoing(1, to="grace@example.com", to_name=name)))["To"].addresses

    assert [(one.display_name, one.addr_spec) for one in to] == [(name, "grace@example.com")]


def test_a_recipients_name_can_not_bring_a_header() -> None:
    with pytest.raises(InvalidInput):
        to_bytes(outgoing(1, to_name="Grace\r\nBcc: all@example.com"))
