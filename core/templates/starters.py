"""Templates to begin with, so that nobody faces an empty page."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Starter:
    """A template that can be copied.

    Args:
        name: Its name in the gallery.
        description: What it is for, one sentence.
        source: MJML.
    """

    name: str
    description: str
    source: str


def _starter(file: str, name: str, description: str) -> Starter:
    return Starter(name, description, (files("core.templates") / "starters" / file).read_text("utf-8"))


STARTERS: tuple[Starter, ...] = (
    _starter("welcome.mjml", "Welcome", "Greets somebody new and shows the three things to do first."),
    _starter("newsletter.mjml", "Newsletter", "Tells what is new: two stories, a short list, and a closing line."),
    _starter("offer.mjml", "Offer", "Makes one offer with one button, two products and a code."),
)
