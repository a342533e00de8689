from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
import sqlalchemy as sa
from PIL import Image

from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound, StorageFull
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.images.pictures import Pictures
from core.templates.library.templates import Templates
from core.templates.tables import brand_kits, saved_blocks, template_drafts, template_variants
from tests.templates.images.making import opened, photo, saved

PUBLIC = "https://mail.example"
LAKE, TREE = saved(photo(), "JPEG"), saved(Image.new("RGB", (30, 20), "green"), "PNG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


@pytest.fixture
def library(db: Database, clock: FrozenClock, folder: Path) -> Pictures:
    return Pictures(db, clock, Blobs(folder), PUBLIC, most_bytes=1 << 20)


@pytest.fixture
def other(db: Database, clock: FrozenClock) -> Principal:
    return Principal.system(Workspaces(db, clock).create("Another").id)


def actions(db: Database, workspace_id: int) -> list[str]:
    mine = sa.select(audit_log.c.action).where(audit_log.c.workspace_id == workspace_id).order_by(audit_log.c.sequence)
    with db.read() as connection:
        return [action for action in connection.execute(mine).scalars() if action.startswith("picture")]


def test_an_uploaded_picture_is_found_again(library: Pictures, workspace: Principal, db: Database, folder: Path) -> None:
    added = library.add(workspace, LAKE, "C:\\Holidays\\The  lake.JPG", alt=" A lake\nin summer ", max_width=200)

    assert (added.name, added.alt, added.media_type, added.width, added.height) == ("The lake", "A lake in summer", "image/jpeg", 200, 150)
    assert library.all(workspace) == [library.get(workspace, added.id)] == [added]
    assert library.url_of(added) == f"{PUBLIC}/i/{workspace.workspace_id}/{added.blob}.jpg"
    content = library.content(workspace, added.id)
    assert (opened(content).size, len(content)) == ((200, 150), added.size)
    assert (folder / str(workspace.workspace_id) / added.blob[:2] / added.blob).read_bytes() == content
    assert actions(db, workspace.workspace_id) == ["picture.added"]


def test_the_same_picture_twice_is_kept_once(library: Pictures, workspace: Principal, other: Principal, db: Database) -> None:
    first = library.add(workspace, LAKE, "Lake")

    assert library.add(workspace, LAKE, "Another name", alt="Other words") == first
    assert library.count(workspace) == 1
    assert actions(db, workspace.workspace_id) == ["picture.added"]
    assert library.add(other, LAKE, "Lake").id != first.id


class Meeting(Blobs):
    """Files that are written once a second one is about to be, or nobody comes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._two = Barrier(2, timeout=1)

    def put(self, workspace_id: int, data: bytes) -> str:
        with suppress(BrokenBarrierError):
            self._two.wait()
        return super().put(workspace_id, data)


def test_two_uploads_at_once_do_not_share_the_room_that_is_left(
    db: Database, clock: FrozenClock, folder: Path, workspace: Principal
) -> None:
    small = [saved(Image.new("RGB", (30, 20), colour), "PNG") for colour in ("red", "blue")]
    library = Pictures(db, clock, Meeting(folder), PUBLIC, most_bytes=100)

    def add(data: bytes) -> str:
        try:
            return library.add(workspace, data, "Square").name
        except Conflict:
            return "no room"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(add, small)) == ["Square", "no room"]
    assert library.room(workspace).used <= 100


def test_ten_uploads_of_one_picture_at_once_make_one(library: Pictures, workspace: Principal) -> None:
    with ThreadPoolExecutor(10) as threads:
        made = list(threads.map(lambda _: library.add(workspace, TREE, "Tree"), range(10)))

    assert len({one.id for one in made}) == library.count(workspace) == 1
    assert library.content(workspace, made[0].id)


def test_pictures_are_found_by_name_and_by_what_they_show(library: Pictures, workspace: Principal, clock: FrozenClock) -> None:
    lake, tree = library.add(workspace, LAKE, "IMG_2041.jpg", alt="A lake"), library.add(workspace, TREE, "100% green_tree.png")

    assert [one.id for one in library.all(workspace)] == [tree.id, lake.id]
    assert [one.id for one in library.all(workspace, "LAKE img")] == [lake.id]
    assert [one.id for one in library.all(workspace, "100%")] == [tree.id]
    assert library.all(workspace, "0%g") == []
    assert library.count(workspace, "lake") == 1
    assert [one.id for one in library.all(workspace, page=2, size=1)] == [lake.id]


def test_a_picture_can_be_renamed_and_told_what_it_shows(library: Pictures, workspace: Principal, db: Database) -> None:
    lake = library.add(workspace, LAKE, "Lake")

    changed = library.describe(workspace, lake.id, "The lake", "A lake in summer")

    assert changed == replace(lake, name="The lake", alt="A lake in summer") == library.get(workspace, lake.id)
    library.describe(workspace, lake.id, "The lake", "A lake in summer")
    assert actions(db, workspace.workspace_id) == ["picture.added", "picture.changed"]
    with pytest.raises(InvalidInput, match="needs a name"):
        library.describe(workspace, lake.id, " ", "")
    with pytest.raises(InvalidInput, match="too long"):
        library.describe(workspace, lake.id, "Lake", "a" * 501)


def test_a_picture_nothing_names_can_be_deleted(library: Pictures, workspace: Principal, db: Database, folder: Path) -> None:
    lake = library.add(workspace, LAKE, "Lake")

    library.delete(workspace, lake.id)

    assert library.all(workspace) == []
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert actions(db, workspace.workspace_id) == ["picture.added", "picture.deleted"]
    with pytest.raises(NotFound):
        library.get(workspace, lake.id)
    assert library.content(workspace, library.add(workspace, LAKE, "Lake").id)


def test_what_names_a_picture_keeps_it(library: Pictures, workspace: Principal, db: Database, clock: FrozenClock) -> None:
    lake, now = library.add(workspace, LAKE, "Lake"), clock.now()
    url = library.url_of(lake)
    letters, mine = Templates(db, clock, BrandKits(db, clock)), {"workspace_id": workspace.workspace_id}
    first = letters.save(workspace, "Letter", f'<p>Hi</p><img src="{url}">')
    letters.save(workspace, "Letter", "<p>Without it</p>")
    spoken, drawn = letters.save(workspace, "Spoken", "<p>Hi</p>"), letters.save(workspace, "Drawn", "<p>Hi</p>")
    variant = {"version_id": spoken.id, "language": "de", "source": "", "html": url, "text": "", "links": [], "fields": []}
    draft = {"template_id": drawn.template_id, "kind": "blocks", "source": f'{{"src":"{url}"}}', "based_on": 1, "revision": 1}
    kept = {"updated_by": "test", "created_at": now, "updated_at": now}
    with db.transaction() as connection:
        connection.execute(sa.insert(template_variants).values(**mine, **variant))
        connection.execute(sa.insert(template_drafts).values(**mine, **draft, updated_by="test", updated_at=now))
        connection.execute(sa.insert(brand_kits).values(**mine, **kept, name="Acme", is_default=True, content={"logo": {"url": url}}))
        connection.execute(sa.insert(saved_blocks).values(**mine, **kept, name="Hero", content={"src": url}))

    uses = library.where_used(workspace, lake.id)

    assert [(use.kind, use.name) for use in uses] == [
        ("the brand kit", "Acme"),
        ("the saved block", "Hero"),
        ("the template", "Drawn"),
        ("the template", "Letter"),
        ("the template", "Spoken"),
    ]
    assert uses[3].id == first.template_id
    with pytest.raises(Conflict, match="the brand kit “Acme”, the saved block “Hero”, the template “Drawn” and 2 more"):
        library.delete(workspace, lake.id)
    assert library.content(workspace, lake.id)


def test_there_is_a_bound_for_all_of_them(db: Database, clock: FrozenClock, folder: Path, workspace: Principal) -> None:
    small = Pictures(db, clock, Blobs(folder), PUBLIC, most_bytes=2_000)
    tree = small.add(workspace, TREE, "Tree")

    with pytest.raises(Conflict, match="may take"):
        small.add(workspace, LAKE, "Lake")

    assert (small.room(workspace).used, small.room(workspace).most) == (tree.size, 2_000)
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1
    assert small.add(workspace, TREE, "Tree again") == tree


def test_a_disk_that_is_full_keeps_no_row(library: Pictures, workspace: Principal, folder: Path) -> None:
    folder.write_text("A file stands where the folder should be.")

    with pytest.raises(StorageFull):
        library.add(workspace, LAKE, "Lake")

    assert library.count(workspace) == 0


def test_another_workspace_has_none_of_it(library: Pictures, workspace: Principal, other: Principal) -> None:
    lake = library.add(workspace, LAKE, "Lake")

    assert (library.all(other), library.count(other), library.room(other).used) == ([], 0, 0)
    for ask in (library.get, library.content, library.where_used, library.delete):
        with pytest.raises(NotFound):
            ask(other, lake.id)
    with pytest.raises(NotFound):
        library.describe(other, lake.id, "Mine", "")


def test_who_may_only_look_changes_nothing(library: Pictures, workspace: Principal) -> None:
    reader = replace(workspace, permissions=frozenset({Permission.TEMPLATES_VIEW}))
    lake = library.add(workspace, LAKE, "Lake")

    assert library.all(reader) == [lake]
    with pytest.raises(Denied):
        library.add(reader, TREE, "Tree")
    with pytest.raises(Denied):
        library.describe(reader, lake.id, "Mine", "")
    with pytest.raises(Denied):
        library.delete(reader, lake.id)
