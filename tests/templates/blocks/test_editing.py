import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import InvalidInput, NotFound
from core.templates.blocks import editing
from core.templates.blocks.document import LAYOUTS, MAX_BLOCKS, Column, Document, Section, new_block, new_section, read_document
from core.templates.blocks.history import History
from core.templates.blocks.kinds import BlockKind
from tests.templates.blocks.making import documents, email_of

HEADING, TEXT, BUTTON = (new_block(kind) for kind in (BlockKind.HEADING, BlockKind.TEXT, BlockKind.BUTTON))


def ids(document: Document) -> list[str]:
    return [block.id for block in document.blocks()]


def column_of(document: Document, section: int, column: int = 0) -> Column:
    return document.sections[section].columns[column]


def test_a_block_goes_where_it_is_put() -> None:
    document = email_of(new_section("1", HEADING))
    column = column_of(document, 0)
    assert ids(editing.add_block(document, TEXT, column.id, 0)) == [TEXT.id, HEADING.id]
    assert ids(editing.add_block(document, TEXT, column.id, 99)) == [HEADING.id, TEXT.id]
    with pytest.raises(NotFound):
        editing.add_block(document, TEXT, "nowhere", 0)
    with pytest.raises(InvalidInput, match="same id"):
        editing.add_block(document, HEADING, column.id, 0)


@pytest.mark.parametrize(("index", "order"), [(0, "tbh"), (1, "tbh"), (2, "btH"), (3, "bht")])
def test_moving_within_a_column_counts_with_the_block_still_there(index: int, order: str) -> None:
    document = email_of(new_section("1", TEXT, BUTTON, HEADING))
    moved = editing.move_block(document, TEXT.id, column_of(document, 0).id, index)
    names = {"t": TEXT.id, "b": BUTTON.id, "h": HEADING.id}
    assert ids(moved) == [names[letter] for letter in order.lower()]


def test_steps_go_through_columns_and_stop_at_the_ends() -> None:
    document = email_of(new_section("1-1", TEXT, HEADING), new_section("1", BUTTON))
    walked = document
    for _ in range(4):
        walked = editing.step(walked, TEXT.id, 1)
    assert [block.id for block in column_of(walked, 1).blocks] == [BUTTON.id, TEXT.id]
    assert editing.step(walked, TEXT.id, 1) == walked
    for _ in range(4):
        walked = editing.step(walked, TEXT.id, -1)
    assert walked == document
    assert editing.step(document, TEXT.id, -1) == document


def test_sections_move_too() -> None:
    first, second = new_section("1", TEXT), new_section("1", HEADING)
    document = email_of(first, second)
    assert [one.id for one in editing.step(document, first.id, 1).sections] == [second.id, first.id]
    assert editing.step(document, first.id, -1) == document
    assert editing.step(document, second.id, 1) == document
    assert editing.move_section(document, second.id, 0) == email_of(second, first)


def test_a_copy_stands_behind_with_ids_of_its_own() -> None:
    section = new_section("1", TEXT)
    document, copy = editing.duplicate(email_of(section), TEXT.id)
    assert ids(document) == [TEXT.id, copy]
    document, copy = editing.duplicate(document, section.id)
    assert [one.id for one in document.sections] == [section.id, copy]
    assert len(set(ids(document))) == 4


def test_values_are_checked_and_kinds_stay() -> None:
    document = email_of(new_section("1", HEADING))
    changed = editing.change(document, HEADING.id, text="New", level=2)
    assert [(block.text, block.level) for block in changed.blocks()] == [("New", 2)]  # type: ignore[union-attr]
    with pytest.raises(InvalidInput, match="level"):
        editing.change(document, HEADING.id, level=9)
    with pytest.raises(InvalidInput, match="can't be changed"):
        editing.change(document, HEADING.id, kind="text")
    with pytest.raises(NotFound):
        editing.change(document, "gone")


def test_a_smaller_layout_loses_nothing() -> None:
    section = new_section("1-1", TEXT)
    document = editing.add_block(email_of(section), BUTTON, section.columns[1].id, 0)
    assert ids(editing.set_layout(document, section.id, "1")) == [TEXT.id, BUTTON.id]
    wide = editing.set_layout(document, section.id, "1-1-1-1")
    assert len(wide.sections[0].columns) == 4
    with pytest.raises(InvalidInput):
        editing.set_layout(document, section.id, "7")


def test_there_is_an_end_to_it() -> None:
    document = email_of(*(new_section() for _ in range(100)))
    with pytest.raises(InvalidInput):
        editing.add_section(document, new_section(), 0)
    full = email_of(*(new_section("1", *(new_block(BlockKind.SPACER) for _ in range(100))) for _ in range(3)))
    assert sum(1 for _ in full.blocks()) == MAX_BLOCKS


@given(documents(), st.data())
def test_whatever_is_done_no_block_is_lost_or_doubled(document: Document, data: st.DataObject) -> None:
    assume(ids(document))
    chosen = data.draw(st.sampled_from(ids(document)))
    columns = [column.id for section in document.sections for column in section.columns]
    moved = editing.move_block(document, chosen, data.draw(st.sampled_from(columns)), data.draw(st.integers(0, 6)))
    assert sorted(ids(moved)) == sorted(ids(document))
    stepped = editing.step(document, chosen, data.draw(st.sampled_from([-1, 1])))
    assert sorted(ids(stepped)) == sorted(ids(document))
    section = document.sections[editing.place_of(document, chosen).section]
    laid = editing.set_layout(document, section.id, data.draw(st.sampled_from(sorted(LAYOUTS))))
    assert sorted(ids(laid)) == sorted(ids(document))
    assert sorted([*ids(editing.remove(document, chosen)), chosen]) == sorted(ids(document))
    assert read_document(laid.as_json()) == laid
    found = editing.find(document, section.id)
    assert isinstance(found, Section)


@given(documents(), st.lists(st.booleans(), max_size=8))
def test_undoing_and_redoing_come_back_to_where_they_were(document: Document, steps: list[bool]) -> None:
    states = [document]
    history = History(document)
    for adds in steps:
        history = history.changed(editing.add_section(history.document, new_section(), 0) if adds else history.document)
        states += [history.document] if adds else []
    for state in reversed(states):
        assert history.document == state
        history = history.undo()
    for state in states[1:]:
        history = history.redo()
        assert history.document == state
    assert history.redo() == history
