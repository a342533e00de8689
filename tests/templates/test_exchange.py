"""A template as a file: out of one workspace and into another, and files that want to do harm."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.blocks.document import Document, new_block, new_section, read_document
from core.templates.blocks.kinds import BlockKind
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.exchange.brand import BrandChoice
from core.templates.exchange.files import Exchange
from core.templates.exchange.packing import packed, unpacked
from core.templates.library.templates import Templates
from core.templates.library.translating import Translating

PICTURE = "https://mail.example.com/i/1/tea.png"
DOCUMENT = Document(sections=(new_section("1", new_block(BlockKind.HEADING), new_block(BlockKind.IMAGE, src=PICTURE, alt="Tea")),))


@dataclass
class Kept:
    id: int
    name: str
    alt: str
    media_type: str
    url: str
    data: bytes


@dataclass
class Album:
    """Keeps pictures in memory."""

    kept: list[Kept] = field(default_factory=list)

    def after(self, by: Principal, after_id: int, limit: int) -> Sequence[Any]:
        return [one for one in self.kept if one.id > after_id][:limit]

    def content(self, by: Principal, picture_id: int) -> bytes:
        return self.kept[picture_id - 1].data

    def url_of(self, picture: Kept) -> str:
        return picture.url

    def add(self, by: Principal, data: bytes, name: str, alt: str = "") -> Kept:
        if not data.startswith(b"PNG"):
            raise InvalidInput("This is no picture.")
        number = 1 + len(self.kept)
        self.kept.append(Kept(number, name, alt, "image/png", f"https://elsewhere.example.com/i/2/{number}.png", data))
        return self.kept[-1]


@pytest.fixture
def library(db: Database, clock: FrozenClock) -> Templates:
    return Templates(db, clock, BrandKits(db, clock))


@pytest.fixture
def exchange(db: Database, clock: FrozenClock, library: Templates) -> Exchange:
    return Exchange(db, clock, library, BrandKits(db, clock))


@pytest.fixture
def other(db: Database, clock: FrozenClock) -> Principal:
    return Principal.system(Workspaces(db, clock).create("Another").id)


def exported(library: Templates, exchange: Exchange, by: Principal) -> dict[str, Any]:
    """Return what stands in the file of a block document."""
    template_id = library.save(by, "Tea", DOCUMENT.as_json(), note="First", folder="Shop", tags=("spring",)).template_id
    form: dict[str, Any] = json.loads(exchange.export(by, template_id).data)
    return form


def test_what_goes_out_comes_in_as_it_was(library: Templates, exchange: Exchange, workspace: Principal, other: Principal) -> None:
    saved = library.save(workspace, "Über Tee / 2", DOCUMENT.as_json(), note="First", folder="Shop", tags=("spring", "tea"))
    file = exchange.export(workspace, saved.template_id)
    assert (file.name, file.media_type) == ("Über-Tee-2.template.json", "application/json")
    loaded = exchange.load(other, file.data, file.name)
    version = loaded.version
    assert (version.source, version.kind, version.note, version.number) == (saved.source, TemplateKind.BLOCKS, "First", 1)
    template = library.get(other, loaded.template_id)
    assert (template.name, template.folder, template.tags) == ("Über Tee / 2", "Shop", ("spring", "tea"))


def test_a_name_that_is_taken_gets_a_number_unless_it_was_given(library: Templates, exchange: Exchange, workspace: Principal) -> None:
    file = exchange.export(workspace, library.save(workspace, "Tea", "<p>Tea</p>").template_id)
    names = [library.get(workspace, exchange.load(workspace, file.data, file.name).template_id).name for _ in range(2)]
    assert names == ["Tea 2", "Tea 3"]
    with pytest.raises(Conflict):
        exchange.load(workspace, file.data, file.name, name="Tea")
    assert library.get(workspace, exchange.load(workspace, file.data, file.name, name="Coffee").template_id).name == "Coffee"


def test_mjml_and_html_are_taken_too(library: Templates, exchange: Exchange, workspace: Principal) -> None:
    loaded = exchange.load(workspace, b"\xef\xbb\xbf<p>Hello</p>", "C:\\mails\\autumn.html")
    assert (library.get(workspace, loaded.template_id).name, loaded.version.source) == ("autumn", "<p>Hello</p>")
    bare = exchange.load(workspace, DOCUMENT.as_json().encode(), "blocks.json")
    assert bare.version.kind is TemplateKind.BLOCKS


def test_colours_follow_the_brand_here_unless_they_are_to_stay(
    library: Templates, exchange: Exchange, workspace: Principal, other: Principal
) -> None:
    form = exported(library, exchange, workspace)
    form["colours"]["text"] = "#112233"
    data = json.dumps(form).encode()
    heading = read_document(exchange.load(other, data, "f.json").version.source).sections[0].columns[0].blocks[0]
    kept = read_document(exchange.load(other, data, "f.json", brand=BrandChoice.COLOURS).version.source).sections[0].columns[0].blocks[0]
    assert (heading.colour, kept.colour) == ("text", "#112233")  # type: ignore[union-attr]


def test_pictures_come_along_and_the_email_shows_those_of_its_new_home(
    library: Templates, workspace: Principal, other: Principal, db: Database, clock: FrozenClock
) -> None:
    here = Album(
        [Kept(1, "tea", "A cup", "image/png", PICTURE, b"PNG tea"), Kept(2, "x", "", "image/png", "https://no.example/", b"PNG x")]
    )
    there = Album()
    file = Exchange(db, clock, library, BrandKits(db, clock), here).export(
        workspace, library.save(workspace, "Tea", DOCUMENT.as_json()).template_id
    )
    assert file.name == "Tea.template.zip" and list(unpacked(file.data)) == ["template.json", "pictures/1.png"]
    loaded = Exchange(db, clock, library, BrandKits(db, clock), there).load(other, file.data, file.name)
    assert [(one.name, one.alt, one.data) for one in there.kept] == [("tea", "A cup", b"PNG tea")]
    assert there.kept[0].url in loaded.version.source and PICTURE not in loaded.version.source


def test_pictures_that_only_another_language_shows_come_along(
    library: Templates, workspace: Principal, other: Principal, db: Database, clock: FrozenClock
) -> None:
    here, there = Album([Kept(1, "tea", "A cup", "image/png", PICTURE, b"PNG tea")]), Album()
    saved = library.save(workspace, "Tea", "<p>Tea</p>", languages={"de": f'<p>Tee</p><img src="{PICTURE}" alt="Tasse">'})
    exchange = Exchange(db, clock, library, BrandKits(db, clock), here)
    file = exchange.export(workspace, saved.template_id)
    assert exchange.file_name(workspace, saved.template_id) == (file.name, file.media_type) == ("Tea.template.zip", "application/zip")
    loaded = Exchange(db, clock, library, BrandKits(db, clock), there).load(other, file.data, file.name)
    german = Translating(db, library).languages(other, loaded.template_id)["de"]
    assert there.kept[0].url in german and PICTURE not in german


def test_a_file_holds_no_more_pictures_than_can_be_imported(
    library: Templates, workspace: Principal, other: Principal, db: Database, clock: FrozenClock
) -> None:
    many = [Kept(n, f"p{n}", "", "image/png", f"https://mail.example.com/i/1/{n}.png", b"PNG" + bytes(14_000_000)) for n in range(1, 6)]
    album = Album(many)
    images = (new_block(BlockKind.IMAGE, src=one.url) for one in many)
    saved = library.save(workspace, "Tea", Document(sections=(new_section("1", *images),)).as_json())
    file = Exchange(db, clock, library, BrandKits(db, clock), album).export(workspace, saved.template_id)
    loaded = Exchange(db, clock, library, BrandKits(db, clock), Album()).load(other, file.data, file.name)
    assert [one.url in loaded.version.source for one in many] == [False, False, True, True, True]


def test_a_picture_that_is_none_keeps_the_template_out(
    library: Templates, workspace: Principal, other: Principal, db: Database, clock: FrozenClock
) -> None:
    here = Album([Kept(1, "tea", "", "image/png", PICTURE, b"<svg onload=alert(1)>")])
    file = Exchange(db, clock, library, BrandKits(db, clock), here).export(
        workspace, library.save(workspace, "Tea", DOCUMENT.as_json()).template_id
    )
    with pytest.raises(InvalidInput, match="picture"):
        Exchange(db, clock, library, BrandKits(db, clock), Album()).load(other, file.data, file.name)
    assert library.all(other) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  ",
        b'{"postwright": "template"}',
        b'{"postwright": "template", "version": 2, "name": "A", "kind": "html", "source": "<p>A</p>"}',
        b'{"postwright": "campaign", "version": 1, "name": "A", "kind": "html", "source": "<p>A</p>"}',
        b'{"postwright": "template", "version": 1, "name": "A", "kind": "script", "source": "<p>A</p>"}',
        b'{"postwright": "template", "version": 1, "name": "\\u0000", "kind": "html", "source": "<p>A</p>"}',
        b'{"postwright": "template", "version": 1, "name": "A", "kind": "html", "source": "{{ \'\'.__class__ }}"}',
        b'{"postwright": "template", "version": 1, "name": "A", "kind": "html", "source": "<p>A</p>", "tags": ["\\ud800"]}',
        b'{"postwright": "template", "version": 1, "name": "A", "kind": "html", "source": "<p>A</p>", "folder": "../../etc\\u0000"}',
        b'{"postwright": ' + b"[" * 200_000,
        b'{"postwright": "template", "version": 1, "name": "A", "kind": "html", "source": "<p>' + b"a" * 600_000 + b'</p>"}',
        b"PK\x03\x04 nothing that was packed",
        b"\xff\xd8\xff\xe0 a picture",
        b"\x00" * 100,
    ],
)
def test_what_is_no_template_is_refused_in_words(library: Templates, exchange: Exchange, workspace: Principal, data: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        exchange.load(workspace, data, "f.json")
    assert refused.value.message and refused.value.hint
    assert library.all(workspace, archived=None) == []


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize("name", ["../template.json", "/etc/passwd", "a\\..\\b", "C:/x", "pictures//x.png", "pictures/../../x"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        unpacked(zipped(("template.json", b"{}"), (name, b"x")).replace(name.replace("\\", "/").encode(), name.encode()))


def test_what_was_packed_to_do_harm_is_not_unpacked() -> None:
    bomb = zipped(("template.json", b"{}"), ("pictures/1.png", b"\0" * 15_000_001))
    assert len(bomb) < 100_000
    many = zipped(*((f"pictures/{number}.png", b"x") for number in range(300)))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped(("template.json", b"{}"), ("template.json", b"{}"))
    other_method = zipped(("template.json", b"{}"), method=zipfile.ZIP_BZIP2)
    encrypted = bytearray(zipped(("template.json", b"{}")))
    for start in (encrypted.index(b"PK\x03\x04") + 6, encrypted.index(b"PK\x01\x02") + 8):
        encrypted[start] |= 1
    cut = zipped(("template.json", b"{}" * 1000))[:-30]
    for data in (bomb, many, twice, other_method, bytes(encrypted), cut):
        with pytest.raises(InvalidInput):
            unpacked(data)


def test_a_file_that_lies_about_its_size_is_not_believed() -> None:
    honest = zipped(("template.json", b"\0" * 15_500_000))
    size = (15_500_000).to_bytes(4, "little")
    with pytest.raises(InvalidInput):
        unpacked(honest.replace(size, (10).to_bytes(4, "little")))


def test_a_source_that_grows_with_each_picture_is_refused_while_it_is_small(
    library: Templates, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    class Far(Album):
        def add(self, by: Principal, data: bytes, name: str, alt: str = "") -> Kept:
            kept = super().add(by, data, name, alt)
            kept.url = f"https://{'far.' * 50}example.com/{kept.id}.png"
            return kept

    album = Far()
    pictures = [{"file": "a.png", "url": "https://"}] * 100
    form = {"postwright": "template", "version": 1, "name": "Tea", "kind": "html", "source": "https:// " * 50_000, "pictures": pictures}
    made = packed({"template.json": json.dumps(form).encode(), "a.png": b"PNG"})
    with pytest.raises(InvalidInput, match="larger than 500 KB"):
        Exchange(db, clock, library, BrandKits(db, clock), album).load(workspace, made, "tea.zip")
    assert len(album.kept) == 1


def test_a_source_that_is_too_large_is_refused_before_its_colours_are_looked_for(exchange: Exchange, workspace: Principal) -> None:
    form = {"postwright": "template", "version": 1, "name": "Tea", "kind": "blocks", "source": f"[{'[],' * 6_000_000}[]]", "colours": {}}
    data = json.dumps(form).encode()
    begun = time.process_time()
    with pytest.raises(InvalidInput, match="larger than 500 KB"):
        exchange.load(workspace, data, "tea.json", brand=BrandChoice.COLOURS)
    assert time.process_time() - begun < 1


def test_languages_of_a_file_are_languages(library: Templates, exchange: Exchange, workspace: Principal) -> None:
    form = {"postwright": "template", "version": 1, "name": "Tea", "kind": "html", "source": "<p>Tea</p>", "languages": {"x](y)": "<p>"}}
    with pytest.raises(InvalidInput, match="no language"):
        exchange.load(workspace, json.dumps(form).encode(), "tea.json")
    form["languages"] = {"pt_BR": "<p>Chá</p>"}
    loaded = exchange.load(workspace, json.dumps(form).encode(), "tea.json")
    assert json.loads(exchange.export(workspace, loaded.template_id).data)["languages"] == {"pt-br": "<p>Chá</p>"}


def test_a_zip_of_a_million_names_is_refused_before_they_are_read() -> None:
    made = packed({"a": b"x"})
    entry, end = made.find(b"PK\x01\x02"), made.find(b"PK\x05\x06")
    names = made[entry:end] * 400_000
    begun = time.process_time()
    with pytest.raises(InvalidInput, match="too much"):
        unpacked(made[:entry] + names + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(names), entry, 0))
    assert time.process_time() - begun < 0.5


def test_the_same_files_make_the_same_zip() -> None:
    files = {"template.json": b"{}", "pictures/1.png": b"x"}
    assert packed(files) == packed(files) and unpacked(packed(files)) == files


def test_a_picture_the_file_does_not_hold_is_missed(library: Templates, exchange: Exchange, workspace: Principal, other: Principal) -> None:
    form = exported(library, exchange, workspace)
    form["pictures"] = [{"file": "pictures/1.png", "url": PICTURE}]
    with pytest.raises(InvalidInput, match="not in the file"):
        exchange.load(other, json.dumps(form).encode(), "f.json")


def test_another_workspace_and_who_may_not_get_nothing(
    library: Templates, exchange: Exchange, workspace: Principal, other: Principal
) -> None:
    template_id = library.save(workspace, "Tea", "<p>Tea</p>").template_id
    with pytest.raises(NotFound):
        exchange.export(other, template_id)
    with pytest.raises(Denied):
        exchange.export(replace(workspace, permissions=frozenset()), template_id)
    with pytest.raises(Denied):
        exchange.load(replace(workspace, permissions=frozenset({Permission.TEMPLATES_VIEW})), b"<p>A</p>", "a.html")
