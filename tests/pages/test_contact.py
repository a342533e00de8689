"""One contact: what is known, what can be changed, and what happened."""

from __future__ import annotations

from core.contacts.consent.consent import ConsentStatus
from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

FILE = "pages/audience/contact.py"
MERGE = "pages/audience/merge_contacts.py"


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def test_a_profile_shows_fields_lists_consent_and_what_happened(app_as, shared, admin):
    campaign = given.sent(shared, admin, count=2)
    given.opened(shared, admin, campaign, readers=2, clicked=1)
    shared.ingester.run_once()
    person = shared.contacts.find(admin, "reader0@example.org")
    app = app_as(Role.MARKETER)(FILE, id=person.id)
    words = words_on(app)
    assert app.title[0].value == "Reader 0"
    for said in ("Newsletter", "Subscribed", "Opened", "Autumn tea", "Became a contact"):
        assert said in words
    assert "0" in app.table[0].value.to_string()


def test_names_fields_lists_and_tags_are_changed(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    other = shared.lists.create(admin, "Guests")
    app = app_as(Role.MARKETER)(FILE, id=person.id)
    app.button(key="open_contact_edit").click().run()
    app.text_input(key="contact_last").set_value("Lee")
    app.number_input(key="field_orders").set_value(7)
    submit(app, "Save")
    changed = shared.contacts.get(admin, person.id)
    assert (changed.first_name, changed.last_name, changed.attributes) == ("Reader 0", "Lee", {"orders": 7})
    app.button(key="open_contact_belonging").click().run()
    app.multiselect(key="contact_lists").set_value([other.id])
    submit(app, "Save")
    assert [one.name for one in shared.profiles.get(admin, person.id).lists] == ["Guests"]


def test_notes_are_written_and_ones_own_deleted(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    shared.notes.add(admin, person.id, "From Ada")
    app = app_as(Role.MARKETER)(FILE, id=person.id)
    app.text_area(key="note_text").set_value("Likes tea")
    submit(app, "Add note")
    notes = shared.notes.all(admin, person.id)
    assert [one.text for one in notes] == ["Likes tea", "From Ada"]
    assert [button.key for button in app.button if (button.key or "").startswith("note_delete")] == [f"note_delete_{notes[0].id}"]
    app.button(key=f"note_delete_{notes[0].id}").click().run()
    assert [one.text for one in shared.notes.all(admin, person.id)] == ["From Ada"]


def test_somebody_is_unsubscribed_suppressed_and_deleted_after_a_question(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    app = app_as(Role.MARKETER)(FILE, id=person.id)
    app.button(key="person_unsubscribe").click().run()
    app.button(key="unsubscribe-yes").click().run()
    assert shared.contacts.get(admin, person.id).consent is ConsentStatus.UNSUBSCRIBED
    app.button(key="person_suppress").click().run()
    app.button(key="suppress-yes").click().run()
    assert shared.suppressions.contains(admin, person.email)
    app.button(key="person_delete").click().run()
    assert app.button(key="delete_person-yes").disabled
    app.text_input(key="delete_person-typed").set_value("delete").run()
    app.button(key="delete_person-yes").click().run()
    assert shared.contacts.count(admin) == 0


def test_a_number_nobody_has_is_told_and_leads_back(app_as, shared, admin):
    given.people(shared, admin, 1)
    for nonsense in (999, "1%20or%201", "-1"):
        app = app_as(Role.MARKETER)(FILE, id=nonsense)
        assert not app.exception
        assert "There is no such contact" in words_on(app)


def test_an_analyst_looks_and_changes_nothing(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    app = app_as(Role.ANALYST)(FILE, id=person.id)
    assert "Consent" in words_on(app)
    assert {"Edit", "Change", "Add note", "Delete person"}.isdisjoint(button.label for button in app.button)


def test_two_are_merged_with_the_values_that_were_chosen(app_as, shared, admin):
    first, second = given.people(shared, admin, 2)
    app = app_as(Role.MARKETER)(MERGE, id=first.id)
    app.text_input(key="merge_email").set_value("nobody@example.org")
    submit(app, "Show what it would be")
    assert "no contact with this address" in app.error[0].value
    app.text_input(key="merge_email").set_value(second.email)
    submit(app, "Show what it would be")
    app.radio(key="merge_attributes.orders").set_value(second.id).run()
    app.button(key="merge_go").click().run()
    assert app.button(key="merge-yes").disabled
    app.text_input(key="merge-typed").set_value("merge").run()
    app.button(key="merge-yes").click().run()
    merged = shared.profiles.get(admin, second.id)
    assert (merged.contact.id, merged.contact.first_name, merged.contact.attributes) == (first.id, "Reader 0", {"orders": 1})


def test_what_somebody_wants_is_noted_and_told(app_as, shared, admin):
    person = given.people(shared, admin, 1)[0]
    app = app_as(Role.MARKETER)(FILE, id=person.id)
    app.selectbox(key="person_often").set_value("At most one a week")
    app.checkbox(key="person_no_sale").set_value(True)
    submit(app, "Save what they want")
    chosen = shared.choices.get(admin, person.id)
    assert (chosen.frequency, chosen.do_not_sell) == ("weekly", True)
    words = words_on(app_as(Role.MARKETER)(FILE, id=person.id))
    for said in ("At most one a week", "Do not sell", "Forbade the sale of data"):
        assert said in words


def test_what_holds_for_the_whole_installation_is_told_once_and_a_sale_is_not_all_mail(app_as, shared, admin):
    person = shared.contacts.save(admin, "everywhere@example.org")
    shared.choices.set_sale(admin, person.id, forbidden=True, source="asked by phone")
    shared.suppressed_everywhere.add_all(admin, "everywhere@example.org", "by court order")
    words = words_on(app_as(Role.MARKETER)(FILE, id=person.id))
    shared.suppressed_everywhere.remove(admin, "everywhere@example.org")
    assert "Suppressed for the whole installation" in words
    assert "Suppressed: " not in words
    assert "Asked not to be sold" in words
    assert "**Unsubscribed**" not in words
