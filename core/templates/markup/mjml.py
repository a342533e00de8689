"""MJML to HTML: the one place that knows the compiler, with the messages it does not give itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

import mrml

from core.errors import InvalidInput
from core.templates.markup.placeholders import Masked
from core.templates.markup.scanning import VOID_ELEMENTS, Kind, Piece, scan

# What the CSS inliner takes as “leave this alone”.
DO_NOT_INLINE = 'data-css-inline="ignore"'
_RESET = '<style type="text/css">\n#outlook'
_UNUSUAL = re.compile(r"[^\x20-\x5b\x5d-\x7e]")
_MAX_ELEMENTS = 3_000
# The compiler writes styles for each picture of a carousel beside each other one: a hundred times as many take a million times as much.
_MAX_PICTURES = 20
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


def to_html(masked: Masked, pieces: Iterable[Piece] | None = None) -> str:
    """Return the HTML of an MJML document.

    Args:
        masked: The document with its Jinja hidden.
        pieces: What it was taken apart into, by whoever has done that already.

    Raises:
        InvalidInput: If it is not well-formed or uses elements that do not exist; names the line.
    """
    text = _checked(masked, scan(masked.text) if pieces is None else pieces)
    try:
        # No fonts: mail must not load anything from a host the author did not name (the default is a web font).
        output = mrml.to_html(text, mrml.ParserOptions(), mrml.RenderOptions(fonts={}))
    except (OSError, ValueError) as error:
        raise _from_compiler(error, masked) from error
    # The compiler's own reset is in every client that reads <style>, and would only bloat every cell if it were inlined.
    return output.content.replace(_RESET, f'<style {DO_NOT_INLINE} type="text/css">\n#outlook', 1)


def _checked(masked: Masked, pieces: Iterable[Piece]) -> str:
    """Return the document with unusual letters of its attributes as character references.

    The compiler writes attributes as its language shows texts to programmers: what it takes for unprintable (a no-break space, the
    joiner in an emoji, an accent of its own) becomes the number it has there, and a backslash two.

    Raises:
        InvalidInput: If there is what the compiler refuses without saying where, or silently passes on: bad nesting, unknown elements, a
            lone `<`.
    """
    opened: list[Piece] = []
    written: list[str] = []
    count = done = pictures = 0
    for piece in pieces:
        if piece.kind is Kind.BROKEN:
            raise InvalidInput(
                f"The sign < in line {masked.line_at(piece.start)} begins no element.", hint="Write &lt; for the sign itself."
            )
        if piece.kind is Kind.START:
            count += 1
            pictures += piece.name == "mj-carousel-image"
            if pictures > _MAX_PICTURES:
                line = masked.line_at(piece.start)
                raise InvalidInput(
                    f"The carousel in line {line} has too many pictures.", hint=f"At most {_MAX_PICTURES} work in one email."
                )
            _check_element(masked, piece, count)
            for each in piece.attributes if _UNUSUAL.search(masked.text, piece.start, piece.end) else ():
                if _UNUSUAL.search(masked.text, each.start, each.end):
                    value = _UNUSUAL.sub(lambda match: f"&#{ord(match[0])};", masked.text[each.start : each.end])
                    written += [masked.text[done : each.start], value]
                    done = each.end
        _follow(masked, opened, piece)
    if opened:
        raise _not_closed(masked, opened[-1], None)
    return "".join([*written, masked.text[done:]])


def _follow(masked: Masked, opened: list[Piece], piece: Piece) -> None:
    if piece.kind is Kind.START and not piece.is_closed:
        opened.append(piece)
        if len(opened) > _MAX_NESTING:
            line = masked.line_at(piece.start)
            raise InvalidInput(f"The elements in line {line} are nested too deeply.", hint=f"At most {_MAX_NESTING} is allowed.")
    elif piece.kind is Kind.END and piece.name not in VOID_ELEMENTS:
        if not opened or opened[-1].name != piece.name:
            raise _not_closed(masked, opened[-1] if opened else None, piece)
        opened.pop()


def _check_element(masked: Masked, piece: Piece, count: int) -> None:
    if piece.name == "mj-include":
        raise InvalidInput(
            f"<mj-include> in line {masked.line_at(piece.start)} is not supported.", hint="Paste what it includes into the template."
        )
    if piece.name.startswith("mj") and piece.name not in _ELEMENTS:
        raise InvalidInput(
            f"<{piece.name[:40]}> in line {masked.line_at(piece.start)} is not an MJML element.",
            hint="Check the spelling, for example <mj-text>.",
        )
    if count > _MAX_ELEMENTS or any(len(each.value) > _MAX_ATTRIBUTE for each in piece.attributes):
        raise InvalidInput(
            f"The template is too large (line {masked.line_at(piece.start)}).",
            hint=f"At most {_MAX_ELEMENTS} elements, and {_MAX_ATTRIBUTE} characters in an attribute.",
        )


def _not_closed(masked: Masked, opened: Piece | None, found: Piece | None) -> InvalidInput:
    if opened is None and found is not None:
        return InvalidInput(
            f"</{found.name}> in line {masked.line_at(found.start)} closes nothing.", hint="Remove it or open the element before it."
        )
    assert opened is not None
    where = f", but </{found.name}> follows in line {masked.line_at(found.start)}" if found else ""
    return InvalidInput(
        f"<{opened.name}> in line {masked.line_at(opened.start)} is not closed{where}.",
        hint=f"Close it with </{opened.name}>; in MJML every element must be closed.",
    )


def _from_compiler(error: Exception, masked: Masked) -> InvalidInput:
    position = re.search(r"position (\d+):", str(error))
    head = masked.text.encode()[: int(position[1])].decode(errors="ignore") if position else ""
    where = f" near line {masked.line_at(len(head))}" if position else ""
    reason = re.sub(r" in root template.*", "", str(error))
    return InvalidInput(
        f"The MJML can't be read{where}: {reason}.", hint="Check that attributes are in quotes and elements are nested as MJML allows."
    )
