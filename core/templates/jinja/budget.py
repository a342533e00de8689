"""How much work one render may be: a template is written by anybody, and a worker renders for everybody.

Counted is what a render does, not how long it takes: what was rendered once is rendered the next time too. A loop costs the size of
its inside for every item, more where the data it may look at is long; a filter costs the letters it goes through.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from core.errors import InvalidInput

# Some two seconds of one processor. A long newsletter takes a thousandth of it.
_MOST = 20_000_000
_OF_A_LETTER = 10
# Comparing or searching texts of this length takes about as long as a plain step.
_OF_A_STEP = 1_000
# Shorter texts cost no more than the step they are in.
_SHORT = 200

_render = threading.local()


def begin(context: Mapping[str, Any]) -> None:
    """Begin to count for a render of this thread.

    Args:
        context: What it may look at.
    """
    _render.left, _render.data, _render.weight = _MOST, context.get("data"), 0


def end() -> None:
    """Stop counting."""
    _render.left = _render.data = None


def spend_steps(steps: int) -> None:
    """Count the steps of a loop.

    Raises:
        InvalidInput: If that is too much for one mail.
    """
    if getattr(_render, "left", None) is None:
        return
    if not _render.weight:
        _render.weight = 1 + (len(orjson.dumps(_render.data, default=str)) // _OF_A_STEP if _render.data else 0)
    _spend(steps * _render.weight)


def spend_letters(letters: int) -> None:
    """Count the letters a filter goes through.

    Raises:
        InvalidInput: If that is too much for one mail.
    """
    if getattr(_render, "left", None) is not None:
        _spend(letters * _OF_A_LETTER)


def counted(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that counts the letters it goes through.

    Args:
        work: The filter.
    """
    place = 1 if hasattr(work, "jinja_pass_arg") else 0

    @functools.wraps(work)
    def filtered(*given: Any, **options: Any) -> Any:
        value = given[place]
        if isinstance(value, str) and len(value) > _SHORT:
            spend_letters(len(value))
        return work(*given, **options)

    return filtered


def _spend(units: int) -> None:
    _render.left -= units
    if _render.left < 0:
        raise InvalidInput(
            "The template does too much with this data for one mail.",
            hint="Put fewer loops into each other, and shorter texts into the data.",
        )
