"""A picture is deleted in the moment in which something that names it is kept: with two real connections, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.clock import FrozenClock
from core.errors import Conflict, NotFound
from core.permissions import Principal
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.templates.blocks.document import new_block
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.saved import SavedBlocks
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.images.picture import Picture
from core.templates.images.pictures import Pictures
from core.templates.library.drafts import Drafts
from core.templates.library.templates import Templates
from core.templates.look.brand import Brand, Logo
from tests.support.at_once import HEADS, one_after_the_other
from tests.templates.images.making import photo, saved

PUBLIC = "https://mail.example"
LAKE = saved(photo(), "JPEG")
BLOCKS = "lock table saved_blocks in access exclusive mode"


class World:
    """A workspace with one picture, and what can name it."""

    def __init__(self, db: Database, clock: FrozenClock, folder: Path, by: Principal) -> None:
        self.db, self.by, kits = db, by, BrandKits(db, clock, public_url=PUBLIC)
        self.pictures = Pictures(db, clock, Blobs(folder), PUBLIC, most_bytes=1 << 20)
        self.templates, self.drafts = Templates(db, clock, kits, public_url=PUBLIC), Drafts(db, clock)
        self.kits, self.blocks = kits, SavedBlocks(db, clock, PUBLIC)
        self.letter = self.templates.save(by, "Letter", "<p>Hi</p>").template_id
        self.lake = self.pictures.add(by, LAKE, "Lake")
        self.url = self.pictures.url_of(self.lake)

    def save_template(self) -> object:
        return self.templates.save_version(self.by, self.letter, f'<p>Hi</p><img src="{self.url}">')

    def keep_draft(self) -> object:
        return self.drafts.keep(self.by, self.letter, self.url, TemplateKind.HTML, based_on=1, revision=0)

    def save_kit(self) -> object:
        return self.kits.save(self.by, "House", Brand(logo=Logo(url=self.url)))

    def save_block(self) -> object:
        return self.blocks.save(self.by, "Hero", new_block(BlockKind.IMAGE, src=self.url))

    def delete(self) -> None:
        self.pictures.delete(self.by, self.lake.id)


@pytest.fixture
def world(postgres_db: Database, clock: FrozenClock, tmp_path: Path) -> World:
    from core.accounts.workspaces import Workspaces

    by = Principal.system(Workspaces(postgres_db, clock).create("Acme").id)
    return World(postgres_db, clock, tmp_path / "pictures", by)


@pytest.mark.parametrize("keep", [World.save_template, World.save_kit, World.save_block])
def test_what_is_saved_while_its_picture_is_deleted_is_refused(world: World, keep: Callable[[World], object]) -> None:
    deleted, kept = one_after_the_other(world.db, HEADS, world.delete, lambda: keep(world))

    assert deleted.exception() is None
    with pytest.raises(Conflict, match=f"A picture in it was deleted: {world.url}"):
        kept.result()
    assert (world.templates.latest(world.by, world.letter).number, world.kits.all(world.by), world.blocks.all(world.by)) == (1, [], [])


@pytest.mark.parametrize("keep", [World.save_template, World.keep_draft, World.save_kit, World.save_block])
def test_what_is_being_saved_keeps_its_picture(world: World, keep: Callable[[World], object]) -> None:
    kept, deleted = one_after_the_other(world.db, HEADS, lambda: keep(world), world.delete)

    assert kept.exception() is None
    with pytest.raises(Conflict, match="This picture is used by"):
        deleted.result()
    assert world.pictures.content(world.by, world.lake.id)


def test_a_picture_that_is_uploaded_again_while_it_is_deleted_is_there(world: World) -> None:
    deleted, added = one_after_the_other(world.db, BLOCKS, world.delete, lambda: world.pictures.add(world.by, LAKE, "Lake"))

    assert deleted.exception() is None
    again = added.result()
    assert isinstance(again, Picture) and again.id != world.lake.id
    assert world.pictures.content(world.by, again.id)


def test_what_names_a_picture_that_is_gone_is_not_saved(world: World) -> None:
    world.delete()
    elsewhere = f'<img src="https://staging.example/i/{world.by.workspace_id}/{world.lake.blob}.jpg" alt="">'

    with pytest.raises(Conflict, match="deleted") as refused:
        world.save_template()
    assert "Choose another one" in refused.value.hint
    assert world.templates.save_version(world.by, world.letter, elsewhere).number == 2  # not ours to judge
    with pytest.raises(NotFound):
        world.pictures.get(world.by, world.lake.id)
