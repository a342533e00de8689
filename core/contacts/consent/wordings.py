"""The words people agree to: kept for ever, each change a new version, so that a record can name the words it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.consent.evidence import LONGEST_WORDING
from core.contacts.tables import consent_texts
from core.errors import InvalidInput
from core.permissions import Permission, Principal
from core.storage.database import Database, insert_or_ignore

_LONGEST_NAME = 200
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True)
class Wording:
    """Words somebody can agree to.

    Args:
        name: What they are called here.
        language: Their language, like `en`.
        version: Counted from 1 for each name and language.
        text: The words.
        created_by: Who wrote them.
        created_at: When.
    """

    name: str
    language: str
    version: int
    text: str
    created_by: str
    created_at: datetime


class Wordings:
    """Keeps and shows wordings.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def save(self, by: Principal, name: str, language: str, text: str) -> Wording:
        """Keep words; the same ones stay the version they are, others are the next one.

        Raises:
            Denied: If `by` may not edit contacts.
            InvalidInput: If the name, the language or the words can't be used.
        """
        by.require(Permission.CONTACTS_EDIT)
        by.require_all_lists()
        with self._db.transaction() as connection:
            before = current(connection, by.workspace_id, name.strip(), language.strip().lower())
            kept = keep(connection, by.workspace_id, name, language, text, by.label, self._clock.now())
            if before is None or before.version != kept.version:
                target, after = f"consent_text:{kept.version}", {"name": kept.name, "language": kept.language}
                record(connection, self._clock.now(), by, AuditAction.CONSENT_TEXT_SAVED, target, after=after)
            return kept

    def all(self, by: Principal) -> list[Wording]:
        """Return every version of all wordings, the newest first within each name and language.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        column = consent_texts.c
        mine = sa.select(consent_texts).where(column.workspace_id == by.workspace_id)
        with self._db.read() as connection:
            rows = connection.execute(mine.order_by(column.name, column.language, column.version.desc()))
            return [_as_wording(row) for row in rows]


def current(connection: sa.Connection, workspace_id: int, name: str, language: str) -> Wording | None:
    """Return the newest version of a wording, None where there is none."""
    column = consent_texts.c
    mine = (column.workspace_id == workspace_id, column.name == name, column.language == language)
    row = connection.execute(sa.select(consent_texts).where(*mine).order_by(column.version.desc()).limit(1)).one_or_none()
    return None if row is None else _as_wording(row)


def keep(connection: sa.Connection, workspace_id: int, name: str, language: str, text: str, author: str, now: datetime) -> Wording:
    """Keep words inside the caller's transaction, as `Wordings.save` does; for what shows them, like a form.

    Raises:
        InvalidInput: If the name, the language or the words can't be used.
    """
    called, spoken, words = name.strip(), language.strip().lower(), text.strip()
    if not called or len(called) > _LONGEST_NAME or not called.isprintable():
        raise InvalidInput("A wording needs a name.", hint=f"Use 1 to {_LONGEST_NAME} characters on one line.")
    if not _LANGUAGE.fullmatch(spoken):
        raise InvalidInput("This is not a language.", hint="Write it like en, de or pt-br.")
    if not words or len(words) > LONGEST_WORDING or "\0" in words:
        raise InvalidInput("The words are missing or too long.", hint=f"Use at most {LONGEST_WORDING:,} characters.")
    while True:
        before = current(connection, workspace_id, called, spoken)
        if before is not None and before.text == words:
            return before
        made = Wording(called, spoken, before.version + 1 if before else 1, words, author, now)
        if insert_or_ignore(connection, consent_texts, [{"workspace_id": workspace_id, **vars(made)}]):
            return made  # else somebody else has written this version meanwhile, in words of their own


def _as_wording(row: sa.Row[Any]) -> Wording:
    return Wording(row.name, row.language, row.version, row.text, row.created_by, row.created_at)
