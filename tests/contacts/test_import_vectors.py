"""Whole columns at once mean what one value at a time means."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.contacts.addresses import normalise
from core.contacts.attributes import AttributeType, from_text
from core.contacts.imports.address_vectors import is_disposable, is_role, normalised
from core.contacts.imports.column_types import Deciding, decide
from core.contacts.imports.column_types import fits as fits_type
from core.contacts.imports.kinds import ColumnType, DateFormat, Kind, country, language, time_zone
from core.contacts.imports.kinds import example as written_example
from core.contacts.imports.values import as_day, as_json, fits

LETTERS = "abzAZ019._%+-@!#'\"()<>,;: \u212a\u0130ſéß。․\u200bxn"
ADDRESSES = st.one_of(
    st.text(st.sampled_from(LETTERS), max_size=20),
    st.from_regex(r"[A-Za-z0-9.+_-]{1,8}@[A-Za-z0-9.-]{1,12}\.[A-Za-z0-9-]{1,5}", fullmatch=True),
    st.builds(
        "{}@{}.{}".format, st.text("ab.", min_size=1, max_size=70), st.text("ab-.", min_size=1, max_size=250), st.text("co1-", max_size=5)
    ),
)


def one_by_one(text: str) -> str | None:
    with suppress(Exception):
        return normalise(text)
    return None


@given(st.lists(ADDRESSES, max_size=10))
@example(
    [
        "a@b--c.com",
        "a@xn--mller-kva.de",
        "\u212a@example.com",
        "A.B+c@Example.COM",
        f"{'a' * 65}@b.co",
        f"a@{'b' * 64}.co",
        "a@b.1",
        "a@b.c1",
    ]
)
def test_a_column_of_addresses_is_normalised_as_each_of_them(texts: list[str]) -> None:
    stripped = [text.strip() for text in texts]
    assert normalised(pl.Series(stripped, dtype=pl.String)).to_list() == [one_by_one(text) for text in stripped]


def test_addresses_of_functions_and_those_to_be_thrown_away_are_told() -> None:
    addresses = ["info@example.com", "sales+x@example.com", "ann@example.com", "ann@mailinator.com", "information.desk@example.com"]
    found = pl.DataFrame({"email": addresses}).select(is_role(pl.col("email")).alias("role"), is_disposable(pl.col("email")).alias("gone"))
    assert found["role"].to_list() == [True, True, False, False, False]
    assert found["gone"].to_list() == [False, False, False, True, False]


NUMBERS = st.from_regex(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", fullmatch=True)


@given(st.lists(st.one_of(NUMBERS, st.just("")), max_size=10))
@example(["-0", "-0.0", "0.00001", "0.0001", "1.50", "007", "123456789012345.5", "0.1234567890123", "9999999.9999999"])
def test_numbers_are_written_as_python_writes_them(texts: list[str]) -> None:
    wanted = [{"n": from_text(text, AttributeType.NUMBER)} if text else {} for text in texts]
    frame = pl.DataFrame({"n": texts}, schema={"n": pl.String})
    assert as_json(frame, {"n": Kind(ColumnType.NUMBER)}, frame.height).to_list() == [json.dumps(value) for value in wanted]


@given(
    st.lists(st.tuples(st.text(max_size=8).filter(lambda text: "\0" not in text), st.sampled_from(["yes", "0", "TRUE", ""])), max_size=5)
)
def test_attributes_are_json_whatever_is_in_them(rows: list[tuple[str, str]]) -> None:
    frame = pl.DataFrame(rows, schema={"longer": pl.String, "ok": pl.String}, orient="row")
    kinds = {"longer": Kind(ColumnType.TEXT), "ok": Kind(ColumnType.BOOLEAN)}
    for text, (longer, is_so) in zip(as_json(frame, kinds, frame.height), rows, strict=True):
        wanted = {"ok": is_so.lower() in {"yes", "true"}} if is_so else {}
        assert json.loads(text) == wanted | ({"longer": longer} if longer else {})


@pytest.mark.parametrize("written", DateFormat)
@given(day=st.dates(min_value=date(1, 1, 1)))
def test_a_day_is_read_back_however_it_is_written(written: DateFormat, day: date) -> None:
    text = str(written).replace("YYYY", f"{day.year:04}").replace("MM", f"{day.month:02}").replace("DD", f"{day.day:02}")
    text = text.replace("hh:mm", "23:59")
    read = pl.DataFrame({"text": [text, "", "31.02.2026", "x"]}).select(as_day(pl.col("text"), written)).to_series().to_list()
    assert read == [day.isoformat(), None, None, None]


def test_the_example_of_a_way_to_write_a_day_is_one() -> None:
    for written in DateFormat:
        column = pl.DataFrame({"text": [written_example(written)]}).select(fits(pl.col("text"), Kind(ColumnType.DATE, written)))
        assert column.item()


def test_a_time_of_day_may_stand_after_a_day() -> None:
    texts = ["2026-11-22T10:00:00Z", "2026-11-22 10:00", "2026-11-22", "2026-11-22 10:00:00.123 +01:00"]
    read = pl.DataFrame({"text": texts}).select(as_day(pl.col("text"), DateFormat.ISO_TIME)).to_series().to_list()
    assert read == ["2026-11-22"] * 4


def test_countries_languages_and_zones_have_one_spelling() -> None:
    assert [country(text) for text in ("DE", "deu", " germany ", "UK", "Korea, Republic of", "Atlantis")] == [
        "DE",
        "DE",
        "DE",
        "GB",
        "KR",
        None,
    ]
    assert [language(text) for text in ("DE", "pt_br", "zh-hant-tw", "es-419", "klingon", "xx")] == [
        "de",
        "pt-BR",
        "zh-Hant-TW",
        "es-419",
        None,
        None,
    ]
    assert [time_zone(text) for text in ("europe/berlin", "UTC", "Mars/Olympus")] == ["Europe/Berlin", "UTC", None]


@given(
    st.lists(st.sampled_from(["", "1", "0", "1.5", "yes", "no", "2026-11-22", "2026-02-30", "x", "007"]), max_size=12), st.integers(1, 5)
)
def test_deciding_slice_by_slice_is_deciding_at_once(texts: list[str], size: int) -> None:
    frame, deciding = pl.DataFrame({"x": texts}, schema={"x": pl.String}), Deciding(["x"])
    for part in frame.iter_slices(size):
        deciding.see(part)
    assert deciding.decided().get("x") == decide(frame["x"])
    if kind := decide(frame["x"]):
        assert frame.select(fits_type(pl.col("x"), kind).all()).item()
