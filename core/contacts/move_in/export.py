"""The export of another tool: which tool it is from, who is in it, and how each of them stood there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.contacts.addresses import comparable
from core.contacts.imports.running import Tell
from core.contacts.move_in.archive import Part, parts
from core.contacts.move_in.kits.catalogue import KITS, kit_named
from core.contacts.move_in.kits.kit import Kit, Said, Standing, strictness
from core.contacts.move_in.models import MoveInPlan
from core.contacts.move_in.rows import Together, addresses_often, together
from core.errors import InvalidInput

AUTO = "auto"
READING = "reading"
_OFTEN = 5_000


def untold(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass
class Export:
    """What is in an export: its files of people, and how these stand; of two standings the stricter counts.

    Args:
        kit: Where it is from.
        files: All of its files.
        people: Those of people.
    """

    kit: Kit
    files: list[Part]
    people: list[Part]
    standings: dict[str, Standing] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)

    def read(self, tell: Tell = untold) -> MoveInPlan:
        """Read how people stand, and return what there is, but for what they did.

        Raises:
            InvalidInput: If a file can't be read whole.
        """
        mapping: dict[str, str] = {}
        total, done = sum(part.staged.rows for part in self.people), 0
        for part in self.people:
            mapping |= self.kit.plan(part.staged.columns).mapping
            name = part.name
            for row in part.rows():
                if address := comparable(self.kit.address(row)):
                    self._add(address, self.kit.standing(row, name))
                done += 1
                if done % _OFTEN == 0:
                    tell(READING, done, total)
        said = Counter(standing.said for standing in self.standings.values())
        counts = {one: said[one] for one in Said if one in said}
        return MoveInPlan(self.kit.key, self.kit.label, [part.name for part in self.people], mapping, counts)

    def together(self, target: Path) -> Together:
        """Lay its people out as one file, once they were read.

        Raises:
            StorageFull: If there is no room for it.
        """
        return together(self.kit, self.people, addresses_often(self._counts), target)

    def _add(self, address: str, standing: Standing) -> None:
        self._counts[address] += 1
        known = self.standings.get(address)
        if known is None or _weight(standing) > _weight(known):
            self.standings[address] = standing


def opened(data: Path | bytes, file_name: str, kit: str, folder: Path, tell: Tell = untold) -> Export | None:
    """Unpack an export and find out where it is from; None if it is from no tool we know.

    Args:
        data: The file, or its bytes.
        file_name: What it is called.
        kit: The word of a tool, or `AUTO`.
        folder: A private folder for it.
        tell: Told between its files.

    Raises:
        InvalidInput: If a tool is named and it is not from there, it can't be read, or there is nobody in it.
        StorageFull: If there is no room for it.
    """
    files = parts(data, file_name, folder)
    found = _whose(files, kit)
    if found is None:
        return None
    for part in _told(files, tell):
        part.check()
    people = [found.prepared(part) for part in _told(files, tell) if found.recognises(part.columns) and part.staged.rows]
    if not people:
        raise InvalidInput(f"There are no people in this export of {found.label}.", hint="Export contacts, not only campaigns.")
    return Export(found, files, people)


def kit_of(data: Path | bytes, file_name: str, kit: str, folder: Path) -> Kit:
    """Return the tool an export is from, by the headings of its files alone.

    Args:
        data: The file, or its bytes.
        file_name: What it is called.
        kit: The word of a tool, or `AUTO`.
        folder: A private folder for it.

    Raises:
        InvalidInput: If it is from no tool we know, or not from the one that is named.
        StorageFull: If there is no room to unpack it.
    """
    found = _whose(parts(data, file_name, folder), kit)
    if found is None:
        raise from_nobody()
    return found


def from_nobody() -> InvalidInput:
    """Return what is said of an export from no tool we know."""
    hint = f"These are: {', '.join(one.label for one in KITS)}. Import it as a plain file."
    return InvalidInput("This is from no tool whose exports are known.", hint=hint)


def _whose(files: list[Part], kit: str) -> Kit | None:
    named = None if kit == AUTO else kit_named(kit)
    found = next((one for part in files for one in KITS if one.recognises(part.columns)), None)
    if named is not None and found is not named:
        hint = f"It looks like one of {found.label}." if found else "Check the file."
        raise InvalidInput(f"This is no export of {named.label}.", hint=hint)
    return found


def _told(files: list[Part], tell: Tell) -> Iterator[Part]:
    for part in files:
        tell(READING, 0, 0)
        yield part


def _weight(standing: Standing) -> tuple[int, bool, bool]:
    """Return what decides between two standings of one person: what it forbids, then whether it is proven and dated."""
    return strictness(standing.said), standing.is_proven, standing.at is not None
