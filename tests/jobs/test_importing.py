"""The worker does imports that nobody else does."""

from __future__ import annotations

from core.app import Services
from core.contacts.imports.importing import Choices, Encoding, ImportState
from core.jobs.importing import Importing
from core.permissions import Principal
from tests.support.staging import stage


def test_the_worker_takes_up_what_was_started(services: Services, owner: Principal) -> None:
    job = Importing(services)
    assert not job.step()
    staged = stage(b"email\nann@example.com\n", Encoding.UTF_8)
    import_id = services.imports.start(owner, staged, "people.csv", Choices("Readers"))
    assert job.work() == 1
    assert services.imports.get(owner, import_id).state is ImportState.DONE
    assert not job.step()


def test_an_import_that_cannot_be_done_does_not_stop_the_worker(services: Services, owner: Principal) -> None:
    wrong, right = (
        services.imports.start(owner, stage(b"email\nann@example.com\n", Encoding.UTF_8), "people.csv", Choices("Readers", mapping))
        for mapping in ({}, {"email": "email"})
    )
    job = Importing(services)
    assert job.work() == 1
    assert services.imports.get(owner, wrong).state is ImportState.FAILED
    assert services.imports.get(owner, right).state is ImportState.DONE
