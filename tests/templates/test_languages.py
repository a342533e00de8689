import orjson
import pytest
from hypothesis import given

from core.errors import InvalidInput
from core.templates.blocks.document import Document, new_block, new_section, read_document
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.translating import PREVIEW, read_translations, translated, words_of
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.languages.choice import chosen, normal_language
from core.templates.languages.variants import compile_variants
from core.templates.look.brand import Brand
from tests.templates.blocks.making import documents

HEADING = new_block(BlockKind.HEADING, text="Hello {{ contact.first_name }}")
BUTTON = new_block(BlockKind.BUTTON, text="Read on", url="https://example.com/en")
PRODUCTS = new_block(BlockKind.PRODUCTS, products=[{"name": "Socks", "url": "https://example.com/socks"}, {"name": "Hat"}])
EMAIL = Document(preview_text="News", sections=(new_section("1", HEADING, BUTTON, PRODUCTS),))


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt-br"),
        ("pt", "main"),
        ("zh-Hant-TW", "zh-hant"),
        ("zh_Hant", "zh-hant"),
        ("zh-Hans-CN", "zh"),
        ("pt-BR-SP", "pt-br"),
        ("pt-B", "main"),
        ("zho", "main"),
        ("-", "main"),
        ("fr", "main"),
        ("", "main"),
        (None, "main"),
        (5, "main"),
    ],
)
def test_readers_get_their_language_or_a_plainer_form_of_it_or_the_main_one(language: object, found: str) -> None:
    assert chosen(language, "main", {tag: tag for tag in ("de", "pt-br", "zh", "zh-hant")}) == found


@pytest.mark.parametrize(("written", "normal"), [("de", "de"), (" pt_BR ", "pt-br"), ("zh-Hant-TW", "zh-hant-tw")])
def test_a_language_has_one_spelling(written: str, normal: str) -> None:
    assert normal_language(written) == normal


@pytest.mark.parametrize("written", ["", "german", "d", "de DE", "<b>", "de-" + "x" * 9])
def test_what_is_no_language_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput, match="no language"):
        normal_language(written)


def test_the_layout_stays_and_the_words_are_another_language() -> None:
    said = {HEADING.id: {"text": "Hallo {{ contact.first_name }}"}, PRODUCTS.id: {"0.name": "Socken", "9.name": "x", "0.made_up": "x"}}
    german = translated(EMAIL, "de", {PREVIEW: {"text": "Neues"}, **said, "gone": {"text": "x"}})
    assert (german.language, german.preview_text) == ("de", "Neues")
    heading, button, products = german.blocks()
    assert heading.text == "Hallo {{ contact.first_name }}"  # type: ignore[union-attr]
    assert button == BUTTON, "what has no translation stays as it was"
    assert [one.name for one in products.products] == ["Socken", "Hat"]  # type: ignore[union-attr]
    with pytest.raises(InvalidInput):
        translated(EMAIL, "de", {HEADING.id: {"text": "x" * 501}})


@given(documents())
def test_everything_that_can_be_translated_is_written_where_it_stood(document: Document) -> None:
    words = words_of(document)
    said: dict[str, dict[str, str]] = {}
    for one in words:
        said.setdefault(one.part, {})[one.field] = f"{one.text}!"
    assert [one.text for one in words_of(translated(document, "de", said))] == [f"{one.text}!" for one in words]
    assert translated(document, document.language, {}) == document


@pytest.mark.parametrize("source", ["", "[]", "3", '{"a": 1}', '{"a": {"b": 1}}', '{"a": {"b": "' + "x" * 500_001 + '"}}'])
def test_what_are_no_translations_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput, match="no translations"):
        read_translations(source)


def test_all_languages_share_one_list_of_links() -> None:
    main = compile_template(EMAIL.as_json())
    german = orjson.dumps({BUTTON.id: {"url": "https://example.com/de", "text": "Weiter {{ contact.city }}"}}).decode()
    variants, links, fields = compile_variants(main, EMAIL.as_json(), {"de": german, "fr": "{}"}, known_attributes=["city"], brand=Brand())
    assert links == ["https://example.com/en", "https://example.com/socks", "https://example.com/de"]
    assert [one.language for one in variants] == ["de", "fr"]
    assert "pw_links[2]" in variants[0].html
    assert "pw_links[0]" not in variants[0].html
    assert "pw_links[2]" not in variants[1].html
    assert "contact.city" in fields
    assert "contact.city" not in main.fields


def test_a_language_that_can_not_be_used_is_named() -> None:
    main = compile_template("<p>Hello</p>")
    with pytest.raises(InvalidInput, match="In the language de: The template has a mistake"):
        compile_variants(main, "<p>Hello</p>", {"de": "<p>{{ Hallo</p>"}, known_attributes=[], brand=Brand())
    found, _, _ = compile_variants(main, "<p>Hello</p>", {"de": "<p>Hallo</p>"}, known_attributes=[], brand=Brand())
    assert "Hallo" in found[0].html
    assert main.kind is TemplateKind.HTML
    assert read_document(EMAIL.as_json()) == EMAIL
