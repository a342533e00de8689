from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.blocks.document import Document, new_block, new_section, read_document
from core.templates.blocks.kinds import BlockKind
from core.templates.brands.checking import MAX_KITS
from core.templates.brands.kits import BrandKits
from core.templates.brands.restyling import NOTE
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.templates import Templates
from core.templates.library.translating import Translating
from core.templates.look.brand import Brand, Colours, Font, Logo, Network, Sender, SocialLink, Utm
from core.templates.tables import brand_kits, template_variants, template_versions, templates
from tests.templates.brands.conftest import letter

GREEN = Brand(colours=Colours(primary="#0a7d4f"))
RED = Brand(colours=Colours(primary="#b3261e"), legal="Acme Ltd, registered in Oslo")


def test_the_first_kit_is_the_default_and_the_second_is_not(kits: BrandKits, workspace: Principal) -> None:
    assert kits.default(workspace) is None
    first = kits.save(workspace, "  House   style ", GREEN).kit
    second = kits.save(workspace, "Shop", RED).kit
    assert (first.name, first.is_default, second.is_default) == ("House style", True, False)
    assert kits.all(workspace) == [first, second]
    assert kits.default(workspace) == first == kits.get(workspace, first.id)
    assert kits.brand_of(workspace.workspace_id, None) == GREEN
    assert kits.brand_of(workspace.workspace_id, second.id) == RED


@pytest.mark.parametrize("name", ["", "a" * 101, "a\x00b", "a\ud800b", "a\u202eb", "\u200b"])
def test_a_kit_is_called_what_can_be_seen(kits: BrandKits, workspace: Principal, name: str) -> None:
    with pytest.raises(InvalidInput, match="needs a name"):
        kits.save(workspace, name, GREEN)


@pytest.mark.parametrize("brand", [Brand(senders=(Sender(name="a\x00", email="a@example.com"),)), Brand(utm=Utm(medium="\x00"))])
def test_a_kit_says_what_is_text(kits: BrandKits, workspace: Principal, brand: Brand) -> None:
    with pytest.raises(InvalidInput, match="not text"):
        kits.save(workspace, "Shop", brand)


def test_there_is_always_one_default(kits: BrandKits, workspace: Principal, db: Database) -> None:
    made = [kits.save(workspace, name, Brand()).kit for name in ("A", "B", "C")]
    for kit in (made[2], made[1], made[1]):
        kits.make_default(workspace, kit.id)
        assert [each.id for each in kits.all(workspace) if each.is_default] == [kit.id]
    assert kits.all(workspace)[0].id == made[1].id


def test_of_two_first_kits_at_once_one_is_the_default(kits: BrandKits, workspace: Principal, db: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: kits.save(workspace, name, Brand()), ["A", "B", "C", "D"]))
    assert [kit.is_default for kit in kits.all(workspace)] == [True, False, False, False]


def test_a_name_is_taken_once(kits: BrandKits, workspace: Principal, other: Principal) -> None:
    kits.save(workspace, "Shop", GREEN)
    second = kits.save(workspace, "House", GREEN).kit
    for refused in (lambda: kits.save(workspace, "SHOP", RED), lambda: kits.rename(workspace, second.id, "shop")):
        with pytest.raises(Conflict, match="called"):
            refused()
    assert kits.save(other, "Shop", RED).kit.is_default
    assert kits.rename(workspace, second.id, "House of tea").name == "House of tea"
    with pytest.raises(InvalidInput, match="needs a name"):
        kits.save(workspace, "   ", GREEN)


def test_there_is_a_bound(kits: BrandKits, workspace: Principal, sqlite_db: Database) -> None:
    first = kits.save(workspace, "Kit 0", Brand()).kit
    row = {"workspace_id": workspace.workspace_id, "is_default": False, "content": {}, "updated_by": "system"}
    moments = {"created_at": first.updated_at, "updated_at": first.updated_at}
    with sqlite_db.transaction() as connection:
        connection.execute(brand_kits.insert(), [{**row, **moments, "name": f"Kit {number}"} for number in range(1, MAX_KITS)])
    with pytest.raises(InvalidInput, match="the most"):
        kits.save(workspace, "One more", Brand())


def test_a_kit_is_seen_in_its_workspace_only(kits: BrandKits, library: Templates, workspace: Principal, other: Principal) -> None:
    kit = kits.save(workspace, "Shop", RED).kit
    theirs = letter(library, other)
    assert kits.all(other) == [] and kits.default(other) is None
    for knock in (
        lambda: kits.get(other, kit.id),
        lambda: kits.save(other, "Theirs", GREEN, kit.id),
        lambda: kits.rename(other, kit.id, "Theirs"),
        lambda: kits.make_default(other, kit.id),
        lambda: kits.delete(other, kit.id),
        lambda: kits.where_used(other, kit.id),
        lambda: kits.wear(other, theirs.template_id, kit.id),
        lambda: kits.wear(workspace, theirs.template_id, kit.id),
        lambda: kits.chosen_for(workspace, theirs.template_id),
    ):
        with pytest.raises(NotFound):
            knock()
    assert kits.all(workspace) == [kit]
    assert kits.brand_of(other.workspace_id, kit.id) == Brand()


def test_who_may_only_look_changes_nothing(kits: BrandKits, workspace: Principal) -> None:
    kit = kits.save(workspace, "Shop", RED).kit
    reader = Principal(workspace.workspace_id, "person:1", frozenset({Permission.TEMPLATES_VIEW}))
    assert kits.all(reader) == [kit]
    with pytest.raises(Denied):
        kits.save(reader, "Shop", GREEN, kit.id)


def test_a_change_gives_templates_a_new_version_and_leaves_the_old_one_alone(
    kits: BrandKits, library: Templates, workspace: Principal, clock: FrozenClock, db: Database
) -> None:
    kit = kits.save(workspace, "Shop", GREEN).kit
    first = letter(library, workspace)
    assert "#0a7d4f" in first.html
    clock.advance(timedelta(hours=1))
    saved = kits.save(workspace, "Shop", RED, kit.id)
    assert dict(saved.restyled.changed) == {first.template_id: "Letter"} and not saved.restyled.kept
    newest = library.latest(workspace, first.template_id)
    assert (newest.number, newest.source, newest.kind, newest.created_at) == (2, first.source, TemplateKind.BLOCKS, clock.now())
    assert "#b3261e" in newest.html and "registered in Oslo" in newest.html + newest.text and "#0a7d4f" not in newest.html
    assert library.version(workspace.workspace_id, first.id) == first
    assert library.get(workspace, first.template_id).updated_at == clock.now()
    with db.read() as connection:
        assert list(connection.execute(sa.select(template_versions.c.note).order_by(template_versions.c.number)).scalars()) == ["", NOTE]


def test_what_looks_the_same_gets_no_version(kits: BrandKits, library: Templates, workspace: Principal) -> None:
    kit = kits.save(workspace, "Shop", GREEN).kit
    first = letter(library, workspace)
    more = GREEN.model_copy(update={"senders": (Sender(name="Shop", email="shop@example.com"),)})
    assert not kits.save(workspace, "Shop", more, kit.id).restyled.changed
    assert not kits.save(workspace, "Shop of tea", more, kit.id).restyled.changed
    assert library.latest(workspace, first.template_id) == first
    unchanged = kits.save(workspace, "Shop of tea", more, kit.id)
    assert unchanged.kit == kits.get(workspace, kit.id)


def test_only_those_that_wear_it_change(kits: BrandKits, library: Templates, workspace: Principal, other: Principal, db: Database) -> None:
    kits.save(workspace, "House", Brand())
    shop = kits.save(workspace, "Shop", GREEN).kit
    worn, bare, code, archived, theirs = (
        letter(library, workspace, "Worn"),
        letter(library, workspace, "Bare"),
        library.save(workspace, "Code", "<p>{{ brand.legal }}</p>"),
        letter(library, workspace, "Archived"),
        letter(library, other, "Worn"),
    )
    for each in (worn, code, archived):
        kits.wear(workspace, each.template_id, shop.id)
    with db.transaction() as connection:
        gone = templates.c.id == archived.template_id
        connection.execute(templates.update().where(gone).values(archived_at=archived.created_at))
    assert list(kits.save(workspace, "Shop", RED, shop.id).restyled.changed.values()) == ["Worn"]
    for each, by in ((bare, workspace), (code, workspace), (theirs, other)):
        assert library.latest(by, each.template_id) == each
    assert [(one.name, one.is_chosen) for one in kits.where_used(workspace, shop.id)] == [("Code", True), ("Worn", True)]


def test_a_template_that_chose_none_wears_the_default_whichever_that_is(kits: BrandKits, library: Templates, workspace: Principal) -> None:
    bare = letter(library, workspace)
    house = kits.save(workspace, "House", GREEN)
    assert list(house.restyled.changed.values()) == ["Letter"], "the first kit is worn at once"
    shop = kits.save(workspace, "Shop", RED)
    assert not shop.restyled.changed
    assert [one.name for one in kits.where_used(workspace, house.kit.id)] == ["Letter"]
    assert kits.where_used(workspace, shop.kit.id) == []
    assert list(kits.make_default(workspace, shop.kit.id).changed.values()) == ["Letter"]
    assert "#b3261e" in library.latest(workspace, bare.template_id).html
    assert not kits.make_default(workspace, shop.kit.id).changed


def test_a_template_chooses_its_kit_and_goes_back(kits: BrandKits, library: Templates, workspace: Principal) -> None:
    kits.save(workspace, "House", GREEN)
    shop = kits.save(workspace, "Shop", RED).kit
    worn = letter(library, workspace)
    assert kits.chosen_for(workspace, worn.template_id) is None
    assert list(kits.wear(workspace, worn.template_id, shop.id).changed) == [worn.template_id]
    assert kits.chosen_for(workspace, worn.template_id) == shop.id
    assert "#b3261e" in library.latest(workspace, worn.template_id).html
    assert not kits.wear(workspace, worn.template_id, shop.id).changed
    saved = letter(library, workspace, text="Other words")
    assert "#b3261e" in saved.html and saved.number == 3
    kits.wear(workspace, worn.template_id, None)
    assert "#0a7d4f" in library.latest(workspace, worn.template_id).html
    with pytest.raises(NotFound):
        kits.wear(workspace, worn.template_id, 2**40)


def test_what_is_worn_is_not_deleted(kits: BrandKits, library: Templates, workspace: Principal) -> None:
    house, shop = (kits.save(workspace, name, look).kit for name, look in (("House", GREEN), ("Shop", RED)))
    worn = letter(library, workspace)
    kits.wear(workspace, worn.template_id, shop.id)
    with pytest.raises(Conflict, match="1 template wears"):
        kits.delete(workspace, shop.id)
    with pytest.raises(Conflict, match="default"):
        kits.delete(workspace, house.id)
    kits.wear(workspace, worn.template_id, None)
    kits.delete(workspace, shop.id)
    plain = kits.delete(workspace, house.id)
    assert list(plain.changed.values()) == ["Letter"], "the last kit leaves plain templates"
    assert kits.all(workspace) == []
    assert Colours().primary in library.latest(workspace, worn.template_id).html


class Watched(Database):
    """Counts how long the processor works while something is being written."""

    working = 0.0

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        with super().transaction() as connection:
            begun = time.process_time()
            yield connection
            self.working += time.process_time() - begun


def test_nobody_who_writes_waits_for_the_templates_of_the_last_kit(
    library: Templates, workspace: Principal, sqlite_db: Database, clock: FrozenClock
) -> None:
    watched = Watched(sqlite_db.url)
    kits = BrandKits(watched, clock)
    kit = kits.save(workspace, "House", RED).kit
    for number in range(10):  # long and unlike each other: compiling takes longer than writing
        words = [new_block(BlockKind.TEXT, html=f"<p>Tea {number} of {at}</p>") for at in range(60)]
        document = Document(sections=tuple(new_section("1", one) for one in words))
        library.save(workspace, f"Letter {number}", document.as_json())
    watched.working, begun = 0.0, time.process_time()
    assert len(kits.delete(workspace, kit.id).changed) == 10
    whole = time.process_time() - begun
    assert watched.working < whole / 2


def test_an_archived_template_keeps_no_kit_from_going(
    kits: BrandKits, library: Templates, workspace: Principal, sqlite_db: Database, clock: FrozenClock
) -> None:
    kits.save(workspace, "House", GREEN)
    shop = kits.save(workspace, "Shop", RED).kit
    worn = letter(library, workspace)
    kits.wear(workspace, worn.template_id, shop.id)
    with sqlite_db.transaction() as connection:
        connection.execute(templates.update().values(archived_at=clock.now()))
    kits.delete(workspace, shop.id)
    assert kits.chosen_for(workspace, worn.template_id) is None


def test_a_template_that_does_not_compile_keeps_its_version_and_is_named(
    kits: BrandKits, library: Templates, workspace: Principal, sqlite_db: Database
) -> None:
    kit = kits.save(workspace, "House", GREEN).kit
    broken, whole = letter(library, workspace, "Broken"), letter(library, workspace, "Whole")
    with sqlite_db.transaction() as connection:  # as an earlier version of the product may have left it
        this = template_versions.c.id == broken.id
        connection.execute(template_versions.update().where(this).values(source=broken.source.replace("https://shop", "javascript:shop")))
    saved = kits.save(workspace, "House", RED, kit.id)
    assert list(saved.restyled.changed) == [whole.template_id]
    [kept] = saved.restyled.kept
    assert (kept.template_id, kept.name) == (broken.template_id, "Broken") and kept.reason
    assert library.latest(workspace, broken.template_id).html == broken.html


@pytest.mark.parametrize(
    ("brand", "what"),
    [
        (Brand(logo=Logo(url="javascript:alert(1)")), "logo"),
        (Brand(logo=Logo(url="/logo.png")), "logo"),
        (Brand(logo=Logo(url="https://[")), "logo"),
        (Brand(logo=Logo(url="https://a.example/{{ contact.email }}")), "logo"),
        (Brand(social=(SocialLink(network=Network.LINKEDIN, url="linkedin.com/x"),)), "LinkedIn"),
        (Brand(senders=(Sender(email="nobody"),)), "@"),
        (Brand(senders=(Sender(name="A", email="a@example.com"), Sender(name="A ", email="A@example.com"))), "twice"),
        (Brand(legal="{{ contact.email }}"), "merge fields"),
        (Brand(postal_address="{% for a in b %}"), "merge fields"),
        (Brand(utm=Utm(source="{{ x }}")), "merge fields"),
    ],
)
def test_what_would_break_emails_is_not_kept(kits: BrandKits, workspace: Principal, brand: Brand, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        kits.save(workspace, "House", brand)
    assert kits.all(workspace) == []


def test_addresses_are_kept_in_one_spelling(kits: BrandKits, workspace: Principal) -> None:
    brand = Brand(logo=Logo(url=" https://a.example/logo.png "), senders=(Sender(name=" Tea  shop ", email=" Shop@Example.COM "),))
    kept = kits.save(workspace, "House", brand).kit.brand
    assert kept.logo.url == "https://a.example/logo.png"
    assert kept.senders == (Sender(name="Tea shop", email="shop@example.com"),)


def test_whoever_saves_while_a_kit_is_changed_gets_the_new_look(
    kits: BrandKits, library: Templates, workspace: Principal, clock: FrozenClock, sqlite_db: Database
) -> None:
    class Late(BrandKits):
        """Answers, and then somebody changes the kit."""

        def brand_of(self, workspace_id: int, kit_id: int | None) -> Brand:
            found = super().brand_of(workspace_id, kit_id)
            kits.save(workspace, "House", RED, house.id)
            return found

    house = kits.save(workspace, "House", GREEN).kit
    version = letter(Templates(sqlite_db, clock, Late(sqlite_db, clock)), workspace)
    assert "#b3261e" in version.html and version.number == 1


def test_every_language_of_a_template_follows(kits: BrandKits, library: Templates, workspace: Principal, db: Database) -> None:
    kit = kits.save(workspace, "House", GREEN).kit
    english = letter(library, workspace)
    button = next(read_document(english.source).blocks())
    words = json.dumps({button.id: {"text": "Los"}})
    german = Translating(db, library).put(workspace, english.template_id, "de", words)
    kits.save(workspace, "House", RED, kit.id)
    newest = library.latest(workspace, english.template_id)
    with db.read() as connection:
        rows = connection.execute(sa.select(template_variants).order_by(template_variants.c.id)).all()
    assert [(row.version_id, row.language) for row in rows] == [(german.id, "de"), (newest.id, "de")]
    assert (rows[0].source, rows[1].source) == (words, words)
    assert "#b3261e" not in rows[0].html and "Los" in rows[0].html
    assert "#b3261e" in rows[1].html and "Los" in rows[1].html


def test_links_get_the_parameters_of_their_brand_though_nothing_looks_different(
    kits: BrandKits, library: Templates, workspace: Principal, db: Database
) -> None:
    kit = kits.save(workspace, "House", GREEN).kit
    english = letter(library, workspace)
    button = next(read_document(english.source).blocks())
    german = json.dumps({button.id: {"url": "https://laden.example.com/"}})
    Translating(db, library).put(workspace, english.template_id, "de", german)
    counted = GREEN.model_copy(update={"utm": Utm(source="news")})
    assert list(kits.save(workspace, "House", counted, kit.id).restyled.changed) == [english.template_id]
    newest = library.latest(workspace, english.template_id)
    assert newest.links == ["https://shop.example.com/?utm_source=news", "https://laden.example.com/?utm_source=news"]
    assert kits.follow(workspace).changed == {} and library.latest(workspace, english.template_id) == newest


def test_a_template_whose_links_lead_elsewhere_is_another_version(
    kits: BrandKits, library: Templates, workspace: Principal, db: Database
) -> None:
    version = letter(library, workspace)
    with db.transaction() as connection:  # as a brand that was changed by an earlier release left it
        connection.execute(template_versions.update().values(links=["https://shop.example.com/?utm_source=old"]))
    again = library.save(workspace, "Letter", version.source, kind=TemplateKind.BLOCKS)
    assert (again.number, again.links) == (2, ["https://shop.example.com/"])


def test_every_font_has_others_to_fall_back_on_and_ends_in_any_of_its_kind() -> None:
    for font in Font:
        assert font.stack.rpartition(", ")[2] in {"serif", "sans-serif", "monospace"}
        assert font.fallbacks.rpartition(", ")[2].startswith("any font") or font is Font.SYSTEM
    assert Font.GEORGIA.fallbacks == "Times New Roman, any font with serifs"
    assert Font.SYSTEM.fallbacks == ""
