"""Sign-up forms as the receiver shows them: in memory, so that known ones go on while the database is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.contacts.hosted.design import FormDesign, design_of
from core.contacts.hosted.tables import sign_up_forms
from core.contacts.tables import lists
from core.errors import PostwrightError, Unavailable
from core.storage.database import Database
from core.storage.tables import workspaces

REFRESH_SECONDS = 2.0
# The same key is asked about again, and a database that did not answer is asked again, after this long.
_PATIENCE_SECONDS = 1.0
_LONGEST_KEY = 64
_LOOKS_KEPT = 10_000

_log = logging.getLogger(__name__)


class FormState(StrEnum):
    """Whether a form takes anybody."""

    LIVE = "live"
    PAUSED = "paused"
    DELETED = "deleted"


@dataclass(frozen=True)
class ListChoice:
    """A list as people outside see it."""

    id: int
    name: str
    description: str = ""


@dataclass(frozen=True)
class PublishedForm:
    """A form that can be shown.

    Args:
        id: Its number.
        workspace_id: Whose it is.
        key: What stands in its address.
        workspace: The name of the workspace.
        state: Whether it takes anybody.
        design: What it is made of; lists that are gone are left out.
        wording_version: Which version of the wording it shows.
        choices: The lists to choose from.
    """

    id: int
    workspace_id: int
    key: str
    workspace: str
    state: FormState
    design: FormDesign
    wording_version: int
    choices: tuple[ListChoice, ...] = ()


class PublishedForms:
    """Every form of the installation by its key.

    Args:
        db: The database.
        monotonic: Seconds from an arbitrary start; replaceable in tests.
    """

    def __init__(self, db: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db, self._monotonic = db, monotonic
        self._forms: dict[str, PublishedForm] = {}
        self._looked_at: dict[str, float] = {}
        self._is_down, self._down_until = False, float("-inf")
        self._lock = Lock()

    def known(self, key: str) -> PublishedForm | None:
        """Return the form if it is in memory; never touches the database."""
        return self._forms.get(key)

    def get(self, key: str) -> PublishedForm | None:
        """Return the form, asking the database where it is not in memory; None if there is no such form.

        Raises:
            Unavailable: If it is not in memory and the database can't be asked.
        """
        if key not in self._forms and len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable():
            self._look(key)
            if key not in self._forms and self._is_down:
                raise Unavailable("The database does not answer.", hint="Try again in a moment.")
        return self._forms.get(key)

    def refresh(self) -> None:
        """Read all forms anew; a dead database is logged and changes nothing."""
        with self._lock:
            found = self._read()
            if found is not None:
                self._forms = found

    def _look(self, key: str) -> None:
        with self._lock:
            now = self._monotonic()
            if now < self._down_until or now - self._looked_at.get(key, float("-inf")) < _PATIENCE_SECONDS:
                return
            found = self._read(sign_up_forms.c.key == key)
            if found is None:
                return
            if len(self._looked_at) >= _LOOKS_KEPT:
                self._looked_at.clear()
            self._looked_at[key] = now
            self._forms = self._forms | found

    def _read(self, *where: sa.ColumnElement[bool]) -> dict[str, PublishedForm] | None:
        try:
            with self._db.read() as connection:
                found = published(connection, *where)
        except (PostwrightError, SQLAlchemyError) as error:
            if not self._is_down:
                _log.warning("forms can't be read, going on with %d known: %s", len(self._forms), type(error).__name__)
            self._is_down, self._down_until = True, self._monotonic() + _PATIENCE_SECONDS
            return None
        self._is_down = False
        return found


def published(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> dict[str, PublishedForm]:
    """Return forms that were not deleted, by their key.

    Args:
        connection: An open connection.
        where: Which; all if not given.
    """
    form = sign_up_forms.c
    wanted = (
        sa.select(sign_up_forms, workspaces.c.name.label("workspace"))
        .join(workspaces, workspaces.c.id == form.workspace_id)
        .where(form.state != FormState.DELETED.value, *where)
    )
    rows = connection.execute(wanted).all()
    if not rows:
        return {}
    named = _lists(connection, {row.workspace_id for row in rows} if where else None)
    found = {}
    for row in rows:
        try:
            found[row.key] = _form(row, named)
        except Exception as error:  # one form that can't be shown must not take the others along
            _log.error("form %d can't be shown: %s", row.id, type(error).__name__)
    return found


@dataclass(frozen=True)
class _List:
    shown: ListChoice
    asks_first: bool


def _lists(connection: sa.Connection, workspace_ids: set[int] | None) -> dict[tuple[int, int], _List]:
    wanted = sa.select(lists.c.workspace_id, lists.c.id, lists.c.name, lists.c.description, lists.c.double_opt_in)
    if workspace_ids is not None:
        wanted = wanted.where(lists.c.workspace_id.in_(workspace_ids))
    rows = connection.execute(wanted).all()
    return {(row.workspace_id, row.id): _List(ListChoice(row.id, row.name, row.description), row.double_opt_in) for row in rows}


def _form(row: Any, named: Mapping[tuple[int, int], _List]) -> PublishedForm:
    """Return a form; a list of another workspace, or one that is gone, is never on it, whatever its design says.

    One list that asks by mail makes the whole form ask: what people read afterwards has to be true.
    """
    kept = design_of(row.design)
    fixed, choices = (
        [named[row.workspace_id, one] for one in each if (row.workspace_id, one) in named] for each in (kept.list_ids, kept.choices)
    )
    design = replace(
        kept,
        list_ids=tuple(one.shown.id for one in fixed),
        choices=tuple(one.shown.id for one in choices),
        double_opt_in=kept.double_opt_in or any(one.asks_first for one in (*fixed, *choices)),
    )
    offered = tuple(one.shown for one in choices)
    return PublishedForm(row.id, row.workspace_id, row.key, row.workspace, FormState(row.state), design, row.wording_version, offered)
