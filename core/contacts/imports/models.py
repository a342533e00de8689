"""What importing says and is told: the plan of a file, what was chosen, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.contacts.imports.judging import RefusedRow
from core.contacts.imports.merging import ChangedRow, Rule
from core.contacts.imports.states import ImportState
from core.permissions import Permission, Principal

# Kept with an import that is the export of another tool: the tool's word.
MOVED_IN = "moved_in_from"


def lasting(noted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stays of what was kept with an import that is over without being done: where its people would have come from."""
    return {MOVED_IN: noted[MOVED_IN]} if MOVED_IN in noted else {}


@dataclass(frozen=True)
class ImportPlan:
    """What a file holds and what we would make of it.

    Args:
        columns: The names in the header.
        sample: The first rows, by column.
        mapping: A suggested field per column: `email`, `first_name`, `last_name`, `tags`, `attribute.<name>` or `skip`.
        rows: How many rows there are.
        kinds: A suggested type per column, judged by its first 1,000 rows ("number", "date:DD.MM.YYYY"; see `kinds.Kind`).
        ambiguous: Columns of dates that can be read in several ways ("date:DD/MM/YYYY", "date:MM/DD/YYYY"): somebody has to say.
        is_remembered: Whether mapping and types are those of the last file with this header.
    """

    columns: list[str]
    sample: list[dict[str, str]]
    mapping: dict[str, str]
    rows: int
    kinds: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    is_remembered: bool = False


@dataclass(frozen=True)
class FlaggedRow:
    """A row that is imported although its address is a strange one for a person.

    Args:
        line: Where it begins in the file, from 1.
        email: The address.
        why: `role` (info@, sales@) or `disposable` (an address made to be thrown away).
    """

    line: int
    email: str
    why: str


@dataclass(frozen=True)
class ImportResult:
    """What became of every row: rows = created + updated + unchanged + refused.

    Args:
        rows: Rows in the file that are not blank.
        created: New contacts.
        updated: Known contacts that got something new, be it only the list, a tag, or a no that the file told of.
        unchanged: Known contacts that the file says nothing new about, or that were to be skipped.
        refused: Rows that were not imported.
        refused_rows: The first 1,000 of them, by line.
        refused_blob: The key of a CSV of all of them, or None if there are none.
        list_id: The list; None after a dry run that would have made it.
        import_id: The import's number; None after a dry run.
        suppressed: How many of the imported people can't be mailed, because their address is suppressed.
        roles: How many addresses are of a function (info@).
        disposable: How many addresses are of services that hand them out to be thrown away.
        flagged_rows: The first 1,000 of both.
        changes: Up to 50 of the changed contacts, with each value before and after.
    """

    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    refused_rows: list[RefusedRow]
    refused_blob: str | None = None
    list_id: int | None = None
    import_id: int | None = None
    suppressed: int = 0
    roles: int = 0
    disposable: int = 0
    flagged_rows: list[FlaggedRow] = field(default_factory=list)
    changes: list[ChangedRow] = field(default_factory=list)


@dataclass(frozen=True)
class Choices:
    """How a file is to be taken in.

    Args:
        list_name: The list everybody is put on; made where there is none.
        mapping: A field per column; columns left out are skipped. None takes the suggestion of `inspect`.
        kinds: A type per column ("number", "date:DD.MM.YYYY"); a column left out is what all its values are. An attribute that
            exists keeps its type.
        rule: What happens to contacts that there are already.
        consent_held: Whether it can be shown already that everybody in it agreed; else a list with double opt-in asks them.
    """

    list_name: str
    mapping: Mapping[str, str] | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    rule: Rule = Rule.OVERWRITE
    consent_held: bool = False

    def stored(self, by: Principal) -> dict[str, Any]:
        """Return it as it is kept with an import that somebody asked for."""
        who = {"label": by.label, "via": by.via, "origin": by.origin, "lists": sorted(by.lists) if by.lists is not None else None}
        mapping = dict(self.mapping) if self.mapping is not None else None
        rest = {"kinds": dict(self.kinds), "rule": self.rule.value, "consent_held": self.consent_held}
        return {"list_name": self.list_name, "mapping": mapping, **rest, "by": who}

    @classmethod
    def read(cls, workspace_id: int, kept: Mapping[str, Any]) -> tuple[Choices, Principal]:
        """Return what `stored` kept, and whoever asked, who may import."""
        who = kept["by"]
        lists = frozenset(who["lists"]) if who["lists"] is not None else None
        allowed = frozenset({Permission.CONTACTS_IMPORT})
        by = Principal(workspace_id, who["label"], allowed, lists=lists, via=who["via"], origin=who["origin"])
        return cls(kept["list_name"], kept["mapping"], kept["kinds"], Rule(kept["rule"]), kept["consent_held"]), by


@dataclass(frozen=True)
class PastImport:
    """An import, going on or over.

    Args:
        id: Its number.
        file_name: What the file was called.
        list_id: The list people were put on; None where it is not known yet or was deleted.
        state: Where it stands.
        created_at: When it was asked for.
        finished_at: When it was done; None while it is not.
        imported_by: Who asked.
        rows: How many rows the file has.
        created: New contacts.
        updated: Known ones that got something new.
        unchanged: Known ones that did not.
        refused: Rows left out.
        suppressed: Imported people who can't be mailed.
        error: Why it failed, in words; empty otherwise.
        stage: What is being done: `checking`, `comparing`, `writing`, of a move-in `reading` before and `keeping` after these; empty
            while nothing is.
        done: How many rows that stage is through with.
        total: Of how many.
        can_be_undone: Whether it is the one that can still be taken back.
        importer: What whoever asked is called; empty where that is not known.
        moved_in_from: The word of the tool whose export it was; empty for plain files.
    """

    id: int
    file_name: str
    list_id: int | None
    state: ImportState
    created_at: datetime
    finished_at: datetime | None
    imported_by: str
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    suppressed: int
    error: str = ""
    stage: str = ""
    done: int = 0
    total: int = 0
    can_be_undone: bool = False
    importer: str = ""
    moved_in_from: str = ""


@dataclass(frozen=True)
class Undone:
    """What taking an import back did.

    Args:
        removed: Contacts that are gone again.
        kept: Contacts it made that stay, because something happened since: edited, mailed, agreed to something.
        restored: Known contacts that are again as they were.
        left: Known contacts with values that stay, because they were changed since.
        off_list: Known contacts that are off the list again.
    """

    removed: int
    kept: int
    restored: int
    left: int
    off_list: int
