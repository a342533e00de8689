"""Pictures follow the installation to its address on the web, in all that is written, and nothing else is touched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from PIL import Image

from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.errors import Denied
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.saved import SavedBlocks
from core.templates.brands.kits import BrandKits
from core.templates.images.moved import NewAddress, is_reachable
from core.templates.images.pictures import Pictures
from core.templates.library.drafts import Drafts
from core.templates.library.readdressing import NOTE, Readdressed, Readdressing
from core.templates.library.templates import Templates
from core.templates.library.translating import Translating
from core.templates.look.brand import Brand, Logo
from tests.templates.images.making import photo, saved

AT_HOME, ON_THE_WEB = "http://127.0.0.1:8600", "https://mail.example.org"
LAKE, TREE = saved(photo(), "JPEG"), saved(Image.new("RGB", (30, 20), "green"), "PNG")
KEY = "ab" * 32
CODE = '<p><img src="{}" alt="A lake"></p><p>{}</p>'


@dataclass
class House:
    """An installation at an address."""

    db: Database
    clock: FrozenClock
    folder: Path
    url: str = ""

    def __post_init__(self) -> None:
        self.brands = BrandKits(self.db, self.clock, public_url=self.url)
        self.templates = Templates(self.db, self.clock, self.brands, public_url=self.url)
        self.translating = Translating(self.db, self.templates)
        self.pictures = Pictures(self.db, self.clock, Blobs(self.folder), self.url, most_bytes=1 << 20)
        self.blocks = SavedBlocks(self.db, self.clock, self.url)
        self.drafts = Drafts(self.db, self.clock)
        self.readdressing = Readdressing(self.db, self.clock, self.templates, self.brands, self.url)

    def moved_to(self, url: str) -> House:
        return House(self.db, self.clock, self.folder, url)

    def show(self, by: Principal, data: bytes) -> str:
        return self.pictures.url_of(self.pictures.add(by, data, "Lake"))


@pytest.fixture
def house(db: Database, clock: FrozenClock, tmp_path: Path) -> House:
    return House(db, clock, tmp_path / "pictures", AT_HOME)


def shows(url: str, *, alt: str = "A lake") -> Document:
    return Document(sections=(new_section("1", new_block(BlockKind.IMAGE, src=url, alt=alt), new_block(BlockKind.HEADER)),))


def test_all_that_is_written_shows_its_pictures_where_readers_can_see_them(house: House, workspace: Principal) -> None:
    lake, tree = house.show(workspace, LAKE), house.show(workspace, TREE)
    house.brands.save(workspace, "House", Brand(logo=Logo(url=lake, alt="Tea")))
    blocks = house.templates.save(workspace, "Blocks", shows(tree).as_json())
    code = house.templates.save(workspace, "Code", f'<p><img src="{lake}" alt="A lake"></p>')
    house.translating.put(workspace, code.template_id, "de", f'<p><img src="{tree}" alt="Ein Baum"></p>')
    plain = house.templates.save(workspace, "Plain", "<p>Hello</p>")
    house.blocks.save(workspace, "Tree", new_block(BlockKind.IMAGE, src=tree, alt="A tree"))
    house.drafts.keep(workspace, blocks.template_id, shows(lake, alt="Drafted").as_json(), blocks.kind, based_on=1, revision=0)

    there, worker = house.moved_to(ON_THE_WEB), Principal.system(workspace.workspace_id, "worker")
    assert there.readdressing.workspaces() == [workspace.workspace_id]
    assert there.readdressing.follow(worker) == Readdressed(templates=2, brand_kits=1, saved_blocks=1, drafts=1)

    new_lake, new_tree = (url.replace(AT_HOME, ON_THE_WEB) for url in (lake, tree))
    assert there.brands.follow(worker).waiting == 0, "the rest of the look, as the worker does it"
    assert there.readdressing.follow(worker) == Readdressed(), "once is enough"
    latest = there.templates.latest(workspace, blocks.template_id)
    assert new_tree in latest.html and new_lake in latest.html and AT_HOME not in latest.html, "the picture, and the logo"
    said = there.templates.latest(workspace, code.template_id)
    german = there.translating.in_language(workspace, said, "de")
    assert (said.number, said.note, new_lake in said.html, new_tree in german.html) == (3, NOTE, True, True)
    assert there.templates.latest(workspace, plain.template_id).number == 1
    assert there.brands.default(workspace).brand.logo.url == new_lake
    assert there.blocks.all(workspace)[0].block.src == new_tree
    draft = there.drafts.get(workspace, blocks.template_id)
    assert draft.revision > 1, "a tab that is open does not write the old address over it"
    assert new_lake in draft.source and "Drafted" in draft.source
    assert draft.based_on == latest.number, "nobody is told that somebody saved meanwhile"
    first = there.templates.versions(workspace, blocks.template_id)[-1]
    assert (first.number, tree in first.html) == (1, True), "versions stay what they are"

    assert there.readdressing.follow(worker) == Readdressed()
    assert there.templates.latest(workspace, code.template_id).number == 3


def test_a_draft_of_before_goes_on_where_only_addresses_and_looks_changed_since(house: House, workspace: Principal) -> None:
    lake = house.show(workspace, LAKE)
    first = house.templates.save(workspace, "Blocks", shows(lake).as_json())
    house.drafts.keep(
        Principal.system(workspace.workspace_id, "ann"), first.template_id, shows(lake).as_json(), first.kind, based_on=1, revision=0
    )
    there, worker = house.moved_to(ON_THE_WEB), Principal.system(workspace.workspace_id, "worker")
    moved = shows(lake.replace(AT_HOME, ON_THE_WEB)).as_json()
    there.templates.save_version(worker, first.template_id, moved, note=NOTE)  # and then it was killed
    assert there.readdressing.follow(worker) == Readdressed(drafts=1)
    draft = there.drafts.get(workspace, first.template_id)
    assert (draft.based_on, AT_HOME in draft.source) == (2, False)

    there.templates.save_version(workspace, first.template_id, shows(lake, alt="Another").as_json())
    assert there.readdressing.follow(worker) == Readdressed(templates=1)
    assert there.drafts.get(workspace, first.template_id).based_on == 2, "what somebody saved since is not in it"


def test_what_somebody_saves_meanwhile_is_moved_too(house: House, workspace: Principal) -> None:
    lake = house.show(workspace, LAKE)
    version = house.templates.save(workspace, "Code", f'<p><img src="{lake}" alt="A lake"></p>')
    there = house.moved_to(ON_THE_WEB)
    ann = Thread(target=lambda: [there.templates.save_version(workspace, version.template_id, CODE.format(lake, n)) for n in range(12)])
    ann.start()
    while ann.is_alive():
        there.readdressing.follow(workspace)
    there.readdressing.follow(workspace)
    latest = there.templates.latest(workspace, version.template_id)
    assert AT_HOME not in latest.html and "<p>11</p>" in latest.html


def test_it_is_on_record(house: House, workspace: Principal, db: Database) -> None:
    house.templates.save(workspace, "Blocks", shows(house.show(workspace, LAKE)).as_json())
    house.moved_to(ON_THE_WEB).readdressing.follow(workspace)
    with db.read() as connection:
        last = connection.execute(sa.select(audit_log.c.action, audit_log.c.after).order_by(audit_log.c.sequence.desc()).limit(1)).one()
    assert last.action == "picture.readdressed"
    assert json.loads(last.after) == {"templates": 1, "brand_kits": 0, "saved_blocks": 0, "drafts": 0}


def test_nothing_moves_to_where_no_reader_comes(house: House, workspace: Principal) -> None:
    version = house.templates.save(workspace, "Blocks", shows(house.show(workspace, LAKE)).as_json())
    there = house.moved_to("http://localhost:9000")
    assert (there.readdressing.workspaces(), there.readdressing.follow(workspace)) == ([], Readdressed())
    assert there.templates.latest(workspace, version.template_id).number == 1


def test_what_is_no_template_any_more_keeps_its_address_and_stops_nobody(house: House, workspace: Principal, db: Database) -> None:
    lake = house.show(workspace, LAKE)
    broken = house.templates.save(workspace, "Broken", f'<p><img src="{lake}" alt="A lake"></p>')
    fine = house.templates.save(workspace, "Fine", f'<p><img src="{lake}" alt="A lake"></p>')
    with db.transaction() as connection:
        connection.execute(sa.text("update template_versions set source = source || '{{' where id = :id"), {"id": broken.id})
    there = house.moved_to(ON_THE_WEB)
    assert there.readdressing.follow(workspace).templates == 1
    assert there.templates.latest(workspace, broken.template_id).number == 1
    assert there.templates.latest(workspace, fine.template_id).number == 2


def test_another_workspace_is_left_alone_and_whoever_may_not_edit_is_refused(house: House, workspace: Principal) -> None:
    version = house.templates.save(workspace, "Blocks", shows(house.show(workspace, LAKE)).as_json())
    there = house.moved_to(ON_THE_WEB)
    other = Principal.system(workspace.workspace_id + 1)
    assert there.readdressing.follow(other) == Readdressed()
    looker = Principal(workspace.workspace_id, "person:1", frozenset({Permission.TEMPLATES_VIEW}))
    with pytest.raises(Denied):
        there.readdressing.follow(looker)
    assert there.templates.latest(workspace, version.template_id).number == 1


NEW = NewAddress(ON_THE_WEB, 7, {KEY})
PATH = f"/i/7/{KEY}.png"


@pytest.mark.parametrize(
    "address",
    [
        *("http://127.0.0.1:8600", "http://localhost:8600", "https://LOCALHOST", "http://[::1]:8600", "http://192.168.1.9"),
        *("http://10.0.0.4:80", "http://postwright", "http://127.0.0.1:8600/mail", "http://nas.local:8600", "http://pw.lan"),
        "http://127.0.0.1.:8600",
    ],
)
def test_an_address_no_reader_reaches_is_written_anew(address: str) -> None:
    assert not is_reachable(address)
    for text in ('<img src="{}">', "<img src={}>", "background: url({})", '{{"src":"{}"}}', "see {} there"):
        assert NEW.of(text.format(address + PATH)) == text.format(ON_THE_WEB + PATH)


@pytest.mark.parametrize(
    "text",
    [
        f"https://cdn.example.net{PATH}",  # somebody's own server in front of ours
        f"http://127.0.0.1:8600/i/8/{KEY}.png",  # another workspace's
        f"http://127.0.0.1:8600/i/7/{'cd' * 32}.png",  # not here
        f"http://127.0.0.1:8600/i/7/{KEY}.svg",
        f"https://proxy.example/?u=http://127.0.0.1{PATH}",
        f"see https://proxy.example/?a=1&u=http://127.0.0.1{PATH} there",
        "http://127.0.0.1:8600/elsewhere",
    ],
)
def test_every_other_address_stays(text: str) -> None:
    assert NEW.of(text) == text
