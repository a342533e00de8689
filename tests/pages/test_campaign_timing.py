"""Scheduling on the page: the time is asked for, what it means is said, and what waits says when."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.campaigns.states import CampaignState
from core.campaigns.timing import Late, Timing
from core.hours import Quiet, Window, parse_window
from core.permissions import Role
from core.sending_rules import Cap, SendingRules
from tests.pages import given
from tests.pages.conftest import words_on

EDITOR, WORKSPACE = "pages/create/campaign.py", "pages/admin/workspace.py"
on = datetime.fromisoformat


def test_a_draft_is_scheduled_and_unscheduled(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.button(key="schedule").click().run()
    assert "It begins 23 Nov 2026, 09:00 UTC." in words_on(app)
    assert app.button(key="schedule_yes").label == "Schedule for 3 people"
    app.button(key="schedule_yes").click().run()
    found = shared.campaigns.get(admin, campaign.id)
    assert (found.state, found.scheduled_wall) == (CampaignState.SCHEDULED, on("2026-11-23T09:00"))
    assert "**Monday, 23 November 2026, 09:00** by the clock of UTC" in words_on(app)
    app.button(key="unschedule").click().run()
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.DRAFT
    assert not app.exception


def test_whose_time_is_over_is_said_and_asked_beforehand(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    reader = shared.contacts.find(admin, "reader0@example.org")
    shared.contacts.save(admin, reader.email, attributes={"time_zone": "Pacific/Auckland"})
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.button(key="schedule").click().run()
    app.datetime_input(key="schedule_at").set_value(on("2026-11-22T18:00"))
    app.radio(key="schedule_whose").set_value(True).run()
    assert "For **1 person** this time is already over." in words_on(app)
    app.radio(key="schedule_late").set_value(Late.NEXT_DAY).run()
    app.button(key="schedule_yes").click().run()
    found = shared.campaigns.get(admin, campaign.id)
    assert found.timing == Timing(in_contact_zone=True, late=Late.NEXT_DAY)
    assert "by each person’s own clock" in words_on(app)


def test_what_cant_be_scheduled_is_told_and_stays_a_draft(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.button(key="schedule").click().run()
    app.datetime_input(key="schedule_at").set_value(on("2026-11-21T18:00")).run()
    app.button(key="schedule_yes").click().run()
    assert "This time is over" in app.error[0].value
    app.button(key="schedule_no").click().run()
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.DRAFT


def test_hours_and_holdout_are_kept_with_the_draft(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    key = f"campaign_{campaign.id}"
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.toggle(key=f"{key}_window_on").set_value(True).run()
    app.radio(key=f"{key}_whose_hours").set_value(True)
    app.number_input(key=f"{key}_holdout").set_value(10)
    app.button(key="launch").click().run()
    found = shared.campaigns.get(admin, campaign.id)
    assert (found.timing, found.holdout_percent) == (Timing(parse_window("mon-fri 9-18"), in_contact_zone=True), 10)
    assert "It only goes out Mon–Fri, 09:00–18:00" in words_on(app)
    assert "About 10% of the people are held out" in words_on(app)


def test_a_window_that_never_opens_is_refused(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    key = f"campaign_{campaign.id}_window"
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app.toggle(key=f"{key}_on").set_value(True).run()
    app.time_input(key=f"{key}_until").set_value(on("2026-01-01T08:00").time()).run()
    assert "close later than it opens" in app.error[0].value
    assert not app.exception


def test_only_who_sets_the_limit_may_call_a_campaign_important(app_as, shared, admin):
    shared.workspaces.update(admin, sending_rules=SendingRules(cap=Cap(3, 7)))
    campaign = given.draft(shared, admin)
    key = f"campaign_{campaign.id}_important"
    assert app_as(Role.MARKETER)(EDITOR, id=campaign.id).toggle(key=key).disabled
    app = app_as(Role.ADMIN)(EDITOR, id=campaign.id)
    app.toggle(key=key).set_value(True)
    app.button(key="save_draft").click().run()
    assert shared.campaigns.get(admin, campaign.id).timing.ignores_cap


def test_why_it_was_not_launched_is_shown(app_as, shared, admin, clock):
    campaign = given.draft(shared, admin)
    shared.campaigns.schedule(admin, campaign.id, on("2026-11-22T13:00"))
    clock.advance(timedelta(days=3))
    shared.campaigns.launch_due()
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    assert "more than a day ago" in app.error[0].value
    assert "could not be sent at its time" in words_on(app_as(Role.MARKETER)("pages/create/campaigns.py"))


def test_the_rules_of_the_workspace_are_kept(app_as, shared, admin):
    app = app_as(Role.ADMIN)(WORKSPACE)
    assert app.button(key="rules_save").disabled
    app.toggle(key="quiet_on").set_value(True)
    app.toggle(key="cap_on").set_value(True).run()
    app.number_input(key="cap_messages").set_value(2).run()
    app.button(key="rules_save").click().run()
    assert shared.workspaces.get(admin.workspace_id).sending_rules == SendingRules(Quiet(1260, 480), Cap(2, 7))
    app.toggle(key="quiet_on").set_value(False).run()
    app.button(key="rules_save").click().run()
    assert shared.workspaces.get(admin.workspace_id).sending_rules == SendingRules(cap=Cap(2, 7))
    app.toggle(key="quiet_on").set_value(True).run()
    app.time_input(key="quiet_until").set_value(on("2026-01-01T21:00").time()).run()
    assert "whole day" in app.error[0].value


def test_a_window_is_told_in_few_words():
    from core.ui.create.hours_input import words

    assert words(parse_window("mon-fri 9-18")) == "Mon–Fri, 09:00–18:00"
    assert words(parse_window("mon,wed 9-24:00")) == "Mon, Wed, 09:00–24:00"
    assert words(Window(0, 60, frozenset(range(7)))) == "every day, 00:00–01:00"
