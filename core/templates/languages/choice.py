"""Which language of a mail somebody gets; light, because the receiver shows messages in the browser with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
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


def chosen(language: object, main: T, others: Mapping[str, T]) -> T:
    """Return what somebody gets who reads a language: that one, else its plain form (`pt` for `pt-BR`), else the main one.

    Args:
        language: What is known of them, in any spelling.
        main: What everybody else gets.
        others: By language in its one spelling.
    """
    if not others or not isinstance(language, str):
        return main
    tag = language.strip().lower().replace("_", "-")
    return others.get(tag) or others.get(tag.partition("-")[0]) or main
