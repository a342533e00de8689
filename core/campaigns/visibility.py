"""Which campaigns somebody limited to some lists may see: those to one of their lists, and their own to segments.

A campaign to a segment shows how many people it reached and who they are, so once launched it is theirs to see only if it was
narrowed to lists they (still) see; one that somebody with all lists launched reached others too.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.campaigns.tables import campaign_lists, campaigns
from core.errors import NotFound
from core.permissions import Principal


def seen_campaigns(by: Principal) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a campaign may be seen; none for somebody who sees all lists."""
    if by.lists is None:
        return []
    lists, kind = sorted(by.lists), campaigns.c.audience["kind"].as_string()
    audience_id = sa.cast(campaigns.c.audience["id"].as_string(), sa.BigInteger)  # as_integer() is too narrow on PostgreSQL
    to_my_list = sa.and_(kind == "list", audience_id.in_(lists))
    narrowed = sa.exists().where(campaign_lists.c.campaign_id == campaigns.c.id).correlate(campaigns)
    beyond = sa.exists().where(campaign_lists.c.campaign_id == campaigns.c.id, campaign_lists.c.list_id.not_in(lists)).correlate(campaigns)
    reached_mine = sa.or_(campaigns.c.launched_at.is_(None), sa.and_(narrowed, ~beyond))
    return [sa.or_(to_my_list, sa.and_(kind == "segment", campaigns.c.created_by == by.label, reached_mine))]


def seen_campaign_ids(connection: sa.Connection, by: Principal) -> Sequence[int] | None:
    """Return the campaigns somebody may see, or None for all of the workspace."""
    conditions = seen_campaigns(by)
    if not conditions:
        return None
    return connection.execute(sa.select(campaigns.c.id).where(campaigns.c.workspace_id == by.workspace_id, *conditions)).scalars().all()


def this(by: Principal, campaign_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that pick one campaign, if `by` may see it."""
    return campaigns.c.workspace_id == by.workspace_id, campaigns.c.id == campaign_id, *seen_campaigns(by)


def note_narrowing(connection: sa.Connection, by: Principal, campaign_id: int) -> None:
    """Keep which lists the people of a segment were narrowed to at launch, where they were."""
    if by.lists:
        same = {"workspace_id": by.workspace_id, "campaign_id": campaign_id}
        connection.execute(sa.insert(campaign_lists), [{"list_id": list_id, **same} for list_id in sorted(by.lists)])


def gone() -> NotFound:
    """Return the error for a campaign that is not there."""
    return NotFound("There is no such campaign.", hint="It may have been deleted: go back to the list of campaigns.")
