"""The overview: first steps in a new workspace, figures and campaigns once something was sent."""

from __future__ import annotations

from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on


def test_a_new_workspace_is_told_what_to_do_first(app_as):
    app = app_as(Role.ADMIN)()
    assert "0 of 5 steps done" in words_on(app)
    assert "Nothing was sent yet" in words_on(app)
    assert [button.label for button in app.button].count("Start") == 5
    assert not app.metric


def test_a_step_that_is_done_is_ticked_without_anybody_ticking_it(app_as, shared, admin):
    given.people(shared, admin)
    app = app_as(Role.ADMIN)()
    assert "1 of 5 steps done" in words_on(app)
    assert [button.label for button in app.button].count("Start") == 4


def test_the_steps_are_gone_once_an_email_was_opened_and_all_else_is_there(app_as, shared, admin):
    shared.workspaces.update(admin, postal_address="Tea Street 1, 10115 Berlin")
    campaign = given.sent(shared, admin)
    given.opened(shared, admin, campaign, readers=1)
    app = app_as(Role.ADMIN)()
    assert "steps done" not in words_on(app)


def test_figures_count_people_and_say_what_is_too_few_to_tell(app_as, shared, admin):
    campaign = given.sent(shared, admin, count=3)
    given.opened(shared, admin, campaign, readers=2, clicked=1)
    app = app_as(Role.ADMIN)()
    assert {one.label: one.value for one in app.metric} == {
        "Delivered": "3",
        "Unique opens": "2",
        "Unique clicks": "1",
        "Click-to-open": "–",
        "Unsubscribes": "0",
    }
    assert app.get("plotly_chart")
    assert any("Autumn tea" in button.label for button in app.button)


def test_another_period_can_be_chosen(app_as):
    app = app_as(Role.ADMIN)()
    assert "last 30 days" in words_on(app)
    app.segmented_control(key="days").set_value("7").run()
    assert "last 7 days" in words_on(app)


def test_an_analyst_is_offered_no_step_they_may_not_take(app_as):
    app = app_as(Role.ANALYST)()
    assert "Start" not in [button.label for button in app.button]


def test_the_chart_s_figures_can_be_downloaded(app_as, shared, admin):
    campaign = given.sent(shared, admin, count=3)
    given.opened(shared, admin, campaign, readers=2, clicked=1)
    app = app_as(Role.ADMIN)()
    (button,) = [one for one in app.get("download_button") if one.proto.label == "Download CSV"]
    assert button
