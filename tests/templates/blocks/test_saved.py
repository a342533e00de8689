from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.audit.log import AuditLog
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.blocks import saved as room
from core.templates.blocks.document import new_block
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.saved import SavedBlocks
from core.templates.blocks.values import Condition, ShowIf
from core.templates.tables import saved_blocks

BUTTON = new_block(BlockKind.BUTTON, text="Buy", url="https://example.com/?a=1&b=2")


@pytest.fixture
def kept(db: Database, clock: FrozenClock) -> SavedBlocks:
    return SavedBlocks(db, clock)


def test_a_kept_block_comes_back_as_it_was(kept: SavedBlocks, workspace: Principal) -> None:
    block = BUTTON.model_copy(update={"show_if": ShowIf(conditions=(Condition(field="contact.country", value="DE"),))})
    made = kept.save(workspace, "  Buy   now ", block)
    assert made.name == "Buy now"
    assert kept.get(workspace, made.id).block == block
    assert kept.all(workspace) == [kept.get(workspace, made.id)]


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b", "a\u202eb", "\u200b"])
def test_a_block_is_called_what_can_be_seen(kept: SavedBlocks, workspace: Principal, name: str) -> None:
    with pytest.raises(InvalidInput, match="needs a name"):
        kept.save(workspace, name, BUTTON)


def test_a_kept_block_says_what_is_text(kept: SavedBlocks, workspace: Principal) -> None:
    with pytest.raises(InvalidInput, match="not text"):
        kept.save(workspace, "Buy", new_block(BlockKind.BUTTON, text="a\x00b"))
    assert kept.save(workspace, "Buy", new_block(BlockKind.BUTTON, text="\u2028 \\u0000")).name == "Buy"


def test_blocks_are_listed_by_name_whatever_its_case(kept: SavedBlocks, workspace: Principal) -> None:
    for name in ("b", "C", "a"):
        kept.save(workspace, name, BUTTON)
    assert [one.name for one in kept.all(workspace)] == ["a", "b", "C"]


def test_a_name_is_taken_once(kept: SavedBlocks, workspace: Principal) -> None:
    first, second = kept.save(workspace, "Buy", BUTTON), kept.save(workspace, "Sell", BUTTON)
    with pytest.raises(Conflict, match="“Buy”"):
        kept.save(workspace, "Buy", BUTTON)
    with pytest.raises(Conflict, match="“Buy”"):
        kept.rename(workspace, second.id, "Buy")
    assert kept.rename(workspace, first.id, "Buy").name == "Buy"
    assert {one.name for one in kept.all(workspace)} == {"Buy", "Sell"}


@pytest.mark.parametrize("name", ["", "   ", "x" * (room.MAX_NAME + 1)])
def test_a_block_needs_a_name(kept: SavedBlocks, workspace: Principal, name: str) -> None:
    with pytest.raises(InvalidInput):
        kept.save(workspace, name, BUTTON)


def test_renaming_and_deleting_are_on_record(kept: SavedBlocks, workspace: Principal, db: Database, clock: FrozenClock) -> None:
    made = kept.save(workspace, "Buy", BUTTON)
    kept.rename(workspace, made.id, "Buy now")
    kept.delete(workspace, made.id)
    assert kept.all(workspace) == []
    told = [entry.action for entry in AuditLog(db, clock, b"a key for tests").page(workspace).rows]
    assert told[:3] == ["saved_block.deleted", "saved_block.renamed", "saved_block.kept"]


def test_another_workspace_has_its_own(kept: SavedBlocks, workspace: Principal, db: Database, clock: FrozenClock) -> None:
    made = kept.save(workspace, "Buy", BUTTON)
    other = Principal.system(Workspaces(db, clock).create("Other").id)
    assert kept.all(other) == []
    kept.save(other, "Buy", BUTTON)
    for forbidden in (lambda: kept.get(other, made.id), lambda: kept.rename(other, made.id, "x"), lambda: kept.delete(other, made.id)):
        with pytest.raises(NotFound):
            forbidden()
    assert kept.get(workspace, made.id).name == "Buy"


def test_only_who_edits_templates_keeps_blocks(kept: SavedBlocks, workspace: Principal) -> None:
    reader = replace(workspace, permissions=frozenset({Permission.TEMPLATES_VIEW}))
    for forbidden in (lambda: kept.all(reader), lambda: kept.save(reader, "Buy", BUTTON)):
        with pytest.raises(Denied):
            forbidden()


def test_there_is_an_end_to_how_many(kept: SavedBlocks, workspace: Principal, db: Database, clock: FrozenClock) -> None:
    made = kept.save(workspace, "Buy", BUTTON)
    with db.transaction() as connection:
        row = connection.execute(sa.select(saved_blocks)).mappings().one()
        more = [dict(row) | {"id": made.id + number, "name": f"n{number}"} for number in range(1, room.MAX_SAVED)]
        connection.execute(saved_blocks.insert(), more)
    with pytest.raises(InvalidInput, match="already"):
        kept.save(workspace, "One more", BUTTON)
