"""The rules of an email for dark screens: what its own style sheet says there of colours, and which elements that is said of.

Only what can be told for certain is read: rules of `@media (prefers-color-scheme: dark)` that name elements and classes, inside each
other or one the child of the other. Mail programs that turn colours round by themselves all do it differently, and nobody knows how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.templates.markup.scanning import Kind, Piece

_MEDIA = re.compile(r"@media[^{}]{0,200}prefers-color-scheme\s{0,9}:\s{0,9}dark[^{}]{0,200}\{", re.IGNORECASE)
_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]{0,2000})\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE = re.compile(r"([a-z][a-z0-9]*)?((?:\.[a-z0-9_-]+)*)", re.IGNORECASE)
_COLOURS = frozenset({"color", "background", "background-color"})
_MOST_RULES, _MOST_STEPS = 200, 4
# So many elements are compared with so many rules; beyond, nothing is said about dark screens.
_MOST_WORK = 2_000_000


class Simple(NamedTuple):
    """One element in a selector.

    Args:
        name: Its name; "" for any.
        classes: The classes it must have.
        is_child: Whether it must stand directly in the one before.
    """

    name: str
    classes: frozenset[str]
    is_child: bool


@dataclass(frozen=True, slots=True)
class DarkRule:
    """What is said of some elements.

    Args:
        path: The selector, from the outside.
        weight: Which of two rules counts: of more classes, of more names, the later.
        plain: The colours that an inline style overrides.
        important: Those that override it.
    """

    path: tuple[Simple, ...]
    weight: tuple[int, int, int]
    plain: dict[str, str]
    important: dict[str, str]


# How far each rule's path has been walked: by elements around, and by the one directly around.
Walked = tuple[tuple[int, int], ...]


class DarkRules:
    """The rules of an email for dark screens.

    Args:
        rules: The rules, in order.
    """

    def __init__(self, rules: Sequence[DarkRule]) -> None:
        self._rules = sorted(rules, key=lambda one: one.weight)
        self.outside: Walked = ((0, 0),) * len(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def of(self, name: str, classes: frozenset[str], walked: Walked) -> tuple[Walked, dict[str, str], dict[str, str]]:
        """Return how far each rule is walked inside an element, and what is said of it: what its style overrides, and what overrides that.

        Args:
            name: Its name.
            classes: Its classes.
            walked: How far each rule is walked where it stands.
        """
        inside: list[tuple[int, int]] = []
        plain: dict[str, str] = {}
        important: dict[str, str] = {}
        for rule, (around, directly) in zip(self._rules, walked, strict=True):
            here = 0
            for number, step in enumerate(rule.path):
                before = directly if step.is_child else around
                if (number == 0 or before >> (number - 1) & 1) and step.name in ("", name) and step.classes <= classes:
                    here |= 1 << number
            if here >> (len(rule.path) - 1) & 1:
                plain |= rule.plain
                important |= rule.important
            inside.append((around | here, here))
        return tuple(inside), plain, important


def dark_rules(pieces: Iterable[Piece], text: str) -> DarkRules:
    """Return the rules of HTML for dark screens; none where there are too many for its size.

    Args:
        pieces: The HTML in pieces.
        text: The HTML.
    """
    known = tuple(pieces)
    sheets = (text[piece.start : piece.end] for piece in known if piece.kind is Kind.RAW and piece.name == "style")
    found = [rule for sheet in sheets for rule in _of_sheet(_COMMENT.sub(" ", sheet))][:_MOST_RULES]
    return DarkRules(found if len(found) * len(known) <= _MOST_WORK else ())


def _of_sheet(sheet: str) -> Iterator[DarkRule]:
    for media in _MEDIA.finditer(sheet):
        place, number = media.end(), 0
        while rule := _RULE.match(sheet, place):
            place = rule.end()
            plain, important = _declared(rule[2])
            for selector in rule[1].split(",") if plain or important else ():
                number += 1
                if path := _path(selector):
                    classes, names = sum(len(one.classes) for one in path), sum(bool(one.name) for one in path)
                    yield DarkRule(path, (classes, names, number), plain, important)


def _declared(text: str) -> tuple[dict[str, str], dict[str, str]]:
    plain: dict[str, str] = {}
    important: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition(":")
        name, value = name.strip().lower(), value.strip().lower()
        if name in _COLOURS and value:
            kept = value.removesuffix("!important").strip()
            (important if kept != value else plain)[name] = kept
    return plain, important


def _path(selector: str) -> tuple[Simple, ...]:
    """Return the steps of a selector; none for one that says more than names and classes."""
    steps: list[Simple] = []
    is_child = False
    for word in selector.replace(">", " > ").split():
        if word == ">":
            is_child = True
            continue
        found = _SIMPLE.fullmatch(word)
        if found is None:
            return ()
        steps.append(Simple((found[1] or "").lower(), frozenset(found[2].split(".")) - {""}, is_child))
        is_child = False
    return tuple(steps) if len(steps) <= _MOST_STEPS else ()
