"""Where contacts live: what they say is believed where it is a zone, in bulk as for one."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.clock import FrozenClock
from core.contacts.contacts import Contacts
from core.contacts.zones import by_zone, zone_of
from core.permissions import Principal
from core.storage.database import Database

HOME, BERLIN, TOKYO = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("attributes", "zone"),
    [
        ({"time_zone": "Europe/Berlin"}, BERLIN),
        ({"timezone": " asia/tokyo "}, TOKYO),
        ({"time_zone": "Atlantis", "timezone": "Asia/Tokyo"}, TOKYO),
        ({"time_zone": "Europe/Berlin", "timezone": "Asia/Tokyo"}, BERLIN),
        ({"time_zone": ""}, HOME),
        ({"time_zone": 2}, HOME),
        ({"city": "Berlin"}, HOME),
        ({}, HOME),
    ],
)
def test_the_zone_a_contact_names(attributes: dict[str, Any], zone: ZoneInfo) -> None:
    assert zone_of(attributes, HOME) == zone


def test_contacts_are_gathered_by_zone(db: Database, workspace: Principal, clock: FrozenClock) -> None:
    contacts = Contacts(db, clock)

    def add(name: str, **attributes: str) -> int:
        return contacts.save(workspace, f"{name}@example.com", attributes=attributes).id

    silent = [add("a"), add("b", city="Berlin")]
    with db.read() as connection:
        assert by_zone(connection, workspace.workspace_id, silent, HOME) == {HOME: silent}
    berlin = [add("c", time_zone="Europe/Berlin"), add("d", time_zone="europe/berlin"), add("e", timezone="Europe/Berlin")]
    tokyo, _not_meant = add("f", time_zone="Atlantis", timezone="Asia/Tokyo"), add("g", time_zone="Asia/Tokyo")
    wanted = [*silent, *berlin, tokyo, 2**40]
    with db.read() as connection:
        assert by_zone(connection, workspace.workspace_id, wanted, HOME) == {HOME: silent, BERLIN: berlin, TOKYO: [tokyo]}
