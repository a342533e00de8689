"""What can lie in the folder of an import: each kind knows how it becomes an import, and what is to be done after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from core.contacts.imports.folder import ImportFolder
from core.contacts.imports.models import Choices
from core.contacts.imports.running import Asked, Tell

# Under this word the kind is kept with an import; plain files have none.
KIND = "kind"
PLAIN = ""


@dataclass(frozen=True)
class Laid:
    """An import that is going on, as it is on record.

    Args:
        import_id: Its number.
        workspace_id: Whose.
        file_name: What its file is called.
        noted: What is kept with it: what was chosen, by whom, and whatever its kind keeps there.
        folder: Where its file is.
        finished_at: The moment of its transaction; None before it.
    """

    import_id: int
    workspace_id: int
    file_name: str
    noted: Mapping[str, Any]
    folder: ImportFolder
    finished_at: datetime | None = None


class WorkKind(Protocol):
    """A kind of work that is an import. Its process may die anywhere: whatever it does is begun anew then."""

    def asked(self, laid: Laid, tell: Tell) -> Asked | None:
        """Return the import as it is to be done, None if its file is not there any more.

        Raises:
            InvalidInput: If it can't be read; says what to do.
        """

    def follow(self, laid: Laid, tell: Tell) -> Mapping[str, Any]:
        """Do what comes after the transaction, where `Asked.follows` says so, and return what is kept besides with the import.

        It may have been done already, as a whole or in part, and must then change nothing more.
        """


class PlainFile:
    """A file that was laid out in rows when the import was started."""

    def asked(self, laid: Laid, tell: Tell) -> Asked | None:
        """Return the import of its rows."""
        staged = laid.folder.staged()
        if staged is None:
            return None
        choices, by = Choices.read(laid.workspace_id, laid.noted)
        return Asked(by, staged, laid.file_name, choices, laid.import_id)

    def follow(self, laid: Laid, tell: Tell) -> Mapping[str, Any]:
        """Do nothing: all of it is in the transaction."""
        return {}


# Made when it is first needed: what another kind reads with may be heavy, or opened by its first use.
Kinds = Mapping[str, Callable[[], WorkKind]]
