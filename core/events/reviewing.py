"""Judging what is in the lake again: rows in, changed verdicts out, and the files that hold them written anew.

Settling and reclassifying both do it here, so that history comes out as the present does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.events import patterns
from core.events.lake_rows import ORDER
from core.events.patterns import Hit
from core.events.rules import RULES_VERSION, judge
from core.events.signals import JOINT, Signal, read, regathered, written
from core.links.tables import links
from core.storage.database import among
from core.storage.event_schema import EVENT_SCHEMA, conformed
from core.storage.event_words import EventClass
from core.storage.lake import Dataset, Lake, LakeFile, StagedFile

# What `Reviewer` wants to know of each open and click, in the order of `Row`.
COLUMNS = (
    "event_id, kind = 'clicked' as is_click, message_id, visitor, campaign_id, occurred_at, link_id, url, ip_prefix, "
    "user_agent, signals, actor, actor_reason"
)
_CHANGED = ("actor", "actor_reason", "signals", "rules_version")


class Row(NamedTuple):
    """An open or a click as the lake has it, and whether it is to be judged or only stands beside."""

    event_id: int
    is_click: bool
    message_id: int | None
    visitor: int | None
    campaign_id: int | None
    at: datetime
    link_id: int | None
    url: str | None
    network: str | None
    user_agent: str | None
    signals: str | None
    actor: str | None
    reason: str | None
    is_target: bool

    @property
    def key(self) -> Hashable | None:
        """What stands for one recipient of one mailing, None where nothing does."""
        if self.message_id is not None:
            return self.message_id
        return None if self.visitor is None else (self.visitor, self.campaign_id)


class Ruling(NamedTuple):
    """A verdict that is another than before."""

    actor: str
    reason: str | None
    signals: str
    campaign_id: int | None
    was: str


@dataclass(frozen=True)
class Rewriting:
    """Files written anew, not yet counting.

    Args:
        staged: The new ones.
        replaced: The manifest's numbers of the old ones.
    """

    staged: list[StagedFile] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)


def rows_of(table: pa.Table) -> Iterable[Row]:
    """Return rows selected as `COLUMNS` and `is_target`."""
    return map(Row._make, zip(*(column.to_pylist() for column in table.itercolumns()), strict=True))


def review(
    rows: Sequence[Row], links_of: Mapping[int, int], *, is_datacentre: Callable[[str], bool], gather_anew: bool
) -> dict[int, Ruling]:
    """Return the verdicts that are others than before, by event.

    Args:
        rows: What is to be judged, and what may show a pattern together with it.
        links_of: How many links each campaign has.
        is_datacentre: Whether an address is in a data centre.
        gather_anew: Whether user agents and networks are looked at again; else what was seen then counts.
    """
    known: dict[int, str | None] = {}
    for row in rows:
        # Where agent and network were taken out since, for privacy, what was seen in them counts on.
        is_old = row.signals is None or (gather_anew and bool(row.user_agent or row.network))
        known[row.event_id] = regathered(row.signals, row.reason, row.user_agent, row.network, is_datacentre) if is_old else row.signals
    joint = patterns.find(_hit(row, known[row.event_id], links_of) for row in rows if row.key is not None)
    changed = {}
    for row in rows:
        before = known[row.event_id]
        together = joint.get(row.event_id, set())
        if not row.is_target or (before is None and not together):
            continue
        alone = read(before)
        signals = written([*(alone if row.key is None else alone - JOINT), *together])
        actor, reason = judge(signals)
        if actor.value != row.actor or (reason or None) != row.reason:
            changed[row.event_id] = Ruling(actor.value, reason or None, signals, row.campaign_id, row.actor or "")
    return changed


def count(rulings: Mapping[int, Ruling]) -> Counter[str]:
    """Return how many verdicts changed from what to what, such as `human_to_machine`; `reason_only` where the reason alone did."""
    found = Counter(f"{one.was or 'nobody'}_to_{one.actor}" for one in rulings.values() if one.was != one.actor)
    only = sum(one.was == one.actor for one in rulings.values())
    return found + Counter({"reason_only": only})


def count_links(connection: sa.Connection, campaign_ids: Collection[int]) -> dict[int, int]:
    """Return how many links each campaign has."""
    if not campaign_ids:
        return {}
    column = links.c.campaign_id
    wanted = sa.select(column, sa.func.count()).where(column.in_(among(connection, sorted(campaign_ids)))).group_by(column)
    return {row[0]: row[1] for row in connection.execute(wanted)}


def rewrite(lake: Lake, workspace_id: int, files: Iterable[LakeFile], rulings: Mapping[int, Ruling]) -> Rewriting:
    """Stage the files that hold any of these events, with the new verdicts; every other value stays as it is.

    Args:
        lake: Where the files are.
        workspace_id: Whose.
        files: Where the events may be.
        rulings: The verdicts.
    """
    made = Rewriting()
    ids = pa.array(sorted(rulings), pa.int64())
    for file in files:
        if not rulings or file.event_class != EventClass.ENGAGED.value:
            continue
        mask = pc.is_in(pq.ParquetFile(file.path).read(["event_id"])["event_id"], value_set=ids).combine_chunks()
        if not pc.any(mask).as_py():
            continue
        table = _with(conformed(pq.ParquetFile(file.path).read(), EVENT_SCHEMA), mask, rulings)
        made.staged.append(
            lake.stage(
                table,
                workspace_id=workspace_id,
                dataset=Dataset.EVENTS,
                event_class=file.event_class,
                month=file.month,
                order_by=ORDER,
                level=file.level,
            )
        )
        made.replaced.append(file.id)
    return made


def _with(table: pa.Table, mask: pa.Array, rulings: Mapping[int, Ruling]) -> pa.Table:
    found = [rulings[event_id] for event_id in table["event_id"].filter(mask).to_pylist()]
    values = {
        "actor": [one.actor for one in found],
        "actor_reason": [one.reason for one in found],
        "signals": [one.signals for one in found],
        "rules_version": [RULES_VERSION] * len(found),
    }
    for name in _CHANGED:
        place = table.schema.get_field_index(name)
        kind = EVENT_SCHEMA.field(name).type
        whole = pa.concat_arrays(table[name].chunks) if table[name].num_chunks else pa.array([], kind)
        table = table.set_column(place, name, pc.replace_with_mask(whole, mask, pa.array(values[name], kind)))
    return table


def _hit(row: Row, signals: str | None, links_of: Mapping[int, int]) -> Hit:
    seen = read(signals)
    return Hit(
        event_id=row.event_id,
        message=row.key,
        is_click=row.is_click,
        at=row.at,
        link=row.link_id if row.link_id is not None else row.url,
        network=row.network,
        is_head=Signal.HEAD in seen,
        is_honeypot=Signal.HONEYPOT in seen,
        of_links=links_of.get(row.campaign_id or 0, 0),
    )
