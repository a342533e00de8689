"""The pace of a connection on its card and in its form, campaigns shared by several, and what a refused sign-in leaves to do."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest

from core.campaigns.states import CampaignState
from core.jobs.delivering import drain
from core.messages.plan import Route
from core.messages.states import MessageState
from core.permissions import Role
from core.providers.pace_book import PaceBook
from core.providers.pacing import Pacing, WarmUp
from core.providers.standing import after_domain_trouble, after_failure
from tests.pages import given
from tests.pages.conftest import words_on
from tests.support.mail_server import OnlyAnn, serving

FILE = "pages/admin/connections.py"
EDITOR = "pages/create/campaign.py"


def open_form(app, one):
    return app.button(key=f"pace_{one.id}").click().run()


def test_limits_are_set_and_shown_on_the_card(app_as, shared, admin):
    outbox = shared.connections.default(admin)
    relay = shared.connections.add(admin, "Relay", "smtp", {"host": "127.0.0.1", "security": "none"})
    app = app_as(Role.ADMIN)(FILE)
    assert "as fast as it takes them" in words_on(app)
    app = open_form(app, relay)
    key = f"pace_{relay.id}"
    app.number_input(key=f"{key}_per_second").set_value(10)
    app.number_input(key=f"{key}_daily").set_value(5000)
    app.text_area(key=f"{key}_domains").set_value("googlemail.com 5\nexample.com: 0.5")
    app.selectbox(key=f"{key}_fallback").select(outbox.id)
    app = app.button(key=f"{key}_save").click().run()
    assert not app.error
    pace = shared.paces.all(admin)[relay.id]
    assert pace.pacing == Pacing(10, 5000, {"gmail": 5, "example.com": 0.5})
    assert pace.fallback_id == outbox.id
    assert "10 a second · 5,000 a day · 5 a second to gmail" in words_on(app)
    assert "Outbox takes over" in words_on(app)


def test_a_warm_up_is_planned_and_told_day_by_day(app_as, shared, admin, clock):
    outbox = shared.connections.default(admin)
    app = open_form(app_as(Role.ADMIN)(FILE), outbox)
    key = f"pace_{outbox.id}"
    app = app.toggle(key=f"{key}_warm").set_value(True).run()
    app.number_input(key=f"{key}_first").set_value(100)
    app.number_input(key=f"{key}_last").set_value(1000)
    app.number_input(key=f"{key}_days").set_value(10)
    app.text_area(key=f"{key}_shares").set_value("gmail 30%")
    app = app.button(key=f"{key}_save").click().run()
    assert not app.error
    plan = shared.paces.all(admin)[outbox.id].pacing.warm_up
    assert (plan.days[0], plan.days[-1], len(plan.days), plan.groups) == (100, 1000, 10, {"gmail": 0.3})
    assert plan.starts_on == clock.now().date()
    app = open_form(app, outbox)
    assert app.number_input(key=f"{key}_days").value == 10
    app = app.toggle(key=f"{key}_warm").set_value(False).run()
    app.button(key=f"{key}_save").click().run()
    assert shared.paces.all(admin)[outbox.id].pacing == Pacing()


def test_numbers_of_ones_own_are_kept_as_they_are(app_as, shared, admin):
    outbox = shared.connections.default(admin)
    shared.paces.set(admin, outbox.id, Pacing(warm_up=WarmUp(date(2026, 11, 20), (50, 20, 70))))
    app = open_form(app_as(Role.ADMIN)(FILE), outbox)
    key = f"pace_{outbox.id}"
    assert app.text_input(key=f"{key}_numbers").value == "50, 20, 70"
    app.text_input(key=f"{key}_numbers").set_value("50 20, 80")
    app.button(key=f"{key}_save").click().run()
    assert shared.paces.all(admin)[outbox.id].pacing.warm_up.days == (50, 20, 80)


@pytest.mark.parametrize("domains", ["gmail.com", "gmail.com five", "5", "not a domain 5"])
def test_what_cannot_be_a_pace_is_told_once_and_stays(app_as, shared, admin, domains: str):
    outbox = shared.connections.default(admin)
    app = open_form(app_as(Role.ADMIN)(FILE), outbox)
    key = f"pace_{outbox.id}"
    app.text_area(key=f"{key}_domains").set_value(domains)
    app = app.button(key=f"{key}_save").click().run()
    assert len(app.error) == 1
    assert app.text_area(key=f"{key}_domains").value == domains
    assert shared.paces.all(admin)[outbox.id].pacing == Pacing()


def test_what_is_as_fast_as_it_was_set_is_not_called_slow(app_as, shared, admin, clock):
    outbox = shared.connections.default(admin)
    PaceBook(shared.db, clock).note(admin.workspace_id, outbox.id, {"": partial(after_failure, reason="down", now=clock.now())})
    clock.advance(timedelta(hours=1))
    shared.paces.set(admin, outbox.id, Pacing(2), None)
    assert [(each.until, each.per_second) for each in shared.paces.all(admin)[outbox.id].held] == [(None, 2)]
    app = app_as(Role.ADMIN)(FILE)
    assert "Slower than usual" not in words_on(app)
    assert f"again_{outbox.id}" not in [one.key for one in app.button]


def test_what_is_held_says_why_and_may_be_tried_again(app_as, shared, admin, clock):
    outbox = shared.connections.default(admin)
    changes = {
        "": partial(after_failure, reason="The server is *down*.", now=clock.now()),
        "gmail": partial(after_domain_trouble, reason="421 slow", now=clock.now(), wanted=None, measured=40.0),
    }
    PaceBook(shared.db, clock).note(admin.workspace_id, outbox.id, changes)
    clock.advance(timedelta(seconds=1))
    app = app_as(Role.ADMIN)(FILE)
    said = words_on(app)
    assert "Nothing leaves through it for now" in said
    assert "1 domain takes less at the moment" in said
    assert "421 slow" in said
    app = app.button(key=f"again_{outbox.id}").click().run()
    assert all(each.until is None for each in shared.paces.all(admin)[outbox.id].held)
    assert "**gmail**: slower (20 a second now)" in words_on(app)


def test_a_campaign_is_shared_between_connections(app_as, shared, admin, clock):
    outbox = shared.connections.default(admin)
    relay = shared.connections.add(admin, "Relay", "smtp", {"host": "127.0.0.1", "security": "none"})
    shared.paces.set(admin, relay.id, Pacing(), outbox.id)
    campaign = given.draft(shared, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    key = f"campaign_{campaign.id}"
    app = app.toggle(key=f"{key}_shared").set_value(True).run()
    app = app.multiselect(key=f"{key}_routes").set_value([outbox.id, relay.id]).run()
    app = app.number_input(key=f"{key}_share_{relay.id}").set_value(3).run()
    assert "Outbox 25%, Relay 75%" in words_on(app)
    assert "Outbox takes over while Relay can’t send." in words_on(app)
    app.button(key="save_draft").click().run()
    assert shared.campaigns.get(admin, campaign.id).routes == (Route(outbox.id, 1), Route(relay.id, 3))
    copy = given.draft(shared, admin, name="Later", routes=[Route(outbox.id, 1), Route(relay.id, 3)])
    shared.campaigns.schedule(admin, copy.id, (clock.now() + timedelta(days=1)).replace(tzinfo=None))
    assert "through Outbox 25%, Relay 75%" in words_on(app_as(Role.MARKETER)(EDITOR, id=copy.id))

    app = app_as(Role.MARKETER)(EDITOR, id=campaign.id)
    app = app.toggle(key=f"{key}_shared").set_value(False).run()
    app.button(key="save_draft").click().run()
    assert shared.campaigns.get(admin, campaign.id).routes == ()


def test_wrong_credentials_pause_the_campaign_and_it_goes_on_once_they_are_corrected(app_as, shared, admin):
    with serving(authenticator=OnlyAnn(), auth_require_tls=False) as server:
        values = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "ann", "password": "wrong"}
        relay = shared.connections.add(admin, "Relay", "smtp", values)
        campaign = given.draft(shared, admin, connection_id=relay.id)
        shared.campaigns.launch(admin, campaign.id)
        total = sum(shared.ledger.counts(admin, campaign.id).values())
        drain(shared, campaign.id, owner="worker", should_stop=lambda: False)

        paused = shared.campaigns.get(admin, campaign.id)
        assert paused.state is CampaignState.PAUSED
        assert shared.ledger.counts(admin, campaign.id) == {MessageState.QUEUED: total}
        said = words_on(app_as(Role.ADMIN)(EDITOR, id=campaign.id)).replace("\\", "")
        assert "Paused, because nothing can leave before somebody has looked" in said
        assert "refused the sign-in" in said
        assert "Somebody who may manage connections" not in said
        assert "Somebody who may manage connections" in words_on(app_as(Role.MARKETER)(EDITOR, id=campaign.id))
        assert "the sign-in is refused" in words_on(app_as(Role.ADMIN)(FILE))
        another = given.draft(shared, admin, name="Another", connection_id=relay.id)
        assert "The sign-in of Relay is refused" in words_on(app_as(Role.MARKETER)(EDITOR, id=another.id))

        shared.connections.change(admin, relay.id, {"password": "right"})
        shared.campaigns.resume(admin, campaign.id)
        drain(shared, campaign.id, owner="worker", should_stop=lambda: False)
        assert shared.campaigns.get(admin, campaign.id).state is CampaignState.SENT
        assert len(server.received) == total


def test_pausing_by_hand_keeps_no_reason_of_before(shared, admin):
    campaign = given.draft(shared, admin)
    shared.campaigns.launch(admin, campaign.id)
    shared.campaigns.note_stop(campaign.id, "It is down.")
    assert shared.campaigns.pause(admin, campaign.id).stopped_reason == ""
    shared.campaigns.note_stop(campaign.id, "It is down.")
    assert shared.campaigns.get(admin, campaign.id).stopped_reason == ""


def test_many_domains_that_take_less_are_one_list(app_as, shared, admin, clock):
    outbox = shared.connections.default(admin)
    trouble = partial(after_domain_trouble, reason="421 slow", now=clock.now(), wanted=None, measured=40.0)
    PaceBook(shared.db, clock).note(admin.workspace_id, outbox.id, {f"shop{n}.example": trouble for n in range(7)})
    app = app_as(Role.ADMIN)(FILE)
    [shown] = [each.value for each in app.info if "less at the moment" in each.value]
    assert "7 domains take less at the moment" in shown
    assert shown.count("421 slow") == 5
    assert "and 2 more" in shown


def test_the_plan_of_a_warm_up_says_where_the_daily_limit_counts_too(app_as, shared, admin, clock):
    outbox = shared.connections.default(admin)
    shared.paces.set(admin, outbox.id, Pacing(daily=80, warm_up=WarmUp(clock.now().date(), (50, 100))))
    app = open_form(app_as(Role.ADMIN)(FILE), outbox)
    assert "The 80 a day from above hold too" in words_on(app)
    app = app.number_input(key=f"pace_{outbox.id}_daily").set_value(100).run()
    assert "150 messages in 2 days" in words_on(app)
