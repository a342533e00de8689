"""Who an identity provider's word lets in: mapped by its own number, believed only while fresh, and only once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from core.accounts.assertions import FRESH_FOR, SKEW, TrustedProvider
from core.accounts.credentials import Credentials
from core.accounts.identities import Identities
from core.accounts.people import People, Person
from core.accounts.tables import identities as identities_table
from core.accounts.tables import people as people_table
from core.accounts.tables import used_assertions
from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.errors import Denied
from core.permissions import Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD

ISSUER, CLIENT = "https://id.example.com", "postwright"
ALONE = TrustedProvider(ISSUER, CLIENT, "Example")
OPEN = TrustedProvider(ISSUER, CLIENT, "Example", Role.ANALYST, frozenset({"example.com"}))
NOBODY = "Nobody signs in here with this account."
LATE = "This sign-in is too old or was used before."
UNCONFIRMED = "Your provider doesn’t confirm your email address."
NOT_FOR_US = "This sign-in can't be used here."

Claims = Callable[..., dict[str, Any]]


@pytest.fixture
def identities(db: Database, clock: FrozenClock) -> Identities:
    return Identities(db, clock, ALONE)


@pytest.fixture
def claims(clock: FrozenClock) -> Claims:
    """What a provider says about Ada, changed where a test says so; None leaves a claim out."""
    counted = iter(range(10**6))

    def said(**changed: object) -> dict[str, Any]:
        now = int(clock.now().timestamp())
        usual = {"iss": ISSUER, "aud": CLIENT, "sub": "ada-1", "email": "ada@example.com", "email_verified": True, "name": "Ada L."}
        usual |= {"iat": now, "exp": now + 600, "nonce": f"nonce-{next(counted)}"}
        return {name: value for name, value in (usual | changed).items() if value is not None}

    return said


def recognised(identities: Identities, claims: dict[str, Any], origin: str = "") -> int:
    return identities.recognise(claims, origin).person_id


def refusal(identities: Identities, claims: dict[str, Any]) -> str:
    with pytest.raises(Denied) as refused:
        identities.recognise(claims)
    return refused.value.message


def audited(db: Database) -> list[tuple[str, str]]:
    with db.read() as connection:
        rows = connection.execute(
            sa.select(audit_log.c.action, audit_log.c.target).order_by(audit_log.c.workspace_id, audit_log.c.sequence)
        )
        return [(row.action, row.target) for row in rows]


def test_a_verified_address_finds_the_account_and_links_it_once(identities: Identities, db: Database, ada: Person, claims: Claims):
    assert recognised(identities, claims(email="ADA@Example.com")) == ada.id
    assert recognised(identities, claims()) == ada.id
    assert audited(db).count(("identity.linked", f"person:{ada.id}")) == 1


def test_once_linked_it_is_the_number_that_counts_and_not_the_address(identities: Identities, ada: Person, claims: Claims):
    identities.recognise(claims())
    assert recognised(identities, claims(email="ada@elsewhere.example", email_verified=None)) == ada.id
    assert recognised(identities, claims(email=None, email_verified=None, name=None)) == ada.id


def test_an_address_that_was_given_to_somebody_else_does_not_open_the_old_account(identities: Identities, ada: Person, claims: Claims):
    identities.recognise(claims())
    assert refusal(identities, claims(sub="somebody-new")) == NOBODY
    assert recognised(identities, claims()) == ada.id


@pytest.mark.parametrize("verified", [None, False, "true", "false", 1, 0, "yes", [], {}])
def test_an_address_the_provider_does_not_vouch_for_opens_nothing(identities: Identities, ada: Person, claims: Claims, verified: object):
    assert refusal(identities, claims(email_verified=verified)) == UNCONFIRMED


def test_unknown_disabled_and_taken_are_refused_in_the_same_words(
    identities: Identities, people: People, workspace: Principal, ada: Person, claims: Claims
):
    bob = people.add(workspace, "bob@example.com", "Bob", PASSWORD, Role.MARKETER)
    eve = people.add(workspace, "eve@example.com", "Eve", PASSWORD, Role.MARKETER)
    identities.recognise(claims(sub="eve-1", email=eve.email))
    people.disable(workspace, bob.id)
    people.disable(workspace, eve.id)
    said = {
        refusal(identities, claims(sub="nobody", email="nobody@example.com")),
        refusal(identities, claims(sub="bob-1", email=bob.email)),
        refusal(identities, claims(sub="eve-1", email=eve.email)),
        refusal(identities, claims(sub="eve-2", email=eve.email)),
    }
    assert said == {NOBODY}


def test_somebody_who_is_let_in_again_needs_no_new_link(
    identities: Identities, people: People, workspace: Principal, ada: Person, claims: Claims
):
    bob = people.add(workspace, "bob@example.com", "Bob", PASSWORD, Role.MARKETER)
    identities.recognise(claims(sub="bob-1", email=bob.email))
    people.disable(workspace, bob.id)
    assert refusal(identities, claims(sub="bob-1", email=bob.email)) == NOBODY
    people.enable(workspace, bob.id)
    assert recognised(identities, claims(sub="bob-1", email=bob.email)) == bob.id


def test_an_assertion_is_good_once(identities: Identities, ada: Person, claims: Claims):
    said = claims()
    identities.recognise(said)
    assert refusal(identities, said) == LATE
    assert refusal(identities, {**said, "name": "Another name", "provider": "default"}) == LATE


def at_once(identities: Identities, *said: dict[str, Any]) -> list[object]:
    """Let several browsers come at the same moment; return whom each was signed in as, or why not."""
    start, outcomes = Barrier(len(said)), []

    def come(one: dict[str, Any]) -> None:
        start.wait()
        try:
            outcomes.append(recognised(identities, one))
        except Denied as refused:
            outcomes.append(refused.message)

    threads = [Thread(target=come, args=(one,)) for one in said]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes, key=str)


def test_of_two_browsers_with_the_same_assertion_one_is_let_in(identities: Identities, ada: Person, claims: Claims):
    said = claims()
    assert at_once(identities, said, said) == [ada.id, LATE]


def test_of_two_people_with_the_same_address_one_is_linked(identities: Identities, ada: Person, claims: Claims):
    assert at_once(identities, claims(sub="ada-1"), claims(sub="ada-2")) == [ada.id, NOBODY]


def test_the_same_person_in_two_tabs_is_linked_once(identities: Identities, db: Database, ada: Person, claims: Claims):
    assert at_once(identities, claims(), claims()) == [ada.id, ada.id]
    assert audited(db).count(("identity.linked", f"person:{ada.id}")) == 1


def test_a_colleague_in_two_tabs_joins_once(db: Database, clock: FrozenClock, people: People, workspace: Principal, claims: Claims):
    bob = {"sub": "bob-1", "email": "bob@example.com"}
    [one, other] = at_once(Identities(db, clock, OPEN), claims(**bob), claims(**bob))
    assert one == other
    assert [person.id for person in people.all(workspace)] == [one]


def test_a_kept_assertion_is_refused_also_after_we_forgot_it(
    identities: Identities, db: Database, clock: FrozenClock, ada: Person, claims: Claims
):
    old = claims(exp=int(clock.now().timestamp()) + 30 * 86_400)
    identities.recognise(old)
    clock.advance(FRESH_FOR + SKEW + timedelta(seconds=1))
    identities.recognise(claims())
    with db.read() as connection:
        assert len(connection.execute(sa.select(used_assertions)).all()) == 1
    assert refusal(identities, old) == LATE


@pytest.mark.parametrize(("age", "good"), [(FRESH_FOR, True), (FRESH_FOR + timedelta(seconds=1), False), (timedelta(days=29), False)])
def test_how_old_an_assertion_may_be_is_measured_by_our_clock(
    identities: Identities, clock: FrozenClock, ada: Person, claims: Claims, age: timedelta, good: bool
):
    said = claims(exp=int((clock.now() + timedelta(days=30)).timestamp()))
    clock.advance(age)
    if good:
        assert recognised(identities, said) == ada.id
    else:
        assert refusal(identities, said) == LATE


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"iss": "https://evil.example"}, NOT_FOR_US),
        ({"iss": ISSUER + ".evil.example"}, NOT_FOR_US),
        ({"iss": None}, NOT_FOR_US),
        ({"aud": "another-app"}, NOT_FOR_US),
        ({"aud": None}, NOT_FOR_US),
        ({"aud": []}, NOT_FOR_US),
        ({"aud": [CLIENT, "another-app"]}, NOT_FOR_US),
        ({"aud": [CLIENT, "another-app"], "azp": "another-app"}, NOT_FOR_US),
        ({"azp": "another-app"}, NOT_FOR_US),
        ({"sub": None}, NOT_FOR_US),
        ({"sub": ""}, NOT_FOR_US),
        ({"sub": 7}, NOT_FOR_US),
        ({"sub": "x" * 256}, NOT_FOR_US),
        ({"iat": None}, NOT_FOR_US),
        ({"exp": None}, NOT_FOR_US),
        ({"iat": "2026-11-22"}, NOT_FOR_US),
        ({"exp": float("nan")}, NOT_FOR_US),
        ({"exp": float("inf")}, NOT_FOR_US),
        ({"iat": True}, NOT_FOR_US),
        ({"iat": 10**30}, NOT_FOR_US),
        ({"exp": 1}, LATE),
    ],
)
def test_what_is_not_the_providers_word_for_us_is_not_believed(
    identities: Identities, ada: Person, claims: Claims, changed: dict[str, object], words: str
):
    identities.recognise(claims())
    assert refusal(identities, claims(**changed)) == words


@pytest.mark.parametrize(
    "changed", [{"aud": [CLIENT]}, {"aud": [CLIENT, "api"], "azp": CLIENT}, {"azp": CLIENT}, {"iss": ISSUER + "/"}, {"nonce": None}]
)
def test_ways_a_provider_may_say_it(identities: Identities, ada: Person, claims: Claims, changed: dict[str, object]):
    assert recognised(identities, claims(**changed)) == ada.id


def test_a_provider_whose_clock_is_a_little_ahead_is_believed(identities: Identities, clock: FrozenClock, ada: Person, claims: Claims):
    now = int(clock.now().timestamp())
    assert recognised(identities, claims(iat=now + 60)) == ada.id
    assert refusal(identities, claims(iat=now + 61)) == NOT_FOR_US


def test_without_a_provider_this_way_is_closed(db: Database, clock: FrozenClock, ada: Person, claims: Claims):
    assert refusal(Identities(db, clock, None), claims()) == "This way to sign in is not set up."


def test_another_provider_set_up_later_inherits_nothing(
    db: Database, clock: FrozenClock, identities: Identities, ada: Person, claims: Claims
):
    identities.recognise(claims())
    later = Identities(db, clock, TrustedProvider("https://new.example", CLIENT, "New"))
    assert refusal(later, claims()) == NOT_FOR_US
    assert refusal(later, claims(iss="https://new.example", email_verified=False)) == UNCONFIRMED


def test_colleagues_may_join_the_first_workspace_where_that_is_allowed(
    db: Database, clock: FrozenClock, workspaces: Workspaces, people: People, workspace: Principal, ada: Person, claims: Claims
):
    workspaces.create("Second")
    joining = Identities(db, clock, OPEN)
    found = joining.recognise(claims(sub="bob-1", email="Bob@example.com", name="  Bob\n B. "))
    assert found.is_new
    bob = found.person_id
    [joined] = [person for person in people.all(workspace) if person.id == bob]
    assert (joined.email, joined.name, joined.role) == ("bob@example.com", "Bob B.", Role.ANALYST)
    assert [one.id for one in workspaces.for_person(bob)] == [workspace.workspace_id]
    assert recognised(joining, claims(sub="bob-1", email="bob@example.com")) == bob
    assert [action for action, target in audited(db) if target == f"person:{bob}"] == ["person.added", "identity.linked"]


def test_who_joined_so_has_no_password_that_could_be_guessed(db: Database, clock: FrozenClock, ada: Person, claims: Claims):
    Identities(db, clock, OPEN).recognise(claims(sub="bob-1", email="bob@example.com"))
    known = Credentials(db, clock)
    assert ada.email in known
    assert "bob@example.com" not in known


@pytest.mark.parametrize("email", ["bob@elsewhere.example", "bob@sub.example.com", "bob@example.com.evil.example", "bob@notexample.com"])
def test_nobody_joins_from_another_domain(db: Database, clock: FrozenClock, ada: Person, claims: Claims, email: str):
    assert refusal(Identities(db, clock, OPEN), claims(sub="bob-1", email=email)) == NOBODY


def test_nobody_joins_unverified_or_where_they_were_let_go(
    db: Database, clock: FrozenClock, people: People, workspace: Principal, ada: Person, claims: Claims
):
    joining = Identities(db, clock, OPEN)
    assert refusal(joining, claims(sub="bob-1", email="bob@example.com", email_verified=False)) == UNCONFIRMED
    bob = people.add(workspace, "bob@example.com", "Bob", PASSWORD, Role.MARKETER)
    people.disable(workspace, bob.id)
    assert refusal(joining, claims(sub="bob-1", email=bob.email)) == NOBODY


def test_nobody_joins_a_demo(db: Database, clock: FrozenClock, workspaces: Workspaces, claims: Claims):
    workspaces.create("Demo", is_demo=True)
    assert refusal(Identities(db, clock, OPEN), claims(sub="bob-1", email="bob@example.com")) == NOBODY


def test_a_second_factor_turned_on_here_is_still_owed(
    identities: Identities, db: Database, clock: FrozenClock, ada: Person, claims: Claims
):
    assert not identities.recognise(claims()).owes_code
    with db.transaction() as connection:
        connection.execute(sa.update(people_table).where(people_table.c.id == ada.id).values(totp_enabled_at=clock.now()))
    assert identities.recognise(claims()).owes_code


def test_a_refusal_changes_nothing_and_is_on_record(identities: Identities, db: Database, ada: Person, claims: Claims):
    before = audited(db)
    refusal(identities, claims(iss="https://evil.example"))
    assert audited(db) == before, "what anybody can make up is not worth a line"
    refusal(identities, claims(email_verified=False))
    refusal(identities, claims(email="nobody@example.com"))
    assert audited(db) == [("sign_in.failed", ""), ("sign_in.failed", ""), *before]
    with db.read() as connection:
        assert connection.execute(sa.select(identities_table)).all() == []
        assert connection.execute(sa.select(used_assertions)).all() == []


def test_the_log_says_where_it_came_from_and_no_address(identities: Identities, db: Database, ada: Person, claims: Claims):
    identities.recognise(claims(), "203.0.113.9")
    with db.read() as connection:
        row = connection.execute(sa.select(audit_log).where(audit_log.c.action == "identity.linked")).mappings().one()
    assert (row["actor"], row["via"], row["origin"]) == (f"person:{ada.id}", "provider", "203.0.113.9")
    assert json.loads(row["after"]) == {"issuer": ISSUER}


_ANYTHING = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-(2**70), 2**70),
    some.floats(allow_nan=True),
    some.text(max_size=20),
    some.lists(some.text(max_size=10), max_size=2),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changed=some.dictionaries(some.sampled_from(["iss", "aud", "azp", "sub", "email", "name", "iat", "exp", "nonce"]), _ANYTHING),
    verified=_ANYTHING,
)
def test_whatever_else_is_said_nobody_is_linked_without_a_verified_address(
    sqlite_db: Database, clock: FrozenClock, claims: Claims, changed: dict[str, object], verified: object
):
    """No combination of claims signs in somebody unlinked unless the provider vouches for exactly their address."""
    if not Workspaces(sqlite_db, clock).all():
        home = Workspaces(sqlite_db, clock).create("Acme")
        People(sqlite_db, clock, rounds=4).add(Principal.system(home.id), "ada@example.com", "Ada", PASSWORD, Role.ADMIN)
    said = {**claims(), **changed, "email_verified": verified}
    if verified is True and str(said["email"]).strip().lower() == "ada@example.com":
        said["email"] = "somebody@example.com"
    with pytest.raises(Denied):
        Identities(sqlite_db, clock, ALONE).recognise(said)
