"""What somebody looks for among contacts, said twice: to the database, and to DuckDB over the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.contacts.consent.consent import ConsentStatus
from core.contacts.membership import is_on_list
from core.contacts.suppression.suppressed import is_suppressed
from core.contacts.tables import contacts
from core.contacts.tagging import has_tag
from core.contacts.visibility import Conditions, seen_one_by_one, seen_together, sees_list
from core.permissions import Principal


@dataclass(frozen=True)
class Choice:
    """What is looked for; what is left out is not asked.

    Args:
        search: Part of the address or of a name, or both names in a row.
        list_id: Only people on this list.
        tag_id: Only people with this tag.
        consent: Only people who stand so.
        suppressed: Only those whose address is suppressed, or only the others.
        source: Only those who came this way ("import", "form", "api", "manual"), or by this very one ("import:7").
    """

    search: str = ""
    list_id: int | None = None
    tag_id: int | None = None
    consent: ConsentStatus | None = None
    suppressed: bool | None = None
    source: str = ""

    @property
    def words(self) -> str:
        """What is searched for, as it is compared."""
        return " ".join(self.search.split()).lower()


def in_database(by: Principal, choice: Choice, *, together: bool = True) -> Conditions:
    """Return the conditions of a choice among the contacts `by` may see.

    Args:
        by: Who asks.
        choice: What is looked for.
        together: Whether the statement looks at all contacts, rather than at a few known ones (`visibility`).
    """
    found = [contacts.c.workspace_id == by.workspace_id, *_text(choice)]
    if choice.list_id is None:
        found += seen_together(by) if together else seen_one_by_one(by)
    else:
        found.append(is_on_list(choice.list_id) if sees_list(by, choice.list_id) else sa.false())
    if choice.tag_id is not None:
        found.append(has_tag(choice.tag_id))
    if choice.consent is not None:
        found.append(contacts.c.consent == choice.consent.value)
    if choice.suppressed is not None:
        found.append(is_suppressed() if choice.suppressed else ~is_suppressed())
    return found


def in_snapshot(by: Principal, choice: Choice) -> tuple[str, dict[str, Any]]:
    """Return the same as a DuckDB condition over the snapshot's columns, and the values of its parameters."""
    asked: list[tuple[str, str, Any]] = []
    if choice.words:
        names = ["lower(first_name)", "lower(last_name)", *(["lower(first_name || ' ' || last_name)"] if " " in choice.words else [])]
        where = " or ".join(f"contains({text}, $words)" for text in ("email", *names))  # an address is kept in small letters
        asked.append((f"({where})", "words", choice.words))
    if choice.list_id is not None:
        asked.append(("list_contains(list_ids, $list_id)", "list_id", choice.list_id if sees_list(by, choice.list_id) else 0))
    elif by.lists is not None:
        asked.append(("list_has_any(list_ids, $lists::bigint[])", "lists", sorted(by.lists)))
    if choice.tag_id is not None:
        asked.append(("list_contains(tag_ids, $tag_id)", "tag_id", choice.tag_id))
    if choice.consent is not None:
        asked.append(("consent = $consent", "consent", choice.consent.value))
    if choice.suppressed is not None:
        asked.append(("suppressed = $suppressed", "suppressed", choice.suppressed))
    if choice.source:
        asked.append(("(source = $source or starts_with(source, $source || ':'))", "source", choice.source))
    return " and ".join(condition for condition, _, _ in asked) or "true", {name: value for _, name, value in asked}


def _text(choice: Choice) -> Conditions:
    found: Conditions = []
    if choice.words:
        email, first, last = contacts.c.email, contacts.c.first_name, contacts.c.last_name
        names = [first, last, *([first + " " + last] if " " in choice.words else [])]
        where = [sa.func.lower(name).contains(words, autoescape=True) for name in names for words in _cases(choice.words)]
        found.append(sa.or_(email.contains(choice.words, autoescape=True), *where))  # an address is kept in small letters
    if choice.source:
        column = contacts.c.source
        found.append(sa.or_(column == choice.source, column.startswith(f"{choice.source}:", autoescape=True)))
    return found


def _cases(words: str) -> set[str]:
    """Return a search as it may stand there: SQLite knows only the small letters of ASCII."""
    return {words} if words.isascii() else {words, words.upper(), words.capitalize(), words.title()}
