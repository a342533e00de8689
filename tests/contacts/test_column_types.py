import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contacts.attributes import AttributeType, from_text
from core.contacts.imports.column_types import decide, fits


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "195.83", "-3", ""], AttributeType.NUMBER),
        (["0", "1"], AttributeType.NUMBER),
        (["1"] * 200 + ["195.83"], AttributeType.NUMBER),
        (["01234", "98765"], AttributeType.TEXT),
        (["+49 30 1234"], AttributeType.TEXT),
        (["1234567890123456"], AttributeType.TEXT),
        (["1e5"], AttributeType.TEXT),
        (["nan"], AttributeType.TEXT),
        (["yes", "No", "TRUE", "false"], AttributeType.BOOLEAN),
        (["yes", "1"], AttributeType.TEXT),
        (["2026-11-22", "2024-02-29"], AttributeType.DATE),
        (["2026-02-30"], AttributeType.TEXT),
        (["22.11.2026"], AttributeType.TEXT),
        (["=1+1"], AttributeType.TEXT),
        (["", ""], None),
        ([], None),
    ],
)
def test_the_whole_column_decides(texts: list[str], kind: AttributeType | None) -> None:
    assert decide(pl.Series(texts, dtype=pl.String)) is kind


@given(st.lists(st.text(st.sampled_from("0123456789-+.eyYnNostrufal/ ٣\n"), max_size=11)), st.sampled_from(AttributeType))
def test_whatever_fits_has_a_value(texts: list[str], kind: AttributeType) -> None:
    column = pl.Series("x", texts, dtype=pl.String)
    fitting = column.to_frame().filter(fits(pl.col("x"), kind))["x"]
    assert None not in [from_text(text, kind) for text in fitting if text]
    decided = decide(column)
    if decided is not None:
        assert column.to_frame().select(fits(pl.col("x"), decided).all()).item()


def test_values_of_a_settled_type_may_be_spelled_otherwise() -> None:
    column = pl.Series(["007", "+1.50", ""], dtype=pl.String)
    assert column.to_frame("x").select(fits(pl.col("x"), AttributeType.NUMBER).all()).item()
    assert [from_text(text, AttributeType.NUMBER) for text in column if text] == [7, 1.5]
