from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import sqlalchemy as sa

from core.accounts.people import People, Person
from core.accounts.sign_in import SecondFactorNeeded, SignIn
from core.accounts.tables import people as people_table
from core.accounts.tables import recovery_codes
from core.accounts.two_factor import TwoFactor
from core.audit.actions import AuditAction
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Principal, Role
from core.storage.database import Database
from core.storage.tables import workspaces as workspaces_table
from tests.accounts.conftest import PASSWORD, trail


class Phone:
    """An authenticator app."""

    def __init__(self, two_factor: TwoFactor, by: Principal, clock: FrozenClock) -> None:
        self.enrolment = two_factor.begin(by)
        self._clock = clock
        self.recovery_codes = two_factor.confirm(by, self.code())
        clock.advance(timedelta(seconds=60))  # the code that confirmed is used up, and so are those before it

    def code(self, *, steps: int = 0) -> str:
        return pyotp.TOTP(self.enrolment.secret).at(self._clock.now(), counter_offset=steps)


@pytest.fixture
def phone(two_factor: TwoFactor, as_ada: Principal, clock: FrozenClock) -> Phone:
    return Phone(two_factor, as_ada, clock)


def test_an_app_can_be_set_up_from_the_address(two_factor: TwoFactor, as_ada: Principal):
    enrolment = two_factor.begin(as_ada)
    parts = urlsplit(enrolment.uri)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Postwright:ada%40example.com")
    assert parse_qs(parts.query) == {"secret": [enrolment.secret], "issuer": ["Postwright"]}
    assert len(enrolment.secret) == 32, "160 bits (RFC 4226, section 4)"


def test_it_is_on_only_after_a_first_code(two_factor: TwoFactor, as_ada: Principal, ada: Person, clock: FrozenClock):
    enrolment = two_factor.begin(as_ada)
    with pytest.raises(InvalidInput, match="not right"):
        two_factor.confirm(as_ada, "000000")
    assert not two_factor.is_on(ada.id)
    codes = two_factor.confirm(
        as_ada, f" {pyotp.TOTP(enrolment.secret).at(clock.now())[:3]} {pyotp.TOTP(enrolment.secret).at(clock.now())[3:]}"
    )
    assert two_factor.is_on(ada.id)
    assert len(set(codes)) == 10
    state = two_factor.state(as_ada)
    assert (state.enabled_at, state.recovery_codes_left) == (clock.now(), 10)


def test_beginning_anew_ends_what_was_begun_but_never_what_is_on(two_factor: TwoFactor, as_ada: Principal, clock: FrozenClock):
    first = two_factor.begin(as_ada)
    second = two_factor.begin(as_ada)
    with pytest.raises(InvalidInput):
        two_factor.confirm(as_ada, pyotp.TOTP(first.secret).at(clock.now()))
    two_factor.confirm(as_ada, pyotp.TOTP(second.secret).at(clock.now()))
    with pytest.raises(Conflict):
        two_factor.begin(as_ada)
    with pytest.raises(Conflict):
        two_factor.confirm(as_ada, pyotp.TOTP(second.secret).at(clock.now(), counter_offset=1))


def test_nothing_in_the_database_signs_anybody_in(two_factor: TwoFactor, phone: Phone, db: Database, ada: Person):
    with db.read() as connection:
        kept = repr(connection.execute(sa.select(people_table)).all()) + repr(connection.execute(sa.select(recovery_codes)).all())
        kept += repr(trail(db, 1))
    assert phone.enrolment.secret not in kept
    assert not [code for code in phone.recovery_codes if code in kept or code.replace("-", "") in kept]


def test_a_code_is_good_once_and_so_is_every_earlier_one(two_factor: TwoFactor, phone: Phone, ada: Person):
    assert two_factor.check(ada.id, phone.code())
    assert not two_factor.check(ada.id, phone.code())
    assert not two_factor.check(ada.id, phone.code(steps=-1))
    assert two_factor.check(ada.id, phone.code(steps=1))


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_be_off_by_one_step(two_factor: TwoFactor, phone: Phone, ada: Person, clock: FrozenClock, steps: int, good: bool):
    clock.advance(timedelta(minutes=5))
    assert two_factor.check(ada.id, phone.code(steps=steps)) is good


def test_of_two_who_bring_the_same_code_at_once_one_gets_in(two_factor: TwoFactor, phone: Phone, ada: Person):
    code = phone.code()
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: two_factor.check(ada.id, code), range(4))) == 1


def test_of_two_who_bring_the_same_recovery_code_at_once_one_gets_in(two_factor: TwoFactor, phone: Phone, ada: Person):
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: two_factor.check(ada.id, phone.recovery_codes[0]), range(4))) == 1


def test_a_recovery_code_is_good_once_however_it_is_typed(
    two_factor: TwoFactor, phone: Phone, as_ada: Principal, ada: Person, db: Database
):
    code = phone.recovery_codes[0]
    assert two_factor.check(ada.id, f" {code.lower().replace('-', ' ')} ", "203.0.113.9")
    assert not two_factor.check(ada.id, code)
    assert two_factor.state(as_ada).recovery_codes_left == 9
    assert trail(db, as_ada.workspace_id)[-1] == ("person:1", "", "203.0.113.9", "recovery_code.used", "person:1", '{"left":9}')


def test_a_recovery_code_of_somebody_else_is_not_good(
    two_factor: TwoFactor, phone: Phone, people: People, workspace: Principal, clock: FrozenClock
):
    bob = people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.ANALYST)
    Phone(two_factor, people.principal(bob.id, workspace.workspace_id), clock)
    assert not two_factor.check(bob.id, phone.recovery_codes[0])


@pytest.mark.parametrize("nonsense", ["", "12345", "1234567", "１２３４５６", "12a456", "-123456", "\x00" * 6, "x" * 100_000, "-" * 19])
def test_nonsense_is_no_code(two_factor: TwoFactor, phone: Phone, ada: Person, nonsense: str):
    assert not two_factor.check(ada.id, nonsense)


def test_codes_can_not_be_guessed_one_after_the_other(two_factor: TwoFactor, phone: Phone, ada: Person, clock: FrozenClock):
    for _ in range(5):
        assert not two_factor.check(ada.id, "000000")
    assert not two_factor.check(ada.id, phone.code()), "the right one has to wait as well"
    assert not two_factor.check(ada.id, phone.recovery_codes[0])
    clock.advance(timedelta(seconds=30))
    assert two_factor.check(ada.id, phone.code())


def test_the_code_that_turns_it_on_can_not_be_guessed_either(two_factor: TwoFactor, as_ada: Principal, clock: FrozenClock):
    enrolment = two_factor.begin(as_ada)
    for _ in range(5):
        with pytest.raises(InvalidInput):
            two_factor.confirm(as_ada, "000000")
    with pytest.raises(InvalidInput):
        two_factor.confirm(as_ada, pyotp.TOTP(enrolment.secret).at(clock.now()))


def test_new_recovery_codes_end_the_old_ones(two_factor: TwoFactor, phone: Phone, as_ada: Principal, ada: Person):
    with pytest.raises(InvalidInput):
        two_factor.renew_recovery_codes(as_ada, "000000")
    renewed = two_factor.renew_recovery_codes(as_ada, phone.code())
    assert not set(renewed) & set(phone.recovery_codes)
    assert not two_factor.check(ada.id, phone.recovery_codes[0])
    assert two_factor.check(ada.id, renewed[0])


def test_it_goes_off_with_password_and_code_only(two_factor: TwoFactor, phone: Phone, as_ada: Principal, ada: Person, gate: SignIn):
    with pytest.raises(InvalidInput, match="password"):
        two_factor.disable(as_ada, "a wrong password", phone.code())
    with pytest.raises(InvalidInput, match="code"):
        two_factor.disable(as_ada, PASSWORD, "000000")
    assert two_factor.is_on(ada.id)
    two_factor.disable(as_ada, PASSWORD, phone.code())
    assert not two_factor.is_on(ada.id)
    assert not two_factor.check(ada.id, phone.recovery_codes[0])
    assert gate.attempt(ada.email, PASSWORD, "")


def test_an_open_session_is_no_way_to_guess_the_password(two_factor: TwoFactor, phone: Phone, as_ada: Principal):
    for _ in range(5):
        with pytest.raises(InvalidInput):
            two_factor.disable(as_ada, "a wrong password", phone.code())
    with pytest.raises(InvalidInput, match="password"):
        two_factor.disable(as_ada, PASSWORD, phone.code())


def test_only_whoever_runs_the_server_resets_somebodys(
    two_factor: TwoFactor, phone: Phone, as_ada: Principal, ada: Person, workspace: Principal
):
    with pytest.raises(Denied, match="on the server"):
        two_factor.reset_by_server(as_ada, ada.email)
    with pytest.raises(NotFound):
        two_factor.reset_by_server(workspace, "nobody@example.com")
    two_factor.reset_by_server(workspace, " ADA@example.com ")
    assert not two_factor.is_on(ada.id)


def test_what_happened_is_in_the_audit_log(
    two_factor: TwoFactor, phone: Phone, as_ada: Principal, workspace: Principal, ada: Person, db: Database
):
    two_factor.renew_recovery_codes(as_ada, phone.code())
    two_factor.reset_by_server(workspace, ada.email)
    told = [(actor, action) for actor, _, _, action, _, _ in trail(db, workspace.workspace_id)][1:]
    assert told == [
        (as_ada.label, AuditAction.TWO_FACTOR_BEGUN),
        (as_ada.label, AuditAction.TWO_FACTOR_ENABLED),
        (as_ada.label, AuditAction.RECOVERY_CODES_RENEWED),
        (workspace.label, AuditAction.TWO_FACTOR_DISABLED),
    ]


def test_where_the_workspace_asks_for_one_nothing_else_may_be_done_first(
    two_factor: TwoFactor, people: People, ada: Person, workspace: Principal, db: Database, clock: FrozenClock
):
    with db.transaction() as connection:
        connection.execute(sa.update(workspaces_table).values(requires_two_factor=True))
    held = people.principal(ada.id, workspace.workspace_id)
    assert held.needs_two_factor
    Phone(two_factor, held, clock)
    assert not people.principal(ada.id, workspace.workspace_id).needs_two_factor


def test_signing_in_takes_password_and_code(gate: SignIn, phone: Phone, ada: Person, as_ada: Principal):
    with pytest.raises(SecondFactorNeeded) as needed:
        gate.attempt(ada.email, PASSWORD, "203.0.113.9")
    assert needed.value.person_id == ada.id
    signed_in = gate.second_factor(ada.id, phone.code(), "203.0.113.9")
    assert (signed_in.person_id, signed_in.workspace_id) == (ada.id, as_ada.workspace_id)


def test_a_program_may_bring_both_at_once(gate: SignIn, phone: Phone, ada: Person):
    with pytest.raises(Denied, match="code is not right"):
        gate.attempt(ada.email, PASSWORD, "", code="000000")
    assert gate.attempt(ada.email, PASSWORD, "", code=phone.code()).person_id == ada.id
    with pytest.raises(Denied, match="code is not right"):
        gate.attempt(ada.email, PASSWORD, "", code=phone.code())


def test_a_right_code_does_not_make_up_for_a_wrong_password(gate: SignIn, phone: Phone, ada: Person):
    with pytest.raises(Denied, match="don't go together"):
        gate.attempt(ada.email, "a wrong password", "", code=phone.code())
    assert gate.attempt(ada.email, PASSWORD, "", code=phone.code()), "and is not used up by it"


def test_only_who_knows_the_password_hears_that_there_is_a_second_factor(gate: SignIn, phone: Phone, ada: Person):
    for email in (ada.email, "nobody@example.com"):
        with pytest.raises(Denied) as refused:
            gate.attempt(email, "a wrong password", "")
        assert not isinstance(refused.value, SecondFactorNeeded)
        assert "don't go together" in str(refused.value)


def test_wrong_codes_are_told_to_the_admins(gate: SignIn, phone: Phone, ada: Person, as_ada: Principal, db: Database):
    with pytest.raises(Denied):
        gate.second_factor(ada.id, "000000", "203.0.113.9")
    expected = ("visitor", "", "203.0.113.9", "sign_in.failed", f"person:{ada.id}", '{"factor":"second factor"}')
    assert trail(db, as_ada.workspace_id)[-1] == expected
