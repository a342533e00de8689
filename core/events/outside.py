"""What people outside asked for by forms and on the page of choices: lines of the journal that are no events, carried out in order."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from core.contacts.aliases import survivor_of
from core.contacts.hosted.applying import Applying
from core.contacts.hosted.lines import KINDS, Asked, Confirmation, Preferences, Submission, asked_in
from core.errors import PostwrightError, Unavailable
from core.messages.tables import messages

_log = logging.getLogger(__name__)


def is_asked(record: Mapping[str, Any] | None) -> bool:
    """Return whether a line is one of these; nobody but the receiver writes any."""
    return record is not None and record.get("kind") in KINDS and record.get("source") == "receiver"


def carry_out(connection: sa.Connection, lines: Sequence[Mapping[str, Any]], applying: Applying) -> None:
    """Carry out what lines ask for; one that can't be is written down and left in the journal, so that it stops no others.

    Args:
        connection: The transaction of the batch.
        lines: The lines; they come from several journals, so they are carried out by the time they were said.
        applying: What carries them out.
    """
    read: list[tuple[str, Asked]] = []
    for line in lines:
        try:
            read.append((line["kind"], asked_in(line)))
        except (PostwrightError, ValueError, KeyError, TypeError) as error:
            _not_done(line["kind"], error)
    for kind, asked in sorted(read, key=lambda each: each[1].at):
        try:
            with connection.begin_nested():
                _apply(connection, asked, applying)
        except Unavailable:
            raise
        except (PostwrightError, DataError, IntegrityError, ValueError, KeyError, TypeError) as error:
            _not_done(kind, error)


def _not_done(kind: str, error: Exception) -> None:
    _log.error("a line of kind %s could not be carried out: %s", kind, type(error).__name__)


def _apply(connection: sa.Connection, asked: Asked, applying: Applying) -> None:
    if isinstance(asked, Submission):
        applying.submit(connection, asked)
    elif isinstance(asked, Confirmation):
        applying.confirm(connection, asked)
    else:
        _choose(connection, asked, applying)


def _choose(connection: sa.Connection, asked: Preferences, applying: Applying) -> None:
    whose = sa.select(messages.c.workspace_id, messages.c.contact_id).where(messages.c.id == asked.message_id)
    row = connection.execute(whose).one_or_none()
    if row is not None and row.contact_id is not None:
        reader = survivor_of(connection, row.workspace_id, row.contact_id)
        is_another = reader != row.contact_id
        said = replace(asked, choices=asked.choices.without_yes()) if is_another else asked
        applying.choose(connection, row.workspace_id, reader, said, only_less=is_another)
