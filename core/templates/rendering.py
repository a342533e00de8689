"""A compiled template and one contact's values to finished HTML and text; light enough for the receiver."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from jinja2 import TemplateError

from core.errors import InvalidInput
from core.templates import sandbox
from core.templates.fields import Vocabulary
from core.templates.validating import Inspection, inspect

MAX_OUTPUT = 2_000_000
_MAX_SUBJECT = 1_000
_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_BLANK_LINES = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")


@dataclass(frozen=True)
class Rendered:
    """A finished mail body.

    Args:
        html: The HTML part.
        text: The plain-text part.
    """

    html: str
    text: str


class Compiled(Protocol):
    """Anything that holds a compiled template: a stored version, or one that was just compiled."""

    @property
    def html(self) -> str:
        """The HTML part as a Jinja template."""
        ...

    @property
    def text(self) -> str:
        """The plain-text part as a Jinja template."""
        ...


class Renderer:
    """Renders one compiled template for any number of contacts; safe to share between threads.

    Args:
        version: The compiled template.
    """

    def __init__(self, version: Compiled) -> None:
        self._html = sandbox.HTML.template_of(version.html)
        self._text = sandbox.TEXT.template_of(version.text)
        self._links = 1 + max((int(number) for number in re.findall(r"\{\{ pw_links\[(\d+)\] \}\}", version.html)), default=-1)

    def render(self, context: Mapping[str, Any]) -> Rendered:
        """Return the mail for one contact.

        Args:
            context: `contact`, `workspace`, `campaign`, `brand` (dictionaries of plain values), `unsubscribe_url`,
                `preferences_url`, `view_url`, `pw_links` (as many as the template has links) and `pw_pixel`.

        Raises:
            InvalidInput: If a value does not fit what the template does with it, or the mail gets larger than 2 MB.
        """
        if len(context.get("pw_links", ())) < self._links:
            raise InvalidInput("The template has more links than were registered for the mail.", hint="Save the template and launch again.")
        text = _BLANK_LINES.sub("\n\n", _run(self._text, context)).strip() + "\n"
        return Rendered(_run(self._html, context), text)


def render(version: Compiled, context: Mapping[str, Any]) -> Rendered:
    """Return the mail for one contact; see `Renderer.render`. The prepared template is kept in memory.

    Raises:
        InvalidInput: If it can't be rendered.
    """
    return _renderer(_Parts(version.html, version.text)).render(context)


def check_subject(source: str, known_attributes: Collection[str] | None = None) -> Inspection:
    """Check a subject line with merge fields.

    Args:
        source: One line of text with Jinja merge fields.
        known_attributes: The contact attributes that exist; by default any name is taken.

    Raises:
        InvalidInput: If it is empty, has several lines, or uses what is not allowed.
    """
    if not source.strip():
        raise InvalidInput("The subject is empty.", hint="Write one line that says what the mail is about.")
    if _LINE_BREAKS.search(source):
        raise InvalidInput("The subject has more than one line.", hint="Write it in one line, without tabs.")
    if len(source) > _MAX_SUBJECT:
        raise InvalidInput(f"The subject is longer than {_MAX_SUBJECT} characters.", hint="Most inboxes show about 60.")
    return inspect(source, Vocabulary(known_attributes))


def render_text(source: str, context: Mapping[str, Any]) -> str:
    """Return one line of plain text, such as a subject, with its merge fields filled in.

    Line breaks that come from a contact's values become spaces, so they can't begin another header (RFC 5322, 2.2).

    Args:
        source: What `check_subject` has passed.
        context: As for `Renderer.render`, without links.

    Raises:
        InvalidInput: If it can't be rendered.
    """
    return _LINE_BREAKS.sub(" ", _run(_line(source), context)).strip()


@dataclass(frozen=True)
class _Parts:
    html: str
    text: str


@lru_cache(maxsize=128)
def _renderer(parts: _Parts) -> Renderer:
    return Renderer(parts)


@lru_cache(maxsize=256)
def _line(source: str) -> Any:
    check_subject(source)
    return sandbox.TEXT.template_of(source)


def _run(template: Any, context: Mapping[str, Any]) -> str:
    """Return what a template writes, stopping as soon as it is too much."""
    parts: list[str] = []
    left = MAX_OUTPUT
    try:
        for part in template.root_render_func(template.new_context(context)):
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise InvalidInput("The mail gets larger than 2 MB.", hint="Check the loops in the template.")
    except TemplateError as error:
        raise InvalidInput(f"The template can't be rendered: {error.message}.", hint="Check the field it names.") from error
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise InvalidInput(
            "The template can't be rendered: a value does not fit what is done with it.",
            hint="Compare numbers only with numbers, for example {% if contact.age|int > 18 %}.",
        ) from error
    return "".join(parts)
