"""What an entry of the registry of personal data says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

NOTHING_ELSE: Mapping[str, object] = MappingProxyType({})


class Whose(StrEnum):
    """Who the data is about."""

    CONTACTS = "the people you write to"
    USERS = "the people who work here"
    NOBODY = "nobody"


class Finds(StrEnum):
    """By what a contact's rows are found."""

    CONTACT = "contact_id"
    OWN_ID = "id"
    EMAIL = "email"
    MESSAGE = "message_id"
    HASH = "email_hash"
    NOTHING = ""


class Leaves(StrEnum):
    """What erasing leaves of a contact's rows."""

    NO_ROW = "nothing"
    THE_FACT = "the row without what is personal in it"
    ALL = "everything: it names them by number only"


@dataclass(frozen=True)
class Place:
    """A table, or a kind of file of the lake.

    Args:
        table: What it is called.
        what: What it holds, in words for people.
        whose: Who it is about.
        why: What it is for.
        kept: How long.
        personal: Columns that are about somebody, blanks between.
        plain: All other columns, blanks between.
        finds: By what a contact's rows are found; nothing where it is not about contacts.
        leaves: What erasing leaves of them.
        empties: Columns that erasing empties, and what they hold then.
        scrubs: Columns with words in which an address may stand, of anybody's rows; blanks between. It is taken out of them.
        wipes: Columns with words that are emptied where the address stands in them, because a proof is not written anew; blanks between.
        mentions: Columns with words people wrote themselves, which erasing tells of and does not change; blanks between.
        exports: What the export calls it; "" where it says nothing that the other files don't.
        hides: Columns that the export leaves out, because they are secrets or ours; blanks between.
        erased_how: For places without a finding column, what erasing does, in words.
    """

    table: str
    what: str
    whose: Whose
    why: str
    kept: str
    personal: str
    plain: str
    finds: Finds = Finds.NOTHING
    leaves: Leaves = Leaves.ALL
    empties: Mapping[str, object] = field(default_factory=lambda: NOTHING_ELSE)
    scrubs: str = ""
    wipes: str = ""
    mentions: str = ""
    exports: str = ""
    hides: str = ""
    erased_how: str = ""

    @property
    def personal_columns(self) -> frozenset[str]:
        """The columns that are about somebody."""
        return frozenset(self.personal.split())

    @property
    def plain_columns(self) -> frozenset[str]:
        """The other columns."""
        return frozenset(self.plain.split())

    @property
    def erased(self) -> str:
        """What erasing a contact does here, in words for people."""
        if self.erased_how:
            return self.erased_how
        if self.finds is Finds.NOTHING:
            return "The address is taken out of the words." if self.scrubs else "Nothing: it is not about them."
        return {
            Leaves.NO_ROW: "The rows go.",
            Leaves.THE_FACT: "The rows stay without what is personal in them.",
            Leaves.ALL: "Stays: it names them by a number that leads to nobody any more.",
        }[self.leaves]


@dataclass(frozen=True)
class File:
    """A kind of file.

    Args:
        where: The folder.
        what: What is in it.
        whose: Who it is about.
        why: What it is for.
        kept: How long.
        exported: How the person gets it.
        erased: How it goes.
    """

    where: str
    what: str
    whose: Whose
    why: str
    kept: str
    exported: str
    erased: str
