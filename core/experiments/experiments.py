"""The arms of a campaign's A/B test, and who is in which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.experiments.assignment import BUCKETS, assign, bucket
from core.experiments.tables import arms
from core.storage.database import Database
from core.templates.languages.headings import Headings, as_row, from_row

ARM_KEYS = "ABCDEFGH"


@dataclass(frozen=True)
class Arm:
    """One variant.

    Args:
        id: What messages and events name as `variant_id`.
        key: "A", "B", …
        headings: The subject and the preview text its recipients see.
        weight: Its share of the audience, relative to the others.
    """

    id: int
    key: str
    headings: Headings
    weight: int

    @property
    def subject(self) -> str:
        """The subject in the main language."""
        return self.headings.subject


class Experiments:
    """Keeps arms and deals recipients out to them.

    Args:
        db: The database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def arms(self, workspace_id: int, campaign_id: int) -> list[Arm]:
        """Return a campaign's arms in order; none means no test."""
        with self._db.read() as connection:
            return load_arms(connection, workspace_id, campaign_id)

    def save_arms(self, connection: sa.Connection, workspace_id: int, campaign_id: int, headings: Sequence[Headings]) -> None:
        """Put the arms of a draft in the place of its earlier ones, with equal weights; no headings end the test."""
        mine = (arms.c.workspace_id == workspace_id, arms.c.campaign_id == campaign_id)
        connection.execute(sa.delete(arms).where(*mine))
        rows = [
            {"workspace_id": workspace_id, "campaign_id": campaign_id, "key": key, "weight": 1, **as_row(one)}
            for key, one in zip(ARM_KEYS, headings, strict=False)
        ]
        if rows:
            connection.execute(sa.insert(arms), rows)


def load_arms(connection: sa.Connection, workspace_id: int, campaign_id: int) -> list[Arm]:
    """Return a campaign's arms in order, on a connection that is already open."""
    column = arms.c
    chosen = sa.select(column.id, column.key, column.subject, column.preview_text, column.subjects, column.weight)
    mine = (column.workspace_id == workspace_id, column.campaign_id == campaign_id)
    return [Arm(row.id, row.key, from_row(row), row.weight) for row in connection.execute(chosen.where(*mine).order_by(column.key))]


def deal(campaign_id: int, contact_ids: Iterable[int], arms_of_campaign: Sequence[Arm]) -> list[tuple[int, int | None]]:
    """Return (contact, arm) pairs; the same contact gets the same arm however often this is asked.

    Args:
        campaign_id: Salts the hash, so that each test divides people anew.
        contact_ids: The audience.
        arms_of_campaign: The arms; none gives everybody None.
    """
    if not arms_of_campaign:
        return [(contact_id, None) for contact_id in contact_ids]
    salt, weights = f"campaign:{campaign_id}", [arm.weight for arm in arms_of_campaign]
    return [(contact_id, arms_of_campaign[assign(salt, str(contact_id), weights)].id) for contact_id in contact_ids]


def hold_out(campaign_id: int, contact_ids: Sequence[int], percent: int) -> tuple[list[int], list[int]]:
    """Return who gets a campaign and who deliberately does not; the same people however often this is asked.

    Args:
        campaign_id: Salts the hash, so that each campaign holds out others, and not by the arms it deals.
        contact_ids: The audience.
        percent: How many of a hundred get nothing.
    """
    if not percent:
        return list(contact_ids), []
    salt, below = f"holdout:{campaign_id}", percent * BUCKETS // 100
    held = {contact_id for contact_id in contact_ids if bucket(salt, str(contact_id)) < below}
    return [contact_id for contact_id in contact_ids if contact_id not in held], sorted(held)
