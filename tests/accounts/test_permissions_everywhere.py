from __future__ import annotations

from core.app import Services
from core.errors import Denied
from core.permissions import Principal
from core.templates.compiling.compiler import TemplateKind, compile_template
from tests.accounts.doors import MJML, SAMPLES, Door, doors

# Everybody may change their own password, whatever else they may do: it asks for the old one instead.
OWN: set[str] = set()


def test_the_doors_are_found() -> None:
    found = set(map(str, doors()))

    assert len(found) > 60
    assert {"contacts.get", "campaigns.launch", "exports.stream", "outbox.show", "people.add"} <= found


def test_somebody_without_permissions_gets_through_no_door(services: Services) -> None:
    nobody = Principal(services.workspaces.create("Acme").id, "person:1", frozenset(), person_id=1)

    assert {str(door) for door in doors() if not _is_shut(door, services, nobody)} == OWN


def _is_shut(door: Door, services: Services, nobody: Principal) -> bool:
    samples = {**SAMPLES, "version": compile_template(MJML, TemplateKind.MJML)}
    try:
        door.open(services, nobody, {name: samples[name] for name in door.needs})
    except Denied:
        return True
    except Exception:  # whatever it is, the permission was not the first thing asked for
        return False
    return False
