"""A template version in its other languages as mail is written by it; light, because the receiver shows messages in the browser with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from core.templates.tables import template_variants

T = TypeVar("T")
_c = template_variants.c


def in_languages(connection: sa.Connection, workspace_id: int, version_id: int, made: Callable[[str, str], T]) -> dict[str, T]:
    """Return what is made of a version in each of its other languages, by language.

    Args:
        connection: Reads.
        workspace_id: Whose version.
        version_id: Its number.
        made: Makes something of its HTML part and its plain-text part.
    """
    wanted = sa.select(_c.language, _c.html, _c.text).where(_c.workspace_id == workspace_id, _c.version_id == version_id)
    return {one.language: made(one.html, one.text) for one in connection.execute(wanted.order_by(_c.language))}


def languages_of(connection: sa.Connection, workspace_id: int, version_id: int) -> tuple[str, ...]:
    """Return the other languages a version has, in order."""
    wanted = sa.select(_c.language).where(_c.workspace_id == workspace_id, _c.version_id == version_id)
    return tuple(connection.execute(wanted.order_by(_c.language)).scalars())
