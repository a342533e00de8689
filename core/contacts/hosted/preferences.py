"""Where somebody stands, as the page of choices shows it to themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.contacts.consent.askings import lists_asked_for
from core.contacts.consent.records import ConsentStatus
from core.contacts.hosted.lines import Choices
from core.contacts.hosted.published import ListChoice
from core.contacts.lookup import Frequency, most_seldom
from core.contacts.tables import contacts, list_members, lists
from core.storage.tables import workspaces

LONGEST_PAUSE_DAYS = 366


@dataclass(frozen=True)
class Standing:
    """Where somebody stands.

    Args:
        workspace: Who writes to them.
        consent: What they agreed to.
        lists: The lists that are open to everybody.
        on: Those of them they are on.
        frequency: How often they want mail.
        paused_until: Until when they want none; None for no break.
        do_not_sell: Whether nothing about them may be sold.
        asked: Those lists they are asked about by mail and have not answered for.
        may_agree: Whether a yes counts; not so for the link of an address that was merged into another.
    """

    workspace: str
    consent: ConsentStatus
    lists: tuple[ListChoice, ...]
    on: frozenset[int]
    frequency: Frequency
    paused_until: datetime | None
    do_not_sell: bool
    asked: frozenset[int] = frozenset()
    may_agree: bool = True

    def to_refuse(self) -> Standing:
        """Return what is shown of it to somebody who can only say no."""
        mine = tuple(one for one in self.lists if one.id in self.on)
        return replace(self, lists=mine, asked=frozenset(), may_agree=False)


def standing_of(connection: sa.Connection, workspace_id: int, contact_id: int, now: datetime) -> Standing | None:
    """Return where somebody stands; None for a contact that is not there (any more)."""
    joined = contacts.join(workspaces, workspaces.c.id == contacts.c.workspace_id)
    wanted = sa.select(contacts, workspaces.c.name.label("workspace")).select_from(joined)
    row = connection.execute(wanted.where(contacts.c.workspace_id == workspace_id, contacts.c.id == contact_id)).one_or_none()
    if row is None:
        return None
    public = open_lists(connection, workspace_id)
    on = set(connection.execute(sa.select(list_members.c.list_id).where(list_members.c.contact_id == contact_id)).scalars())
    frequency = Frequency(row.frequency) if row.frequency in set(Frequency) else Frequency.ALL
    mine = frozenset(each.id for each in public if each.id in on)
    asked = frozenset(each.id for each in public) & lists_asked_for(connection, contact_id, now) - mine
    return Standing(row.workspace, ConsentStatus(row.consent), public, mine, frequency, row.paused_until, row.do_not_sell, asked)


def pace_after(
    choices: Choices, at: datetime, frequency: Frequency, until: datetime | None, *, only_less: bool
) -> tuple[Frequency, datetime | None]:
    """Return how often somebody wants mail, and until when none, once they have chosen.

    Args:
        choices: What they chose.
        at: When.
        frequency: How often they wanted mail before.
        until: Until when they wanted none; None for no break.
        only_less: Whether it may only become less mail: so for the link of an address that was merged into another.
    """
    wanted, pause = Frequency(choices.frequency or frequency), until
    if choices.pause_days is not None:
        days = min(max(choices.pause_days, 0), LONGEST_PAUSE_DAYS)
        pause = at + timedelta(days=days) if days else None
    if not only_less:
        return wanted, pause
    return most_seldom(wanted, frequency), max((each for each in (pause, until) if each is not None), default=None)


def open_lists(connection: sa.Connection, workspace_id: int) -> tuple[ListChoice, ...]:
    """Return the lists of a workspace that anybody who gets its mail may join or leave, by name."""
    wanted = sa.select(lists.c.id, lists.c.name, lists.c.description).where(lists.c.workspace_id == workspace_id, lists.c.is_public)
    return tuple(ListChoice(row.id, row.name, row.description) for row in connection.execute(wanted.order_by(lists.c.name)))
