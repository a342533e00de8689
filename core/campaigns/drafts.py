"""Writing a campaign: what is checked before it is kept, and what may still be changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.audiences import Audiences
from core.campaigns.models import Audience
from core.campaigns.states import CampaignState
from core.campaigns.subject_lines import FIRST, SECOND, arms_of, checked_lines, line
from core.campaigns.tables import campaigns
from core.campaigns.timing import Timing
from core.campaigns.visibility import gone, this
from core.clock import Clock
from core.contacts.addresses import normalise
from core.contacts.contacts import Contacts
from core.errors import Conflict, Denied, InvalidInput
from core.experiments.experiments import Experiments, load_arms
from core.messages.plan import Route
from core.permissions import Permission, Principal
from core.providers.connections import Connections
from core.storage.database import Database
from core.templates.languages.headings import Heading, as_row, from_row
from core.templates.library.templates import Templates

MAX_NAME = 200
MAX_HOLDOUT = 50
MAX_ROUTES, MAX_WEIGHT = 10, 1_000
_TOLD = ("name", "template_id", "connection_id", "track_conversions", "timing", "holdout_percent", "routes")


_NEEDED = ("name", "subject", "template_id", "audience", "from_email")


class DraftFields(TypedDict, total=False):
    """What can be written into a draft; the words are those of `Campaign`."""

    name: str
    subject: str
    preview_text: str
    subjects: Mapping[str, Heading]
    subject_b: str | None
    preview_text_b: str
    subjects_b: Mapping[str, Heading]
    template_id: int
    audience: Audience
    from_email: str
    from_name: str
    connection_id: int | None
    routes: Sequence[Route]
    track_conversions: bool
    timing: Timing
    holdout_percent: int


class Drafts:
    """Creates, changes and deletes drafts.

    Args:
        db: The database.
        clock: The time.
        audiences: Checks lists and segments.
        templates: Checks templates.
        connections: Checks connections, and knows the default one.
        experiments: Keeps the arms of an A/B test.
        contacts: Knows which attributes a subject may use.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        audiences: Audiences,
        templates: Templates,
        connections: Connections,
        experiments: Experiments,
        contacts: Contacts,
    ) -> None:
        self._db, self._clock, self._audiences, self._templates = db, clock, audiences, templates
        self._connections, self._experiments, self._contacts = connections, experiments, contacts

    def create(self, by: Principal, **fields: Unpack[DraftFields]) -> int:
        """Keep a new draft and return its id.

        Raises:
            Conflict: If nothing can be sent through the connection.
            InvalidInput: If a field can't be used; names it.
            NotFound: If template, audience or connection is not there.
        """
        by.require(Permission.CAMPAIGNS_EDIT)
        missing = [name for name in _NEEDED if name not in fields]
        if missing:
            raise InvalidInput(f"A campaign needs {', '.join(missing)}.", hint="Give what is missing.")
        if fields.get("connection_id") is None and not fields.get("routes"):
            fields["connection_id"] = self._connections.default(by).id
        check_important(by, Timing(), fields.get("timing", Timing()))
        values = {"preview_text": "", "subjects": {}} | self._checked(by, fields)
        arms = arms_of(values, None, self._lines(by, fields, SECOND))
        row = values | {
            "workspace_id": by.workspace_id,
            "state": CampaignState.DRAFT.value,
            "created_by": by.label,
            "created_at": self._clock.now(),
        }
        with self._db.transaction() as connection:
            campaign_id = int(connection.execute(sa.insert(campaigns).values(row).returning(campaigns.c.id)).scalar_one())
            self._experiments.save_arms(connection, by.workspace_id, campaign_id, arms)
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_CREATED, f"campaign:{campaign_id}", after=_told(values))
        return campaign_id

    def update(self, by: Principal, campaign_id: int, **fields: Unpack[DraftFields]) -> None:
        """Change a draft; fields that are not named stay as they are.

        Raises:
            Conflict: If it is not a draft any more, or nothing can be sent through the connection.
            InvalidInput: If a field can't be used; names it.
            NotFound: If the campaign, or what it names, is not there.
        """
        by.require(Permission.CAMPAIGNS_EDIT)
        values, second = self._checked(by, fields), self._lines(by, fields, SECOND)
        with self._db.transaction() as connection:
            known = self._must_be_draft(connection, by, campaign_id)
            if "timing" in fields:
                check_important(by, Timing.from_json(known.timing), fields["timing"])
            if values:
                connection.execute(sa.update(campaigns).where(*this(by, campaign_id)).values(values))
                self._must_still_be_seen(connection, by, campaign_id)
            if fields.keys() & {*FIRST, *SECOND}:
                self._save_arms(connection, by, campaign_id, as_row(from_row(known)) | values, second)
            changed = [name for name, value in values.items() if getattr(known, name) != value]
            told = _told({name: values[name] for name in changed}), _told({name: getattr(known, name) for name in changed})
            after = told[0] | {"fields": sorted({*changed, *(fields.keys() & set(SECOND))})}
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_CHANGED, f"campaign:{campaign_id}", before=told[1], after=after)

    def delete(self, by: Principal, campaign_id: int) -> None:
        """Delete a draft.

        Raises:
            Conflict: If it is not a draft any more: what was sent stays on record.
            NotFound: If there is no such campaign.
        """
        by.require(Permission.CAMPAIGNS_EDIT)
        with self._db.transaction() as connection:
            known = self._must_be_draft(connection, by, campaign_id)
            self._experiments.save_arms(connection, by.workspace_id, campaign_id, ())
            connection.execute(sa.delete(campaigns).where(*this(by, campaign_id)))
            before = {"name": known.name}
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_DELETED, f"campaign:{campaign_id}", before=before)

    def _save_arms(
        self, connection: sa.Connection, by: Principal, campaign_id: int, first: Mapping[str, Any], second: Mapping[str, Any]
    ) -> None:
        known = load_arms(connection, by.workspace_id, campaign_id)[1:2]
        arms = arms_of(first, known[0].headings if known else None, second)
        self._experiments.save_arms(connection, by.workspace_id, campaign_id, arms)

    def _must_be_draft(self, connection: sa.Connection, by: Principal, campaign_id: int) -> sa.Row[Any]:
        # Locked, so that a launch and a change can't pass each other.
        row = connection.execute(sa.select(campaigns).where(*this(by, campaign_id)).with_for_update()).one_or_none()
        if row is None:
            raise gone()
        if row.state == CampaignState.SCHEDULED:
            raise Conflict("This campaign waits for its time and can't be changed meanwhile.", hint="Unschedule it first.")
        if row.state != CampaignState.DRAFT:
            raise Conflict("This campaign has been launched and can't be changed any more.", hint="Copy what you need into a new one.")
        return row

    def _must_still_be_seen(self, connection: sa.Connection, by: Principal, campaign_id: int) -> None:
        """Refuse to send somebody else's campaign to a segment where that would take it out of one's own sight."""
        if connection.execute(sa.select(campaigns.c.id).where(*this(by, campaign_id))).first() is None:
            raise Denied("Somebody else made this campaign, so it can only go to one of your lists.", hint="Make one of your own for it.")

    def _checked(self, by: Principal, fields: DraftFields) -> dict[str, Any]:
        """Return the columns for the fields given, each checked."""
        values = self._lines(by, fields, FIRST)
        if "name" in fields:
            values["name"] = line(fields["name"], "name", MAX_NAME)
        if "from_email" in fields:
            values["from_email"] = normalise(fields["from_email"])
        if "from_name" in fields:
            values["from_name"] = line(fields["from_name"], "sender's name", MAX_NAME, may_be_empty=True)
        if "track_conversions" in fields:
            values["track_conversions"] = bool(fields["track_conversions"])
        return values | _checked_timing(fields) | self._checked_references(by, fields)

    def _checked_references(self, by: Principal, fields: DraftFields) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if "template_id" in fields:
            values["template_id"] = self._templates.get(by, fields["template_id"]).id
        if "audience" in fields:
            self._audiences.check(by, fields["audience"])
            values["audience"] = {"kind": fields["audience"].kind, "id": fields["audience"].id}
        if fields.get("connection_id") is not None:
            values |= {"connection_id": self._sending(by, int(fields["connection_id"] or 0)), "routes": []}
        if fields.get("routes"):
            values |= self._checked_routes(by, fields["routes"])
        return values

    def _checked_routes(self, by: Principal, routes: Sequence[Route]) -> dict[str, Any]:
        """Return the columns of a campaign that several connections share; the first one stands for it where only one is shown."""
        chosen = [self._sending(by, each.connection_id) for each in routes]
        if len(set(chosen)) < len(chosen) or len(chosen) > MAX_ROUTES:
            raise InvalidInput("These connections can't share a campaign.", hint=f"Name each one once, at most {MAX_ROUTES}.")
        if any(not 1 <= each.weight <= MAX_WEIGHT for each in routes):
            raise InvalidInput("A share can't be used.", hint=f"Each is a whole number between 1 and {MAX_WEIGHT}.")
        shared = [{"connection_id": each.connection_id, "weight": each.weight} for each in routes]
        return {"connection_id": chosen[0], "routes": shared if len(shared) > 1 else []}

    def _sending(self, by: Principal, connection_id: int) -> int:
        """Return a connection's number if mail can leave through it."""
        chosen = self._connections.get(by, connection_id)
        chosen.must_send()
        return chosen.id

    def _lines(self, by: Principal, fields: DraftFields, names: Collection[str]) -> dict[str, Any]:
        return checked_lines(fields, names, lambda: self._contacts.attributes(by))


def check_important(by: Principal, before: Timing, after: Timing) -> None:
    """Do nothing unless a campaign is to go out whatever its readers got before: that is for those who set the limit.

    Raises:
        Denied: Without `workspace.edit`.
    """
    if after.ignores_cap and not before.ignores_cap:
        by.require(Permission.WORKSPACE_EDIT)


def _told(values: Mapping[str, Any]) -> dict[str, object]:
    """Return what the audit log may tell of a draft's columns: no sender, and no subject, which may name somebody."""
    told = {name: values[name] for name in _TOLD if name in values}
    return told | ({"audience": "{kind}:{id}".format(**values["audience"])} if "audience" in values else {})


def _checked_timing(fields: DraftFields) -> dict[str, Any]:
    values: dict[str, Any] = {"timing": fields["timing"].as_json()} if "timing" in fields else {}
    return values | ({"holdout_percent": _percent(fields["holdout_percent"])} if "holdout_percent" in fields else {})


def _percent(percent: int) -> int:
    if not 0 <= percent <= MAX_HOLDOUT:
        raise InvalidInput("So many people can't be held out.", hint=f"0 to {MAX_HOLDOUT} of a hundred.")
    return int(percent)
