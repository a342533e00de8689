"""Somebody invited who comes by an identity provider: the provider's word for their address stands in for the link in the mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.assertions import TrustedProvider
from core.accounts.identities import Identities, Recognised
from core.accounts.invitation_rows import Invited
from core.accounts.invitations import LIFE, Invitations
from core.accounts.mailing import AccountMail
from core.accounts.people import People, Person
from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.contacts.lists import Lists
from core.errors import Denied
from core.permissions import Principal, Role
from core.providers.connections import Connections
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault
from tests.accounts.conftest import PASSWORD

ISSUER, CLIENT, GRACE = "https://id.example.com", "postwright", "grace@example.com"


@pytest.fixture
def identities(db: Database, clock: FrozenClock) -> Identities:
    return Identities(db, clock, TrustedProvider(ISSUER, CLIENT, "Example", Role.ANALYST, frozenset({"example.com"})))


@pytest.fixture
def invitations(db: Database, clock: FrozenClock, settings: Settings, workspaces: Workspaces) -> Invitations:
    connections = Connections(db, clock, Vault(settings.key), settings.data_dir)
    return Invitations(db, clock, AccountMail(clock, settings, workspaces, connections), settings.app_url, rounds=4)


@pytest.fixture
def come(identities: Identities, clock: FrozenClock):
    """Let Grace come from the provider."""
    counted = iter(range(1000))

    def arrive(**changed: object) -> Recognised:
        now = int(clock.now().timestamp())
        said = {"iss": ISSUER, "aud": CLIENT, "sub": "grace-1", "email": GRACE, "email_verified": True, "name": "Grace H."}
        return identities.recognise({**said, "iat": now, "exp": now + 600, "nonce": str(next(counted)), **changed})

    return arrive


def token(invited: Invited) -> str:
    return invited.link.partition("?invitation=")[2]


def test_the_invitation_decides_what_they_may_do(
    invitations: Invitations, people: People, workspaces: Workspaces, as_ada: Principal, db: Database, clock: FrozenClock, come
):
    vips = Lists(db, clock).create(as_ada, "VIPs")
    invited = invitations.invite(as_ada, GRACE, "Grace", Role.MARKETER, [vips.id])
    found = come()
    assert found.is_new
    grace = people.get(as_ada, found.person_id)
    assert (grace.email, grace.name, grace.role, grace.lists) == (GRACE, "Grace", Role.MARKETER, {vips.id})
    assert invitations.all(as_ada) == []
    with pytest.raises(Denied):
        invitations.look(token(invited))
    assert come() == Recognised(grace.id, owes_code=False, is_new=False)


def test_where_several_invite_them_the_newest_counts_and_the_others_wait(
    invitations: Invitations, workspaces: Workspaces, people: People, as_ada: Principal, come
):
    elsewhere = Principal.system(workspaces.create("Elsewhere").id)
    older = invitations.invite(as_ada, GRACE, "", Role.MARKETER)
    invitations.invite(elsewhere, GRACE, "", Role.ANALYST)
    found = come()
    assert [one.id for one in workspaces.for_person(found.person_id)] == [elsewhere.workspace_id]
    assert invitations.accept(people.principal(found.person_id, elsewhere.workspace_id), token(older)).workspace_id == as_ada.workspace_id


def test_an_invitation_that_is_over_or_taken_back_gives_nothing(
    invitations: Invitations, people: People, as_ada: Principal, clock: FrozenClock, come
):
    invitations.cancel(as_ada, invitations.invite(as_ada, GRACE, "", Role.ADMIN).invitation.id)
    invitations.invite(as_ada, GRACE, "", Role.ADMIN)
    clock.advance(LIFE + timedelta(seconds=1))
    assert people.get(as_ada, come().person_id).role == Role.ANALYST, "as a colleague nobody has invited"


def test_an_invitation_of_somebody_who_was_let_go_gives_nothing(
    invitations: Invitations, people: People, workspace: Principal, as_ada: Principal, come
):
    bob = people.add(workspace, "bob@example.com", "Bob", PASSWORD, Role.ADMIN)
    invitations.invite(people.principal(bob.id, workspace.workspace_id), GRACE, "", Role.ADMIN)
    people.disable(workspace, bob.id)
    assert people.get(as_ada, come().person_id).role == Role.ANALYST


def test_without_a_verified_address_an_invitation_stays_where_it_is(invitations: Invitations, as_ada: Principal, come):
    invitations.invite(as_ada, GRACE, "", Role.MARKETER)
    for changed in ({"email_verified": False}, {"email": "eve@evil.example"}):
        with pytest.raises(Denied):
            come(**changed)
    assert [one.email for one in invitations.all(as_ada)] == [GRACE]


def test_somebody_with_an_account_still_says_yes_themselves(
    invitations: Invitations, workspaces: Workspaces, people: People, as_ada: Principal, ada: Person, come
):
    elsewhere = Principal.system(workspaces.create("Elsewhere").id)
    invitations.invite(elsewhere, ada.email, "", Role.ANALYST)
    assert come(sub="ada-1", email=ada.email) == Recognised(ada.id, owes_code=False, is_new=False)
    assert [one.id for one in workspaces.for_person(ada.id)] == [as_ada.workspace_id]


def test_the_log_tells_of_the_invitation_and_the_link(invitations: Invitations, as_ada: Principal, db: Database, come):
    number = invitations.invite(as_ada, GRACE, "", Role.MARKETER).invitation.id
    person = f"person:{come().person_id}"
    with db.read() as connection:
        rows = sa.select(audit_log.c.action, audit_log.c.target, audit_log.c.via).where(audit_log.c.actor == person)
        rows = connection.execute(rows.order_by(audit_log.c.sequence))
        assert [tuple(row) for row in rows] == [
            ("invitation.accepted", f"invitation:{number}", "provider"),
            ("identity.linked", person, "provider"),
        ]
