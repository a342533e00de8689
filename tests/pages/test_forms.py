"""The pages of sign-up forms: made with a preview, put onto a site, paused, deleted."""

from __future__ import annotations

import pytest

from core.contacts.hosted.design import FormDesign
from core.contacts.hosted.published import FormState
from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

LIST, EDITOR = "pages/audience/forms.py", "pages/audience/form.py"


@pytest.fixture
def news(shared, admin):
    given.people(shared, admin, 1)
    return shared.lists.by_name(admin, "Newsletter").id


@pytest.fixture
def footer(shared, admin, news):
    design = FormDesign("Get our letter", "I agree to get mail.", (news,), sites=("https://shop.example",), allows_plain=True)
    return shared.forms.create(admin, "Footer", design)


def test_an_empty_workspace_says_what_forms_are_for(app_as):
    assert "No forms yet" in words_on(app_as(Role.MARKETER)(LIST))


def test_a_form_is_made_and_seen_before_it_is(app_as, shared, admin, news):
    app = app_as(Role.MARKETER)(EDITOR)
    assert "Not complete yet" in words_on(app)
    app.text_input(key="form_new_name").set_value("Footer of the shop").run()
    app.multiselect(key="form_new_lists").set_value([news]).run()
    app.multiselect(key="form_new_fields").set_value(["first_name", "orders"]).run()
    assert "Not complete yet" not in words_on(app)
    assert not shared.forms.all(admin)
    app.text_input(key="form_new_label_orders").set_value("How many orders?").run()
    app.button(key="primary_action").click().run()
    [made] = shared.forms.all(admin)
    assert (made.name, made.form.design.list_ids, made.form.state) == ("Footer of the shop", (news,), FormState.LIVE)
    assert [(one.name, one.label, one.kind) for one in made.form.design.fields] == [
        ("first_name", "First name", "text"),
        ("orders", "How many orders?", "number"),
    ]


def test_a_form_without_a_name_says_so_and_keeps_what_was_typed(app_as, shared, admin, news):
    app = app_as(Role.MARKETER)(EDITOR)
    app.multiselect(key="form_new_lists").set_value([news]).run()
    app.button(key="primary_action").click().run()
    assert "needs a name" in words_on(app)
    assert app.multiselect(key="form_new_lists").value == [news]
    assert not shared.forms.all(admin)


def test_a_form_is_changed_and_other_words_are_a_new_version(app_as, shared, admin, footer):
    app = app_as(Role.MARKETER)(EDITOR, id=str(footer.id))
    assert "Sign-ups per day, last 30 days" in words_on(app)
    app.text_area(key=f"form_{footer.id}_wording").set_value("I agree to other words.").run()
    app.button(key="primary_action").click().run()
    changed = shared.forms.get(admin, footer.id)
    assert (changed.form.design.wording, changed.form.wording_version) == ("I agree to other words.", 2)


def test_the_code_for_a_site_is_shown(app_as, footer):
    app = app_as(Role.MARKETER)(LIST)
    app.button(key=f"share_{footer.id}").click().run()
    link, frame, plain = (each.value for each in app.code)
    assert link.endswith(f"/f/{footer.form.key}")
    assert frame.startswith("<iframe src=")
    assert '<form method="post" action="' in plain
    assert 'name="homepage"' in plain


def test_a_form_is_paused_resumed_and_deleted(app_as, shared, admin, footer):
    app = app_as(Role.MARKETER)(LIST)
    app.button(key=f"pause_{footer.id}").click().run()
    assert shared.forms.get(admin, footer.id).form.state is FormState.PAUSED
    app.button(key=f"resume_{footer.id}").click().run()
    assert shared.forms.get(admin, footer.id).form.state is FormState.LIVE
    app.button(key=f"delete_{footer.id}").click().run()
    assert shared.forms.all(admin)
    app.button(key="delete-yes").click().run()
    assert not shared.forms.all(admin)


def test_who_may_only_look_changes_nothing(app_as, footer):
    app = app_as(Role.ANALYST)(EDITOR, id=str(footer.id))
    assert not [button for button in app.button if button.key == "primary_action"]
    assert all(field.disabled for field in app.text_input)
