"""The worker brings pictures to the address the installation has now, once."""

from __future__ import annotations

from core.app import Services, build
from core.clock import FrozenClock
from core.jobs.readdressing import Readdressing
from core.permissions import Principal
from core.settings import Settings
from tests.support.pictures import PICTURE


def test_the_worker_moves_the_pictures_of_every_workspace_once(services: Services, settings: Settings, clock: FrozenClock) -> None:
    versions = {}
    for name in ("One", "Two"):
        by = Principal.system(services.workspaces.create(name).id)
        url = services.pictures.url_of(services.pictures.add(by, PICTURE, "A lake"))
        versions[services.templates.save(by, "News", f'<img src="{url}" alt="A lake">').template_id] = by
    assert Readdressing(services, lambda: False).work() == 0, "this machine's own address is nowhere to go"
    there = build(settings.model_copy(update={"public_url": "https://mail.example.org"}), clock=clock)
    assert Readdressing(there, lambda: True).work() == 0, "a worker that is to end begins nothing"
    job = Readdressing(there, lambda: False)
    assert job.work() == 2
    assert all("https://mail.example.org/i/" in there.templates.latest(by, template_id).html for template_id, by in versions.items())
    assert not job.step()
    there.close()
