"""Verifying the audit log: every chain from its first entry to its head and against its seals; says what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from core.audit.chain import HIGHEST, START, Link, as_stored, chunks, moment_of
from core.audit.recording import FIRST_HASH
from core.audit.seals import SealMaker
from core.audit.tables import audit_heads, audit_log, audit_seals
from core.storage.database import Database

MOST_FLAWS = 100  # more of them tell nothing new
LATE = timedelta(days=1)
Told = Callable[[int, int], None]


class Fault(StrEnum):
    """What can be wrong with a chain."""

    CHANGED = "changed"
    MISSING = "missing"
    UNLINKED = "unlinked"
    CUT_OFF = "cut_off"
    WRONG_HEAD = "wrong_head"
    NO_HEAD = "no_head"
    NO_ENTRIES = "no_entries"
    REWRITTEN = "rewritten"
    FORGED_SEAL = "forged_seal"


_WORDS = {
    Fault.CHANGED: "entry {at} was changed after it was written",
    Fault.MISSING: "entries are missing before entry {at}",
    Fault.UNLINKED: "entry {at} does not follow the one before it",
    Fault.CUT_OFF: "everything after entry {at} is missing",
    Fault.WRONG_HEAD: "the chain ends at entry {at}, but its head names another end",
    Fault.NO_HEAD: "the chain has entries up to {at}, but no head",
    Fault.NO_ENTRIES: "the chain has a head but no entries",
    Fault.REWRITTEN: "entry {at} is not the one that was sealed",
    Fault.FORGED_SEAL: "the seal on entry {at} was not made with this installation’s secret key",
}


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong.

    Args:
        workspace_id: In which chain; 0 is the installation's own.
        sequence: At which entry.
        fault: What.
    """

    workspace_id: int
    sequence: int
    fault: Fault

    @property
    def words(self) -> str:
        """What is wrong and where, without the chain."""
        return _WORDS[self.fault].format(at=f"{self.sequence:,}")


@dataclass(frozen=True)
class End:
    """Where a chain ends: what to note elsewhere, to show later that nothing was cut off."""

    workspace_id: int
    sequence: int
    hash: str


@dataclass
class Verdict:
    """What verifying found.

    Args:
        chains: How many chains there are.
        entries: How many entries they have in all.
        flaws: The first hundred things that are wrong.
        unsealed: Entries after the last seal of their chain.
        unsealed_since: When the oldest of them was written.
        late: Entries that were sealed more than a day after they were written: the worker did not run, or seals were taken away.
        seals_checked: Whether the secret key was at hand.
        ends: Where each chain ends.
    """

    chains: int = 0
    entries: int = 0
    flaws: list[Flaw] = field(default_factory=list)
    unsealed: int = 0
    unsealed_since: datetime | None = None
    late: int = 0
    seals_checked: bool = True
    ends: list[End] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws

    def note(self, workspace_id: int, sequence: int, fault: Fault) -> None:
        """Add something that is wrong."""
        if len(self.flaws) < MOST_FLAWS:
            self.flaws.append(Flaw(workspace_id, sequence, fault))


def verify(
    db: Database, key: bytes | None, workspace_id: int | None = None, told: Told | None = None, previous: Sequence[bytes] = ()
) -> Verdict:
    """Walk along every chain, or one, and return what is wrong; holds some thousand entries at a time and changes nothing.

    Cutting a chain off together with its head and every seal behind the cut can't be seen from within. Whoever must be able to
    show that too keeps what `postwright audit verify` printed, elsewhere.

    Args:
        db: The database.
        key: The installation's secret key; None leaves the seals unchecked.
        workspace_id: The chain; None for all, the installation's own included.
        told: Told how many entries are checked, of how many.
        previous: Secret keys of before; the seals they made are genuine too.
    """
    verdict = Verdict(seals_checked=key is not None)
    maker = SealMaker(key, previous) if key is not None else None
    with db.read() as connection:  # one state of it all: it may grow meanwhile
        chosen = _chains(connection) if workspace_id is None else [workspace_id]
        total = _total(connection, chosen)
        for chain in chosen:
            _Walk(connection, chain, verdict, maker).go(lambda: told(verdict.entries, total) if told else None)
    return verdict


@dataclass(frozen=True)
class _Seal:
    hash: str
    at: datetime | None
    mac: str

    def is_genuine(self, maker: SealMaker, workspace_id: int, sequence: int) -> bool:
        return self.at is not None and maker.is_genuine(workspace_id, sequence, self.hash, self.at, self.mac)


class _Walk:
    """Along one chain."""

    def __init__(self, connection: sa.Connection, workspace_id: int, verdict: Verdict, maker: SealMaker | None) -> None:
        self._connection, self._id, self._verdict, self._maker = connection, workspace_id, verdict, maker
        self._sequence, self._hash = 0, FIRST_HASH
        self._low = START
        self._since: datetime | None = None  # when the oldest entry without a seal so far was written
        self._waiting = 0  # entries without a seal so far

    def go(self, tell: Callable[[], None]) -> None:
        self._verdict.chains += 1
        for links in chunks(self._connection, self._id):
            sealed = self._seals(links[-1].sequence)
            for link in links:
                self._look_at(link)
                self._count(link, sealed.get(link.sequence))
            self._low = links[-1].sequence
            self._verdict.entries += len(links)
            tell()
        self._look_at_head()
        self._look_at_last_seals()
        self._verdict.ends.append(End(self._id, self._sequence, self._hash))
        self._verdict.unsealed += self._waiting
        if self._since:
            self._verdict.unsealed_since = min(self._since, self._verdict.unsealed_since or self._since)

    def _look_at(self, link: Link) -> None:
        if link.sequence != self._sequence + 1:
            self._note(link.sequence, Fault.MISSING)
        elif link.previous_hash != self._hash:
            self._note(link.sequence, Fault.UNLINKED)
        if not link.is_unchanged:
            self._note(link.sequence, Fault.CHANGED)
        self._sequence, self._hash = link.sequence, link.hash

    def _count(self, link: Link, seal: _Seal | None) -> None:
        self._since = min(filter(None, (self._since, link.at)), default=None)
        self._waiting += 1
        if seal is None:
            return
        if seal.hash != link.hash:
            self._note(link.sequence, Fault.REWRITTEN)
        if self._since and seal.at and seal.at - self._since > LATE:
            self._verdict.late += self._waiting
        self._since, self._waiting = None, 0

    def _seals(self, high: int) -> dict[int, _Seal]:
        """Return the seals up to an entry, by entry, each checked by itself."""
        column = audit_seals.c
        mine = sa.select(column.sequence, column.hash, as_stored(column.sealed_at), column.mac)
        mine = mine.where(column.workspace_id == self._id, column.sequence >= self._low + 1, column.sequence <= high)
        found = {row.sequence: _Seal(row.hash, moment_of(row.sealed_at), row.mac) for row in self._connection.execute(mine)}
        for sequence, seal in found.items():
            if self._maker and not seal.is_genuine(self._maker, self._id, sequence):
                self._note(sequence, Fault.FORGED_SEAL)
        return found

    def _look_at_head(self) -> None:
        mine = sa.select(audit_heads.c.sequence, audit_heads.c.hash).where(audit_heads.c.workspace_id == self._id)
        head = self._connection.execute(mine).one_or_none()
        if head is None:
            if self._low > START:
                self._note(self._sequence, Fault.NO_HEAD)
        elif self._low == START:
            self._note(0, Fault.NO_ENTRIES)
        elif head.sequence > self._sequence:
            self._note(self._sequence, Fault.CUT_OFF)
        elif tuple(head) != (self._sequence, self._hash):
            self._note(self._sequence, Fault.WRONG_HEAD)

    def _look_at_last_seals(self) -> None:
        """Seals behind the last entry: what they were put on is gone."""
        beyond = self._seals(HIGHEST) if self._low < HIGHEST else {}
        if beyond and Flaw(self._id, self._sequence, Fault.CUT_OFF) not in self._verdict.flaws:
            self._note(self._sequence, Fault.CUT_OFF)

    def _note(self, sequence: int, fault: Fault) -> None:
        self._verdict.note(self._id, sequence, fault)


def _chains(connection: sa.Connection) -> Sequence[int]:
    tables = (audit_heads, audit_log, audit_seals)
    named = sa.union(*(sa.select(table.c.workspace_id) for table in tables)).subquery()
    return connection.execute(sa.select(named.c.workspace_id).order_by(named.c.workspace_id)).scalars().all()


def _total(connection: sa.Connection, chains: Sequence[int]) -> int:
    rows = connection.execute(sa.select(audit_heads.c.workspace_id, audit_heads.c.sequence))
    return sum(row.sequence for row in rows if row.workspace_id in set(chains))
