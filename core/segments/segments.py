"""Segments: rules with a name, kept, counted, shown, and asked for the people they choose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.consent.consent import ConsentStatus
from core.contacts.snapshot import ContactSnapshots
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.segments.asking import Asking
from core.segments.describing import describe
from core.segments.fields import FieldInfo, available_fields
from core.segments.models import PreviewContact, Segment
from core.segments.rules import parse
from core.segments.tables import segments
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine

__all__ = ["MAX_NAME", "MAX_PREVIEW", "PreviewContact", "Segment", "Segments"]

MAX_NAME = 200
MAX_PREVIEW = 1_000


class Segments:
    """Keeps segments and answers who is in them, exactly and as of now.

    Everybody who may view segments sees their rules; somebody limited to some lists counts and sees only people on them, may not
    name other lists, and changes only segments they made themselves, since others write to people with the rest.

    Args:
        db: The database.
        clock: The time; “the last 30 days” count from it.
        engine: Where questions are answered.
        snapshots: The contacts as a relation.
    """

    def __init__(self, db: Database, clock: Clock, engine: AnalyticsEngine, snapshots: ContactSnapshots) -> None:
        self._db, self._clock = db, clock
        self._asking = Asking(db, clock, engine, snapshots)

    def create(self, by: Principal, name: str, rules: object) -> Segment:
        """Keep rules under a name; a list may be given by its name, it is kept by id.

        Raises:
            Denied: If `by` may not edit segments.
            InvalidInput: If the rules or the name can't be used; names the rule.
            Conflict: If there is a segment of this name.
        """
        by.require(Permission.SEGMENTS_EDIT)
        now = self._clock.now()
        plain, kept = _name(name), self._asking.to_keep(by, rules)
        row = {"workspace_id": by.workspace_id, "name": plain, "rules": kept, "created_by": by.label, "created_at": now, "updated_at": now}
        with _name_is_free(plain), self._db.transaction() as connection:
            made = connection.execute(sa.insert(segments).values(row).returning(segments.c.id)).scalar_one()
            record(connection, now, by, AuditAction.SEGMENT_CREATED, f"segment:{made}", after={"name": plain})
            return Segment(made, plain, kept, now, now, by.label)

    def update(self, by: Principal, segment_id: int, *, name: str | None = None, rules: object = None) -> Segment:
        """Rename a segment or give it other rules; campaigns that were launched keep the audience they had.

        Raises:
            Denied: If `by` may not edit segments, or not this one.
            NotFound: If there is no such segment.
            InvalidInput: If the rules or the name can't be used; names the rule.
            Conflict: If there is another segment of this name.
        """
        by.require(Permission.SEGMENTS_EDIT)
        known = self._own(by, segment_id)
        changed = replace(
            known,
            name=known.name if name is None else _name(name),
            rules=known.rules if rules is None else self._asking.to_keep(by, rules),
            updated_at=self._clock.now(),
        )
        values = {"name": changed.name, "rules": changed.rules, "updated_at": changed.updated_at}
        with _name_is_free(changed.name), self._db.transaction() as connection:
            connection.execute(sa.update(segments).where(*_this(by, segment_id)).values(values))
            before, after = _what_changed(known, changed)
            record(connection, changed.updated_at, by, AuditAction.SEGMENT_CHANGED, f"segment:{segment_id}", before=before, after=after)
        return changed

    def delete(self, by: Principal, segment_id: int) -> None:
        """Forget a segment; its people stay.

        Raises:
            Denied: If `by` may not edit segments, or not this one.
            NotFound: If there is no such segment.
        """
        by.require(Permission.SEGMENTS_EDIT)
        self._own(by, segment_id)
        with self._db.transaction() as connection:
            name = connection.execute(sa.delete(segments).where(*_this(by, segment_id)).returning(segments.c.name)).scalar()
            if name is None:
                raise _gone()
            record(connection, self._clock.now(), by, AuditAction.SEGMENT_DELETED, f"segment:{segment_id}", before={"name": name})

    def get(self, by: Principal, segment_id: int) -> Segment:
        """Return a segment.

        Raises:
            Denied: If `by` may not view segments.
            NotFound: If there is no such segment.
        """
        return self._one(by, segments.c.id == segment_id)

    def by_name(self, by: Principal, name: str) -> Segment:
        """Return the segment of this name.

        Raises:
            Denied: If `by` may not view segments.
            NotFound: If there is no such segment.
        """
        return self._one(by, segments.c.name == name)

    def all(self, by: Principal) -> list[Segment]:
        """Return every segment, by name.

        Raises:
            Denied: If `by` may not view segments.
        """
        by.require(Permission.SEGMENTS_VIEW)
        with self._db.read() as connection:
            found = connection.execute(_SELECT.where(segments.c.workspace_id == by.workspace_id).order_by(segments.c.name))
            return [Segment(*row) for row in found]

    def available_fields(self, by: Principal) -> list[FieldInfo]:
        """Return what rules can ask about in this workspace, with operators and choices.

        Raises:
            Denied: If `by` may not view segments.
        """
        by.require(Permission.SEGMENTS_VIEW)
        return available_fields(self._asking.vocabulary(by))

    def describe(self, by: Principal, rules: object) -> str:
        """Return rules in plain words.

        Raises:
            Denied: If `by` may not view segments.
            InvalidInput: If the rules can't be used; names the rule.
        """
        by.require(Permission.SEGMENTS_VIEW)
        return describe(parse(self._asking.to_keep(by, rules)), self._asking.vocabulary(by))

    def count(self, by: Principal, rules: object) -> int:
        """Return how many contacts the rules choose now, whether they may be mailed or not.

        Raises:
            Denied: If `by` may not view segments.
            InvalidInput: If the rules can't be used; names the rule.
        """
        by.require(Permission.SEGMENTS_VIEW)
        with self._asking.ask(by, rules) as (session, compiled):
            return int(session.value(f"select count(*) from ({compiled.sql}) chosen", compiled.values))

    def mailable_count(self, by: Principal, rules: object) -> int:
        """Return how many of the chosen contacts may be mailed now: subscribed and not suppressed.

        Raises:
            Denied: If `by` may not view segments.
            InvalidInput: If the rules can't be used; names the rule.
        """
        by.require(Permission.SEGMENTS_VIEW)
        may_be_mailed = f"consent = '{ConsentStatus.SUBSCRIBED}' and not suppressed"
        with self._asking.ask(by, rules) as (session, compiled):
            sql = f"select count(*) from contacts where id in ({compiled.sql}) and {may_be_mailed}"
            return int(session.value(sql, compiled.values))

    def preview(self, by: Principal, rules: object, limit: int = 20) -> list[PreviewContact]:
        """Return the first of the chosen contacts, oldest first.

        Args:
            by: Who asks.
            rules: The rules, kept or not.
            limit: How many at most; up to 1,000.

        Raises:
            Denied: If `by` may not view segments and contacts.
            InvalidInput: If the rules can't be used; names the rule.
        """
        by.require(Permission.SEGMENTS_VIEW)
        by.require(Permission.CONTACTS_VIEW)
        with self._asking.ask(by, rules) as (session, compiled):
            columns = "id, email, first_name, last_name, consent, attributes"
            sql = f"select {columns} from contacts where id in ({compiled.sql}) order by id limit $row_limit"
            found = session.rows(sql, compiled.values | {"row_limit": max(1, min(limit, MAX_PREVIEW))})
        return [PreviewContact(**(row | {"attributes": json.loads(row["attributes"] or "{}")})) for row in found]

    def contact_ids(self, by: Principal, rules: object) -> list[int]:
        """Return everybody the rules choose now among those `by` may see, by id in order; for audiences and exports.

        Raises:
            Denied: If `by` may not view segments.
            InvalidInput: If the rules can't be used (any more), as when their list was deleted.
        """
        by.require(Permission.SEGMENTS_VIEW)
        with self._asking.ask(by, rules) as (session, compiled):
            ids: list[int] = session.table(f"select id from ({compiled.sql}) chosen order by id", compiled.values)["id"].to_pylist()
            return ids

    def _own(self, by: Principal, segment_id: int) -> Segment:
        segment = self._get(by, segments.c.id == segment_id)
        if not segment.may_be_changed_by(by):
            raise Denied("Somebody else made this segment, and others write to people with it.", hint="Make one of your own.")
        return segment

    def _one(self, by: Principal, condition: sa.ColumnElement[bool]) -> Segment:
        by.require(Permission.SEGMENTS_VIEW)
        return self._get(by, condition)

    def _get(self, by: Principal, condition: sa.ColumnElement[bool]) -> Segment:
        with self._db.read() as connection:
            row = connection.execute(_SELECT.where(segments.c.workspace_id == by.workspace_id, condition)).first()
        if row is None:
            raise _gone()
        return Segment(*row)


_SELECT = sa.select(segments.c.id, segments.c.name, segments.c.rules, segments.c.created_at, segments.c.updated_at, segments.c.created_by)


def _this(by: Principal, segment_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return segments.c.workspace_id == by.workspace_id, segments.c.id == segment_id


def _what_changed(before: Segment, after: Segment) -> tuple[dict[str, object], dict[str, object]]:
    """Return what was and what is, for the audit log; of rules only that they changed, because people's addresses may stand in them."""
    was: dict[str, object] = {}
    now: dict[str, object] = {}
    if before.name != after.name:
        was["name"], now["name"] = before.name, after.name
    if before.rules != after.rules:
        now["rules"] = "changed"
    return was, now


def _name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > MAX_NAME or "\0" in plain:
        raise InvalidInput("A segment needs a name.", hint=f"1 to {MAX_NAME} characters.")
    return plain


@contextmanager
def _name_is_free(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"There is a segment called “{name}” already.", hint="Choose another name.") from error


def _gone() -> NotFound:
    return NotFound("There is no such segment.", hint="It may have been deleted; see the list of segments.")
