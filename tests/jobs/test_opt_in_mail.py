"""The mail that asks: once, a reminder, never too many, and to nobody who must not be written to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from core.app import Services
from core.campaigns.models import Audience
from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.tables import opt_ins
from core.jobs.opt_in_mail import OptInMail
from core.messages.tables import requests
from core.permissions import Principal
from tests.conftest import NOON

FORM = Evidence(ConsentMethod.FORM, "form:3", "192.0.2.7", "Firefox", "en", "Yes, <write> to me.", 2)


@pytest.fixture
def by(workspace: Principal) -> Principal:
    return workspace


def asked(services: Services, by: Principal, email: str = "ada@example.com", **list_fields: str) -> int:
    """Have somebody asked for a list, and return their number."""
    sender = {"from_email": "news@example.com", "from_name": "The news"} | list_fields
    made = next((one for one in services.lists.all(by) if one.name == "News"), None) or services.lists.create(by, "News")
    services.lists.set_opt_in(by, made.id, double_opt_in=True, **sender)
    contact = services.contacts.save(by, email, consent=ConsentStatus.PENDING)
    ask_again(services, by, contact.id)
    return contact.id


def ask_again(services: Services, by: Principal, contact_id: int) -> None:
    [news] = services.lists.all(by)
    with services.db.transaction() as connection:
        services.opt_in.ask(connection, by.workspace_id, contact_id, [news.id], FORM)


def sent(services: Services) -> int:
    with services.db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(requests)).scalar_one()


def deliver(services: Services) -> None:
    for connection_id in services.request_delivery.due():
        services.request_delivery.drain(connection_id, owner="test", should_go_on=lambda: True)


def test_the_mail_asks_and_its_token_confirms(services: Services, by: Principal) -> None:
    contact_id = asked(services, by)
    job = OptInMail(services)
    assert (job.step(), job.step()) == (1, 0)
    deliver(services)
    [path] = (services.settings.data_dir / "outbox").rglob("*.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["From"], mail["To"]) == ("The news <news@example.com>", "ada@example.com")
    assert mail["Subject"] == "Please confirm your sign-up: Acme"
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html and text
    assert "Yes, &lt;write&gt; to me." in html.get_content()
    [token] = set(re.findall(r"/f/confirm/([\w-]+)", text.get_content()))
    with services.db.transaction() as connection:
        assert services.opt_in.confirm(connection, token, Evidence())
    assert services.contacts.get(by, contact_id).consent is ConsentStatus.SUBSCRIBED
    assert services.lists.by_name(by, "News").size == 1


def test_one_reminder_after_two_days_and_then_no_more(services: Services, by: Principal, clock: FrozenClock) -> None:
    asked(services, by)
    job, found = OptInMail(services), []
    for _hours in range(8 * 24):
        if job.step():
            found.append(clock.now() - NOON)
        clock.advance(timedelta(hours=1))
    assert found == [timedelta(0), timedelta(days=2)]


def test_no_reminder_to_who_has_answered(services: Services, by: Principal, clock: FrozenClock) -> None:
    contact_id = asked(services, by)
    OptInMail(services).step()
    with services.db.transaction() as connection:
        [number] = connection.execute(sa.select(opt_ins.c.id).where(opt_ins.c.contact_id == contact_id)).scalars()
        services.opt_in.confirm(connection, services.opt_in.issue(connection, number, by.workspace_id), Evidence())
    clock.advance(timedelta(days=3))
    assert OptInMail(services).step() == 0


def test_never_more_than_three_a_day_however_often_somebody_asks(services: Services, by: Principal, clock: FrozenClock) -> None:
    contact_id, job = asked(services, by), OptInMail(services)
    for _minutes in range(0, 23 * 60, 10):
        ask_again(services, by, contact_id)
        job.step()
        clock.advance(timedelta(minutes=10))
    assert sent(services) == 3
    clock.advance(timedelta(hours=2))
    assert job.step() == 1


def test_a_worker_that_died_after_the_mail_was_on_record_is_followed_without_a_second_one(
    services: Services, by: Principal, clock: FrozenClock
) -> None:
    asked(services, by)
    OptInMail(services).step()
    with services.db.transaction() as connection:  # as the death leaves it: on record, but not counted yet
        connection.execute(sa.update(opt_ins).values(mails=0, mail_due_at=clock.now()))
    clock.advance(timedelta(minutes=10))
    assert OptInMail(services).step() == 0
    assert sent(services) == 1
    clock.advance(timedelta(days=2))
    assert OptInMail(services).step() == 1


def test_who_is_suppressed_is_not_asked(services: Services, by: Principal) -> None:
    services.suppressions.add(by, "ada@example.com")
    services.suppressed_everywhere.add_all(by, "bob@example.com")
    asked(services, by)
    asked(services, by, "bob@example.com")
    assert OptInMail(services).step() == 0
    with services.db.read() as connection:
        assert connection.execute(sa.select(opt_ins.c.mail_due_at)).scalars().all() == [None, None]


def test_who_signed_up_before_it_is_known_who_mail_is_from_is_asked_later(services: Services, by: Principal, clock: FrozenClock) -> None:
    contact = services.contacts.save(by, "ada@example.com", consent=ConsentStatus.PENDING)
    with services.db.transaction() as connection:
        services.opt_in.ask(connection, by.workspace_id, contact.id, [], FORM)
    assert OptInMail(services).step() == 0
    template = services.templates.save(by, "Letter", "<p>Hello</p>")
    audience = Audience("list", services.lists.create(by, "News").id)
    made = {"subject": "Hi", "template_id": template.template_id, "audience": audience, "from_email": "news@example.com"}
    services.campaigns.create(by, name="May", **made)
    clock.advance(timedelta(minutes=10))
    assert OptInMail(services).step() == 1


def test_another_question_has_a_mail_of_its_own_within_three_a_day(services: Services, by: Principal) -> None:
    contact_id = asked(services, by)
    for words in ("Yes, sell it.", "Yes, all of it.", "Yes, to anything."):
        with services.db.transaction() as connection:
            services.opt_in.ask(
                connection, by.workspace_id, contact_id, [services.lists.by_name(by, "News").id], replace(FORM, wording=words)
            )
    job = OptInMail(services)
    assert (job.step(), job.step(), sent(services)) == (3, 0, 3)
