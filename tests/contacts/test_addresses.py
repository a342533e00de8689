import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contacts.addresses import comparable, domain_of, mailbox_of, normalise
from core.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"),
        ("\ufeffada@example.com\u200b", "ada@example.com"),
        ("o'brien+news@example.co.uk", "o'brien+news@example.co.uk"),
        ("ada@münchen.de", "ada@xn--mnchen-3ya.de"),
        ("ada@mail.test", "ada@mail.test"),
        ("ada@intranet.local", "ada@intranet.local"),
    ],
)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    assert normalise(typed) == kept
    assert comparable(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "a da@example.com",
        "ada..l@example.com",
        ".ada@example.com",
        "ada@-example.com",
        "ada@exa_mple.com",
        "ada@example.com.",
        "ada@1.2.3.4",
        "ada@[1.2.3.4]",
        '"ada"@example.com',
        "Ada <ada@example.com>",
        "ada@example.com,bob@example.com",
        "ädä@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\0@example.com",
        "a" * 65 + "@example.com",
        "ada@" + "b" * 64 + ".com",
        "ada@" + "b." * 130 + "com",
        "x" * 1_000_000 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalise(typed)
    assert refused.value.message.endswith(".")
    assert refused.value.hint
    assert comparable(typed) == typed.strip().lower()


@given(st.text(max_size=40))
def test_any_text_is_either_refused_or_kept_under_a_spelling_that_stays(text: str) -> None:
    try:
        kept = normalise(text)
    except InvalidInput:
        return
    assert normalise(kept) == kept
    assert kept.isascii()


def test_the_domain_is_what_stands_after_the_last_at() -> None:
    assert domain_of("ada@mail.example.com") == "mail.example.com"


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("ada@example.com", "ada@example.com"),
        ("ada+news@example.com", "ada@example.com"),
        ("a.da+x+y@example.com", "a.da@example.com"),
        ("a.d.a@gmail.com", "ada@gmail.com"),
        ("a.da+x@googlemail.com", "ada@gmail.com"),
        ("+x@example.com", "+x@example.com"),
    ],
)
def test_other_spellings_of_an_address_lead_to_one_mailbox(address: str, mailbox: str) -> None:
    assert mailbox_of(address) == mailbox
