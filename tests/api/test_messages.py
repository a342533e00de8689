"""Single messages through the API: what a shop's program does for a receipt."""

from __future__ import annotations

import base64
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from core.api.tables import idempotency_keys
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.storage.event_record import event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from tests.api.conftest import Login, Member, Program
from tests.api.world import furnish

if TYPE_CHECKING:
    from core.app import Services
    from core.clock import FrozenClock

RECEIPT = {"to": "grace@example.com", "from_email": "shop@example.com", "subject": "Your order", "text": "Thanks"}
MJML = "<mjml><mj-body><mj-section><mj-column><mj-text>Order {{ data.order }}</mj-text></mj-column></mj-section></mj-body></mjml>"


def deliver(services: Services) -> None:
    for connection_id in services.request_delivery.due():
        services.request_delivery.drain(connection_id, owner="test", should_go_on=lambda: True)
    services.ingester.catch_up()


def test_a_receipt_from_a_template_to_its_events(services: Services, admin: Program, clock: FrozenClock) -> None:
    template = admin.post("/templates", {"name": "Receipt", "source": MJML}).json()
    request: dict[str, Any] = RECEIPT | {"template_id": template["id"], "data": {"order": "A-1"}, "subject": "Order {{ data.order }}"}
    del request["text"]
    request |= {"attachments": [{"name": "a.pdf", "content_type": "application/pdf", "data": base64.b64encode(b"%PDF").decode()}]}
    answer = admin.post("/messages", request | {"tags": ["receipt"], "metadata": {"order": "A-1"}})
    path = f"/messages/{answer.json()['id']}"
    assert (answer.status_code, answer.json()["state"], answer.headers["location"]) == (202, "queued", f"/api/v1{path}")
    before = admin.get(path).json()
    assert (before["campaign_id"], before["contact_id"], before["email"], before["events"]) == (None, None, "grace@example.com", [])

    deliver(services)
    clock.advance(timedelta(minutes=1))
    with closing(JournalWriter(services.settings.journal_dir, "receiver")) as journal:
        journal.append([event_record(EventKind.OPENED, clock.now(), "receiver", message_id=before["id"], user_agent="Mozilla")])
    services.ingester.catch_up()

    after = admin.get(path).json()
    assert (after["state"], after["key"], after["subject"]) == ("accepted", answer.json()["key"], "Order A-1")
    assert (after["tags"], after["metadata"]) == (["receipt"], {"order": "A-1"})
    assert [event["kind"] for event in after["events"]] == ["sent", "opened"]
    assert [one["id"] for one in admin.get("/messages").json()["data"]] == [before["id"]]
    assert admin.get("/events").json()["data"][0]["message_id"] == before["id"]


def test_a_hard_bounce_suppresses_the_address_of_somebody_who_is_no_contact(
    services: Services, admin: Program, clock: FrozenClock, workspace: Principal
) -> None:
    message_id = admin.post("/messages", RECEIPT).json()["id"]
    deliver(services)
    with closing(JournalWriter(services.settings.journal_dir, "receiver")) as journal:
        fields = {"message_id": message_id, "bounce_class": "hard", "reason": "no such user"}
        journal.append([event_record(EventKind.BOUNCED, clock.now(), "webhook", **fields)])
    services.ingester.catch_up()

    assert admin.get(f"/messages/{message_id}").json()["state"] == "bounced"
    assert services.suppressions.contains(workspace, "grace@example.com")
    again = admin.post("/messages", RECEIPT).json()["id"]
    deliver(services)
    found = admin.get(f"/messages/{again}").json()
    assert (found["state"], found["reason"]) == ("skipped", "suppressed: hard_bounce")


def test_somebody_who_was_erased_and_is_suppressed_by_their_hash_gets_nothing(
    services: Services, admin: Program, clock: FrozenClock, workspace: Principal
) -> None:
    with services.db.transaction() as connection:
        services.suppressions.erase_in(connection, workspace.workspace_id, "grace@example.com", clock.now())

    answer = admin.post("/messages", RECEIPT)
    deliver(services)

    assert (answer.status_code, answer.json()["state"]) == (202, "skipped")
    found = admin.get(f"/messages/{answer.json()['id']}").json()
    assert (found["state"], found["reason"], found["email"], found["subject"]) == ("skipped", "suppressed: erased", None, "")


def test_what_a_provider_reports_settles_an_uncertain_one(services: Services, admin: Program, clock: FrozenClock) -> None:
    message_id = admin.post("/messages", RECEIPT).json()["id"]
    with services.db.transaction() as connection:
        connection.execute(sa.update(messages).values(state="uncertain", reason="the sender stopped before the answer came"))
    assert [one["id"] for one in admin.get("/messages?state=uncertain").json()["data"]] == [message_id]
    with closing(JournalWriter(services.settings.journal_dir, "receiver")) as journal:
        journal.append([event_record(EventKind.DELIVERED, clock.now(), "webhook", message_id=message_id)])
    services.ingester.catch_up()

    found = admin.get(f"/messages/{message_id}").json()
    assert (found["state"], found["reason"], [event["kind"] for event in found["events"]]) == ("delivered", "", ["delivered"])


def test_the_same_key_makes_one_message_even_where_the_first_answer_was_never_kept(services: Services, admin: Program) -> None:
    key = {"Idempotency-Key": "order-A-1"}
    first = admin.post("/messages", RECEIPT, headers=key)
    replayed = admin.post("/messages", RECEIPT, headers=key)
    with services.db.transaction() as connection:  # as a process leaves it that was killed between the commit and its answer
        connection.execute(sa.delete(idempotency_keys))
    again = admin.post("/messages", RECEIPT, headers=key)
    with services.db.transaction() as connection:
        connection.execute(sa.delete(idempotency_keys))
    other = admin.post("/messages", RECEIPT | {"subject": "Another"}, headers=key)

    assert first.json() == replayed.json() == again.json()
    assert replayed.headers["idempotent-replayed"] == "true"
    assert (again.status_code, other.status_code) == (202, 422)
    assert len(admin.get("/messages").json()["data"]) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to": "grüße @example.com"}, "“to” can’t be used"),
        ({"from_email": "grüße@example.com"}, "“from” can’t be used"),
        ({"subject": "Hello\r\nBcc: all@example.com"}, "line break"),
        ({"headers": {"X-A": "1\nBcc: all@example.com"}}, "line break"),
        ({"headers": {"Bcc": "all@example.com"}}, "can’t be set"),
        ({"attachments": [{"name": "a", "data": "?"}]}, "not base64"),
        ({"attachments": [{"name": "a\r\nb", "data": ""}]}, "control character"),
        ({"attachments": [{"name": "a", "data": ""}] * 21}, "attachments"),
        ({"attachments": [{"name": "a", "data": "AAAA" * 1_800_000}] * 2}, "larger than 10 MiB"),
        ({"template": "A", "template_id": 1, "text": ""}, "template_id"),
        ({"track_opens": True}, "track_opens"),
        ({"tags": [""]}, "tags"),
        ({"html": "<![<![<![", "text": ""}, "ends inside a tag"),
        ({"html": "<" * 100_000, "text": ""}, "too many elements"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is_kept(admin: Program, changes: dict[str, Any], words: str) -> None:
    answer = admin.post("/messages", RECEIPT | changes)

    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert "all@example.com" not in answer.text
    assert admin.get("/messages").json()["data"] == []


@pytest.mark.parametrize("changes", [{"template": "None", "text": ""}, {"template_id": 2**40, "text": ""}, {"connection_id": 2**40}])
def test_what_is_not_there_is_not_found(admin: Program, changes: dict[str, Any]) -> None:
    assert admin.post("/messages", RECEIPT | changes).status_code == 404


def test_a_body_that_is_too_large_is_refused_before_it_is_read(admin: Program) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b"x" * (1 << 20)

    declared = admin("POST", "/messages", content=b"{}", headers={"Content-Length": str(100 << 20), "Content-Type": "application/json"})
    streamed = admin("POST", "/messages", content=endless(), headers={"Content-Type": "application/json"})
    elsewhere = admin.post("/lists", {"name": "x" * (2 << 20)})

    assert [answer.status_code for answer in (declared, streamed, elsewhere)] == [413, 413, 413]
    assert "16 MiB" in declared.json()["detail"]
    assert "1 MiB" in elsewhere.json()["detail"]


def test_a_token_for_receipts_sends_them_and_sees_what_became_of_them_and_nothing_else(
    services: Services, member: Member, program: Login
) -> None:
    shop = program(member(), scopes=frozenset({Permission.MESSAGES_SEND}))

    sent = shop.post("/messages", RECEIPT)
    assert sent.status_code == 202
    assert [shop.get(path).status_code for path in ("/messages", "/campaigns", "/contacts")] == [403, 403, 403]
    deliver(services)
    found = shop.get(f"/messages/{sent.json()['id']}").json()
    assert (found["state"], found["subject"], [event["kind"] for event in found["events"]]) == ("accepted", "Your order", ["sent"])
    us = Principal.system(shop.by.workspace_id)
    [(_, of_a_campaign)] = services.messages.after(us, 0, 1, campaign_id=furnish(services, us, "autumn")["sent_campaign_id"])
    elsewhere = furnish(services, Principal.system(services.workspaces.create("Elsewhere").id), "winter")
    hidden = (of_a_campaign.id, elsewhere["message_id"], elsewhere["request_id"])
    assert [shop.get(f"/messages/{number}").status_code for number in hidden] == [404, 404, 404]
    everything_else = program(member(email="other@example.com"), scopes=frozenset({Permission.CAMPAIGNS_SEND, Permission.CAMPAIGNS_VIEW}))
    assert everything_else.post("/messages", RECEIPT).status_code == 403


def test_a_large_file_arrives_whole(services: Services, admin: Program) -> None:
    data = bytes(range(256)) * (36 << 10)  # 9 MiB
    file = {"name": "a.bin", "data": base64.b64encode(data).decode()}
    assert admin.post("/messages", RECEIPT | {"attachments": [file]}).status_code == 202
    deliver(services)

    [path] = (services.settings.data_dir / "outbox").rglob("*.eml")
    assert base64.encodebytes(data).replace(b"\n", b"\r\n") in path.read_bytes()
