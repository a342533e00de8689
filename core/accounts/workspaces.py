"""Workspaces: the tenants that every other row belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.accounts.memberships import add_membership
from core.accounts.roles import find_role
from core.accounts.tables import memberships, people
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal, Role
from core.sending_rules import SendingRules
from core.storage.database import Database, insert_or_ignore, upsert
from core.storage.tables import journal_offsets, workspaces

LONGEST_NAME = 80
LONGEST_ADDRESS = 400


@dataclass(frozen=True)
class Workspace:
    """A tenant.

    Args:
        id: Its number.
        name: Unique among workspaces.
        is_demo: Whether its people and figures are made up.
        timezone: An IANA zone name; what times are shown in.
        postal_address: The sender's address that the footer of every mail must name.
        requires_two_factor: Whether its people may do nothing in it before they have set up a second factor.
        tracks_people: Whether opens and clicks are kept with whose they were; else only counted.
        sending_rules: Quiet hours, and how many campaigns somebody gets at most.
    """

    id: int
    name: str
    is_demo: bool
    timezone: str
    postal_address: str
    requires_two_factor: bool = False
    tracks_people: bool = True
    sending_rules: SendingRules = field(default_factory=SendingRules)


class Workspaces:
    """Creates, finds and changes workspaces."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def create(self, name: str, *, is_demo: bool = False, timezone: str = "UTC") -> Workspace:
        """Make a workspace.

        Raises:
            InvalidInput: If the name is empty or too long, or the zone is unknown.
            Conflict: If the name is taken.
        """
        with self._db.transaction() as connection:
            return self.create_in(connection, name, is_demo=is_demo, timezone=timezone)

    def create_in(self, connection: sa.Connection, name: str, *, is_demo: bool = False, timezone: str = "UTC") -> Workspace:
        """Make a workspace as part of a transaction that is already open; see `create`."""
        values = {"name": _checked_name(name), "timezone": _checked_zone(timezone)}
        row = {**values, "is_demo": is_demo, "postal_address": "", "created_at": self._clock.now()}
        try:
            with connection.begin_nested():
                number = int(connection.execute(sa.insert(workspaces).values(**row).returning(workspaces.c.id)).scalar_one())
        except IntegrityError as error:
            raise _name_taken() from error
        return Workspace(number, values["name"], is_demo, values["timezone"], postal_address="")

    def all(self) -> list[Workspace]:
        """Return every workspace, oldest first."""
        return self._select(sa.true())

    def get(self, workspace_id: int) -> Workspace:
        """Return one workspace.

        Raises:
            NotFound: If there is none with this number.
        """
        return _only(self._select(workspaces.c.id == workspace_id))

    def by_name(self, name: str) -> Workspace:
        """Return the workspace of this name.

        Raises:
            NotFound: If there is none.
        """
        return _only(self._select(workspaces.c.name == name.strip()))

    def first(self) -> Workspace | None:
        """Return the oldest workspace, a demo only if there is nothing else; None before the set-up."""
        return min(self.all(), key=lambda workspace: (workspace.is_demo, workspace.id), default=None)

    def for_person(self, person_id: int) -> list[Workspace]:
        """Return the workspaces a person may enter, oldest first."""
        mine = sa.select(memberships.c.workspace_id).where(memberships.c.person_id == person_id, memberships.c.disabled_at.is_(None))
        return self._select(workspaces.c.id.in_(mine))

    def add_member(self, workspace_id: int, person_id: int, role: Role) -> None:
        """Let a person into a workspace, or change the role they have there; for the product itself, no person calls this."""
        row = {
            "workspace_id": workspace_id,
            "person_id": person_id,
            "role": role.value,
            "role_id": None,
            "disabled_at": None,
            "created_at": self._clock.now(),
        }
        with self._db.transaction() as connection:
            upsert(connection, memberships, [row], key=["workspace_id", "person_id"], update=["role", "role_id", "disabled_at"])

    def join_demos(self, connection: sa.Connection, person_id: int, role: Role) -> None:
        """Let a person into every demo workspace, inside the caller's transaction; who is in one already stays as they are."""
        demos = connection.execute(sa.select(workspaces.c.id).where(workspaces.c.is_demo)).scalars().all()
        known = {"person_id": person_id, "role": role.value, "created_at": self._clock.now()}
        insert_or_ignore(connection, memberships, [known | {"workspace_id": demo} for demo in demos])

    def create_for(self, by: Principal, name: str, timezone: str = "UTC") -> Workspace:
        """Make a workspace whose admin is the principal; what is done in it stays in it.

        Raises:
            Denied: Without `workspaces.create`, or for what is not a person: nobody could enter it.
            InvalidInput: If the name is empty or too long, or the zone is unknown.
            Conflict: If the name is taken.
        """
        by.require(Permission.WORKSPACES_CREATE)
        if by.person_id is None:
            raise Denied("A workspace is made by a person, who becomes its admin.", hint="Sign in and make it there.")
        now = self._clock.now()
        with self._db.transaction() as connection:
            made = self.create_in(connection, name, timezone=timezone)
            add_membership(connection, made.id, by.person_id, find_role(connection, made.id, Role.ADMIN), now)
            for chain in sorted((by.workspace_id, made.id)):  # always in the same order: two that are made at once must not wait in a ring
                values = {"name": made.name, "timezone": made.timezone}
                record(
                    connection, now, replace(by, workspace_id=chain), AuditAction.WORKSPACE_CREATED, f"workspace:{made.id}", after=values
                )
        return made

    def update(
        self,
        by: Principal,
        *,
        name: str | None = None,
        timezone: str | None = None,
        postal_address: str | None = None,
        requires_two_factor: bool | None = None,
        tracks_people: bool | None = None,
        sending_rules: SendingRules | None = None,
    ) -> Workspace:
        """Change what is given of the principal's workspace and return it.

        Raises:
            Denied: Without `workspace.edit`.
            InvalidInput: If a value can't be used.
            Conflict: If the name is taken, or for somebody who asks for second factors without having one: they would be out first.
        """
        by.require(Permission.WORKSPACE_EDIT)
        given = {
            "name": None if name is None else _checked_name(name),
            "timezone": None if timezone is None else _checked_zone(timezone),
            "postal_address": None if postal_address is None else _checked_address(postal_address),
            "requires_two_factor": requires_two_factor,
            "tracks_people": tracks_people,
            "sending_rules": None if sending_rules is None else sending_rules.as_json(),
        }
        try:
            with self._db.transaction() as connection:
                return _changed(connection, by, given, self._clock.now())
        except IntegrityError as error:
            raise _name_taken() from error

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Workspace]:
        with self._db.read() as connection:
            rows = connection.execute(sa.select(workspaces).where(condition).order_by(workspaces.c.id)).mappings()
            return [_workspace(dict(row)) for row in rows]


def _changed(connection: sa.Connection, by: Principal, given: Mapping[str, object], now: datetime) -> Workspace:
    mine = workspaces.c.id == by.workspace_id
    row = connection.execute(sa.select(workspaces).where(mine).with_for_update(key_share=True)).mappings().first()
    if row is None:
        raise _no_such_workspace()
    changes = {key: value for key, value in given.items() if value is not None and value != row[key]}
    if not changes:
        return _workspace(dict(row))
    if changes.get("requires_two_factor"):
        _require_own_second_factor(connection, by)
    if changes.get("tracks_people") is False:
        _leave_what_was_read(connection)
    connection.execute(sa.update(workspaces).where(mine).values(**changes))
    before = {key: row[key] for key in changes}
    record(connection, now, by, AuditAction.WORKSPACE_CHANGED, f"workspace:{by.workspace_id}", before=before, after=changes)
    return _workspace({**row, **changes})


def _require_own_second_factor(connection: sa.Connection, by: Principal) -> None:
    """Do nothing where the principal has a second factor, or is the product itself, which signs in nowhere."""
    enabled = sa.select(people.c.id).where(people.c.id == by.person_id, people.c.totp_enabled_at.isnot(None))
    if by.person_id is not None and connection.execute(enabled).first() is None:
        raise Conflict(
            "You have no second factor yourself: you would lock yourself out.", hint="Set one up under your account, then turn this on."
        )


def _leave_what_was_read(connection: sa.Connection) -> None:
    """Let people stay in lines of the journal read before the first workspace tracks none: only what comes from now on loses them."""
    column = journal_offsets.c
    if connection.execute(sa.select(workspaces.c.id).where(~workspaces.c.tracks_people).limit(1)).first() is None:
        connection.execute(sa.update(journal_offsets).where(column.redacted_to < column.offset).values(redacted_to=column.offset))


def _workspace(row: Mapping[str, Any]) -> Workspace:
    names = ("id", "name", "is_demo", "timezone", "postal_address", "requires_two_factor", "tracks_people")
    return Workspace(**{name: row[name] for name in names}, sending_rules=SendingRules.from_json(row["sending_rules"]))


def _only(found: list[Workspace]) -> Workspace:
    if not found:
        raise _no_such_workspace()
    return found[0]


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(f"A workspace needs a name of 1 to {LONGEST_NAME} characters.", hint="Your company's name works well.")
    return name


def _checked_zone(timezone: str) -> str:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput("This time zone is not known.", hint="Use a name such as “Europe/Berlin” or “UTC”.") from error
    return timezone


def _checked_address(address: str) -> str:
    address = "\n".join(line.strip() for line in address.strip().splitlines())
    if len(address) > LONGEST_ADDRESS:
        raise InvalidInput(f"The postal address is longer than {LONGEST_ADDRESS} characters.", hint="Shorten it.")
    return address


def _name_taken() -> Conflict:
    return Conflict("A workspace of this name already exists.", hint="Choose another name.")


def _no_such_workspace() -> NotFound:
    return NotFound("There is no such workspace.", hint="Check the name and try again.")
