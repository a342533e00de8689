"""Languages of a template: add one, write its words beside the main ones, take it out."""

from __future__ import annotations

from types import SimpleNamespace

import orjson
import pytest

from core.permissions import Principal, Role
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import TemplateKind
from core.ui.create import text_draft
from core.ui.create.language_form import tag_of
from core.ui.create.text_draft import Writing
from tests.pages.conftest import words_on

PAGE = "pages/create/template_languages.py"
HEADING = new_block(BlockKind.HEADING, text="Hello reader")
NEWS = new_block(BlockKind.TEXT, html="<p>Some <b>news</b></p>")
BLOCKS = Document(sections=(new_section("1", HEADING, NEWS),)).as_json()


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


def field(app, template_id, part=HEADING.id, name="text", language="de", turn=0):
    return app.text_input(key=f"words_{template_id}_{language}_{turn}_{part}_{name}")


def said(heading):
    return orjson.dumps({HEADING.id: {"text": heading}}).decode()


def test_formatted_text_is_written_as_it_looks_and_cleaned_whatever_the_browser_sends(opened, shared, admin, template_id):
    shared.template_drafts.keep(admin, template_id, "{}", TemplateKind.BLOCKS, based_on=1, revision=0, language="de")
    app = opened()
    key = f"words_{template_id}_de_0_{NEWS.id}_html"
    assert [one.proto.component_name for one in app.get("bidi_component")].count("postwright_rich_text") == 1
    for said, kept in (
        ('<p onclick="x()">Etwas <b>Neues</b><script>alert(1)</script></p>', {NEWS.id: {"html": "<p>Etwas <b>Neues</b></p>"}}),
        ("<p>{{ contact. }}</p>", {NEWS.id: {"html": "<p>Etwas <b>Neues</b></p>"}}),
        ("<p><br></p>", {}),
    ):
        app.session_state[key] = {"written": {"version": key, "count": 1, "html": said}}
        app.run()
        assert orjson.loads(shared.template_drafts.get(admin, template_id, "de").source) == kept
    assert not app.exception


def test_a_language_is_added_and_its_words_are_written_beside_the_main_ones(opened, shared, admin, template_id):
    app = opened()
    assert "Only in one language" in words_on(app)
    app.button(key="primary_action").click().run()
    app.selectbox(key="new_language").set_value("de")
    submit(app, "Add")
    assert shared.translating.languages(admin, template_id) == {}  # a draft so far
    assert "0 of 2 texts translated" in words_on(app)
    assert {"Hello reader", "Some news"} <= {line.partition(":gray[")[2].rstrip("]") for line in words_on(app).splitlines()}
    field(app, template_id).set_value("Hallo Leserin").run()
    assert "1 of 2 texts translated" in words_on(app)
    assert shared.templates.latest(admin, template_id).number == 1
    assert orjson.loads(shared.template_drafts.get(admin, template_id, "de").source) == {HEADING.id: {"text": "Hallo Leserin"}}
    app.button(key="save_translation").click().run()
    assert orjson.loads(shared.translating.languages(admin, template_id)["de"]) == {HEADING.id: {"text": "Hallo Leserin"}}
    assert shared.templates.latest(admin, template_id).number == 2
    assert shared.template_drafts.languages(admin, template_id) == []
    assert app.button(key="save_translation").disabled


def test_what_was_typed_is_there_again_and_can_be_thrown_away(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", orjson.dumps({HEADING.id: {"text": "Hallo"}}).decode())
    field(opened(), template_id).set_value("Hallo Lese").run()
    again = opened()
    assert field(again, template_id).value == "Hallo Lese"
    again.button(key="discard_translation_open").click().run()
    again.button(key="discard_translation-yes").click().run()
    assert field(again, template_id, turn=1).value == "Hallo"
    assert shared.template_drafts.languages(admin, template_id) == []
    assert shared.templates.latest(admin, template_id).number == 2


def test_a_draft_of_a_translation_is_said_to_be_one_and_goes_with_its_last_change(opened, shared, admin, template_id):
    words = orjson.dumps({HEADING.id: {"text": "Hallo"}}).decode()
    shared.translating.put(admin, template_id, "de", words)
    app = opened()
    assert "discard_translation_open" not in {button.key for button in app.button}
    field(app, template_id).set_value("Hallo Lese").run()
    again = opened()
    assert "This is the draft that you kept just now." in words_on(again)
    field(again, template_id).set_value("Hallo").run()
    assert shared.template_drafts.languages(admin, template_id) == []
    assert "discard_translation_open" not in {button.key for button in again.button} and "This is the draft" not in words_on(again)


def test_a_translation_saved_meanwhile_is_not_undone_unseen(opened, shared, admin, template_id):
    def said(text):
        return orjson.dumps({HEADING.id: {"text": text}}).decode()

    shared.translating.put(admin, template_id, "de", said("Hallo"))
    written, untouched = opened(), opened()
    shared.templates.save_version(admin, template_id, BLOCKS.replace("Hello", "Dear"))
    field(written, template_id).set_value("Servus").run()  # what is new is in the main language
    assert not written.warning and shared.template_drafts.get(admin, template_id, "de").based_on == 3
    shared.template_drafts.discard(admin, template_id, "de")
    shared.translating.put(admin, template_id, "de", said("Guten Tag"))
    written.run()
    assert "Version 4 was saved meanwhile" in written.warning[0].value and field(written, template_id).value == "Servus"
    assert field(untouched.run(), template_id, turn=1).value == "Guten Tag" and not untouched.warning
    written.button(key="keep_mine").click().run()
    assert "Servus" in shared.template_drafts.get(admin, template_id, "de").source


def test_a_language_that_was_only_begun_goes_with_its_draft(opened, shared, admin, template_id):
    shared.template_drafts.keep(admin, template_id, "{}", TemplateKind.BLOCKS, based_on=1, revision=0, language="fr")
    app = opened()
    assert "Take this language out" not in [button.label for button in app.button]
    app.button(key="discard_translation_open").click().run()
    app.button(key="discard_translation-yes").click().run()
    assert "Only in one language" in words_on(app)


def test_nobody_writes_over_somebody_else(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", "{}")
    mine, theirs = opened(), opened()
    field(theirs, template_id).set_value("Guten Tag").run()
    field(mine, template_id).set_value("Servus").run()
    assert "changed this draft on" in mine.warning[0].value and mine.button(key="save_translation").disabled
    assert "Guten Tag" in shared.template_drafts.get(admin, template_id, "de").source
    mine.button(key="load_theirs").click().run()
    assert field(mine, template_id, turn=1).value == "Guten Tag" and not mine.warning
    field(theirs, template_id).set_value("Hallo").run()
    field(mine, template_id, turn=1).set_value("Servus").run()
    mine.run()  # as when something else on the page is pressed meanwhile
    assert field(mine, template_id, turn=1).value == "Servus"
    mine.button(key="keep_mine").click().run()
    assert "Servus" in shared.template_drafts.get(admin, template_id, "de").source


def test_a_translation_that_was_saved_meanwhile_is_not_undone_by_a_tab_that_was_open(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", said("Hallo"))
    mine = opened()
    shared.translating.put(admin, template_id, "de", said("Guten Tag"))
    field(mine, template_id).set_value("Servus").run()
    assert "saved meanwhile" in mine.warning[0].value
    assert mine.button(key="save_translation").disabled
    assert shared.template_drafts.languages(admin, template_id) == []
    mine.button(key="load_theirs").click().run()
    assert field(mine, template_id, turn=1).value == "Guten Tag" and not mine.warning


def test_the_draft_of_a_tab_that_was_open_is_not_saved_over_what_was_saved_meanwhile(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", said("Hallo"))
    mine = opened()
    field(mine, template_id).set_value("Servus").run()
    shared.translating.put(admin, template_id, "de", said("Guten Tag"))
    mine.button(key="save_translation").click().run()
    assert shared.translating.languages(admin, template_id)["de"] == said("Guten Tag")
    assert "saved meanwhile" in mine.warning[0].value
    mine.button(key="keep_mine").click().run()
    mine.button(key="save_translation").click().run()
    assert shared.translating.languages(admin, template_id)["de"] == said("Servus")


def test_a_tab_in_which_nothing_is_written_shows_what_was_saved_meanwhile(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", said("Hallo"))
    mine = opened()
    shared.translating.put(admin, template_id, "de", said("Guten Tag"))
    mine.run()
    assert field(mine, template_id, turn=1).value == "Guten Tag" and not mine.warning


def test_other_words_in_the_main_language_or_a_third_one_hold_nobody_up(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", said("Hallo"))
    mine = opened()
    field(mine, template_id).set_value("Servus").run()
    shared.translating.put(admin, template_id, "fr", said("Salut"))
    field(mine, template_id).set_value("Servus!").run()
    mine.button(key="save_translation").click().run()
    assert shared.translating.languages(admin, template_id) == {"de": said("Servus!"), "fr": said("Salut")}


def test_words_that_can_not_be_used_are_refused_and_stay(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", "{}")
    app = opened()
    field(app, template_id).set_value("{{ contact.made_up_field }}").run()
    app.button(key="save_translation").click().run()
    assert "does not exist" in words_on(app)
    assert field(app, template_id).value == "{{ contact.made_up_field }}"
    assert shared.translating.languages(admin, template_id) == {"de": "{}"}
    assert field(opened(), template_id).value == "{{ contact.made_up_field }}"


def test_what_is_written_stays_while_templates_can_not_be_checked(opened, shared, admin, template_id, nothing_to_check_templates):
    shared.template_drafts.keep(admin, template_id, "{}", TemplateKind.BLOCKS, based_on=1, revision=0, language="de")
    app = opened()
    field(app, template_id).set_value("Hallo").run()
    assert not app.exception
    assert "does not start" in app.error[0].value
    assert shared.template_drafts.get(admin, template_id, "de").source == said("Hallo")


def test_opening_a_translation_begins_no_draft_whatever_it_is_written_like(opened, shared, admin, template_id):
    gone = orjson.dumps({"gone": {"text": "Weg"}, HEADING.id: {"text": "Hallo"}}, option=orjson.OPT_INDENT_2).decode()
    shared.translating.put(admin, template_id, "de", gone)
    app = opened()
    assert shared.template_drafts.languages(admin, template_id) == []
    field(app, template_id).set_value("Hallo du").run()
    assert orjson.loads(shared.template_drafts.get(admin, template_id, "de").source)["gone"] == {"text": "Weg"}


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
    app.text_area(key=f"words_{template_id}_fr_0").set_value("<p>Salut</p>").run()
    app.button(key="save_translation").click().run()
    assert shared.translating.languages(admin, template_id) == {"fr": "<p>Salut</p>"}


def test_whoever_may_only_look_changes_nothing(opened, shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", "{}")
    app = opened(Role.ANALYST)
    assert field(app, template_id).disabled
    assert "Take this language out" not in [button.label for button in app.button]


def test_a_draft_is_not_kept_on_what_was_saved_meanwhile_unseen(shared, admin, template_id):
    shared.translating.put(admin, template_id, "de", said("Hallo"))
    mine = shared.template_drafts.keep(admin, template_id, said("Servus"), TemplateKind.BLOCKS, based_on=2, revision=0, language="de")
    words = {"words": said("Servus!"), "saved": said("Hallo"), "kept": said("Servus")}
    now = Writing(template_id, "de", TemplateKind.BLOCKS, based_on=2, seen=2, revision=mine.revision, **words)
    shared.translating.put(Principal.system(admin.workspace_id), template_id, "de", said("Guten Tag"))
    # As its fragment does: only the field is drawn anew, with what the page knew when it was opened.
    tab = SimpleNamespace(services=shared, by=admin)
    text_draft.keep(tab, now)
    assert now.in_conflict and "saved meanwhile" in now.trouble.message
    assert shared.template_drafts.get(admin, template_id, "de").source == said("Servus")
