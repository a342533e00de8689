"""Ids are counted through the whole installation, so anybody can guess a neighbour's: none may open anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.app import Services
from core.campaigns.models import Audience
from core.contacts.hosted.design import FormDesign
from core.contacts.suppression.suppression import SuppressionReason
from core.errors import InvalidInput, NotFound, PostwrightError
from core.jobs.delivering import drain
from core.permissions import Principal, Role
from core.privacy.due import RequestKind
from core.storage.schema import metadata
from core.templates.blocks.document import new_block
from core.templates.blocks.kinds import BlockKind
from core.templates.look.brand import Brand
from tests.accounts.blocks import blocked
from tests.accounts.doors import MJML, RULES, SAMPLES, doors
from tests.support.pictures import PICTURE

SECRET = "neighbours-secret"
# What names a thing of somebody's; a door that takes one of these must look whose it is.
IDS = {name for name in SAMPLES if name.endswith(("_id", "_ids"))} | {"key", "audience"}


@pytest.fixture
def mine(services: Services) -> Principal:
    return Principal.system(services.workspaces.create("Mine").id)


@pytest.fixture
def theirs(services: Services) -> Principal:
    return Principal.system(services.workspaces.create(f"Theirs {SECRET}").id)


@pytest.fixture
def given(services: Services, theirs: Principal) -> Mapping[str, object]:
    """One of everything in the other workspace, by the name of the parameter that means it."""
    imported = services.imports.run(theirs, f"email,name\n{SECRET}@example.com,Ann\n{SECRET},x\n".encode(), "f.csv", list_name=SECRET)
    contact = services.contacts.find(theirs, f"{SECRET}@example.com")
    assert contact and imported.list_id
    template = services.templates.save(theirs, SECRET, MJML.replace("Hello", SECRET))
    audience = Audience("list", imported.list_id)
    fields = {"name": SECRET, "subject": SECRET, "from_email": "a@example.com", "template_id": template.template_id, "audience": audience}
    services.campaigns.create(theirs, **fields)
    sent = services.campaigns.create(theirs, **fields)
    services.campaigns.launch(theirs, sent.id)
    drain(services, sent.id, owner="test", should_stop=lambda: False)
    services.ingester.catch_up()
    message_id = services.messages.after(theirs, 0, 1)[0][1].id
    ann = services.people.add(theirs, "ann@example.com", SECRET, "correct horse battery", Role.ADMIN)
    token, _ = services.api_tokens.create(services.people.principal(ann.id, theirs.workspace_id), SECRET, ["contacts.view"])
    services.sessions.redeem(services.sessions.issue_ticket(ann.id, theirs.workspace_id), "", "")
    services.contacts.save(theirs, "gone@example.com")
    return {
        "request_id": services.privacy_requests.open(theirs, f"{SECRET}@example.com", RequestKind.ACCESS, notes=SECRET).id,
        "erasure_id": services.erasures.erase(theirs, "gone@example.com", confirmed="gone@example.com").id,
        "alert_id": blocked(services, theirs.workspace_id, sent.id),
        "token_id": token.id,
        "message_id": message_id,
        "event_id": services.intake.look_up(theirs, str(message_id))[0].event_id,
        "job_id": services.intake.replay(theirs, services.clock.now() - timedelta(hours=1), services.clock.now()).id,
        "contact_id": contact.id,
        "contact_ids": [contact.id],
        "list_id": imported.list_id,
        "list_ids": [imported.list_id],
        "template_id": template.template_id,
        "version_ids": [template.id],
        "kit_id": services.brand_kits.save(theirs, SECRET, Brand()).kit.id,
        "brand_kit_id": services.brand_kits.all(theirs)[0].id,
        "note_id": services.notes.add(theirs, contact.id, SECRET).id,
        "saved_id": services.saved_blocks.save(theirs, SECRET, new_block(BlockKind.HEADING, text=SECRET)).id,
        "seed_id": services.seed_addresses.add(theirs, f"{SECRET}@example.com", SECRET).id,
        "tag_id": services.tags.create(theirs, SECRET).id,
        "segment_id": services.segments.create(theirs, SECRET, RULES).id,
        "form_id": services.forms.create(theirs, SECRET, FormDesign(SECRET, SECRET, (imported.list_id,))).id,
        "picture_id": services.pictures.add(theirs, PICTURE, SECRET).id,
        "connection_id": services.connections.default(theirs).id,
        "connection_ids": [services.connections.default(theirs).id],
        "fallback_id": services.connections.default(theirs).id,
        "campaign_id": sent.id,
        "campaign_ids": [sent.id],
        "import_id": imported.import_id,
        "person_id": ann.id,
        "session_id": services.sessions.mine(services.people.principal(ann.id, theirs.workspace_id))[0].id,
        "invitation_id": services.invitations.invite(theirs, f"{SECRET}@example.org", SECRET, Role.MARKETER).invitation.id,
        "key": services.outbox.page(theirs).rows[0].key,
        "audience": audience,
    }


def test_every_kind_of_id_is_tried(given: Mapping[str, object]) -> None:
    taken = {name for door in doors() for name in door.takes if name.endswith(("_id", "_ids"))}

    assert set(given) == IDS
    assert taken - IDS == {"after_id"}  # where a page of messages begins


def test_no_door_shows_or_changes_what_is_in_another_workspace(
    services: Services, mine: Principal, theirs: Principal, given: Mapping[str, object]
) -> None:
    services.suppressions.add(theirs, "other@example.com", SuppressionReason.MANUAL, SECRET)
    before = _everything_of(services, theirs)
    names = {**SAMPLES, **given, "version": services.templates.latest(theirs, int(str(given["template_id"])))}
    shown = {}

    for door in doors():
        if wanted := set(door.takes) & IDS:
            try:
                found = door.open(services, mine, {name: names[name] for name in {*door.needs, *wanted}})
            except PostwrightError as error:
                found = str(error)
            if SECRET in repr(found):
                shown[str(door)] = found

    assert not shown
    assert _everything_of(services, theirs) == before


@pytest.mark.parametrize("field", ["template_id", "connection_id", "audience"])
def test_a_campaign_is_made_of_nothing_from_another_workspace(
    services: Services, mine: Principal, given: Mapping[str, object], field: str
) -> None:
    chosen = services.lists.create(mine, "Readers")
    template = services.templates.save(mine, "Letter", MJML)
    fields = {"name": "News", "subject": "Hello", "from_email": "a@example.com", "template_id": template.template_id}
    fields |= {"audience": Audience("list", chosen.id)}
    draft = services.campaigns.create(mine, **fields)

    with pytest.raises(NotFound):
        services.campaigns.create(mine, **(fields | {field: given[field]}))
    with pytest.raises(NotFound):
        services.campaigns.update(mine, draft.id, **{field: given[field]})


def test_a_rule_asks_for_no_list_of_another_workspace(services: Services, mine: Principal, given: Mapping[str, object]) -> None:
    own = services.lists.create(mine, "Readers")

    assert services.segments.count(mine, _on_list(own.id)) == 0
    with pytest.raises(InvalidInput):
        services.segments.count(mine, _on_list(given["list_id"]))


def _on_list(list_id: object) -> dict[str, object]:
    return {"all": [{"field": "list", "operator": "is_member", "value": list_id}]}


def _everything_of(services: Services, whose: Principal) -> dict[str, list[tuple[object, ...]]]:
    tables = [table for table in metadata.sorted_tables if "workspace_id" in table.c]
    with services.db.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table).where(table.c.workspace_id == whose.workspace_id))), key=repr)
            for table in tables
        }
