"""A block document as MJML, in the colours and fonts of a brand."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import lru_cache

from core.errors import InvalidInput
from core.templates.blocks import parts
from core.templates.blocks.conditions import wrapped
from core.templates.blocks.document import LAYOUTS, Column, Document, Section
from core.templates.blocks.kinds import Block
from core.templates.blocks.look import Look, head
from core.templates.blocks.rich_text import escaped
from core.templates.jinja.fields import Vocabulary
from core.templates.jinja.validating import inspect
from core.templates.look.brand import Brand
from core.templates.markup.keeping import Kept

MARK = "pwb-"
# Bytes at most: of what a letter was written from, and of an empty block.
_OF_A_LETTER, _OF_A_BLOCK = 32, 4_096


class BlockError(InvalidInput):
    """A block that can't be used as it is.

    Args:
        block_id: Which.
        error: What is wrong with it.
        name: Where it is, in words (see `parts.places`); empty where the error says so already.
    """

    def __init__(self, block_id: str, error: InvalidInput, name: str = "") -> None:
        super().__init__(f"{name}: {error.message}" if name else error.message, hint=error.hint)
        self.block_id = block_id


@dataclass(frozen=True)
class _Writer:
    look: Look
    marked: bool
    document: Document

    def section(self, section: Section) -> str:
        widths = LAYOUTS[section.layout]
        columns = "".join(self.column(column, width) for column, width in zip(section.columns, widths, strict=True))
        if not section.stacks and len(widths) > 1:
            columns = f"<mj-group>{columns}</mj-group>"
        space = section.space
        attributes = {
            "background-color": self.look.colour(section.background or "surface"),
            "padding": f"{space.top}px {space.side}px {space.bottom}px",
            "css-class": self._classes(section.id, self.look.background_class(section.background or "surface")),
            "full-width": "full-width" if section.is_wide else "",
        }
        return self._shown(section, f"<mj-section{parts.attributes(attributes)}>{columns}</mj-section>")

    def column(self, column: Column, width: int) -> str:
        inner = "".join(self.block(block) for block in column.blocks)
        # An empty column keeps its room, and in the editor somewhere to drop things.
        inner = inner or f'<mj-spacer height="{48 if self.marked else 1}px" />'
        attributes = {"width": f"{width}%", "css-class": self._classes(column.id)}
        return f"<mj-column{parts.attributes(attributes)}>{inner}</mj-column>"

    def block(self, block: Block) -> str:
        try:
            written = parts.write(block, self.look, self._classes(block.id))
            return self._shown(block, written)
        except InvalidInput as error:
            raise BlockError(block.id, error, parts.places(self.document)[block.id]) from error

    def _shown(self, part: Section | Block, markup: str) -> str:
        found = wrapped(markup, part.show_if)
        if part.show_if.conditions:
            inspect(wrapped("", part.show_if), self.look.vocabulary)
        return found

    def _classes(self, part_id: str, *others: str) -> str:
        return " ".join(filter(None, [*others, MARK + part_id if self.marked else ""]))


def to_mjml(document: Document, brand: Brand, vocabulary: Vocabulary | None = None, *, marked: bool = False) -> str:
    """Return a document as MJML.

    Args:
        document: The email.
        brand: How it looks.
        vocabulary: The merge fields that exist; by default every contact attribute is taken.
        marked: Whether every part carries its id as the class `pwb-<id>`, by which the editor finds it.

    Raises:
        BlockError: If a block can't be used as it is; says which and why.
        InvalidInput: If the preview text or a section's condition can't.
    """
    look = Look(brand, vocabulary)
    writer = _Writer(look, marked, document)
    manner = _manner(brand, None if vocabulary is None or vocabulary.attributes is None else frozenset(vocabulary.attributes), marked)
    sections = "".join([_written(section, writer, manner) for section in document.sections])
    preview = f"<mj-preview>{escaped(document.preview_text, vocabulary)}</mj-preview>" if document.preview_text else ""
    body = {"background-color": look.colour("background"), "width": f"{document.width}px", "css-class": "pw-page"}
    return (
        f'<mjml lang="{html.escape(document.language)}"><mj-head>{preview}{head(look)}</mj-head>'
        f"<mj-body{parts.attributes(body)}>{sections}</mj-body></mjml>"
    )


class _Manner:
    """A way to write sections, told apart from others by being itself."""


@lru_cache(maxsize=64)
def _manner(brand: Brand, attributes: frozenset[str] | None, marked: bool) -> _Manner:
    return _Manner()


# Sections are told apart by being themselves too, which is quick: they never change, and while one is in here no other takes its place.
_WRITTEN: Kept[tuple[int, _Manner], tuple[Section, str]] = Kept(48_000_000)


def _written(section: Section, writer: _Writer, manner: _Manner) -> str:
    key = (id(section), manner)
    known = _WRITTEN.get(key)
    if known is None:
        known = section, writer.section(section)
        blocks = sum(len(column.blocks) for column in section.columns)
        _WRITTEN.put(key, known, _OF_A_LETTER * len(known[1]) + _OF_A_BLOCK * (1 + blocks))
    return known[1]
