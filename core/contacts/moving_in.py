"""Moving in from another tool: its export is recognised, every no it holds counts first, then people come in as with any import.

In this order, so that a crash in between leaves nobody subscribed who had said no: those who said no there are unsubscribed or
suppressed here, and those not known yet are made so; then the files are imported, which never turns anybody on; then the proof of
who had said yes is put on record, with tags and what people did in the past. All of it may be done again and changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from core.clock import Clock
from core.contacts.addresses import comparable
from core.contacts.archive import Entry, columns_of, entries, rows_of
from core.contacts.importing import ContactImport, ImportResult
from core.contacts.kits.catalogue import KITS, kit_named
from core.contacts.kits.kit import Kit, Said, Standing, strictness
from core.contacts.move_in_history import Past
from core.contacts.move_in_writing import Nos, put_nos, put_proofs, put_tags
from core.contacts.suppression import Suppressions
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
        past_events: How many opens and clicks it tells of.
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
        imports: What became of each file's rows, as with any import.
        nos: What letting every no count did, before.
        proofs: How many got the proof of their yes.
        tagged: How many tags were put on people.
    """

    plan: MoveInPlan
    imports: list[ImportResult]
    nos: Nos = field(default_factory=Nos)
    proofs: int = 0
    tagged: int = 0

    @property
    def created(self) -> int:
        """How many people were not known before."""
        return self.nos.made + sum(one.created for one in self.imports)


@dataclass
class _People:
    """Whom an export names, by address: how they stand and their tags; of two standings the stricter counts."""

    standings: dict[str, Standing] = field(default_factory=dict)
    tags: dict[str, set[str]] = field(default_factory=dict)

    def add(self, address: str, standing: Standing, tags: list[str]) -> None:
        known = self.standings.get(address)
        if known is None or strictness(standing.said) > strictness(known.said):
            self.standings[address] = standing
        for tag in tags:
            self.tags.setdefault(tag, set()).add(address)

    @property
    def have_proof(self) -> bool:
        """Whether everybody who may come in as subscribed has agreed there provably; else a list that asks first asks them."""
        yes = [one for one in self.standings.values() if one.said in (Said.NOTHING, Said.SUBSCRIBED)]
        return all(one.said is Said.SUBSCRIBED and (one.at or one.ip) for one in yes)


class MoveIn:
    """Takes in what another tool exported.

    Args:
        db: The database.
        clock: The time.
        imports: What takes in the people.
        suppressions: What keeps addresses from being written to.
        journal: Where what they did in the past is kept until the ingester reads it; opened with the first.
    """

    def __init__(
        self, db: Database, clock: Clock, imports: ContactImport, suppressions: Suppressions, journal: Callable[[], JournalWriter]
    ) -> None:
        self._db, self._clock, self._imports, self._suppressions, self._journal = db, clock, imports, suppressions, journal

    def look(self, by: Principal, data: bytes, file_name: str, kit: str = AUTO) -> MoveInPlan | None:
        """Return what an export holds, None if it is from no tool we know.

        Raises:
            Denied: If `by` may not import contacts.
            InvalidInput: If it can't be read, or it is not from the tool named.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        found = _recognised(data, file_name, kit)
        return None if found is None else self._read(found, data, file_name)[0]

    def run(self, by: Principal, data: bytes, file_name: str, *, list_name: str, kit: str = AUTO, dry_run: bool = False) -> MoveInResult:
        """Take an export in.

        Args:
            by: Who imports.
            data: The file: CSV, or a ZIP archive of them.
            file_name: What it is called.
            list_name: The list people join; made if new.
            kit: The word of the tool; found out if not given.
            dry_run: Only say what would happen.

        Raises:
            Denied: If `by` may not import contacts, or only sees some lists.
            InvalidInput: If it is from no tool we know, or can't be read.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        found = _recognised(data, file_name, kit)
        if found is None:
            hint = f"These are: {', '.join(one.label for one in KITS)}. Import it as a plain file."
            raise InvalidInput("This is from no tool whose exports are known.", hint=hint)
        plan, people = self._read(found, data, file_name)
        nos = put_nos(self._db, self._clock, self._suppressions, by, found, people.standings) if not dry_run else Nos()
        taken = [self._take_in(by, found, entry, list_name, dry_run, held=people.have_proof) for entry in _parts(found, data, file_name)]
        if dry_run:
            return MoveInResult(plan, taken)
        proofs = put_proofs(self._db, self._clock, by, found, people.standings)
        tagged = put_tags(self._db, self._clock, by, people.tags)
        Past(by, self._clock, found, self._journal).keep(entries(data, file_name))
        return MoveInResult(plan, taken, nos, proofs, tagged)

    def _read(self, kit: Kit, data: bytes, file_name: str) -> tuple[MoveInPlan, _People]:
        people, files, mapping = _People(), list[str](), dict[str, str]()
        for entry in _parts(kit, data, file_name):
            files.append(entry.name)
            mapping |= kit.plan(columns_of(entry.data)).mapping
            for row in rows_of(entry.data):
                if address := comparable(kit.address(row)):
                    people.add(address, kit.standing(row, entry.name), kit.tags(row))
        if not files:
            raise InvalidInput(f"There are no people in this export of {kit.label}.", hint="Export contacts, not only campaigns.")
        said = [standing.said for standing in people.standings.values()]
        counts = {one: said.count(one) for one in Said if one in said}
        past = Past.count(kit, entries(data, file_name))
        return MoveInPlan(kit.key, kit.label, files, mapping, counts, past), people

    def _take_in(self, by: Principal, kit: Kit, entry: Entry, list_name: str, dry_run: bool, *, held: bool) -> ImportResult:
        mapping = kit.plan(columns_of(entry.data)).mapping
        return self._imports.run(by, entry.data, entry.name, list_name=list_name, mapping=mapping, consent_held=held, dry_run=dry_run)


def _recognised(data: bytes, file_name: str, kit: str) -> Kit | None:
    """Return the kit of an export.

    Raises:
        InvalidInput: If a tool is named and it is not from there.
    """
    named = None if kit == AUTO else kit_named(kit)
    headings = (columns_of(entry.data) for entry in entries(data, file_name))
    found = next((one for columns in headings for one in KITS if one.recognises(columns)), None)
    if named is not None and found is not named:
        raise InvalidInput(
            f"This is no export of {named.label}.", hint=f"It looks like one of {found.label}." if found else "Check the file."
        )
    return found


def _parts(kit: Kit, data: bytes, file_name: str) -> Iterator[Entry]:
    """Yield the files of people that have any, with one column per field."""
    for entry in entries(data, file_name):
        if kit.recognises(columns_of(entry.data)) and entry.data.strip().count(b"\n"):
            yield replace(entry, data=kit.prepared(entry.data))
