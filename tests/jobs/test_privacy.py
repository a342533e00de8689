"""What the worker does for privacy between two sweeps."""

from __future__ import annotations

from datetime import timedelta

from core.app import Services
from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.jobs.privacy import Privacy
from core.permissions import Principal
from core.privacy.retention import DataKind


def test_it_erases_and_deletes_what_is_old(services: Services, clock: FrozenClock) -> None:
    by, work = Principal.system(services.workspaces.create("Acme").id), Privacy(services)
    assert work.step() == 0
    for email in ("ada@example.com", "bob@example.com"):
        services.contacts.save(by, email, consent=ConsentStatus.PENDING)
    begun = services.erasures.erase(by, "ada@example.com", confirmed="ada@example.com")
    assert not begun.is_done
    work.step()
    assert services.erasures.get(by, begun.id).is_done
    services.retention.set(by, DataKind.UNCONFIRMED, 3)
    clock.advance(timedelta(days=4))
    assert work.step() == 1
    assert services.contacts.count(by) == 0


def test_one_that_fails_keeps_nothing_else_from_its_turn(services: Services, clock: FrozenClock) -> None:
    by = Principal.system(services.workspaces.create("Acme").id)
    services.contacts.save(by, "bob@example.com", consent=ConsentStatus.PENDING)
    services.contacts.save(by, "ada@example.com", first_name="Ada")
    services.erasures.erase(by, "ada@example.com", confirmed="ada@example.com")
    (services.settings.data_dir / "outbox").mkdir(exist_ok=True)
    (services.settings.data_dir / "outbox" / str(by.workspace_id)).mkdir(exist_ok=True)
    (services.settings.data_dir / "outbox" / str(by.workspace_id) / "x.eml").mkdir()  # can't be read as a file
    services.retention.set(by, DataKind.UNCONFIRMED, 3)
    clock.advance(timedelta(days=4))
    Privacy(services).step()
    assert services.contacts.count(by) == 0
