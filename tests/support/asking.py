"""A desk at which people are asked by mail whether they want to be written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from core.app import Services, build
from core.clock import FrozenClock
from core.contacts.changes import next_change
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.list_choices import leave_list
from core.contacts.tables import opt_ins
from core.jobs.opt_in_mail import OptInMail
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from tests.conftest import NOON

FORM = Evidence(ConsentMethod.FORM, "form:3", "192.0.2.7", "Firefox", "en", "Yes, write to me.", 2)
OTHER = replace(FORM, source="form:4", wording="Yes, write to me often.")
SAID = Evidence(ConsentMethod.PREFERENCES, "preferences")


@dataclass(frozen=True)
class Desk:
    """A workspace with two lists, Ada who has been asked nothing yet, and whoever writes the mails that ask."""

    services: Services
    by: Principal
    clock: FrozenClock
    ada: int
    news: int
    offers: int

    def ask(self, *list_ids: int, evidence: Evidence = FORM, contact_id: int = 0) -> None:
        with self.services.db.transaction() as connection:
            self.services.opt_in.ask(connection, self.by.workspace_id, contact_id or self.ada, list_ids, evidence)

    def choose(self, list_id: int, act: Callable[..., bool] = leave_list, contact_id: int = 0) -> None:
        with self.services.db.transaction() as connection:
            change = next_change(connection, self.by.workspace_id)
            act(connection, self.by.workspace_id, contact_id or self.ada, list_id, change, SAID, self.clock.now())

    def token(self) -> str:
        """The token of a mail for the only question there is."""
        with self.services.db.transaction() as connection:
            [number] = connection.execute(sa.select(opt_ins.c.id)).scalars()
            return self.services.opt_in.issue(connection, number, self.by.workspace_id)

    def answer(self, evidence: Evidence) -> None:
        """Have the question with these words confirmed."""
        with self.services.db.transaction() as connection:
            asked = connection.execute(sa.select(opt_ins.c.id, opt_ins.c.evidence)).all()
            [number] = [row.id for row in asked if row.evidence["wording"] == evidence.wording]
            token = self.services.opt_in.issue(connection, number, self.by.workspace_id)
            assert self.services.opt_in.confirm(connection, token, Evidence())

    def mails(self, days: float = 8) -> list[timedelta]:
        """Go on for so long, and return when a mail was put on record, counted from noon."""
        job, found, until = OptInMail(self.services), [], self.clock.now() + timedelta(days=days)
        while self.clock.now() < until:
            found += [self.clock.now() - NOON] * job.step()
            self.clock.advance(timedelta(hours=6))
        return found


@contextmanager
def desk_of(db: Database, settings: Settings, clock: FrozenClock, by: Principal) -> Iterator[Desk]:
    services = build(settings.model_copy(update={"database_url": db.url, "mail_from": "hello@example.com"}), clock=clock)
    news, offers = (services.lists.create(by, name).id for name in ("News", "Offers"))
    for each in (news, offers):
        services.lists.set_opt_in(by, each, double_opt_in=True, from_email="news@example.com")
    ada = services.contacts.save(by, "ada@example.com", consent=ConsentStatus.PENDING).id
    yield Desk(services, by, clock, ada, news, offers)
    services.close()
