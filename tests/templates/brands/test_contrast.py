from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.templates.look.brand import Brand, ButtonStyle, Colours, Token
from core.templates.look.contrast import ENOUGH, contrasts, nearest, ratio

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54)],
)
def test_the_ratio_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert round(ratio(one, other), 2) == expected == round(ratio(other, one), 2)


@given(COLOURS, COLOURS)
def test_the_suggestion_can_be_read(front: str, behind: str) -> None:
    found = nearest(front, behind)
    assert ratio(found, behind) >= ENOUGH
    if ratio(front, behind) >= ENOUGH:
        assert found == front


def test_the_suggestion_stays_near() -> None:
    found = nearest("#7b83f0", "#ffffff")
    assert found not in {"#000000", "#7b83f0"}
    assert ENOUGH <= ratio(found, "#ffffff") < ENOUGH + 0.3
    red, blue = int(found[1:3], 16), int(found[5:7], 16)
    assert blue > red, "it is still a blue"


def test_the_usual_brand_can_be_read() -> None:
    assert [one.passes for one in contrasts(Brand())] == [True] * 4


def test_what_can_not_be_read_is_named_with_the_colour_to_change() -> None:
    brand = Brand(colours=Colours(primary="#ffd54f", text="#9a9a9a"))
    found = {one.what: one for one in contrasts(brand)}
    assert {what for what, one in found.items() if not one.passes} == {"Text on the sheet", "Links on the sheet", "Words on a button"}
    button = found["Words on a button"]
    assert (button.front, button.behind) == (Token.BUTTON_TEXT, Token.PRIMARY)
    assert ratio(button.suggestion, "#ffd54f") >= ENOUGH


def test_a_button_without_a_filling_has_words_in_its_own_colour() -> None:
    brand = Brand(button=ButtonStyle(is_filled=False))
    [button] = [one for one in contrasts(brand) if one.what == "Words on a button"]
    assert (button.front, button.behind) == (Token.PRIMARY, Token.SURFACE)
