"""The lake's row schemas: every event, once and for ever, in these columns, and the facts derived from them."""

from __future__ import annotations

import pyarrow as pa

from core.storage.event_words import SENT_KINDS, Actor, BounceClass, EventClass, EventKind, event_class

__all__ = ["EVENT_SCHEMA", "FACT_SCHEMA", "SENT_KINDS", "Actor", "BounceClass", "EventClass", "EventKind", "conformed", "event_class"]

_US = pa.timestamp("us", tz="UTC")

EVENT_SCHEMA = pa.schema(
    [
        ("event_id", pa.int64()),
        ("workspace_id", pa.int64()),
        ("kind", pa.string()),
        ("occurred_at", _US),
        ("received_at", _US),
        ("message_id", pa.int64()),
        ("campaign_id", pa.int64()),
        ("automation_id", pa.int64()),
        ("variant_id", pa.int64()),
        ("contact_id", pa.int64()),
        ("recipient", pa.string()),
        ("recipient_domain", pa.string()),
        ("link_id", pa.int64()),
        ("url", pa.string()),
        ("provider", pa.string()),
        ("provider_event_id", pa.string()),
        ("provider_message_id", pa.string()),
        ("actor", pa.string()),
        ("actor_reason", pa.string()),
        ("signals", pa.string()),
        ("rules_version", pa.int32()),
        ("visitor", pa.int64()),
        ("bounce_class", pa.string()),
        ("reason", pa.string()),
        ("user_agent", pa.string()),
        ("client", pa.string()),
        ("device", pa.string()),
        ("ip_prefix", pa.string()),
        ("country", pa.string()),
        ("value", pa.float64()),
        ("currency", pa.string()),
        ("properties", pa.string()),
    ]
)

# One row per campaign and recipient: what the events of that pair come to.
FACT_SCHEMA = pa.schema(
    [
        ("workspace_id", pa.int64()),
        ("campaign_id", pa.int64()),
        ("contact_id", pa.int64()),
        ("variant_id", pa.int64()),
        ("sent_at", _US),
        ("bounced_at", _US),
        ("bounce_class", pa.string()),
        ("opens", pa.int32()),
        ("first_open_at", _US),
        ("machine_opens", pa.int32()),
        ("clicks", pa.int32()),
        ("first_click_at", _US),
        ("machine_clicks", pa.int32()),
        ("unsubscribed_at", _US),
        ("complained_at", _US),
        ("conversions", pa.int32()),
        ("revenue", pa.float64()),
    ]
)


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table in the columns of a schema: those a file of an earlier release lacks are null.

    Args:
        table: Rows as a file of any release holds them.
        schema: The columns of today.
    """
    columns = [table[field.name] if field.name in table.column_names else pa.nulls(table.num_rows, field.type) for field in schema]
    return pa.Table.from_arrays(columns, names=schema.names).cast(schema)
