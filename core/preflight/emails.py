"""What is looked at: an email with as much of its envelope as is known, read once for all rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from jinja2 import nodes

from core.errors import InvalidInput
from core.preflight.branches import parsed
from core.preflight.dark import dark_rules
from core.preflight.envelopes import Envelope
from core.preflight.findings import NOWHERE, Place
from core.preflight.placing import Anchor, Parts, anchors, line_of
from core.preflight.styling import Shown, walk
from core.templates.blocks.document import Document
from core.templates.blocks.kinds import Footer, Image
from core.templates.brands.reading import fields_of
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.library.templates import TemplateVersion
from core.templates.look.brand import Brand
from core.templates.markup.placeholders import Masked, mask
from core.templates.markup.scanning import Attribute, Kind, Piece, scan

# What a merge field whose value nobody knows stands as in texts and addresses; no person can type it.
UNKNOWN = "\ufffc"
_LINK = re.compile(r"\{\{\s*pw_links\[(\d+)\]\s*\}\}")
_FILTER = re.compile(r"\{%-?\s*(?:filter|endfilter)\b")
# Where tracked links lead where nobody said where.
RECEIVER = "https://links.of-your-company.com"
_NOBODY = {"workspace": {"name": "Your company", "postal_address": ""}, "brand": fields_of("Your company", Brand(), "")}
# Shorter texts stand in too many places to name one.
_TELLING = 4
_GAPS = re.compile(r"\s+")


@dataclass(frozen=True)
class Email:
    """An email as the rules read it.

    Args:
        version: The compiled template.
        source: What its author wrote, for naming lines; "" where that has no lines worth naming.
        envelope: What stands around it.
        sender: What `workspace.…` and `brand.…` stand for.
        receiver: Where tracked links lead.
        document: What it is made of, in its language; None for code.
        names: What the blocks and sections of the document are called, by id.
        marked: Makes it once more with its parts marked; None, where that can't be done.
        whose: The workspace whose turn it is to have something worked out for it.
    """

    version: CompiledTemplate | TemplateVersion
    source: str = ""
    envelope: Envelope = field(default_factory=Envelope)
    sender: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _NOBODY)
    receiver: str = RECEIVER
    document: Document | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    marked: Callable[[], CompiledTemplate | None] | None = None
    whose: int = 0

    @property
    def postal_address(self) -> str:
        """The workspace's, may be empty."""
        return self.sender["workspace"]["postal_address"].strip()

    @property
    def brand_address(self) -> str:
        """What `brand.postal_address` stands for; the workspace's where the brand has none."""
        return self.sender["brand"]["postal_address"].strip()

    @property
    def footers(self) -> dict[str, bool]:
        """Whether everybody gets each footer of a block document, by its id; it names the brand's address or the workspace's."""
        found = {}
        for section in self.document.sections if self.document else ():
            for block in (one for column in section.columns for one in column.blocks if isinstance(one, Footer)):
                found[block.id] = not section.show_if.conditions and not block.show_if.conditions
        return found

    @property
    def pictures(self) -> list[Image]:
        """The pictures of a block document."""
        return [block for block in self.document.blocks() if isinstance(block, Image)] if self.document else []

    @cached_property
    def masked(self) -> Masked:
        """The HTML with its Jinja hidden; empty where that can't be told apart."""
        try:
            return mask(self.version.html)
        except InvalidInput:
            return Masked("pwx")

    @cached_property
    def tree(self) -> nodes.Template | None:
        """The syntax tree of the HTML without its comments; None where it has none."""
        return parsed(self.version.html)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of the HTML."""
        return tuple(scan(self.masked.text))

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        """The texts of the HTML, each with how it looks."""
        return tuple(walk(self.pieces, self.masked.text))

    @cached_property
    def shown_on_dark(self) -> tuple[Shown, ...]:
        """The texts of the HTML, each with how it looks on a dark screen; none where it has no rules for one."""
        rules = dark_rules(self.pieces, self.masked.text)
        return tuple(walk(self.pieces, self.masked.text, rules)) if rules else ()

    def starts(self, *names: str) -> list[Piece]:
        """Return the start tags of elements with one of these names."""
        return [piece for piece in self.pieces if piece.kind is Kind.START and piece.name in names]

    def value(self, piece: Piece, name: str) -> str | None:
        """Return an attribute of a start tag as its reader gets it, with `UNKNOWN` for what merge fields bring; None where it has none."""
        attribute = next((one for one in piece.attributes if one.name == name), None)
        return None if attribute is None else self._filled(attribute)

    def filled(self, text: str) -> str:
        """Return text of the HTML with links in their place and `UNKNOWN` for what merge fields bring."""
        parts, position = [], 0
        for _, tag, match in self.masked.found(text):
            parts += [text[position : match.start()], self._of(tag.source)]
            position = match.end()
        return "".join([*parts, text[position:]])

    def place(self, position: int, *wanted: str) -> Place:
        """Return where something is.

        Args:
            position: Where it is in the HTML.
            wanted: What to look for in the source, for its line: the first of these that is there.
        """
        return self.place_of_part(self._parts.at(position)) if self.document else self._in_line(*wanted)

    def place_of_part(self, part: str) -> Place:
        """Return where a block or section is; nowhere for none that the document has."""
        return Place(self.names[part], block=part) if part in self.names else NOWHERE

    def place_of_field(self, *names: str) -> Place:
        """Return where merge fields are printed that begin so, the first of them."""
        for name in names:
            for source, position in self._printed:
                if name in source:
                    return self.place(position, name)
        return NOWHERE if self.document else self._in_line(*names)

    def place_of_address(self, address: str, piece: Piece) -> Place:
        """Return where a link or image is: of an address with merge fields, where its beginning is."""
        if self.document:
            return self.place(piece.start)
        fixed = address.partition(UNKNOWN)[0]
        spellings = dict.fromkeys((fixed, fixed.replace("%20", " ")))
        ends = ('"', "'") if fixed == address else ("",)
        quoted_ones = [f"{mark}{one}{end}" for one in spellings for mark in ('"', "'") for end in ends if not end or end == mark]
        wanted = (*quoted_ones, *(one for one in spellings if len(one) >= _TELLING))
        same = self._places.get((piece.name, address.strip()), [piece.start])
        number = same.index(piece.start) if piece.start in same else 0
        return _in(line_of(self.source, wanted, number, len(same)))

    def place_of_text(self, one: Shown) -> Place:
        """Return where a text is: in the source, where the first stretch of it is that is fixed."""
        stretches = (part.strip() for part in self.filled(one.text).split(UNKNOWN))
        return self.place(one.start, *(part for part in stretches if len(part) >= _TELLING))

    def place_of_phrase(self, phrase: str) -> Place:
        """Return where a phrase is to be read, written in small letters."""
        if not self.document:
            return _in(line_of(self.source.lower(), [phrase]))
        said = (one for one in self.shown if not one.look.hidden and phrase in _GAPS.sub(" ", self.filled(one.text).lower()))
        first = next(said, None)
        return self.place(first.start) if first else NOWHERE

    def _in_line(self, *wanted: str) -> Place:
        return _in(line_of(self.source, wanted))

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """Its links, images and texts."""
        return tuple(anchors(self.pieces, self.masked.text, self.value, self.filled))

    @cached_property
    def _parts(self) -> Parts:
        marked = self.marked() if self.marked else None
        sections = self.document.sections if self.document else ()
        columns = {column.id: section.id for section in sections for column in section.columns}
        return Parts(self.anchors, Email(marked).anchors if marked else (), columns)

    @cached_property
    def _places(self) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for one in self.anchors:
            found.setdefault(one.says, []).append(one.start)
        return found

    @cached_property
    def _printed(self) -> list[tuple[str, int]]:
        """The merge fields that are printed, each with where."""
        return [(tag.source, match.start()) for _, tag, match in self.masked.found(self.masked.text) if not tag.keyword]

    @cached_property
    def words(self) -> str:
        """What is to be read in it: the texts that are not hidden, in one line."""
        return _GAPS.sub(" ", " ".join(self.filled(one.text) for one in self.shown if not one.look.hidden)).strip()

    @cached_property
    def preheaders(self) -> list[str]:
        """The text beside the subject, or beside each of several: as given, else what the email itself brings; empty for none."""
        first = self.envelope.preview_text
        texts = [self._own_preheader if first is None else first.strip()]
        texts += [other.strip() or self._own_preheader for other in self.envelope.other_previews]
        return list(dict.fromkeys(texts))

    @cached_property
    def _own_preheader(self) -> str:
        """What is hidden at the top of the HTML."""
        for one in self.shown:
            text = _GAPS.sub(" ", self.filled(one.text)).strip()
            if text:
                return text if one.look.hidden else ""
        return ""

    def _filled(self, attribute: Attribute) -> str:
        return self.filled(attribute.value)

    def _of(self, source: str) -> str:
        if link := _LINK.fullmatch(source):
            return self.version.links[int(link[1])]
        return "" if _FILTER.match(source) else UNKNOWN


def _in(line: int | None) -> Place:
    return Place(f"Line {line}", line=line) if line else NOWHERE


def quoted(text: str, most: int = 60) -> str:
    """Return a text for a message: on one line, merge fields as “…”, cut where it is long."""
    line = _GAPS.sub(" ", text.replace(UNKNOWN, "…")).strip()
    return line if len(line) <= most else f"{line[: most - 1]}…"
