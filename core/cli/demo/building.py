"""The demo's workspace: its people, list, segment, templates and campaigns, made through the same doors as real ones."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from core.accounts.people import Person
from core.accounts.workspaces import Workspace
from core.app import Services
from core.campaigns.models import Audience, Campaign
from core.cli.demo.branded import FOR_CAFES, dress, write_summer
from core.cli.demo.ideas import NAME, Idea
from core.cli.demo.people import MAPPING, people_csv
from core.errors import Conflict, NotFound
from core.permissions import Principal, Role
from core.templates.starters import STARTERS

LIST = "Newsletter"
SEGMENT = "Keen readers"
SEGMENT_RULES: dict[str, Any] = {
    "any": [
        {"field": "clicked", "operator": "at_least", "value": 1, "days": 90},
        {"field": "attribute.orders", "operator": "at_least", "value": 6},
    ]
}
ADDRESS = "Harbour & Bean (a made-up company)\nQuay 12, 0000 Nowhere"
TEMPLATES = {"Roastery letter": "letter.mjml", "Weekend offer": "offer.mjml"}


def demo_workspace(services: Services) -> tuple[Workspace, bool]:
    """Return the demo's workspace and whether it was made just now.

    Raises:
        Conflict: If a real workspace has the demo's name.
    """
    try:
        found = services.workspaces.by_name(NAME)
    except NotFound:
        return services.workspaces.create(NAME, is_demo=True), True
    if not found.is_demo:
        raise Conflict(f"There is a real workspace called “{NAME}”.", hint="Rename it: the demo never touches real people.")
    return found, False


def let_admins_in(services: Services, workspace: Workspace) -> int:
    """Make every admin of another workspace an admin of the demo as well; return how many there are."""
    admins: dict[int, Person] = {}
    for other in services.workspaces.all():
        people = services.people.all(Principal.system(other.id, "demo"))
        admins |= {person.id: person for person in people if person.role == Role.ADMIN and person.disabled_at is None}
    for person_id in admins:
        services.workspaces.add_member(workspace.id, person_id, Role.ADMIN)
    return len(admins)


def furnish(services: Services, by: Principal, contacts: int) -> None:
    """Fill a new demo workspace with everything but campaigns."""
    services.workspaces.update(by, postal_address=ADDRESS)
    data = people_csv(contacts, services.clock.now().date())
    services.imports.run(by, data, "made-up-people.csv", list_name=LIST, mapping=MAPPING)
    services.segments.create(by, SEGMENT, SEGMENT_RULES)
    for_cafes = dress(services, by)
    for starter in STARTERS:
        kit = for_cafes if starter.name in FOR_CAFES else None
        services.templates.save(by, starter.name, starter.source, folder="Starters", brand_kit_id=kit)
    write_summer(services, by)
    for name, file in TEMPLATES.items():
        services.templates.save(by, name, (files("core.cli.demo") / "templates" / file).read_text(encoding="utf-8"))


def draft(services: Services, by: Principal, idea: Idea) -> Campaign:
    """Write down a campaign that goes to the outbox, whatever the workspace's default is."""
    if idea.to_segment:
        audience = Audience("segment", services.segments.by_name(by, SEGMENT).id)
    else:
        audience = Audience("list", services.lists.by_name(by, LIST).id)
    return services.campaigns.create(
        by,
        name=idea.name,
        subject=idea.subject,
        subject_b=idea.subject_b,
        template_id=services.templates.by_name(by, idea.template).id,
        audience=audience,
        from_name="Harbour & Bean",
        from_email="letter@coffee.example.com",
        connection_id=_outbox(services, by),
        track_conversions=idea.sells,
    )


def _outbox(services: Services, by: Principal) -> int:
    for connection in services.connections.all(by):
        if connection.kind == "outbox":
            return connection.id
    return services.connections.add(by, "Demo outbox", "outbox", {}).id
