"""Rates as people read them: the same words on a page and in a terminal."""

from __future__ import annotations

# With fewer observations a rate says more about chance than about the email.
ENOUGH = 30
NOT_ENOUGH = "not enough yet"


def percent(part: int, whole: int) -> str:
    """Return a share with one decimal, or "not enough yet" where fewer than 30 observations would make it mislead."""
    return f"{100 * part / whole:.1f} %" if whole >= ENOUGH else NOT_ENOUGH
