"""The block document: an email as sections of columns of blocks, in a form that never changes and can be kept as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from core.errors import InvalidInput
from core.ids import random_name
from core.templates.blocks.kinds import KINDS, Block, BlockKind
from core.templates.blocks.values import BlockId, Colour, Line, ShowIf, Space
from core.templates.look.brand import Value
from core.templates.markup.keeping import Kept

T = TypeVar("T")
MAX_BLOCKS = 300
# Percent of the width that the columns of a section take.
LAYOUTS: dict[str, tuple[int, ...]] = {
    "1": (100,),
    "1-1": (50, 50),
    "1-2": (33, 67),
    "2-1": (67, 33),
    "1-1-1": (33, 34, 33),
    "1-1-1-1": (25, 25, 25, 25),
}
# How `as_json` writes a document around its sections, and between two: no line of a JSON text ends inside a word of it.
_BEFORE_SECTIONS = re.compile(
    r'(\{\n "version": 1,\n "preview_text": "(?:[^"\\]|\\.)*+",\n "language": "[^"\\]*+",\n "width": \d+,\n "sections": \[)\n  \{\n'
)
_BETWEEN_SECTIONS, _AFTER_SECTIONS = "\n  },\n  {\n", "\n  }\n ]\n}"
_OF_A_LETTER = 32  # bytes: what a section is read into takes at most about so many times its letters


class Column(Value):
    """Blocks below each other.

    Args:
        id: Unique in its document.
        blocks: The blocks, from the top.
    """

    id: BlockId
    blocks: Annotated[tuple[Block, ...], Field(max_length=100)] = ()


class Section(Value):
    """Columns beside each other; on a phone they stand below each other, unless they are to stay.

    Args:
        id: Unique in its document.
        layout: How wide the columns are; a key of `LAYOUTS`.
        columns: As many as the layout has.
        background: Behind it; None for the sheet.
        is_wide: Whether the background reaches over the whole width of the window.
        space: Around its columns.
        stacks: Whether the columns stand below each other on a phone.
        show_if: When it is shown.
    """

    id: BlockId
    layout: Literal["1", "1-1", "1-2", "2-1", "1-1-1", "1-1-1-1"] = "1"
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=4)]
    background: Colour | None = None
    is_wide: bool = False
    space: Space = Space(top=16, bottom=0, side=0)
    stacks: bool = True
    show_if: ShowIf = ShowIf()

    @model_validator(mode="after")
    def _has_its_columns(self) -> Section:
        if len(self.columns) != len(LAYOUTS[self.layout]):
            raise ValueError(f"the layout {self.layout} has {len(LAYOUTS[self.layout])} columns")
        return self


class Document(Value):
    """An email.

    Args:
        version: Of this form.
        preview_text: What inboxes show beside the subject.
        language: The language it is written in (BCP 47).
        width: Of the sheet, in pixels.
        sections: From the top.
    """

    version: Literal[1] = 1
    preview_text: Line = ""
    language: Annotated[str, Field(pattern=r"^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})*$")] = "en"
    width: Annotated[int, Field(ge=320, le=800)] = 600
    sections: Annotated[tuple[Section, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _names_everything_once(self) -> Document:
        columns = [column for section in self.sections for column in section.columns]
        ids = [*(one.id for one in self.sections), *(one.id for one in columns), *(one.id for one in self.blocks())]
        if len(set(ids)) < len(ids):
            raise ValueError("two parts have the same id")
        if len(ids) > 3 * MAX_BLOCKS:
            raise ValueError(f"there are more than {MAX_BLOCKS} parts")
        return self

    def blocks(self) -> Iterator[Block]:
        """Yield every block, from the top, then from the left."""
        for section in self.sections:
            for column in section.columns:
                yield from column.blocks

    def as_json(self) -> str:
        """Return it as text with everything in it, so that a later default changes no email."""
        return self.model_dump_json(indent=1)


def read_document(source: str) -> Document:
    """Return a document from its text.

    Raises:
        InvalidInput: If it is not one; names what is wrong and where.
    """
    found = _in_sections(source)
    if found is None:
        found = checked(lambda: Document.model_validate_json(source))
        found = _in_sections(found.as_json()) or found  # written otherwise: its sections are shared all the same
    return found


# Who changes one section has all the others read as they were. They never change, so documents can share them.
_READ: Kept[str, Section] = Kept(48_000_000)


def _in_sections(source: str) -> Document | None:
    """Return a document as it was written by `as_json`, read section by section; None where it was not, or where something is wrong."""
    before = _BEFORE_SECTIONS.match(source)
    if before is None or not source.endswith(_AFTER_SECTIONS):
        return None
    pieces = source[before.end() : -len(_AFTER_SECTIONS)].split(_BETWEEN_SECTIONS)
    try:
        around = Document.model_validate_json(before[1] + "]}")
        return Document.model_validate({**dict(around), "sections": tuple(map(_section, pieces))})
    except ValidationError:
        return None


def _section(piece: str) -> Section:
    found = _READ.get(piece)
    if found is None:
        found = Section.model_validate_json(f"{{{piece}}}")
        _READ.put(piece, found, _OF_A_LETTER * len(piece))
    return found


def read_block(content: Any) -> Block:
    """Return a block from what is kept of it, or from what somebody sent.

    Raises:
        InvalidInput: If it is not one; names what is wrong and where.
    """
    return checked(lambda: Column.model_validate({"id": "column", "blocks": [content]})).blocks[0]


def new_id() -> str:
    """Return an id that no part has."""
    return random_name(10)


def new_block(kind: BlockKind, **values: Any) -> Block:
    """Return a block as it is when it is put in.

    Raises:
        InvalidInput: If a value does not fit.
    """
    return checked(lambda: KINDS[kind].model_validate({"id": new_id(), "kind": kind.value, **values}))  # type: ignore[return-value]


def new_section(layout: str = "1", *blocks: Block, **values: Any) -> Section:
    """Return a section with empty columns; blocks go into the first.

    Raises:
        InvalidInput: If there is no such layout or a value does not fit.
    """
    columns = [Column(id=new_id(), blocks=blocks if number == 0 else ()) for number in range(len(LAYOUTS.get(layout, (100,))))]
    return checked(lambda: Section.model_validate({"id": new_id(), "layout": layout, "columns": columns, **values}))


def checked(make: Callable[[], T]) -> T:
    """Return what is made.

    Raises:
        InvalidInput: If a value does not fit; names what is wrong and where.
    """
    try:
        return make()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"This can't be used: {first['msg']}{f' (in {where})' if where else ''}."
        raise InvalidInput(message, hint="Correct it, or go back to an earlier version.") from error
