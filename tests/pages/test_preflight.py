"""Preflight on pages: checking a template, checking a draft, and what the question before a launch says."""

from __future__ import annotations

from core.campaigns.states import CampaignState
from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

TEMPLATE, CAMPAIGN = "pages/create/template.py", "pages/create/campaign.py"
SOMETIMES = '<p>Hi</p>\n{% if contact.first_name %}<a href="{{ unsubscribe_url }}">Stop</a>{% endif %}'
GOOD = '<div style="display:none">Everything about the first flush of this year.</div><p>Hello, the tea is here.</p>'


def test_a_template_is_checked_and_the_worst_stands_first(app_as, shared, admin):
    version = given.template(shared, admin, source=SOMETIMES + '<p style="color:#ccc">Faint</p>')
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id)
    assert "Mend before sending" not in words_on(app)

    app.button(key="template_check").click().run()

    words = words_on(app)
    assert words.index("Mend before sending") < words.index("stands inside a condition") < words.index("Worth mending")
    assert "Line 2" in words
    assert "1 error" in words


def test_a_template_with_nothing_to_mend_says_so(app_as, shared, admin):
    shared.workspaces.update(admin, postal_address="1 Tea Street, Hamburg")
    version = given.template(shared, admin, source=GOOD)
    app = app_as(Role.ANALYST)(TEMPLATE, id=version.template_id)
    app.button(key="template_check").click().run()
    assert "Nothing to mend" in words_on(app)


def test_what_was_changed_since_is_not_called_checked(app_as, shared, admin):
    version = given.template(shared, admin, source=GOOD)
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id)
    app.button(key="template_check").click().run()
    app.text_area(key=f"source_{version.template_id}").set_value("<p>Changed</p>").run()
    assert "Changed since it was checked" in words_on(app)


def test_a_draft_is_checked_with_its_subject_its_sender_and_its_people(app_as, shared, admin):
    version = given.template(shared, admin, name="Bare", source="<p>Hello {{ contact.last_name }}</p>")
    draft = given.draft(shared, admin, subject="Re: tea", from_email="ann@gmail.com", template_id=version.template_id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)

    app.button(key="campaign_check").click().run()

    words = words_on(app)
    assert "but answers nobody" in words
    assert "whose owner asks other servers to refuse mail" in words
    assert "is empty for 3 of 3 people" in words


def test_the_question_before_a_launch_says_what_keeps_it_from_being_sent(app_as, shared, admin):
    version = given.template(shared, admin, name="Sometimes", source=SOMETIMES)
    draft = given.draft(shared, admin, template_id=version.template_id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)

    app.button(key="launch").click().run()
    assert "sent as it is" in words_on(app)
    app.button(key="launch-yes").click().run()

    assert "stands inside a condition" in app.error[0].value
    assert shared.campaigns.get(admin, draft.id).state is CampaignState.DRAFT
