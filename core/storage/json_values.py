"""Single values of JSON columns, which each database reads and takes away in words of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def has_key(connection: sa.Connection, column: sa.ColumnElement[Any], key: str) -> sa.ColumnElement[bool]:
    """Return the condition that an object has a key; the key holds only `[a-z0-9_]`."""
    if connection.dialect.name == "sqlite":
        return sa.func.json_type(column, f'$."{key}"').is_not(None)
    return column.op("?", is_comparison=True)(sa.literal(key, sa.Text))


def without_key(connection: sa.Connection, column: sa.ColumnElement[Any], key: str) -> sa.ColumnElement[Any]:
    """Return an object without a key, to be set in an update."""
    if connection.dialect.name == "sqlite":
        return sa.func.json_remove(column, f'$."{key}"')
    return column.op("-")(sa.literal(key, sa.Text))
