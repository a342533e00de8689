"""Messages as programs look them up: one, or one page after the other, over all campaigns and beside them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.contacts.tables import contacts
from core.contacts.visibility import seen_one_by_one
from core.errors import NotFound
from core.messages.reading import SeenCampaigns, nothing_for_the_limited
from core.messages.rows import MessageRow
from core.messages.states import MessageState
from core.messages.tables import messages, requests
from core.permissions import Permission, Principal
from core.storage.database import Database

_m = messages.c
_COLUMNS = (
    _m.id, _m.campaign_id, _m.contact_id, sa.func.coalesce(contacts.c.email, sa.func.nullif(requests.c.recipient, "")).label("email"),
    _m.variant_id, _m.state, _m.reason, _m.attempts, _m.due_at, _m.queued_at,
    _m.accepted_at, _m.provider_message_id,
)  # fmt: skip


class Messages:
    """Finds messages of the campaigns somebody may see, without the addresses of those they may not.

    Single messages are of no campaign: only who may see all campaigns finds them.

    Args:
        db: The database.
        seen: Which campaigns somebody may see.
    """

    def __init__(self, db: Database, seen: SeenCampaigns = nothing_for_the_limited) -> None:
        self._db, self._seen = db, seen

    def get(self, by: Principal, message_id: int) -> tuple[int | None, MessageRow]:
        """Return the campaign a message is of, None for a single one, and the message.

        Whoever may send single messages finds those without seeing campaigns.

        Raises:
            Denied: If `by` may neither see campaigns nor send single messages.
            NotFound: If this workspace has no such message, or `by` may not see it.
        """
        by.require_either(Permission.CAMPAIGNS_VIEW, Permission.MESSAGES_SEND)
        with self._db.read() as connection:
            wanted = self._visible(connection, by).where(_m.id == message_id)
            if not by.may(Permission.CAMPAIGNS_VIEW):
                wanted = wanted.where(_m.campaign_id.is_(None))
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFound("There is no such message.", hint="Look it up among the messages of its campaign.")
        return _as_row(row)

    def after(
        self,
        by: Principal,
        after_number: int,
        limit: int,
        *,
        campaign_id: int | None = None,
        state: MessageState | None = None,
        is_single: bool = False,
    ) -> list[tuple[int | None, MessageRow]]:
        """Return messages with the campaigns they are of, None for single ones, in the order of their ids.

        Args:
            by: Who asks.
            after_number: The last id of the page before, or 0.
            limit: How many at most.
            campaign_id: Only this campaign's.
            state: Only messages in this state.
            is_single: Only those that belong to no campaign.

        Raises:
            Denied: If `by` may not see campaigns.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            wanted = self._visible(connection, by).where(_m.id > after_number)
            if campaign_id is not None:
                wanted = wanted.where(_m.campaign_id == campaign_id)
            if is_single:
                wanted = wanted.where(_m.campaign_id.is_(None))
            if state is not None:
                wanted = wanted.where(_m.state == state.value)
            return [_as_row(row) for row in connection.execute(wanted.order_by(_m.id).limit(limit))]

    def _visible(self, connection: sa.Connection, by: Principal) -> sa.Select[Any]:
        reader = sa.and_(contacts.c.id == _m.contact_id, *seen_one_by_one(by))
        joined = messages.outerjoin(contacts, reader).outerjoin(requests, requests.c.message_id == _m.id)
        found = sa.select(*_COLUMNS).select_from(joined).where(_m.workspace_id == by.workspace_id)
        seen = self._seen(connection, by)
        return found if seen is None else found.where(_m.campaign_id.in_(sorted(seen)))


def _as_row(row: sa.Row[Any]) -> tuple[int | None, MessageRow]:
    values = dict(row._mapping)
    campaign_id = values.pop("campaign_id")
    return campaign_id, MessageRow(**{**values, "state": MessageState(row.state)})
