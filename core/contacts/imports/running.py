"""One import from a laid out file to contacts: judged without the database, then merged and written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.attributes import check_room, declare, declared
from core.contacts.changes import latest_change, next_change
from core.contacts.consent.askings import answer_for, asked_for
from core.contacts.consent.consent import Consent
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.joining import ask_touched, asks_first
from core.contacts.consent.records import ConsentStatus
from core.contacts.imports.contents import contents
from core.contacts.imports.judging import SHOWN, Judged, judge, without
from core.contacts.imports.kinds import ColumnType, Kind
from core.contacts.imports.known import suppressed_among
from core.contacts.imports.mapping import Mapped, check_mapping
from core.contacts.imports.merging import Along, Merged, Target, Writing, loading_columns, merge, write_rest
from core.contacts.imports.models import Choices, FlaggedRow, ImportResult
from core.contacts.imports.own_words import Stands, ids_of, own_words, strangers_among
from core.contacts.imports.reading_ahead import ReadingAhead
from core.contacts.imports.refusals import refused_csv
from core.contacts.imports.remembering import remember, suggested
from core.contacts.imports.staged import Staged
from core.contacts.imports.starting import Order, begin
from core.contacts.imports.states import OPEN, ImportState
from core.contacts.imports.suggesting import settled
from core.contacts.imports.tables import import_changes
from core.contacts.imports.tags import named_in, put_tags
from core.contacts.list_names import find_list, list_named
from core.contacts.membership import join_changed
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import consent_records, contacts, imports, list_members
from core.contacts.tagging import require_tags
from core.contacts.visibility import NOT_YOURS, addresses_out_of_sight, require_known, sees_list
from core.errors import Conflict, NotFound
from core.permissions import Principal
from core.storage.blobs import Blobs
from core.storage.bulk import temporary_table
from core.storage.database import Database, among, analyse, chunked

CHECKING, COMPARING, WRITING = "checking", "comparing", "writing"
_BULK, _HASHED = 5_000, 100_000
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Asked:
    """An import that somebody asked for.

    Args:
        by: Who.
        staged: The file.
        file_name: What it is called.
        choices: How it is to be taken in.
        import_id: Its number, if it is on record already.
        along: What comes into its transaction besides.
        follows: Whether something is to be done after it.
    """

    by: Principal
    staged: Staged
    file_name: str
    choices: Choices
    import_id: int | None = None
    along: Along | None = None
    follows: bool = False


class Running:
    """Does imports.

    Args:
        db: The database.
        clock: The time.
        blobs: Where the refused rows are kept for download.
        suppressions: Recognises addresses that were erased and suppressed.
    """

    def __init__(self, db: Database, clock: Clock, blobs: Blobs, suppressions: Suppressions) -> None:
        self._db, self._clock, self._blobs, self._suppressions = db, clock, blobs, suppressions

    def try_out(self, asked: Asked, tell: Tell) -> ImportResult:
        """Return what an import would do, and change nothing."""
        with ReadingAhead(self._db, asked.by.workspace_id, asked.staged.rows) as reading:
            judged, mapped, by = *self._judged(asked, tell), asked.by
            with self._db.read() as connection:
                people = reading.people_at(latest_change(connection, by.workspace_id))
                list_id, judged = target(connection, by, asked.choices.list_name), _in_sight(connection, by, judged)
                to = _to(connection, asked, list_id, self._clock.now(), people)
                _, noes = own_words(asked.staged, mapped, judged)
                parts, emails = contents(asked.staged, mapped, judged, noes), judged.kept["email"]
                merged = merge(connection, to, emails, parts, None, lambda done, total: tell(COMPARING, done, total))
                require_tags(connection, by, named_in(merged.tagged))
                suppressed = suppressed_among(connection, by, emails)
                if by.lists is None:  # others would learn who was erased, be it out of their sight
                    suppressed |= self._kept_as_hashes(connection, by.workspace_id, emails)
                return _result(asked, judged, merged, list_id, len(suppressed))

    def do(self, asked: Asked, tell: Tell) -> ImportResult:
        """Import, in one transaction."""
        with ReadingAhead(self._db, asked.by.workspace_id, asked.staged.rows) as reading:
            judged, mapped = self._judged(asked, tell)
            with self._db.transaction() as connection:
                return self._written(connection, asked, judged, mapped, reading, tell)

    def _written(
        self, connection: sa.Connection, asked: Asked, judged: Judged, mapped: Mapped, reading: ReadingAhead, tell: Tell
    ) -> ImportResult:
        change = next_change(connection, asked.by.workspace_id)
        people = reading.people_at(change - 1)
        judged, now = _in_sight(connection, asked.by, judged), self._clock.now()
        declare(connection, asked.by.workspace_id, judged.types, now)
        list_id = target(connection, asked.by, asked.choices.list_name)
        list_id = list_id or list_named(connection, asked.by.workspace_id, asked.choices.list_name, now)
        import_id = asked.import_id or self._begin(connection, asked)
        to = _to(connection, asked, list_id, now, people)
        asks = _asks(connection, asked, list_id)
        stands, noes = own_words(asked.staged, mapped, judged)
        with temporary_table(connection, *loading_columns()) as loading:
            stands = _with_theirs(stands, asked.along, asks=asks)
            writing = Writing(change, import_id, asked.by.label, now, loading, asks, stands, asked.along)
            result = self._write(connection, asked, judged, contents(asked.staged, mapped, judged, noes), to, writing, tell)
        told = Evidence(ConsentMethod.IMPORT, writing.source, actor=writing.actor)
        self._heed(connection, asked.by, noes, told)
        self._finish(connection, asked, result, writing)
        return result

    def _judged(self, asked: Asked, tell: Tell) -> tuple[Judged, Mapped]:
        staged, by = asked.staged, asked.by
        with self._db.read() as connection:
            target(connection, by, asked.choices.list_name)  # before the work of reading
            known = {name: Kind(ColumnType(kind)) for name, kind in declared(connection, by.workspace_id).items()}
            mapping = suggested(connection, by.workspace_id, staged).mapping if asked.choices.mapping is None else asked.choices.mapping
        mapped = check_mapping(mapping, staged.columns)
        kinds = settled(staged, mapped, asked.choices.kinds, known)
        judged = judge(staged, mapped, kinds, lambda done: tell(CHECKING, done, staged.rows))
        require_known(by, judged.types.keys() - known.keys(), "fields")
        check_room({name: kind.attribute for name, kind in known.items()} | judged.types)
        return judged, mapped

    def _write(
        self,
        connection: sa.Connection,
        asked: Asked,
        judged: Judged,
        parts: Iterator[pl.DataFrame],
        to: Target,
        writing: Writing,
        tell: Tell,
    ) -> ImportResult:
        workspace_id, list_id, emails = asked.by.workspace_id, to.list_id, judged.kept["email"]
        assert list_id is not None  # it was made just before
        connection.execute(sa.delete(import_changes).where(import_changes.c.workspace_id == workspace_id))  # of those before it
        merged = merge(connection, to, emails, parts, writing, lambda done, total: tell(COMPARING, done, total))
        tell(WRITING, 0, len(emails))
        require_tags(connection, asked.by, named_in(merged.tagged))
        write_rest(connection, to, merged, writing)
        if writing.asks:
            self._ask(connection, asked, list_id, writing)
        else:
            join_changed(connection, workspace_id, list_id, writing.change, writing.now)
        put_tags(connection, workspace_id, merged.tagged, change=writing.change, source=writing.source, now=writing.now)
        for few in emails.to_frame().iter_slices(_HASHED):
            self._suppressions.restore_in(connection, workspace_id, few["email"].to_list())
        if merged.new + merged.updated >= _BULK:
            analyse(connection, contacts, list_members, consent_records)
        result = _result(asked, judged, merged, list_id, len(suppressed_among(connection, asked.by, emails)))
        refused = self._blobs.put(workspace_id, refused_csv(asked.staged, judged.refused)) if judged.refused.height else None
        tell(WRITING, len(emails), len(emails))
        return replace(result, refused_blob=refused, import_id=writing.import_id)

    def _ask(self, connection: sa.Connection, asked: Asked, list_id: int, writing: Writing) -> None:
        """Put those on a list that asks first of whom a yes can be shown, and ask the others, but for who stands otherwise."""
        workspace_id, told = asked.by.workspace_id, Evidence(ConsentMethod.IMPORT, writing.source, actor=writing.actor)
        answered = list[int]()
        if asked.along:
            for few in chunked(ids_of(connection, asked.by, list(asked.along.proven)), _HASHED):
                which = contacts.c.id.in_(among(connection, few))
                join_changed(connection, workspace_id, list_id, writing.change, writing.now, which)
                answer_for(connection, workspace_id, few, list_id, writing.now)
            answered = ids_of(connection, asked.by, [one for addresses in asked.along.stands.values() for one in addresses])
        ask_touched(connection, self._db, self._clock, workspace_id, list_id, writing.change, told, answered)

    def _heed(self, connection: sa.Connection, by: Principal, noes: list[str], told: Evidence) -> None:
        """Unsubscribe whom the file says no for; suppress whose row was refused and who is nobody here, lest a later file bring them."""
        Consent(self._db, self._clock).withdraw(connection, by.workspace_id, ids_of(connection, by, noes), told)
        if by.lists is None:  # a suppression is the whole workspace's
            strangers = strangers_among(connection, by.workspace_id, noes)
            self._suppressions.add_in(connection, by.workspace_id, strangers, SuppressionReason.MANUAL, told.source)

    def _kept_as_hashes(self, connection: sa.Connection, workspace_id: int, emails: pl.Series) -> set[str]:
        parts = (few["email"].to_list() for few in emails.alias("email").to_frame().iter_slices(_HASHED))
        return {one for few in parts for one in self._suppressions.kept_as_hashes(connection, workspace_id, few)}

    def _begin(self, connection: sa.Connection, asked: Asked) -> int:
        order = Order(asked.by, asked.file_name, asked.choices.list_name, asked.staged.total)
        return begin(connection, order, ImportState.RUNNING, "", self._clock)

    def _finish(self, connection: sa.Connection, asked: Asked, result: ImportResult, writing: Writing) -> None:
        now = writing.now  # the moment of everything that it gave, by which that is known again
        names = ("list_id", "rows", "created", "updated", "unchanged", "suppressed", "refused", "refused_blob")
        values: dict[str, Any] = {name: getattr(result, name) for name in names}
        values |= {"flagged": result.roles + result.disposable, "change": writing.change, "finished_at": now, "error": ""}
        values |= {"choices": dict(asked.along.kept(connection, writing, result)) if asked.along else {}}
        # Its folder stays while something is to be done with what lies in there; the tries begin anew with that.
        values |= {"state": ImportState.FOLLOWING, "attempts": 1} if asked.follows else {"state": ImportState.DONE, "folder": ""}
        mine = (imports.c.id == result.import_id, imports.c.workspace_id == asked.by.workspace_id, imports.c.state.in_(OPEN))
        done = connection.execute(sa.update(imports).where(*mine).values(**values))
        if done.rowcount != 1:
            raise Conflict("This import was cancelled.")
        if asked.choices.mapping is not None and not asked.along:
            remember(connection, asked.by.workspace_id, asked.staged.columns, asked.choices.mapping, asked.choices.kinds, now)
        counts = {name: getattr(result, name) for name in ("rows", "created", "updated", "unchanged", "refused")}
        after = {"list": result.list_id, **counts}
        record(connection, now, asked.by, AuditAction.CONTACTS_IMPORTED, f"import:{result.import_id}", after=after)


def target(connection: sa.Connection, by: Principal, name: str) -> int | None:
    """Return the list of this name, or None for one that is still to be made.

    Raises:
        NotFound: If `by` is limited to some lists and this is none of them.
    """
    list_id = find_list(connection, by.workspace_id, name)
    if by.lists is not None and (list_id is None or not sees_list(by, list_id)):
        raise NotFound(f"There is no list called “{name}”.", hint="Choose one of the lists you see.")
    return list_id


def _asks(connection: sa.Connection, asked: Asked, list_id: int | None) -> bool:
    return list_id is not None and not asked.choices.consent_held and asks_first(connection, asked.by.workspace_id, [list_id])


def _to(connection: sa.Connection, asked: Asked, list_id: int | None, now: datetime, people: pl.DataFrame | None) -> Target:
    """Return where an import goes; of those who were asked already, whose yes can be shown is not waited for."""
    waiting = set[int]()
    if list_id is not None and _asks(connection, asked, list_id):
        waiting = asked_for(connection, asked.by.workspace_id, list_id, now)
        waiting -= set(ids_of(connection, asked.by, list(asked.along.proven))) if waiting and asked.along else set()
    return Target(asked.by.workspace_id, list_id, asked.choices.rule, waiting, people)


def _with_theirs(stands: Stands, along: Along | None, *, asks: bool) -> Stands:
    """Return how new people stand, by the file and by what is known of them besides; first those who need not be asked."""
    if along is None:
        return stands
    theirs = along.stands
    strictest = sorted({**theirs, **stands}, key=lambda state: state is ConsentStatus.UNSUBSCRIBED)  # the last one counts
    both = {state: [*theirs.get(state, []), *stands.get(state, [])] for state in strictest}
    return {ConsentStatus.SUBSCRIBED: list(along.proven) if asks else [], **both}


def _in_sight(connection: sa.Connection, by: Principal, judged: Judged) -> Judged:
    """Refuse the rows of people whom `by` may not see."""
    if by.lists is None:
        return judged
    hidden = addresses_out_of_sight(connection, by, judged.kept["email"].to_list())
    return without(judged, pl.DataFrame({"email": list(hidden)}, schema={"email": pl.String}), NOT_YOURS) if hidden else judged


def _result(asked: Asked, judged: Judged, merged: Merged, list_id: int | None, suppressed: int) -> ImportResult:
    kept = judged.kept
    strange = kept.filter(pl.col("is_role") | pl.col("is_disposable")).head(SHOWN)
    flagged = [FlaggedRow(line, email, "role" if is_role else "disposable") for line, email, is_role, _ in strange.iter_rows()]
    return ImportResult(
        rows=asked.staged.total,
        created=merged.new,
        updated=merged.updated,
        unchanged=merged.unchanged,
        refused=judged.refused.height,
        refused_rows=judged.refused_rows,
        list_id=list_id,
        suppressed=suppressed,
        roles=int(kept["is_role"].sum()),
        disposable=int(kept["is_disposable"].sum()),
        flagged_rows=flagged,
        changes=merged.sample,
    )
