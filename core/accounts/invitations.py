"""Invitations: how somebody gets into a workspace, by a link that only whoever owns the address is sent.

An address that has an account already is never let in by the link alone: its owner signs in first. Otherwise an admin of one
workspace could take over somebody's place in another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.invitation_rows import Accepted, Invitation, Invited, Offer, change, find, invitation_of, pending
from core.accounts.joining import find_open, is_open, join, new_person, owns, use_up
from core.accounts.mailing import AccountMail, Letter
from core.accounts.memberships import require_lists
from core.accounts.new_account import checked_account, checked_email, checked_name
from core.accounts.roles import find_role, require_rank
from core.accounts.tables import invitations, memberships, people
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, Denied, Unavailable
from core.ids import fingerprint, random_secret
from core.permissions import Permission, Principal, Role
from core.storage.database import Database
from core.storage.tables import workspaces

LIFE = timedelta(days=7)


class Invitations:
    """Invites people, and lets in who accepts.

    Args:
        db: The operational database.
        clock: The time.
        mail: Carries the links.
        app_url: Where the app is, for the links.
        rounds: Cost of a password's hash as a power of two; tests lower it.
    """

    def __init__(self, db: Database, clock: Clock, mail: AccountMail, app_url: str, rounds: int = passwords.ROUNDS) -> None:
        self._db, self._clock, self._mail, self._app_url = db, clock, mail, app_url
        self.rounds = rounds

    def invite(self, by: Principal, email: str, name: str, role: str, list_ids: Collection[int] | None = None) -> Invited:
        """Send somebody a link that lets them into the workspace; it works once, for seven days.

        Where the mail can't be sent the invitation stays, and whoever asked hands the link over.

        Args:
            by: Who asks.
            email: Whom.
            name: What they are called; may be empty.
            role: What they may do, the key of a role of the workspace.
            list_ids: The only lists whose contacts they will see; None for all.

        Raises:
            Denied: Without `people.manage`, if the role allows more than the principal may, or for somebody who sees only some lists.
            InvalidInput: If the address or the name can't be used.
            NotFound: If there is no such role or list.
            Conflict: If they are in the workspace, or their invitation is open; also for an admin limited to lists.
        """
        by.require(Permission.PEOPLE_MANAGE)
        by.require_all_lists()
        token, now = random_secret(), self._clock.now()
        row: dict[str, object] = {"name": _checked_name(name), "token_hash": fingerprint(token)}
        row |= {"email": checked_email(email), "created_at": now, "expires_at": now + LIFE}
        with self._db.transaction() as connection:
            chosen = find_role(connection, by.workspace_id, role)
            require_rank(by, chosen.permissions)
            limit = _checked_limit(connection, by, chosen.key, list_ids)
            _make_room(connection, by, str(row["email"]), now)
            row |= {"workspace_id": by.workspace_id, "list_ids": limit, "invited_by": by.person_id, **chosen.columns}
            number = int(connection.execute(sa.insert(invitations).values(**row).returning(invitations.c.id)).scalar_one())
            after = {"role": chosen.key, "lists": limit}
            record(connection, now, by, AuditAction.PERSON_INVITED, f"invitation:{number}", after=after)
        return self._sent(by, number, token)

    def all(self, by: Principal) -> list[Invitation]:
        """Return the invitations nobody has accepted yet, the newest first; those whose time is over as well.

        Raises:
            Denied: Without `people.manage`.
        """
        by.require(Permission.PEOPLE_MANAGE)
        with self._db.read() as connection:
            waiting = pending(by.workspace_id).order_by(invitations.c.created_at.desc(), invitations.c.id.desc())
            return [invitation_of(row) for row in connection.execute(waiting).mappings()]

    def resend(self, by: Principal, invitation_id: int) -> Invited:
        """Send an invitation again with a new link, good for seven days; the old link stops working.

        Raises:
            Denied: Without `people.manage`, if its role allows more than the principal may, or for somebody who sees only some lists.
            NotFound: If there is no such invitation, or it was accepted or cancelled.
        """
        by.require(Permission.PEOPLE_MANAGE)
        by.require_all_lists()
        token, now = random_secret(), self._clock.now()
        values = {"token_hash": fingerprint(token), "invited_by": by.person_id, "created_at": now, "expires_at": now + LIFE}
        with self._db.transaction() as connection:
            known = find(connection, by, invitation_id)
            require_rank(by, find_role(connection, by.workspace_id, known.role).permissions)
            change(connection, by, invitation_id, **values)
            record(connection, now, by, AuditAction.PERSON_INVITED, f"invitation:{invitation_id}", after={"again": True})
        return self._sent(by, invitation_id, token)

    def cancel(self, by: Principal, invitation_id: int) -> None:
        """Take an invitation back: its link stops working.

        Raises:
            Denied: Without `people.manage`, or if its role allows more than the principal may.
            NotFound: If there is no such invitation, or it was accepted or cancelled.
        """
        by.require(Permission.PEOPLE_MANAGE)
        now = self._clock.now()
        with self._db.transaction() as connection:
            known = find(connection, by, invitation_id)
            require_rank(by, find_role(connection, by.workspace_id, known.role).permissions)
            change(connection, by, invitation_id, cancelled_at=now)
            record(connection, now, by, AuditAction.INVITATION_CANCELLED, f"invitation:{invitation_id}")

    def look(self, token: str) -> Offer:
        """Return what a link offers, for whoever holds it.

        Raises:
            Denied: If it is unknown, used, cancelled or too old; always in the same words.
        """
        with self._db.read() as connection:
            row, role = find_open(connection, token, self._clock.now())
            where = connection.execute(sa.select(workspaces.c.name).where(workspaces.c.id == row["workspace_id"])).scalar_one()
            account = connection.execute(sa.select(people.c.id).where(people.c.email == row["email"])).scalar()
        return Offer(where, row["email"], row["name"], role.name, account is not None)

    def is_for(self, by: Principal, token: str) -> bool:
        """Return whether a link was sent to the address the principal signs in with.

        Raises:
            Denied: Without `account.manage`, or if the link is not good (any more).
        """
        by.require(Permission.ACCOUNT_MANAGE)
        with self._db.read() as connection:
            row, _ = find_open(connection, token, self._clock.now())
            return owns(connection, by.person_id, row["email"])

    def accept_new(self, token: str, name: str, password: str, *, ip: str = "") -> Accepted:
        """Make the account of somebody who has none yet, and let them in; the caller signs them in.

        Args:
            token: From the link.
            name: What they are called.
            password: The one they choose.
            ip: Where they are, for the audit log; "" where that is not known.

        Raises:
            Denied: If the link is not good (any more).
            InvalidInput: If the name or the password can't be used; the link stays good.
            Conflict: If the address has an account by now: its owner signs in instead.
        """
        offer = self.look(token)
        account = checked_account(offer.email, name, password, self.rounds, offer.workspace)
        now = self._clock.now()
        with self._db.transaction() as connection:
            used, role = use_up(connection, token, now)
            person_id, via = new_person(connection, account, now), f"invitation:{used['id']}"
            label, name = f"person:{person_id}", account["name"]
            by = Principal(used["workspace_id"], label, frozenset(), person_id=person_id, name=name, via=via, origin=ip)
            join(connection, by, used, role, now)
        return Accepted(person_id, by.workspace_id)

    def accept(self, by: Principal, token: str) -> Accepted:
        """Let somebody who has an account and is signed in into one more workspace.

        Raises:
            Denied: Without `account.manage`, if the link is not good (any more), or it is for another address than theirs.
            Conflict: If they are in that workspace already.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        now = self._clock.now()
        with self._db.transaction() as connection:
            used, role = use_up(connection, token, now)
            if not owns(connection, by.person_id, used["email"]):
                raise Denied("This invitation is for somebody else.", hint="Sign in with the address it was sent to.")
            there = replace(by, workspace_id=used["workspace_id"])
            join(connection, there, used, role, now)
        return Accepted(there.person_id or 0, there.workspace_id)

    def _sent(self, by: Principal, invitation_id: int, token: str) -> Invited:
        with self._db.read() as connection:
            known = find(connection, by, invitation_id)
            where = connection.execute(sa.select(workspaces.c.name).where(workspaces.c.id == by.workspace_id)).scalar_one()
        link = f"{self._app_url}/?invitation={token}"
        try:
            self._mail.send(_letter(known, str(where), link))
        except Unavailable:
            return Invited(known, link, mailed=False)
        return Invited(known, link, mailed=True)


def _make_room(connection: sa.Connection, by: Principal, email: str, now: datetime) -> None:
    """See to it that an address has one invitation of a workspace; one whose time is over makes room for the new one."""
    # Locked until the end: of two admins who invite the same address at the same moment one is told of the other.
    connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id == by.workspace_id).with_for_update(key_share=True))
    member = memberships.join(people, people.c.id == memberships.c.person_id)
    known = sa.select(memberships.c.disabled_at).select_from(member)
    found = connection.execute(known.where(memberships.c.workspace_id == by.workspace_id, people.c.email == email)).first()
    if found is not None:
        hint = "Let them in again instead." if found[0] else "Change their role instead."
        raise Conflict("This address already belongs to somebody in this workspace.", hint=hint)
    mine = (invitations.c.workspace_id == by.workspace_id, invitations.c.email == email, invitations.c.cancelled_at.is_(None))
    if connection.execute(sa.select(invitations.c.id).where(*mine, is_open(now))).first():
        raise Conflict("This address has an open invitation.", hint="Send that one again, or cancel it first.")
    over = sa.update(invitations).where(*mine, invitations.c.accepted_at.is_(None))
    connection.execute(over.values(cancelled_at=now))


def _checked_limit(connection: sa.Connection, by: Principal, role: str, list_ids: Collection[int] | None) -> list[int] | None:
    if list_ids is None:
        return None
    if role == Role.ADMIN:
        raise Conflict("An admin sees every list.", hint="Give them another role, or all lists.")
    require_lists(connection, by.workspace_id, list_ids)
    return sorted(set(list_ids))


def _checked_name(name: str) -> str:
    return checked_name(name) if name.strip() else ""


def _letter(invitation: Invitation, workspace: str, link: str) -> Letter:
    who = f"{invitation.invited_by} invites you" if invitation.invited_by else "You are invited"
    return Letter(
        to_email=invitation.email,
        to_name=invitation.name,
        subject=f"Join “{workspace}” on Postwright",
        paragraphs=(
            f"{who} to the workspace “{workspace}” as {invitation.role_name}.",
            f"The link works once, until {invitation.expires_at.day} {invitation.expires_at:%B %Y}.",
        ),
        link=link,
        button="Accept invitation",
    )
