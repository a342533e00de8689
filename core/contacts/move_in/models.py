"""What moving in says: what an export holds, what became of it, and how that is kept with its import."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.contacts.imports.judging import SHOWN, RefusedRow, short
from core.contacts.imports.models import MOVED_IN, ImportResult
from core.contacts.imports.work_kinds import KIND
from core.contacts.move_in.kits.catalogue import kit_named
from core.contacts.move_in.kits.kit import Kit, Said
from core.contacts.move_in.rows import FILE, LINE
from core.formulas import RUNS

# The kind of work it is.
MOVE_IN = "move_in"
_OUTCOME, _PAST = "outcome", "past_events"
_APOSTROPHE = re.compile(f"^'({RUNS})")


@dataclass(frozen=True)
class MoveInPlan:
    """What an export holds.

    Args:
        kit: The word of the tool it is from.
        label: The tool's name.
        files: Its files of people.
        mapping: A field per column, of all these files together.
        standings: How many people stand how there.
        past_events: How many opens and clicks it tells of, but for those of no possible time.
    """

    kit: str
    label: str
    files: list[str]
    mapping: dict[str, str]
    standings: dict[Said, int]
    past_events: int = 0


@dataclass(frozen=True)
class Nos:
    """What letting every no count did.

    Args:
        made: How many people are known by their no only, because their row could not be taken in.
        unsubscribed: How many are unsubscribed by it.
        suppressed: How many addresses were suppressed.
    """

    made: int = 0
    unsubscribed: int = 0
    suppressed: int = 0


@dataclass(frozen=True)
class MoveInResult:
    """What became of an export.

    Args:
        plan: What it held; on record without the names of its files and columns, in which somebody's name may stand.
        people: What became of its people, as with any import; on record without who was changed or is strange.
        nos: What letting every no count did.
        proofs: How many got the proof of their yes.
        tagged: How many tags were put on people.
        past_events: How many opens and clicks were kept, some of them perhaps by an earlier import.
    """

    plan: MoveInPlan
    people: ImportResult
    nos: Nos = field(default_factory=Nos)
    proofs: int = 0
    tagged: int = 0
    past_events: int = 0

    @property
    def created(self) -> int:
        """How many people were not known before."""
        return self.nos.made + self.people.created


@dataclass(frozen=True)
class Outcome:
    """What is kept of a result with its import, besides what every import keeps.

    Args:
        standings: How many people stood how at the other tool.
        nos: What letting every no count did.
        proofs: How many got the proof of their yes.
        tagged: How many tags were put on people.
        roles: How many addresses are of a function.
        disposable: How many are of services that hand them out to be thrown away.
        address: Which column of the refused rows holds the address.
    """

    standings: Mapping[Said, int]
    nos: Nos
    proofs: int
    tagged: int
    roles: int
    disposable: int
    address: int

    def noted(self, kit: Kit) -> dict[str, Any]:
        """Return it as it is kept."""
        standings = {said.value: number for said, number in self.standings.items()}
        return {KIND: MOVE_IN, MOVED_IN: kit.key, _OUTCOME: {**vars(self), "standings": standings, "nos": vars(self.nos)}}

    @classmethod
    def read(cls, noted: Mapping[str, Any]) -> Outcome | None:
        """Return what `noted` kept; None where it kept nothing."""
        if _OUTCOME not in noted:
            return None
        kept = dict(noted[_OUTCOME])
        standings = {Said(said): number for said, number in kept.pop("standings").items()}
        return cls(standings, Nos(**kept.pop("nos")), **kept)


def past_noted(number: int) -> dict[str, int]:
    """Return how many past events were kept, as that is kept with the import."""
    return {_PAST: number}


def result_of(row: Any, outcome: Outcome, refused: bytes) -> MoveInResult:
    """Return what became of an export, by what is on record.

    Args:
        row: The import.
        outcome: What was kept with it.
        refused: The file of its refused rows; empty where there are none, or not any more.
    """
    names = ("rows", "created", "updated", "unchanged", "refused", "refused_blob", "list_id", "suppressed")
    people = ImportResult(
        **{name: getattr(row, name) for name in names},
        refused_rows=_refused_rows(refused, outcome.address),
        import_id=row.id,
        roles=outcome.roles,
        disposable=outcome.disposable,
    )
    kit, past = kit_named(row.choices[MOVED_IN]), row.choices.get(_PAST, 0)
    plan = MoveInPlan(kit.key, kit.label, [], {}, dict(outcome.standings), past)
    return MoveInResult(plan, people, outcome.nos, outcome.proofs, outcome.tagged, past)


def said_of(reason: str, file: str) -> str:
    """Return why a row was refused, with the file it is in where there are several."""
    return f"{reason} ({file})" if file else reason


def _refused_rows(data: bytes, address: int) -> list[RefusedRow]:
    """Return the first rows of a file of refused ones, with their lines as they are in their own files."""
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    heading = next(rows, [])
    place = (heading.index(LINE), heading.index(FILE)) if LINE in heading[2:] else None
    return [_refused_row(values, address, place) for _, values in zip(range(SHOWN), rows, strict=False)]


def _refused_row(values: Sequence[str], address: int, place: tuple[int, int] | None) -> RefusedRow:
    line, reason, email = values[0], values[1], short(_plain(_plain(values[2 + address]).strip()))
    if place is None:
        return RefusedRow(int(line), _plain(reason), email)
    return RefusedRow(int(values[place[0]]), said_of(_plain(reason), _plain(values[place[1]])), email)


def _plain(text: str) -> str:
    """Return a value without the apostrophe that keeps a spreadsheet from running it."""
    return _APOSTROPHE.sub(r"\1", text)
