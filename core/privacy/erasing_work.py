"""The steps of an erasure that follow its first transaction: done in pieces, each noted, so that a killed worker goes on there."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.snapshot import ContactSnapshots
from core.contacts.tables import imports
from core.errors import Conflict, NotFound, Unavailable
from core.messages.states import MessageState
from core.messages.tables import messages
from core.privacy.erasing import FIRST_STEP, scrub
from core.privacy.hashes import SubjectHashes
from core.privacy.lake_traces import Erased, rewritten
from core.privacy.refused_rows import without_rows
from core.privacy.registry import PLACES, table_of
from core.privacy.tables import erasure_sweeps, erasures
from core.providers.outbox.forgetting import forget
from core.storage.blobs import Blobs
from core.storage.database import Database, upsert
from core.storage.lake import Dataset, Lake
from core.storage.schema import metadata
from core.storage.vault import Vault

_log = logging.getLogger(__name__)
_MESSAGES_AT_A_TIME = 50_000
_ON_THEIR_WAY = (MessageState.CLAIMED.value, MessageState.SENDING.value)
MARGIN = timedelta(hours=2)
_e = erasures.c


@dataclass(frozen=True)
class Job:
    """An erasure that is not done.

    Args:
        id: Its number.
        workspace_id: Whose workspace.
        email: Their address.
        who: The same for the lake.
        step: What is to be done.
        place: How far that is.
        counts: What went so far.
    """

    id: int
    workspace_id: int
    email: str
    who: Erased
    step: str
    place: int
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Piece:
    """What a piece came to.

    Args:
        count: How many things went.
        place: Where the step goes on, None where it is done.
        waits: Whether nothing can be done now, and it is to be tried again later.
    """

    count: int = 0
    place: int | None = None
    waits: bool = False


class ErasingWork:
    """Does the steps.

    Args:
        db: The database.
        clock: The time.
        vault: Opens the address.
        hashes: Tell whose an address is.
        lake: Where events are kept.
        snapshots: Copies of contacts.
        blobs: Where refused rows of imports are.
        outbox: The folder of the built-in outbox.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        vault: Vault,
        hashes: SubjectHashes,
        lake: Lake,
        snapshots: ContactSnapshots,
        blobs: Blobs,
        outbox: Path,
    ) -> None:
        self._db, self._clock, self._vault, self._hashes = db, clock, vault, hashes
        self._lake, self._snapshots, self._blobs, self._outbox = lake, snapshots, blobs, outbox
        # In this order: the address itself is needed last by what comes first.
        self._steps: dict[str, Callable[[Job], Piece]] = {
            FIRST_STEP: self._messages,
            "words": self._words,
            "answers": self._answers,
            "blobs": self._refused_rows,
            "lake": self._events,
            "snapshot": self._snapshot,
            "outbox": self._emails,
        }

    def step(self, erasure_id: int | None = None) -> int:
        """Do a piece of the oldest erasure that can go on, or of this one; return how many pieces were done: 1, or 0 for nothing to do."""
        wanted = sa.select(erasures).where(_e.step != "").order_by(_e.id)
        if erasure_id is not None:
            wanted = wanted.where(_e.id == erasure_id)
        with self._db.read() as connection:
            jobs = [self._job(row) for row in connection.execute(wanted.limit(100))]
        return next((1 for job in jobs if self._piece(job)), 0)

    def finish(self, erasure_id: int) -> bool:
        """Do all that can be done of an erasure now and return whether it is finished; what is left waits for messages under way."""
        while self.step(erasure_id):
            pass
        with self._db.read() as connection:
            return connection.execute(sa.select(_e.step).where(_e.id == erasure_id)).scalar() == ""

    def _piece(self, job: Job) -> bool:
        try:
            piece = self._steps[job.step](job)
        except Conflict:  # somebody else rewrote the same file: it is done again
            return True
        if not piece.waits:
            self._note(job, piece)
        return not piece.waits

    def _note(self, job: Job, piece: Piece, connection: sa.Connection | None = None) -> None:
        if connection is None:
            with self._db.transaction() as writing:
                self._note(job, piece, writing)
            return
        counts = dict(Counter(job.counts) + Counter({job.step: piece.count}))
        values: dict[str, Any] = {"counts": counts, "place": piece.place or 0}
        if piece.place is None:
            names = [*self._steps, ""]
            values["step"] = names[names.index(job.step) + 1]
            if not values["step"]:
                values |= {"email": "", "finished_at": self._clock.now()}
        connection.execute(sa.update(erasures).where(_e.id == job.id, _e.step == job.step).values(**values))

    def _job(self, row: sa.Row[Any]) -> Job:
        contact_ids = frozenset(() if row.contact_id is None else (row.contact_id, *row.alias_ids))
        email = self._vault.open(row.email)
        who = Erased(row.workspace_id, contact_ids, frozenset(row.message_ids), frozenset(self._hashes.all(row.workspace_id, email)))
        return Job(row.id, row.workspace_id, email, who, row.step, row.place, row.counts)

    def _messages(self, job: Job) -> Piece:
        """Take the address out of what providers answered, also about others: a forwarded email bounces with another's address."""
        last = job.place + _MESSAGES_AT_A_TIME
        with self._db.read() as connection:
            newest = connection.execute(sa.select(sa.func.max(messages.c.id))).scalar() or 0
        these = (messages.c.workspace_id == job.workspace_id, messages.c.id.between(job.place + 1, last))
        count = scrub(self._db, messages, "reason", job.email, *these)
        return Piece(count, last if last < newest else None)

    def _words(self, job: Job) -> Piece:
        """Take the address out of words elsewhere, whoever's row it is: of a contact deleted before nobody knows the number."""
        count = 0
        for place in PLACES:
            table = table_of(place)
            if table is None or table is messages:
                continue
            mine = table.c.workspace_id == job.workspace_id if "workspace_id" in table.c else sa.true()
            for name in (*place.scrubs.split(), *place.wipes.split()):
                count += scrub(self._db, table, name, job.email, mine, wipes=name in place.wipes.split())
        return Piece(count)

    def _answers(self, job: Job) -> Piece:
        """Forget the answers of the API that hold the address; they are kept for a day, sealed."""
        table = metadata.tables.get("idempotency_keys")  # belongs to a part that stands above this one
        if table is None:
            return Piece()
        kept = sa.select(table.c.key_hash, table.c.answer).where(table.c.workspace_id == job.workspace_id, table.c.answer.is_not(None))
        with self._db.read() as connection:
            holding = [key for key, answer in connection.execute(kept) if self._holds(answer, job.email)]
        for key in holding:
            with self._db.transaction() as connection:
                connection.execute(sa.delete(table).where(table.c.key_hash == key))
        return Piece(len(holding))

    def _holds(self, sealed: str, email: str) -> bool:
        try:
            return email in self._vault.open(sealed).lower()
        except Unavailable:  # sealed with a key that is gone: nobody can read it
            return False

    def _refused_rows(self, job: Job) -> Piece:
        """Take their rows out of one file of refused rows."""
        column = imports.c
        mine = (column.workspace_id == job.workspace_id, column.refused_blob.is_not(None), column.id > job.place)
        with self._db.read() as connection:
            row = connection.execute(sa.select(column.id, column.refused_blob).where(*mine).order_by(column.id).limit(1)).one_or_none()
        if row is None:
            return Piece()
        try:
            left, count = without_rows(self._blobs.get(job.workspace_id, row.refused_blob), job.email)
        except NotFound:
            return Piece(0, row.id)
        if count:
            key = self._blobs.put(job.workspace_id, left) if left else None
            with self._db.transaction() as connection:
                same = (column.workspace_id == job.workspace_id, column.refused_blob == row.refused_blob)
                connection.execute(sa.update(imports).where(*same).values(refused_blob=key))
            self._blobs.delete(job.workspace_id, row.refused_blob)
        return Piece(count, row.id)

    def _events(self, job: Job) -> Piece:
        """Take them out of one file of the lake."""
        with self._db.read() as connection:
            files = [file for file in self._lake.files(connection, job.workspace_id, Dataset.EVENTS) if file.id > job.place]
        for file in files:
            made = rewritten(self._lake, file, job.who, self._hashes)
            if made is not None:
                with self._db.transaction() as connection:
                    self._lake.commit(connection, [made[0]], replaced=[file.id])
                return Piece(made[1], file.id)
        with self._db.transaction() as connection:
            # From here on what comes in late is looked through (`late_traces`); from a while before, as files take time to be written.
            swept = {"workspace_id": job.workspace_id, "swept_to": self._clock.now() - MARGIN}
            upsert(connection, erasure_sweeps, [swept], key=("workspace_id",), update=("swept_to",))
        return Piece()

    def _snapshot(self, job: Job) -> Piece:
        """Write the copy that segments read anew; the old one is deleted minutes later."""
        self._snapshots.refresh(job.workspace_id, min_changes=1)
        return Piece()

    def _emails(self, job: Job) -> Piece:
        """Delete their emails from the built-in outbox, once none is on its way there."""
        column = messages.c
        theirs = sa.or_(column.contact_id.in_(job.who.contact_ids), column.id.in_(job.who.message_ids))
        under_way = sa.select(column.id).where(column.workspace_id == job.workspace_id, theirs, column.state.in_(_ON_THEIR_WAY))
        with self._db.read() as connection:
            if connection.execute(under_way.limit(1)).first() is not None:
                return Piece(waits=True)
        return Piece(forget(self._outbox, job.workspace_id, job.email))
