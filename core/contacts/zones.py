"""Where contacts live: their time zone, told by an attribute called `time_zone` or `timezone`; else it is the workspace's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from core.contacts.attributes import declared
from core.contacts.tables import contacts
from core.hours import zone_named

NAMES = ("time_zone", "timezone")
# What contacts say, as columns: a query that groups by them has a row per zone, not per person.
SAID = tuple(contacts.c.attributes[name].as_string() for name in NAMES)


def zone_said(said: tuple[object, ...], otherwise: ZoneInfo) -> ZoneInfo:
    """Return the first zone that is one among what a contact says of it.

    Args:
        said: The values of `NAMES`.
        otherwise: The workspace's zone.
    """
    return next((zone for each in said if isinstance(each, str) and (zone := zone_named(each))), otherwise)


def zone_of(attributes: Mapping[str, Any], otherwise: ZoneInfo) -> ZoneInfo:
    """Return the zone a contact lives in."""
    return zone_said(tuple(attributes.get(name) for name in NAMES), otherwise)


def by_zone(connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], otherwise: ZoneInfo) -> dict[ZoneInfo, list[int]]:
    """Return contacts by the zone they live in, gathered by the database; those that were deleted meanwhile are left out.

    Args:
        connection: An open connection.
        workspace_id: Whose contacts they are.
        contact_ids: Which.
        otherwise: The workspace's zone.
    """
    known = declared(connection, workspace_id)
    columns = [column for name, column in zip(NAMES, SAID, strict=True) if name in known]
    if not columns:  # nobody says where they live, and reading what a million people say takes its time
        return {otherwise: list(contact_ids)}
    is_sqlite, chosen = connection.dialect.name == "sqlite", set(contact_ids)
    gathered = sa.func.json_group_array(contacts.c.id) if is_sqlite else sa.func.array_agg(contacts.c.id)
    found: dict[ZoneInfo, list[int]] = {}
    for *said, listed in connection.execute(
        sa.select(*columns, gathered).where(contacts.c.workspace_id == workspace_id).group_by(*columns)
    ):
        ids = orjson.loads(listed) if is_sqlite else listed
        mine = ids if chosen.issuperset(ids) else chosen.intersection(ids)
        if mine:
            found.setdefault(zone_said(tuple(said), otherwise), []).extend(mine)
    return {zone: sorted(ids) for zone, ids in found.items()}
