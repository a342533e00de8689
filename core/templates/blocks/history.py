"""What was done to a document, to be undone and done again."""

from __future__ import annotations

from dataclasses import dataclass

from core.templates.blocks.document import Document

_KEPT = 100


@dataclass(frozen=True)
class History:
    """The states of a document while it is edited.

    Args:
        document: As it is now.
        before: The states before, the latest last; at most 100.
        after: The states that were undone, the next last.
    """

    document: Document
    before: tuple[Document, ...] = ()
    after: tuple[Document, ...] = ()

    def changed(self, document: Document) -> History:
        """Return what there is after a change; a document that is the same is none."""
        return self if document == self.document else History(document, (*self.before, self.document)[-_KEPT:])

    def undo(self) -> History:
        """Go back one state, if there is one."""
        return History(self.before[-1], self.before[:-1], (*self.after, self.document)) if self.before else self

    def redo(self) -> History:
        """Do again what was undone last, if there is something."""
        return History(self.after[-1], (*self.before, self.document), self.after[:-1]) if self.after else self
