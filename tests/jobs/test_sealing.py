"""The worker seals what grew, once a minute at most, and goes on where that fails."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from core.app import Services
from core.clock import FrozenClock
from core.jobs.sealing import Sealing
from core.permissions import Principal


def test_what_grew_is_sealed_once_a_minute_at_most(services: Services, clock: FrozenClock) -> None:
    by, sealing = Principal.system(services.workspaces.create("Acme").id), Sealing(services)
    assert sealing.step() == 0
    services.lists.create(by, "Readers")
    assert sealing.step() == 0
    clock.advance(timedelta(minutes=1))
    assert sealing.step() == 1
    clock.advance(timedelta(minutes=1))
    assert sealing.step() == 0
    assert services.audit.check(by).unsealed == 0


def test_a_database_that_fails_is_tried_again(services: Services, clock: FrozenClock) -> None:
    by, sealing = Principal.system(services.workspaces.create("Acme").id), Sealing(services)
    services.lists.create(by, "Readers")
    with services.db.transaction() as connection:
        connection.execute(sa.text("alter table audit_seals rename to elsewhere"))
    assert sealing.step() == 0
    with services.db.transaction() as connection:
        connection.execute(sa.text("alter table elsewhere rename to audit_seals"))
    clock.advance(timedelta(minutes=1))
    assert sealing.step() == 1
