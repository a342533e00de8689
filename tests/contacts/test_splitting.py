import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from core.contacts.splitting import rows_as_text

fields = st.text(st.sampled_from('ab ;"\nü'), max_size=6)
unquoted = st.text(st.sampled_from("ab ;ü"), max_size=6)


@given(st.lists(st.lists(fields, min_size=3, max_size=3), min_size=1, max_size=8))
def test_whatever_a_correct_writer_writes_is_read_back(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    frame, broken = rows_as_text(out.getvalue(), ",", 3, 2)
    assert not broken
    assert [list(row[2:]) for row in frame.iter_rows()] == [row for row in rows if any(value.strip() for value in row)]


@given(st.lists(st.lists(unquoted, max_size=6), max_size=8), st.integers(1, 4))
def test_both_parsers_read_a_file_without_quotation_marks_alike(rows: list[list[str]], width: int) -> None:
    body = "".join(",".join(row) + "\n" for row in rows)
    plain, _ = rows_as_text(body, ",", width, 2)
    # One quoted row at the end sends the same lines to the other parser.
    careful, broken = rows_as_text(body + '"end"\n', ",", width, 2)
    assert not broken
    assert plain.rows() == careful.rows()[:-1]


@given(st.text(st.sampled_from('ab"\n '), max_size=60))
def test_no_line_disappears(body: str) -> None:
    lines = body.split("\n")
    marked = "".join(f"m{number},{line}\n" for number, line in enumerate(lines))
    frame, broken = rows_as_text(marked, ",", 2, 1)
    seen = "\n".join([broken_line.text for broken_line in broken] + [" ".join(map(str, row)) for row in frame.iter_rows()])
    assert all(f"m{number}" in seen for number in range(len(lines)))


def test_a_mark_that_is_never_closed_does_not_swallow_the_rest() -> None:
    body = 'a,"open\n' + "".join(f"p{number},x\n" for number in range(1_000))
    frame, broken = rows_as_text(body, ",", 2, 2)
    assert (frame.height, [found.line for found in broken]) == (1_000, [2])
