"""Where contacts live: their time zone, told by an attribute called `time_zone` or `timezone`; else it is the workspace's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

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


def people_by_zone(connection: sa.Connection, workspace_id: int, otherwise: ZoneInfo) -> dict[ZoneInfo, list[int]]:
    """Return the ids of a workspace's contacts by the zone they live in, gathered by the database."""
    is_sqlite = connection.dialect.name == "sqlite"
    gathered = sa.func.json_group_array(contacts.c.id) if is_sqlite else sa.func.array_agg(contacts.c.id)
    found: dict[ZoneInfo, list[int]] = {}
    for *said, ids in connection.execute(sa.select(*SAID, gathered).where(contacts.c.workspace_id == workspace_id).group_by(*SAID)):
        found.setdefault(zone_said(tuple(said), otherwise), []).extend(orjson.loads(ids) if is_sqlite else ids)
    return found
