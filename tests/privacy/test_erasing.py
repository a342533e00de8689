"""Erased means nowhere, and stays so."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.contacts.tables import consent_records, contacts, imports
from core.errors import Conflict, Denied, InvalidInput
from core.messages.tables import messages, requests
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.privacy.due import RequestKind
from core.privacy.requests import RequestState
from core.privacy.tables import erasures
from core.storage.event_words import EventKind
from tests.privacy.conftest import ADA, BOB, FIREFOX, NAME, SPELT, World

STEPS = ("messages", "words", "answers", "blobs", "lake", "snapshot", "outbox")


def erase(world: World) -> int:
    found = world.services.erasures.erase(world.by, SPELT, confirmed=ADA)
    assert world.services.erasing_work.finish(found.id)
    return found.id


def test_before_it_her_address_is_nearly_everywhere(world: World) -> None:
    places = {
        "contact_notes",
        "contacts",
        "suppressions",
        "messages",
        "requests",
        "imports",
        "sender_alerts",
        "consent_records",
        "lake",
        "blobs",
        "outbox",
    }
    assert places <= set(world.traces(NAME))


def test_afterwards_it_is_nowhere(world: World) -> None:
    erase(world)
    world.swept()
    assert world.traces(NAME, NAME.replace("@", "%40")) == []


def test_what_is_not_about_her_stays(world: World) -> None:
    before = {kind: len(world.events(f"kind = '{kind}'")) for kind in ("sent", "opened", "deferred")}
    erase(world)
    assert {kind: len(world.events(f"kind = '{kind}'")) for kind in before} == before
    bob = world.contact_id(BOB)
    [opened] = world.events(f"contact_id = {bob} and kind = 'opened'")
    assert (opened["user_agent"], opened["ip_prefix"]) == (FIREFOX, "81.2.69.0/24")
    [deferred] = world.events("kind = 'deferred'")
    assert deferred["reason"] == "450 <…> is busy"
    [imported] = world.services.imports.refused_rows(world.by, 1).decode("utf-8-sig").splitlines()[1:]
    assert "Bob again" in imported
    assert [row.to for row in world.services.outbox.page(world.by).rows] == [BOB]


def test_what_is_left_of_her_says_nothing_about_her(world: World) -> None:
    ada = world.contact_id()
    erase(world)
    assert world.services.contacts.find(world.by, ADA) is None
    events = world.events(f"contact_id = {ada}")
    assert {event["kind"] for event in events} >= {"sent", "opened"}
    assert {(event["user_agent"], event["ip_prefix"], event["recipient"]) for event in events} == {(None, None, None)}
    with world.services.db.read() as connection:
        proofs = connection.execute(sa.select(consent_records).where(consent_records.c.contact_id == ada)).all()
        reasons = set(connection.execute(sa.select(messages.c.reason).where(messages.c.contact_id == ada)).scalars())
        contents = connection.execute(sa.select(requests.c.content, requests.c.recipient)).all()
    assert {proof.state for proof in proofs} == {"subscribed", "unsubscribed"}
    assert {(proof.ip, proof.ip_prefix, proof.user_agent) for proof in proofs} == {("", "", "")}
    assert reasons == {"550 <…> unknown", ""}
    assert set(contents) == {("", "")}


def test_reports_keep_what_they_counted(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    before = services.analytics.campaign_report(by, small_world.campaign_id)
    erase(small_world)
    services.ingester.catch_up()
    assert services.analytics.campaign_report(by, small_world.campaign_id) == before


def test_what_comes_in_late_goes_within_the_hour(world: World) -> None:
    ada, message_id = world.contact_id(), world.message_id(world.contact_id())
    erase(world)
    world.clock.advance(timedelta(minutes=30))
    late = {"workspace_id": world.by.workspace_id, "provider": "smtp", "source": "webhook", "recipient": SPELT}
    world.journal(world.happened(EventKind.OPENED, message_id, ip="81.2.69.160", user_agent=FIREFOX))
    world.journal(world.happened(EventKind.BOUNCED, None, reason=f"<{SPELT}> is gone", bounce_class="hard", **late))
    assert world.events(f"contact_id = {ada} and user_agent is not null")
    world.clock.advance(timedelta(hours=3))
    assert world.services.late_traces.step() >= 1
    assert world.services.late_traces.step() == 0
    assert not world.events(f"contact_id = {ada} and user_agent is not null")
    world.swept()
    assert "lake" not in world.traces(NAME)


@pytest.mark.parametrize("pieces", [1, 3, 4, 6, 8])
def test_killed_anywhere_it_is_gone_on_with(small_world: World, pieces: int) -> None:
    found = small_world.services.erasures.erase(small_world.by, ADA, confirmed=ADA)
    work = small_world.services.erasing_work
    for _ in range(pieces):
        work.step()
    with small_world.services.db.transaction() as connection:  # as if the note of the last piece had been lost
        row = connection.execute(sa.select(erasures.c.step, erasures.c.email).where(erasures.c.id == found.id)).one()
        if row.step:
            again = STEPS[max(0, STEPS.index(row.step) - 1)]
            connection.execute(sa.update(erasures).where(erasures.c.id == found.id).values(step=again, place=0))
    assert work.finish(found.id)
    small_world.swept()
    assert small_world.traces(NAME) == []


def test_it_waits_for_an_email_that_is_just_leaving(small_world: World) -> None:
    ada = small_world.contact_id()
    change = sa.update(messages).where(messages.c.contact_id == ada)
    with small_world.services.db.transaction() as connection:
        connection.execute(change.values(state="sending"))
    found = small_world.services.erasures.erase(small_world.by, ADA, confirmed=ADA)
    assert not small_world.services.erasing_work.finish(found.id)
    with small_world.services.db.transaction() as connection:
        connection.execute(change.values(state="accepted"))
    assert small_world.services.erasing_work.finish(found.id)


def test_somebody_who_never_was_a_contact(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    services.contacts.delete(by, small_world.contact_id())
    assert small_world.traces(NAME)
    preview = services.erasures.preview(by, ADA)
    assert preview.contact_id is None and preview.is_known
    erase(small_world)
    small_world.swept()
    assert small_world.traces(NAME) == []


def test_the_preview_says_what_goes_and_where_it_is_mentioned(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    rules = {"all": [{"field": "email", "operator": "equals", "value": ADA}]}
    segment = services.segments.create(by, "Her", rules)
    preview = services.erasures.preview(by, SPELT)
    assert preview.email == ADA
    assert preview.events >= 2
    assert preview.mentions == [f"segment {segment.id}"]
    told = {part.what: part.count for part in preview.parts}
    assert told["Their profile: address, name, what is known about them"] == 1
    assert told["Which lists they are on"] == 1
    assert told["Rows of imports that were refused"] == 1
    assert not services.erasures.preview(by, "nobody@example.com").is_known


def test_whoever_comes_back_in_an_import_is_not_written_to(world: World) -> None:
    services, by = world.services, world.by
    services.suppressions.remove(by, ADA)
    erase(world)
    assert not services.suppressions.contains(by, BOB)
    services.imports.run(by, f"email\n{SPELT}\n".encode(), "again.csv", list_name="Readers")
    assert services.contacts.find(by, ADA)
    assert services.suppressions.contains(by, ADA)


def test_it_has_to_be_typed_and_is_done_once(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    with pytest.raises(InvalidInput, match="not the address"):
        services.erasures.erase(by, ADA, confirmed=BOB)
    services.erasures.erase(by, ADA, confirmed=f" {SPELT} ")
    with pytest.raises(Conflict, match="already"):
        services.erasures.erase(by, ADA, confirmed=ADA)


def test_it_answers_what_she_asked_for(small_world: World) -> None:
    services, by = small_world.services, small_world.by
    asked = services.privacy_requests.open(by, SPELT, RequestKind.ERASURE, notes=f"{ADA} wrote")
    other = services.privacy_requests.open(by, ADA, RequestKind.ACCESS, notes=f"{ADA} wrote")
    bobs = services.privacy_requests.open(by, BOB, RequestKind.ERASURE)
    with pytest.raises(Conflict, match="somebody else"):
        services.erasures.erase(by, ADA, confirmed=ADA, request_id=bobs.id)
    services.erasures.erase(by, ADA, confirmed=ADA, request_id=asked.id)
    asked, other = (services.privacy_requests.get(by, each.id) for each in (asked, other))
    assert (asked.state, asked.email, asked.notes, asked.erased_at) == (RequestState.DONE, "", "", small_world.clock.now())
    assert (other.state, other.email, other.notes) == (RequestState.OPEN, "", "")
    assert services.privacy_requests.get(by, bobs.id).email == BOB


def test_only_who_may_look_after_privacy_for_all_lists(small_world: World) -> None:
    services, workspace_id = small_world.services, small_world.by.workspace_id
    marketer = Principal(workspace_id, "person:1", ROLE_PERMISSIONS[Role.MARKETER])
    limited = Principal(workspace_id, "person:1", ROLE_PERMISSIONS[Role.ADMIN], lists=frozenset({1}))
    for by in (marketer, limited):
        with pytest.raises(Denied):
            services.erasures.erase(by, ADA, confirmed=ADA)
        with pytest.raises(Denied):
            services.erasures.preview(by, ADA)


def test_another_workspace_keeps_what_it_knows(small_world: World) -> None:
    services = small_world.services
    elsewhere = Principal.system(services.workspaces.create("Elsewhere").id)
    services.contacts.save(elsewhere, ADA, first_name="Ada")
    erase(small_world)
    assert services.contacts.find(elsewhere, ADA)
    with services.db.read() as connection:
        assert connection.execute(sa.select(contacts.c.workspace_id).where(contacts.c.email == ADA)).scalars().all() == [
            elsewhere.workspace_id
        ]
        assert connection.execute(sa.select(imports.c.refused_blob)).scalar_one()
