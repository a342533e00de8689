"""The links of compiled HTML: collected so that clicks are counted, and refused where they could run code or lead nowhere.

A link that holds a merge field is different for everybody, so it can't be in the table of links: it stays in the mail
as it is, uncounted, and is checked when it is rendered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.errors import InvalidInput
from core.links.urls import is_web_url
from core.templates.fields import URL_FIELDS
from core.templates.markup import Attribute, Kind, Piece, scan_with_conditional
from core.templates.placeholders import Masked

_FORBIDDEN_ELEMENTS = frozenset({"script", "iframe", "frame", "object", "embed", "applet", "base"})
_URL_ATTRIBUTES = frozenset(
    {"href", "src", "background", "action", "formaction", "poster", "xlink:href", "data", "srcset", "background-url"}
)
# Where an address is followed, not only loaded: a merge field must not make these run code.
_FOLLOWED = frozenset({"action", "formaction", "xlink:href"})
# Browsers ignore control characters and white space inside a scheme.
_IGNORED = re.compile(r"[\x00-\x20\x7f]+")
_CODE_SCHEMES = ("javascript:", "vbscript:", "livescript:", "file:", "blob:")
_UNTRACKED = ("mailto:", "tel:", "sms:", "#")
_MAX_LINKS = 1_000
_URL_FIELD = re.compile(r"\{\{-?\s*(?:" + "|".join(URL_FIELDS) + r")\s*-?\}\}")


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def check_safety(text: str, masked: Masked, *, name_lines: bool) -> None:
    """Do nothing if the markup holds no scripts and no link that runs one.

    Args:
        text: The masked source, or the compiled HTML.
        masked: What hides the Jinja.
        name_lines: Whether `text` is the masked source, so that lines can be named.

    Raises:
        InvalidInput: If it does; names what and where.
    """
    for piece in scan_with_conditional(text):
        if piece.kind is not Kind.START:
            continue
        problem = _problem(piece)
        if problem:
            where = f" in line {masked.line_at(piece.start)}" if name_lines else ""
            raise InvalidInput(f"{problem}{where} is not allowed in a template.", hint="Mail programs never run code; remove it.")


def track_links(html: str, masked: Masked) -> tuple[str, list[str]]:
    """Return the HTML with every fixed web link replaced by `{{ pw_links[n] }}`, and the list of links, each address once.

    Args:
        html: Compiled HTML in which the Jinja is still hidden.
        masked: What hides it.

    Raises:
        InvalidInput: If a link is not a complete address.
    """
    links: dict[str, int] = {}
    placeholders: dict[int, str] = {}
    edits = []
    for piece in scan_with_conditional(html):
        for attribute in piece.attributes:
            is_link = attribute.name == "href" and _is_link(piece)
            if not is_link and attribute.name not in _FOLLOWED:
                continue
            if any(True for _ in masked.found(html[attribute.start : attribute.end])):
                replacement = _guarded(html[attribute.start : attribute.end], masked)
            else:
                replacement = _tracked(attribute, links, placeholders, masked) if is_link else None
            if replacement is not None:
                edits.append(_Edit(attribute.start, attribute.end, replacement))
    return _edited(html, edits), list(links)


def _is_link(piece: Piece) -> bool:
    return piece.name in {"a", "area"} or piece.name.startswith("v:")


def _tracked(attribute: Attribute, links: dict[str, int], placeholders: dict[int, str], masked: Masked) -> str | None:
    """Return the placeholder of a fixed link; None where it is not counted (mailto, anchors, empty)."""
    url = attribute.value.strip()
    if not url or url.lower().startswith(_UNTRACKED):
        return None
    url = re.sub(r"\s+", "%20", url)
    if not is_web_url(url):
        raise InvalidInput(f"The link “{url[:80]}” is not a complete address.", hint="Write it with https:// in front.")
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


def _problem(piece: Piece) -> str:
    if piece.name in _FORBIDDEN_ELEMENTS:
        return f"<{piece.name}>"
    for each in piece.attributes:
        value = _IGNORED.sub("", each.value).lower()
        if each.name.startswith("on") and piece.name != "mj-html-attribute":
            return f"The attribute “{each.name[:30]}”"
        if each.name == "http-equiv" and value == "refresh":
            return "<meta http-equiv=refresh>"
        if each.name in _URL_ATTRIBUTES and _is_dangerous(each.name, value):
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
