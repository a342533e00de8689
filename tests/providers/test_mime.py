from __future__ import annotations

import email
import email.header
import email.utils
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.providers.content import Filled, Layout
from core.providers.mime import to_bytes
from tests.providers.conftest import email as outgoing

# One line of anything: letters of every script, emoji, marks that turn the direction of writing.
ONE_LINE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200)
BODY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=3000)


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def sender_name(raw: bytes) -> str:
    """The name in From; by the old parser, for the new one (3.11) puts a space between two encoded words of a name."""
    value = email.message_from_bytes(raw)["From"]
    phrase, _, mailbox = value.rpartition("<")
    assert (mailbox or value).rstrip(">") == "news@shop.example"
    words = phrase.strip()
    if words.startswith('"'):
        return email.utils.unquote(words)
    return str(email.header.make_header(email.header.decode_header(words))) if words else ""


def assert_fits_the_wire(raw: bytes) -> None:
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in lines)
    assert not any(line.startswith(b".") for line in lines)


@given(subject=ONE_LINE, name=ONE_LINE)
def test_any_line_of_text_comes_back_unchanged_from_the_headers(subject: str, name: str) -> None:
    raw = to_bytes(outgoing(1, subject=subject, from_name=name))

    assert_fits_the_wire(raw)
    mail = parsed(raw)
    assert str(mail["Subject"]) == subject
    assert [found.addr_spec for found in mail["From"].addresses] == ["news@shop.example"]
    assert sender_name(raw) == name
    assert mail.defects == []


@given(html=BODY, text=BODY)
def test_both_parts_come_back_unchanged(html: str, text: str) -> None:
    raw = to_bytes(outgoing(1, html=html, text=text))

    assert_fits_the_wire(raw)
    mail = parsed(raw)
    assert (body(mail, "html"), body(mail, "plain")) == (html, text)
    assert mail.get_content_type() == "multipart/alternative"


DOTTED = st.text(st.sampled_from(".. \n=aé"), max_size=400)


@given(pieces=st.lists(DOTTED, min_size=2, max_size=6), values=st.lists(DOTTED, min_size=1, max_size=3), order=st.data())
def test_what_many_share_comes_back_unchanged_however_its_lines_begin(pieces: list[str], values: list[str], order: st.DataObject) -> None:
    fixed = ["A newsletter has more than sixty-four characters that are the same for everybody.", *pieces]
    places = order.draw(st.lists(st.integers(0, len(values) - 1), min_size=len(fixed) - 1, max_size=len(fixed) - 1))
    layout = Layout(tuple(fixed), tuple(places))
    filled = Filled(layout, tuple(values[: layout.values]))

    raw = to_bytes(outgoing(1, html=filled, text=filled))

    assert_fits_the_wire(raw)
    assert str(filled) == fixed[0] + "".join(values[number] + piece for number, piece in zip(places, fixed[1:], strict=True))
    assert (body(parsed(raw), "html"), body(parsed(raw), "plain")) == (str(filled), str(filled))
    encoded = [line for line in raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n")]
    assert max(map(len, encoded)) <= 78


@pytest.mark.parametrize(("pieces", "order"), [((), ()), (("a", "b"), (0, 0)), (("a", "b"), (-1,))])
def test_a_layout_has_one_value_for_each_place(pieces: tuple[str, ...], order: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a layout has"):
        Layout(pieces, order)


@pytest.mark.parametrize(
    "subject",
    [
        "Plain",
        "Grüße 👋🏽 aus Köln",
        "שלום עולם " * 20,
        "long ascii words " * 30,
        "x" * 2000,
        "=?utf-8?q?not=20decoded?=",
        " spaces ",
        "",
        "a  b",
    ],
)
def test_subjects_of_every_kind_come_back(subject: str) -> None:
    raw = to_bytes(outgoing(1, subject=subject))

    assert_fits_the_wire(raw)
    assert str(parsed(raw)["Subject"]) == subject


@pytest.mark.parametrize("name", ["Shop", "Shop, Inc.", 'The "Best" Shop', "Café Zürich", "a\\b", "Shop <x@evil.example>", "x" * 300])
def test_a_senders_name_stays_a_name(name: str) -> None:
    raw = to_bytes(outgoing(1, from_name=name))

    assert [found.addr_spec for found in parsed(raw)["From"].addresses] == ["news@shop.example"]
    assert sender_name(raw) == name


@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00"])
@pytest.mark.parametrize("field", ["subject", "from_name", "to", "from_email", "key"])
def test_nothing_can_smuggle_in_a_header(field: str, breaker: str) -> None:
    value = f"a{breaker}Bcc: all@example.com" if field not in {"to", "from_email"} else f"a@example.com{breaker}Bcc: all@example.com"

    with pytest.raises(InvalidInput):
        to_bytes(outgoing(1, **{field: value}))


@pytest.mark.parametrize("header", [{"X-A": "1\r\nBcc: all@example.com"}, {"X-A: 1\r\nBcc": "x"}, {"": "x"}, {"Ä": "x"}])
def test_nothing_can_smuggle_in_a_header_by_a_header(header: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        to_bytes(outgoing(1, headers=header))


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "@example.com", "a b@example.com", "a@b@example.com", f"{'a' * 250}@example.com", "ü@x.de"]
)
def test_an_address_that_cannot_be_used_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        to_bytes(outgoing(1, to=address))


def test_an_international_domain_is_written_in_ascii() -> None:
    assert parsed(to_bytes(outgoing(1, to="ann@bücher.example")))["To"] == "ann@xn--bcher-kva.example"


def test_letters_outside_latin_use_the_shorter_encoding() -> None:
    raw = to_bytes(outgoing(1, html="<p>" + "日本語" * 500 + "</p>", text="mostly plain, one ü"))

    assert b"Content-Transfer-Encoding: base64" in raw
    assert b"Content-Transfer-Encoding: quoted-printable" in raw


def test_a_long_line_without_spaces_is_broken_for_the_wire() -> None:
    raw = to_bytes(outgoing(1, html="x" * 50_000, headers={"List-Unsubscribe": f"<https://example.com/{'u' * 600}>"}))

    assert_fits_the_wire(raw)
    assert parsed(raw)["List-Unsubscribe"] == f"<https://example.com/{'u' * 600}>"
