"""Colours that mean something must stay apart for every pair of eyes."""

from __future__ import annotations

import itertools
import math

import pytest

from core.ui.palette import DARK, LIGHT, Meaning, Palette, faded

# Machado, Oliveira and Fernandes 2009, severity 1.0, for linear RGB.
EYES = {
    "full colour": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
LOOKS = [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")]
APART = 18


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("look", LOOKS)
def test_no_two_meanings_look_alike(look: Palette, eyes: str) -> None:
    seen = {meaning: _lab(_through(EYES[eyes], colour)) for meaning, colour in look.colours.items()}
    nearest = min((math.dist(seen[a], seen[b]), a, b) for a, b in itertools.combinations(Meaning, 2))
    assert nearest[0] >= APART, nearest


@pytest.mark.parametrize("look", LOOKS)
def test_lines_stand_out_from_the_background_and_words_can_be_read(look: Palette) -> None:
    assert all(_contrast(colour, look.background) >= 3 for colour in look.colours.values())
    assert _contrast(look.quiet, look.background) >= 4.5
    assert _contrast(look.text, look.background) >= 7


def test_a_faded_colour_keeps_its_hue() -> None:
    assert faded("#4f46e5", 0.25) == "rgba(79,70,229,0.25)"


def _linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _through(matrix: tuple[tuple[float, ...], ...], colour: str) -> list[float]:
    linear = _linear(colour)
    return [min(1.0, max(0.0, sum(m * x for m, x in zip(row, linear, strict=True)))) for row in matrix]


def _lab(rgb: list[float]) -> tuple[float, float, float]:
    red, green, blue = rgb
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted(
        (sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), _linear(c), strict=True)) for c in (one, other)), reverse=True
    )
    return (bright + 0.05) / (dark + 0.05)
