"""Which language of a mail somebody gets; light, because the receiver shows messages in the browser with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TypeVar

from core.errors import InvalidInput

T = TypeVar("T")
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}")


def normal_language(tag: str) -> str:
    """Return a language in its one spelling.

    Raises:
        InvalidInput: If it is none.
    """
    language = tag.strip().lower().replace("_", "-")
    if not _TAG.fullmatch(language):
        raise InvalidInput("This is no language.", hint="Write it like de or pt-BR.")
    return language


def chosen_language(language: object, there: Collection[str]) -> str:
    """Return which language somebody gets who reads one: that one, else a plainer form (`pt` for `pt-BR`), else "", the main one.

    What says most about it is left out first: `zh-hant-tw`, `zh-hant`, `zh` (RFC 4647, 3.4).

    Args:
        language: What is known of them, in any spelling.
        there: The other languages there are, each in its one spelling.
    """
    if not there or not isinstance(language, str):
        return ""
    tag = language.strip().lower().replace("_", "-")
    while tag and tag not in there:
        tag = tag.rpartition("-")[0]
    return tag


def chosen(language: object, main: T, others: Mapping[str, T]) -> T:
    """Return what somebody gets who reads a language; see `chosen_language`.

    Args:
        language: What is known of them, in any spelling.
        main: What everybody else gets.
        others: By language in its one spelling.
    """
    tag = chosen_language(language, others)
    return others[tag] if tag else main
