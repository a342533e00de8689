from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from core.accounts.invitation_rows import Invited
from core.accounts.invitations import LIFE, Invitations
from core.accounts.mailing import AccountMail
from core.accounts.password_changes import PasswordChanges
from core.accounts.people import People, Person
from core.accounts.roles import Roles
from core.accounts.tables import invitations as table
from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.contacts.lists import Lists
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from core.providers.connections import Connections
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault
from tests.accounts.conftest import PASSWORD

EMAIL = "grace@example.com"
NOT_GOOD = "This invitation can’t be used."


@pytest.fixture
def connections(db: Database, clock: FrozenClock, settings: Settings) -> Connections:
    return Connections(db, clock, Vault(settings.key), settings.data_dir)


@pytest.fixture
def invitations(db: Database, clock: FrozenClock, settings: Settings, workspaces: Workspaces, connections: Connections) -> Invitations:
    return Invitations(db, clock, AccountMail(clock, settings, workspaces, connections), settings.app_url, rounds=4)


@pytest.fixture
def roles(db: Database, clock: FrozenClock) -> Roles:
    return Roles(db, clock)


@pytest.fixture
def as_manager(people: People, roles: Roles, workspace: Principal) -> Principal:
    """Somebody who manages people without being an admin."""
    allowed = ROLE_PERMISSIONS[Role.MARKETER] | {Permission.PEOPLE_MANAGE, Permission.ROLES_MANAGE}
    role = roles.create(workspace, "Office", allowed)
    person = people.add(workspace, "office@example.com", "Olga", PASSWORD, role.key)
    return people.principal(person.id, workspace.workspace_id)


@pytest.fixture
def elsewhere(workspaces: Workspaces) -> Principal:
    return Principal.system(workspaces.create("Elsewhere").id)


def token(invited: Invited) -> str:
    return invited.link.partition("?invitation=")[2]


def letters(settings: Settings) -> list[str]:
    return [path.read_text() for path in sorted((settings.data_dir / "outbox").rglob("*.eml"))]


def test_somebody_new_is_let_in_with_the_role_they_were_promised(
    invitations: Invitations, people: People, as_ada: Principal, password_changes: PasswordChanges
):
    invited = invitations.invite(as_ada, " Grace@Example.com", "Grace  Hopper", Role.MARKETER)
    offer = invitations.look(token(invited))
    assert (offer.workspace, offer.email, offer.name, offer.role_name, offer.has_account) == (
        "Acme",
        EMAIL,
        "Grace Hopper",
        "Marketer",
        False,
    )
    accepted = invitations.accept_new(token(invited), "Grace", PASSWORD, ip="203.0.113.9")
    assert accepted.workspace_id == as_ada.workspace_id
    grace = people.get(as_ada, accepted.person_id)
    assert (grace.email, grace.name, grace.role, grace.lists, grace.disabled_at) == (EMAIL, "Grace", Role.MARKETER, None, None)
    password_changes.change(people.principal(grace.id, as_ada.workspace_id), PASSWORD, "her own new password")


def test_the_mail_carries_the_link_and_the_database_only_its_hash(
    invitations: Invitations, as_ada: Principal, settings: Settings, db: Database
):
    invited = invitations.invite(as_ada, EMAIL, "", Role.ANALYST)
    [letter] = letters(settings)
    assert invited.mailed
    assert "Ada invites you" in letter
    assert token(invited) in letter.replace("=\n", "")
    assert invited.link.startswith("http://127.0.0.1:8501/?invitation=")
    with db.read() as connection:
        rows = repr(connection.execute(sa.select(table)).all()) + repr(connection.execute(sa.select(audit_log)).all())
    assert token(invited) not in rows


def test_an_invitation_that_cant_be_mailed_stays_and_its_link_works(
    invitations: Invitations, as_ada: Principal, connections: Connections, workspace: Principal
):
    nowhere = {"host": "127.0.0.1", "port": "9", "security": "none"}
    connections.add(workspace, "Broken", "smtp", nowhere)
    invited = invitations.invite(as_ada, EMAIL, "", Role.ANALYST)
    assert not invited.mailed
    assert [one.email for one in invitations.all(as_ada)] == [EMAIL]
    assert invitations.look(token(invited)).email == EMAIL


def test_a_link_works_once(invitations: Invitations, people: People, as_ada: Principal):
    link = token(invitations.invite(as_ada, EMAIL, "", Role.ANALYST))
    invitations.accept_new(link, "Grace", PASSWORD)
    refused_everywhere(invitations, as_ada, link)
    assert len(people.all(as_ada)) == 2
    assert invitations.all(as_ada) == []


def test_of_two_who_bring_the_same_link_at_once_one_is_let_in(invitations: Invitations, people: People, as_ada: Principal):
    link, start, outcomes = token(invitations.invite(as_ada, EMAIL, "", Role.ANALYST)), Barrier(2), []

    def accept(name: str) -> None:
        start.wait()
        try:
            outcomes.append(invitations.accept_new(link, name, PASSWORD).person_id)
        except (Conflict, Denied) as refused:
            outcomes.append(type(refused))

    both = [Thread(target=accept, args=(name,)) for name in ("Grace", "Mallory")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1, outcomes
    assert len(people.all(as_ada)) == 2


def test_two_admins_who_invite_the_same_address_at_once_leave_one_invitation(invitations: Invitations, as_ada: Principal):
    start, outcomes = Barrier(2), []

    def invite() -> None:
        start.wait()
        try:
            invitations.invite(as_ada, EMAIL, "", Role.ANALYST)
        except Conflict as refused:
            outcomes.append(str(refused))

    both = [Thread(target=invite) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [said.startswith("This address has an open invitation") for said in outcomes] == [True]
    assert len(invitations.all(as_ada)) == 1


def test_a_link_is_refused_from_the_seventh_day_on(invitations: Invitations, as_ada: Principal, clock: FrozenClock):
    link = token(invitations.invite(as_ada, EMAIL, "", Role.ANALYST))
    clock.advance(LIFE - timedelta(seconds=1))
    assert invitations.look(link)
    clock.advance(timedelta(seconds=1))
    refused_everywhere(invitations, as_ada, link)
    assert [one.email for one in invitations.all(as_ada)] == [EMAIL], "it can be sent again"
    again = invitations.invite(as_ada, EMAIL, "", Role.MARKETER)
    assert [one.id for one in invitations.all(as_ada)] == [again.invitation.id]


def test_a_cancelled_link_is_refused(invitations: Invitations, as_ada: Principal):
    invited = invitations.invite(as_ada, EMAIL, "", Role.ANALYST)
    invitations.cancel(as_ada, invited.invitation.id)
    refused_everywhere(invitations, as_ada, token(invited))
    with pytest.raises(NotFound):
        invitations.cancel(as_ada, invited.invitation.id)
    with pytest.raises(NotFound):
        invitations.resend(as_ada, invited.invitation.id)
    assert invitations.invite(as_ada, EMAIL, "", Role.ANALYST).invitation.id != invited.invitation.id


def test_sent_again_the_new_link_works_and_the_old_one_does_not(invitations: Invitations, as_ada: Principal, clock: FrozenClock):
    first = invitations.invite(as_ada, EMAIL, "Grace", Role.ANALYST)
    clock.advance(LIFE)
    second = invitations.resend(as_ada, first.invitation.id)
    refused_everywhere(invitations, as_ada, token(first))
    assert invitations.look(token(second)).name == "Grace"
    assert second.invitation.expires_at == clock.now() + LIFE


@pytest.mark.parametrize("made_up", ["", "x", "a" * 43, "' or 1=1 --", "\x00", "ü" * 5000])
def test_a_made_up_link_is_refused_in_the_same_words(invitations: Invitations, as_ada: Principal, made_up: str):
    refused_everywhere(invitations, as_ada, made_up)


def test_a_mistake_while_accepting_leaves_the_link_good(invitations: Invitations, as_ada: Principal):
    link = token(invitations.invite(as_ada, EMAIL, "", Role.ANALYST))
    for name, password in (("", PASSWORD), ("Grace", "short")):
        with pytest.raises(InvalidInput):
            invitations.accept_new(link, name, password)
    assert invitations.accept_new(link, "Grace", PASSWORD)


def test_an_address_that_has_an_account_is_never_let_in_by_the_link_alone(
    invitations: Invitations, people: People, password_changes: PasswordChanges, as_ada: Principal, elsewhere: Principal
):
    known = people.add(elsewhere, EMAIL, "Grace", PASSWORD, Role.ADMIN)
    link = token(invitations.invite(as_ada, EMAIL, "Mallory", Role.ANALYST))
    assert invitations.look(link).has_account
    with pytest.raises(Conflict, match="has an account"):
        invitations.accept_new(link, "Mallory", "a password of another")
    as_grace = people.principal(known.id, elsewhere.workspace_id)
    accepted = invitations.accept(as_grace, link)
    assert (accepted.person_id, accepted.workspace_id) == (known.id, as_ada.workspace_id)
    assert people.principal(known.id, as_ada.workspace_id).role == Role.ANALYST
    assert people.principal(known.id, elsewhere.workspace_id).role == Role.ADMIN
    password_changes.change(as_grace, PASSWORD, "her own new password")


def test_an_account_made_while_the_form_was_open_is_not_given_away(
    invitations: Invitations, people: People, as_ada: Principal, elsewhere: Principal
):
    link = token(invitations.invite(as_ada, EMAIL, "", Role.ANALYST))
    assert not invitations.look(link).has_account
    people.add(elsewhere, EMAIL, "Grace", PASSWORD, Role.ADMIN)
    with pytest.raises(Conflict):
        invitations.accept_new(link, "Mallory", "a password of another")
    assert [person.email for person in people.all(as_ada)] == ["ada@example.com"]


def test_somebody_else_who_is_signed_in_cant_accept(
    invitations: Invitations, people: People, as_ada: Principal, elsewhere: Principal, workspace: Principal
):
    mallory = people.add(elsewhere, "mallory@example.com", "Mallory", PASSWORD, Role.ADMIN)
    link = token(invitations.invite(as_ada, EMAIL, "", Role.ANALYST))
    for by in (people.principal(mallory.id, elsewhere.workspace_id), elsewhere, as_ada):
        with pytest.raises(Denied, match="somebody else"):
            invitations.accept(by, link)
    token_of_grace = Principal(elsewhere.workspace_id, "token:1", ROLE_PERMISSIONS[Role.ADMIN] - EVERYBODY, person_id=mallory.id)
    with pytest.raises(Denied, match=r"account\.manage"):
        invitations.accept(token_of_grace, link)
    assert invitations.look(link), "nobody has used it up"


def test_who_is_in_the_workspace_already_is_not_invited(invitations: Invitations, people: People, as_ada: Principal, workspace: Principal):
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, Role.ANALYST)
    with pytest.raises(Conflict, match="Change their role"):
        invitations.invite(as_ada, "Ben@example.com", "", Role.ANALYST)
    people.disable(as_ada, ben.id)
    with pytest.raises(Conflict, match="Let them in again"):
        invitations.invite(as_ada, ben.email, "", Role.ANALYST)


def test_who_was_added_meanwhile_is_told_and_stays_as_they_are(
    invitations: Invitations, people: People, as_ada: Principal, workspace: Principal
):
    link = token(invitations.invite(as_ada, EMAIL, "", Role.ADMIN))
    grace = people.add(workspace, EMAIL, "Grace", PASSWORD, Role.ANALYST)
    with pytest.raises(Conflict):
        invitations.accept(people.principal(grace.id, workspace.workspace_id), link)
    assert people.get(as_ada, grace.id).role == Role.ANALYST


@pytest.mark.parametrize(("email", "name"), [("nonsense", ""), ("", ""), (EMAIL, "x" * 121)])
def test_an_address_or_a_name_that_cant_be_used_is_refused(invitations: Invitations, as_ada: Principal, email: str, name: str):
    with pytest.raises(InvalidInput):
        invitations.invite(as_ada, email, name, Role.ANALYST)
    assert invitations.all(as_ada) == []


def test_nobody_invites_to_more_than_they_may_themselves(invitations: Invitations, as_ada: Principal, as_manager: Principal):
    with pytest.raises(Denied, match="allows more than you may"):
        invitations.invite(as_manager, EMAIL, "", Role.ADMIN)
    by_admin = invitations.invite(as_ada, EMAIL, "", Role.ADMIN).invitation
    with pytest.raises(Denied, match="allows more than you may"):
        invitations.resend(as_manager, by_admin.id)
    with pytest.raises(Denied, match="allows more than you may"):
        invitations.cancel(as_manager, by_admin.id)
    assert invitations.invite(as_manager, "other@example.com", "", Role.MARKETER)


def test_without_the_permission_nothing_of_it_is_possible(
    invitations: Invitations, people: People, workspace: Principal, as_ada: Principal
):
    invited = invitations.invite(as_ada, EMAIL, "", Role.ANALYST)
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, Role.MARKETER)
    by = people.principal(ben.id, workspace.workspace_id)
    attempts: list[Callable[[], object]] = [
        lambda: invitations.invite(by, "x@example.com", "", Role.ANALYST),
        lambda: invitations.all(by),
        lambda: invitations.resend(by, invited.invitation.id),
        lambda: invitations.cancel(by, invited.invitation.id),
    ]
    for attempt in attempts:
        with pytest.raises(Denied, match=r"people\.manage"):
            attempt()


def test_the_link_of_somebody_who_was_let_go_leads_nowhere(
    invitations: Invitations, people: People, as_ada: Principal, as_manager: Principal
):
    invited = invitations.invite(as_manager, EMAIL, "", Role.MARKETER)
    assert as_manager.person_id is not None
    people.disable(as_ada, as_manager.person_id)
    refused_everywhere(invitations, as_ada, token(invited))
    again = invitations.resend(as_ada, invited.invitation.id)
    assert invitations.accept_new(token(again), "Grace", PASSWORD), "whoever sends it again stands behind it"


def test_the_link_of_somebody_who_was_demoted_gives_no_more_than_they_have(
    invitations: Invitations, people: People, workspace: Principal, as_ada: Principal
):
    ben = people.add(workspace, "ben@example.com", "Ben", PASSWORD, Role.ADMIN)
    link = token(invitations.invite(people.principal(ben.id, workspace.workspace_id), EMAIL, "", Role.ADMIN))
    people.set_role(as_ada, ben.id, Role.MARKETER)
    refused_everywhere(invitations, as_ada, link)


def test_a_role_of_ones_own_is_given_and_its_invitations_end_with_it(
    invitations: Invitations, people: People, roles: Roles, as_ada: Principal
):
    readers, writers = (roles.create(as_ada, name, {Permission.TEMPLATES_VIEW}) for name in ("Readers", "Writers"))
    one = invitations.invite(as_ada, EMAIL, "", readers.key)
    other = invitations.invite(as_ada, "hedy@example.com", "", writers.key)
    assert invitations.look(token(one)).role_name == "Readers"
    roles.delete(as_ada, writers.key)
    refused_everywhere(invitations, as_ada, token(other))
    accepted = invitations.accept_new(token(one), "Grace", PASSWORD)
    principal = people.principal(accepted.person_id, as_ada.workspace_id)
    assert (principal.role, principal.permissions) == (readers.key, EVERYBODY | {Permission.TEMPLATES_VIEW})


def test_another_workspaces_role_list_or_invitation_is_not_there(
    invitations: Invitations, roles: Roles, as_ada: Principal, elsewhere: Principal, db: Database, clock: FrozenClock
):
    theirs = roles.create(elsewhere, "Theirs", {Permission.TEMPLATES_VIEW})
    their_list = Lists(db, clock).create(elsewhere, "Theirs")
    their_invitation = invitations.invite(elsewhere, EMAIL, "", Role.ANALYST).invitation
    attempts: list[Callable[[], object]] = [
        lambda: invitations.invite(as_ada, EMAIL, "", theirs.key),
        lambda: invitations.invite(as_ada, EMAIL, "", Role.ANALYST, [their_list.id]),
        lambda: invitations.resend(as_ada, their_invitation.id),
        lambda: invitations.cancel(as_ada, their_invitation.id),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert invitations.all(as_ada) == []


def test_the_limit_by_list_holds_from_the_first_moment_and_deleted_lists_drop_out(
    invitations: Invitations, people: People, as_ada: Principal, db: Database, clock: FrozenClock
):
    lists = Lists(db, clock)
    kept, gone = lists.create(as_ada, "Kept"), lists.create(as_ada, "Gone")
    one = invitations.invite(as_ada, EMAIL, "", Role.MARKETER, [kept.id, gone.id])
    other = invitations.invite(as_ada, "hedy@example.com", "", Role.MARKETER, [gone.id])
    assert one.invitation.lists == {kept.id, gone.id}
    lists.delete(as_ada, gone.id)
    seen = [invitations.accept_new(token(invited), "Grace", PASSWORD).person_id for invited in (one, other)]
    assert [people.principal(person, as_ada.workspace_id).lists for person in seen] == [frozenset({kept.id}), frozenset()]


def test_an_admin_is_not_limited_and_nobody_limited_invites(
    invitations: Invitations, people: People, as_ada: Principal, as_manager: Principal, db: Database, clock: FrozenClock
):
    only = Lists(db, clock).create(as_ada, "Only")
    with pytest.raises(Conflict, match="every list"):
        invitations.invite(as_ada, EMAIL, "", Role.ADMIN, [only.id])
    before = invitations.invite(as_manager, EMAIL, "", Role.MARKETER)
    assert as_manager.person_id is not None
    people.set_lists(as_ada, as_manager.person_id, [only.id])
    limited = people.principal(as_manager.person_id, as_ada.workspace_id)
    with pytest.raises(Denied):
        invitations.invite(limited, "x@example.com", "", Role.MARKETER)
    with pytest.raises(Denied):
        invitations.resend(limited, before.invitation.id)
    refused_everywhere(invitations, as_ada, token(before))


def test_the_log_tells_who_was_invited_by_number_only(invitations: Invitations, as_ada: Principal, ada: Person, db: Database):
    first = invitations.invite(as_ada, EMAIL, "Grace Hopper", Role.ANALYST)
    second = invitations.resend(as_ada, first.invitation.id)
    accepted = invitations.accept_new(token(second), "Grace Hopper", PASSWORD)
    third = invitations.invite(as_ada, "hedy@example.com", "", Role.ANALYST)
    invitations.cancel(as_ada, third.invitation.id)
    told = sa.select(audit_log.c.actor, audit_log.c.action, audit_log.c.target).where(audit_log.c.action.contains("invit"))
    with db.read() as connection:
        rows = list(map(tuple, connection.execute(told.order_by(audit_log.c.sequence))))
        everything = repr(connection.execute(sa.select(audit_log)).all())
    one, other, by = f"invitation:{first.invitation.id}", f"invitation:{third.invitation.id}", f"person:{ada.id}"
    assert rows == [
        (by, "person.invited", one),
        (by, "person.invited", one),
        (f"person:{accepted.person_id}", "invitation.accepted", one),
        (by, "person.invited", other),
        (by, "invitation.cancelled", other),
    ]
    assert "grace" not in everything.lower()


def refused_everywhere(invitations: Invitations, by: Principal, link: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: invitations.look(link),
        lambda: invitations.accept_new(link, "Grace", PASSWORD),
        lambda: invitations.accept(by, link),
    ]
    for attempt in attempts:
        with pytest.raises(Denied) as refused:
            attempt()
        assert refused.value.message == NOT_GOOD
