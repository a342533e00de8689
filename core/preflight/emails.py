"""What is looked at: an email with as much of its envelope as is known, read once for all rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Protocol

from jinja2 import nodes

from core.errors import InvalidInput
from core.preflight.branches import parsed
from core.preflight.styling import Shown, walk
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.languages.headings import Heading, Headings
from core.templates.languages.naming import english_name
from core.templates.library.templates import TemplateVersion
from core.templates.markup.placeholders import Masked, mask
from core.templates.markup.scanning import Attribute, Kind, Piece, scan

# What a merge field whose value nobody knows stands as in texts and addresses; no person can type it.
UNKNOWN = "\ufffc"
_LINK = re.compile(r"\{\{\s*pw_links\[(\d+)\]\s*\}\}")
_FILTER = re.compile(r"\{%-?\s*(?:filter|endfilter)\b")
# Shorter texts stand in too many places to name one.
_TELLING = 4
_GAPS = re.compile(r"\s+")


class Whom(Protocol):
    """Whom an email goes to: the people on a list, or those a segment chooses."""

    @property
    def kind(self) -> str:
        """`list` or `segment`."""
        ...

    @property
    def id(self) -> int:
        """The list or segment."""
        ...


@dataclass(frozen=True)
class Envelope:
    """What stands around an email; None for what is not known yet, and not looked at then.

    Args:
        subjects: Its subject, or several where they are tried against each other.
        preview_text: What inboxes show beside the subject; where not given, the email is looked through for one.
        sender: The address it comes from.
        written: Each subject with its preview text, in every language; by default there is one language.
    """

    subjects: Sequence[str] | None = None
    preview_text: str | None = None
    sender: str | None = None
    written: Sequence[Headings] = ()

    @classmethod
    def around(cls, headings: Sequence[Headings], sender: str | None = None) -> Envelope:
        """Return what stands around a campaign's email.

        Args:
            headings: What inboxes show of it; several where they are tried against each other.
            sender: The address it comes from.
        """
        first = headings[0]
        shown = tuple(one.beside(first) for one in headings)
        return cls(tuple(one.subject for one in headings), first.preview_text or None, sender, shown)

    @classmethod
    def about(cls, subject: str | None, preview_text: str | None, sender: str | None, languages: Mapping[str, Heading]) -> Envelope:
        """Return what stands around an email with one subject; None for what is not known.

        Args:
            subject: The subject.
            preview_text: What inboxes show beside it.
            sender: The address it comes from.
            languages: Subject and preview text in other languages.
        """
        if subject is None:
            return cls(None, preview_text, sender)
        return cls((subject,), preview_text, sender, (Headings(subject, preview_text or "", languages),))

    @property
    def headings(self) -> Sequence[Headings]:
        """What inboxes show, in every language; none where no subject is known."""
        return self.written or tuple(Headings(subject, self.preview_text or "") for subject in self.subjects or ())

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Every subject with where it stands, the main ones first."""
        others = [(tag, said.subject) for one in self.written for tag, said in one.languages.items() if said.subject]
        return [("Subject", one) for one in self.subjects or ()] + [(f"Subject in {english_name(tag)}", one) for tag, one in others]

    @property
    def preview_texts(self) -> list[str]:
        """Every preview text that is given."""
        others = [said.preview_text for one in self.written for said in one.languages.values()]
        return [text for text in (self.preview_text or "", *(one.preview_text for one in self.written), *others) if text]


@dataclass(frozen=True)
class Email:
    """An email as the rules read it.

    Args:
        version: The compiled template.
        source: What its author wrote, for naming lines; "" where that has no lines worth naming.
        envelope: What stands around it.
        postal_address: The workspace's, may be empty.
        brand_address: What `brand.postal_address` stands for; the workspace's where the brand has none.
        languages: The other languages it has.
        has_footer: Whether it has the footer of a block document, which always names an address: the brand's, or the workspace's.
    """

    version: CompiledTemplate | TemplateVersion
    source: str = ""
    envelope: Envelope = field(default_factory=Envelope)
    postal_address: str = ""
    brand_address: str = ""
    languages: tuple[str, ...] = ()
    has_footer: bool = False

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

    def line_of(self, *wanted: str) -> str:
        """Return where in the source something stands ("Line 12"): the first of these texts that is there; "" if none is."""
        for text in filter(None, wanted):
            for spelling in dict.fromkeys((text, escape(text), escape(text, quote=False))):
                at = self.source.find(spelling)
                if at >= 0:
                    return f"Line {1 + self.source.count(chr(10), 0, at)}"
        return ""

    def line_of_address(self, address: str) -> str:
        """Return where in the source an address stands; of one with merge fields, its beginning."""
        fixed = address.partition(UNKNOWN)[0]
        spellings = dict.fromkeys((fixed, fixed.replace("%20", " ")))
        ends = ('"', "'") if fixed == address else ("",)
        quoted_ones = [f"{mark}{one}{end}" for one in spellings for mark in ('"', "'") for end in ends if not end or end == mark]
        return self.line_of(*quoted_ones, *(one for one in spellings if len(one) >= _TELLING))

    def line_of_text(self, text: str) -> str:
        """Return where in the source a text stands: the first stretch of it that is fixed."""
        stretches = (part.strip() for part in self.filled(text).split(UNKNOWN))
        return self.line_of(*(part for part in stretches if len(part) >= _TELLING))

    @cached_property
    def words(self) -> str:
        """What is to be read in it: the texts that are not hidden, in one line."""
        return _GAPS.sub(" ", " ".join(self.filled(one.text) for one in self.shown if not one.look.hidden)).strip()

    @cached_property
    def preheader(self) -> str | None:
        """The text beside the subject: as given, else what is hidden at the top of the HTML; None where there is none."""
        if self.envelope.preview_text is not None:
            return self.envelope.preview_text.strip()
        for one in self.shown:
            text = _GAPS.sub(" ", self.filled(one.text)).strip()
            if text:
                return text if one.look.hidden else None
        return None

    def _filled(self, attribute: Attribute) -> str:
        return self.filled(attribute.value)

    def _of(self, source: str) -> str:
        if link := _LINK.fullmatch(source):
            return self.version.links[int(link[1])]
        return "" if _FILTER.match(source) else UNKNOWN


def quoted(text: str, most: int = 60) -> str:
    """Return a text for a message: on one line, merge fields as “…”, cut where it is long."""
    line = _GAPS.sub(" ", text.replace(UNKNOWN, "…")).strip()
    return line if len(line) <= most else f"{line[: most - 1]}…"
