from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.ui import words

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_counts_have_thousands_separators():
    assert [words.number(n) for n in (0, 999, 42_694, 1_000_000)] == ["0", "999", "42,694", "1,000,000"]


def test_somebody_limited_to_some_lists_is_told_how_much_they_see():
    assert words.of_the_lists(2) == "You see 2 of the lists, and only the people on them."
    assert words.of_the_lists(1) == "You see 1 of the lists, and only the people on it."
    assert words.of_the_lists(0).startswith("You see none of the lists yet.")


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(1, 3, "not enough yet"), (0, 0, "not enough yet"), (3, 30, "10.0 %"), (1, 3000, "0.0 %")]
)
def test_a_share_of_fewer_than_thirty_is_not_shown(part: int, whole: int, said: str):
    assert words.percent(part, whole) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5, minutes=50), "5 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=65), "2 months ago"),
        (timedelta(days=800), "2 years ago"),
        (-timedelta(days=2), "in 2 days"),
    ],
)
def test_times_are_told_as_distance(ago: timedelta, said: str):
    assert words.when(NOW - ago, NOW) == said


def test_no_time_is_never():
    assert words.when(None, NOW) == "never"
    assert words.exactly(None, "UTC") == ""


def test_the_exact_time_is_in_the_workspaces_zone():
    assert words.exactly(NOW, "Europe/Berlin") == "22 Nov 2026, 13:00 CET"


@pytest.mark.parametrize("typed", ["![x](https://evil.example/a.png)", "[x](javascript:alert(1))", "$x^2$", "# head", ":red[x]", "`a`"])
def test_markup_in_what_somebody_typed_is_shown_as_typed(typed: str):
    shown = words.plain(typed)
    assert shown.replace("\\", "").replace("\u2060", "") == typed
    assert all(shown[i - 1] == "\\" for i, character in enumerate(shown) if character in "[]()!#$`:*_")


def test_an_email_address_does_not_become_a_link():
    assert words.plain("ada@example.com") == "ada:color[@]example\\.com"


@pytest.mark.parametrize(("count", "said"), [(1, "1 version"), (0, "0 versions"), (1200, "1,200 versions")])
def test_a_count_carries_its_noun(count: int, said: str):
    assert words.counted(count, "version") == said


def test_a_plural_of_its_own_is_kept():
    assert words.counted(2, "person", "people") == "2 people"


@pytest.mark.parametrize(
    "ours", ["It is sent already. Copy it.", "Run `users list --set name=value`.", "Write {{ contact.first }} and {% if … %}!"]
)
def test_a_message_of_ours_is_shown_as_it_was_written(ours: str):
    assert words.harmless(ours) == ours


@pytest.mark.parametrize(
    "quoted",
    [
        "[x](https://evil.example)",
        "![x](//evil.example/a.png)",
        "<b>x</b>",
        ":red[x]",
        "$x^2$",
        "**x**",
        "```[x](u)`",
        "\\`[x](u)`",
        "~~x~~",
    ],
)
def test_what_a_message_quotes_is_shown_as_typed(quoted: str):
    shown = words.harmless(f"There is no list called “{quoted}”.")
    assert shown.replace("\\", "").replace("\u2060", "") == f"There is no list called “{quoted}”.".replace("\\", "")
    assert all(shown[i - 1] == "\\" for i, character in enumerate(shown) if character in "[]<$*~:")


@pytest.mark.parametrize("address", ["https://evil.example", "www.evil.example"])
def test_an_address_in_a_message_does_not_become_a_link(address: str):
    assert address not in words.harmless(f"There is no list called “{address}”.")
