"""Where a template differs from mail to mail: its tags and what they control, as text, with what is fixed around and inside them.

Nothing but the tags has to be read by Jinja then, and those that are the same but for the fixed text between them only once.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.templates.jinja.plain import taken_apart
from core.templates.jinja.sandbox import MailEnvironment

# Never in a template (it is a control character); where it is in somebody's data the mail is rendered whole.
SEPARATOR = "\x1e"
# Nobody's data holds this: it is made anew for each process, and never in what is rendered in the end.
_SECRET = secrets.token_hex(4)
_STANDS_FOR = re.compile(f"\x1f{_SECRET}(\\d+)\x1f")
# Shorter text stays where it is: what stands for it must not be longer, as there is a limit to what a template may write.
_SHORT = 40
_KEYWORD = re.compile(r"\{%\s*+(\w+)")
_OPENING = frozenset({"if", "for", "filter"})
_ENDS = {"variable_begin": ("variable_end", "{{ ", " }}"), "block_begin": ("block_end", "{% ", " %}")}
_LAST_LINE_END = re.compile(r"(?:\r\n|\r|\n)\Z")
_BRACES = re.compile(r"\{(?:[{%#]|\Z)")


class Hollow(NamedTuple):
    """A code, and what is fixed in it, apart.

    Args:
        template: Jinja source in which something short stands for each longer fixed text.
        fixed: Those texts.
    """

    template: str
    fixed: tuple[str, ...]

    def filled(self) -> Hollow:
        """Return it with nothing apart."""
        return Hollow(_STANDS_FOR.sub(lambda found: self.fixed[int(found[1])], self.template), ())


@dataclass(frozen=True)
class Code:
    """A tag, or a control tag with all up to its end.

    Args:
        parts: Text, tag, text, … as they stand; the first and the last text are empty.
    """

    parts: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The tag, where it is one alone; else empty."""
        return self.parts[1] if len(self.parts) == 3 else ""

    def hollow(self) -> Hollow:
        """Return it as a template without its longer fixed texts, and those."""
        written: list[str] = []
        fixed: list[str] = []
        filters = 0
        for number, part in enumerate(self.parts):
            keyword = _keyword(part) if number % 2 else ""
            filters += (keyword == "filter") - (keyword == "endfilter")
            if number % 2 or filters or len(part) < _SHORT:
                written.append(part)
            else:
                written.append(f"\x1f{_SECRET}{len(fixed)}\x1f")
                fixed.append(part)
        return Hollow("".join(written), tuple(fixed))


@dataclass(frozen=True)
class Place:
    """Codes beside each other, and the white space between and around them.

    Args:
        units: What stands there; texts are white space.
    """

    units: tuple[str | Code, ...]


def places_of(source: str, environment: MailEnvironment, *, splits_space: bool) -> tuple[list[str], list[Place]]:
    """Return the fixed pieces of a template and the places between them; there is one more piece than there are places.

    Args:
        source: Jinja source.
        environment: Reads it.
        splits_space: Whether white space beside a place belongs to it, so that it can be thinned out where nothing is in there.
    """
    pieces: list[str] = [""]
    places: list[list[str | Code]] = []
    for unit in _units(source, environment):
        for part in _spaced(unit) if splits_space and isinstance(unit, str) else (unit,):
            if not isinstance(part, str) or (splits_space and part.isspace()):
                if len(pieces) > len(places):
                    places.append([part])
                else:
                    places[-1].append(part)
            elif len(pieces) > len(places):
                pieces[-1] += part
            else:
                pieces.append(part)
    return (pieces if len(pieces) > len(places) else [*pieces, ""]), [Place(tuple(units)) for units in places]


def rendered_once(places: list[Place]) -> list[tuple[str | Hollow, ...]]:
    """Return places in which those codes stay hollow that are the same but for what is fixed in them: one of them stands for all."""
    hollows = [[unit.hollow() if isinstance(unit, Code) else unit for unit in place.units] for place in places]
    often = Counter(unit.template for units in hollows for unit in units if isinstance(unit, Hollow))
    written: list[tuple[str | Hollow, ...]] = []
    for units in hollows:
        single = [unit.filled() if isinstance(unit, Hollow) and often[unit.template] == 1 else unit for unit in units]
        if any(isinstance(unit, Hollow) and often[unit.template] > 1 for unit in units):
            written.append(tuple(single))
        else:
            written.append((Hollow("".join(unit if isinstance(unit, str) else unit.template for unit in single), ()),))
    return written


def taken_out(rendered: str) -> tuple[list[str], list[int]]:
    """Return what a hollow place rendered to, with room for its fixed texts, and which of them stand there, at every second item."""
    parts = _STANDS_FOR.split(rendered)
    return parts, list(map(int, parts[1::2]))


def _units(source: str, environment: MailEnvironment) -> Iterator[str | Code]:
    """Yield fixed texts, none of them empty, and codes."""
    opened: list[str] = []
    depth = 0
    for number, part in enumerate(taken_apart(source) or _lexed(source, environment)):
        if number % 2:
            keyword = _keyword(part)
            depth += (keyword in _OPENING) - keyword.startswith("end")
            opened.append(part)
            if depth <= 0:
                yield Code(("", *opened, ""))
                opened, depth = [], 0
        elif depth:
            opened.append(part)
        elif part:
            yield part
    if opened:
        yield Code(("", *opened))  # it is not closed, as who reads it will say


def _keyword(tag: str) -> str:
    found = _KEYWORD.match(tag)
    return found[1] if found else ""


def _lexed(source: str, environment: MailEnvironment) -> Sequence[str]:
    """Return text, tag, text, … of a template whose tags take white space away, or that has comments."""
    parts = [""]
    tokens = iter(environment.lex(source))
    for _, kind, value in tokens:
        if kind == "data":
            parts[-1] += value
        elif kind in _ENDS:
            end, before, behind = _ENDS[kind]
            inside = []
            for _, inner, part in tokens:
                if inner == end:
                    break
                inside.append(part)
            parts += [f"{before}{''.join(inside)}{behind}", ""]
        elif kind.startswith("raw"):
            return _in_one(source)  # what is not to be read stays inside what says so
    return _in_one(source) if any(map(_BRACES.search, parts[::2])) else parts


def _in_one(source: str) -> Sequence[str]:
    # Jinja drops the last line end of a template. The empty tag keeps a sign that takes white space away from what comes behind; with a
    # brace before it there would be three.
    source = _LAST_LINE_END.sub("", source)
    end = '{{ "{" }}' if source.endswith("{") else '{{ "" }}'
    return "", f"{source.removesuffix('{')}{end}", ""


def _spaced(text: str) -> list[str]:
    """Return fixed text as up to three: the white space before it, itself, the white space after it."""
    core = text.strip()
    lead = text[: len(text) - len(text.lstrip())] if core else text
    trail = text[len(lead) + len(core) :]
    return [part for part in (lead, core, trail) if part]
