"""Who got it: everybody with what became of their email, by outcome, by reason, by address, and as a file."""

from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa

from core.messages.tables import messages
from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

PEOPLE, REPORT = "pages/measure/campaign_people.py", "pages/measure/campaign_report.py"
BLOCKED = "550 5.7.1 <reader1@example.org> blocked"


@pytest.fixture
def campaign(shared, admin):
    """Sent to 60, of whom 55 got it."""
    made = given.draft(shared, admin, count=60)
    shared.suppressions.add(admin, "reader0@example.org")
    shared.campaigns.launch(admin, made.id)
    ends = [("queued", ""), ("refused", BLOCKED), ("refused", "=1+1"), ("uncertain", "no answer"), ("bounced", "mailbox full")]
    with shared.db.transaction() as connection:
        for row, (state, reason) in zip(given.messages(shared, admin, made), ends, strict=False):
            connection.execute(sa.update(messages).where(messages.c.id == row.id).values(state=state, reason=reason))
    given.drain(shared, made.id, owner="test", should_stop=lambda: False)
    return shared.campaigns.get(admin, made.id)


def table(app):
    return next(frame.value for frame in app.dataframe if "Person" in frame.value)


def test_everybody_is_listed_page_by_page(app_as, campaign):
    app = app_as(Role.MARKETER)(PEOPLE, id=campaign.id)
    assert "60 people" in words_on(app)
    shown = table(app)
    assert len(shown) == 50
    assert shown.iloc[0][["Outcome", "Sent through"]].to_list() == ["Sent", "Outbox"]
    assert app.button_group(key="people_fate").options == [
        *("Everybody 60", "Got it 55", "Bounced 1", "Refused 2", "Left out 1", "Uncertain 1"),
    ]


def test_one_outcome_is_looked_at_with_its_reasons(app_as, campaign):
    app = app_as(Role.MARKETER)(PEOPLE, id=campaign.id, fate="refused")
    assert table(app)[["Person", "Why"]].to_numpy().tolist() == [["reader1@example.org", BLOCKED], ["reader2@example.org", "=1+1"]]
    app.selectbox(key="people_reason").select("550 5.7.1 … blocked").run()
    assert table(app)["Person"].to_list() == ["reader1@example.org"]
    app.button_group(key="people_fate").set_value("skipped").run()
    assert table(app)["Why"].to_list() == ["Their address is suppressed"]


def test_on_a_phone_the_same_people_stand_in_a_list(app_as, campaign):
    app = app_as(Role.MARKETER)(PEOPLE, id=campaign.id, fate="refused")
    [listed] = [one.value.split("\n\n---\n\n") for one in app.markdown if "---" in one.value]
    assert [("reader1" in one, "blocked" in one, "Refused" in one) for one in listed] == [(True, True, True), (False, False, True)]
    report = words_on(app_as(Role.ANALYST)(REPORT, id=campaign.id))
    assert "**Got it** · 55 of 60" in report


def test_uncertain_ones_are_listed_with_what_happens_to_them(app_as, campaign):
    app = app_as(Role.MARKETER)(PEOPLE, id=campaign.id, fate="uncertain")
    assert table(app)["Person"].to_list() == ["reader3@example.org"]
    assert "never sent again by themselves" in words_on(app)


def test_one_person_is_looked_up(app_as, campaign):
    app = app_as(Role.MARKETER)(PEOPLE, id=campaign.id)
    app.text_input(key="people_address").set_value("Reader4@example.org").run()
    assert table(app)[["Person", "Outcome", "Why"]].to_numpy().tolist() == [["reader4@example.org", "Bounced", "Mailbox full"]]
    app.text_input(key="people_address").set_value("nobody@example.org").run()
    assert "not for anybody with this address" in words_on(app)


def test_the_file_has_a_line_for_everybody(app_as, shared, admin, campaign):
    app = app_as(Role.MARKETER)(PEOPLE, id=campaign.id)
    assert [one.proto.label for one in app.get("download_button")] == ["CSV"]
    lines = list(csv.DictReader(io.StringIO("".join(shared.recipients.stream_csv(admin, campaign.id)))))
    assert len({line["email"] for line in lines}) == len(lines) == 60


@pytest.mark.parametrize("nonsense", ["nonsense", "cancelled"])
def test_an_outcome_nobody_has_shows_everybody(app_as, campaign, nonsense: str):
    app = app_as(Role.MARKETER)(PEOPLE, id=campaign.id, fate=nonsense)
    assert not app.exception
    assert "60 people" in words_on(app)


def test_a_draft_is_not_sent_yet(app_as, shared, admin):
    campaign = given.draft(shared, admin)
    assert "Not sent yet" in words_on(app_as(Role.MARKETER)(PEOPLE, id=campaign.id))
    assert "There is no such campaign" in words_on(app_as(Role.MARKETER)(PEOPLE, id=9999))


def test_the_report_says_who_got_it_and_why_not(app_as, campaign):
    app = app_as(Role.ANALYST)(REPORT, id=campaign.id)
    summary = next(frame.value for frame in app.dataframe if "Outcome" in frame.value)
    assert summary[["Outcome", "People", "Why"]].to_numpy().tolist() == [
        ["Got it", 55, ""],
        ["Bounced", 1, "Mailbox full"],
        ["Refused", 1, "550 5.7.1 … blocked"],
        ["Refused", 1, "=1+1"],
        ["Left out", 1, "Their address is suppressed"],
        ["Uncertain", 1, "No answer"],
    ]
