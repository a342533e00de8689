"""The visual editor without a browser: what the canvas sends is put where it would arrive."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from core.permissions import Role
from core.templates.blocks import editing
from core.templates.blocks.blank import blank
from core.templates.blocks.document import Document, new_block, new_section, read_document
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.parts import name_of
from core.templates.blocks.values import Condition, Operator, ShowIf
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.previewing import preview_context
from core.templates.rendering.renderer import render
from core.templates.tables import saved_blocks
from tests.pages.conftest import words_on
from tests.templates.images.making import saved

EDITOR, LIST = "pages/create/template.py", "pages/create/templates.py"
SHOP = "https://example.com/shop"


@pytest.fixture
def made(shared, admin):
    """A template of a heading, a button and a footer."""
    blocks = (new_block(BlockKind.HEADING, text="Hello"), new_block(BlockKind.BUTTON, url=SHOP))
    document = Document(sections=(new_section("1", *blocks), new_section("1", new_block(BlockKind.FOOTER))))
    return shared.templates.save(admin, "Spring", document.as_json(), kind=TemplateKind.BLOCKS)


@pytest.fixture
def editor(app_as, made):
    return app_as(Role.MARKETER)(EDITOR, id=made.template_id)


def canvas(app):
    """Return what the canvas was given."""
    return given_to(app, "postwright_canvas")


def given_to(app, component):
    found = next(one for one in app.get("bidi_component") if one.proto.component_name == component)
    return json.loads(found.proto.mixed.json or found.proto.json)


def do(app, *steps):
    """Do something on the canvas, as the browser would send it."""
    after = canvas(app)["acked"]
    sent = [{**step, "n": after + number, "tab": canvas(app)["tab"]} for number, step in enumerate(steps, 1)]
    app.session_state[f"canvas_{template_of(app)}"] = {"steps": sent}
    return app.run()


def template_of(app):
    return int(app.query_params["id"][0])


def names(app):
    return [block["name"] for section in canvas(app)["outline"] for column in section["columns"] for block in column["blocks"]]


def draft(shared, admin, template_id) -> Document:
    kept = shared.template_drafts.get(admin, template_id)
    assert kept
    return read_document(kept.source)


def first_column(app):
    return canvas(app)["outline"][0]["columns"][0]["id"]


def block_id(app, at):
    return [block["id"] for section in canvas(app)["outline"] for column in section["columns"] for block in column["blocks"]][at]


def labelled(elements, label):
    return next(one for one in elements if one.label == label)


def test_a_blank_template_of_blocks_can_be_made(app_as, shared, admin):
    app = app_as(Role.MARKETER)(LIST)
    app.button(key="primary_action").click().run()
    app.segmented_control(key="template_way").set_value("Blank, with blocks").run()
    app.text_input(key="template_name").set_value("Autumn")
    next(button for button in app.button if button.label == "Make template" and button.form_id).click().run()
    [template] = shared.templates.all(admin)
    version = shared.templates.latest(admin, template.id)
    assert version.kind is TemplateKind.BLOCKS
    assert [block.kind for block in read_document(version.source).blocks()] == [block.kind for block in blank().blocks()]


def test_a_block_from_the_palette_goes_where_it_was_dropped_and_is_kept_as_a_draft(editor, shared, admin, made):
    app = do(editor, {"do": "add", "kind": "text", "column": first_column(editor), "index": 1})
    assert [name.split(" ")[0] for name in names(app)] == ["Heading", "Text", "Button", "Footer"]
    assert canvas(app)["selected"] == block_id(app, 1)
    assert [block.kind for block in draft(shared, admin, made.template_id).blocks()] == ["heading", "text", "button", "footer"]
    assert shared.templates.latest(admin, made.template_id).number == 1


def test_steps_are_done_once_however_often_they_come(editor):
    app = do(editor, {"do": "add", "kind": "divider"}, {"do": "add", "kind": "divider"})
    count = len(names(app))
    app.run()
    app.run()
    assert len(names(app)) == count == 5
    assert canvas(app)["acked"] == 2


def test_moving_copying_deleting_undo_and_redo(editor):
    heading = block_id(editor, 0)
    app = do(editor, {"do": "step", "id": heading, "by": 1})
    assert names(app)[:2] == ["Button “Read more”", "Heading “Hello”"]
    app = do(app, {"do": "duplicate", "id": heading})
    assert names(app)[1:3] == ["Heading “Hello”", "Heading “Hello”"]
    app = do(app, {"do": "remove", "id": heading})
    assert len(names(app)) == 3
    app = do(app, {"do": "undo"}, {"do": "undo"}, {"do": "undo"})
    assert names(app)[0] == "Heading “Hello”"
    assert not canvas(app)["canUndo"]
    app = do(app, {"do": "redo"})
    assert names(app)[0] == "Button “Read more”"


def test_a_block_dragged_between_sections_gets_one_of_its_own(editor):
    app = do(editor, {"do": "move", "id": block_id(editor, 0), "section": 2})
    assert [len(section["columns"][0]["blocks"]) for section in canvas(app)["outline"]] == [1, 1, 1]
    assert names(app)[2] == "Heading “Hello”"


def test_sections_are_added_and_moved(editor):
    app = do(editor, {"do": "add", "layout": "1-2", "section": 0})
    assert len(canvas(app)["outline"][0]["columns"]) == 2
    app = do(app, {"do": "move", "id": canvas(app)["outline"][0]["id"], "section": 3})
    assert [len(section["columns"]) for section in canvas(app)["outline"]] == [1, 1, 2]


@pytest.mark.parametrize(
    "step",
    [
        {"do": "remove", "id": "nobody0000"},
        {"do": "remove", "id": {"$ne": 1}},
        {"do": "add", "kind": "script"},
        {"do": "add", "kind": "text", "column": "../../etc", "index": 0},
        {"do": "add", "saved": 10**30},
        {"do": "move", "id": "<img src=x onerror=alert(1)>", "section": 0},
        {"do": "__class__"},
    ],
)
def test_a_step_nobody_could_take_changes_nothing(editor, step):
    before = canvas(editor)["outline"]
    app = do(editor, step)
    assert not app.exception
    assert canvas(app)["outline"] == before
    assert canvas(app)["acked"] == 1


def test_nonsense_in_place_of_steps_is_passed_over(editor, made):
    endless = [{"n": float("inf"), "do": "undo", "tab": canvas(editor)["tab"]}]
    for nonsense in ("x", 5, [5, None, {"n": "1", "do": 3}], {"n": 1}, endless):
        editor.session_state[f"canvas_{made.template_id}"] = {"steps": nonsense}
        editor.run()
        assert not editor.exception
    assert canvas(editor)["acked"] == 0


def test_the_panel_changes_the_chosen_block(editor, shared, admin, made):
    app = do(editor, {"do": "select", "id": block_id(editor, 0)})
    labelled(app.text_input, "Text").set_value("Good morning").run()
    assert names(app)[0] == "Heading “Good morning”"
    app = do(app, {"do": "undo"})
    assert labelled(app.text_input, "Text").value == "Hello"
    app = do(app, {"do": "redo"})
    assert labelled(app.text_input, "Text").value == "Good morning"
    assert next(draft(shared, admin, made.template_id).blocks()).text == "Good morning"


def test_a_merge_field_with_words_for_those_without_it_is_put_into_a_text(editor):
    app = do(editor, {"do": "select", "id": block_id(editor, 0)})
    labelled(app.text_input, "For people without it").set_value("there'}}").run()
    next(button for button in app.button if button.label == "Insert at the end").click().run()
    assert labelled(app.text_input, "Text").value == "Hello {{ contact.first_name | default('there') }}"


def test_formatted_text_is_cleaned_whatever_the_browser_sends(editor, shared, admin, made):
    app = do(editor, {"do": "add", "kind": "text", "section": 0})
    rich = next(one for one in app.get("bidi_component") if one.proto.component_name == "postwright_rich_text")
    key = json.loads(rich.proto.mixed.json or rich.proto.json)["version"]
    hostile = '<p onclick="x()">Dear <b>{{ contact.first_name }}</b><script>alert(1)</script><a href="javascript:x()">x</a></p>'
    app.session_state[key] = {"written": {"version": key, "count": 1, "html": hostile}}
    app.run()
    kept = next(draft(shared, admin, made.template_id).blocks()).html
    assert kept == "<p>Dear <b>{{ contact.first_name }}</b><a>x</a></p>"


def test_a_block_can_be_for_some_people_only(editor, shared, admin, made):
    app = do(editor, {"do": "select", "id": block_id(editor, 0)})
    next(button for button in app.button if button.label == "Add a condition").click().run()
    assert "Last name" in labelled(app.selectbox, "Field").options
    assert "Say what to compare with." in words_on(app)
    labelled(app.selectbox, "Field").set_value("contact.last_name").run()
    labelled(app.text_input, "Value").set_value('O"Hara').run()
    assert "Say what to compare with." not in words_on(app)
    [condition] = next(draft(shared, admin, made.template_id).blocks()).show_if.conditions
    assert (condition.field, condition.operator, condition.value) == ("contact.last_name", "equals", 'O"Hara')
    assert canvas(app)["outline"][0]["columns"][0]["blocks"][0]["condition"] == 'Shown if last name is O"Hara'


def test_a_block_can_depend_on_what_a_single_message_brings(editor, shared, admin, made):
    app = do(editor, {"do": "select", "id": block_id(editor, 0)})
    next(button for button in app.button if button.label == "Add a condition").click().run()
    labelled(app.selectbox, "Field").set_value("data.").run()
    assert "No campaign can be sent with it" in words_on(app)
    labelled(app.text_input, "Name").set_value("order total").run()
    assert "begins with no digit" in words_on(app)
    [condition] = next(draft(shared, admin, made.template_id).blocks()).show_if.conditions
    assert condition.field == "contact.email"
    labelled(app.text_input, "Name").set_value("order_total").run()
    labelled(app.selectbox, "Comparison").set_value("above").run()
    for typed, kept in (("12.5", 12.5), ('"12"', "12"), ("true", True), ("tea", "tea")):
        labelled(app.text_input, "Value").set_value(typed).run()
        [condition] = next(draft(shared, admin, made.template_id).blocks()).show_if.conditions
        assert (condition.field, condition.operator, condition.value) == ("data.order_total", "above", kept)
    assert canvas(app)["outline"][0]["columns"][0]["blocks"][0]["condition"] == "Shown if data.order_total is above tea"


def test_a_condition_that_can_not_be_used_is_told_with_its_place(app_as, shared, admin, made):
    document = read_document(made.source)
    section = document.sections[0]
    on = ShowIf(conditions=(Condition(field="contact.shoe_size", operator=Operator.ABOVE, value=40),))
    block = section.columns[0].blocks[0]
    for part, where in ((section, "Section 1: "), (block, f"Section 1 · {name_of(block)}: ")):
        changed = editing.change(document, part.id, show_if=on)
        draft = shared.template_drafts.get(admin, made.template_id)
        revision = draft.revision if draft else 0
        shared.template_drafts.keep(admin, made.template_id, changed.as_json(), TemplateKind.BLOCKS, based_on=1, revision=revision)
        app = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
        [told] = [error.value.replace("\\", "") for error in app.error]
        assert told.startswith(f"**{where}The merge field “contact.shoe_size” does not exist.**")


def test_what_depends_on_a_message_is_written_by_what_that_brings(shared, admin):
    conditions = [{"field": "data.order_total", "operator": "above", "value": 100}]
    gift = new_block(BlockKind.HEADING, text="A gift for you", show_if={"conditions": conditions})
    version = shared.templates.save(admin, "Receipt", Document(sections=(new_section("1", gift),)).as_json())
    base = preview_context({"workspace": {"name": "Tea", "postal_address": ""}, "brand": {}}, version.links, None)
    for data, is_shown in (({"order_total": 120}, True), ({"order_total": 80}, False), ({}, False)):
        assert ("A gift for you" in render(version, base | {"data": data}).html) is is_shown


def test_the_outline_says_which_blocks_have_no_words_in_a_language(editor, app_as, shared, admin, made):
    heading, button, _ = read_document(made.source).blocks()
    assert [block["unsaid"] for section in canvas(editor)["outline"] for column in section["columns"] for block in column["blocks"]] == [
        ""
    ] * 3
    shared.translating.put(admin, made.template_id, "de", json.dumps({heading.id: {"text": "Hallo"}}))
    shared.translating.put(admin, made.template_id, "fr", "{}")
    app = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    first, second = canvas(app)["outline"][0]["columns"][0]["blocks"]
    assert (first["unsaid"], first["tongues"]) == ("No words yet in Français (fr)", "fr")
    assert (second["unsaid"], second["tongues"]) == ("No words yet in Deutsch (de), Français (fr)", "de +1")
    app = do(app, {"do": "select", "id": button.id})
    assert any("No words yet in Deutsch" in one.value for one in app.caption)


def test_what_is_not_finished_is_shown_and_named(editor):
    app = do(editor, {"do": "add", "kind": "button", "section": 0})
    labelled(app.text_input, "Where it leads").set_value("https://").run()
    problem = canvas(app)["outline"][0]["columns"][0]["blocks"][0]["problem"]
    assert "https://" in problem
    assert "Say where it leads" in words_on(app)
    assert names(app)[0] == "Button “Read more”"


def test_an_email_with_unfinished_parts_is_not_saved_but_seen(editor, shared, admin, made):
    app = do(editor, {"do": "add", "kind": "button", "section": 0})
    labelled(app.text_input, "Where it leads").set_value("https://").run()
    app.button(key="primary_action").click().run()
    assert app.button(key="save_yes").disabled
    [warning] = [one.value for one in app.warning]
    assert warning.count("Button “Read more”") == 1 and "Section 1 · Button" in warning
    assert "is not a complete address" in warning
    assert "in line" not in warning
    app.button(key="save_no").click().run()
    app.segmented_control(key=f"way_{template_of(app)}").set_value("preview").run()
    assert "not finished" in app.warning[0].value
    assert app.get("bidi_component")
    assert shared.templates.latest(admin, made.template_id).number == 1


def test_a_section_gets_other_columns_and_loses_nothing(editor, shared, admin, made):
    app = do(editor, {"do": "select", "id": canvas(editor)["outline"][0]["id"]})
    labelled(app.pills, "Layout").set_value("1-1").run()
    assert len(draft(shared, admin, made.template_id).sections[0].columns) == 2
    labelled(app.pills, "Layout").set_value("1").run()
    assert len(names(app)) == 3


def test_a_block_is_kept_for_other_templates_and_put_in_as_a_copy(editor, shared, admin):
    app = do(editor, {"do": "select", "id": block_id(editor, 1)})
    labelled(app.text_input, "Name").set_value("Shop button").run()
    next(button for button in app.button if button.label == "Keep").click().run()
    [kept] = shared.saved_blocks.all(admin)
    app.run()
    assert canvas(app)["palette"]["saved"] == [{"id": kept.id, "name": "Shop button"}]
    app = do(app, {"do": "add", "saved": kept.id, "section": 0})
    added = canvas(app)["outline"][0]["columns"][0]["blocks"][0]
    assert added["kind"] == "button"
    assert added["id"] != kept.block.id


def test_saving_makes_a_version_and_ends_the_draft(editor, shared, admin, made):
    app = do(editor, {"do": "remove", "id": block_id(editor, 0)})
    app.button(key="primary_action").click().run()
    app.button(key="save_yes").click().run()
    assert shared.templates.latest(admin, made.template_id).number == 2
    assert shared.template_drafts.get(admin, made.template_id) is None
    assert given_to(app, "postwright_saved") == {"words": "Nothing changed yet", "age": None}


def test_a_draft_is_there_again_and_can_be_thrown_away(editor, app_as, shared, admin, made):
    def is_offered(app):
        return "discard" in {button.key for button in app.button}

    assert not is_offered(editor)
    assert is_offered(do(editor, {"do": "remove", "id": block_id(editor, 0)}))
    again = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    assert len(names(again)) == 2
    again.button(key="discard").click().run()
    again.button(key="discard_draft-yes").click().run()
    assert len(names(again)) == 3 and not is_offered(again)
    assert shared.template_drafts.get(admin, made.template_id) is None


def test_a_draft_that_can_not_be_read_is_said_and_the_version_is_there(app_as, shared, admin, made):
    shared.template_drafts.keep(admin, made.template_id, '{"sections": 5}', TemplateKind.BLOCKS, based_on=1, revision=0)
    app = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    assert "can't be used" in app.error[0].value
    assert len(names(app)) == 3
    do(app, {"do": "remove", "id": block_id(app, 0)})
    assert len(list(draft(shared, admin, made.template_id).blocks())) == 2


def test_nobody_writes_over_somebody_else(editor, app_as, shared, admin, made):
    other = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    do(editor, {"do": "remove", "id": block_id(editor, 0)})
    other = do(other, {"do": "add", "kind": "divider"})
    assert [block.kind for block in draft(shared, admin, made.template_id).blocks()] == ["button", "footer"]
    other.run()
    assert other.warning
    other.button(key="load_theirs").click().run()
    assert len(names(other)) == 2
    do(other, {"do": "add", "kind": "divider"})
    assert len(list(draft(shared, admin, made.template_id).blocks())) == 3


def test_nothing_is_saved_while_it_is_open_whose_email_it_is(editor, app_as, shared, admin, made):
    other = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    do(editor, {"do": "remove", "id": block_id(editor, 0)})
    other = do(other, {"do": "add", "kind": "divider"})
    other.button(key="primary_action").click().run()
    assert other.button(key="save_yes").disabled
    assert "Choose first whether to load theirs" in words_on(other)


def test_the_canvas_stays_while_templates_can_not_be_checked(editor, shared, admin, made, monkeypatch, nothing_to_check_templates):
    before = canvas(editor)["html"]
    app = do(editor, {"do": "remove", "id": block_id(editor, 0)})
    assert not app.exception
    assert "does not start" in app.error[0].value
    assert canvas(app)["html"] == before
    monkeypatch.undo()
    app.run()
    assert not app.error and canvas(app)["html"] != before
    assert len(names(app)) == len(list(draft(shared, admin, made.template_id).blocks())) == 2


def test_mine_can_be_kept_in_place_of_theirs(editor, app_as, shared, admin, made):
    other = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    do(editor, {"do": "remove", "id": block_id(editor, 0)})
    other = do(other, {"do": "add", "kind": "divider"})
    other.run()
    other.button(key="keep_mine").click().run()
    assert [block.kind for block in draft(shared, admin, made.template_id).blocks()] == ["heading", "button", "divider", "footer"]


def test_a_version_that_was_restored_meanwhile_is_there_in_a_tab_that_was_open(editor, shared, admin, made):
    app = do(editor, {"do": "remove", "id": block_id(editor, 0)})
    app.button(key="primary_action").click().run()
    app.button(key="save_yes").click().run()
    assert len(names(app)) == 2
    shared.template_versions.restore(admin, made.template_id, 1)
    app.run()
    assert len(names(app)) == 3
    do(app, {"do": "add", "kind": "divider"})
    kept = shared.template_drafts.get(admin, made.template_id)
    assert kept
    assert kept.based_on == 3


def test_a_draft_that_is_opened_again_is_said_to_be_one(editor, app_as, shared, admin, made):
    assert "This is the draft" not in words_on(editor)
    assert "This is the draft" not in words_on(do(editor, {"do": "remove", "id": block_id(editor, 0)}))
    again = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    assert "This is the draft that you kept just now. It is no version yet." in words_on(again)
    assert "It was begun from version 1" not in words_on(again)
    shared.templates.save_version(admin, made.template_id, blank().as_json(), kind=TemplateKind.BLOCKS)
    again.run()
    assert "It was begun from version 1: what changed since then is not in it." in words_on(again)
    assert len(names(again)) == 2
    assert "It was begun from version 1" in words_on(app_as(Role.MARKETER)(EDITOR, id=made.template_id))


def test_steps_that_a_server_before_a_restart_has_taken_are_not_taken_again(editor, app_as, made):
    do(editor, {"do": "add", "kind": "divider"})
    again = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    count = len(names(again))
    again.session_state[f"canvas_{made.template_id}"] = editor.session_state[f"canvas_{made.template_id}"]
    assert len(names(again.run())) == count == 4


def test_nothing_is_chosen_again_so_that_the_email_as_a_whole_can_be_changed(editor):
    app = do(editor, {"do": "select", "id": block_id(editor, 0)})
    assert not [field for field in app.text_input if field.label == "Preview text"]
    app = do(app, {"do": "select", "id": ""})
    assert labelled(app.text_input, "Preview text")
    assert canvas(app)["selected"] == ""


def test_what_moved_is_said_with_where_it_is_now(editor):
    app = do(editor, {"do": "step", "id": block_id(editor, 0), "by": 1})
    assert canvas(app)["said"] == "Heading moved down, to place 2 of 2 in section 1."
    app = do(app, {"do": "add", "layout": "1-1", "section": 0})
    assert canvas(app)["said"] == "Section added at place 1 of 3."
    app = do(app, {"do": "add", "kind": "divider", "column": canvas(app)["outline"][0]["columns"][1]["id"], "index": 0})
    assert canvas(app)["said"] == "Line added at place 1 of 1 in section 1, column 2."
    app = do(app, {"do": "step", "id": canvas(app)["outline"][0]["id"], "by": -1})
    assert canvas(app)["said"] == "Section is the first already."


def test_the_preview_shows_all_views_also_on_dark(editor):
    editor.segmented_control(key=f"way_{template_of(editor)}").set_value("preview").run()
    for view in ("desktop", "phone", "dark"):
        editor.segmented_control(key="template_view").set_value(view).run()
        assert editor.get("bidi_component")
        assert not editor.exception
    editor.segmented_control(key="template_view").set_value("text").run()
    assert "Hello" in editor.code[0].value


def test_who_may_only_look_changes_nothing(app_as, shared, admin, made):
    app = app_as(Role.ANALYST)(EDITOR, id=made.template_id)
    assert not canvas(app)["editable"]
    assert "Save version" not in [button.label for button in app.button]
    app = do(app, {"do": "remove", "id": block_id(app, 0)})
    assert len(names(app)) == 3
    assert shared.template_drafts.get(admin, made.template_id) is None


def test_a_picture_is_chosen_with_the_words_it_has(editor, shared, admin, made):
    picture = shared.pictures.add(admin, saved(Image.new("RGB", (40, 20), "red"), "PNG"), "lake.png", alt="A lake")
    app = do(editor, {"do": "add", "kind": "image", "section": 0})
    assert canvas(app)["outline"][0]["columns"][0]["blocks"][0]["hint"] == "Choose a picture"
    app.session_state[f"part_{block_id(app, 0)}_src_1_choose"] = True
    app.run()
    next(button for button in app.button if button.label == "Choose").click().run()
    block = next(draft(shared, admin, made.template_id).blocks())
    assert (block.src, block.alt) == (shared.pictures.url_of(picture), "A lake")
    assert labelled(app.text_input, "What it shows").value == "A lake"


def test_a_product_gets_a_picture_with_its_words(editor, shared, admin, made):
    picture = shared.pictures.add(admin, saved(Image.new("RGB", (40, 20), "red"), "PNG"), "tea.png", alt="A cup of tea")
    app = do(editor, {"do": "add", "kind": "products", "section": 0})
    second = [one.key for one in app.text_input if one.label == "Address of its picture"][1]
    app.session_state[f"{second}_choose"] = True
    app.run()
    next(button for button in app.button if button.label == "Choose").click().run()
    products = next(draft(shared, admin, made.template_id).blocks()).products
    assert [(one.src, one.alt) for one in products][:2] == [("", ""), (shared.pictures.url_of(picture), "A cup of tea")]
    assert [one.value for one in app.text_input if one.label == "What the picture shows"][:2] == ["", "A cup of tea"]


def test_kept_blocks_are_found_renamed_and_deleted_and_broken_ones_stop_nothing(app_as, shared, admin, made):
    for number in range(30):
        shared.saved_blocks.save(admin, f"Offer {number:02}", new_block(BlockKind.DIVIDER))
    broken = shared.saved_blocks.save(admin, "Of another release", new_block(BlockKind.DIVIDER))
    with shared.db.transaction() as connection:
        changed = saved_blocks.update().where(saved_blocks.c.id == broken.id)
        connection.execute(changed.values(content={"id": "a", "kind": "hologram"}))
    app = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    assert len(canvas(app)["palette"]["saved"]) == 30
    assert "11 more" in words_on(app)
    app.text_input(key="kept_search").set_value("release").run()
    assert "Can’t be put in" in words_on(app) and not [one for one in app.text_input if one.label.startswith("Name of Offer")]
    app.button(key=f"forget_{broken.id}").click().run()
    app.text_input(key="kept_search").set_value("offer 07").run()
    [name] = [one for one in app.text_input if one.label == "Name of Offer 07"]
    name.set_value("Best offer").run()
    found = {one.name for one in shared.saved_blocks.all(admin)}
    assert "Best offer" in found and "Of another release" not in found and len(found) == 30
    assert [one.value for one in app.toast] == ["Renamed to “Best offer”."]


def test_a_tab_that_was_open_does_not_undo_another_name_of_a_kept_block(app_as, shared, admin, made):
    kept = shared.saved_blocks.save(admin, "Offer", new_block(BlockKind.DIVIDER))
    app = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    app.text_input(key=f"kept_{kept.id}").set_value("Mine").run()
    shared.saved_blocks.rename(admin, kept.id, "Theirs")
    app.run()
    assert [one.name for one in shared.saved_blocks.all(admin)] == ["Theirs"]
    assert app.text_input(key=f"kept_{kept.id}").value == "Theirs"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://shop.example.com/tea.png", ""),
        ("{{ item.image }}", ""),
        ("http://shop.example.com/tea.png", "not encrypted"),
        ("tea.png", "not a complete address"),
        ("data:image/png;base64,AAAA", "in the email itself"),
    ],
)
def test_the_address_of_a_picture_is_judged_where_it_is_typed(editor, address: str, said: str):
    for kind, label in (("image", "Address of the picture"), ("products", "Address of its picture")):
        app = do(editor, {"do": "add", "kind": kind, "section": 0})
        labelled(app.text_input, label).set_value(address).run()
        words = " ".join(one.value for one in app.markdown if "orange" in one.value)
        assert said in words if said else not any(each in words for each in ("encrypted", "complete address", "email itself"))


def test_a_tab_that_was_left_open_saves_no_older_email_and_ends_no_newer_draft(editor, app_as, shared, admin, made):
    do(editor, {"do": "remove", "id": block_id(editor, 0)})
    phone = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    do(phone, {"do": "add", "kind": "divider"})
    kept = draft(shared, admin, made.template_id)
    editor.button(key="primary_action").click().run()
    assert editor.button(key="save_yes").disabled
    assert "Choose first whether to load theirs" in words_on(editor)
    assert draft(shared, admin, made.template_id) == kept
