"""The worker writes templates in the look of their brand that nobody else does."""

from __future__ import annotations

from core.app import Services
from core.jobs.restyling import Restyling
from core.permissions import Principal
from core.templates.brands.kits import BrandKits
from core.templates.look.brand import Brand, Colours
from tests.templates.brands.conftest import letter

GREEN, RED = Brand(colours=Colours(primary="#0a7d4f")), Brand(colours=Colours(primary="#b3261e"))


def test_the_worker_does_what_waits_in_every_workspace(services: Services) -> None:
    job = Restyling(services, lambda: False)
    assert not job.step()
    left = {}
    for name in ("One", "Two"):
        by = Principal.system(services.workspaces.create(name).id)
        hurried = BrandKits(services.db, services.clock, patience=0)
        kit = hurried.save(by, "House", GREEN).kit
        left[letter(services.templates, by).template_id] = by
        assert hurried.save(by, "House", RED, kit.id).restyled.waiting == 1
    assert not Restyling(services, lambda: True).work(), "a worker that is to end begins nothing"
    assert job.work() == 2
    assert all("#b3261e" in services.templates.latest(by, template_id).html for template_id, by in left.items())
    assert not job.step()
