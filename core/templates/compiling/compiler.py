"""Source to finished template, once per version: checked, compiled, styles inlined, links collected, plain text made."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import css_inline

from core.errors import InvalidInput
from core.templates.blocks.document import read_document
from core.templates.blocks.writing import to_mjml
from core.templates.compiling.linking import Found, check_other_readings, check_safety, track_links, worth_a_look
from core.templates.compiling.pixel import PIXEL, before_body_end
from core.templates.jinja import sandbox
from core.templates.jinja.fields import Vocabulary
from core.templates.jinja.validating import check_bytes, inspect
from core.templates.look.brand import Brand
from core.templates.markup import mjml
from core.templates.markup.marks import Marked, too_deep
from core.templates.markup.placeholders import Masked, mask
from core.templates.markup.plain_text import text_of, to_plain_text
from core.templates.markup.scanning import Kind, Piece, is_few, scan

_MAX_HTML = 1_000_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEW_LINE = "\n"
# Inlining writes every matching rule into every element: what one can do to the other is bounded before it starts.
_MAX_STYLE_WORK = 100_000_000
_MAX_PIECES = 60_000
_MAX_NESTING = 500  # parsers recurse, and 30,000 crash them
_JSON = re.compile(r'\s*\{\s*(?:"|\})')
_STYLE = re.compile(r"<style.*?(?:</style|\Z)", re.IGNORECASE | re.DOTALL)
_BEFORE_ROW = re.compile(r"-->(?<=\w-->)\s*<[tT][rR]")
_IMPLIED_BODY = re.compile(r"(<table\b[^<>]*>|</thead>|</colgroup>|</caption>)((?:\s*<!--\w+-->)+\s*)(?=<tr\b)", re.IGNORECASE)
_DOCUMENT = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title></title></head><body>{}</body></html>"
)
_INLINER = css_inline.CSSInliner(
    keep_style_tags=True,  # hover, small screens and dark mode can't be inlined
    keep_at_rules=True,
    load_remote_stylesheets=False,  # a template must not make this machine fetch anything
)


class TemplateKind(StrEnum):
    """What a template is written in."""

    MJML = "mjml"
    HTML = "html"
    BLOCKS = "blocks"


@dataclass(frozen=True)
class CompiledTemplate:
    """A template ready to be rendered for each contact.

    Args:
        kind: What the source is written in.
        html: The HTML part as a Jinja template; `pw_links[n]` and `pw_pixel` stand for the tracking URLs.
        text: The plain-text part as a Jinja template.
        links: Where `pw_links[n]` leads, in order.
        fields: The merge fields used, in order.
    """

    kind: TemplateKind
    html: str
    text: str
    links: list[str]
    fields: list[str]


def compile_template(
    source: str,
    kind: TemplateKind | None = None,
    *,
    known_attributes: Collection[str] | None = None,
    brand: Brand | None = None,
    marked: bool = False,
    links: Sequence[str] = (),
) -> CompiledTemplate:
    """Check and compile a template.

    Args:
        source: MJML or HTML with Jinja merge fields and any line ends, or a block document's JSON.
        kind: What it is written in; by default what it looks like, see `detect_kind`.
        known_attributes: The contact attributes that exist; by default any name is taken.
        brand: How a block document looks; by default plain.
        marked: Whether every part of a block document carries its id, for the editor.
        links: The links that come first in the list, because another language of the same mail has them.

    Raises:
        InvalidInput: If it can't be used; says what is wrong, in which line, and what to do.
    """
    source = normalised(source)
    kind = kind or detect_kind(source)
    vocabulary = Vocabulary(known_attributes)
    if kind is not TemplateKind.BLOCKS:
        return _compiled(source, kind, vocabulary, links)
    written = to_mjml(read_document(source), brand or Brand(), vocabulary, marked=marked)
    return replace(_compiled(normalised(written), TemplateKind.MJML, vocabulary, links), kind=kind)


def _compiled(source: str, kind: TemplateKind, vocabulary: Vocabulary, links: Sequence[str]) -> CompiledTemplate:
    inspection = inspect(source, vocabulary)
    fields = list(inspection.fields)
    masked = mask(source)
    inlined = Marked(_inlined(_html_of(masked, kind)))
    tracked = track_links(inlined.text, _looked_at(inlined, masked), masked, links)
    html, text = tracked.html, text_of(inlined, tracked.addresses)
    if "unsubscribe_url" not in fields:
        html = before_body_end(html, _footer(masked))
        fields += [field for field in ("workspace.name", "workspace.postal_address", "unsubscribe_url") if field not in fields]
        text = to_plain_text(html)
    text = masked.restore(text)
    html = masked.restore(before_body_end(html, masked.add(PIXEL)))
    if not inspection.is_simple:
        _try(html, text)
    return CompiledTemplate(kind, html, text, tracked.links, fields)


def _html_of(masked: Masked, kind: TemplateKind) -> str:
    """Return the HTML of a source that is safe, and not too much for the tools that read it next."""
    check_safety(worth_a_look(masked.marked), masked, name_lines=True)
    html = mjml.to_html(masked) if kind is TemplateKind.MJML else _document(masked)
    _check_size(masked.marked, masked)
    return html


def _looked_at(inlined: Marked, masked: Masked) -> list[Found]:
    """Return the tags that may be links, of HTML in which all Jinja is still where it was, and nothing is unsafe or too large."""
    masked.check(inlined)
    tags = worth_a_look(inlined)
    check_safety(tags, masked, name_lines=False)
    check_other_readings(inlined)
    _check_size(inlined)
    return tags


def normalised(source: str) -> str:
    """Return the source with LF line ends, without byte order mark, and with no `{#` that is really CSS.

    Raises:
        InvalidInput: If it is empty or too large, or holds characters that are not text.
    """
    check_bytes(source)
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not source or source.isspace():
        raise InvalidInput("The template is empty.", hint="Paste MJML or HTML, or start from one of the examples.")
    if "\x00" in source or (not source.isascii() and _SURROGATE.search(source)):
        raise InvalidInput("The template holds characters that are not text.", hint="Save the file as UTF-8 and try again.")
    if _JSON.match(source) or ("{#" not in source and is_few(source, _MAX_PIECES)):
        return source
    parts = []
    for count, piece in enumerate(scan(source)):
        if count == _MAX_PIECES:
            raise _too_many(f" from line {source.count(_NEW_LINE, 0, piece.start) + 1} on")
        parts.append(_css_without_comments(source, piece))
    return "".join(parts)


def detect_kind(source: str) -> TemplateKind:
    """Return what a source is: a block document if it is JSON, MJML if its first element is `<mjml>`, else HTML."""
    if _JSON.match(source):
        return TemplateKind.BLOCKS
    first = next((piece.name for piece in scan(source) if piece.kind is Kind.START), "")
    return TemplateKind.MJML if first == "mjml" else TemplateKind.HTML


def _css_without_comments(source: str, piece: Piece) -> str:
    text = source[piece.start : piece.end]
    if piece.kind is Kind.RAW and piece.name in {"style", "mj-style"} and "#}" not in text:
        # Minified CSS writes `@media screen{#id{…}}`, which Jinja would take for the start of a comment.
        return text.replace("{#", "{ #")
    return text


def _document(masked: Masked) -> str:
    text, has_doctype = masked.text, False
    for mark in masked.marked.marks:
        has_doctype = has_doctype or mark.text[:9].lower() == "<!doctype"
        if mark.kind is Kind.START and mark.name in {"html", "head", "body"}:
            return text if has_doctype else f"<!doctype html>{text}"
    return _DOCUMENT.format(text.strip())


def _inlined(html: str) -> str:
    # What surely is small enough is not taken apart to find that out.
    if not is_few(html, min(_MAX_PIECES, _MAX_STYLE_WORK // (1 + _size_of_styles(html)))):
        _check_size(Marked(html))
    if _BEFORE_ROW.search(html):
        html = _IMPLIED_BODY.sub(r"\1<tbody>\2", html)
    try:
        inlined = _INLINER.inline(html).replace(f" {mjml.DO_NOT_INLINE}", "")
    except (css_inline.InlineError, ValueError) as error:
        raise InvalidInput(f"The styles can't be read: {error}.", hint="Check the CSS between <style> and </style>.") from error
    if len(inlined) > _MAX_HTML:
        raise InvalidInput("The finished template is larger than 1 MB.", hint="Mail programs cut mail off at about 100 KB; shorten it.")
    return inlined


def _size_of_styles(html: str) -> int:
    """Return how many letters stand in styles, or more."""
    return sum(style.end() - style.start() for style in _STYLE.finditer(html))


def _check_size(marked: Marked, masked: Masked | None = None) -> None:
    """Refuse, before a tool sees it, what would take that tool too much time, memory or stack.

    Args:
        marked: The masked source, or HTML made of it.
        masked: What names lines, where it is the source.
    """
    if marked.size_of_styles() * len(marked) > _MAX_STYLE_WORK:
        raise InvalidInput("The template has too many styles for its size.", hint="Remove the styles that are not used.")
    if len(marked) > _MAX_PIECES:
        raise _too_many("")
    deep = too_deep(marked, _MAX_NESTING)
    if deep is not None:
        where = f" in line {masked.line_at(deep)}" if masked else ""
        raise InvalidInput(f"The elements{where} are too many inside each other.", hint="Close every element, and shorten it.")


def _too_many(where: str) -> InvalidInput:
    return InvalidInput(f"The template has too many elements{where}.", hint="Close every element, and shorten it.")


def _footer(masked: Masked) -> str:
    """Return the lines every mail must have: who sends it from where, and how to stop it (CAN-SPAM; RFC 8058 in the headers)."""
    name, address = masked.add("{{ workspace.name }}"), masked.add("{{ workspace.postal_address }}")
    unsubscribe = masked.add("{{ unsubscribe_url }}")
    # Dark enough for the light grey that emails stand on; by its class it turns light where a block document turns dark.
    style = "font-family:Helvetica,Arial,sans-serif;font-size:12px;line-height:18px;color:#5b6270"
    link = f'<a href="{unsubscribe}" style="color:#5b6270;text-decoration:underline">Unsubscribe</a>'
    return (
        f'<div style="padding:24px 16px;text-align:center;{style}"><p class="pw-muted" style="margin:0">{name}<br>{address}</p>'
        f'<p class="pw-muted" style="margin:8px 0 0">{link}</p></div>'
    )


def _try(html: str, text: str) -> None:
    """Make programs of the finished templates, as sending will: Python has limits of its own for what stands inside each other."""
    for finished in (html, text):
        inspect(finished, Vocabulary(internal=True), max_bytes=2 * _MAX_HTML)
        try:
            sandbox.HTML.template_of(finished)
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise InvalidInput("The template is nested too deeply.", hint="Use fewer conditions inside each other.") from error
