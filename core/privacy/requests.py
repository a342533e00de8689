"""The register of what people ask about their data: who, what, by when, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import normalise
from core.contacts.tables import contacts
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Principal
from core.privacy.asking import require
from core.privacy.due import Law, RequestKind, can_extend, due_on
from core.privacy.hashes import SubjectHashes
from core.privacy.tables import privacy_requests
from core.storage.database import Database
from core.storage.vault import Vault

SOON = timedelta(days=7)
MAX_NOTES = 4_000
_c = privacy_requests.c


class RequestState(StrEnum):
    """How far a request is."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class PrivacyRequest:
    """What somebody asked for.

    Args:
        id: Its number.
        kind: What.
        law: By which law it is answered.
        email: Whose data; "" once they are erased.
        contact_id: Their number, None for somebody who is no contact.
        notes: What people here wrote about it.
        received_on: The day it came in.
        due_on: By when it has to be answered.
        extended_because: Why it takes longer, "" where it does not.
        state: How far it is.
        opened_by: The label of who entered it.
        exported_at: When their data was exported for it.
        erased_at: When their data was erased for it.
        closed_at: When it was answered.
        days_left: From today to the due day; below 0 is overdue.
    """

    id: int
    kind: RequestKind
    law: Law
    email: str
    contact_id: int | None
    notes: str
    received_on: date
    due_on: date
    extended_because: str
    state: RequestState
    opened_by: str
    exported_at: datetime | None
    erased_at: datetime | None
    closed_at: datetime | None
    days_left: int

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state is RequestState.OPEN

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been answered before today."""
        return self.is_open and self.days_left < 0

    @property
    def is_due_soon(self) -> bool:
        """Whether it has to be answered within a week."""
        return self.is_open and 0 <= self.days_left <= SOON.days

    @property
    def can_extend(self) -> bool:
        """Whether it may take longer: once, where the law allows it, and only while the first term lasts."""
        return self.is_open and not self.extended_because and self.days_left >= 0 and can_extend(self.law, self.kind)


@dataclass(frozen=True)
class RequestPage:
    """Some requests, and how many there are in all."""

    rows: list[PrivacyRequest]
    total: int


@dataclass(frozen=True)
class Pressing:
    """How many requests are late, and how many have to be answered within a week."""

    overdue: int
    due_soon: int


class PrivacyRequests:
    """Keeps the register; not for people limited to some lists, because whoever asks may be on any.

    Args:
        db: The database.
        clock: The time.
        vault: Seals the addresses: the register is read by few and kept for long.
        hashes: Tell whose request it is.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault, hashes: SubjectHashes) -> None:
        self._db, self._clock, self._vault, self._hashes = db, clock, vault, hashes

    def open(
        self, by: Principal, email: str, asked_for: RequestKind, law: Law = Law.GDPR, *, received_on: date | None = None, notes: str = ""
    ) -> PrivacyRequest:
        """Enter what somebody asked for, whether they are a contact or not.

        Args:
            by: Who enters it.
            email: The address of whoever asks.
            asked_for: What for.
            law: By which law it is answered.
            received_on: The day it came in, today if not given: the term runs from then, not from when it is entered.
            notes: How it came in, and whatever helps.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            InvalidInput: If the address can't be one, the day is yet to come, or the notes are too long.
        """
        require(by)
        address, received = normalise(email, allows_utf8=True), self._received(received_on)
        told: dict[str, object] = {"kind": asked_for.value, "law": law.value, "due_on": due_on(law, asked_for, received)}
        row = {**told, "notes": _checked(notes), "received_on": received}
        with self._db.transaction() as connection:
            request_id = self._enter(connection, by, address, row)
            self._tell(connection, by, AuditAction.PRIVACY_REQUEST_OPENED, request_id, told)
        return self.get(by, request_id)

    def get(self, by: Principal, request_id: int) -> PrivacyRequest:
        """Return a request.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            NotFound: If this workspace has none of this number.
        """
        require(by)
        with self._db.read() as connection:
            return self._one(connection, by, request_id)

    def page(self, by: Principal, *, is_open: bool = True, limit: int = 50, offset: int = 0) -> RequestPage:
        """Return some requests: those that wait, the most urgent first, or those that are answered, the newest first.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
        """
        require(by)
        state = _c.state == RequestState.OPEN.value
        mine = sa.and_(_c.workspace_id == by.workspace_id, state if is_open else ~state)
        order = (_c.due_on, _c.id) if is_open else (_c.closed_at.desc(), _c.id.desc())
        with self._db.read() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(privacy_requests).where(mine)).scalar_one()
            found = connection.execute(sa.select(privacy_requests).where(mine).order_by(*order).limit(limit).offset(offset))
            return RequestPage([self._read(row) for row in found], total)

    def pressing(self, by: Principal) -> Pressing:
        """Return how many requests are late or due within a week.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
        """
        require(by)
        today = self._today()
        late, soon = _c.due_on < today, _c.due_on.between(today, today + SOON)
        mine = (_c.workspace_id == by.workspace_id, _c.state == RequestState.OPEN.value)
        counted = sa.select(*(sa.func.coalesce(sa.func.sum(sa.case((each, 1), else_=0)), 0) for each in (late, soon))).where(*mine)
        with self._db.read() as connection:
            row = connection.execute(counted).one()
        return Pressing(int(row[0]), int(row[1]))

    def extend(self, by: Principal, request_id: int, because: str) -> PrivacyRequest:
        """Note that a request takes longer and the person was told why; the law allows it once, while the first term lasts.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            NotFound: If this workspace has none of this number.
            InvalidInput: If no reason is given.
            Conflict: If it can't be extended.
        """
        require(by)
        reason = _checked(because)
        if not reason:
            raise InvalidInput("There is no reason.", hint="The law asks for one: say why it takes longer, as you told them.")
        with self._db.transaction() as connection:
            request = self._one(connection, by, request_id, lock=True)
            if not request.can_extend:
                raise Conflict("This request can’t be extended.", hint="It can be once, before it is due, where the law allows it.")
            due = due_on(request.law, request.kind, request.received_on, is_extended=True)
            self._change(connection, by, request_id, extended_because=reason, due_on=due)
            self._tell(connection, by, AuditAction.PRIVACY_REQUEST_CHANGED, request_id, {"due_on": due})
        return self.get(by, request_id)

    def note(self, by: Principal, request_id: int, notes: str) -> PrivacyRequest:
        """Keep other notes about a request.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            NotFound: If this workspace has none of this number.
            InvalidInput: If they are too long.
        """
        require(by)
        with self._db.transaction() as connection:
            self._one(connection, by, request_id, lock=True)
            self._change(connection, by, request_id, notes=_checked(notes))
            self._tell(connection, by, AuditAction.PRIVACY_REQUEST_CHANGED, request_id, {"notes": "changed"})
        return self.get(by, request_id)

    def close(self, by: Principal, request_id: int, state: RequestState = RequestState.DONE) -> PrivacyRequest:
        """Note that a request was answered, or refused.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            NotFound: If this workspace has none of this number.
            Conflict: If that was noted already.
        """
        require(by)
        with self._db.transaction() as connection:
            if not self._one(connection, by, request_id, lock=True).is_open:
                raise Conflict("This request is answered already.", hint="Enter a new one if they ask again.")
            self._change(connection, by, request_id, state=state.value, closed_at=self._clock.now())
            self._tell(connection, by, AuditAction.PRIVACY_REQUEST_CLOSED, request_id, {"state": state.value})
        return self.get(by, request_id)

    def _received(self, day: date | None) -> date:
        today = self._today()
        if day is not None and day > today:
            raise InvalidInput("The day it came in is yet to come.", hint="Enter the day on which they asked.")
        return day or today

    def _enter(self, connection: sa.Connection, by: Principal, address: str, said: dict[str, Any]) -> int:
        """Put a request into the register, with the contact it is of, if there is one, and return its number."""
        known = sa.select(contacts.c.id).where(contacts.c.workspace_id == by.workspace_id, contacts.c.email == address)
        row = {"email": self._vault.seal(address), "email_hash": self._hashes.of(by.workspace_id, address), **said}
        row |= {"workspace_id": by.workspace_id, "contact_id": connection.execute(known).scalar(), "opened_by": by.label}
        row |= {"state": RequestState.OPEN.value, "extended_because": "", "created_at": self._clock.now()}
        return int(connection.execute(sa.insert(privacy_requests).values(**row).returning(_c.id)).scalar_one())

    def _one(self, connection: sa.Connection, by: Principal, request_id: int, *, lock: bool = False) -> PrivacyRequest:
        wanted = sa.select(privacy_requests).where(_c.workspace_id == by.workspace_id, _c.id == request_id)
        row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
        if row is None:
            raise NotFound(f"There is no request {request_id}.", hint="Look at the register of requests.")
        return self._read(row)

    def _change(self, connection: sa.Connection, by: Principal, request_id: int, **values: Any) -> None:
        connection.execute(sa.update(privacy_requests).where(_c.workspace_id == by.workspace_id, _c.id == request_id).values(**values))

    def _tell(self, connection: sa.Connection, by: Principal, action: AuditAction, request_id: int, told: dict[str, object]) -> None:
        record(connection, self._clock.now(), by, action, f"privacy_request:{request_id}", after=told)

    def _read(self, row: sa.Row[Any]) -> PrivacyRequest:
        known = {name: row._mapping[name] for name in _SHOWN}
        email = self._vault.open(row.email) if row.email else ""
        words = {"kind": RequestKind(row.kind), "law": Law(row.law), "state": RequestState(row.state), "email": email}
        return PrivacyRequest(**{**known, **words}, days_left=(row.due_on - self._today()).days)

    def _today(self) -> date:
        return self._clock.now().date()


_SHOWN: Sequence[str] = tuple(name for name in PrivacyRequest.__dataclass_fields__ if name != "days_left")


def _checked(text: str) -> str:
    trimmed = text.strip()
    if len(trimmed) > MAX_NOTES:
        raise InvalidInput("The notes are too long.", hint=f"Use at most {MAX_NOTES:,} characters.")
    return trimmed
