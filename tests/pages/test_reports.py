"""Reports: the table, and what one campaign came to."""

from __future__ import annotations

import pytest

from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

LIST, REPORT = "pages/measure/reports.py", "pages/measure/campaign_report.py"


def test_nothing_sent_is_said(app_as, shared, admin):
    given.draft(shared, admin)
    assert "No reports yet" in words_on(app_as(Role.ANALYST)(LIST))


def test_sent_campaigns_are_listed_and_drafts_are_not(app_as, shared, admin):
    given.sent(shared, admin)
    given.draft(shared, admin, name="Winter tea")
    labels = [button.label for button in app_as(Role.ANALYST)(LIST).button]
    assert "**Autumn tea**" in labels
    assert "**Winter tea**" not in labels


def test_a_report_counts_people_and_shows_links_and_hours(app_as, shared, admin):
    campaign = given.sent(shared, admin, count=40)
    given.opened(shared, admin, campaign, readers=20, clicked=10)
    app = app_as(Role.ANALYST)(REPORT, id=campaign.id)
    shown = {one.label: one.value for one in app.metric}
    assert shown == {"Delivered": "40", "Unique opens": "20", "Unique clicks": "10", "Click-to-open": "–", "Unsubscribes": "0"}
    assert "50.0 % of delivered" in words_on(app)
    links = next(table.value for table in app.dataframe if "Link" in table.value)
    assert links.iloc[0].to_dict() == {"Link": "https://shop.example.com/tea", "People": 10, "Clicks": 10, "By machines": 0}
    hours = next(table.value for table in app.dataframe if "Hour" in table.value)
    assert hours[["Sent", "Unique opens", "Unique clicks", "Unsubscribes"]].sum().to_list() == [40, 20, 10, 0]
    assert app.get("plotly_chart")
    assert [one.proto.label for one in app.get("download_button")] == ["Download CSV", "Report as CSV", "Events as CSV"]


def test_a_subject_test_says_plainly_that_nothing_can_be_told_yet(app_as, shared, admin):
    campaign = given.sent(shared, admin, count=10, subject_b="Another tea")
    words = words_on(app_as(Role.ANALYST)(REPORT, id=campaign.id))
    assert "Another tea" in words
    assert "Not enough yet to compare A and B" in words


def test_a_subject_test_shows_its_uncertainty(app_as, shared, admin):
    campaign = given.sent(shared, admin, count=120, subject_b="Another tea")
    given.opened(shared, admin, campaign, readers=60)
    app = app_as(Role.ANALYST)(REPORT, id=campaign.id)
    assert "95 % interval" in words_on(app)
    assert len(app.get("plotly_chart")) == 2


def test_conversions_are_shown_where_they_are_counted(app_as, shared, admin):
    campaign = given.sent(shared, admin, track_conversions=True)
    app = app_as(Role.ANALYST)(REPORT, id=campaign.id)
    assert "Conversions" in [one.label for one in app.metric]


def test_a_draft_has_no_report_yet(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    app = app_as(Role.ANALYST)(REPORT, id=campaign.id)
    assert "Not sent yet" in words_on(app)
    assert not app.metric


@pytest.mark.parametrize("nonsense", ["999", "abc", "1 or 1", "٣"])
def test_a_number_nobody_has_leads_back(app_as, nonsense: str):
    app = app_as(Role.ANALYST)(REPORT, id=nonsense)
    assert not app.exception
    assert "There is no such campaign" in words_on(app)


def test_a_name_that_looks_like_markup_is_shown_as_typed(app_as, shared, admin):
    campaign = given.sent(shared, admin, name="![x](https://evil.example/a.png) **Tea**")
    app = app_as(Role.ANALYST)(REPORT, id=campaign.id)
    assert "![x]" not in app.title[0].value
    assert "evil" in app.title[0].value
