from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.mailing import NO_WORKSPACE
from core.accounts.password_resets import PasswordResets
from core.accounts.people import Person
from core.accounts.sign_in import SecondFactorNeeded
from core.accounts.tables import password_resets as table
from core.accounts.tables import people as people_table
from core.accounts.throttles import RESET_FROM, RESET_OF
from core.app import Services
from core.audit.recording import INSTALLATION
from core.clock import FrozenClock
from core.errors import Denied, InvalidInput
from core.permissions import Principal, Role
from tests.accounts.conftest import PASSWORD, trail

NEW = "zanzibar quokka lantern"
HERE = "203.0.113.9"


@pytest.fixture
def home(services: Services) -> Principal:
    services.people.rounds = 4
    return Principal.system(services.workspaces.create("Home").id)


@pytest.fixture
def ann(services: Services, home: Principal) -> Person:
    services.people.add(home, "boss@example.com", "Boss", PASSWORD, Role.ADMIN)
    return services.people.add(home, "ann@example.com", "Ann", PASSWORD, Role.ANALYST)


@pytest.fixture
def resets(services: Services, ann: Person) -> PasswordResets:
    services.password_resets.behind = lambda work: work()
    return services.password_resets


@pytest.fixture
def links(services: Services) -> Callable[[], list[str]]:
    """Return the secrets of all links that were mailed, in order."""

    def read() -> list[str]:
        hidden = Principal.system(NO_WORKSPACE)
        rows = sorted(services.outbox.page(hidden).rows, key=lambda row: row.key)
        mails = [services.outbox.show(hidden, row.key) for row in rows]
        return [match.group(1) for mail in mails if (match := re.search(r"http://127\.0\.0\.1:8501/\?reset=(\S+)", mail.text))]

    return read


def newest(resets: PasswordResets, links: Callable[[], list[str]], email: str = "ann@example.com") -> str:
    before = links()
    resets.request(email, HERE)
    [new] = set(links()) - set(before)
    return new


def test_the_link_sets_a_new_password_and_ends_every_session(
    services: Services, resets: PasswordResets, links, ann: Person, home: Principal
):
    token = services.sessions.redeem(services.sessions.issue_ticket(ann.id, home.workspace_id), "", "")
    ticket = services.sessions.issue_ticket(ann.id, home.workspace_id)
    link = newest(resets, links, " Ann@Example.com ")
    assert resets.look(link) == ann.email
    resets.complete(link, NEW, HERE)
    assert services.sessions.resolve(token) is None
    with pytest.raises(Denied):
        services.sessions.redeem(ticket, "", "")
    with pytest.raises(Denied):
        services.sign_in.attempt(ann.email, PASSWORD, "")
    assert services.sign_in.attempt(ann.email, NEW, "").person_id == ann.id


def test_it_lifts_a_lock(services: Services, resets: PasswordResets, links, ann: Person):
    for _ in range(6):
        with pytest.raises(Denied):
            services.sign_in.attempt(ann.email, "a wrong password", "")
    resets.complete(newest(resets, links), NEW)
    assert services.sign_in.attempt(ann.email, NEW, "")


def test_a_second_factor_is_still_asked_for(
    services: Services, resets: PasswordResets, links, ann: Person, home: Principal, clock: FrozenClock
):
    by = services.people.principal(ann.id, home.workspace_id)
    services.two_factor.confirm(by, pyotp.TOTP(services.two_factor.begin(by).secret).at(clock.now()))
    resets.complete(newest(resets, links), NEW)
    with pytest.raises(SecondFactorNeeded):
        services.sign_in.attempt(ann.email, NEW, "")


def test_a_link_is_good_once(resets: PasswordResets, links):
    link = newest(resets, links)
    resets.complete(link, NEW)
    for use in (lambda: resets.look(link), lambda: resets.complete(link, NEW)):
        with pytest.raises(Denied, match="doesn’t work any more"):
            use()


def test_of_two_who_bring_it_at_once_one_sets_the_password(resets: PasswordResets, links):
    link = newest(resets, links)

    def bring(n: int) -> bool:
        try:
            resets.complete(link, f"{NEW} {n}")
        except Denied:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(bring, range(4))) == 1


def test_a_link_is_good_for_half_an_hour(resets: PasswordResets, links, clock: FrozenClock):
    link = newest(resets, links)
    clock.advance(timedelta(minutes=29, seconds=59))
    assert resets.look(link)
    clock.advance(timedelta(seconds=1))
    for use in (lambda: resets.look(link), lambda: resets.complete(link, NEW)):
        with pytest.raises(Denied):
            use()


def test_a_newer_link_ends_the_older(resets: PasswordResets, links):
    first, second = newest(resets, links), newest(resets, links)
    with pytest.raises(Denied):
        resets.complete(first, NEW)
    resets.complete(second, NEW)


def test_a_password_changed_meanwhile_ends_the_link(services: Services, resets: PasswordResets, links, ann: Person, home: Principal):
    link = newest(resets, links)
    services.password_changes.set_by_server(home, ann.email, "another long pass phrase")
    with pytest.raises(Denied):
        resets.complete(link, NEW)


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaaa", "ann@example.com"])
def test_a_weak_password_leaves_the_link_good(resets: PasswordResets, links, weak: str):
    link = newest(resets, links)
    with pytest.raises(InvalidInput):
        resets.complete(link, weak)
    resets.complete(link, NEW)


@pytest.mark.parametrize("made_up", ["", "x", "' or 1=1 --", "x" * 100_000, "\x00"])
def test_a_made_up_link_opens_nothing(resets: PasswordResets, links, made_up: str):
    newest(resets, links)
    with pytest.raises(Denied):
        resets.look(made_up)
    with pytest.raises(Denied):
        resets.complete(made_up, NEW)


def test_nobody_unknown_disabled_or_without_a_password_is_written_to(
    services: Services, resets: PasswordResets, links, ann: Person, home: Principal
):
    ben = services.people.add(home, "ben@example.com", "Ben", PASSWORD, Role.ANALYST)
    services.people.disable(home, ben.id)
    with services.db.transaction() as connection:
        connection.execute(sa.update(people_table).where(people_table.c.id == ann.id).values(password_hash=passwords.NO_PASSWORD))
    for email in ("nobody@example.com", ben.email, ann.email, "", "' or 1=1 --"):
        resets.request(email, "")
    assert not links()


def test_only_a_hash_of_the_link_is_kept(services: Services, resets: PasswordResets, links):
    link = newest(resets, links)
    with services.db.read() as connection:
        kept = repr(connection.execute(sa.select(table)).all())
    assert link not in kept + repr(trail(services.db, 1))


def test_one_address_gets_few_mails(resets: PasswordResets, links, clock: FrozenClock):
    for n in range(10):
        resets.request("ann@example.com", f"203.0.113.{n}")
    assert len(links()) == RESET_OF.tries
    clock.advance(RESET_OF.first)
    resets.request("ann@example.com", HERE)
    assert len(links()) == RESET_OF.tries + 1


def test_one_place_asks_for_few_people(resets: PasswordResets, links):
    for n in range(RESET_FROM.tries):
        resets.request(f"{n}@example.com", HERE)
    resets.request("ann@example.com", HERE)
    assert not links()
    resets.request("ann@example.com", "198.51.100.7")
    assert len(links()) == 1


def test_asking_takes_the_same_time_whoever_is_asked_for(services: Services, ann: Person):
    """The mail leaves behind the answer's back; here it never leaves at all, so what is measured is the answer alone."""
    left: list[Callable[[], None]] = []
    services.password_resets.behind = left.append

    def once(email: str) -> float:
        start = time.perf_counter()
        services.password_resets.request(email, "")
        return time.perf_counter() - start

    once("warm@example.com")
    taken = [(once(ann.email), once("nobody@example.com")) for _ in range(RESET_OF.tries)]
    assert len(left) == 1 + 2 * RESET_OF.tries, "the same work waits for each"
    known, unknown = (min(times) for times in zip(*taken, strict=True))
    assert abs(known - unknown) < 0.05, (known, unknown)


def test_a_mail_that_can_not_be_sent_changes_no_answer(
    services: Services, resets: PasswordResets, home: Principal, caplog: pytest.LogCaptureFixture
):
    services.connections.add(home, "Gone", "smtp", {"host": "127.0.0.1", "port": 9, "security": "none"})
    resets.request("ann@example.com", HERE)
    assert [record.message for record in caplog.records if record.name.startswith("core.accounts")] == [
        "the link for a new password was not sent"
    ]
    assert "ann@" not in caplog.text


def test_what_was_asked_and_done_is_in_the_audit_log(services: Services, resets: PasswordResets, links, ann: Person, home: Principal):
    resets.complete(newest(resets, links), NEW, HERE)
    resets.request("nobody@example.com", HERE)
    told = trail(services.db, home.workspace_id)[-2:]
    assert told == [
        ("visitor", "", HERE, "password.reset_requested", f"person:{ann.id}", ""),
        (f"person:{ann.id}", "reset-link", HERE, "password.reset", f"person:{ann.id}", ""),
    ]
    assert trail(services.db, INSTALLATION) == [("visitor", "", HERE, "password.reset_requested", "", "")]


def test_mails_on_their_way_are_sent_before_the_process_ends(services: Services, ann: Person, links):
    services.password_resets.request(ann.email, HERE)
    services.password_resets.close()
    assert len(links()) == 1
