"""What is done on the canvas, as steps of the document. Everything in a step comes from a browser: ids, kinds and places are looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import InvalidInput, PostwrightError
from core.templates.blocks import editing
from core.templates.blocks.document import LAYOUTS, Document, Section, new_block, new_id, new_section
from core.templates.blocks.kinds import Block, BlockKind, Footer
from core.templates.blocks.parts import NAMES
from core.ui.create.editor.session import Editing
from core.ui.page import Page

Step = Mapping[str, Any]


def take(page: Page, now: Editing, steps: list[Step]) -> None:
    """Do what was done on the canvas; a step that can't be done changes nothing and says why.

    Who may only look may choose parts, whatever the browser sends.
    """
    for step in steps:
        now.steps_taken = int(step["n"])
        is_taken = now.facts["may_edit"] or step["do"] == "select"
        try:
            (_DOERS.get(step["do"], _nothing) if is_taken else _nothing)(page, now, step)
        except PostwrightError as error:
            now.trouble, now.said = error, f"{error.message} {error.hint}".strip()


def _select(_page: Page, now: Editing, step: Step) -> None:
    part_id = _text(step, "id")
    part = editing.find(now.document, part_id)
    if part is not None:
        now.selected, now.said = part_id, f"{words(part)} chosen."
    elif not part_id:
        now.selected, now.said = "", "No part chosen: what belongs to the email as a whole can be changed."


def _add(page: Page, now: Editing, step: Step) -> None:
    if step.get("layout") is not None:
        layout = _text(step, "layout")
        section = new_section(layout if layout in LAYOUTS else "1")
        now.change(editing.add_section(now.document, section, _section_index(now, step)), redraw=True)
        now.selected, now.said = section.id, f"Section added at {_where(now.document, section.id)}."
        return
    block = _wanted(page, step)
    now.change(_put(now, now.document, block, step), redraw=True)
    now.selected, now.said = block.id, f"{words(block)} added at {_where(now.document, block.id)}."


def _wanted(page: Page, step: Step) -> Block:
    if step.get("saved") is not None:
        kept = page.services.saved_blocks.get(page.by, int(_number(step, "saved")))
        if kept.block is None:
            raise InvalidInput(f"“{kept.name}” was kept by another release and can’t be put in.", hint="Build it again and keep that.")
        return kept.block.model_copy(update={"id": new_id()})
    kind = _text(step, "kind")
    if kind not in set(BlockKind):
        raise InvalidInput("There is no such block.", hint="Load the page again.")
    return new_block(BlockKind(kind))


def _move(_page: Page, now: Editing, step: Step) -> None:
    part_id = _text(step, "id")
    part = editing.find(now.document, part_id)
    if isinstance(part, Section):
        now.change(editing.move_section(now.document, part_id, _section_index(now, step)), redraw=True)
    elif step.get("column") is not None:
        moved = editing.move_block(now.document, part_id, _text(step, "column"), int(_number(step, "index")))
        now.change(moved, redraw=True)
    else:
        place = editing.place_of(now.document, part_id)
        block = now.document.sections[place.section].columns[place.column].blocks[place.index]
        now.change(_put(now, editing.remove(now.document, part_id), block, step), redraw=True)
    now.selected, now.said = part_id, f"{words(part)} moved to {_where(now.document, part_id)}."


def _put(now: Editing, document: Document, block: Block, step: Step) -> Document:
    """Return the document with a block where the step says: in a column, in a section of its own, or after what is chosen."""
    if step.get("column") is not None:
        return editing.add_block(document, block, _text(step, "column"), int(_number(step, "index")))
    if step.get("section") is None and now.selected:
        chosen = editing.find(document, now.selected)
        if isinstance(chosen, Section):
            column = chosen.columns[0]
            return editing.add_block(document, block, column.id, len(column.blocks))
        if chosen is not None:
            place = editing.place_of(document, now.selected)
            return editing.add_block(document, block, place.column_id, place.index + 1)
    if step.get("section") is None and (free := _first_empty(document)):
        return editing.add_block(document, block, free, 0)
    return editing.add_section(document, new_section("1", block), _section_index(now, step))


def _first_empty(document: Document) -> str:
    """Return the first column with nothing in it, empty if there is none."""
    return next((column.id for section in document.sections for column in section.columns if not column.blocks), "")


def _section_index(now: Editing, step: Step) -> int:
    if step.get("section") is not None:
        return max(0, int(_number(step, "section")))
    chosen = editing.find(now.document, now.selected) if now.selected else None
    for at, section in enumerate(now.document.sections):
        inside = {section.id, *(block.id for column in section.columns for block in column.blocks)}
        if chosen is not None and chosen.id in inside:
            return at + 1
    last = len(now.document.sections)
    # Nothing is put behind the footer by itself.
    return last - 1 if last and _ends_with_footer(now.document.sections[-1]) else last


def _ends_with_footer(section: Section) -> bool:
    return any(isinstance(block, Footer) for column in section.columns for block in column.blocks)


def _step(_page: Page, now: Editing, step: Step) -> None:
    part_id, by = _text(step, "id"), -1 if _number(step, "by") < 0 else 1
    moved = editing.step(now.document, part_id, by)
    part = editing.find(moved, part_id)
    there = "first" if by < 0 else "last"
    went = f"moved {'up' if by < 0 else 'down'}, to {_where(moved, part_id)}"
    now.said = f"{words(part)} {went if moved != now.document else f'is the {there} already'}."
    now.change(moved, redraw=True)
    now.selected = part_id


def _remove(_page: Page, now: Editing, step: Step) -> None:
    part = editing.find(now.document, _text(step, "id"))
    now.change(editing.remove(now.document, _text(step, "id")), redraw=True)
    now.said = f"{words(part)} deleted. Undo brings it back."


def _duplicate(_page: Page, now: Editing, step: Step) -> None:
    document, copy_id = editing.duplicate(now.document, _text(step, "id"))
    now.change(document, redraw=True)
    now.selected, now.said = copy_id, f"{words(editing.find(document, copy_id))} copied."


def _undo(_page: Page, now: Editing, _: Step) -> None:
    now.said = "Undone." if now.undo() else "There is nothing to undo."


def _redo(_page: Page, now: Editing, _: Step) -> None:
    now.said = "Done again." if now.redo() else "There is nothing to do again."


def _nothing(_page: Page, _now: Editing, _step: Step) -> None:
    """Do nothing: a step of a name that we don't know."""


_DOERS: Mapping[str, Callable[[Page, Editing, Step], None]] = {
    "select": _select,
    "add": _add,
    "move": _move,
    "step": _step,
    "remove": _remove,
    "duplicate": _duplicate,
    "undo": _undo,
    "redo": _redo,
}


def words(part: object) -> str:
    """Return what a part is called when it is read out."""
    return "Section" if isinstance(part, Section) else NAMES.get(getattr(part, "kind", ""), "Part")


def _where(document: Document, part_id: str) -> str:
    """Return where a part is, as it is read out."""
    for at, section in enumerate(document.sections, 1):
        if section.id == part_id:
            return f"place {at} of {len(document.sections)}"
        for number, column in enumerate(section.columns, 1):
            ids = [block.id for block in column.blocks]
            if part_id in ids:
                beside = f", column {number}" if len(section.columns) > 1 else ""
                return f"place {1 + ids.index(part_id)} of {len(ids)} in section {at}{beside}"
    return "its place"


def _text(step: Step, name: str) -> str:
    value = step.get(name)
    return value if isinstance(value, str) else ""


def _number(step: Step, name: str) -> float:
    value = step.get(name)
    return value if isinstance(value, int | float) and abs(value) < 1e9 else 0
