"""What the good rows of a file say about contacts, as they are kept."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from core.contacts.imports.judging import Judged, chosen, fields, used
from core.contacts.imports.mapping import Mapped
from core.contacts.imports.own_words import no_column, says_no
from core.contacts.imports.staged import Staged
from core.contacts.imports.values import as_json


def contents(staged: Staged, mapped: Mapped, judged: Judged) -> Iterator[pl.DataFrame]:
    """Yield the rows that can be imported, some at a time: `email`, `first_name`, `last_name`, `attributes` (JSON), perhaps `tags`.

    Where the file says how people stand, `says_no` tells who unsubscribed.
    """
    done, names, standing = 0, {f"attribute.{name}": name for name in judged.kinds}, no_column(staged)
    keys = used(staged, mapped)
    for rows in chosen(staged, judged.kept, [*keys, standing] if standing and standing not in keys else keys):
        emails = judged.kept["email"].slice(done, rows.height)
        done += rows.height
        if rows.height:
            texts = fields(staged, mapped, rows)
            attributes = as_json(texts.select(pl.col(old).alias(new) for old, new in names.items()), judged.kinds, rows.height)
            tags = ["tags"] if mapped.tags else []
            own = [rows.select(says_no(standing).alias("says_no")).to_series()] if standing else []
            yield texts.select(emails.alias("email"), "first_name", "last_name", attributes.alias("attributes"), *tags, *own)
