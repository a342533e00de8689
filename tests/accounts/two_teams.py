"""A workspace of two teams: what is on our list, and what is on lists we must not hear of, each with a word that gives it away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from core.app import Services
from core.campaigns.models import Audience, Campaign
from core.contacts.consent.consent import ConsentStatus
from core.contacts.suppression.suppression import SuppressionReason
from core.jobs.delivering import drain
from core.permissions import Permission, Principal, Role
from core.storage.event_record import event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.storage.schema import metadata
from tests.accounts.doors import MJML

SECRET = "quietly-kept"  # stands in everything outside that nobody can have typed
EVERYBODY = {"field": "email", "operator": "is_not_empty"}
FIELDS = {"subject": "Hello", "from_email": "a@example.com"}


@dataclass(frozen=True)
class Teams:
    """What there is: `by` sees the list `ours` and the people on it, `ours_too` is empty and theirs as well."""

    services: Services
    everything: Principal
    by: Principal
    template_id: int
    ours: int
    ours_too: int
    hidden_list: int
    inside: int
    shared: int
    hidden: int
    hidden_import: int
    hidden_draft: int
    hidden_sent: int
    hidden_to_segment: int
    segment: int

    def campaign(self, by: Principal, name: str, audience: Audience) -> Campaign:
        """Write a draft."""
        return self.services.campaigns.create(by, name=name, audience=audience, template_id=self.template_id, **FIELDS)  # type: ignore[typeddict-item]

    def send(self, by: Principal, campaign_id: int) -> None:
        """Launch a campaign and let every message leave and be counted."""
        self.services.campaigns.launch(by, campaign_id)
        drain(self.services, campaign_id, owner="test", should_stop=lambda: False)
        self.services.ingester.run_once()

    def emails(self, by: Principal) -> set[str]:
        """Return whom somebody sees."""
        return {row.contact.email for row in self.services.directory.page(by, limit=100).rows}

    def outside(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row that has to do with what `by` must not touch."""
        with self.services.db.read() as connection:
            return {
                table.name: sorted((tuple(row) for row in connection.execute(sa.select(table)) if self._is_outside(row._mapping)), key=repr)
                for table in metadata.sorted_tables
                if "workspace_id" in table.c
            }

    def _is_outside(self, row: Any) -> bool:
        ids = {"contact_id": {self.hidden}, "list_id": {self.hidden_list}}
        ids["campaign_id"] = {self.hidden_draft, self.hidden_sent, self.hidden_to_segment}
        return any(row.get(name) in known for name, known in ids.items()) or SECRET in repr(tuple(row.values())) or "hidden" in repr(row)


def two_teams(services: Services) -> Teams:
    """Make the workspace."""
    services.people.rounds = 4
    everything = Principal.system(services.workspaces.create("Acme").id)
    ours, ours_too = services.lists.create(everything, "Ours").id, services.lists.create(everything, "Ours too").id
    services.lists.create(everything, SECRET)
    data = f"email,first_name,club\nhidden@example.com,{SECRET},{SECRET}\nno address,{SECRET},x\n".encode()
    imported = services.imports.run(everything, data, f"{SECRET}.csv", list_name="Hidden")
    assert imported.list_id and imported.import_id
    save = services.contacts.save
    hidden = services.contacts.find(everything, "hidden@example.com")
    assert hidden
    inside = save(everything, "inside@example.com", first_name="Ann", list_ids=[ours])
    shared = save(everything, "shared@example.com", list_ids=[ours, imported.list_id])
    save(everything, f"{SECRET}@example.com", consent=ConsentStatus.UNSUBSCRIBED)  # on no list at all
    services.suppressions.add(everything, f"{SECRET}2@example.com", SuppressionReason.MANUAL, SECRET)
    template_id = services.templates.save(everything, "Letter", MJML).template_id
    segment = services.segments.create(everything, "Everybody", EVERYBODY).id
    person = services.people.add(everything, "mia@example.com", "Mia", "correct horse battery", Role.MARKETER)
    services.people.set_lists(everything, person.id, [ours, ours_too])
    by = replace(services.people.principal(person.id, everything.workspace_id), permissions=frozenset(Permission))
    known = (template_id, ours, ours_too, imported.list_id, inside.id, shared.id, hidden.id, imported.import_id)
    teams = Teams(services, everything, by, *known, 0, 0, 0, segment)
    return _with_campaigns(teams)


def _with_campaigns(teams: Teams) -> Teams:
    to_hidden = Audience("list", teams.hidden_list)
    draft = teams.campaign(teams.everything, SECRET, to_hidden)
    sent = teams.campaign(teams.everything, SECRET, to_hidden)
    to_segment = teams.campaign(teams.everything, SECRET, Audience("segment", teams.segment))
    for campaign in (sent, to_segment):
        teams.send(teams.everything, campaign.id)
        opened(teams, campaign.id, SECRET)
    return replace(teams, hidden_draft=draft.id, hidden_sent=sent.id, hidden_to_segment=to_segment.id)


def opened(teams: Teams, campaign_id: int, browser: str) -> None:
    """Let everybody who got a campaign open it."""
    now, journal = teams.services.clock.now(), JournalWriter(teams.services.settings.journal_dir, "receiver")
    known = {"ip": "84.17.46.10", "user_agent": f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0 {browser}"}
    mailed = teams.services.ledger.page(teams.everything, campaign_id)
    records = [event_record(EventKind.OPENED, now, "receiver", message_id=one.id, method="GET", **known) for one in mailed]
    journal.append(records, durable=True)
    journal.close()
    teams.services.ingester.run_once()


def told(found: object) -> str:
    """Return everything an answer says, also what it would only say when read on."""
    if isinstance(found, Iterator):
        return "".join(map(told, found))
    return repr(found.to_pylist()) if isinstance(found, pa.RecordBatch) else repr(found)
