"""Templates: start one, change it, see it as a reader, go back to an earlier version."""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image

from core.permissions import Permission, Principal, Role
from core.templates.look.brand import Brand
from core.templates.starters import STARTERS
from tests.pages import given
from tests.pages.conftest import PASSWORD, words_on
from tests.templates.brands.conftest import letter
from tests.templates.images.making import saved

LIST, EDITOR = "pages/create/templates.py", "pages/create/template.py"
SHORT = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello.</mj-text>"
PICTURE = '<mj-image src="https://example.com/a.png" alt="Tea" />'


def labels(app):
    return [button.label for button in app.button]


def submit(app, label="Make template"):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def new(app, way):
    app.button(key="primary_action").click().run()
    return app.segmented_control(key="template_way").set_value(way).run()


def test_an_empty_workspace_is_offered_our_templates(app_as):
    app = app_as(Role.MARKETER)(LIST)
    assert "No templates yet" in words_on(app)
    assert labels(app).count("Use this one") == len(STARTERS)


def test_one_of_ours_becomes_a_template_of_the_workspace(app_as, shared, admin):
    app = app_as(Role.MARKETER)(LIST)
    app.button(key=f"starter_{STARTERS[0].name}").click().run()
    assert [one.name for one in shared.templates.all(admin)] == [STARTERS[0].name]


def test_one_of_ours_is_seen_before_it_is_taken(app_as, shared, admin):
    app = new(app_as(Role.MARKETER)(LIST), "Ours")
    seen = [str(app.get("image")[-1].proto)]
    receipt = next(one for one in STARTERS if one.name == "Receipt")
    app.radio(key="starter").set_value(receipt).run()
    seen.append(str(app.get("image")[-1].proto))
    assert "What Welcome looks like" in seen[0]
    assert "What Receipt looks like" in seen[1]
    assert app.text_input(key="template_name").placeholder == "Receipt"
    submit(app, "Make template")
    assert [one.name for one in shared.templates.all(admin)] == ["Receipt"]


def test_a_file_becomes_a_template_named_after_it(app_as, shared, admin):
    app = new(app_as(Role.MARKETER)(LIST), "A file")
    assert app.file_uploader(key="template_file").proto.max_upload_size_mb == 40
    app.file_uploader(key="template_file").upload("autumn.html", given.SOURCE.encode()).run()
    app.button(key="load_template").click().run()
    assert [one.name for one in shared.templates.all(admin)] == ["autumn"]


@pytest.mark.parametrize(
    ("source", "said"),
    [("", "empty"), ("<p>{{ contact.first_name </p>", "ine 1"), ("<p>\n\n{{ nobody.knows }}</p>", "ine 3")],
    ids=["nothing", "a syntax error", "an unknown field"],
)
def test_a_template_that_cant_be_used_is_refused_in_one_message_that_names_the_line(app_as, shared, admin, source: str, said: str):
    app = new(app_as(Role.MARKETER)(LIST), "Paste")
    app.text_area(key="template_source").set_value(source)
    app.text_input(key="template_name").set_value("Broken")
    submit(app)
    assert len(app.error) == 1
    assert said in app.error[0].value
    assert app.text_area(key="template_source").value == source
    assert not shared.templates.all(admin)


def test_a_file_that_is_not_text_is_refused(app_as, shared, admin):
    app = new(app_as(Role.MARKETER)(LIST), "A file")
    app.file_uploader(key="template_file").upload("autumn.html", b"\xff\xd8\xff\xe0 a picture").run()
    app.button(key="load_template").click().run()
    assert len(app.error) == 1
    assert not shared.templates.all(admin)


def test_a_taken_name_is_refused_instead_of_overwriting(app_as, shared, admin):
    given.template(shared, admin, "Tea letter")
    app = new(app_as(Role.MARKETER)(LIST), "Paste")
    app.text_area(key="template_source").set_value("<p>Other</p>")
    app.text_input(key="template_name").set_value("Tea letter")
    submit(app)
    assert "already" in app.error[0].value
    assert shared.templates.all(admin)[0].latest_number == 1


def test_saving_a_change_makes_a_version_and_the_earlier_one_can_be_brought_back(app_as, shared, admin):
    version = given.template(shared, admin)
    source = f"source_{version.template_id}"
    app = app_as(Role.MARKETER)(EDITOR, id=version.template_id)
    app.text_area(key=source).set_value("<p>Changed</p>").run()
    app.button(key="primary_action").click().run()
    assert shared.templates.latest(admin, version.template_id).source == "<p>Changed</p>"
    app.button(key=f"version_{version.id}").click().run()
    assert app.text_area(key=source).value == version.source


def test_saving_nothing_new_makes_no_version(app_as, shared, admin):
    version = given.template(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=version.template_id)
    app.button(key="primary_action").click().run()
    assert shared.templates.latest(admin, version.template_id).number == 1


def test_a_mistake_while_writing_names_its_line_and_keeps_the_text(app_as, shared, admin):
    version = given.template(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=version.template_id)
    app.text_area(key=f"source_{version.template_id}").set_value("<p>\n{{ contact.nonsense }}</p>").run()
    assert len(app.error) == 1
    assert "ine 2" in app.error[0].value
    assert app.text_area(key=f"source_{version.template_id}").value == "<p>\n{{ contact.nonsense }}</p>"


def test_the_plain_text_is_shown_as_a_chosen_reader_gets_it(app_as, shared, admin):
    version = given.template(shared, admin)
    given.people(shared, admin, 2)
    app = app_as(Role.MARKETER)(EDITOR, id=version.template_id)
    app.segmented_control(key="template_view").set_value("text").run()
    app.text_input(key="template_reader").set_value("reader1@example.org").run()
    assert "Hello Reader 1" in app.code[0].value


@pytest.mark.parametrize(("more", "height"), [("", range(150, 400)), ("<mj-text>More of it.</mj-text>" * 30, [720]), (PICTURE, [720])])
def test_a_short_email_does_not_stand_in_a_large_box(app_as, shared, admin, more: str, height):
    made = given.template(shared, admin, source=f"{SHORT}{more}</mj-column></mj-section></mj-body></mjml>")
    app = app_as(Role.MARKETER)(EDITOR, id=made.template_id)
    [frame] = [one for one in app.get("bidi_component") if one.proto.component_name == "postwright_email_frame"]
    assert json.loads(frame.proto.mixed.json or frame.proto.json)["height"] in height


def test_an_analyst_sees_templates_and_saves_none(app_as, shared, admin):
    version = given.template(shared, admin)
    assert "New template" not in labels(app_as(Role.ANALYST)(LIST))
    app = app_as(Role.ANALYST)(EDITOR, id=version.template_id)
    assert app.text_area(key=f"source_{version.template_id}").disabled
    assert "Save version" not in labels(app)


def test_what_is_written_stays_while_templates_can_not_be_checked(app_as, shared, admin, request):
    version = given.template(shared, admin)
    request.getfixturevalue("nothing_to_check_templates")
    app = app_as(Role.MARKETER)(EDITOR, id=version.template_id)
    app.text_area(key=f"source_{version.template_id}").set_value("<p>Just typed</p>").run()
    assert not app.exception
    assert "does not start" in app.error[0].value
    assert app.text_area(key=f"source_{version.template_id}").value == "<p>Just typed</p>"


def test_a_reader_is_found_by_a_part_of_their_name_too(app_as, shared, admin):
    version = given.template(shared, admin)
    for first, last in (("Grace", "Hopper"), ("Ada", "Hopper"), ("Joan", "Clarke")):
        shared.contacts.save(admin, f"{first.lower()}@example.org", first_name=first, last_name=last)
    app = app_as(Role.ANALYST)(EDITOR, id=version.template_id)
    app.text_input(key="template_reader").set_value("joan cl").run()
    assert re.search(r"As joan\S*@\S*example\S*org sees it\.", words_on(app))
    app.text_input(key="template_reader").set_value("hopper").run()
    assert "the first of 2 who are called like that." in words_on(app)
    app.text_input(key="template_reader").set_value("nobody").run()
    assert "No contact has the address nobody, or is called like that" in words_on(app)


def test_who_may_not_see_contacts_is_not_asked_for_one(open_as, shared, admin):
    version = given.template(shared, admin)
    role = shared.roles.create(admin, "Designer", {Permission.TEMPLATES_VIEW, Permission.TEMPLATES_EDIT})
    pia = shared.people.add(Principal.system(admin.workspace_id), "p@example.com", "Pia", PASSWORD, role.key)
    app = open_as(pia)(EDITOR, id=version.template_id)
    assert "Preview as" not in [one.label for one in app.text_input]
    assert "postwright_email_frame" in [one.proto.component_name for one in app.get("bidi_component")]


def test_a_number_nobody_has_leads_back(app_as):
    for nonsense in ("999", "x", ""):
        app = app_as(Role.MARKETER)(EDITOR, id=nonsense)
        assert not app.exception
        assert "There is no such template" in words_on(app)


VERSIONS = "pages/create/template_versions.py"


def three(shared, admin):
    """Three templates; one in a folder, one with a tag."""
    made = {name: given.template(shared, admin, name).template_id for name in ("Tea letter", "Sale", "Receipt")}
    shared.template_shelves.move(admin, made["Sale"], "Shop")
    shared.template_shelves.tag(admin, made["Receipt"], ["orders"])
    return made


def cards(app):
    return [button.label.strip("*") for button in app.button if (button.key or "").startswith("open_")]


def test_templates_are_found_by_what_the_address_says(app_as, shared, admin):
    three(shared, admin)
    open_page = app_as(Role.MARKETER)
    assert cards(open_page(LIST)) == ["Receipt", "Sale", "Tea letter"]
    assert cards(open_page(LIST, template_search="sal")) == ["Sale"]
    assert cards(open_page(LIST, folder="Shop")) == ["Sale"]
    assert cards(open_page(LIST, tag="orders")) == ["Receipt"]
    nothing = open_page(LIST, template_search="nothing like it")
    assert cards(nothing) == [] and "No template is like this" in nothing.info[0].value


def pick(app, template_id, what):
    return app.menu_button(key=f"more_{template_id}").click(what).run()


def test_a_template_is_copied_put_away_and_taken_out(app_as, shared, admin):
    made = three(shared, admin)
    app = app_as(Role.MARKETER)(LIST)
    pick(app, made["Sale"], "duplicate")
    assert cards(app)[0] == "Copy of Sale"
    pick(app, made["Sale"], "archive")
    assert "Sale" not in cards(app)
    app = app_as(Role.MARKETER)(LIST, archived="true")
    assert cards(app) == ["Sale"]
    pick(app, made["Sale"], "unarchive")
    assert not shared.templates.get(admin, made["Sale"]).is_archived


def test_a_template_is_renamed_moved_and_tagged(app_as, shared, admin):
    made = three(shared, admin)
    app = app_as(Role.MARKETER)(LIST)
    pick(app, made["Sale"], "rename")
    app.text_input(key=f"new_name_{made['Sale']}").set_value("Summer sale")
    submit(app, "Rename")
    pick(app, made["Sale"], "tag")
    app.multiselect(key=f"new_tags_{made['Sale']}").set_value(["orders"])
    submit(app, "Save tags")
    pick(app, made["Sale"], "move")
    app.selectbox(key=f"new_folder_{made['Sale']}").set_value("No folder")
    submit(app, "Move")
    changed = shared.templates.get(admin, made["Sale"])
    assert (changed.name, changed.folder, changed.tags) == ("Summer sale", "", ("orders",))


def test_who_only_looks_is_offered_no_changes(app_as, shared, admin):
    made = three(shared, admin)
    app = app_as(Role.ANALYST)(LIST)
    assert list(app.menu_button(key=f"more_{made['Sale']}").options) == [
        ":material/history: Versions and use",
        ":material/download: Export",
    ]


def test_an_exported_template_comes_in_again(app_as, shared, admin):
    file = shared.template_exchange.export(admin, given.template(shared, admin, "Tea letter").template_id)
    app = new(app_as(Role.MARKETER)(LIST), "A file")
    app.file_uploader(key="template_file").upload(file.name, file.data).run()
    app.button(key="load_template").click().run()
    assert [one.name for one in shared.templates.all(admin)] == ["Tea letter 2", "Tea letter"]


def test_looking_at_the_export_takes_nothing_out(app_as, shared, admin):
    made = given.template(shared, admin, "Tea letter")
    app = pick(app_as(Role.MARKETER)(LIST), made.template_id, ":material/download: Export")
    assert [one.label.replace("\\", "") for one in app.get("download_button")] == ["Download Tea-letter.template.json"]
    assert "template.exported" not in {one.action for one in shared.audit.page(admin).rows}


def test_a_file_that_brings_a_brand_asks_what_becomes_of_it(app_as, shared, admin):
    elsewhere = Principal.system(shared.workspaces.create("Elsewhere").id)
    shared.brand_kits.save(elsewhere, "Leaf", Brand(legal="Register no. 7"))
    file = shared.template_exchange.export(elsewhere, letter(shared.templates, elsewhere).template_id)
    shared.brand_kits.save(admin, "House", Brand())
    for kits in (["House", "Leaf"], ["House", "Leaf"]):
        app = new(app_as(Role.MARKETER)(LIST), "A file")
        app.file_uploader(key="template_file").upload(file.name, file.data).run()
        assert app.radio(key="template_brand").options == [
            "As in the file: “Leaf”",
            "The brand of this workspace",
            "Only the colours of the file",
        ]
        app.button(key="load_template").click().run()
        assert [kit.name for kit in shared.brand_kits.all(admin)] == kits
    made = shared.templates.all(admin)
    assert len(made) == 2 and all("Register no. 7" in shared.templates.latest(admin, one.id).html for one in made)


def test_the_first_kit_is_not_brought_along_unasked(app_as, shared, admin):
    elsewhere = Principal.system(shared.workspaces.create("Elsewhere").id)
    shared.brand_kits.save(elsewhere, "Leaf", Brand(legal="Register no. 7"))
    file = shared.template_exchange.export(elsewhere, letter(shared.templates, elsewhere).template_id)
    app = new(app_as(Role.MARKETER)(LIST), "A file")
    app.button(key="load_template").click().run()
    assert "no file yet" in "".join(one.value for one in app.error)
    app.file_uploader(key="template_file").upload(file.name, file.data).run()
    assert app.radio(key="template_brand").value == "here"
    app.button(key="load_template").click().run()
    assert shared.brand_kits.all(admin) == [] and len(shared.templates.all(admin)) == 1


def test_two_versions_are_compared_in_words_and_one_is_restored(app_as, shared, admin):
    first = given.template(shared, admin)
    shared.templates.save(admin, "Tea letter", given.SOURCE.replace("Hello", "Welcome"), note="Warmer")
    open_page = app_as(Role.MARKETER)
    app = open_page(VERSIONS, id=first.template_id, comparison="What changed")
    assert "1 line added (+), 1 line removed (-)." in words_on(app)
    assert "-<html><body><p>Hello" in app.code[0].value and "+<html><body><p>Welcome" in app.code[0].value
    assert "Warmer" in words_on(app)
    app.button(key="restore_1").click().run()
    app.button(key="restore_version-yes").click().run()
    latest = shared.templates.latest(admin, first.template_id)
    assert (latest.number, latest.source, latest.note) == (3, first.source, "Version 1 restored")


def test_versions_are_compared_in_each_language(app_as, shared, admin):
    first = given.template(shared, admin)
    shared.translating.put(admin, first.template_id, "de", given.SOURCE.replace("Hello", "Hallo"))
    shared.translating.put(admin, first.template_id, "de", given.SOURCE.replace("Hello", "Servus"))
    shared.translating.put(admin, first.template_id, "fr", given.SOURCE.replace("Hello", "Bonjour"))
    what = {"id": first.template_id, "comparison": "What changed", "from": 2, "to": 3}
    app = app_as(Role.MARKETER)(VERSIONS, **what)
    assert "say the same" in app.info[0].value  # in the main language
    app.segmented_control(key="language").set_value("de").run()
    assert "de" in app.query_params["language"]
    assert "Hallo" in app.code[0].value and "Servus" in app.code[0].value

    app = app_as(Role.MARKETER)(VERSIONS, **what | {"from": 3, "to": 4, "language": "fr"})
    assert "Version 3 has no Français" in app.info[0].value
    assert app.segmented_control(key="language").options == ["Main language", "Deutsch (de)", "Français (fr) · added"]
    assert "-<html><body><p>Hello" in app.code[0].value and "+<html><body><p>Bonjour" in app.code[0].value


def test_the_versions_tell_what_uses_them(app_as, shared, admin):
    campaign = given.sent(shared, admin)
    app = app_as(Role.MARKETER)(VERSIONS, id=campaign.template_id)
    assert "1 campaign" in words_on(app) and "version 1 · launched" in words_on(app)
    app.button(key=f"open_use_{campaign.id}").click().run()
    assert app.title[0].value == campaign.name


def test_who_only_looks_restores_nothing(app_as, shared, admin):
    first = given.template(shared, admin)
    shared.templates.save(admin, "Tea letter", "<p>Other</p>")
    app = app_as(Role.ANALYST)(VERSIONS, id=first.template_id)
    assert not [button for button in app.button if (button.key or "").startswith("restore_")]


def test_whoever_writes_code_sees_the_fields_of_the_brand_too(app_as, shared, admin):
    version = given.template(shared, admin)
    words = words_on(app_as(Role.MARKETER)(EDITOR, id=version.template_id))
    for field in ("contact.first_name", "brand.logo_url", "brand.primary_colour", "campaign.subject", "unsubscribe_url"):
        assert f"{{{{ {field} }}}}" in words
    source = "".join(f"<p>{{{{ {field} }}}}</p>" for field in sorted(re.findall(r"\{\{ ([a-z_.]+) \}\}", words)))
    assert shared.templates.save(admin, "All of them", source).fields


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (given.SOURCE, '<img src="{}" alt="Tea &amp; cake" width="600">'),
        ("<mjml><mj-body></mj-body></mjml>", '<mj-image src="{}" alt="Tea &amp; cake" width="600px" />'),
    ],
)
def test_a_picture_is_chosen_with_the_code_that_shows_it(app_as, shared, admin, source, expected):
    picture = shared.pictures.add(admin, saved(Image.new("RGB", (900, 300), "teal"), "PNG"), "tea.png", "Tea & cake")
    version = given.template(shared, admin, source=source)
    app = app_as(Role.MARKETER)(EDITOR, id=version.template_id)
    key = f"picture_{version.template_id}"
    app.session_state[f"{key}_choose"] = True
    app.run()
    app.button(key=f"{key}_pick_choose_{picture.id}").click().run()
    assert expected.format(shared.pictures.url_of(picture)) in [one.value for one in app.code]


def test_a_version_is_saved_with_its_note(app_as, shared, admin):
    first = given.template(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=first.template_id)
    app.text_area(key=f"source_{first.template_id}").set_value("<p>Shorter</p>").run()
    app.text_input(key=f"note_{first.template_id}").set_value("Shorter").run()
    app.button(key="primary_action").click().run()
    latest = shared.templates.latest(admin, first.template_id)
    assert (latest.number, latest.note, latest.created_by) == (2, "Shorter", "person:2")
    assert app.text_input(key=f"note_{first.template_id}").value == ""


def test_a_draft_keeps_its_template_when_that_is_put_away(app_as, shared, admin):
    draft = given.draft(shared, admin)
    shared.template_shelves.archive(admin, draft.template_id)
    given.template(shared, admin, "Another")
    app = app_as(Role.MARKETER)("pages/create/campaign.py", id=draft.id)
    (chosen,) = [box for box in app.selectbox if box.label == "Template"]
    assert chosen.value == draft.template_id and "Tea letter (in the archive)" in chosen.options
