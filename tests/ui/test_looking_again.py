"""What is drawn anew by itself is drawn more rarely once a look took long."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

PAGE = """
import streamlit as st
from core.ui import looking_again

moments = iter([0.0, {took}])
st.text(looking_again.seconds("people", {every}))
looking_again.follow(lambda: st.text("drawn"), "people", {every}, moments.__next__)
"""


def looks(took: float, every: float | None) -> list[str]:
    app = AppTest.from_string(PAGE.format(took=took, every=every), default_timeout=60).run()
    first = [each.value for each in app.text]
    second = [each.value for each in app.run().text]
    assert not app.exception
    assert (first[1:], second[1:]) == (["drawn"], ["drawn"])
    return [first[0], second[0]]


@pytest.mark.parametrize(
    ("took", "every", "said"),
    [
        (0.2, 5, ["5", "5"]),
        (9.0, 5, ["5", "60.0"]),
        (9.0, 90, ["90", "90"]),
        (9.0, None, ["None", "None"]),
    ],
)
def test_a_page_left_open_looks_more_rarely_where_it_takes_long(took: float, every: float | None, said: list[str]) -> None:
    assert looks(took, every) == said
