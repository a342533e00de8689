"""The links of compiled HTML: collected so that clicks are counted, and refused where they could run code or lead nowhere.

A link that holds a merge field is different for everybody, so it can't be in the table of links: it stays in the mail
as it is, uncounted, and is checked when it is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import InvalidInput
from core.links.urls import is_web_url
from core.templates.jinja.fields import URL_FIELDS
from core.templates.jinja.foreign import foreign_fields
from core.templates.markup.marks import Marked
from core.templates.markup.placeholders import Masked
from core.templates.markup.scanning import Attribute, Kind, Piece, tags_of_comment
from core.templates.markup.stretches import Stretch
from core.templates.markup.tokens import Mark, noted

# The last four hold what some read as text and others as markup.
_FORBIDDEN_ELEMENTS = frozenset(
    {"script", "iframe", "frame", "object", "embed", "applet", "base", "noembed", "noframes", "plaintext", "xmp"}
)
_URL_ATTRIBUTES = frozenset(
    {"href", "src", "background", "action", "formaction", "poster", "xlink:href", "data", "srcset", "background-url"}
)
# Where an address is followed, not only loaded: a merge field must not make these run code.
_FOLLOWED = frozenset({"action", "formaction", "xlink:href"})
# Browsers ignore control characters and white space inside a scheme.
_IGNORED = re.compile(r"[\x00-\x20\x7f]+")
_CODE_SCHEMES = ("javascript:", "vbscript:", "livescript:", "file:", "blob:")
# Tags without any of this in them hold nothing to look at: most. What looks like it inside a value is looked at for nothing.
_WORTH = re.compile(
    rf"""[\s/"'=](?=[abdfhopsx])(?:on|(?:{"|".join(sorted(_URL_ATTRIBUTES))}|http-equiv)=)|\s=|<(?:{"|".join(sorted(_FORBIDDEN_ELEMENTS))})"""
)
# Most tags: one look that passes over their values tells so in a third of the time.
_NOTHING = rf"""(?!on|(?:{"|".join(sorted(_URL_ATTRIBUTES))}|http-equiv)=)[^\s=>/"']++(?:="[^"]*+")?+"""
_DULL = re.compile(rf"<(?!{'|'.join(sorted(_FORBIDDEN_ELEMENTS))})[a-z][a-z0-9:_-]*+(?:\s++{_NOTHING})*+\s*+/?>")
_DRAWINGS = frozenset({"svg", "math"})
_READ_DIFFERENTLY = ("svg", "math", "noscript")
_ENDS_UNSCRIPTED = re.compile("</noscript", re.IGNORECASE)
_HTTP_EQUIV = "http-equiv"
_MAY_HOLD = "may hold"
_UNTRACKED = ("mailto:", "tel:", "sms:", "#")
_MAX_LINKS = 1_000
_MAX_PLACES = 4_000
_URL_FIELD = re.compile(r"\{\{-?\s*(?:" + "|".join(URL_FIELDS) + r")\s*-?\}\}")


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


class Found(NamedTuple):
    """A start tag somewhere in a text.

    Args:
        begin: From where on its places count.
        tag: The tag.
        is_safe: Whether nothing is wrong with it, wherever it stands.
    """

    begin: int
    tag: Piece
    is_safe: bool


def worth_a_look(marked: Marked) -> list[Found]:
    """Return the start tags that may hold an address or code, those in conditional comments too.

    Args:
        marked: The masked source, or the compiled HTML.
    """
    return [Found(begin + start, tag, is_safe) for begin, stretch in marked.stretches for start, tag, is_safe in _worth(stretch)]


@noted
def _worth(stretch: Stretch) -> list[Found]:
    found: list[Found] = []
    for start, mark in stretch:
        known = mark.notes.get(_MAY_HOLD)
        if _may_hold(mark) if known is None else known:
            inner = [(0, mark.piece)] if mark.is_start else tags_of_comment(mark.text)
            found += [Found(start + offset, tag, _is_safe(tag)) for offset, tag in inner]
    return found


def _is_safe(tag: Piece) -> bool:
    return not _problem(tag, None) and _HTTP_EQUIV not in [each.name for each in tag.attributes]


def _may_hold(mark: Mark) -> bool:
    written = mark.text.lower()
    found = mark.kind in (Kind.START, Kind.COMMENT) and not _DULL.fullmatch(written) and _WORTH.search(written) is not None
    mark.notes[_MAY_HOLD] = found
    return found


def check_safety(tags: Iterable[Found], masked: Masked, *, name_lines: bool) -> None:
    """Do nothing if the markup holds no scripts and no link that runs one.

    Args:
        tags: The tags of the masked source or of the compiled HTML that are `worth_a_look`.
        masked: What hides the Jinja.
        name_lines: Whether they are of the masked source, so that lines can be named.

    Raises:
        InvalidInput: If it does; names what and where.
    """
    for begin, tag, is_safe in tags:
        problem = "" if is_safe else _problem(tag, masked)
        if problem:
            where = f" in line {masked.line_at(begin + tag.start)}" if name_lines else ""
            raise InvalidInput(f"{problem}{where} is not allowed in a template.", hint="Mail programs never run code; remove it.")


def check_other_readings(marked: Marked) -> None:
    """Do nothing if finished HTML reads the same to all who may read it.

    Inside <svg> and <math>, <style> and <title> may hold elements; what stands in <noscript> is text for some and markup for others.

    Args:
        marked: The compiled HTML.

    Raises:
        InvalidInput: If there could be code in it for some that others take for text, or for a value.
    """
    begun: set[str] = set().union(*(_begun(stretch) for _, stretch in marked.stretches))
    if begun & _DRAWINGS:
        _check_drawings(marked)
    if "noscript" in begun:
        _check_unscripted(marked)


@noted
def _begun(stretch: Stretch) -> frozenset[str]:
    written = stretch.text.lower()
    named = [name for name in _READ_DIFFERENTLY if f"<{name}" in written]
    return frozenset(mark.name for mark in stretch.marks if mark.is_start and mark.name in named) if named else frozenset()


def _check_drawings(marked: Marked) -> None:
    for mark in marked.marks:
        if mark.kind is Kind.RAW and "<" in mark.text:
            message = f"The sign < inside <{mark.name}> is not allowed in a template with <svg> or <math>."
            raise InvalidInput(message, hint="Show the drawing as a picture: few mail programs show it otherwise.")


def _check_unscripted(marked: Marked) -> None:
    """Refuse a <noscript> that does not surely end in the same place for all."""
    is_open = False
    for mark in marked.marks:
        if is_open and mark.is_end and mark.name == "noscript":
            is_open = False
        elif is_open and (_ENDS_UNSCRIPTED.search(mark.text) or _is_odd_end(mark)):
            message = "This <noscript> is not allowed in a template: mail programs would not agree where it ends."
            raise InvalidInput(message, hint="Remove it: what is inside is shown by few mail programs.")
        else:
            is_open = is_open or (mark.is_start and mark.name == "noscript")


def _is_odd_end(mark: Mark) -> bool:
    """Return whether an end tag has what looks like attributes: browsers may read on behind its first >."""
    return mark.is_end and any(sign in mark.text for sign in "\"'=")


@dataclass(frozen=True)
class Tracked:
    """HTML whose links are counted.

    Args:
        html: With every fixed web link replaced by `{{ pw_links[n] }}`.
        links: Where they lead, each address once.
        addresses: What stands for an address now, by where its value began before.
    """

    html: str
    links: list[str]
    addresses: dict[int, str]


def track_links(html: str, tags: Iterable[Found], masked: Masked, known: Sequence[str] = ()) -> Tracked:
    """Return the HTML with its links replaced.

    Args:
        html: Compiled HTML in which the Jinja is still hidden.
        tags: Its tags that are `worth_a_look`.
        masked: What hides it.
        known: The links that are in the list already, as another language has them.

    Raises:
        InvalidInput: If a link is not a complete address.
    """
    links = {url: number for number, url in enumerate(known)}
    placeholders: dict[int, str] = {}
    edits = []
    for begin, attribute, is_link in _followed(tags):
        start, end = begin + attribute.start, begin + attribute.end
        if masked.is_in(html[start:end]):
            replacement = _guarded(html[start:end], masked)
        else:
            replacement = _tracked(attribute, links, placeholders, masked) if is_link else None
        if replacement is not None:
            edits.append(_Edit(start, end, replacement))
        if len(edits) > _MAX_PLACES:
            raise InvalidInput(f"The template has more than {_MAX_PLACES} links.", hint="Shorten it.")
    return Tracked(_edited(html, edits), list(links), {edit.start: edit.text for edit in edits})


def _followed(tags: Iterable[Found]) -> Iterator[tuple[int, Attribute, bool]]:
    """Yield every address that is followed, from where on its place counts, and whether it is followed by a press on it."""
    for begin, tag, _ in tags:
        for attribute in tag.attributes:
            is_link = attribute.name == "href" and _is_link(tag)
            if is_link or attribute.name in _FOLLOWED:
                yield begin, attribute, is_link


def _is_link(piece: Piece) -> bool:
    return piece.name in {"a", "area"} or piece.name.startswith("v:")


def _tracked(attribute: Attribute, links: dict[str, int], placeholders: dict[int, str], masked: Masked) -> str | None:
    """Return the placeholder of a fixed link; None where it is not counted (mailto, anchors, empty)."""
    url = attribute.value.strip()
    if not url or url.lower().startswith(_UNTRACKED):
        return None
    url = re.sub(r"\s+", "%20", url)
    if not is_web_url(url):
        line = masked.line_of(attribute.value)
        where = f" in line {line}" if line else ""
        theirs = next(foreign_fields(url, is_address=True), None)
        hint = f"“{theirs.written}” is a field of another program. {theirs.hint}" if theirs else "Write it with https:// in front."
        raise InvalidInput(f"The link “{url[:80]}”{where} is not a complete address.", hint=hint)
    if len(links) >= _MAX_LINKS:
        raise InvalidInput(f"The template has more than {_MAX_LINKS} links.", hint="Shorten it.")
    number = links.setdefault(url, len(links))
    if number not in placeholders:
        placeholders[number] = masked.add(f"{{{{ pw_links[{number}] }}}}")
    return placeholders[number]


def _guarded(written: str, masked: Masked) -> str | None:
    """Return a link with merge fields wrapped in the check that keeps it from running code; None where it can't anyway."""
    found = list(masked.found(written))
    if any(tag.keyword == "for" for _, tag, _ in found):
        raise InvalidInput(f"The loop in line {found[0][1].line} stands inside a link's address.", hint="Put the loop around the link.")
    _, first, place = found[0]
    start = written[: place.start()].strip().lower()
    if start.startswith(("https://", "http://", *_UNTRACKED)) or (not start and len(found) == 1 and _URL_FIELD.fullmatch(first.source)):
        return None
    if start:
        raise InvalidInput(f"The link in line {first.line} is not a complete address.", hint="Write it with https:// in front.")
    return f"{masked.add('{% filter pw_url %}', keyword='filter')}{written}{masked.add('{% endfilter %}', keyword='endfilter')}"


def _problem(piece: Piece, masked: Masked | None) -> str:
    if piece.name in _FORBIDDEN_ELEMENTS:
        return f"<{piece.name}>"
    for each in piece.attributes:
        if each.name.startswith("on") and piece.name != "mj-html-attribute":
            return f"The attribute “{each.name[:30]}”"
        if each.name in _URL_ATTRIBUTES or each.name == _HTTP_EQUIV:
            value = _IGNORED.sub("", each.value).lower()
            # What a merge field brings is not known yet, and this one could lead the page away.
            if each.name == _HTTP_EQUIV and (value == "refresh" or (masked and masked.is_in(each.value))):
                return "<meta http-equiv=refresh>"
            if each.name != _HTTP_EQUIV and _is_dangerous(each.name, value):
                return f"The address “{value[:30]}”"
    return ""


def _is_dangerous(attribute: str, value: str) -> bool:
    if value.startswith("data:"):
        return attribute in {"href", "xlink:href", "action", "formaction", "data"} or not value.startswith("data:image/")
    return value.startswith(_CODE_SCHEMES)


def _edited(text: str, edits: list[_Edit]) -> str:
    parts = []
    position = 0
    for edit in sorted(edits, key=lambda each: each.start):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])
