"""Fields and tags: made, changed, deleted."""

from __future__ import annotations

from core.contacts.attributes import AttributeType
from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

FILE = "pages/audience/fields.py"


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def test_a_field_is_added_changed_and_deleted(app_as, shared, admin):
    given.people(shared, admin, 2)
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="add_field").click().run()
    app.text_input(key="new_field_label").set_value("Shoe size")
    app.selectbox(key="new_field_type").select(AttributeType.NUMBER)
    submit(app, "Add field")
    assert [(one.name, one.type) for one in shared.fields.all(admin)] == [("orders", "number"), ("shoe_size", "number")]
    app.button(key="field_edit_orders").click().run()
    app.text_input(key="field_label").set_value("Orders so far")
    app.selectbox(key="field_type").select(AttributeType.TEXT)
    submit(app, "Save")
    assert [(one.label, one.type) for one in shared.fields.all(admin)] == [("Orders so far", "text"), ("Shoe size", "number")]
    app.button(key="field_delete_orders").click().run()
    assert "No template and no segment uses it" in words_on(app)
    app.text_input(key="delete_field-typed").set_value("delete").run()
    app.button(key="delete_field-yes").click().run()
    assert [one.name for one in shared.fields.all(admin)] == ["shoe_size"]


def test_where_a_field_is_used_is_told_and_a_segment_keeps_it(app_as, shared, admin):
    given.people(shared, admin, 1)
    given.template(shared, admin, source=given.SOURCE.replace("first_name", "orders"))
    shared.segments.create(admin, "Buyers", {"field": "attribute.orders", "operator": "greater_than", "value": 1})
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="field_delete_orders").click().run()
    assert "used in 1 template and 1 segment" in words_on(app)
    app.text_input(key="delete_field-typed").set_value("delete").run()
    app.button(key="delete_field-yes").click().run()
    assert "Segments ask for this field" in app.error[0].value
    assert [one.name for one in shared.fields.all(admin)] == ["orders"]


def test_a_tag_is_made_renamed_and_deleted(app_as, shared, admin):
    app = app_as(Role.MARKETER)(FILE)
    app.button(key="add_tag").click().run()
    app.text_input(key="new_tag").set_value("VIP")
    submit(app, "Make tag")
    [tag] = shared.tags.all(admin)
    app.button(key=f"tag_rename_{tag.id}").click().run()
    app.text_input(key="tag_name").set_value("Very important")
    submit(app, "Rename")
    assert [one.name for one in shared.tags.all(admin)] == ["Very important"]
    app.button(key=f"tag_delete_{tag.id}").click().run()
    app.button(key="delete_tag-yes").click().run()
    assert shared.tags.all(admin) == []


def test_an_analyst_looks_and_changes_nothing(app_as, shared, admin):
    given.people(shared, admin, 1)
    app = app_as(Role.ANALYST)(FILE)
    assert "contact.orders" in words_on(app)
    assert {"Edit", "Delete", "Add a field", "New tag"}.isdisjoint(button.label for button in app.button)
