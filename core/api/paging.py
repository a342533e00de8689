"""Long answers in pages: each page names where the next begins, so nothing is seen twice or missed while rows come and go."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from core.errors import InvalidInput

MOST = 200
DEFAULT = 50
_LARGEST = 2**63 - 1
_SHAPE = re.compile(r"[A-Za-z0-9_-]+")

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before; leave it out to begin.")]

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    data: list[Item]
    next_cursor: str | None = Field(description="Give this as `cursor` to get the next page; null on the last one.")


def pack(*place: object) -> str:
    """Return a place in a list as a cursor; clients give it back and look for nothing in it."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def unpack(cursor: str | None, *kinds: type) -> tuple[int | str, ...] | None:
    """Return the place a cursor names, or None without one.

    Args:
        cursor: As it was given.
        kinds: What the place consists of.

    Raises:
        InvalidInput: If it is not one of ours.
    """
    if cursor is None:
        return None
    if not _SHAPE.fullmatch(cursor):
        raise _not_ours()
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise _not_ours() from None
    if not isinstance(found, list) or [type(part) for part in found] != list(kinds):
        raise _not_ours()
    if any(isinstance(part, int) and not 0 <= part <= _LARGEST for part in found):
        raise _not_ours()
    return tuple(found)


def place_of(cursor: str | None) -> int | None:
    """Return the id a cursor names, for lists in the order of ids."""
    found = unpack(cursor, int)
    return None if found is None else int(found[0])


def page_of(rows: Sequence[Row], limit: int, as_item: Callable[[Row], Item], place: Callable[[Row], Sequence[object]]) -> Page[Item]:
    """Return a page of rows that were read one more than the page holds.

    Args:
        rows: At most `limit + 1`.
        limit: What the page holds.
        as_item: How a row is shown.
        place: What the next page's cursor says of the last row.
    """
    shown = rows[:limit]
    further = pack(*place(shown[-1])) if len(rows) > limit else None
    return Page.model_construct(data=[as_item(row) for row in shown], next_cursor=further)


def cut(rows: Sequence[Row], limit: int, cursor: str | None, as_item: Callable[[Row], Item], number: Callable[[Row], int]) -> Page[Item]:
    """Return a page of rows that are all at hand, oldest first, by their numbers.

    Args:
        rows: All of them, in any order.
        limit: What the page holds.
        cursor: As it was given.
        as_item: How a row is shown.
        number: A row's id.
    """
    after = place_of(cursor) or 0
    following = sorted((row for row in rows if number(row) > after), key=number)[: limit + 1]
    return page_of(following, limit, as_item, lambda row: (number(row),))


def _not_ours() -> InvalidInput:
    return InvalidInput("This cursor is not one of ours.", hint="Give `next_cursor` of the page before unchanged, or leave it out.")
