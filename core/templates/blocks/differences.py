"""What is different between two block documents: parts that were added, removed, moved or changed, in words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.templates.blocks.document import Document, Section
from core.templates.blocks.kinds import Block
from core.templates.blocks.parts import name_of, words_in
from core.templates.look.brand import Value

_LONGEST = 80
# What a field is called in a sentence, where its own name would not do.
_WORDS = {
    "show_if": "when it is shown",
    "html": "text",
    "url": "link",
    "src": "picture",
    "alt": "description of the picture",
    "is_wide": "over the whole width",
    "is_decorative": "only decoration",
    "takes_utm": "link parameters",
    "text_colour": "colour of its words",
    "radius": "rounded corners",
    "level": "size",
    "code": "code",
    "stacks": "below each other on a phone",
    "shows_view_link": "link to the browser",
    "view_text": "words of the link to the browser",
    "unsubscribe_text": "words of the unsubscribe link",
    "preferences_text": "words of the preferences link",
    "shows_social": "social links",
    "repeat": "repeated for",
}
_OPERATORS = {
    "equals": "is",
    "differs": "is not",
    "is_set": "is known",
    "is_empty": "is not known",
    "above": "is above",
    "below": "is below",
}


class Difference(StrEnum):
    """What became of a part."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True)
class FieldChange:
    """A field that is not what it was.

    Args:
        label: What it is called.
        before: What it was, in words.
        after: What it is.
    """

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class PartChange:
    """A part that is not what it was; one that was moved and changed is in the list twice.

    Args:
        what: What became of it.
        part_id: Its id in the document; "" for the email as a whole.
        name: What it is, with the beginning of what it says.
        place: Where it stands, or stood before it was removed.
        fields: What was changed in it.
    """

    what: Difference
    part_id: str
    name: str
    place: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class _Standing:
    part: Section | Block
    holder: str  # the id of what it stands in
    place: str


def differences(old: Document, new: Document) -> tuple[PartChange, ...]:
    """Return what is different, in the order of the new email; what was removed stands last.

    Args:
        old: What it was.
        new: What it became.
    """
    before, after = _standings(old), _standings(new)
    moved = _moved(before, after)
    found = [PartChange(Difference.CHANGED, "", "Email", "", fields) for fields in (_fields(old, new),) if fields]
    for part_id, standing in after.items():
        was = before.get(part_id)
        if was is None:
            found.append(_change(Difference.ADDED, standing))
            continue
        if part_id in moved:
            found.append(_change(Difference.MOVED, standing))
        if fields := _fields(was.part, standing.part):
            found.append(_change(Difference.CHANGED, standing, fields))
    return (*found, *(_change(Difference.REMOVED, was) for part_id, was in before.items() if part_id not in after))


def part_name(part: Section | Block) -> str:
    """Return what a part is, with the beginning of what it says: “Button “Read more””."""
    return "Section" if isinstance(part, Section) else name_of(part)


def _change(what: Difference, standing: _Standing, fields: tuple[FieldChange, ...] = ()) -> PartChange:
    return PartChange(what, standing.part.id, part_name(standing.part), standing.place, fields)


def _standings(document: Document) -> dict[str, _Standing]:
    return {standing.part.id: standing for standing in _each(document)}


def _each(document: Document) -> Iterator[_Standing]:
    for number, section in enumerate(document.sections, 1):
        yield _Standing(section, "", f"section {number}")
        for index, column in enumerate(section.columns, 1):
            place = f"section {number}" + (f", column {index}" if len(section.columns) > 1 else "")
            for block in column.blocks:
                yield _Standing(block, column.id, place)


def _moved(before: Mapping[str, _Standing], after: Mapping[str, _Standing]) -> set[str]:
    """Return the parts that stand elsewhere: in another column, or before what they stood after.

    As few as explain the new order: of two that changed places one was moved, and what only made room was not.
    """
    moved = {part_id for part_id, standing in after.items() if part_id in before and before[part_id].holder != standing.holder}
    rank = {part_id: number for number, part_id in enumerate(before)}
    kept: dict[str, list[str]] = {}
    for part_id, standing in after.items():
        if part_id in before and part_id not in moved:
            kept.setdefault(standing.holder, []).append(part_id)
    for ids in kept.values():
        stayed = _longest_rising([rank[part_id] for part_id in ids])
        moved |= {part_id for part_id in ids if rank[part_id] not in stayed}
    return moved


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """Return the longest run of numbers that rise, in their order, of numbers that are all different."""
    ends: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        previous[number] = ends[at - 1] if at else None
        ends[at : at + 1] = [number]
    found, last = set(), ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = previous[last]
    return found


def _fields(old: Value, new: Value) -> tuple[FieldChange, ...]:
    before, after = (_own(part) for part in (old, new))
    names = [*after, *(name for name in before if name not in after)]
    return tuple(FieldChange(_label(name), *_said(before, after, name)) for name in names if before.get(name) != after.get(name))


def _own(part: Value) -> dict[str, Any]:
    """Return what a part says of itself, not of what stands in it."""
    return part.model_dump(mode="json", exclude={"id", "columns", "sections", "version"})


def _label(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))


def _said(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> tuple[str, str]:
    old, new = _words(before.get(name)), _words(after.get(name))
    if old != new:
        return old, new
    # Both begin alike, or differ in how the words look only.
    return _tail(str(before.get(name)), str(after.get(name)))


def _tail(old: str, new: str) -> tuple[str, str]:
    same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
    start = max(0, same - 20)
    return tuple(("…" if start else "") + _shortened(text[start:], _LONGEST) for text in (old, new))  # type: ignore[return-value]


def _words(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return (
            _condition(value)
            if "conditions" in value
            else _shortened(", ".join(f"{_label(k)} {_words(v)}" for k, v in value.items()), _LONGEST)
        )
    if isinstance(value, list):
        return _shortened("; ".join(map(_words, value)), _LONGEST)
    return _shortened(_plain(str(value)), _LONGEST)


def _condition(value: Mapping[str, Any]) -> str:
    if not value["conditions"]:
        return "always"
    joined = " and " if value["match"] == "all" else " or "
    said = (f"{one['field']} {_OPERATORS.get(one['operator'], one['operator'])} {one['value']}".strip() for one in value["conditions"])
    return _shortened(f"if {joined.join(said)}", _LONGEST)


def _plain(text: str) -> str:
    return words_in(text) or " ".join(text.split())


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
