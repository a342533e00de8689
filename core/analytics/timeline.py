"""Everything that happened around one person, newest first: from the lake and from the database, also where the lake is empty."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.analytics.timeline_rows import Part, read_parts
from core.audit.names import names_of
from core.contacts.aliases import numbers_of
from core.contacts.finding import one_contact
from core.messages.reading import SeenCampaigns, nothing_for_the_limited
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_words import EventKind

# What the ledger and the consent records tell better; a sending of which there is no row in the ledger was brought along by an import.
_TOLD_ELSEWHERE = (EventKind.QUEUED, EventKind.SUBSCRIBED, EventKind.UNSUBSCRIBED)
_WHERE = f"""
    contact_id in (select unnest($numbers::bigint[])) and kind not in ({", ".join(f"'{kind}'" for kind in _TOLD_ELSEWHERE)})
    and not (kind = '{EventKind.SENT}' and message_id is not null)
"""
_COLUMNS = "kind, occurred_at, actor, actor_reason, bounce_class, reason, url, client, device, campaign_id, message_id"


@dataclass(frozen=True)
class Moment:
    """One thing that happened.

    Args:
        at: When.
        part: Where it is told from: the ledger, the lake, consent, the audit log, notes, …
        what: What happened, in the word of that part ("accepted", "opened", "subscribed", "contact.changed").
        details: What more is known of it; empty values are left out.
    """

    at: datetime
    part: Part
    what: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TimelinePage:
    """Some of it, newest first, and how much there is in all."""

    rows: list[Moment]
    total: int


class Timelines:
    """Tells what happened around a person; of campaigns, only those somebody may see.

    Args:
        db: The database.
        engine: Where events are.
        seen: Which campaigns somebody may see.
    """

    def __init__(self, db: Database, engine: AnalyticsEngine, seen: SeenCampaigns = nothing_for_the_limited) -> None:
        self._db, self._engine, self._seen = db, engine, seen

    def page(self, by: Principal, contact_id: int, *, limit: int = 25, offset: int = 0) -> TimelinePage:
        """Return some of what happened around a person, and around those who were merged into them.

        Messages and what came of them are left out for somebody who may not see campaigns.

        Args:
            by: Who asks.
            contact_id: Whose.
            limit: At most this much.
            offset: How much of the newest is left out.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_VIEW)
        most = limit + offset
        with self._db.read() as connection:
            contact = one_contact(connection, by, contact_id)
            numbers = list(connection.execute(numbers_of(contact_id)).scalars())
            may_see = by.may(Permission.CAMPAIGNS_VIEW)
            only = self._seen(connection, by) if may_see else ()
            rows, total = read_parts(connection, by, contact, numbers, only, most)
            found = [Moment(*row) for row in rows]
            if may_see:
                events, count = self._events(by, numbers, only, most)
                found, total = found + events, total + count
            shown = sorted(found, key=lambda one: (one.at, one.part, one.what), reverse=True)[offset:most]
            names = names_of(connection, by.workspace_id, _named(shown))
        return TimelinePage([_with_names(one, names) for one in shown], total)

    def _events(self, by: Principal, numbers: list[int], only: Collection[int] | None, most: int) -> tuple[list[Moment], int]:
        values = {"numbers": numbers}
        # Past events that an import brings along are older than the contact: no file can be left out for its age.
        with self._engine.session(by.workspace_id, only_campaigns=only) as session:
            total = int(session.value(f"select count(*) from events where {_WHERE}", values) or 0)
            if not total:
                return [], 0
            wanted = f"select {_COLUMNS} from events where {_WHERE} order by occurred_at desc, event_id desc limit {int(most)}"
            return [_as_moment(row) for row in session.rows(wanted, values)], total


def _as_moment(row: Mapping[str, Any]) -> Moment:
    details = {name: value for name, value in row.items() if value not in {None, ""} and name not in {"kind", "occurred_at"}}
    return Moment(row["occurred_at"], Part.EVENT, row["kind"], details)


def _named(moments: Iterable[Moment]) -> set[str]:
    """Return what in these moments has a name: campaigns, lists, and whoever did it."""
    things = {f"campaign:{one.details['campaign_id']}" for one in moments if one.details.get("campaign_id")}
    return things | {one.details["actor"] for one in moments if one.part is not Part.EVENT and one.details.get("actor")}


def _with_names(one: Moment, names: Mapping[str, str]) -> Moment:
    campaign = names.get(f"campaign:{one.details.get('campaign_id')}", "")
    actor = names.get(str(one.details.get("actor")), "") if one.part is not Part.EVENT else ""
    more = {"campaign": campaign, "by": actor}
    return Moment(one.at, one.part, one.what, {**one.details, **{name: value for name, value in more.items() if value}})
