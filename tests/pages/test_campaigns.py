"""Campaigns: the list, writing one, launching it, watching it leave."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.campaigns.states import CampaignState
from core.jobs.delivering import drain
from core.permissions import Role
from core.ui import background
from tests.pages import given
from tests.pages.conftest import words_on
from tests.support.mail_server import free_port, serving

LIST, EDITOR = "pages/create/campaigns.py", "pages/create/campaign.py"


def labels(app):
    return [button.label for button in app.button]


def submit(app, label):
    return next(button for button in app.button if button.label == label and button.form_id).click().run()


def test_an_empty_workspace_is_told_what_a_campaign_is(app_as):
    app = app_as(Role.MARKETER)(LIST)
    assert "No campaigns yet" in words_on(app)
    assert labels(app).count("New campaign") == 2


def test_campaigns_are_shown_with_their_state_and_size(app_as, shared, admin):
    given.sent(shared, admin, name="Autumn tea")
    given.draft(shared, admin, name="Winter tea")
    app = app_as(Role.MARKETER)(LIST)
    words = words_on(app)
    assert "**Autumn tea**" in labels(app)
    assert "**3**" in words
    assert {"Sent", "Draft"} <= set(" ".join(words.split()).replace("[", " ").replace("]", " ").split())
    app.segmented_control(key="campaign_state").set_value("draft").run()
    assert "**Autumn tea**" not in labels(app)


def test_a_draft_is_deleted_after_a_question(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(LIST)
    app.button(key=f"delete_{campaign.id}").click().run()
    assert "sent to nobody" in words_on(app)
    app.button(key="delete-yes").click().run()
    assert not shared.campaigns.all(admin)


def test_a_campaign_is_written_and_kept_as_a_draft(app_as, shared, admin):
    given.people(shared, admin)
    version = given.template(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR)
    app.text_input(key="campaign_new_name").set_value("Autumn tea")
    app.text_input(key="campaign_new_subject").set_value("For {{ contact.first_name }}")
    app.toggle(key="campaign_new_ab").set_value(True).run()
    app.text_input(key="campaign_new_subject_b").set_value("Another subject")
    app.text_input(key="campaign_new_from_email").set_value("tea@example.com")
    app.selectbox(key="campaign_new_template").select(version.template_id).run()
    app.selectbox(key="campaign_new_audience").select_index(0).run()
    assert "3 people right now" in words_on(app)
    app.button(key="save_draft").click().run()
    (kept,) = shared.campaigns.all(admin)
    assert (kept.name, kept.subject, kept.subject_b, kept.state) == (
        "Autumn tea",
        "For {{ contact.first_name }}",
        "Another subject",
        CampaignState.DRAFT,
    )


def test_only_what_can_send_is_offered_to_send_through(app_as, shared, admin):
    reports = shared.connections.add(admin, "Reports", "generic", {"webhook_token": "t"})
    app = app_as(Role.MARKETER)(EDITOR)
    offered = app.selectbox(key="campaign_new_connection").options
    assert shared.connections.default(admin).name in offered
    assert reports.name not in offered


def test_what_is_missing_is_said_in_one_message_and_nothing_is_lost(app_as, shared, admin):
    app = app_as(Role.MARKETER)(EDITOR)
    app.text_input(key="campaign_new_name").set_value("Autumn tea")
    app.button(key="save_draft").click().run()
    assert len(app.error) == 1
    assert "a template and whom it goes to" in app.error[0].value
    assert app.text_input(key="campaign_new_name").value == "Autumn tea"
    assert not shared.campaigns.all(admin)


@pytest.mark.parametrize(("field", "value"), [("from_email", "nonsense"), ("subject", "{{ nobody.knows }}"), ("subject", ""), ("name", "")])
def test_a_field_that_cant_be_used_is_named_once(app_as, shared, admin, field: str, value: str):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.text_input(key=f"campaign_{campaign.id}_{field}").set_value(value)
    app.button(key="save_draft").click().run()
    assert len(app.error) == 1
    assert not app.exception
    assert shared.campaigns.get(admin, campaign.id) == campaign


def test_launching_says_to_how_many_first_and_then_queues_them(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.button(key="launch").click().run()
    assert "3 people" in words_on(app)
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.DRAFT
    yes = app.button(key="launch-yes")
    assert yes.label == "Send to 3 people now"
    yes.click().run()
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.SENDING
    assert {"Pause", "Cancel", "Show report"} <= set(labels(app))


def test_going_back_sends_nothing(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.button(key="launch").click().run()
    app.button(key="launch-no").click().run()
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.DRAFT


def test_what_was_typed_last_is_what_is_launched(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.text_input(key=f"campaign_{campaign.id}_subject").set_value("A better subject")
    app.button(key="launch").click().run()
    app.button(key="launch-yes").click().run()
    assert shared.campaigns.get(admin, campaign.id).subject == "A better subject"


def test_a_campaign_is_paused_resumed_and_cancelled(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    shared.campaigns.launch(admin, campaign.id)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.button(key="pause").click().run()
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.PAUSED
    app.button(key="resume").click().run()
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.SENDING
    app.button(key="cancel").click().run()
    app.button(key="cancel-yes").click().run()
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.CANCELLED


def test_the_page_notices_that_sending_is_over(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    shared.campaigns.launch(admin, campaign.id)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    drain(shared, campaign.id, owner="test", should_stop=lambda: False)
    app.run()
    assert "all settled" in words_on(app)
    assert "Pause" not in labels(app)


def test_the_page_says_why_nothing_leaves(app_as, shared, admin, clock):
    nowhere = {"host": "127.0.0.1", "port": free_port(), "security": "none"}
    dead = shared.connections.add(admin, "Server", "smtp", nowhere)
    campaign = given.draft(shared, admin, connection_id=dead.id)
    shared.campaigns.launch(admin, campaign.id)
    drain(shared, campaign.id, owner="test", should_stop=lambda: False)
    clock.advance(timedelta(seconds=30))
    said = words_on(app_as(Role.MARKETER)(EDITOR, id=campaign.id))
    assert "can't be reached" in said
    assert "Nothing is lost" in said
    assert "Is the worker running?" not in said


def test_a_test_email_goes_to_one_address_and_counts_nowhere(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    submit(app, "Send test")
    assert len(app.error) == 1
    app.text_input(key="test_address").set_value("me@example.com")
    submit(app, "Send test")
    assert not app.error
    assert [row.to for row in shared.outbox.page(admin).rows] == ["me@example.com"]
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.DRAFT


def test_a_test_through_a_slow_server_is_waited_for_and_a_second_press_finds_nothing_to_press(app_as, shared, admin):
    with serving() as server:
        server.slowness = 1.5
        relay = shared.connections.add(admin, "Relay", "smtp", {"host": "127.0.0.1", "port": server.port, "security": "none"})
        campaign = given.draft(shared, admin, connection_id=relay.id)
        app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
        app.text_input(key="test_address").set_value("me@example.com")
        submit(app, "Send test")
        assert "You can close this" in words_on(app)
        assert "Send test" not in labels(app)
        [work] = [work for name, work in background._works.items() if name.startswith("test_campaign:")]
        work.thread.join(30)
        app.run()
        assert "Sent to 1 address" in app.success[0].value
        assert "Send test" not in labels(app)
        app.button(key="test_again").click().run()
        assert app.text_input(key="test_address").value == "me@example.com"
        assert "Send test" in labels(app)
        assert [one.rcpt_tos for one in server.received] == [["me@example.com"]]


def test_a_test_goes_to_all_seed_addresses_and_says_what_became_of_each(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.text_input(key="seed_address").set_value("tests@example.com")
    app.text_input(key="seed_label").set_value("Outlook")
    submit(app, "Add")
    (one,) = shared.seed_addresses.all(admin)
    assert app.multiselect(key=f"test_seeds_{one.id}").value == ["tests@example.com"]
    app.text_input(key="test_address").set_value("no address")
    submit(app, "Send test")
    assert [row.to for row in shared.outbox.page(admin).rows] == ["tests@example.com"]
    assert "Sent to 1 address" in app.success[0].value
    assert "no address" in app.error[0].value
    app.button(key=f"remove_seed_{one.id}").click().run()
    assert not shared.seed_addresses.all(admin)
    assert not app.exception


def test_an_analyst_looks_and_sends_nothing(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.ANALYST)(EDITOR, id=campaign.id)
    assert {"Send now", "Send test"}.isdisjoint(labels(app))
    assert app.button(key="save_draft").disabled


@pytest.mark.parametrize("nonsense", ["999", "abc", "%27"])
def test_a_number_nobody_has_leads_back(app_as, nonsense: str):
    app = app_as(Role.MARKETER)(EDITOR, id=nonsense)
    assert not app.exception
    assert "There is no such campaign" in words_on(app)


def test_another_workspaces_campaign_does_not_exist_here(app_as, shared, admin):
    from core.permissions import Principal

    other = Principal.system(shared.workspaces.create("Other").id)
    campaign = given.draft(shared, other)
    assert "There is no such campaign" in words_on(app_as(Role.ADMIN)(EDITOR, id=campaign.id))
