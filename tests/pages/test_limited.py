"""Pages as a marketer sees them who was given one list of two: nothing of the other, and no button that would be refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.app import Services
from core.campaigns.models import Audience
from core.permissions import Principal, Role
from core.ui.navigation import PAGES
from tests.pages import given
from tests.pages.conftest import Open, words_on

SECRET = "quietly-kept"
SAID = "You see 1 of the lists, and only the people on it."


@pytest.fixture
def limited(shared: Services, admin: Principal, someone: Callable, app_as: Callable[[Role], Open]) -> Open:
    """Sign a marketer in who sees the newsletter only."""
    campaign = given.sent(shared, admin, count=2, name="Ours")
    other = shared.lists.create(admin, SECRET)
    shared.contacts.save(admin, f"{SECRET}@example.com", first_name=SECRET, list_ids=[other.id])
    shared.suppressions.add(admin, f"{SECRET}@example.com")
    given.sent(shared, admin, count=0, name=SECRET, subject=SECRET, audience=Audience("list", other.id))
    shared.segments.create(admin, "Everybody", {"field": "email", "operator": "is_not_empty"})
    shared.people.set_lists(admin, someone(Role.MARKETER).id, [campaign.audience.id])
    return app_as(Role.MARKETER)


@pytest.mark.parametrize("file", [entry.file for entry in PAGES if entry.section != "Admin" and not entry.all_lists])
def test_no_page_shows_anything_of_the_other_list(file: str, limited: Open):
    app = limited(file)
    assert not app.exception
    choices = [one.options for kind in (app.selectbox, app.multiselect, app.segmented_control) for one in kind]
    assert SECRET not in words_on(app) + repr([choices, [one.label for one in app.button], [one.value.to_dict() for one in app.dataframe]])


@pytest.mark.parametrize(
    "file", ["pages/audience/contacts.py", "pages/audience/lists.py", "pages/audience/segments.py", "pages/overview/overview.py"]
)
def test_the_page_says_that_this_is_not_everybody(file: str, limited: Open, app_as: Callable[[Role], Open]):
    assert SAID in words_on(limited(file))
    assert "of the lists" not in words_on(app_as(Role.ANALYST)(file))


def test_contacts_are_those_of_the_list_and_a_new_one_is_put_on_it(limited: Open, shared: Services, admin: Principal):
    app = limited("pages/audience/contacts.py")
    assert sorted(app.dataframe[0].value["Address"]) == ["reader0@example.org", "reader1@example.org"]
    app.button(key="primary_action").click().run()
    assert app.multiselect(key="new_lists").value == ["Newsletter"]
    app.text_input(key="new_email").set_value("new@example.org")
    next(button for button in app.button if button.label == "Add person" and button.form_id).click().run()
    assert not app.error
    assert shared.lists.by_name(admin, "Newsletter").size == 3


def test_an_address_out_of_sight_is_refused_in_words(limited: Open):
    app = limited("pages/audience/contacts.py")
    app.button(key="primary_action").click().run()
    app.text_input(key="new_email").set_value(f"{SECRET}@example.com")
    next(button for button in app.button if button.label == "Add person" and button.form_id).click().run()
    assert "You can’t add or change this address." in app.error[0].value


def test_a_list_is_renamed_but_none_is_made(limited: Open):
    app = limited("pages/audience/lists.py")
    labels = [button.label for button in app.button]
    assert "New list" not in labels
    assert {"**Newsletter**", "Rename", "Delete"} <= set(labels)


def test_campaigns_are_those_to_the_list_and_go_to_it(limited: Open, shared: Services, admin: Principal):
    assert "**Ours**" in [button.label for button in limited("pages/create/campaigns.py").button]
    app = limited("pages/create/campaign.py")
    assert app.selectbox(key="campaign_new_audience").options == ["Newsletter (list, 2)", "Everybody (segment)"]
    hidden = next(one for one in shared.campaigns.all(admin) if one.name == SECRET)
    assert "There is no such campaign" in words_on(limited("pages/create/campaign.py", id=hidden.id))
    assert "There is no such campaign" in words_on(limited("pages/measure/campaign_report.py", id=hidden.id))


def test_a_segment_counts_the_people_of_the_list_and_stays_as_others_made_it(limited: Open, shared: Services, admin: Principal):
    (segment,) = shared.segments.all(admin)
    app = limited("pages/audience/segment.py", id=segment.id)
    assert app.metric[0].value == "2"
    assert "segment_save" not in [button.key for button in app.button]
    assert "Delete" not in [button.label for button in limited("pages/audience/segments.py").button]


def test_an_import_goes_onto_a_list_there_is(limited: Open):
    app = limited("pages/audience/import_contacts.py")
    app.file_uploader(key="import_file").upload("f.csv", b"email\nnew@example.org\n", "text/csv").run()
    assert app.selectbox(key="import_list").options == ["Newsletter"]


def test_the_outbox_is_not_in_the_menu(limited: Open):
    app = limited()
    with pytest.raises(ValueError, match="outbox"):
        app.switch_page("pages/measure/outbox.py").run()
