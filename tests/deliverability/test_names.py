"""What people type as a domain, and whose domains belong together."""

from __future__ import annotations

import pytest

from core.deliverability.names import domain_name, host_beneath, is_aligned, organisational, readable
from core.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("example.com", "example.com"),
        ("  Example.COM.\n", "example.com"),
        ("\u200bexample.com\u00a0", "example.com"),
        ("news.example.co.uk", "news.example.co.uk"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("mail.internal-name.test", "mail.internal-name.test"),
    ],
)
def test_a_domain_has_one_spelling(given: str, kept: str) -> None:
    assert domain_name(given) == kept


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "There is no domain"),
        ("  ", "There is no domain"),
        ("com", "not a domain"),
        ("co.uk", "Nobody owns"),
        ("github.io", "Nobody owns"),
        ("ada@Example.com", "stands after its @: example.com"),
        ("https://www.example.com/about", "Enter its domain only: www.example.com"),
        ("example.com/about", "not a domain"),
        ("exa mple.com", "not a domain"),
        ("192.0.2.1", "not a domain"),
        ("-example.com", "not a domain"),
        ("example..com", "not a domain"),
        (f"{'a' * 64}.com", "not a domain"),
        (".".join(["a" * 60] * 4), "longer than"),
        ("*.example.com", "not a domain"),
        ("example.com\r\nX: y", "not a domain"),
    ],
)
def test_what_is_no_domain_is_refused_with_a_reason(given: str, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        domain_name(given)
    assert words in str(refused.value)
    assert "ada" not in str(refused.value)


def test_a_return_path_lies_beneath_the_domain() -> None:
    assert host_beneath("Bounces", "example.com") == "bounces.example.com"
    assert host_beneath("b.mail.example.com.", "example.com") == "b.mail.example.com"
    assert host_beneath(" ", "example.com") == ""
    for wrong in ("example.com", "example.org", "badexample.com", "a b"):
        with pytest.raises(InvalidInput):
            host_beneath(wrong, "example.com")


def test_whose_a_domain_is() -> None:
    assert organisational("a.b.example.co.uk") == "example.co.uk"
    assert organisational("co.uk") is None
    assert is_aligned("bounces.example.co.uk", "news.example.co.uk")
    assert not is_aligned("bounces.example.co.uk", "news.example.co.uk", strict=True)
    assert is_aligned("example.com", "example.com", strict=True)
    assert not is_aligned("one.co.uk", "two.co.uk")
    assert not is_aligned("co.uk", "example.co.uk")


def test_a_domain_is_shown_as_people_write_it() -> None:
    assert readable("xn--mnchen-3ya.example") == "münchen.example"
    assert readable("xn--a.example") == "xn--a.example"
    assert readable("example.com") == "example.com"
