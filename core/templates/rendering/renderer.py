"""A compiled template and one contact's values to finished HTML and text; light enough for the receiver."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

from jinja2 import TemplateError

from core.errors import InvalidInput, PostwrightError
from core.providers.content import Filled
from core.templates.jinja import budget, sandbox
from core.templates.jinja.fields import Vocabulary
from core.templates.jinja.validating import Inspection, inspect
from core.templates.rendering.slots import BLANK_LINES, MAX_OUTPUT, Slots, too_large

_MAX_LINE = 1_000
_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Rendered:
    """A finished mail body.

    Args:
        html: The HTML part.
        text: The plain-text part.
    """

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class FilledMail:
    """A finished mail body that still knows what it shares with the others of its template.

    Args:
        html: The HTML part.
        text: The plain-text part.
    """

    html: Filled
    text: Filled


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
        self._html = Slots(version.html, sandbox.HTML, _run)
        self._text = Slots(version.text, sandbox.TEXT, _run, is_text=True)
        self._version = version
        self._links = 1 + max((int(number) for number in re.findall(r"\{\{ pw_links\[(\d+)\] \}\}", version.html)), default=-1)

    @cached_property
    def _whole_html(self) -> Any:
        """The template in one, for values that hold what keeps the slots apart; few ever do."""
        return sandbox.HTML.template_of(self._version.html)

    @cached_property
    def _whole_text(self) -> Any:
        return sandbox.TEXT.template_of(self._version.text)

    def fill(self, context: Mapping[str, Any]) -> FilledMail:
        """Return the mail for one contact.

        Args:
            context: `contact`, `workspace`, `campaign`, `brand` (dictionaries of plain values), `unsubscribe_url`,
                `preferences_url`, `view_url`, `pw_links` (as many as the template has links), `pw_pixel` and, where the
                template has them, `pw_trap` and `pw_preview`.

        Raises:
            InvalidInput: If a value does not fit what the template does with it, or the mail gets larger than 2 MB.
        """
        if len(context.get("pw_links", ())) < self._links:
            raise InvalidInput("The template has more links than were registered for the mail.", hint="Save the template and launch again.")
        return FilledMail(
            _small(self._html.fill(context)) or Filled.whole(_run(self._whole_html, context)),
            _small(self._text.fill(context)) or Filled.whole(BLANK_LINES.sub("\n\n", _run(self._whole_text, context)).strip() + "\n"),
        )


def render(version: Compiled, context: Mapping[str, Any]) -> Rendered:
    """Return the mail for one contact as text; see `Renderer.fill`.

    Raises:
        InvalidInput: If it can't be rendered.
    """
    mail = fill(version, context)
    return Rendered(str(mail.html), str(mail.text))


def fill(version: Compiled, context: Mapping[str, Any]) -> FilledMail:
    """Return the mail for one contact; see `Renderer.fill`. The prepared template is kept in memory.

    Raises:
        InvalidInput: If it can't be rendered.
    """
    return _renderer(version.html, version.text).fill(context)


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
    return check_line(source, "subject", known_attributes)


def check_line(source: str, what: str, known_attributes: Collection[str] | None = None) -> Inspection:
    """Check one line of plain text with merge fields; see `check_subject`.

    Args:
        source: The line, may be empty.
        what: What it is, for messages.
        known_attributes: The contact attributes that exist; by default any name is taken.

    Raises:
        InvalidInput: If it has several lines, or uses what is not allowed.
    """
    if _LINE_BREAKS.search(source):
        raise InvalidInput(f"The {what} has more than one line.", hint="Write it in one line, without tabs.")
    if len(source) > _MAX_LINE:
        raise InvalidInput(f"The {what} is longer than {_MAX_LINE} characters.", hint="Most inboxes show about 60.")
    return inspect(source, Vocabulary(known_attributes))


def render_text(source: str, context: Mapping[str, Any]) -> str:
    """Return one line of plain text, such as a subject, with its merge fields filled in.

    Line breaks that come from a contact's values become spaces, so they can't begin another header (RFC 5322, 2.2).

    Args:
        source: What `check_subject` or `check_line` has passed.
        context: As for `Renderer.fill`, without links.

    Raises:
        InvalidInput: If it can't be rendered.
    """
    slots = _line(source)
    filled = slots.fill(context)
    line = str(filled) if filled is not None else _run(sandbox.TEXT.template_of(source), context)
    return _LINE_BREAKS.sub(" ", line).strip()


@dataclass(frozen=True)
class _Source:
    html: str
    text: str


@lru_cache(maxsize=128)
def _renderer(html: str, text: str) -> Renderer:
    return Renderer(_Source(html, text))


@lru_cache(maxsize=256)
def _line(source: str) -> Slots:
    check_subject(source)
    return Slots(source, sandbox.TEXT, _run)


def _small(filled: Filled | None) -> Filled | None:
    """Return it if it is no larger than a mail may be.

    Raises:
        InvalidInput: If it is.
    """
    if filled is not None and filled.layout.size + sum(map(len, filled.values)) > MAX_OUTPUT:
        raise too_large()
    return filled


def _run(template: Any, context: Mapping[str, Any]) -> str:
    """Return what a template writes, stopping as soon as it is too much."""
    parts: list[str] = []
    left = MAX_OUTPUT
    budget.begin(context)
    try:
        for part in template.root_render_func(template.new_context(context)):
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise too_large()
    except TemplateError as error:
        raise InvalidInput(f"The template can't be rendered: {error.message}.", hint="Check the field it names.") from error
    except (MemoryError, PostwrightError):
        raise
    except Exception as error:  # whatever a filter or a test makes of a value: the mail of nobody else waits for that
        raise InvalidInput(
            "The template can't be rendered: a value does not fit what is done with it.",
            hint="Compare numbers only with numbers, for example {% if contact.age|int > 18 %}.",
        ) from error
    finally:
        budget.end()
    return "".join(parts)
