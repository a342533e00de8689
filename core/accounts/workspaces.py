"""Workspaces: the tenants that every other row belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.accounts.tables import memberships
from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Permission, Principal, Role
from core.storage.database import Database, insert_or_ignore, upsert
from core.storage.tables import workspaces

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
    """

    id: int
    name: str
    is_demo: bool
    timezone: str
    postal_address: str


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
        return Workspace(id=number, is_demo=is_demo, postal_address="", **values)

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
            "disabled_at": None,
            "created_at": self._clock.now(),
        }
        with self._db.transaction() as connection:
            upsert(connection, memberships, [row], key=["workspace_id", "person_id"], update=["role", "disabled_at"])

    def join_demos(self, connection: sa.Connection, person_id: int, role: Role) -> None:
        """Let a person into every demo workspace, inside the caller's transaction; who is in one already stays as they are."""
        demos = connection.execute(sa.select(workspaces.c.id).where(workspaces.c.is_demo)).scalars().all()
        known = {"person_id": person_id, "role": role.value, "created_at": self._clock.now()}
        insert_or_ignore(connection, memberships, [known | {"workspace_id": demo} for demo in demos])

    def update(
        self, by: Principal, *, name: str | None = None, timezone: str | None = None, postal_address: str | None = None
    ) -> Workspace:
        """Change what is given of the principal's workspace and return it.

        Raises:
            Denied: Without `workspace.edit`.
            InvalidInput: If a value can't be used.
            Conflict: If the name is taken.
        """
        by.require(Permission.WORKSPACE_EDIT)
        changes: dict[str, str] = {}
        if name is not None:
            changes["name"] = _checked_name(name)
        if timezone is not None:
            changes["timezone"] = _checked_zone(timezone)
        if postal_address is not None:
            changes["postal_address"] = _checked_address(postal_address)
        if changes:
            self._write(by.workspace_id, changes)
        return self.get(by.workspace_id)

    def _write(self, workspace_id: int, changes: dict[str, str]) -> None:
        try:
            with self._db.transaction() as connection:
                connection.execute(sa.update(workspaces).where(workspaces.c.id == workspace_id).values(**changes))
        except IntegrityError as error:
            raise _name_taken() from error

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Workspace]:
        with self._db.read() as connection:
            rows = connection.execute(sa.select(workspaces).where(condition).order_by(workspaces.c.id)).mappings()
            return [_workspace(row) for row in rows]


def _workspace(row: sa.RowMapping) -> Workspace:
    return Workspace(row["id"], row["name"], row["is_demo"], row["timezone"], row["postal_address"])


def _only(found: list[Workspace]) -> Workspace:
    if not found:
        raise NotFound("There is no such workspace.", hint="Check the name and try again.")
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
