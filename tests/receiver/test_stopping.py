"""Whoever says no to an old message is meant as whom they were merged into."""

from __future__ import annotations

import asyncio
from contextlib import closing

import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.contacts import Contacts
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import stop_marks
from core.contacts.uniting import Merges
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal
from core.storage.database import Database
from tracking_receiver.stopping import Stopping


def message_to(db: Database, clock: FrozenClock, workspace: Principal, contact_id: int) -> int:
    row = {"workspace_id": workspace.workspace_id, "contact_id": contact_id, "state": MessageState.ACCEPTED.value}
    with db.transaction() as connection:
        insert = sa.insert(messages).values(**row, queued_at=clock.now()).returning(messages.c.id)
        return int(connection.execute(insert).scalar_one())


def marked(db: Database, clock: FrozenClock, *message_ids: int) -> list[int]:
    """Say no to some messages, and return whom that marks."""
    with closing(Stopping(db)) as stopping:
        for message_id in message_ids:
            assert asyncio.run(stopping.reader_of(message_id, clock.now()))
    with db.read() as connection:
        return list(connection.execute(sa.select(stop_marks.c.contact_id).order_by(stop_marks.c.contact_id)).scalars())


def test_a_no_marks_whom_its_reader_was_merged_into(db: Database, clock: FrozenClock, workspace: Principal) -> None:
    people = Contacts(db, clock)
    ann, other = (people.save(workspace, f"ann@{place}.example").id for place in ("home", "work"))
    message_id = message_to(db, clock, workspace, other)
    Merges(db, clock, Suppressions(db, clock)).merge(workspace, ann, [other])
    assert marked(db, clock, message_id) == [ann]


def test_a_no_said_twice_is_marked_once_and_one_of_nobody_marks_nobody(db: Database, clock: FrozenClock, workspace: Principal) -> None:
    people = Contacts(db, clock)
    ann, gone = (people.save(workspace, f"{name}@example.com").id for name in ("ann", "gone"))
    to_ann, to_gone = (message_to(db, clock, workspace, each) for each in (ann, gone))
    people.delete(workspace, gone)
    assert marked(db, clock, to_ann, to_ann, to_gone, 2**40) == [ann]
