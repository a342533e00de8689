"""Who has to wait, and who never: hits, genuine reports, and the one-click unsubscribes of a whole campaign from one address."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contacts.forms import SignUpForm
from core.ids import random_name
from core.links.tokens import Purpose
from tests.receiver.conftest import Site
from tests.receiver.reporting import add_connection, report
from tests.receiver.signing_up import filled, make_form, make_list
from tracking_receiver import limiting
from tracking_receiver.limiting import (
    PER_FORGER,
    PER_NETWORK,
    PER_STRANGER,
    PER_TOKEN,
    SIGN_UPS_PER_DAY,
    SIGN_UPS_PER_NETWORK,
    Allowance,
    Limiter,
)
from tracking_receiver.places import is_nearby, is_this_machine, network

OUTSIDE = "8.8.8.8"


@pytest.fixture(scope="module")
def form(site: Site) -> SignUpForm:
    return make_form(site, make_list(site.settings, "News"))


class Seconds:
    """A monotonic clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def test_a_minute_s_worth_may_be_taken_at_once_and_comes_back_bit_by_bit(seconds: Seconds) -> None:
    allowance = Allowance(60, seconds)
    assert [allowance.take("a") for _ in range(60)] == [0] * 60
    assert allowance.take("a") == 1
    assert allowance.take("b") == 0
    seconds.now += 1
    assert (allowance.take("a"), allowance.take("a")) == (0, 1)
    seconds.now += 3600
    assert [allowance.take("a") for _ in range(61)] == [0] * 60 + [1]


def test_one_mailbox_is_signed_up_so_often_a_day_however_patient_somebody_is(seconds: Seconds) -> None:
    limiter, taken = Limiter(seconds), 0
    for number in range(24 * 60):
        taken += not limiter.sign_up(f"ada+{number}@example.com", "")
        seconds.now += 60
    assert SIGN_UPS_PER_DAY <= taken <= 2 * SIGN_UPS_PER_DAY
    assert limiter.sign_up("bob@example.com", "") == 0


@given(st.integers(1, 600), st.lists(st.floats(0, 30), max_size=200))
def test_in_no_stretch_of_time_more_is_let_through_than_allowed(per_minute: int, pauses: list[float]) -> None:
    seconds = Seconds()
    allowance, taken = Allowance(per_minute, seconds), []
    for pause in pauses:
        seconds.now += pause
        wait = allowance.take("a")
        assert wait >= 0
        if not wait:
            taken.append(seconds.now)
    for first, start in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first + 1 <= per_minute * (1 + (end - start) / 60) + 1


def test_whoever_waits_as_long_as_told_is_let_through(seconds: Seconds) -> None:
    allowance = Allowance(7, seconds)
    while not (wait := allowance.take("a")):
        pass
    seconds.now += wait
    assert allowance.take("a") == 0


def test_memory_is_bounded(seconds: Seconds) -> None:
    allowance = Allowance(60, seconds)
    for number in range(limiting._KEPT * 2):
        allowance.take(str(number))
    assert len(allowance) == limiting._KEPT


def test_refused_reports_count_for_each_network_and_connection_apart(seconds: Seconds) -> None:
    limiter = Limiter(seconds)
    assert [limiter.forged("192.0.2.7", "key") for _ in range(PER_FORGER)] == [0] * PER_FORGER
    assert limiter.forged("192.0.2.200", "key") > 0
    assert limiter.forged("192.0.3.7", "key") == limiter.forged("192.0.2.7", "another") == 0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("", "unknown"),
        ("testclient", "unknown"),
        ("203.0.113.77, 8.8.8.8", "unknown"),
    ],
)
def test_of_an_address_only_its_network_is_kept(address: str, expected: str) -> None:
    assert network(address) == expected


@given(st.text(max_size=50) | st.ip_addresses().map(str))
def test_any_text_has_a_network(address: str) -> None:
    told = network(address)
    assert told == "unknown" or told.endswith(("/24", "/48"))
    assert is_nearby(address) in (True, False)
    assert is_this_machine(address) in (True, False)


def _from(site: Site, address: str) -> httpx2.Client:
    return httpx2.Client(base_url=site.url, headers={"X-Forwarded-For": address}, timeout=10)


def test_hits_are_never_refused(site: Site) -> None:
    with _from(site, "8.1.1.1") as http:
        for _ in range(PER_NETWORK // 4):
            assert http.get(site.urls.open(1)).status_code == 200
            assert http.get(site.urls.click(1, 1)).status_code == 302
            assert http.get("/o/forged.gif").status_code == 200
            assert http.get("/c/forged").status_code == 404


def test_the_one_click_unsubscribes_of_thousands_from_one_address_all_count(site: Site) -> None:
    with _from(site, "8.2.2.2") as http:
        for message in range(1000, 1000 + PER_NETWORK + 100):
            answer = http.post(site.urls.unsubscribe(message), data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
    assert len(site.records("unsubscribed")) >= PER_NETWORK + 100


def test_a_shop_s_server_may_report_everybody_s_orders(site: Site) -> None:
    with _from(site, "8.3.3.3") as http:
        for message in range(3000, 3000 + PER_STRANGER + 20):
            token = site.token(Purpose.CONVERSION, message)
            assert http.post(f"/e/{token}", data={"order_id": "1"}).status_code == 200


def test_one_token_again_and_again_has_to_wait(site: Site) -> None:
    with _from(site, "8.4.4.4") as http:
        answers = [http.post(site.urls.unsubscribe(77)) for _ in range(PER_TOKEN + 5)]
        reported = [http.post(f"/e/{site.token(Purpose.CONVERSION, 77)}") for _ in range(PER_TOKEN + 5)]
    assert [answer.status_code for answer in answers[:PER_TOKEN]] == [200] * PER_TOKEN
    refused, unreported = answers[-1], reported[-1]
    assert refused.status_code == unreported.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert "Please wait a moment" in refused.text
    assert "too often" in unreported.json()["error"]
    assert site.http.post(site.urls.unsubscribe(78)).status_code == 200


def test_whoever_guesses_tokens_has_to_wait_and_nobody_else(site: Site) -> None:
    with _from(site, "8.5.5.5") as http, _from(site, "8.5.5.200") as neighbour, _from(site, "8.5.6.1") as stranger:
        statuses = [http.get(f"/{route}/guess{number}").status_code for number in range(PER_STRANGER) for route in "upve"]
        assert statuses[0] == 404
        assert statuses.count(404) < PER_STRANGER + 5
        assert statuses[-1] == 429
        assert neighbour.get("/wp-login.php").status_code == 429
        assert stranger.get("/u/guess").status_code == 404
        assert http.post(site.urls.unsubscribe(79)).status_code == 200  # a genuine wish passes
        assert http.get("/healthz").status_code == 200


def test_one_network_looks_at_so_many_pages_a_minute(site: Site) -> None:
    with _from(site, "2a00:1:2::1") as http, _from(site, "2a00:1:2:3::9") as neighbour:
        statuses = [http.get(site.urls.preferences(message)).status_code for message in range(5000, 5000 + PER_NETWORK + 60)]
        assert statuses[:PER_NETWORK] == [200] * PER_NETWORK
        assert 429 in statuses
        assert neighbour.get(site.urls.view(1)).status_code == 429
        assert http.post(site.urls.unsubscribe(5000)).status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        lambda n: [("X-Forwarded-For", f"6.{n}.1.1, 8.9.1.1")],
        lambda n: [("X-Forwarded-For", f"127.0.0.1, 10.0.0.{n}, 8.9.2.1")],
        lambda n: [("X-Forwarded-For", f"6.{n}.1.1"), ("X-Forwarded-For", "8.9.3.1")],
        lambda n: [("X-Forwarded-For", f"8.9.4.{n}:{1000 + n}")],
        lambda n: [("X-Forwarded-For", f"::ffff:8.9.5.{n}")],
        lambda n: [("X-Forwarded-For", f"2a00:9:6:{n:x}::1")],
        lambda n: [
            ("X-Forwarded-For", "8.9.7.1"),
            ("X-Real-IP", f"6.{n}.1.1"),
            ("Forwarded", f"for=6.{n}.1.1"),
            ("CF-Connecting-IP", f"6.{n}.1.1"),
        ],
        lambda n: [("X-Forwarded-For", f"nobody-{n}")],
    ],
    ids=["in front", "ours in front", "two", "port", "mapped", "v6", "other names", "nonsense"],
)
def test_no_header_gets_around_the_limit_of_sign_ups(site: Site, form: SignUpForm, told: Callable[[int], list[tuple[str, str]]]) -> None:
    """The proxy says last whom it speaks for; whatever stands before it, or in another header, anybody may have written."""
    who = random_name()
    answers = [
        site.http.post(f"/f/{form.form.key}", data=filled(f"{who}-{n}@example.com"), headers=told(n)).status_code
        for n in range(1, SIGN_UPS_PER_NETWORK + 4)
    ]
    assert answers == [200] * SIGN_UPS_PER_NETWORK + [429] * 3


def test_refused_reports_slow_their_sender_down_and_a_genuine_one_passes_all_the_same(site: Site) -> None:
    key = add_connection(site.settings)
    sender, other = {"X_Forwarded_For": "8.6.6.6"}, {"X_Forwarded_For": "8.6.7.6"}
    forged = {"authorization": "Bearer wrong"}
    answers = [report(site, key, b"{}", **sender, **forged) for _ in range(PER_FORGER + 5)]
    assert [answer.status_code for answer in answers] == [401] * PER_FORGER + [429] * 5
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert report(site, key, b"{}", **sender).status_code == 200
    assert report(site, key, b"{}", **other, **forged).status_code == 401
    assert report(site, add_connection(site.settings), b"{}", **sender, **forged).status_code == 401


def test_a_provider_may_report_as_often_as_it_likes(site: Site) -> None:
    key = add_connection(site.settings)
    assert {report(site, key, b"{}", X_Forwarded_For="8.6.8.8").status_code for _ in range(PER_NETWORK // 2)} == {200}


def test_whoever_writes_nonsense_for_an_address_is_a_stranger() -> None:
    limiter = Limiter(lambda: 0.0)
    assert [bool(limiter.stranger("nonsense")) for _ in range(PER_STRANGER + 1)] == [False] * PER_STRANGER + [True]
    assert not any(limiter.stranger("") for _ in range(PER_STRANGER + 1))
