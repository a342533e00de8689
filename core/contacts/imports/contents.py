"""What the good rows of a file say about contacts, as they are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from core.contacts.imports.judging import Judged, chosen, fields, used
from core.contacts.imports.mapping import Mapped
from core.contacts.imports.staged import Staged
from core.contacts.imports.values import as_json


def contents(staged: Staged, mapped: Mapped, judged: Judged, noes: Collection[str] = ()) -> Iterator[pl.DataFrame]:
    """Yield the rows that can be imported, some at a time: `email`, `first_name`, `last_name`, `attributes` (JSON), perhaps `tags`.

    Args:
        staged: The file.
        mapped: What its columns are.
        judged: Which rows can be imported.
        noes: The addresses that the file says no for; where there are any, `says_no` tells whose.
    """
    done, names, refused = 0, {f"attribute.{name}": name for name in judged.kinds}, pl.Series(list(noes), dtype=pl.String)
    for rows in chosen(staged, judged.kept, used(staged, mapped)):
        emails = judged.kept["email"].slice(done, rows.height)
        done += rows.height
        if rows.height:
            texts = fields(staged, mapped, rows)
            attributes = as_json(texts.select(pl.col(old).alias(new) for old, new in names.items()), judged.kinds, rows.height)
            tags = ["tags"] if mapped.tags else []
            own = [emails.is_in(refused.implode()).alias("says_no")] if len(refused) else []
            yield texts.select(emails.alias("email"), "first_name", "last_name", attributes.alias("attributes"), *tags, *own)
