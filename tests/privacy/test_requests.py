"""The register of requests: nothing is late without being seen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.privacy.due import Law, RequestKind
from core.privacy.hashes import SubjectHashes
from core.privacy.requests import PrivacyRequests, RequestState
from core.privacy.tables import privacy_requests
from core.storage.database import Database
from core.storage.vault import Vault

ADA = "ada@example.com"
KEY = b"a-key-for-tests-only"
TODAY = date(2026, 11, 22)


@pytest.fixture
def register(db: Database, clock: FrozenClock) -> PrivacyRequests:
    return PrivacyRequests(db, clock, Vault(KEY), SubjectHashes(KEY))


def test_what_somebody_unknown_asked_for_is_kept(register: PrivacyRequests, workspace: Principal) -> None:
    asked = register.open(workspace, " Ada@Example.com", RequestKind.ACCESS, received_on=date(2026, 10, 31), notes=" by letter ")
    assert (asked.email, asked.contact_id, asked.notes, asked.law) == (ADA, None, "by letter", Law.GDPR)
    assert (asked.received_on, asked.due_on, asked.days_left, asked.state) == (date(2026, 10, 31), date(2026, 11, 30), 8, RequestState.OPEN)
    assert not asked.is_overdue and not asked.is_due_soon
    assert register.page(workspace).rows == [asked]


def test_the_address_lies_there_sealed(register: PrivacyRequests, workspace: Principal, db: Database) -> None:
    register.open(workspace, ADA, RequestKind.ACCESS)
    with db.read() as connection:
        assert "ada" not in repr(connection.execute(privacy_requests.select()).all())


def test_what_is_late_or_urgent_comes_first(register: PrivacyRequests, workspace: Principal, clock: FrozenClock) -> None:
    later = register.open(workspace, "later@example.com", RequestKind.ACCESS)
    soon = register.open(workspace, "soon@example.com", RequestKind.ERASURE, received_on=date(2026, 10, 29))
    late = register.open(workspace, "late@example.com", RequestKind.ACCESS, Law.CCPA, received_on=date(2026, 10, 1))
    assert [request.id for request in register.page(workspace).rows] == [late.id, soon.id, later.id]
    assert (late.is_overdue, late.days_left, soon.is_due_soon) == (True, -7, True)
    pressing = register.pressing(workspace)
    assert (pressing.overdue, pressing.due_soon) == (1, 1)
    register.close(workspace, late.id)
    clock.advance(timedelta(minutes=1))
    register.close(workspace, soon.id, RequestState.REFUSED)
    assert [request.state for request in register.page(workspace, is_open=False).rows] == [RequestState.REFUSED, RequestState.DONE]
    clock.advance(timedelta(days=23))
    pressing = register.pressing(workspace)
    assert (pressing.overdue, pressing.due_soon) == (0, 1)  # the day it is due is not late


def test_it_is_extended_once_in_time_and_with_a_reason(register: PrivacyRequests, workspace: Principal, clock: FrozenClock) -> None:
    asked = register.open(workspace, ADA, RequestKind.ACCESS)
    with pytest.raises(InvalidInput, match="no reason"):
        register.extend(workspace, asked.id, "  ")
    extended = register.extend(workspace, asked.id, "Many systems")
    assert (extended.due_on, extended.extended_because) == (date(2027, 2, 22), "Many systems")
    with pytest.raises(Conflict):
        register.extend(workspace, asked.id, "Again")
    sale = register.open(workspace, ADA, RequestKind.DO_NOT_SELL, Law.CCPA)
    other = register.open(workspace, ADA, RequestKind.CORRECTION)
    clock.advance(timedelta(days=40))
    for request in (sale, other):
        with pytest.raises(Conflict, match="extended"):
            register.extend(workspace, request.id, "Too late")


def test_notes_and_closing(register: PrivacyRequests, workspace: Principal, clock: FrozenClock) -> None:
    asked = register.open(workspace, ADA, RequestKind.CORRECTION)
    assert register.note(workspace, asked.id, "Called back").notes == "Called back"
    with pytest.raises(InvalidInput, match="too long"):
        register.note(workspace, asked.id, "x" * 5_000)
    closed = register.close(workspace, asked.id)
    assert (closed.state, closed.closed_at) == (RequestState.DONE, clock.now())
    with pytest.raises(Conflict, match="already"):
        register.close(workspace, asked.id)


def test_what_makes_no_sense(register: PrivacyRequests, workspace: Principal) -> None:
    with pytest.raises(InvalidInput, match="yet to come"):
        register.open(workspace, ADA, RequestKind.ACCESS, received_on=TODAY + timedelta(days=1))
    with pytest.raises(InvalidInput):
        register.open(workspace, "nonsense", RequestKind.ACCESS)
    with pytest.raises(NotFound):
        register.get(workspace, 99)


def test_nobody_else_sees_the_register(register: PrivacyRequests, workspace: Principal, db: Database, clock: FrozenClock) -> None:
    asked = register.open(workspace, ADA, RequestKind.ACCESS)
    elsewhere = Principal.system(Workspaces(db, clock).create("Elsewhere").id)
    assert register.page(elsewhere).total == 0
    with pytest.raises(NotFound):
        register.close(elsewhere, asked.id)
    for by in (
        Principal(workspace.workspace_id, "person:1", ROLE_PERMISSIONS[Role.MARKETER]),
        Principal(workspace.workspace_id, "person:1", ROLE_PERMISSIONS[Role.ADMIN], lists=frozenset()),
    ):
        with pytest.raises(Denied):
            register.page(by)


def test_a_new_secret_key_still_knows_whose_request_it_is() -> None:
    before, now = SubjectHashes(KEY), SubjectHashes(b"another-key-for-tests", [KEY])
    assert now.is_one(1, "Ada@example.com", {before.of(1, ADA)})
    assert not now.is_one(2, ADA, {before.of(1, ADA)})
    assert now.of(1, ADA) != before.of(1, ADA)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("550 <o'brien@example.com> is gone", "550 <…> is gone"),
        ("https://x.example/?a=1&email=O%27Brien%40example.com&b=2", "https://x.example/?a=1&email=…&b=2"),
        ("said 'o'brien@example.com'.", "said '…'."),
        ("o'brien@example.com.", "…."),
        ("mailto:o'brien@example.com?subject=x", "mailto:…?subject=x"),
        ("another.o'brien@example.com brien@example.com", "another.o'brien@example.com brien@example.com"),
    ],
)
def test_an_address_is_found_in_words_and_links(text: str, left: str) -> None:
    hashes = SubjectHashes(KEY)
    assert hashes.without(1, text, {hashes.of(1, "o'brien@example.com")}) == left
