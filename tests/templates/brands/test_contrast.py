from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.templates.brands.sample import sample_document
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.look.brand import Brand, ButtonStyle, Colours, Token
from core.templates.look.contrast import ENOUGH, contrasts, dark, nearest, ratio
from core.templates.look.night import DARK

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


@given(COLOURS)
def test_links_and_outlines_are_seen_on_a_dark_screen_whatever_the_main_colour_is(primary: str) -> None:
    brand = Brand(colours=Colours(primary=primary), button=ButtonStyle(is_filled=False))
    assert all(one.passes for one in dark(brand)), [one.ratio for one in dark(brand)]


@pytest.mark.parametrize("primary", ["#111111", "#0b1f3a", "#3b0a0a"])
def test_a_filled_button_that_vanishes_on_a_dark_screen_is_named_with_a_colour_that_is_seen(primary: str) -> None:
    brand = Brand(colours=Colours(primary=primary))
    assert all(one.passes for one in contrasts(brand)), "by day all is well"
    links, button = dark(brand)
    assert (links.passes, button.passes, button.front) == (True, False, Token.PRIMARY)
    assert (button.ink, button.paper) == (primary, DARK[Token.SURFACE])
    mended = Brand(colours=Colours(primary=button.suggestion))
    assert all(one.passes for one in [*dark(mended), *contrasts(mended)]), "by night, and by day still"


def test_the_usual_brand_is_seen_on_a_dark_screen() -> None:
    assert [one.passes for one in dark(Brand())] == [True] * 2


def test_what_is_judged_is_what_emails_look_like_on_a_dark_screen() -> None:
    brand = Brand(colours=Colours(primary="#0b1f3a"))
    html = compile_template(sample_document().as_json(), TemplateKind.BLOCKS, brand=brand).html
    by_night = html[html.index("prefers-color-scheme: dark") :]
    links, button = dark(brand)
    assert f".pw-text a,.pw-primary div{{color:{links.ink} !important}}" in by_night
    assert f".pw-on-surface>table{{background-color:{links.paper} !important}}" in by_night
    assert re.search(rf'bgcolor="{button.ink}"', html), "a filled button has its colour written into it"
