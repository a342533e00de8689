"""The steps of editing a document; each returns a new one, so that every state can be kept and gone back to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, NotFound
from core.templates.blocks.document import LAYOUTS, Column, Document, Section, checked, new_id
from core.templates.blocks.kinds import Block

Part = Section | Column | Block


@dataclass(frozen=True)
class Place:
    """Where a block is.

    Args:
        section: The section's place in the document, from 0.
        column: The column's place in the section.
        index: The block's place in the column.
        column_id: The column.
    """

    section: int
    column: int
    index: int
    column_id: str


def find(document: Document, part_id: str) -> Part | None:
    """Return the section, column or block with an id, None if there is none."""
    for section in document.sections:
        for part in (section, *section.columns, *(block for column in section.columns for block in column.blocks)):
            if part.id == part_id:
                return part
    return None


def place_of(document: Document, block_id: str) -> Place:
    """Return where a block is.

    Raises:
        NotFound: If there is no such block.
    """
    for at, column_at, column in _columns(document):
        for index, block in enumerate(column.blocks):
            if block.id == block_id:
                return Place(at, column_at, index, column.id)
    raise _missing()


def add_block(document: Document, block: Block, column_id: str, index: int) -> Document:
    """Put a block into a column.

    Args:
        document: The email.
        block: The block, with an id that no part has yet.
        column_id: The column.
        index: Before which of its blocks; beyond the last is the end.

    Raises:
        NotFound: If there is no such column.
        InvalidInput: If the email would have too many parts.
    """
    return _with_column(document, column_id, lambda blocks: (*blocks[:index], block, *blocks[index:]))


def add_section(document: Document, section: Section, index: int) -> Document:
    """Put a section before another; beyond the last is the end.

    Raises:
        InvalidInput: If the email would have too many parts.
    """
    return _with_sections(document, (*document.sections[:index], section, *document.sections[index:]))


def move_block(document: Document, block_id: str, column_id: str, index: int) -> Document:
    """Take a block to another place.

    Args:
        document: The email.
        block_id: The block.
        column_id: The column it goes to.
        index: Before which of that column's blocks, counted with the block still where it was.

    Raises:
        NotFound: If there is no such block or column.
    """
    place, block = place_of(document, block_id), _block(document, block_id)
    if place.column_id == column_id and index > place.index:
        index -= 1
    _column(document, column_id)
    return add_block(remove(document, block_id), block, column_id, index)


def move_section(document: Document, section_id: str, index: int) -> Document:
    """Take a section to another place, counted with it still where it was.

    Raises:
        NotFound: If there is no such section.
    """
    was = _section_at(document, section_id)
    rest = [*document.sections[:was], *document.sections[was + 1 :]]
    rest.insert(index - 1 if index > was else index, document.sections[was])
    return _with_sections(document, tuple(rest))


def step(document: Document, part_id: str, by: int) -> Document:
    """Move a part one place up or down: a section among sections, a block past the next one, at the end into the next column.

    Args:
        document: The email.
        part_id: A section or a block.
        by: -1 up, 1 down. Where it is the first or the last of all, nothing changes.

    Raises:
        NotFound: If there is no such part.
    """
    if any(section.id == part_id for section in document.sections):
        at = _section_at(document, part_id)
        return move_section(document, part_id, max(0, at + by if by < 0 else at + by + 1))
    place = place_of(document, part_id)
    columns = [column for _, _, column in _columns(document)]
    at = next(number for number, column in enumerate(columns) if column.id == place.column_id)
    if 0 <= place.index + by < len(columns[at].blocks):
        return move_block(document, part_id, place.column_id, place.index + (by if by < 0 else by + 1))
    if not 0 <= at + by < len(columns):
        return document
    other = columns[at + by]
    return move_block(document, part_id, other.id, len(other.blocks) if by < 0 else 0)


def duplicate(document: Document, part_id: str) -> tuple[Document, str]:
    """Return the document with a copy of a section or block behind it, and the copy's id.

    Raises:
        NotFound: If there is no such section or block.
        InvalidInput: If the email would have too many parts.
    """
    part = find(document, part_id)
    if isinstance(part, Section):
        copy = fresh(part)
        return add_section(document, copy, _section_at(document, part_id) + 1), copy.id
    place, block = place_of(document, part_id), _block(document, part_id)
    twin = block.model_copy(update={"id": new_id()})
    return add_block(document, twin, place.column_id, place.index + 1), twin.id


def remove(document: Document, part_id: str) -> Document:
    """Take a section or block out.

    Raises:
        NotFound: If there is no such section or block.
    """
    if any(section.id == part_id for section in document.sections):
        return _with_sections(document, tuple(section for section in document.sections if section.id != part_id))
    column_id = place_of(document, part_id).column_id
    return _with_column(document, column_id, lambda blocks: tuple(block for block in blocks if block.id != part_id))


def change(document: Document, part_id: str, **values: Any) -> Document:
    """Give a section or block other values.

    Raises:
        NotFound: If there is no such section or block.
        InvalidInput: If a value does not fit; names it.
    """
    part = find(document, part_id)
    if part is None or isinstance(part, Column):
        raise _missing()
    if "id" in values or "kind" in values:
        raise InvalidInput("What a part is can't be changed.", hint="Take it out and put another in.")
    changed = checked(lambda: type(part).model_validate(part.model_dump() | values))
    return _replaced(document, changed)


def set_layout(document: Document, section_id: str, layout: str) -> Document:
    """Give a section other columns; what is in columns that go moves to the last that stays.

    Raises:
        NotFound: If there is no such section.
        InvalidInput: If there is no such layout.
    """
    if layout not in LAYOUTS:
        raise InvalidInput("There is no such layout.", hint=f"Choose one of {', '.join(LAYOUTS)}.")
    section = document.sections[_section_at(document, section_id)]
    count = len(LAYOUTS[layout])
    columns = [*section.columns[:count], *(Column(id=new_id()) for _ in range(count - len(section.columns)))]
    left = [block for column in section.columns[count:] for block in column.blocks]
    columns[-1] = checked(lambda: Column(id=columns[-1].id, blocks=(*columns[-1].blocks, *left)))
    values = {**{name: getattr(section, name) for name in Section.model_fields}, "layout": layout, "columns": tuple(columns)}
    return _replaced(document, checked(lambda: Section(**values)))


def fresh(section: Section) -> Section:
    """Return a copy of a section in which every part has an id of its own."""
    columns = tuple(
        Column(id=new_id(), blocks=tuple(block.model_copy(update={"id": new_id()}) for block in column.blocks))
        for column in section.columns
    )
    return section.model_copy(update={"id": new_id(), "columns": columns})


def _columns(document: Document) -> Iterator[tuple[int, int, Column]]:
    for at, section in enumerate(document.sections):
        for column_at, column in enumerate(section.columns):
            yield at, column_at, column


def _column(document: Document, column_id: str) -> Column:
    found = next((column for _, _, column in _columns(document) if column.id == column_id), None)
    if found is None:
        raise _missing()
    return found


def _block(document: Document, block_id: str) -> Block:
    place = place_of(document, block_id)
    return document.sections[place.section].columns[place.column].blocks[place.index]


def _section_at(document: Document, section_id: str) -> int:
    found = next((at for at, section in enumerate(document.sections) if section.id == section_id), None)
    if found is None:
        raise _missing()
    return found


def _replaced(document: Document, part: Section | Block) -> Document:
    """Return the document with a part in place of the one with the same id."""
    if isinstance(part, Section):
        return _with_sections(document, tuple(part if one.id == part.id else one for one in document.sections))
    column_id = place_of(document, part.id).column_id
    return _with_column(document, column_id, lambda blocks: tuple(part if one.id == part.id else one for one in blocks))


def _with_column(document: Document, column_id: str, blocks: Callable[[tuple[Block, ...]], tuple[Block, ...]]) -> Document:
    column = _column(document, column_id)
    changed = checked(lambda: Column(id=column.id, blocks=blocks(column.blocks)))
    sections = []
    for section in document.sections:
        columns = tuple(changed if one.id == column_id else one for one in section.columns)
        sections.append(section.model_copy(update={"columns": columns}))
    return _with_sections(document, tuple(sections))


def _with_sections(document: Document, sections: tuple[Section, ...]) -> Document:
    values = {name: getattr(document, name) for name in Document.model_fields}
    return checked(lambda: Document(**values | {"sections": sections}))


def _missing() -> NotFound:
    return NotFound("This part of the email is not there any more.", hint="Choose another one.")
