"""What only one service does: its limits, its own words for trouble, and what its answers do not say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Unavailable
from core.providers.base import Attachment, Outcome, SendResult, Trouble
from core.providers.catalogue import CATALOGUE
from core.providers.content import Filled, Layout
from core.providers.mailgun.send import MailgunProvider
from tests.providers.conftest import email
from tests.providers.contract import Rig, campaign, must_be_delivered
from tests.support.esp import mailgun, mailjet, sendgrid, sparkpost
from tests.support.esp.server import GOOD_KEY, FakeService, Reply, Trick, serving

VALUES = [[f"person {number}", "b", "c"] for number in range(6)]


@pytest.fixture
def grid() -> Iterator[FakeService]:
    with serving(sendgrid.FakeSendGrid()) as running:
        yield running


@pytest.fixture
def gun() -> Iterator[FakeService]:
    with serving(mailgun.FakeMailgun()) as running:
        yield running


@pytest.fixture
def spark() -> Iterator[FakeService]:
    with serving(sparkpost.FakeSparkPost()) as running:
        yield running


@pytest.fixture
def jet() -> Iterator[FakeService]:
    with serving(mailjet.FakeMailjet()) as running:
        yield running


@contextmanager
def through(rig: Any, service: FakeService) -> Iterator[Any]:
    with closing(rig.connect(service.url, GOOD_KEY, 20)) as provider:
        yield provider


def all_are(results: list[SendResult], outcome: Outcome, trouble: Trouble | None, *, attempted: bool) -> None:
    assert {(one.outcome, one.trouble, one.attempted) for one in results} == {(outcome, trouble, attempted)}
    assert len(results) == len(VALUES)


def row(status: int, said: str) -> dict[str, Any]:
    return {"Status": "error", "Errors": [{"ErrorCode": "x", "StatusCode": status, "ErrorMessage": said}]}


@pytest.mark.parametrize(("rig", "most_mb"), [(sendgrid.RIG, 30), (mailgun.RIG, 25), (sparkpost.RIG, 20), (mailjet.RIG, 15)])
def test_a_file_the_service_would_not_take_is_refused_before_it_is_sent(rig: Rig, most_mb: int) -> None:
    large = email(2, attachments=(Attachment("film.mp4", "video/mp4", bytes(most_mb * 760_000)),), headers={})
    with serving(rig.fake()) as service, through(rig, service) as provider:
        results = provider.send([email(1, headers={}), large, email(3, headers={})])

    assert {one.message_id: one.outcome for one in results} == {1: Outcome.ACCEPTED, 2: Outcome.REFUSED, 3: Outcome.ACCEPTED}
    assert f"this provider takes {most_mb} MB" in next(one.reason for one in results if one.message_id == 2)
    assert sorted(service.keys()) == ["1-abc", "3-abc"]


# SendGrid


def test_sendgrid_is_asked_once_where_the_fault_is_everybodys(grid: FakeService) -> None:
    grid.replies.append(Reply(400, {"errors": [{"message": "The content value must be a string.", "field": "content.0.value"}]}))
    with through(sendgrid.RIG, grid) as provider:
        all_are(provider.send(campaign(VALUES)), Outcome.REFUSED, None, attempted=True)

    assert len(grid.calls) == 1


@pytest.mark.parametrize(
    ("rig", "status", "said"),
    [
        (sendgrid.RIG, 400, {"errors": [{"message": "Does not contain a valid address.", "field": "from.email"}]}),
        (mailgun.RIG, 400, {"message": "from parameter is not a valid address. please check documentation"}),
        (sparkpost.RIG, 400, {"errors": [{"message": "Invalid domain", "description": "Unconfigured Sending Domain", "code": "7001"}]}),
        (mailjet.RIG, 400, {"Messages": [row(403, "The sender has not been validated yet")] * len(VALUES)}),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_sender_a_service_does_not_take_stops_everything_and_burns_nothing(rig: Rig, status: int, said: Any) -> None:
    with serving(rig.fake()) as service, through(rig, service) as provider:
        service.replies.append(Reply(status, said))
        all_are(provider.send(campaign(VALUES)), Outcome.RETRY, Trouble.SENDER, attempted=False)
        assert len(service.calls) == 1


def test_reasons_hold_no_address(jet: FakeService) -> None:
    jet.refuses = {"person1@example.com"}
    with through(mailjet.RIG, jet) as provider:
        [result] = provider.send(campaign(VALUES[:1]))

    assert "invalid email address" in result.reason
    assert "person1" not in result.reason


def test_sendgrid_names_several_at_once(grid: FakeService) -> None:
    errors = [{"message": f"bad {n}", "field": f"personalizations[{n}].to[0].email"} for n in (1, 4)]
    grid.replies.append(Reply(400, {"errors": errors}))
    with through(sendgrid.RIG, grid) as provider:
        results = provider.send(campaign(VALUES))

    assert {one.message_id: one.reason for one in results if one.outcome is Outcome.REFUSED} == {2: "400 bad 1", 5: "400 bad 4"}
    assert len(grid.calls) == 2
    assert len(grid.delivered) == 4


def test_a_sender_sendgrid_does_not_know_stops_everything(grid: FakeService) -> None:
    said = "The from address does not match a verified Sender Identity."
    grid.replies.append(Reply(403, {"errors": [{"message": said, "field": "from"}]}))
    with through(sendgrid.RIG, grid) as provider:
        results = provider.send(campaign(VALUES))

    all_are(results, Outcome.RETRY, Trouble.SENDER, attempted=False)
    assert said in results[0].reason


@pytest.mark.parametrize("status", [200, 204])
def test_only_sendgrids_own_word_counts_as_taken(grid: FakeService, status: int) -> None:
    grid.replies.append(Reply(status, "<html>Sign in</html>" if status == 200 else None))
    with through(sendgrid.RIG, grid) as provider:
        all_are(provider.send(campaign(VALUES)), Outcome.UNCERTAIN, Trouble.CONNECTION, attempted=True)


def test_who_has_too_much_of_their_own_for_sendgrid_goes_alone_and_the_others_together(grid: FakeService) -> None:
    messages = campaign([*VALUES[:5], ["long " * 2_000, "b", "c"]])
    with through(sendgrid.RIG, grid) as provider:
        assert {one.outcome for one in provider.send(messages)} == {Outcome.ACCEPTED}

    must_be_delivered(messages, grid.delivered, sendgrid.RIG)
    assert sorted(len(call.json()["personalizations"]) for call in grid.calls) == [1, 5]


def test_who_holds_a_tag_of_ours_goes_alone(grid: FakeService) -> None:
    with through(sendgrid.RIG, grid) as provider:
        provider.send(campaign(VALUES))
        [tag, *_] = grid.calls[0].json()["personalizations"][0]["substitutions"]
        hostile = campaign([[f"{tag} and {tag[:-2]}", "b", "c"], *VALUES[1:]])
        grid.delivered.clear()
        assert {one.outcome for one in provider.send(hostile)} == {Outcome.ACCEPTED}

    must_be_delivered(hostile, grid.delivered, sendgrid.RIG)
    assert sorted(len(call.json()["personalizations"]) for call in grid.calls[1:]) == [1, 5]


def test_the_name_sendgrid_answers_is_the_one_its_reports_begin_with(grid: FakeService) -> None:
    webhook = CATALOGUE["sendgrid"].webhook
    assert webhook is not None
    with through(sendgrid.RIG, grid) as provider:
        [result, *_] = provider.send(campaign(VALUES))
    report = (
        f'[{{"event":"delivered","email":"a@b.example","sg_message_id":"{result.provider_message_id}.filter0001.1.2","pw_message":"k"}}]'
    )

    [event] = webhook.read(report.encode(), "application/json")

    assert (event.provider_message_id, event.message_key) == (result.provider_message_id, "k")


def test_a_sendgrid_key_that_may_not_send_is_named() -> None:
    class ReadsOnly(sendgrid.FakeSendGrid):
        def answer(self, call: Any) -> Reply:
            return Reply(200, {"scopes": ["stats.read"]})

    with serving(ReadsOnly()) as service, through(sendgrid.RIG, service) as provider, pytest.raises(Unavailable, match="may not send"):
        provider.check()


# Mailgun


@pytest.mark.parametrize("domain", ["other.example", "shop.example/../x", "a/b"])
def test_a_domain_mailgun_does_not_have_burns_nothing(gun: FakeService, domain: str) -> None:
    with closing(MailgunProvider(GOOD_KEY, domain, gun.url)) as provider:
        all_are(provider.send(campaign(VALUES)), Outcome.RETRY, Trouble.SIGN_IN, attempted=False)
        with pytest.raises(Unavailable):
            provider.check()


def test_what_mailgun_says_at_a_wrong_address_is_no_success(gun: FakeService) -> None:
    gun.replies.append(Reply(200, "Mailgun Magnificent API"))
    with through(mailgun.RIG, gun) as provider:
        all_are(provider.send(campaign(VALUES)), Outcome.RETRY, Trouble.SIGN_IN, attempted=False)


def test_mailgun_gives_each_their_own_message_id(gun: FakeService) -> None:
    with through(mailgun.RIG, gun) as provider:
        results = provider.send(campaign(VALUES))

    named = {one.message_id: one.provider_message_id for one in results}
    assert named == {number: f"<{number}-abc@shop.example>" for number in range(1, 7)}
    assert {mail.key: mail.headers["Message-ID"] for mail in gun.delivered} == {f"{n}-abc": f"<{n}-abc@shop.example>" for n in range(1, 7)}


def test_a_percent_before_a_place_is_no_variable(gun: FakeService) -> None:
    layouts = (Layout(('<p style="width:100%">', "% off, ", " %rec", "</p>")), Layout(("", "")))
    messages = [email(n, html=Filled(layouts[0], (f"{n}", "a", f"ipient.pw_b0% {n}")), text=Filled(layouts[1], ("hi",))) for n in (1, 2)]
    with through(mailgun.RIG, gun) as provider:
        assert {one.outcome for one in provider.send(messages)} == {Outcome.ACCEPTED}

    assert sorted(mail.html for mail in gun.delivered) == sorted(str(message.html) for message in messages)


# SparkPost


def test_sparkposts_limit_makes_everything_wait(spark: FakeService) -> None:
    spark.replies.append(Reply(420, {"errors": [{"message": "Exceed Sending Limit (daily)", "code": "2102"}]}, {"Retry-After": "3600"}))
    with through(sparkpost.RIG, spark) as provider:
        results = provider.send(campaign(VALUES))

    all_are(results, Outcome.RETRY, Trouble.THROTTLED, attempted=False)
    assert results[0].retry_after == timedelta(hours=1)


def test_where_sparkpost_does_not_say_whom_it_took_nobody_is_sent_again(spark: FakeService) -> None:
    spark.refuses = {"person3@example.com"}
    with through(sparkpost.RIG, spark) as provider:
        results = provider.send(campaign(VALUES))

    assert {one.outcome for one in results} == {Outcome.UNCERTAIN}
    assert "5 of 6" in results[0].reason
    assert len(spark.calls) == 1


def test_whom_sparkpost_refuses_alone_is_refused(spark: FakeService) -> None:
    spark.refuses = {"person1@example.com"}
    with through(sparkpost.RIG, spark) as provider:
        [result] = provider.send(campaign(VALUES[:1]))

    assert (result.outcome, "valid recipient" in result.reason) == (Outcome.REFUSED, True)


# Mailjet


def test_mailjet_judges_each_message(jet: FakeService) -> None:
    good = {"Status": "success", "CustomID": "1-abc", "To": [{"MessageID": 288230376151711744}]}
    rows = [good, row(400, "invalid"), row(500, "internal"), row(429, "slow"), {"Status": "odd"}, row(403, "sender not validated")]
    jet.replies.append(Reply(400, {"Messages": rows}))
    with through(mailjet.RIG, jet) as provider:
        results = provider.send(campaign(VALUES))

    outcomes = [one.outcome for one in results]
    assert outcomes == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.RETRY, Outcome.RETRY, Outcome.UNCERTAIN, Outcome.RETRY]
    assert results[0].provider_message_id == "288230376151711744"
    assert [(one.trouble, one.attempted) for one in results[3:]] == [
        (Trouble.THROTTLED, False),
        (None, True),
        (Trouble.SENDER, False),
    ]


@pytest.mark.parametrize("status", [200, 400])
def test_where_mailjet_tells_of_others_than_were_asked_for_nobody_is_sent_again(jet: FakeService, status: int) -> None:
    jet.replies.append(Reply(status, {"Messages": [row(400, "invalid")]}))
    with through(mailjet.RIG, jet) as provider:
        all_are(provider.send(campaign(VALUES)), Outcome.UNCERTAIN, Trouble.CONNECTION, attempted=True)


def test_what_all_of_mailjets_batch_are_refused_for_is_found_by_halves(jet: FakeService) -> None:
    jet.tricks.append(Trick.TOO_LARGE)
    messages = campaign(VALUES)
    with through(mailjet.RIG, jet) as provider:
        assert {one.outcome for one in provider.send(messages)} == {Outcome.ACCEPTED}

    assert sorted(len(call.json()["Messages"]) for call in jet.calls) == [3, 3, 6]
