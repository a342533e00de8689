"""Where a field of contacts is used: in templates and in the rules of segments."""

from __future__ import annotations

import sqlalchemy as sa

from core.contacts.fields import FieldUses
from core.errors import InvalidInput
from core.segments.fields import ATTRIBUTE_PREFIX
from core.segments.rules import parse, walk
from core.segments.tables import segments
from core.templates.tables import template_versions, templates


def uses_of(connection: sa.Connection, workspace_id: int, field: str) -> FieldUses:
    """Return the names of the templates whose newest version names a field, and of the segments whose rules ask for it.

    Args:
        connection: To read with.
        workspace_id: Whose.
        field: The field's name; holds only `[a-z0-9_]`.
    """
    return FieldUses(_templates(connection, workspace_id, field), _segments(connection, workspace_id, field))


def _templates(connection: sa.Connection, workspace_id: int, field: str) -> tuple[str, ...]:
    version = template_versions.c
    newest = sa.select(sa.func.max(version.id)).where(version.workspace_id == workspace_id).group_by(version.template_id)
    wanted = sa.select(templates.c.name, version.fields).join_from(template_versions, templates, templates.c.id == version.template_id)
    found = connection.execute(wanted.where(version.id.in_(newest)).order_by(templates.c.name))
    return tuple(row.name for row in found if f"contact.{field}" in row.fields)


def _segments(connection: sa.Connection, workspace_id: int, field: str) -> tuple[str, ...]:
    wanted = sa.select(segments.c.name, segments.c.rules).where(segments.c.workspace_id == workspace_id).order_by(segments.c.name)
    return tuple(row.name for row in connection.execute(wanted) if _asks(row.rules, f"{ATTRIBUTE_PREFIX}{field}"))


def _asks(rules: object, key: str) -> bool:
    try:
        return any(rule.field == key for rule in walk(parse(rules)))
    except InvalidInput:  # rules of an earlier release that nobody can use
        return False
