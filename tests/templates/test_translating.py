import orjson
import pytest

from core.clock import FrozenClock
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.brands.kits import BrandKits
from core.templates.exchange.files import Exchange
from core.templates.library.shelving import Shelves
from core.templates.library.templates import Templates
from core.templates.library.translating import Translating
from core.templates.library.versions import Versions
from core.templates.look.brand import Brand, Colours

HEADING = new_block(BlockKind.HEADING, text="Hello")
BUTTON = new_block(BlockKind.BUTTON, text="Read on", url="https://example.com/en")
EMAIL = Document(sections=(new_section("1", HEADING, BUTTON),)).as_json()
GERMAN = orjson.dumps({HEADING.id: {"text": "Hallo"}, BUTTON.id: {"url": "https://example.com/de"}}).decode()


@pytest.fixture
def templates(db: Database, clock: FrozenClock) -> Templates:
    return Templates(db, clock, BrandKits(db, clock))


@pytest.fixture
def translating(db: Database, templates: Templates) -> Translating:
    return Translating(db, templates)


def test_a_language_makes_a_new_version_that_keeps_it(templates: Templates, translating: Translating, workspace: Principal) -> None:
    first = templates.save(workspace, "News", EMAIL)
    second = translating.put(workspace, first.template_id, "DE", GERMAN)
    assert (second.number, second.note) == (2, "In de")
    assert second.links == ["https://example.com/en", "https://example.com/de"]
    assert translating.languages(workspace, first.template_id) == {"de": GERMAN}
    again = translating.put(workspace, first.template_id, "de", GERMAN)
    assert again.number == 2, "nothing changed"
    third = templates.save(workspace, "News", EMAIL.replace("Read on", "Go on"))
    assert (third.number, translating.languages(workspace, first.template_id)) == (3, {"de": GERMAN})
    german = translating.in_language(workspace, third, "de-AT")
    assert "Hallo" in german.html
    assert "Hello" not in german.html
    assert translating.in_language(workspace, third, "fr").html == third.html


def test_a_language_can_be_taken_out(templates: Templates, translating: Translating, workspace: Principal) -> None:
    template_id = templates.save(workspace, "News", EMAIL).template_id
    translating.put(workspace, template_id, "de", GERMAN)
    assert translating.remove(workspace, template_id, "de").note == "Without de"
    assert translating.languages(workspace, template_id) == {}
    with pytest.raises(NotFound):
        translating.remove(workspace, template_id, "de")


def test_what_can_not_be_used_is_refused(templates: Templates, translating: Translating, workspace: Principal) -> None:
    template_id = templates.save(workspace, "News", EMAIL).template_id
    with pytest.raises(InvalidInput, match="no language"):
        translating.put(workspace, template_id, "deutsch!", GERMAN)
    with pytest.raises(InvalidInput, match="In the language de: Heading"):
        translating.put(workspace, template_id, "de", orjson.dumps({HEADING.id: {"text": "{{ contact.made_up }}"}}).decode())
    with pytest.raises(NotFound):
        translating.put(workspace, 2**40, "de", "{}")
    stranger = Principal(workspace.workspace_id, "person:3", frozenset({Permission.TEMPLATES_VIEW}), 3)
    with pytest.raises(Denied):
        translating.put(stranger, template_id, "de", GERMAN)


def test_words_for_products_that_are_not_there_go_unsaid(templates: Templates, translating: Translating, workspace: Principal) -> None:
    row = new_block(BlockKind.PRODUCTS)
    template_id = templates.save(workspace, "Shop", Document(sections=(new_section("1", row),)).as_json()).template_id
    words = {f"{at}.name": f"Nr. {at[:2]}" for at in ("0", "2", "-1", "٠", "9" * 5_000)}
    made = translating.put(workspace, template_id, "de", orjson.dumps({row.id: words}).decode())
    said = translating.in_language(workspace, made, "de").text
    assert said.count("Nr. 0") == said.count("Nr.") == 1


def test_copies_restored_versions_files_and_other_brands_keep_the_languages(
    db: Database, clock: FrozenClock, templates: Templates, translating: Translating, workspace: Principal
) -> None:
    template_id = templates.save(workspace, "News", EMAIL).template_id
    translating.put(workspace, template_id, "de", GERMAN)
    copy = Shelves(db, clock).duplicate(workspace, template_id)
    assert translating.languages(workspace, copy.id) == {"de": GERMAN}
    exchange = Exchange(db, clock, templates, BrandKits(db, clock))
    file = exchange.export(workspace, template_id)
    assert translating.languages(workspace, exchange.load(workspace, file.data, file.name, name="Again").template_id) == {"de": GERMAN}
    translating.remove(workspace, template_id, "de")
    Versions(db, templates, lambda *_: []).restore(workspace, template_id, 2)
    assert translating.languages(workspace, template_id) == {"de": GERMAN}
    BrandKits(db, clock).save(workspace, "Red", Brand(colours=Colours(primary="#bb0000")))
    latest = templates.latest(workspace, template_id)
    german = translating.in_language(workspace, latest, "de")
    assert "#bb0000" in german.html
    assert "Hallo" in german.html
