"""Subject and preview text of a campaign in the languages of its template: written, looked at, tried, and sent."""

from __future__ import annotations

import pytest

from core.jobs.delivering import drain
from core.permissions import Role
from core.templates.languages.headings import Heading
from tests.pages import given
from tests.pages.conftest import words_on

EDITOR = "pages/create/campaign.py"
GERMAN = given.SOURCE.replace("Hello", "Hallo").replace("tea</a>", "Tee</a>")


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


@pytest.fixture
def bilingual(shared, admin):
    """Keep a draft whose template has German words too."""

    def make(**fields: object):
        campaign = given.draft(shared, admin, **fields)
        shared.translating.put(admin, campaign.template_id, "de", GERMAN)
        return campaign

    return make


def inputs(app):
    return {one.key for one in app.text_input}


def test_a_template_in_one_language_asks_for_one_subject(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    assert "In other languages" not in words_on(app)
    assert f"campaign_{campaign.id}_subject_de" not in inputs(app)


def test_each_language_has_a_row_and_what_is_empty_is_as_in_the_main_one(app_as, shared, admin, bilingual):
    campaign = bilingual()
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    assert "A line that is left empty is as in the main language" in words_on(app)
    assert app.text_input(key=f"campaign_{campaign.id}_subject_de").placeholder == "As in the main language: A new tea"
    app.text_input(key=f"campaign_{campaign.id}_subject_de").set_value("Ein neuer Tee")
    app.text_input(key=f"campaign_{campaign.id}_preview_text").set_value("From the first flush")
    app.text_input(key=f"campaign_{campaign.id}_preview_text_de").set_value("Von der ersten Pflückung")
    app.toggle(key=f"campaign_{campaign.id}_ab").set_value(True).run()
    app.text_input(key=f"campaign_{campaign.id}_subject_b").set_value("Tea again")
    app.text_input(key=f"campaign_{campaign.id}_subject_b_de").set_value("Wieder Tee")
    app.button(key="save_draft").click().run()
    assert not app.error
    kept = shared.campaigns.get(admin, campaign.id)
    assert (kept.preview_text, kept.subjects) == ("From the first flush", {"de": Heading("Ein neuer Tee", "Von der ersten Pflückung")})
    assert (kept.subject_b, kept.preview_text_b, kept.subjects_b) == ("Tea again", "", {"de": Heading("Wieder Tee")})
    app.text_input(key=f"campaign_{campaign.id}_subject_de").set_value("")
    app.toggle(key=f"campaign_{campaign.id}_ab").set_value(False).run()
    app.button(key="save_draft").click().run()
    kept = shared.campaigns.get(admin, campaign.id)
    assert (kept.subjects, kept.subject_b, kept.subjects_b) == ({"de": Heading("", "Von der ersten Pflückung")}, None, {})


def test_a_line_that_cant_be_used_is_named_with_its_language_and_stays(app_as, shared, admin, bilingual):
    campaign = bilingual()
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.text_input(key=f"campaign_{campaign.id}_subject_de").set_value("{{ nobody.knows }}")
    app.button(key="save_draft").click().run()
    assert ["In the language de" in one.value for one in app.error] == [True]
    assert app.text_input(key=f"campaign_{campaign.id}_subject_de").value == "{{ nobody.knows }}"
    assert shared.campaigns.get(admin, campaign.id) == campaign


def test_a_subject_in_a_language_the_template_lacks_is_shown_and_can_be_taken_out(app_as, shared, admin):
    campaign = given.draft(shared, admin, subjects={"fr": Heading("Du thé")})
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    assert "Not in this template: nobody gets it" in words_on(app)
    app.text_input(key=f"campaign_{campaign.id}_subject_fr").set_value("")
    app.button(key="save_draft").click().run()
    assert shared.campaigns.get(admin, campaign.id).subjects == {}


def test_the_preview_shows_subject_and_mail_in_one_language(app_as, shared, admin, bilingual):
    campaign = bilingual(subjects={"de": Heading("Ein neuer Tee", "Erste Pflückung")})
    shared.contacts.save(admin, "reader1@example.org", attributes={"language": "de-AT"})
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.segmented_control(key="campaign_view").set_value("text").run()
    assert "**A new tea**" in words_on(app)
    assert "Hello Alex" in app.code[0].value
    app.segmented_control(key="campaign_language").set_value("de").run()
    assert "**Ein neuer Tee**" in words_on(app)
    assert "Erste Pflückung" in words_on(app)
    assert "**A new tea**" not in words_on(app)
    assert "Hallo Alex" in app.code[0].value
    app.segmented_control(key="campaign_language").set_value("").run()
    app.text_input(key="campaign_reader").set_value("reader1@example.org").run()
    assert "gets it in Deutsch" in words_on(app)
    assert "**Ein neuer Tee**" in words_on(app)
    assert "Hallo Reader 1" in app.code[0].value


@pytest.mark.parametrize(("language", "subject"), [("", "[Test] A new tea"), ("de", "[Test] Ein neuer Tee")])
def test_a_test_goes_out_in_the_language_that_is_looked_at(app_as, shared, admin, bilingual, language: str, subject: str):
    campaign = bilingual(subjects={"de": Heading("Ein neuer Tee")})
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.segmented_control(key="campaign_language").set_value(language).run()
    app.text_input(key="test_address").set_value("me@example.com")
    submit(app, "Send test")
    assert not app.error
    (row,) = shared.outbox.page(admin).rows
    assert row.subject == subject


def test_checking_warns_of_a_german_mail_under_an_english_subject(app_as, shared, admin, bilingual):
    campaign = bilingual()
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.button(key="campaign_check").click().run(timeout=60)
    assert "The mail has German words but its subject is only in" in words_on(app)
    app.text_input(key=f"campaign_{campaign.id}_subject_de").set_value("Ein neuer Tee").run()
    app.button(key="campaign_check").click().run(timeout=60)
    assert "but its subject is only in" not in words_on(app)


def test_what_was_sent_is_shown_in_each_language(app_as, shared, admin, bilingual):
    campaign = bilingual(subjects={"de": Heading("Ein neuer Tee")}, subject_b="Tea again")
    shared.campaigns.launch(admin, campaign.id)
    drain(shared, campaign.id, owner="test", should_stop=lambda: False)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    assert "**A new tea**" in words_on(app)
    app.segmented_control(key="sent_language").set_value("de").run()
    assert "**Ein neuer Tee**" in words_on(app)
    assert "**Tea again**" in words_on(app), "the second subject has no German of its own"
