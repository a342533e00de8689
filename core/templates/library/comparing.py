"""What is different between two versions: of code by line, of block documents by part, and of what people read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import Match, SequenceMatcher
from enum import StrEnum
from itertools import accumulate

from core.errors import InvalidInput
from core.templates.blocks.differences import Difference, PartChange, differences
from core.templates.blocks.document import read_document
from core.templates.compiling.compiler import TemplateKind
from core.templates.languages.variants import Variant, in_words
from core.templates.library.models import TemplateVersion

CONTEXT = 3
# See `_Matcher`: what takes a second. Finding what was kept of two texts takes far longer than they are long.
_MOST_STEPS = 8_000_000
_LINK = re.compile(r"\{\{ pw_links\[(\d{1,4})\] \}\}")


class Sign(StrEnum):
    """What became of a line."""

    SAME = " "
    ADDED = "+"
    REMOVED = "-"


@dataclass(frozen=True)
class Line:
    """A line of one or both texts.

    Args:
        sign: What became of it.
        text: What it says.
        old: Its number in the old text, from 1; None where it is not in there.
        new: Its number in the new text.
    """

    sign: Sign
    text: str
    old: int | None
    new: int | None


Hunk = tuple[Line, ...]
_Step = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Comparison:
    """What is different.

    Args:
        parts: The parts of a block document that are not the same; None where one of both is code.
        source: The code that is not the same, with some lines around it; nothing for two block documents, whose code nobody reads.
        words: What people read that is not the same, as in the plain-text part.
        only_looks: Whether they say the same, and look different or have links that lead elsewhere: the brand was changed between them.
    """

    parts: tuple[PartChange, ...] | None
    source: tuple[Hunk, ...]
    words: tuple[Hunk, ...]
    only_looks: bool = False

    @property
    def is_same(self) -> bool:
        """Whether nothing is different."""
        return not (self.parts or self.source or self.words or self.only_looks)


@dataclass(frozen=True)
class Compared:
    """Two versions of a template as readers of one language get them.

    Args:
        language: Which; "" for the main one.
        old: What it was; in the main language where that version does not have this one.
        new: What it became; likewise.
        what: What became of the language; None where its readers get the same.
    """

    language: str
    old: TemplateVersion
    new: TemplateVersion
    what: Difference | None


def in_languages(old: TemplateVersion, new: TemplateVersion, had: Sequence[Variant], has: Sequence[Variant]) -> tuple[Compared, ...]:
    """Return two versions in each language that one of them has, the main one first.

    Args:
        old: What it was.
        new: What it became.
        had: The languages of the old one.
        has: The languages of the new one.

    Raises:
        InvalidInput: If one is a version of another release, whose words can't be read any more.
    """
    before, after = ({one.language: one for one in variants} for variants in (had, has))
    found = [Compared("", old, new, _became(old, new))]
    for language in sorted({*before, *after}):
        one, other = _whole(old, before.get(language)), _whole(new, after.get(language))
        if language in before and language in after:
            what = _became(one, other)
        else:
            what = Difference.ADDED if language in after else Difference.REMOVED
        found.append(Compared(language, one, other, what))
    return tuple(found)


def _whole(version: TemplateVersion, variant: Variant | None) -> TemplateVersion:
    """Return a version as readers of a language get it."""
    if variant is None:
        return version
    source = in_words(version.kind, version.source, variant.language, variant.source)
    return replace(version, source=source, html=variant.html, text=variant.text)


def _became(old: TemplateVersion, new: TemplateVersion) -> Difference | None:
    same = (old.source, old.html, old.text, _leads_to(old)) == (new.source, new.html, new.text, _leads_to(new))
    return None if same else Difference.CHANGED


def _leads_to(version: TemplateVersion) -> list[str]:
    """Return where the links lead that stand in a version; those of its other languages are in its list too."""
    numbers = map(int, _LINK.findall(version.html))
    return [version.links[number] for number in numbers if number < len(version.links)]


def compare(old: TemplateVersion, new: TemplateVersion) -> Comparison:
    """Return what is different between two versions.

    Args:
        old: What it was.
        new: What it became.
    """
    words = compare_text(_read(old), _read(new))
    if old.kind is new.kind is TemplateKind.BLOCKS:
        try:
            parts = differences(read_document(old.source), read_document(new.source))
            others = (old.html, _leads_to(old)) != (new.html, _leads_to(new))
            return Comparison(parts, (), words, only_looks=others and not parts and not words)
        except InvalidInput:  # a version of another release, which is compared as text
            pass
    return Comparison(None, compare_text(old.source, new.source), words)


def _read(version: TemplateVersion) -> str:
    """Return the plain-text part with its links as they were written, not as sending numbers them."""
    links = version.links
    return _LINK.sub(lambda found: links[int(found[1])] if int(found[1]) < len(links) else found[0], version.text)


def compare_text(old: str, new: str, context: int = CONTEXT) -> tuple[Hunk, ...]:
    """Return the lines that are not the same, in groups, each with some lines around it; nothing for two texts that are the same.

    Of texts with very many lines, all from the first that is not the same to the last are one group.

    Args:
        old: What it was.
        new: What it became.
        context: How many lines before and after a change are shown as well.
    """
    before, after = old.split("\n"), new.split("\n")
    if before == after:
        return ()
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    # What is the same before and after them needs no finding.
    first, rest = max(0, start - context), max(0, end - context)
    old_part, new_part = before[first : len(before) - rest], after[first : len(after) - rest]
    try:
        groups = list(_Matcher(old_part, new_part).get_grouped_opcodes(context))
    except _TooMuch:
        return (tuple(_as_one(before, after, start, end, context)),)
    return tuple(tuple(line for step in group for line in _lines(before, after, *_further_on(step, first))) for group in groups)


class _TooMuch(Exception):
    """Two texts take too long to compare."""


class _Matcher(SequenceMatcher[str]):
    """Finds what was kept of a text, and gives up where that takes too many steps.

    Each stretch it finds costs a step for each line between those found before, and one for each line of the other that is the same;
    what stands in the other so often that it says nothing is passed over, where that has 200 lines or more.
    """

    def __init__(self, before: list[str], after: list[str]) -> None:
        super().__init__(None, before, after)
        alike = {line: len(places) for line, places in self.b2j.items()}  # type: ignore[attr-defined]  # typeshed leaves it out
        self._steps = list(accumulate((1 + alike.get(line, 0) for line in before), initial=0))
        self._left = _MOST_STEPS

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """Return the longest stretch that is the same in both.

        Raises:
            _TooMuch: If too much was looked at before.
        """
        self._left -= self._steps[-1 if ahi is None else ahi] - self._steps[alo]
        if self._left < 0:
            raise _TooMuch
        return super().find_longest_match(alo, ahi, blo, bhi)


def _further_on(step: _Step, by: int) -> _Step:
    what, i1, i2, j1, j2 = step
    return what, i1 + by, i2 + by, j1 + by, j2 + by


def _alike(before: list[str], after: list[str]) -> int:
    """Return how many lines are the same from the first on."""
    fewest = min(len(before), len(after))
    return next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), fewest)


def _as_one(before: list[str], after: list[str], start: int, end: int, context: int) -> list[Line]:
    """Return everything between what is the same at the beginning and at the end."""
    first, i2, j2, more = max(0, start - context), len(before) - end, len(after) - end, min(end, context)
    same = (_lines(before, after, "equal", first, start, first, start), _lines(before, after, "equal", i2, i2 + more, j2, j2 + more))
    return [*same[0], *_lines(before, after, "replace", start, i2, start, j2), *same[1]]


def _lines(before: list[str], after: list[str], what: str, i1: int, i2: int, j1: int, j2: int) -> list[Line]:
    if what == "equal":
        return [Line(Sign.SAME, before[i], i + 1, j1 + i - i1 + 1) for i in range(i1, i2)]
    removed = [Line(Sign.REMOVED, before[i], i + 1, None) for i in range(i1, i2)]
    return removed + [Line(Sign.ADDED, after[j], None, j + 1) for j in range(j1, j2)]
