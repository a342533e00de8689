"""What is done for a request is noted with it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.errors import Conflict, NotFound
from core.permissions import Principal
from core.privacy.due import RequestKind
from core.privacy.subjects import Subject
from core.privacy.tables import privacy_requests

_c = privacy_requests.c


def check_request(connection: sa.Connection, by: Principal, request_id: int | None, subject: Subject) -> None:
    """Do nothing if a request may be answered about somebody, or none is named.

    Raises:
        NotFound: If there is no such request.
        Conflict: If it is about somebody else.
    """
    if request_id is None:
        return
    wanted = sa.select(_c.email_hash, _c.contact_id).where(_c.workspace_id == by.workspace_id, _c.id == request_id)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(f"There is no request {request_id}.", hint="Look at the register of requests.")
    if row.email_hash not in subject.hashes and (row.contact_id is None or row.contact_id != subject.contact_id):
        raise Conflict("This request is about somebody else.", hint="Check the address, or choose another request.")


def note_exported(connection: sa.Connection, by: Principal, request_id: int | None, now: datetime) -> None:
    """Note with a request that the data was exported."""
    if request_id is not None:
        mine = sa.update(privacy_requests).where(_c.workspace_id == by.workspace_id, _c.id == request_id)
        connection.execute(mine.values(exported_at=now))


def note_erased(connection: sa.Connection, workspace_id: int, subject_hashes: tuple[str, ...], now: datetime) -> int:
    """Note with everything somebody asked for that they are erased, and answer what asked for that; return how many requests that were.

    Args:
        connection: The transaction.
        workspace_id: Whose requests.
        subject_hashes: The keyed hashes of the address.
        now: The time.
    """
    theirs = (_c.workspace_id == workspace_id, _c.email_hash.in_(subject_hashes))
    wiped = {"email": "", "notes": "", "extended_because": "", "erased_at": now}
    count = connection.execute(sa.update(privacy_requests).where(*theirs).values(**wiped)).rowcount
    answered = sa.update(privacy_requests).where(*theirs, _c.kind == RequestKind.ERASURE.value, _c.state == "open")
    connection.execute(answered.values(state="done", closed_at=now))
    return count
