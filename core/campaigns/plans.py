"""What delivering a campaign needs, read in one go; light, because the receiver shows messages in the browser with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.campaigns.timing import Timing, hours_of
from core.experiments.experiments import load_arms
from core.links.tables import links
from core.messages.plan import PinnedVersion, Route, SendPlan, WorkspaceCap
from core.messages.tables import messages
from core.sending_rules import SendingRules
from core.storage.tables import workspaces
from core.templates.brands.reading import brand_fields
from core.templates.languages.headings import from_row
from core.templates.languages.reading import in_languages
from core.templates.tables import template_versions


@dataclass(frozen=True)
class PlannedMessage:
    """A message together with the plan it was, or will be, written by.

    Args:
        plan: The campaign's plan.
        message_id: The ledger row.
        contact_id: Whom it is for.
        variant_id: The arm of an A/B test, or None.
    """

    plan: SendPlan
    message_id: int
    contact_id: int
    variant_id: int | None


def load_plan(connection: sa.Connection, campaign_id: int) -> SendPlan | None:
    """Return the plan of a campaign that is being sent, or None where there is nothing to send now."""
    return _load(connection, campaigns.c.id == campaign_id, campaigns.c.state == CampaignState.SENDING.value)


def plan_of_message(connection: sa.Connection, message_id: int) -> PlannedMessage | None:
    """Return the plan a message belongs to, whatever state its campaign is in, or None for an unknown message."""
    chosen = sa.select(messages.c.workspace_id, messages.c.campaign_id, messages.c.contact_id, messages.c.variant_id)
    row = connection.execute(chosen.where(messages.c.id == message_id)).one_or_none()
    if row is None:
        return None
    plan = _load(connection, campaigns.c.id == row.campaign_id, campaigns.c.workspace_id == row.workspace_id)
    return PlannedMessage(plan, message_id, row.contact_id, row.variant_id) if plan else None


def _load(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> SendPlan | None:
    statement = (
        sa.select(
            campaigns,
            template_versions.c.html,
            template_versions.c.text,
            template_versions.c.links,
            workspaces.c.name.label("workspace_name"),
            workspaces.c.postal_address,
            workspaces.c.timezone,
            workspaces.c.sending_rules,
        )
        .join(template_versions, template_versions.c.id == campaigns.c.template_version_id)
        .join(workspaces, workspaces.c.id == campaigns.c.workspace_id)
        .where(*which)
    )
    row = connection.execute(statement).one_or_none()
    return _plan(connection, row) if row else None


def _plan(connection: sa.Connection, row: sa.Row[Any]) -> SendPlan:
    in_order = sa.select(links.c.id).where(links.c.campaign_id == row.id).order_by(links.c.position)
    headings, timing, rules = from_row(row), Timing.from_json(row.timing), SendingRules.from_json(row.sending_rules)
    hours = hours_of(timing, row.timezone, rules)
    cap = None if timing.ignores_cap or rules.cap is None else WorkspaceCap(row.workspace_id, rules.cap.messages, rules.cap.days)
    return SendPlan(
        workspace_id=row.workspace_id,
        campaign_id=row.id,
        campaign_name=row.name,
        from_email=row.from_email,
        from_name=row.from_name,
        headings=headings,
        arms={arm.id: arm.headings.beside(headings) for arm in load_arms(connection, row.workspace_id, row.id)},
        version=pinned_version(connection, row.workspace_id, row.template_version_id, row),
        connection_id=row.connection_id,
        link_ids=tuple(connection.execute(in_order).scalars()),
        workspace={"name": row.workspace_name, "postal_address": row.postal_address},
        track_conversions=row.track_conversions,
        hours=hours if hours.window or hours.quiet else None,
        cap=cap,
        brand=row.brand or brand_fields(connection, row.workspace_id, row.template_id),
        routes=tuple(Route(each["connection_id"], each["weight"]) for each in row.routes),
    )


def pinned_version(connection: sa.Connection, workspace_id: int, version_id: int, version: Any) -> PinnedVersion:
    """Return a template version as mail is written by it, with its languages.

    Args:
        connection: Reads.
        workspace_id: Whose version.
        version_id: Its number.
        version: Its main language.
    """
    links_of = tuple(version.links)

    def made(html: str, text: str) -> PinnedVersion:
        return PinnedVersion(version_id, html, text, links_of)

    languages = in_languages(connection, workspace_id, version_id, made)
    return PinnedVersion(version_id, version.html, version.text, links_of, languages)
