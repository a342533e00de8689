"""`postwright providers pace`: shown, set, cleared, and what can't be a pace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def relay(cli: Cli) -> Cli:
    """The command line where there is a connection “Relay” beside the outbox."""
    said = cli("providers", "add", "Relay", "--kind", "smtp", "--set", "host=127.0.0.1", "--set", "security=none")
    assert said.code == 0, said
    return cli


def pace(cli: Cli, *arguments: str) -> dict[str, object]:
    said = cli("providers", "pace", "Relay", *arguments, "--json")
    assert said.code == 0, said
    return said.facts


def test_a_connection_without_limits_says_so(relay: Cli) -> None:
    facts = pace(relay)
    assert facts["connection"] == "Relay"
    assert (facts["pacing"], facts["fallback_id"], facts["held"]) == ({}, None, [])
    assert (facts["sent_today"], facts["allowed_today"]) == (0, None)
    assert relay("providers", "pace", "Relay").out == "“Relay”: no limits.\nSent today (UTC): 0.\n"


def test_limits_are_set_one_by_one_and_the_others_stay(relay: Cli) -> None:
    pace(relay, "--per-second", "10", "--domain", "googlemail.com=5", "--domain", "example.com=0.5")
    facts = pace(relay, "--daily", "5000", "--domain", "example.com=none")
    assert facts["pacing"] == {"per_second": 10.0, "daily": 5000, "per_domain": {"gmail": 5.0}}
    assert facts["allowed_today"] == 5000
    assert pace(relay)["pacing"] == facts["pacing"]
    assert "“Relay”: 10/s, 5,000/day, gmail 5/s.\nSent today (UTC): 0 of 5,000." in relay("providers", "pace", "Relay").out
    assert "10/s, 5,000/day, gmail 5/s" in relay("providers", "list").out


def test_everything_can_be_cleared(relay: Cli) -> None:
    helper = relay("providers", "add", "Helper", "--kind", "outbox", "--json").facts["connection"]
    facts = pace(relay, "--per-second", "10", "--daily", "50", "--warm-up", "50,100", "--fallback", "Helper")
    assert facts["fallback_id"] == helper["id"]
    facts = pace(relay, "--per-second", "none", "--daily", "off", "--warm-up", "none", "--fallback", "no")
    assert (facts["pacing"], facts["fallback_id"]) == ({}, None)


def test_a_warm_up_is_planned_moved_and_shared_out(relay: Cli) -> None:
    today = datetime.now(UTC).date()
    plan = pace(relay, "--warm-up", "50-10000x14", "--share", "gmail.com=30")["pacing"]["warm_up"]
    assert (plan["days"][0], plan["days"][-1], len(plan["days"]), plan["groups"]) == (50, 10_000, 14, {"gmail": 0.3})
    assert abs((datetime.fromisoformat(plan["starts_on"]).date() - today).days) <= 1
    moved = pace(relay, "--starts-on", "2026-12-01")["pacing"]["warm_up"]
    assert moved == plan | {"starts_on": "2026-12-01"}
    own = pace(relay, "--warm-up", "50,100,200", "--starts-on", "2026-12-01")["pacing"]["warm_up"]
    assert own["days"] == [50, 100, 200]
    assert "warm-up 3 days" in relay("providers", "pace", "Relay").out


def test_nothing_held_may_be_tried_again_all_the_same(relay: Cli) -> None:
    assert pace(relay, "--per-second", "3", "--try-again")["pacing"] == {"per_second": 3.0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--per-second", "fast"], "“fast” is not a number."),
        (["--per-second", "0"], "Messages a second can't be 0"),
        (["--per-second", "nan"], "Messages a second can't be nan"),
        (["--daily", "2.5"], "“2.5” is not a whole number."),
        (["--daily", "-1"], "Messages a day can't be -1"),
        (["--domain", "gmail"], "“gmail” is not DOMAIN=NUMBER."),
        (["--domain", "no domain=5"], "“no domain” is not a domain."),
        (["--warm-up", "50-10x3"], "This warm-up can't be planned."),
        (["--warm-up", "50,lots"], "“lots” is not a whole number."),
        (["--starts-on", "2026-12-01"], "There is no warm-up yet."),
        (["--warm-up", "50,100", "--starts-on", "soon"], "“soon” is not a date."),
        (["--warm-up", "50,100", "--share", "gmail=130"], "The share of gmail can't be 1.3"),
        (["--fallback", "Relay"], "in a circle"),
        (["--fallback", "Nowhere"], "does not exist"),
    ],
)
def test_what_cannot_be_a_pace_is_told_and_changes_nothing(relay: Cli, arguments: list[str], words: str) -> None:
    said = relay("providers", "pace", "Relay", *arguments)
    assert said.code != 0
    assert words in said.err
    assert "Traceback" not in said.err
    assert pace(relay)["pacing"] == {}


def test_an_unknown_connection_is_told(relay: Cli) -> None:
    said = relay("providers", "pace", "Other")
    assert said.code != 0
    assert "This connection does not exist." in said.err
