"""Languages of a template: add one, write its words beside the main ones, take it out."""

from __future__ import annotations

import orjson
import pytest

from core.permissions import Role
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.ui.create.language_form import tag_of
from tests.pages.conftest import words_on

PAGE = "pages/create/template_languages.py"
HEADING = new_block(BlockKind.HEADING, text="Hello reader")
BLOCKS = Document(sections=(new_section("1", HEADING, new_block(BlockKind.TEXT, html="<p>Some news</p>")),)).as_json()


@pytest.mark.parametrize(("typed", "tag"), [("Deutsch", "de"), (" deutsch ", "de"), ("pt-BR", "pt-BR"), ("", "")])
def test_a_language_may_be_typed_by_its_name(typed, tag):
    assert tag_of(typed) == tag


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


@pytest.fixture
def template_id(shared, admin):
    return shared.templates.save(admin, "News", BLOCKS).template_id


@pytest.fixture
def opened(app_as, template_id):
    return lambda role=Role.MARKETER: app_as(role)(PAGE, id=str(template_id))


def test_a_language_is_added_and_its_words_are_written_beside_the_main_ones(opened, shared, admin, template_id):
    app = opened()
    assert "Only in one language" in words_on(app)
    app.button(key="primary_action").click().run()
    app.selectbox(key="new_language").set_value("de")
    submit(app, "Add")
    assert shared.translating.languages(admin, template_id) == {"de": "{}"}
    assert "0 of 2 texts translated" in words_on(app)
    assert "Hello reader" in words_on(app)
    app.text_input(key=f"words_{template_id}_de_{HEADING.id}_text").set_value("Hallo Leserin")
    submit(app, "Save translation")
    assert "1 of 2 texts translated" in words_on(app)
    assert orjson.loads(shared.translating.languages(admin, template_id)["de"]) == {HEADING.id: {"text": "Hallo Leserin"}}
    assert shared.templates.latest(admin, template_id).number == 3


def test_words_that_can_not_be_used_are_refused_and_stay(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", "{}")
    app = opened()
    app.text_input(key=f"words_{template_id}_de_{HEADING.id}_text").set_value("{{ contact.made_up_field }}")
    submit(app, "Save translation")
    assert "does not exist" in words_on(app)
    assert app.text_input(key=f"words_{template_id}_de_{HEADING.id}_text").value == "{{ contact.made_up_field }}"
    assert shared.translating.languages(admin, template_id) == {"de": "{}"}


def test_a_language_is_taken_out_after_a_question(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", "{}")
    app = opened()
    app.button(key="remove_language_open").click().run()
    assert "Take Deutsch (de) out?" in words_on(app) or "Readers of Deutsch (de) get the main language" in words_on(app)
    app.button(key="remove_language-yes").click().run()
    assert shared.translating.languages(admin, template_id) == {}


def test_a_template_of_code_has_a_source_for_each_language(app_as, shared, admin):
    template_id = shared.templates.save(admin, "Code", "<p>Hello</p>").template_id
    shared.translating.put(admin, template_id, "fr", "<p>Bonjour</p>")
    app = app_as(Role.MARKETER)(PAGE, id=str(template_id))
    app.text_area(key="source_fr").set_value("<p>Salut</p>")
    submit(app, "Save translation")
    assert shared.translating.languages(admin, template_id) == {"fr": "<p>Salut</p>"}


def test_whoever_may_only_look_changes_nothing(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", "{}")
    app = opened(Role.ANALYST)
    assert app.text_input(key=f"words_{template_id}_de_{HEADING.id}_text").disabled
    assert "Take this language out" not in [button.label for button in app.button]
