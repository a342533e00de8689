"""What is written in the source of a template is kept as it is written, in one tab, in several, and by several people."""

from __future__ import annotations

import json

import pytest

from core.permissions import Role
from core.templates.compiling.compiler import TemplateKind
from tests.pages import given
from tests.pages.conftest import words_on

EDITOR = "pages/create/template.py"
HTML = TemplateKind.HTML
RESUMED, OLDER = (
    "This is the draft that {} kept just now. It is no version yet.",
    "begun from version 1: what changed since then is not in it.",
)


@pytest.fixture
def version(shared, admin):
    return given.template(shared, admin)


@pytest.fixture
def opened(app_as, version):
    """Open the template in a tab of its own."""
    return lambda role=Role.MARKETER: app_as(role)(EDITOR, id=version.template_id)


def field(app):
    return next(one for one in app.text_area if one.label == "Source")


def write(app, source):
    return field(app).set_value(source).run()


def save(app):
    return app.button(key="primary_action").click().run()


def keys(app):
    return {button.key for button in app.button}


def kept(app):
    """Return what is said of the draft beside the field."""
    found = next(one for one in app.get("bidi_component") if one.proto.component_name == "postwright_saved")
    return json.loads(found.proto.mixed.json or found.proto.json)["words"]


def draft(shared, admin, version):
    return shared.template_drafts.get(admin, version.template_id)


def source_of(shared, admin, version):
    found = draft(shared, admin, version)
    return found and found.source


def test_what_was_written_is_there_again_until_it_is_saved(opened, shared, admin, version):
    app = opened()
    assert kept(app) == "Nothing changed yet" and "discard" not in keys(app)
    write(app, "<p>Half way</p>")
    assert kept(app) == "Draft saved" and "discard" in keys(app)
    assert "This is the draft" not in words_on(app)
    assert (draft(shared, admin, version).based_on, draft(shared, admin, version).kind) == (1, HTML)

    again = opened()
    assert field(again).value == "<p>Half way</p>" and RESUMED.format("you") in words_on(again)
    assert OLDER not in words_on(again)
    write(again, "<p>There</p>")
    save(again)
    assert shared.templates.latest(admin, version.template_id).source == "<p>There</p>"
    assert draft(shared, admin, version) is None
    for tab in (again, opened()):
        assert field(tab).value == "<p>There</p>" and "discard" not in keys(tab) and "This is the draft" not in words_on(tab)


def test_what_is_broken_is_kept_too(opened, shared, admin, version):
    write(opened(), "<p>{{ contact.nonsense }}")
    again = opened()
    assert field(again).value == "<p>{{ contact.nonsense }}" and len(again.error) == 1
    save(again)
    assert "nonsense" in again.error[0].value
    assert source_of(shared, admin, version) == "<p>{{ contact.nonsense }}" == field(again).value
    write(again, "")
    assert source_of(shared, admin, version) == ""


@pytest.mark.parametrize(
    ("source", "said"), [("x" * 500_001, "larger than 500 KB"), ("<p>a\x00b</p>", "not text")], ids=["large", "no text"]
)
def test_what_can_not_be_kept_is_refused_in_words_and_stays_in_the_field(opened, shared, admin, version, source: str, said: str):
    app = write(write(opened(), "<p>Before</p>"), source)
    assert [said in one.value for one in app.error] == [True]
    assert field(app).value == source and kept(app) == "The draft is not saved"
    assert ["It says why" in one.value for one in app.toast] == [True]
    save(app)
    assert [said in one.value for one in app.error] == [True] and field(app).value == source and not app.toast
    assert shared.templates.latest(admin, version.template_id).number == 1
    assert source_of(shared, admin, version) == "<p>Before</p>"
    write(app, "<p>Before</p>")
    assert not app.error and kept(app) == "Draft saved"
    write(app, "<p>After</p>")
    assert source_of(shared, admin, version) == "<p>After</p>"


def test_a_draft_is_thrown_away_after_a_question(opened, shared, admin, version):
    app = write(opened(), "<p>Half way</p>")
    app.button(key="discard").click().run()
    assert "What changed since version 1 goes" in words_on(app)
    app.button(key="discard_draft-no").click().run()
    assert source_of(shared, admin, version) == "<p>Half way</p>"
    app.button(key="discard").click().run()
    app.button(key="discard_draft-yes").click().run()
    assert field(app).value == version.source and "discard" not in keys(app)
    assert draft(shared, admin, version) is None


def test_going_back_to_what_is_saved_drops_the_draft(opened, shared, admin, version):
    app = write(opened(), "<p>Half way</p>")
    write(app, version.source)
    assert draft(shared, admin, version) is None
    assert kept(app) == "Nothing changed yet" and "discard" not in keys(app)
    write(app, "<p>Once more</p>")
    assert source_of(shared, admin, version) == "<p>Once more</p>"


def test_going_back_to_what_is_saved_drops_nothing_of_somebody_else(opened, shared, admin, version):
    mine = write(opened(), "<p>Mine</p>")
    write(opened(Role.ADMIN), "<p>Theirs</p>")
    write(mine, version.source)
    assert "Ada changed this draft" in mine.warning[0].value
    assert source_of(shared, admin, version) == "<p>Theirs</p>"


def test_an_earlier_version_taken_back_is_kept_as_a_draft(opened, shared, admin, version):
    shared.templates.save_version(admin, version.template_id, "<p>Newer</p>")
    app = opened()
    app.button(key=f"version_{version.id}").click().run()
    assert field(app).value == version.source == source_of(shared, admin, version)
    assert field(opened()).value == version.source


def test_nobody_writes_over_somebody_else(opened, shared, admin, version):
    mine, theirs = opened(), opened(Role.ADMIN)
    write(theirs, "<p>Theirs</p>")
    write(mine, "<p>Mine</p>")
    assert "Ada changed this draft on" in mine.warning[0].value
    assert field(mine).value == "<p>Mine</p>" and field(mine).disabled
    assert mine.button(key="primary_action").disabled and "discard" not in keys(mine)
    assert source_of(shared, admin, version) == "<p>Theirs</p>"
    mine.button(key="load_theirs").click().run()
    assert field(mine).value == "<p>Theirs</p>" and not mine.warning
    assert RESUMED.format("Ada") in words_on(mine)
    write(mine, "<p>Together</p>")
    assert source_of(shared, admin, version) == "<p>Together</p>"

    write(theirs, "<p>Alone</p>")
    assert "Marketer changed this draft on" in theirs.warning[0].value
    theirs.button(key="keep_mine").click().run()
    assert source_of(shared, admin, version) == "<p>Alone</p>" == field(theirs).value
    assert not theirs.warning and not field(theirs).disabled


def test_a_save_pressed_in_the_moment_of_a_conflict_saves_nothing(opened, shared, admin, version):
    mine, theirs = opened(), opened(Role.ADMIN)
    write(theirs, "<p>Theirs</p>")
    field(mine).set_value("<p>Mine</p>")
    save(mine)
    assert "Ada changed this draft on" in mine.warning[0].value
    assert shared.templates.latest(admin, version.template_id).number == 1
    mine.button(key="keep_mine").click().run()
    save(mine)
    assert shared.templates.latest(admin, version.template_id).source == "<p>Mine</p>"


def test_a_draft_begun_from_an_older_version_says_so(opened, shared, admin, version):
    app = write(opened(), "<p>Mine</p>")
    shared.templates.save_version(admin, version.template_id, "<p>Theirs</p>")
    for tab in (app.run(), opened(), app.run(), write(app, "<p>Mine again</p>"), app.run(), opened()):
        assert OLDER in words_on(tab)
    assert field(app).value == "<p>Mine again</p>"
    write(app, "<p>Theirs</p>")
    assert draft(shared, admin, version) is None and OLDER not in words_on(app)


def test_a_version_saved_meanwhile_is_there_where_nothing_was_written(opened, shared, admin, version):
    for role in (Role.MARKETER, Role.ANALYST):
        app = opened(role)
        newer = shared.templates.save_version(admin, version.template_id, f"<p>For {role}</p>")
        app.run()
        assert field(app).value == newer.source and not app.warning


def test_a_version_saved_meanwhile_is_not_undone_unseen(opened, shared, admin, version):
    app = opened()
    shared.templates.save_version(admin, version.template_id, "<p>Theirs</p>")
    write(app, "<p>Mine</p>")
    assert "Version 2 was saved meanwhile" in app.warning[0].value and field(app).value == "<p>Mine</p>"
    assert draft(shared, admin, version) is None
    app.button(key="keep_mine").click().run()
    assert (draft(shared, admin, version).source, draft(shared, admin, version).based_on) == ("<p>Mine</p>", 2)

    other = opened()
    save(app)
    other.run()
    assert field(other).value == "<p>Mine</p>" and not other.warning


def test_what_was_written_outlives_the_draft_that_a_save_in_another_tab_ended(opened, shared, admin, version):
    first, second = opened(), opened()
    write(first, "<p>First</p>")
    write(second, "<p>Second</p>")
    second.button(key="keep_mine").click().run()
    save(second)
    first.run()
    assert first.warning and field(first).value == "<p>First</p>"
    first.button(key="keep_mine").click().run()
    assert source_of(shared, admin, version) == "<p>First</p>"


def test_a_language_saved_meanwhile_changes_nothing_for_whoever_writes_the_main_one(opened, shared, admin, version):
    app = write(opened(), "<p>Mine</p>")
    shared.translating.put(admin, version.template_id, "de", "<p>Hallo</p>")
    for one in ("<p>Mine 2</p>", "<p>Mine 3</p>"):
        write(app, one)
        assert not app.warning and OLDER not in words_on(app) and source_of(shared, admin, version) == one


def test_a_draft_keeps_what_it_is_written_in(opened, shared, admin, version):
    mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Tea</mj-text></mj-column></mj-section></mj-body></mjml>"
    shared.template_drafts.keep(admin, version.template_id, mjml, TemplateKind.MJML, based_on=1, revision=0)
    app = opened()
    assert field(app).value == mjml and not app.error and "MJML · version 1" in words_on(app)
    save(app)
    assert shared.templates.latest(admin, version.template_id).kind is TemplateKind.MJML


def test_who_may_only_look_sees_the_version_and_no_draft(opened, shared, admin, version):
    write(opened(), "<p>Secret so far</p>")
    app = opened(Role.ANALYST)
    assert field(app).value == version.source and field(app).disabled
    assert "draft" not in words_on(app).lower() and "discard" not in keys(app)


def test_a_tab_that_was_left_open_saves_no_older_text_and_ends_no_newer_draft(opened, shared, admin, version):
    laptop = opened()
    write(laptop, "<p>Early</p>")
    phone = opened()
    write(phone, "<p>Late</p>")
    save(laptop)
    assert "changed this draft" in laptop.warning[0].value
    assert shared.templates.latest(admin, version.template_id).number == 1
    assert source_of(shared, admin, version) == "<p>Late</p>"
    laptop.button(key="load_theirs").click().run()
    assert field(laptop).value == "<p>Late</p>"
