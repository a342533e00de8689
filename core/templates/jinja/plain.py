"""Plain Jinja tags: most templates have no others, and what is known of one need not be found out again wherever it stands.

A tag is plain if it is seen at once where it ends: it holds no braces, no backslash, and no sign that takes white space away. One regular
expression finds them all. Whatever is not surely in order is left to those who read the whole template, and know what to say about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

_INSIDE = r"""(?:[^{}"'\\%]++|%(?!\})|"[^"\\{}]*+"|'[^'\\{}]*+')*+(?<![-+])"""
_TAG = re.compile(rf"(\{{\{{(?![-+]){_INSIDE}\}}\}}|\{{%(?![-+]|\s*raw\b){_INSIDE}%\}})")
_NO_TEXT = re.compile(r"\{(?:[{%#]|\Z)")
_KEYWORD = re.compile(r"\{%\s*+(?:(if|elif)\b|(else|endif)\s*+%\})")
# Longer ones and those with more brackets are read with what is around them: how deep a parser may go depends on that.
_LONGEST = 300
_MOST_BRACKETS = 10
_MOST_TAGS = 4_000
# An `elif` is an `if` inside the one before, so its branch is two deeper.
_DEEPER = 2
_FOLLOWERS = {"elif": ("if", "elif"), "else": ("if", "elif"), "endif": ("if", "elif", "else")}


@dataclass(frozen=True)
class Meaning:
    """What is known of a tag wherever it stands.

    Args:
        keyword: `if`, `elif`, `else` or `endif`, or empty for an expression.
        fields: The merge fields in it, in order.
        size: How many nodes of a syntax tree it takes at most.
        depth: How deep they are at most, in a template of its own.
    """

    keyword: str
    fields: tuple[str, ...] = ()
    size: int = 0
    depth: int = 0


class Most(NamedTuple):
    """What a template may have at most.

    Args:
        nodes: Nodes of its syntax tree.
        depth: How many of them are inside each other.
        branches: How many times it says `elif`.
    """

    nodes: int
    depth: int
    branches: int


def taken_apart(source: str) -> list[str] | None:
    """Return text, tag, text, tag … text as Jinja's lexer tells them apart; None where a tag is not plain, or there is a comment."""
    if "\r" in source:
        return None
    source = source.removesuffix("\n")  # the lexer drops one as well
    if "{" not in source:
        return [source]
    parts = _TAG.split(source)
    return None if any(map(_NO_TEXT.search, parts[::2])) else parts


def keyword_of(tag: str) -> str | None:
    """Return the keyword of a plain tag, "" for an expression; None where it is none of those known here, or the tag is too long."""
    if len(tag) > _LONGEST or tag.count("(") + tag.count("[") > _MOST_BRACKETS:
        return None
    if tag.startswith("{{"):
        return ""
    found = _KEYWORD.match(tag)
    return (found[1] or found[2]) if found else None


def fields_of(source: str, meaning: Callable[[str], Meaning | None], most: Most) -> tuple[str, ...] | None:
    """Return the merge fields of a template, each once; None where it has to be read to know whether it is in order.

    Args:
        source: Jinja source.
        meaning: Tells what is known of a tag; None for one that is not in order or not known.
        most: What a template may have that is surely in order.
    """
    parts = taken_apart(source)
    if parts is None or len(parts) > _MOST_TAGS:
        return None
    fields: dict[str, None] = {}
    opened: list[str] = []
    size, branches = 2 * len(parts), 0
    for tag in parts[1::2]:
        known = meaning(tag)
        if known is None or known.depth + _DEEPER * len(opened) > most.depth:
            return None
        if known.keyword and not _follows(known.keyword, opened):
            return None
        size += known.size
        branches += known.keyword == "elif"
        fields.update(dict.fromkeys(known.fields))
    return None if opened or size > most.nodes or branches > most.branches else tuple(fields)


def _follows(keyword: str, opened: list[str]) -> bool:
    """Take a control tag into account; return whether it may stand where it does."""
    if keyword == "if":
        opened.append(keyword)
        return True
    if not opened or opened[-1] not in _FOLLOWERS[keyword]:
        return False
    if keyword == "endif":
        opened.pop()
    else:
        opened[-1] = keyword
    return True
