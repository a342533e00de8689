"""MJML to HTML: the one place that knows the compiler, with the messages it does not give itself."""

from __future__ import annotations

import re

import mrml

from core.errors import InvalidInput
from core.templates.markup.placeholders import Masked
from core.templates.markup.scanning import VOID_ELEMENTS, Kind
from core.templates.markup.stretches import Stretch, facts_of
from core.templates.markup.tokens import Mark, noted

# What the CSS inliner takes as “leave this alone”.
DO_NOT_INLINE = 'data-css-inline="ignore"'
_RESET = '<style type="text/css">\n#outlook'
_UNUSUAL = re.compile(r"[^\x20-\x5b\x5d-\x7e]")
_MAX_ELEMENTS = 3_000
# The compiler writes styles for each picture of a carousel beside each other one: a hundred times as many take a million times as much.
_MAX_PICTURES = 20
_PICTURE = "mj-carousel-image"
_MAX_ATTRIBUTE = 2_000
_MAX_NESTING = 100  # the compiler recurses, and 3,000 crash it
# Every element of MJML 4 (documentation.mjml.io) except mj-include, which would read files.
_ELEMENTS = frozenset(
    {
        *("mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-html-attributes"),
        *("mj-html-attribute", "mj-selector", "mj-preview", "mj-style", "mj-title", "mj-raw", "mj-section", "mj-column", "mj-group"),
        *("mj-wrapper", "mj-hero", "mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-social"),
        *("mj-social-element", "mj-navbar", "mj-navbar-link", "mj-accordion", "mj-accordion-element", "mj-accordion-title"),
        *("mj-accordion-text", "mj-carousel", "mj-carousel-image"),
    }
)
# Where an element begins, and its name.
Opened = tuple[int, str]


def to_html(masked: Masked) -> str:
    """Return the HTML of an MJML document.

    Args:
        masked: The document with its Jinja hidden.

    Raises:
        InvalidInput: If it is not well-formed or uses elements that do not exist; names the line.
    """
    text = _checked(masked)
    try:
        # No fonts: mail must not load anything from a host the author did not name (the default is a web font).
        output = mrml.to_html(text, mrml.ParserOptions(), mrml.RenderOptions(fonts={}))
    except (OSError, ValueError) as error:
        raise _from_compiler(error, masked) from error
    # The compiler's own reset is in every client that reads <style>, and would only bloat every cell if it were inlined.
    return output.content.replace(_RESET, f'<style {DO_NOT_INLINE} type="text/css">\n#outlook', 1)


def _checked(masked: Masked) -> str:
    """Return the document with unusual letters of its attributes as character references.

    The compiler writes attributes as its language shows texts to programmers: what it takes for unprintable (a no-break space, the
    joiner in an emoji, an accent of its own) becomes the number it has there, and a backslash two.

    Raises:
        InvalidInput: If there is what the compiler refuses without saying where, or silently passes on: bad nesting, unknown elements, a
            lone `<`.
    """
    opened: list[Opened] = []
    count = pictures = 0
    for begin, stretch in masked.marked.stretches:
        size = _size_in_order(stretch)
        if size and count + size[0] <= _MAX_ELEMENTS and len(opened) + size[1] <= _MAX_NESTING:
            count += size[0]
            continue
        for start, mark in stretch:
            count += mark.kind is Kind.START
            pictures += mark.name == _PICTURE and mark.kind is Kind.START
            if _is_suspicious(mark):
                _check_piece(masked, begin + start, mark, pictures)
            if count > _MAX_ELEMENTS:
                raise _too_large(masked, begin + start)
            _follow(masked, opened, begin + start, mark)
    if opened:
        raise _not_closed(masked, opened[-1], None)
    return "".join([_in_usual_letters(stretch) for _, stretch in masked.marked.stretches])


@noted
def _size_in_order(stretch: Stretch) -> tuple[int, int] | None:
    """Return how many elements are in a stretch, and how many inside each other; None where not all is in order wherever it stands."""
    shape = facts_of(stretch).shape
    if shape.deepest is None or shape.has_broken or max(map(len, stretch.tokens), default=0) > _MAX_ATTRIBUTE:
        return None
    is_known = all(name in _ELEMENTS or not name.startswith("mj") for name in shape.names)
    return (shape.elements, shape.deepest) if is_known and _PICTURE not in shape.names else None


@noted
def _in_usual_letters(stretch: Stretch) -> str:
    text = stretch.text
    return text if text.isascii() and text.isprintable() and "\\" not in text else "".join(map(_usual, stretch.marks))


@noted
def _is_suspicious(mark: Mark) -> bool:
    """Return whether a piece has to be checked wherever it stands; most need not be."""
    if mark.kind is not Kind.START:
        return mark.kind is Kind.BROKEN
    is_long = len(mark.text) > _MAX_ATTRIBUTE  # no value is longer than its tag
    return is_long or mark.name == _PICTURE or (mark.name.startswith("mj") and mark.name not in _ELEMENTS)


def _check_piece(masked: Masked, start: int, mark: Mark, pictures: int) -> None:
    if mark.kind is Kind.BROKEN:
        raise InvalidInput(f"The sign < in line {masked.line_at(start)} begins no element.", hint="Write &lt; for the sign itself.")
    if pictures > _MAX_PICTURES:
        line = masked.line_at(start)
        raise InvalidInput(f"The carousel in line {line} has too many pictures.", hint=f"At most {_MAX_PICTURES} work in one email.")
    if mark.name == "mj-include":
        raise InvalidInput(
            f"<mj-include> in line {masked.line_at(start)} is not supported.", hint="Paste what it includes into the template."
        )
    if mark.name.startswith("mj") and mark.name not in _ELEMENTS:
        raise InvalidInput(
            f"<{mark.name[:40]}> in line {masked.line_at(start)} is not an MJML element.",
            hint="Check the spelling, for example <mj-text>.",
        )
    if any(len(each.value) > _MAX_ATTRIBUTE for each in mark.attributes):
        raise _too_large(masked, start)


def _too_large(masked: Masked, start: int) -> InvalidInput:
    return InvalidInput(
        f"The template is too large (line {masked.line_at(start)}).",
        hint=f"At most {_MAX_ELEMENTS} elements, and {_MAX_ATTRIBUTE} characters in an attribute.",
    )


@noted
def _usual(mark: Mark) -> str:
    """Return what a piece reads, with unusual letters of its attributes as character references."""
    if mark.kind is not Kind.START or not _UNUSUAL.search(mark.text):
        return mark.text
    written, done = [], 0
    for each in mark.attributes:
        value = _UNUSUAL.sub(lambda match: f"&#{ord(match[0])};", mark.text[each.start : each.end])
        written += [mark.text[done : each.start], value]
        done = each.end
    return "".join([*written, mark.text[done:]])


def _follow(masked: Masked, opened: list[Opened], start: int, mark: Mark) -> None:
    if mark.kind is Kind.START and not mark.is_closed:
        opened.append((start, mark.name))
        if len(opened) > _MAX_NESTING:
            line = masked.line_at(start)
            raise InvalidInput(f"The elements in line {line} are nested too deeply.", hint=f"At most {_MAX_NESTING} is allowed.")
    elif mark.kind is Kind.END and mark.name not in VOID_ELEMENTS:
        if not opened or opened[-1][1] != mark.name:
            raise _not_closed(masked, opened[-1] if opened else None, (start, mark.name))
        opened.pop()


def _not_closed(masked: Masked, opened: Opened | None, found: Opened | None) -> InvalidInput:
    if opened is None and found is not None:
        return InvalidInput(
            f"</{found[1]}> in line {masked.line_at(found[0])} closes nothing.", hint="Remove it or open the element before it."
        )
    assert opened is not None
    where = f", but </{found[1]}> follows in line {masked.line_at(found[0])}" if found else ""
    return InvalidInput(
        f"<{opened[1]}> in line {masked.line_at(opened[0])} is not closed{where}.",
        hint=f"Close it with </{opened[1]}>; in MJML every element must be closed.",
    )


def _from_compiler(error: Exception, masked: Masked) -> InvalidInput:
    position = re.search(r"position (\d+):", str(error))
    head = masked.text.encode()[: int(position[1])].decode(errors="ignore") if position else ""
    where = f" near line {masked.line_at(len(head))}" if position else ""
    reason = re.sub(r" in root template.*", "", str(error))
    return InvalidInput(
        f"The MJML can't be read{where}: {reason}.", hint="Check that attributes are in quotes and elements are nested as MJML allows."
    )
