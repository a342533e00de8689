"""A firm that sends campaigns through bad providers, and what is held against it afterwards."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.app import Services, build
from core.campaigns.models import Audience
from core.campaigns.states import CampaignState
from core.clock import FrozenClock, SystemClock
from core.contacts.tables import contacts, suppressions
from core.errors import Conflict
from core.jobs.delivering import Deliveries, drain
from core.jobs.worker import sweep
from core.messages.missing import Choice
from core.messages.states import OPEN_STATES, MessageState
from core.messages.tables import messages
from core.permissions import Permission, Principal, Role
from core.settings import Settings
from tests.faults.clocks import HastyClock
from tests.faults.reporting import Reports

KEY = "a-key-for-tests-only"
# A lease of 60 s is over in three of ours, the first retry comes as soon.
FACTOR = 20.0
# After so many hours in which nothing changed, nothing will.
_PATIENCE = 20
NOT_SENT = ("queued", "claimed", "sending", "retry", "refused", "skipped", "cancelled")
# Some layouts, so that what is sent as one batch takes several requests.
LAYOUTS = 8
_CHOICE = "".join(f"{{% elif contact.first_name == 'G{n}' %}}<b>{n}</b>" for n in range(1, LAYOUTS))
TEMPLATE = f"""<html><body><p>Hello {{{{ contact.email }}}} {{% if contact.first_name == 'G0' %}}<i>0</i>{_CHOICE}{{% endif %}}</p>
<a href="https://example.com/">Go</a></body></html>"""


class Firm:
    """A data folder with people in it, and the hasty time it lives in.

    Args:
        folder: The data folder; its database is in its newest shape.
        database_url: Where that is; empty for the folder's own.
        people: How many.
        clock: Its time; workers need a hasty one.
    """

    def __init__(self, folder: Path, database_url: str, people: int, clock: HastyClock | FrozenClock) -> None:
        self.settings = Settings.load(data_dir=folder, secret_key=KEY, database_url=database_url)
        self.clock = clock
        self.services: Services = build(self.settings, clock=self.clock)
        self.by = Principal.system(self.services.workspaces.create("Acme").id)
        self.people = people
        data = "email,first_name\n" + "".join(f"p{n}@example.com,G{n % LAYOUTS}\n" for n in range(people))
        mapping = {"email": "email", "first_name": "first_name"}
        imported = self.services.imports.run(self.by, data.encode(), "people.csv", list_name="All", mapping=mapping)
        self.list_id = imported.list_id or 0
        self._template = self.services.templates.save(self.by, "News", TEMPLATE).template_id

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this firm's workers and commands."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTWRIGHT_")}
        own = {"DATA_DIR": str(self.settings.data_dir), "SECRET_KEY": KEY, "DATABASE_URL": self.settings.database_url}
        hasty = self.clock.variables() if isinstance(self.clock, HastyClock) else {}
        return kept | hasty | {f"POSTWRIGHT_{name}": value for name, value in own.items() if value}

    @cached_property
    def reports(self) -> Reports:
        """What its providers report."""
        return Reports(self)

    @cached_property
    def token(self) -> str:
        """What a program proves itself with at the app."""
        self.services.people.rounds = 4
        person = self.services.people.add(self.by, "admin@example.com", "Ann", "correct horse battery", Role.ADMIN)
        by = self.services.people.principal(person.id, self.by.workspace_id)
        scopes = by.permissions - {Permission.ACCOUNT_MANAGE}
        return self.services.api_tokens.create(by, "Storm", scopes, requests_per_minute=10_000)[1]

    def launch(self, kind: str, entered: Mapping[str, Any]) -> int:
        """Launch a campaign to everybody through a new connection; return its number."""
        return self.services.campaigns.launch(self.by, self.draft(kind, entered)).id

    def schedule(self, kind: str, entered: Mapping[str, Any], *, after: timedelta) -> int:
        """Leave a campaign to the sweepers, all of which see at once that its time has come; return its number."""
        at = (self.clock.now() + after).replace(tzinfo=None)
        return self.services.campaigns.schedule(self.by, self.draft(kind, entered), at).id

    def draft(self, kind: str, entered: Mapping[str, Any]) -> int:
        """Keep a campaign to everybody through a new connection; return its number."""
        name = f"{kind} {self.clock.now().timestamp()}"
        connection = self.services.connections.add(self.by, name, kind, {**entered, **self.reports.settings(kind)})
        campaign = self.services.campaigns.create(
            self.by,
            name=name,
            subject="News",
            template_id=self._template,
            audience=Audience("list", self.list_id),
            from_email="news@example.com",
            connection_id=connection.id,
        )
        return campaign.id

    def state(self, campaign: int) -> CampaignState:
        """Return how far a campaign is."""
        return self.services.campaigns.get(self.by, campaign).state

    def rows(self, campaign: int) -> dict[int, tuple[str, int | None, str]]:
        """Return the state, contact and reason of each message of a campaign, by its number."""
        column = messages.c
        chosen = sa.select(column.id, column.state, column.contact_id, column.reason).where(column.campaign_id == campaign)
        with self.services.db.read() as connection:
            return {row.id: (row.state, row.contact_id, row.reason) for row in connection.execute(chosen)}

    def suppressed_contacts(self) -> set[int]:
        """Return the contacts nobody may write to any more: a provider has said that their address is no good."""
        chosen = sa.select(contacts.c.id).join(suppressions, suppressions.c.email == contacts.c.email)
        with self.services.db.read() as connection:
            return set(connection.execute(chosen).scalars())

    def refused_contacts(self) -> set[int]:
        """Return the contacts a provider has refused: their messages, and those of campaigns after, need not arrive."""
        chosen = sa.select(messages.c.contact_id).where(messages.c.state == MessageState.REFUSED.value)
        with self.services.db.read() as connection:
            return set(connection.execute(chosen).scalars())

    def forgive(self) -> None:
        """Let everybody be written to again."""
        for each in self.services.suppressions.page(self.by, limit=self.people).rows:
            self.services.suppressions.remove(self.by, each.email)

    def try_again(self, campaign: int) -> None:
        """Forget how slow a campaign's connection wanted to be: what a person does who knows that it is well again."""
        self.services.paces.try_again(self.by, self.services.campaigns.get(self.by, campaign).connection_id)

    def finish(self, campaign: int) -> None:
        """Let hours pass until a campaign is sent, with nobody at work but us, and all that was noted read."""
        before, idle = self.rows(campaign), 0
        while idle < _PATIENCE:
            self.clock.advance(timedelta(hours=1))
            with suppress(Conflict):
                self.services.campaigns.resume(self.by, campaign)
            if isinstance(self.clock, HastyClock):  # while a drain waits for its pace, a frozen one would not move
                self.try_again(campaign)
            sweep(self.services, Deliveries(self.services, lambda: False), lambda _: None)
            drain(self.services, campaign, owner="last", should_stop=lambda: False)
            self.services.ingester.catch_up()
            if self.state(campaign) is CampaignState.SENT:
                return
            now = self.rows(campaign)
            before, idle = now, idle + 1 if now == before else 0
        raise AssertionError(f"campaign {campaign} does not come to its end: {Counter(row[0] for row in before.values())}")

    def close(self) -> None:
        """Close everything."""
        self.reports.close()
        self.services.ingester.close()
        self.services.close()


@dataclass(frozen=True)
class Sent:
    """A campaign and what its provider remembers.

    Args:
        campaign: Its number.
        taken: Returns how often the provider has taken each message, by key.
    """

    campaign: int
    taken: Callable[[], Counter[str]]


@contextmanager
def opened(folder: Path, database_url: str, people: int, clock: FrozenClock | None = None) -> Iterator[Firm]:
    """Yield a firm, hasty unless told otherwise; it is closed at the end."""
    firm = Firm(folder, database_url, people, clock or HastyClock(SystemClock().now(), FACTOR))
    try:
        yield firm
    finally:
        firm.close()


def settle_and_judge(firm: Firm, sent: Sent) -> Counter[str]:
    """Let a campaign come to its end with a provider that behaves; nobody may be missing, and nobody may have got it twice.

    Returns:
        How many messages were in each state before the provider reported, and `found` of the uncertain ones had arrived.
    """
    firm.finish(sent.campaign)
    before = _judge(firm, sent)
    states = Counter(state for state, _, _ in before.values())
    uncertain = {number for number, (state, _, _) in before.items() if state == MessageState.UNCERTAIN}
    _are_listed(firm, sent.campaign, uncertain)

    arrived = uncertain & _numbers(firm, sent)
    if arrived:
        firm.reports.delivered(sent.campaign, [key for key in sent.taken() if firm.services.message_keys.read(key) in arrived])
    after = firm.rows(sent.campaign)
    assert {after[number][0] for number in arrived} <= {MessageState.DELIVERED}, "the provider's word settles what nobody knew"
    still = {number for number, (state, _, _) in after.items() if state == MessageState.UNCERTAIN}
    assert still == uncertain - arrived
    suppressed = firm.suppressed_contacts()
    barred = {number for number in still if after[number][1] in suppressed}
    offered = len(still - barred)
    assert firm.services.again.missing(firm.by, sent.campaign).uncertain == offered, "they are offered to be sent to"

    assert firm.services.again.send(firm.by, sent.campaign, Choice(uncertain=True)) == offered
    firm.finish(sent.campaign)
    last = _judge(firm, sent)
    refused = firm.refused_contacts()
    excused = {(MessageState.REFUSED.value, True), (MessageState.SKIPPED.value, True)}  # a bad address is suppressed, for all campaigns
    nowhere = (
        {number for number, (state, contact, _) in last.items() if (state, contact in refused) not in excused}
        - _numbers(firm, sent)
        - barred
    )
    assert not nowhere, f"{len(nowhere)} were missed: {[last[number] for number in sorted(nowhere)[:5]]}"
    return states + Counter(found=len(arrived))


def _judge(firm: Firm, sent: Sent) -> dict[int, tuple[str, int | None, str]]:
    """Hold what the ledger says against what the provider remembers."""
    rows, taken = firm.rows(sent.campaign), sent.taken()
    assert len(rows) == len({contact for _, contact, _ in rows.values()}) == firm.people, "everybody has one message"
    twice = {key: (count, rows.get(int(key.partition("-")[0]))) for key, count in taken.items() if count > 1}
    assert not twice, f"{len(twice)} got it twice: {dict(list(twice.items())[:5])}"
    numbers = _numbers(firm, sent)
    by_state: dict[str, set[int]] = {}
    for number, (state, _, _) in rows.items():
        by_state.setdefault(state, set()).add(number)
    assert not {state.value for state in OPEN_STATES} & set(by_state), "a campaign that is sent has nothing open"
    for state in (MessageState.ACCEPTED, MessageState.DELIVERED):
        lost = by_state.get(state, set()) - numbers
        assert not lost, f"{len(lost)} are said to be {state} and never left"
    denied = {number: rows[number] for state in NOT_SENT for number in by_state.get(state, set()) & numbers}
    assert not denied, f"{len(denied)} were taken and are said not to be: {dict(list(denied.items())[:5])}"
    return rows


def _numbers(firm: Firm, sent: Sent) -> set[int]:
    """Return the messages the provider has ever taken."""
    found = {firm.services.message_keys.read(key) for key in sent.taken()}
    assert None not in found, "a message with a key that is none of ours"
    return {number for number in found if number is not None}


def _are_listed(firm: Firm, campaign: int, uncertain: set[int]) -> None:
    listed = firm.services.ledger.page(firm.by, campaign, MessageState.UNCERTAIN, limit=firm.people)
    assert {row.id for row in listed} == uncertain
