"""Where a template is used: campaigns, and single messages by the version they were written by."""

from __future__ import annotations

import sqlalchemy as sa

from core.campaigns.tables import campaigns
from core.campaigns.visibility import seen_campaigns
from core.messages.tables import requests
from core.permissions import Principal
from core.templates.library.versions import Use, UsedBy
from core.templates.tables import template_versions

MOST = 200


def uses_of_template(connection: sa.Connection, by: Principal, template_id: int) -> list[Use]:
    """Return what uses a template: campaigns that may be seen, the newest first, then single messages by version.

    Args:
        connection: To read with.
        by: Who asks.
        template_id: The template, which is known to be of the workspace.
    """
    return [*_campaigns(connection, by, template_id), *_messages(connection, by, template_id)]


def _campaigns(connection: sa.Connection, by: Principal, template_id: int) -> list[Use]:
    pinned = sa.and_(
        template_versions.c.id == campaigns.c.template_version_id, template_versions.c.workspace_id == campaigns.c.workspace_id
    )
    columns = (campaigns.c.id, campaigns.c.name, campaigns.c.state, campaigns.c.launched_at, template_versions.c.number)
    mine = (campaigns.c.workspace_id == by.workspace_id, campaigns.c.template_id == template_id, *seen_campaigns(by))
    statement = sa.select(*columns).select_from(campaigns.outerjoin(template_versions, pinned)).where(*mine)
    found = connection.execute(statement.order_by(campaigns.c.id.desc()).limit(MOST))
    return [Use(UsedBy.CAMPAIGN, row.number, row.id, row.name, row.state, at=row.launched_at) for row in found]


def _messages(connection: sa.Connection, by: Principal, template_id: int) -> list[Use]:
    if by.lists is not None:  # how many messages there are is told to those who see everybody
        return []
    version = template_versions.c
    columns = (version.number, sa.func.count().label("messages"), sa.func.max(requests.c.created_at).label("at"))
    theirs = (version.workspace_id == by.workspace_id, version.template_id == template_id, requests.c.workspace_id == by.workspace_id)
    statement = sa.select(*columns).join_from(template_versions, requests, requests.c.template_version_id == version.id).where(*theirs)
    found = connection.execute(statement.group_by(version.number).order_by(version.number.desc()))
    return [Use(UsedBy.MESSAGES, row.number, count=row.messages, at=row.at) for row in found]
