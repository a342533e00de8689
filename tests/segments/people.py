"""Contacts and events as DuckDB sees them, made in memory for tests of what the statement means."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from core.contacts.attributes import AttributeType
from core.segments.fields import Vocabulary
from core.storage.engine import Session
from core.storage.event_schema import EVENT_SCHEMA

VOCABULARY = Vocabulary(
    attributes={
        "country": AttributeType.TEXT,
        "visits": AttributeType.NUMBER,
        "vip": AttributeType.BOOLEAN,
        "birthday": AttributeType.DATE,
    },
    lists={1: "Customers", 2: "Newsletter"},
    tags={1: "VIP", 2: "New"},
)
_US = pa.timestamp("us", tz="UTC")
CONTACT_SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("email", pa.string()),
        ("domain", pa.string()),
        ("first_name", pa.string()),
        ("last_name", pa.string()),
        ("consent", pa.string()),
        ("suppressed", pa.bool_()),
        ("list_ids", pa.list_(pa.int64())),
        ("tag_ids", pa.list_(pa.int64())),
        ("created_at", _US),
        ("attributes", pa.string()),
        ("attr_country", pa.string()),
        ("attr_visits", pa.float64()),
        ("attr_vip", pa.bool_()),
        ("attr_birthday", pa.date32()),
    ]
)


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    created_at: datetime
    first_name: str = ""
    last_name: str = ""
    consent: str = "subscribed"
    list_ids: tuple[int, ...] = ()
    tag_ids: tuple[int, ...] = ()
    country: str | None = None
    visits: float | None = None
    vip: bool | None = None
    birthday: date | None = None

    def row(self) -> dict[str, Any]:
        attributes = {"country": self.country, "visits": self.visits, "vip": self.vip, "birthday": self.birthday}
        written = json.dumps({name: str(value) for name, value in attributes.items() if value is not None})
        plain = {name: value for name, value in vars(self).items() if name not in attributes}
        typed = {f"attr_{name}": value for name, value in attributes.items()}
        return (
            plain
            | typed
            | {
                "domain": "example.com",
                "suppressed": False,
                "list_ids": list(self.list_ids),
                "tag_ids": list(self.tag_ids),
                "attributes": written,
            }
        )


@dataclass(frozen=True)
class Happening:
    contact_id: int | None
    kind: str
    occurred_at: datetime
    actor: str | None = "human"

    def row(self, number: int) -> dict[str, Any]:
        return {
            "event_id": number,
            "workspace_id": 1,
            "kind": self.kind,
            "occurred_at": self.occurred_at,
            "contact_id": self.contact_id,
            "actor": self.actor,
        }


def session_of(people: Iterable[Person], happenings: Iterable[Happening]) -> Session:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set TimeZone = 'UTC'").fetchall()
    session = Session(connection)
    session.add_table("contacts", pa.Table.from_pylist([person.row() for person in people], schema=CONTACT_SCHEMA))
    rows = [happening.row(number) for number, happening in enumerate(happenings)]
    filled = [{name: row.get(name) for name in EVENT_SCHEMA.names} for row in rows]
    session.add_table("events", pa.Table.from_pylist(filled, schema=EVENT_SCHEMA))
    return session
