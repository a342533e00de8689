"""What the good rows of a file say about contacts, as they are kept."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from core.contacts.judging import Judged, chosen, fields, used
from core.contacts.mapping import Mapped
from core.contacts.staged import Staged
from core.contacts.values import as_json


def contents(staged: Staged, mapped: Mapped, judged: Judged) -> Iterator[pl.DataFrame]:
    """Yield the rows that can be imported, some at a time: `email`, `first_name`, `last_name`, `attributes` (JSON), perhaps `tags`."""
    done, names = 0, {f"attribute.{name}": name for name in judged.kinds}
    for rows in chosen(staged, judged.kept, used(staged, mapped)):
        emails = judged.kept["email"].slice(done, rows.height)
        done += rows.height
        if rows.height:
            texts = fields(staged, mapped, rows)
            attributes = as_json(texts.select(pl.col(old).alias(new) for old, new in names.items()), judged.kinds, rows.height)
            tags = ["tags"] if mapped.tags else []
            yield texts.select(emails.alias("email"), "first_name", "last_name", attributes.alias("attributes"), *tags)
