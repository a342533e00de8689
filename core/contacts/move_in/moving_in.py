"""Moving in from another tool: its export is recognised, and its people come in as one import, each as they stood there.

All of it is one transaction: those who said no there are unsubscribed or suppressed here, known or not; whoever had said yes has the
proof of it on record, with tags. So a crash leaves nobody subscribed who had said no, and taking the import back takes it back whole.
What people did in the past follows after it; all may be done again and changes nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from core.clock import Clock
from core.contacts.addresses import comparable
from core.contacts.imports.files.folders import private_folder
from core.contacts.imports.importing import ContactImport, ImportResult
from core.contacts.move_in.archive import Part, parts
from core.contacts.move_in.history import Past
from core.contacts.move_in.kits.catalogue import KITS, kit_named
from core.contacts.move_in.kits.kit import Kit, Said, Standing, strictness
from core.contacts.move_in.rows import Together, addresses_often, together
from core.contacts.move_in.writing import Nos, Standings, tags_put
from core.contacts.suppression.suppression import Suppressions
from core.errors import InvalidInput
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.journal import JournalWriter

AUTO = "auto"


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
    past_events: int


@dataclass(frozen=True)
class MoveInResult:
    """What became of an export.

    Args:
        plan: What it held.
        people: What became of its people, as with any import.
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


@dataclass
class _Export:
    """What is in an export: its files of people, and how these stand; of two standings the stricter counts."""

    kit: Kit
    files: list[Part]
    people: list[Part]
    standings: dict[str, Standing] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def read(self, now: datetime) -> MoveInPlan:
        """Read how people stand, and return what there is."""
        mapping: dict[str, str] = {}
        for part in self.people:
            mapping |= self.kit.plan(part.staged.columns).mapping
            name = part.name
            for row in part.rows():
                if address := comparable(self.kit.address(row)):
                    self._add(address, self.kit.standing(row, name))
        said = Counter(standing.said for standing in self.standings.values())
        counts = {one: said[one] for one in Said if one in said}
        names = [part.name for part in self.people]
        return MoveInPlan(self.kit.key, self.kit.label, names, mapping, counts, Past.count(self.kit, self.files, now))

    def _add(self, address: str, standing: Standing) -> None:
        self.counts[address] += 1
        known = self.standings.get(address)
        if known is None or _weight(standing) > _weight(known):
            self.standings[address] = standing


def _weight(standing: Standing) -> tuple[int, bool, bool]:
    """Return what decides between two standings of one person: what it forbids, then whether it is proven and dated."""
    return strictness(standing.said), standing.is_proven, standing.at is not None


class MoveIn:
    """Takes in what another tool exported.

    Args:
        db: The database.
        clock: The time.
        imports: What takes in the people.
        suppressions: What keeps addresses from being written to.
        journal: Where what they did in the past is kept until the ingester reads it; opened with the first.
        uploads: Where an export can be unpacked meanwhile.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        imports: ContactImport,
        suppressions: Suppressions,
        journal: Callable[[], JournalWriter],
        uploads: Path,
    ) -> None:
        self._db, self._clock, self._imports, self._suppressions, self._journal = db, clock, imports, suppressions, journal
        self._uploads = uploads

    def look(self, by: Principal, data: Path | bytes, file_name: str, kit: str = AUTO) -> MoveInPlan | None:
        """Return what an export holds, None if it is from no tool we know.

        Raises:
            Denied: If `by` may not import contacts.
            InvalidInput: If it can't be read, or it is not from the tool named.
            StorageFull: If there is no room to unpack it.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        with private_folder(self._uploads) as folder:
            found = _opened(data, file_name, kit, folder)
            return found.read(self._clock.now()) if found else None

    def run(
        self, by: Principal, data: Path | bytes, file_name: str, *, list_name: str, kit: str = AUTO, dry_run: bool = False
    ) -> MoveInResult:
        """Take an export in.

        Args:
            by: Who imports.
            data: The file, or its bytes: CSV, or a ZIP archive of them.
            file_name: What it is called.
            list_name: The list people join; made if new.
            kit: The word of the tool; found out if not given.
            dry_run: Only say what would happen.

        Raises:
            Denied: If `by` may not import contacts, or only sees some lists.
            InvalidInput: If it is from no tool we know, or can't be read.
            StorageFull: If there is no room to unpack it.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        with private_folder(self._uploads) as folder:
            export = _opened(data, file_name, kit, folder)
            if export is None:
                hint = f"These are: {', '.join(one.label for one in KITS)}. Import it as a plain file."
                raise InvalidInput("This is from no tool whose exports are known.", hint=hint)
            plan = export.read(self._clock.now())
            rows = together(export.kit, export.people, addresses_often(export.counts), folder / "people.parquet")
            along = Standings(self._suppressions, by, export.kit, export.standings)
            taken = self._imports.run(by, rows.staged, file_name, list_name=list_name, mapping=rows.mapping, dry_run=dry_run, along=along)
            people = _placed(taken, rows)
            if dry_run:
                return MoveInResult(plan, people)
            past = Past(by, self._clock, export.kit, self._journal).keep(export.files)
            with self._db.read() as connection:
                tagged = tags_put(connection, by.workspace_id, taken.import_id)
            return MoveInResult(plan, people, along.nos, along.proofs, tagged, past)


def _opened(data: Path | bytes, file_name: str, kit: str, folder: Path) -> _Export | None:
    """Unpack an export and find out where it is from; None if it is from no tool we know.

    Raises:
        InvalidInput: If a tool is named and it is not from there, or there is nobody in it.
    """
    named, files = None if kit == AUTO else kit_named(kit), parts(data, file_name, folder)
    found = next((one for part in files for one in KITS if one.recognises(part.columns)), None)
    if named is not None and found is not named:
        hint = f"It looks like one of {found.label}." if found else "Check the file."
        raise InvalidInput(f"This is no export of {named.label}.", hint=hint)
    if found is None:
        return None
    for part in files:
        part.check()
    people = [found.prepared(part) for part in files if found.recognises(part.columns) and part.staged.rows]
    if not people:
        raise InvalidInput(f"There are no people in this export of {found.label}.", hint="Export contacts, not only campaigns.")
    return _Export(found, files, people)


def _placed(taken: ImportResult, rows: Together) -> ImportResult:
    """Return what became of the rows with their lines as they are in their own files."""
    refused = []
    for row in taken.refused_rows:
        name, line = rows.place(row.line)
        refused.append(replace(row, line=line, reason=f"{row.reason} ({name})" if name else row.reason))
    return replace(taken, refused_rows=refused)
