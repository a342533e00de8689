"""Hides Jinja from the MJML and CSS tools behind opaque words, and checks that none was lost or moved.

Those tools read `<` and quotes inside `{{ }}` as markup and throw control tags out of tables (an HTML parser does not
allow text there). So every Jinja tag becomes a word like `pwx7z`, or the comment `<!--pwx7z-->` where it controls what
is around it, and comes back at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.errors import InvalidInput
from core.templates.jinja import sandbox
from core.templates.jinja.plain import taken_apart
from core.templates.markup.marks import Marked
from core.templates.markup.places import (
    Place,
    Tag,
    control_comments_in,
    found_in,
    is_in_order,
    numbers_in,
    pattern_of,
    places_in,
    places_of,
)
from core.templates.markup.scanning import Kind, scan
from core.templates.markup.stretches import Stretch

_OPENING = {"if", "for", "filter"}
_MIDDLE = {"else", "elif"}
_ENDS = {"variable_begin": "variable_end", "block_begin": "block_end", "comment_begin": "comment_end", "raw_begin": "raw_end"}
_BRACES = re.compile(r"\{(?:[{%#]|\Z)")
_KEYWORD = re.compile(r"\{%[-+ \n\t]*+(\w*)")
_LITERAL_BRACE = '{{ "{" }}'


class Masked:
    """A template whose Jinja is hidden; make one with `mask`.

    Args:
        word: What placeholders begin with; occurs nowhere in the source.
    """

    def __init__(self, word: str) -> None:
        self.marked = Marked("")  # the template with its Jinja hidden
        self._tags: list[Tag] = []
        self._word = word
        self._before_brace = re.compile(r"\{(?=[{%#]|(?:<!--)?" + word + ")")

    @property
    def tags(self) -> tuple[Tag, ...]:
        """Every tag in the order of the source, then those that were added."""
        return tuple(self._tags)

    @property
    def text(self) -> str:
        """The template with its Jinja hidden."""
        return self.marked.text

    def add(self, source: str, *, line: int = 0, keyword: str = "", around: tuple[int, ...] = ()) -> str:
        """Return the placeholder of one more tag."""
        self._tags.append(Tag(source, line, keyword, around))
        return f"{self._word}{len(self._tags) - 1}z"

    def found(self, text: str) -> Iterator[tuple[int, Tag, re.Match[str]]]:
        """Yield number, tag and place of every placeholder in a text."""
        for number, match in found_in(text, self._word):
            if number < len(self._tags):
                yield number, self._tags[number], match

    def is_in(self, text: str) -> bool:
        """Return whether there is a placeholder in a text."""
        return self._word in text and any(True for _ in self.found(text))

    def restore(self, text: str) -> str:
        """Return the text with every placeholder replaced by its tag, and any brace that would begin a tag made harmless.

        Such braces come from character references (`&#123;&#123;`): they are text, and must never become code. So what comes back
        runs nothing but the tags that were checked: between them nothing begins a tag, and what is opened is closed.

        Raises:
            InvalidInput: If that is not so.
        """
        safe = self._before_brace.sub(lambda _: self.add(_LITERAL_BRACE), text)
        parts, opened, position = [], 0, 0
        for _, tag, match in self.found(safe):
            parts += [safe[position : match.start()], tag.source]
            position = match.end()
            opened += (tag.keyword in _OPENING) - (tag.keyword.startswith("end"))
            if opened < (tag.keyword in _MIDDLE):
                raise _moved(tag)
        parts.append(safe[position:])
        if opened or any(["{" in part and _BRACES.search(part) for part in parts[::2]]):
            raise InvalidInput("The conditions and loops of the template do not fit its HTML.", hint="Put each around whole elements.")
        return "".join(parts)

    def line_at(self, offset: int) -> int:
        """Return the line of the source, from 1, at an offset of the masked text."""
        head = self.text[:offset]
        return 1 + head.count("\n") + sum(tag.source.count("\n") for _, tag, _ in self.found(head))

    def line_of(self, words: str) -> int:
        """Return the line of the source in which some words stand first, or 0 where they don't."""
        at = self.text.find(words) if words else -1
        return self.line_at(at) if at >= 0 else 0

    def check(self, compiled: Marked) -> None:
        """Do nothing if every placeholder of the text is still there, inside the same conditions and loops and the same element.

        Args:
            compiled: What was made of it.

        Raises:
            InvalidInput: If one was lost or moved; names it and its line.
        """
        places = list(_with_element(self, compiled)) if self.has_control() else []
        missing = self._numbers(self.marked) - {number for number, _, _ in places}
        missing -= self._numbers(compiled) if missing else set()
        if missing:
            tag = self._tags[min(missing)]
            raise InvalidInput(
                f"{_shown(tag)} in line {tag.line} gets lost, because it stands where mail HTML has no place for text.",
                hint="Move it into the text of an element or into an attribute such as href.",
            )
        branches: list[tuple[int, Place]] = []
        for number, tag, element in places:
            if tag.keyword or tag.around:
                self._follow(branches, number, tag, element)

    def _numbers(self, marked: Marked) -> set[int]:
        most = len(self._tags)
        return {number for _, stretch in marked.stretches for number in numbers_in(stretch, self._word) if number < most}

    def has_control(self) -> bool:
        """Return whether there are conditions, loops or filters."""
        return any(tag.keyword for tag in self._tags)

    def _follow(self, branches: list[tuple[int, Place]], number: int, tag: Tag, element: Place) -> None:
        """Take one step through the compiled text: open, change or close a branch, and see that it is where it was."""
        around = tuple([each for each, _ in branches])
        if around[: len(tag.around)] != tag.around:
            raise _moved(tag)
        if tag.keyword in _OPENING:
            branches.append((number, element))
        elif tag.keyword:
            _, opened_in = branches.pop()
            if around != tag.around or opened_in != element:
                raise _moved(tag)
            if tag.keyword in _MIDDLE:
                branches.append((number, element))


def mask(source: str) -> Masked:
    """Return the template with every Jinja tag hidden and every Jinja comment removed.

    Args:
        source: A template that `validating.inspect` has passed.

    Raises:
        InvalidInput: If a tag stands inside an HTML tag but outside an attribute's value, or `{% raw %}` is used.
    """
    masked = Masked(_unused_word(source))
    parts = taken_apart(source)
    hidden = list(_mask_lexed(source, masked) if parts is None else _mask_plain(parts, masked))
    if not masked.has_control():
        masked.marked = Marked("".join(hidden))
    elif parts is None or not _all_as_comments(masked, hidden):
        masked.marked = Marked(_as_comments(masked, "".join(hidden)))
    _check_tags(masked)
    return masked


def _mask_plain(parts: list[str], masked: Masked) -> Iterator[str]:
    branches: list[int] = []
    line = 1
    for number, part in enumerate(parts):
        yield _mask_one(part, line, masked, branches) if number % 2 else part
        line += part.count("\n")


def _mask_lexed(source: str, masked: Masked) -> Iterator[str]:
    branches: list[int] = []
    tokens = sandbox.HTML.lex(source)
    for line, kind, value in tokens:
        if kind not in _ENDS:
            yield value
            continue
        written = value
        for _, inner, part in tokens:
            written += part
            if inner == _ENDS[kind]:
                break
        if kind == "raw_begin":
            raise InvalidInput(f"{{% raw %}} in line {line} is not allowed in a template.", hint="Use merge fields, if and for.")
        if kind != "comment_begin":
            yield _mask_one(written.strip(), line, masked, branches)


def _mask_one(written: str, line: int, masked: Masked, branches: list[int]) -> str:
    found = _KEYWORD.match(written)
    keyword = found[1] if found else ""
    placeholder = masked.add(written, line=line, keyword=keyword, around=tuple(branches))
    if keyword in _OPENING:
        branches.append(len(masked._tags) - 1)
    elif keyword in _MIDDLE:
        branches[-1] = len(masked._tags) - 1
    elif keyword:
        branches.pop()
    return placeholder


def _all_as_comments(masked: Masked, hidden: list[str]) -> bool:
    """Take the text with every control tag as a comment, as it nearly always is between elements; return whether all are.

    Then nothing before it reads differently for it: a word that the comment took the place of was text.
    """
    tags = masked.tags
    masked.marked = Marked("".join(f"<!--{part}-->" if at % 2 and tags[at // 2].keyword else part for at, part in enumerate(hidden)))
    # No word stands twice in a template, so no comment that is one does.
    found = [control_comments_in(stretch, masked._word) for _, stretch in masked.marked.stretches]
    return None not in found and sum(filter(None, found)) == sum(bool(tag.keyword) for tag in tags)


def _as_comments(masked: Masked, text: str) -> str:
    """Turn control tags that stand between elements into comments, which an HTML parser leaves where they are."""
    parts, pattern = [], pattern_of(masked._word)
    for piece in scan(text):
        part = text[piece.start : piece.end]
        if piece.kind is Kind.TEXT and masked._word in part:
            part = pattern.sub(lambda match: f"<!--{match[0]}-->" if masked._tags[int(match[2])].keyword else match[0], part)
        parts.append(part)
    return "".join(parts)


def _check_tags(masked: Masked) -> None:
    if not masked.tags or all(is_in_order(stretch, masked._word) for _, stretch in masked.marked.stretches):
        return
    for mark in dict.fromkeys(masked.marked.marks):
        if (mark.is_start or mark.is_end) and masked._word in mark.text:
            in_values = {number for value in mark.attributes for number, _, _ in masked.found(mark.text[value.start : value.end])}
            for number, tag, _ in masked.found(mark.text):
                if number not in in_values:
                    raise InvalidInput(
                        f"{_shown(tag)} in line {tag.line} stands inside <{mark.name[:30]}> but outside an attribute's value.",
                        hint="Put it between the quotes of an attribute, or around the whole element.",
                    )


def _with_element(masked: Masked, compiled: Marked) -> Iterator[tuple[int, Tag, Place]]:
    """Yield number, tag and surrounding element of every placeholder; an attribute or comment counts as an element of its own."""
    elements = [0]
    tags, word = masked.tags, masked._word
    for begin, stretch in compiled.stretches:
        known = places_in(stretch, word)
        if known is None:
            yield from _walked(masked, begin, stretch, elements)
            continue
        for number, place in known:
            if number < len(tags):
                yield number, tags[number], _further_on(place, begin) if place is not None else elements[-1]


def _walked(masked: Masked, begin: int, stretch: Stretch, elements: list[int]) -> Iterator[tuple[int, Tag, Place]]:
    for start, mark in stretch:
        if mark.kind is Kind.END and len(elements) > 1:
            elements.pop()
        if masked._word in mark.text:
            for place, text in places_of(mark, begin + start, elements[-1]):
                for number, tag, match in masked.found(text):
                    # A comment of ours stands for the element it is in; any other comment is a place of its own.
                    yield number, tag, elements[-1] if match[1] else place
        if mark.kind is Kind.START and not mark.is_closed:
            elements.append(begin + start)


def _further_on(place: Place, by: int) -> Place:
    return place + by if isinstance(place, int) else (place[0], place[1] + by)


def _unused_word(source: str) -> str:
    word = "pwx"
    while word in source.lower():
        word += "q"
    return word


def _shown(tag: Tag) -> str:
    return tag.source if len(tag.source) <= 60 else tag.source[:57] + "…"


def _moved(tag: Tag) -> InvalidInput:
    return InvalidInput(
        f"{_shown(tag)} in line {tag.line} does not fit the HTML around it.",
        hint="A condition or loop must begin and end inside the same element, and elements opened inside it must be closed inside it.",
    )
