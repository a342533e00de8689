"""A laid-out file lies on the disk until it is imported: what was damaged there is told, and not taken for people."""

from __future__ import annotations

import polars as pl
import pytest

from core.contacts.imports.files.contract import checked
from core.errors import InvalidInput

GOOD = pl.DataFrame({"line": [2, 3], "surplus": [False, True], "c0": ["ann@example.com", ""]}, schema_overrides={"line": pl.Int64})


def test_rows_that_are_what_they_should_be_stay_as_they_are() -> None:
    assert checked(GOOD).equals(GOOD)


@pytest.mark.parametrize(
    "damaged",
    [
        GOOD.with_columns(pl.lit(0, dtype=pl.Int64).alias("line")),
        GOOD.with_columns(pl.lit(None, dtype=pl.String).alias("c0")),
        GOOD.with_columns(pl.col("surplus").cast(pl.String)),
        GOOD.with_columns(pl.lit(7).alias("c0")),
    ],
)
def test_others_are_refused_in_words(damaged: pl.DataFrame) -> None:
    with pytest.raises(InvalidInput, match="damaged or exchanged"):
        checked(damaged)
