"""The links of each campaign: position in the template to address, written once at launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.clock import Clock
from core.errors import InvalidInput
from core.links.tables import links
from core.links.urls import is_web_url
from core.storage.database import Database, insert_or_ignore


@dataclass(frozen=True)
class Link:
    """One tracked link of a campaign.

    Args:
        id: What tokens and events name.
        position: Its index among the template's links, from 0.
        url: Where it leads.
        append_token: Whether the landing page gets the conversion token.
    """

    id: int
    position: int
    url: str
    append_token: bool


class Links:
    """Registers and lists tracked links.

    Args:
        db: The operational database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def register(
        self, connection: sa.Connection, workspace_id: int, campaign_id: int, urls: Sequence[str], append_token: bool = False
    ) -> list[int]:
        """Return the ids of a campaign's links in order; those already registered keep their id and address.

        Args:
            connection: A transaction that can write.
            workspace_id: The workspace of the campaign.
            campaign_id: The campaign.
            urls: The template version's links, in order.
            append_token: Whether the landing pages get the conversion token.

        Raises:
            InvalidInput: If an address is not a complete http or https URL.
        """
        now = self._clock.now()
        rows = [
            {
                "workspace_id": workspace_id,
                "campaign_id": campaign_id,
                "position": position,
                "url": _checked(url),
                "append_token": append_token,
                "created_at": now,
            }
            for position, url in enumerate(urls)
        ]
        insert_or_ignore(connection, links, rows)
        return [link.id for link in _of_campaign(connection, workspace_id, campaign_id)]

    def for_campaign(self, workspace_id: int, campaign_id: int) -> list[Link]:
        """Return a campaign's links in order of position."""
        with self._db.read() as connection:
            return _of_campaign(connection, workspace_id, campaign_id)


def _of_campaign(connection: sa.Connection, workspace_id: int, campaign_id: int) -> list[Link]:
    statement = (
        sa.select(links.c.id, links.c.position, links.c.url, links.c.append_token)
        .where(links.c.workspace_id == workspace_id, links.c.campaign_id == campaign_id)
        .order_by(links.c.position)
    )
    return [Link(row.id, row.position, row.url, row.append_token) for row in connection.execute(statement)]


def _checked(url: str) -> str:
    if not is_web_url(url):
        raise InvalidInput(f"“{url[:80]}” is not a web address.", hint="A tracked link starts with https:// or http:// and has no spaces.")
    return url
