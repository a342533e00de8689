"""Whoever says no to an old message is meant as whom they were merged into."""

from __future__ import annotations

import asyncio
from contextlib import closing

import sqlalchemy as sa

from core.app import Services
from core.contacts.tables import stop_marks
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal
from tracking_receiver.stopping import Stopping


def test_a_no_marks_whom_its_reader_was_merged_into(services: Services, workspace: Principal) -> None:
    ann, other = (services.contacts.save(workspace, f"ann@{place}.example").id for place in ("home", "work"))
    row = {"workspace_id": workspace.workspace_id, "contact_id": other, "state": MessageState.ACCEPTED.value}
    with services.db.transaction() as connection:
        insert = sa.insert(messages).values(**row, queued_at=services.clock.now()).returning(messages.c.id)
        message_id = connection.execute(insert).scalar_one()
    services.merges.merge(workspace, ann, [other])

    with closing(Stopping(services.db, services.clock)) as stopping:
        assert asyncio.run(stopping.reader_of(message_id))

    with services.db.read() as connection:
        assert connection.execute(sa.select(stop_marks.c.contact_id)).scalars().all() == [ann]
