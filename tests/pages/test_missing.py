"""Who has not got a campaign: the card, the question, and what yes does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.campaigns.states import CampaignState
from core.jobs.delivering import drain
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Role
from tests.pages import given
from tests.pages.conftest import words_on

CAMPAIGN = "pages/create/campaign.py"
BLOCKED, LATER, NO_SUCH = "550 5.7.1 blocked by policy", "given up after 5 attempts: 451 4.3.0 try later", "550 5.1.1 no such user"


def labels(app):
    return [button.label for button in app.button]


def boxes(app):
    return {box.label: box.value for box in app.checkbox}


def ended(shared, admin, **reasons):
    """A campaign that is over, with messages in these states for these reasons; the others got it."""
    ends = [(state, reason) for state, all_of in reasons.items() for reason in all_of]
    campaign = given.draft(shared, admin, count=len(ends) + 1)
    shared.campaigns.launch(admin, campaign.id)
    with shared.db.transaction() as connection:
        for row, (state, reason) in zip(given.messages(shared, admin, campaign), ends, strict=False):
            connection.execute(sa.update(messages).where(messages.c.id == row.id).values(state=state, reason=reason))
    drain(shared, campaign.id, owner="test", should_stop=lambda: False)
    return shared.campaigns.get(admin, campaign.id)


def test_nobody_missing_is_not_worth_a_card(app_as, shared, admin):
    campaign = given.sent(shared, admin)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=campaign.id)
    assert "not got it" not in words_on(app)
    assert "uncertain" not in words_on(app).lower()


def test_the_missing_are_told_by_why_and_sent_to_after_a_question(app_as, shared, admin):
    campaign = ended(shared, admin, refused=[BLOCKED, BLOCKED, LATER, NO_SUCH], cancelled=[""])
    app = app_as(Role.MARKETER)(CAMPAIGN, id=campaign.id)
    said = words_on(app)
    assert "4 people have not got it" in said
    assert "- 1 had not left when the campaign was cancelled" in said
    assert "- 2 refused: 550 5\\.7\\.1 blocked by policy" in said
    assert "no such user" not in said
    assert "1 other can’t get it" in said

    app.button(key="send_missing").click().run()
    assert boxes(app) == {
        "1 whose email was cancelled": True,
        "2 refused: 550 5\\.7\\.1 blocked by policy": True,
        "1 refused: given up after 5 attempts\\: 451 4\\.3\\.0 try later": True,
    }
    app.checkbox(key="missing_refused_1").uncheck().run()
    assert app.button(key="missing_yes").label == "Send to 3 people now"
    app.button(key="missing_yes").click().run()

    assert shared.ledger.counts(admin, campaign.id) == {MessageState.QUEUED: 3, MessageState.REFUSED: 2, MessageState.ACCEPTED: 1}
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.SENDING
    assert "Pause" in labels(app)


def test_uncertain_ones_need_a_second_yes(app_as, shared, admin, clock):
    campaign = ended(shared, admin, uncertain=["no answer", "no answer"], cancelled=[""])
    app = app_as(Role.MARKETER)(CAMPAIGN, id=campaign.id)
    assert "never sent again by themselves" in words_on(app)
    assert "waited for until 25 Nov 2026" in words_on(app)
    app.button(key="send_missing").click().run()
    assert boxes(app)["2 uncertain: nobody knows whether they got it"] is False
    app.checkbox(key="missing_uncertain").check().run()
    yes = app.button(key="missing_yes")
    assert (yes.label, yes.disabled) == ("Send to 3 people now", True)
    app.checkbox(key="missing_twice").check().run()
    assert not app.button(key="missing_yes").disabled
    app.button(key="missing_yes").click().run()
    assert shared.ledger.counts(admin, campaign.id) == {MessageState.QUEUED: 3, MessageState.ACCEPTED: 1}


def test_what_nothing_was_heard_of_for_days_is_said_to_stay(app_as, shared, admin, clock):
    campaign = ended(shared, admin, uncertain=["no answer"])
    clock.advance(timedelta(days=3))
    said = words_on(app_as(Role.MARKETER)(CAMPAIGN, id=campaign.id))
    assert "Nothing was heard of them for 3 days" in said


def test_those_who_joined_since_are_offered(app_as, shared, admin):
    campaign = given.sent(shared, admin)
    given.people(shared, admin, 5)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=campaign.id)
    app.button(key="send_missing").click().run()
    assert boxes(app) == {"2 who came into the audience since the launch": True}
    app.button(key="missing_yes").click().run()
    assert shared.ledger.counts(admin, campaign.id) == {MessageState.ACCEPTED: 3, MessageState.QUEUED: 2}


def test_going_back_sends_nothing(app_as, shared, admin):
    campaign = ended(shared, admin, cancelled=[""])
    app = app_as(Role.MARKETER)(CAMPAIGN, id=campaign.id)
    app.button(key="send_missing").click().run()
    app.button(key="missing_no").click().run()
    assert not app.checkbox
    assert shared.campaigns.get(admin, campaign.id).state is CampaignState.SENT


def test_who_may_not_send_is_told_and_offered_nothing(app_as, shared, admin):
    campaign = ended(shared, admin, cancelled=[""])
    app = app_as(Role.ANALYST)(CAMPAIGN, id=campaign.id)
    assert "1 person has not got it" in words_on(app)
    assert not [label for label in labels(app) if label.startswith("Send to")]


@pytest.mark.parametrize("state", ["sending", "paused"])
def test_refusals_of_a_campaign_on_its_way_can_be_tried_again_at_once(app_as, shared, admin, state: str):
    campaign = given.draft(shared, admin)
    shared.campaigns.launch(admin, campaign.id)
    with shared.db.transaction() as connection:
        first = given.messages(shared, admin, campaign)[0].id
        connection.execute(sa.update(messages).where(messages.c.id == first).values(state="refused", reason=BLOCKED))
    if state == "paused":
        shared.campaigns.pause(admin, campaign.id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=campaign.id)
    assert {one.label: one.value for one in app.metric} == {"Got it": "0", "Waiting": "2", "Refused": "1"}
    app.button(key="send_missing").click().run()
    app.button(key="missing_yes").click().run()
    assert shared.ledger.counts(admin, campaign.id) == {MessageState.QUEUED: 3}
    assert shared.campaigns.get(admin, campaign.id).state.value == state
