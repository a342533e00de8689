from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.translating import words_of
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.exchange.files import Exchange
from core.templates.languages.variants import MAX_LANGUAGES
from core.templates.library.drafts import Drafts
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
    with pytest.raises(InvalidInput, match="In the language de: Section 1 · Heading"):
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


def test_of_several_who_save_languages_at_once_nothing_is_lost(
    templates: Templates, translating: Translating, workspace: Principal
) -> None:
    template_id = templates.save(workspace, "News", EMAIL).template_id
    languages = ["de", "fr", "es", "it", "nl", "pl"]
    with ThreadPoolExecutor(7) as threads:
        main = threads.submit(templates.save_version, workspace, template_id, EMAIL.replace("Read on", "Go on"))
        saved = list(threads.map(lambda tag: translating.put(workspace, template_id, tag, GERMAN), languages))
    assert main.result().number and len({one.number for one in saved}) == 6
    assert sorted(translating.languages(workspace, template_id)) == sorted(languages)
    assert "Go on" in templates.latest(workspace, template_id).source


def test_words_are_tried_out_and_kept_as_drafts_before_they_are_a_version(
    templates: Templates, translating: Translating, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    drafts, template_id = Drafts(db, clock), templates.save(workspace, "News", EMAIL).template_id
    how = {"kind": TemplateKind.BLOCKS, "based_on": 1, "revision": 0}
    main = drafts.keep(workspace, template_id, "main", **how)
    german = drafts.keep(workspace, template_id, GERMAN, language="DE", **how)
    drafts.keep(workspace, template_id, "{}", language="fr", **how)
    assert (main.language, german.language, drafts.languages(workspace, template_id)) == ("", "de", ["de", "fr"])
    with pytest.raises(Conflict):
        drafts.keep(workspace, template_id, "{}", language="de", **how)
    assert "Hallo" in translating.try_out(workspace, template_id, "de", german.source).html
    with pytest.raises(InvalidInput):
        translating.try_out(workspace, template_id, "de", orjson.dumps({HEADING.id: {"text": "{{ contact.made_up }}"}}).decode())
    translating.put(workspace, template_id, "de", german.source)
    assert drafts.languages(workspace, template_id) == ["fr"], "what somebody writes in other languages stays"
    assert drafts.get(workspace, template_id) == main, "and in the main one"
    drafts.discard(workspace, template_id, "fr")
    assert drafts.languages(workspace, template_id) == []
    for tag in ("deutsch!", "x"):
        with pytest.raises(InvalidInput, match="no language"):
            drafts.keep(workspace, template_id, "{}", language=tag, **how)


def test_a_template_has_an_end_of_languages_that_are_begun(
    templates: Templates, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    drafts, template_id = Drafts(db, clock), templates.save(workspace, "News", EMAIL).template_id
    for number in range(MAX_LANGUAGES):
        drafts.keep(workspace, template_id, "{}", TemplateKind.BLOCKS, based_on=1, revision=0, language=f"de-{number:03}")
    with pytest.raises(InvalidInput, match="30 languages"):
        drafts.keep(workspace, template_id, "{}", TemplateKind.BLOCKS, based_on=1, revision=0, language="fr")


def test_what_is_translated_is_called_what_it_is_and_nothing_twice() -> None:
    text, picture = new_block(BlockKind.TEXT), new_block(BlockKind.IMAGE, src="https://tea.garden/hill.png", alt="A hill")
    labels = [one.label for one in words_of(Document(sections=(new_section("1", text, picture, BUTTON),)))]
    assert labels == ["Text", "Picture: what the picture shows", "Picture: address of the picture", "Button", "Button: link"]
