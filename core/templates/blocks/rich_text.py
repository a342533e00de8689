"""Text that people write and format: made harmless and tidy, with its merge fields whole."""

from __future__ import annotations

import html
from functools import lru_cache

import nh3

from core.templates.jinja import sandbox
from core.templates.jinja.fields import Vocabulary
from core.templates.jinja.plain import taken_apart
from core.templates.jinja.validating import inspect
from core.templates.markup.marks import Marked
from core.templates.markup.placeholders import mask

_TAGS = {"p", "br", "strong", "b", "em", "i", "u", "s", "a", "ul", "ol", "li", "span", "sub", "sup", "h2", "h3", "blockquote"}
_STYLES = {"color", "background-color", "font-size", "font-weight", "font-style", "text-decoration", "text-align"}
_SCHEMES = {"http", "https", "mailto", "tel", "sms"}


def clean(source: str, vocabulary: Vocabulary | None = None) -> str:
    """Return formatted text with nothing in it but paragraphs, lists, links and the usual emphasis.

    Args:
        source: HTML with merge fields.
        vocabulary: The fields that exist; by default every contact attribute is taken.

    Raises:
        InvalidInput: If its merge fields are not in order; names the line.
    """
    inspect(source, vocabulary)
    return _cleaned(source)


@lru_cache(maxsize=300)
def _cleaned(source: str) -> str:
    """Return text without what is not allowed; who edits one block compiles all the others as they were."""
    masked = mask(source)
    cleaned = nh3.clean(
        masked.text,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "span": {"style"}, "p": {"style"}, "li": {"style"}},
        filter_style_properties=_STYLES,
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=False,  # conditions between paragraphs are comments while this runs
    )
    masked.check(Marked(cleaned))
    return masked.restore(cleaned)


def escaped(text: str, vocabulary: Vocabulary | None = None) -> str:
    """Return plain text as HTML that may also stand in an attribute's quotes; its merge fields stay as they are.

    Args:
        text: Text with merge fields.
        vocabulary: The fields that exist; by default every contact attribute is taken.

    Raises:
        InvalidInput: If its merge fields are not in order.
    """
    inspect(text, vocabulary)
    return as_html(text)


def as_html(text: str) -> str:
    """Return plain text as HTML like `escaped`, where the caller checks its merge fields together with what is around them."""
    parts = taken_apart(text)
    if parts is None:
        return "".join(html.escape(value) if kind == "data" else value for _, kind, value in sandbox.HTML.lex(text))
    return "".join(part if number % 2 else html.escape(part) for number, part in enumerate(parts))
