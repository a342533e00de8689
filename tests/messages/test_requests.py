"""Single messages: asked for once, on record, sent at once, and never twice."""

from __future__ import annotations

import email
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.contacts.contacts import Contacts
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.everywhere import SuppressedEverywhere
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import global_suppressions
from core.errors import Conflict, Denied, InvalidInput, NotFound, PostwrightError
from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.messages.delivery import DeliveryReport
from core.messages.leasing import LEASE
from core.messages.ledger import Ledger
from core.messages.looking_up import Messages
from core.messages.posting import Posting
from core.messages.request_composing import RequestComposer
from core.messages.request_delivery import BACK_OFF, KEPT, RequestDelivery
from core.messages.request_models import Request
from core.messages.request_routes import KEY_HOLDS
from core.messages.requests import Requests
from core.messages.rows import MessageRow
from core.messages.states import MessageState
from core.messages.tables import messages, requests
from core.messages.ways import Ways
from core.permissions import Permission, Principal
from core.providers.base import Attachment, Idempotence, Outcome, OutgoingMessage, SendResult
from core.providers.connections import Connections
from core.providers.pace_book import PaceBook
from core.providers.progress import UNNOTED, Progress
from core.storage.database import Database
from core.storage.journal import JournalWriter
from core.storage.vault import Vault
from core.templates.brands.kits import BrandKits
from core.templates.library.templates import Templates
from tests.messages.conftest import KEY
from tests.support.mail_server import MailServer, free_port, serving

RECEIPT = Request(to="Grace@Example.com", from_email="shop@shop.example", from_name="The Shop", subject="Your order", text="Thanks\n<3")
TEMPLATE = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Order {{ data.order }} for {{ contact.first_name }}: "
    '{% for item in data.lines %}{{ item.name }};{% endfor %} <a href="https://shop.example/orders">look</a>'
    "</mj-text></mj-column></mj-section></mj-body></mjml>"
)


@pytest.fixture
def asked(db: Database, clock: FrozenClock, connections: Connections) -> Requests:
    return Requests(db, clock, Vault(KEY), connections, AddressHashes(KEY))


@pytest.fixture
def posting(clock: FrozenClock, ledger: Ledger, tmp_path: Path) -> Iterator[Posting]:
    made = Posting(clock, ledger, lambda: JournalWriter(tmp_path / "journal", "delivery"))
    yield made
    made.close()


@pytest.fixture
def delivery_of(db: Database, clock: FrozenClock, ledger: Ledger, posting: Posting, connections: Connections) -> RequestDelivery:
    composer = RequestComposer(TrackingUrls(TokenSigner(KEY), "https://track.example"), KEY)
    ways = Ways(clock, connections, PaceBook(db, clock))
    return RequestDelivery(db, clock, Vault(KEY), ledger, posting, composer, ways, AddressHashes(KEY))


@pytest.fixture
def row(db: Database, workspace: Principal) -> Callable[[int], MessageRow]:
    return lambda message_id: Messages(db).get(workspace, message_id)[1]


@pytest.fixture
def relay(workspace: Principal, connections: Connections, mail_server: MailServer) -> int:
    """A connection that may deliver the same message twice."""
    return connections.add(workspace, "Relay", "smtp", {"host": "127.0.0.1", "port": mail_server.port, "security": "none"}).id


def send(delivery: RequestDelivery, should_go_on: Callable[[], bool] = lambda: True) -> list[DeliveryReport]:
    return [delivery.drain(connection_id, owner="test", should_go_on=should_go_on) for connection_id in delivery.due()]


def mails(folder: Path) -> list[EmailMessage]:
    found = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((folder / "outbox").rglob("*.eml"))]
    return [mail for mail in found if isinstance(mail, EmailMessage)]


def test_what_is_asked_for_is_sent_once_as_it_was_given(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, tmp_path: Path, row: Callable[[int], MessageRow],
    journal: Callable[[], list[dict[str, Any]]],
) -> None:  # fmt: skip
    files = (Attachment("invoice.pdf", "application/pdf", b"%PDF-1.4"),)
    request = replace(RECEIPT, to_name="Grace Hopper", reply_to="help@shop.example", headers={"X-Order": "A-1"}, attachments=files)

    accepted = asked.submit(workspace, request)
    before = row(accepted.message_id)
    reports = send(delivery_of)

    assert (accepted.is_new, accepted.state, before.state, before.email) == (True, "queued", "queued", "grace@example.com")
    assert reports == [DeliveryReport(accepted=1)]
    assert send(delivery_of) == []
    [mail] = mails(tmp_path)
    assert (mail["To"], mail["From"]) == ("Grace Hopper <grace@example.com>", "The Shop <shop@shop.example>")
    assert (mail["Reply-To"], mail["X-Order"], mail["Auto-Submitted"]) == ("help@shop.example", "A-1", "auto-generated")
    assert mail["List-Unsubscribe"] is None and mail["List-ID"] is None
    assert [part.get_filename() for part in mail.iter_attachments()] == ["invoice.pdf"]
    bodies = [part.get_content().strip().replace("\r\n", "\n") for kind in ("plain", "html") if (part := mail.get_body((kind,)))]
    assert bodies == ["Thanks\n<3", '<div style="white-space:pre-wrap">Thanks\n&lt;3</div>']
    assert row(accepted.message_id).state is MessageState.ACCEPTED
    assert [(each["kind"], each["message_id"]) for each in journal()] == [("sent", accepted.message_id)]


def test_a_template_is_written_in_the_version_of_the_moment_it_was_asked_for(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, tmp_path: Path, db: Database, clock: FrozenClock
) -> None:
    Contacts(db, clock).save(workspace, "grace@example.com", first_name="Grace")
    templates = Templates(db, clock, BrandKits(db, clock))
    version = templates.save(workspace, "Receipt", TEMPLATE)
    data = {"order": "A-1", "lines": [{"name": "Tea"}, {"name": "<Cup>"}]}
    request = replace(RECEIPT, template="Receipt", text="", subject="Order {{ data.order }}", data=data)

    accepted = asked.submit(workspace, request)
    templates.save(workspace, "Receipt", TEMPLATE.replace("Order", "Changed"))
    send(delivery_of)

    [mail] = mails(tmp_path)
    html, text = (str(part.get_content()) for kind in ("html", "plain") if (part := mail.get_body((kind,))))
    assert mail["Subject"] == "Order A-1"
    assert "Order A-1 for Grace: Tea;&lt;Cup&gt;;" in html
    assert "Changed" not in html
    assert 'href="https://shop.example/orders"' in html
    assert "https://track.example/u/" in html and "https://track.example/u/" in text
    assert "/o/" not in html and "/c/" not in html
    assert asked.get(workspace, accepted.message_id).template_version_id == version.id


@pytest.mark.parametrize("data", [{"order": "A-1"}, {}])
def test_missing_data_is_said_at_once(
    asked: Requests, workspace: Principal, db: Database, clock: FrozenClock, data: dict[str, Any]
) -> None:
    Templates(db, clock, BrandKits(db, clock)).save(workspace, "Receipt", TEMPLATE)

    with pytest.raises(InvalidInput, match="needs data that is missing: l"):
        asked.submit(workspace, replace(RECEIPT, template="Receipt", text="", data={**data, **({} if data else {"order": None})}))


def test_a_template_that_works_itself_to_death_is_refused_when_it_is_asked_for(
    asked: Requests, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    loops = "{% for x in data.l %}{% for y in data.l %}{% if data.s|title == 'x' %}a{% endif %}{% endfor %}{% endfor %}"
    Templates(db, clock, BrandKits(db, clock)).save(
        workspace, "Bomb", f"<html><body><p>{loops}</p><a href='{{{{ unsubscribe_url }}}}'>u</a></body></html>"
    )
    data = {"l": list(range(30)), "s": "ab " * 30_000}

    with pytest.raises(InvalidInput, match="does too much with this data"):
        asked.submit(workspace, replace(RECEIPT, template="Bomb", text="", data=data))


def test_the_same_key_makes_one_message(asked: Requests, workspace: Principal, db: Database, delivery_of: RequestDelivery) -> None:
    first = asked.submit(workspace, RECEIPT, "order-1")
    again = asked.submit(workspace, RECEIPT, "order-1")
    send(delivery_of)
    later = asked.submit(workspace, RECEIPT, "order-1")

    assert (first.is_new, again.is_new, again.message_id, later.message_id) == (True, False, first.message_id, first.message_id)
    assert later.state is MessageState.ACCEPTED
    assert asked.submit(workspace, RECEIPT, "order-2").is_new
    assert asked.submit(replace(workspace, via="token:2"), RECEIPT, "order-1").is_new
    with pytest.raises(InvalidInput, match="used for another request"):
        asked.submit(workspace, replace(RECEIPT, subject="Another"), "order-1")
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(messages)).scalar() == 3


def test_the_same_request_by_several_ways_at_once_makes_one_message(
    asked: Requests, workspace: Principal, connections: Connections
) -> None:
    connections.default(workspace)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(asked.submit(workspace, RECEIPT, "order-1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.message_id for one in found}) == 1
    assert [one.is_new for one in found].count(True) == 1
    assert len(found) == 8


def test_unsubscribed_people_get_it_and_suppressed_addresses_do_not(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, db: Database, clock: FrozenClock, row: Callable[[int], MessageRow]
) -> None:
    Contacts(db, clock).save(workspace, "unsubscribed@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    Contacts(db, clock).save(workspace, "known@example.com")
    suppressions = Suppressions(db, clock)
    suppressions.add(workspace, "bounced@example.com", SuppressionReason.HARD_BOUNCE)
    names = ("unsubscribed", "bounced", "known")
    found = {name: asked.submit(workspace, replace(RECEIPT, to=f"{name}@example.com")) for name in names}
    ids = {name: one.message_id for name, one in found.items()}
    suppressions.add(workspace, "known@example.com", SuppressionReason.COMPLAINT)  # while it waits

    assert [found[name].state.value for name in names] == ["queued", "skipped", "queued"]
    assert send(delivery_of) == [DeliveryReport(accepted=1, skipped=1)]
    assert {name: (row(ids[name]).state.value, row(ids[name]).reason) for name in names} == {
        "unsubscribed": ("accepted", ""),
        "bounced": ("skipped", "suppressed: hard_bounce"),
        "known": ("skipped", "suppressed: complaint"),
    }


def erase(db: Database, clock: FrozenClock, workspace: Principal, address: str) -> None:
    with db.transaction() as connection:
        Suppressions(db, clock, AddressHashes(KEY)).erase_in(connection, workspace.workspace_id, address, clock.now())


def test_nobody_who_was_erased_gets_one_and_nothing_is_kept_of_what_they_should_have_got(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, db: Database, clock: FrozenClock, row: Callable[[int], MessageRow]
) -> None:
    hashes = AddressHashes(KEY)
    Suppressions(db, clock, hashes).add(workspace, "bounced@example.com", SuppressionReason.HARD_BOUNCE)
    SuppressedEverywhere(db, clock, hashes).add_all(workspace, "everywhere@example.com")
    with db.transaction() as connection:  # the last workspace that knew the address has erased it
        connection.execute(sa.update(global_suppressions).values(email=None))
    erase(db, clock, workspace, "bounced@example.com")
    erase(db, clock, workspace, "grüße@example.com")
    other = asked.submit(workspace, RECEIPT)
    names = ("Bounced", "grüße", "everywhere")

    found = {name: asked.submit(workspace, replace(RECEIPT, to=f"{name}@example.com"), name) for name in names}

    assert {one.state for one in found.values()} == {MessageState.SKIPPED}
    assert {name: (row(one.message_id).reason, row(one.message_id).email) for name, one in found.items()} == {
        "Bounced": ("suppressed: hard_bounce", None),
        "grüße": ("suppressed: erased", None),
        "everywhere": ("suppressed: manual", None),
    }
    assert {asked.get(workspace, one.message_id).subject for one in found.values()} == {""}
    again = asked.submit(workspace, replace(RECEIPT, to="Bounced@example.com"), "Bounced")
    assert (again.message_id, again.is_new) == (found["Bounced"].message_id, False)
    assert send(delivery_of) == [DeliveryReport(accepted=1)]
    assert row(other.message_id).state is MessageState.ACCEPTED


def test_whoever_is_erased_while_it_waits_does_not_get_it(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, db: Database, clock: FrozenClock, row: Callable[[int], MessageRow]
) -> None:
    message_id = asked.submit(workspace, RECEIPT).message_id
    erase(db, clock, workspace, "grace@example.com")

    assert send(delivery_of) == [DeliveryReport(skipped=1)]
    assert (row(message_id).state, row(message_id).reason) == (MessageState.SKIPPED, "suppressed: erased")


def test_a_contact_that_is_deleted_before_it_leaves_gets_nothing_and_what_it_said_is_forgotten(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, db: Database, clock: FrozenClock, row: Callable[[int], MessageRow]
) -> None:
    contact = Contacts(db, clock).save(workspace, "grace@example.com")
    message_id = asked.submit(workspace, RECEIPT).message_id
    Contacts(db, clock).delete(workspace, contact.id)

    assert delivery_of.forget_old() == 0
    assert send(delivery_of) == [DeliveryReport(skipped=1)]
    assert (row(message_id).reason, row(message_id).email) == ("deleted", None)
    assert delivery_of.forget_old() == 1
    assert asked.get(workspace, message_id).subject == ""


def test_what_it_said_is_sealed_and_forgotten_after_a_month(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, db: Database, clock: FrozenClock, row: Callable[[int], MessageRow]
) -> None:
    request = replace(RECEIPT, to_name="Grace", tags=("receipt",), metadata={"order": "A-1"})
    message_id = asked.submit(workspace, request, "order-1").message_id
    kept = asked.get(workspace, message_id)
    with db.read() as connection:
        content = connection.execute(sa.select(requests.c.content)).scalar_one()

    assert (kept.subject, kept.tags, kept.metadata) == ("Your order", ("receipt",), {"order": "A-1"})
    assert not any(word in content for word in ("Your order", "Grace", "receipt", "A-1"))
    clock.advance(KEPT + timedelta(seconds=1))
    assert delivery_of.forget_old() == 0  # it has not left yet
    send(delivery_of)
    assert (delivery_of.forget_old(), delivery_of.forget_old()) == (1, 0)
    assert (row(message_id).email, row(message_id).state) == (None, MessageState.ACCEPTED)
    assert asked.get(workspace, message_id) == replace(kept, subject="", tags=(), metadata={}, connection_id=None)
    assert asked.submit(workspace, request, "order-1").is_new


def test_what_a_killed_sender_had_under_way_is_sent_once_where_the_provider_knows_the_key(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, ledger: Ledger, clock: FrozenClock, tmp_path: Path,
    killed: Callable[[], None], row: Callable[[int], MessageRow],
) -> None:  # fmt: skip
    ids = [asked.submit(workspace, RECEIPT).message_id for _ in range(3)]
    killed()

    assert delivery_of.due() == {}
    clock.advance(LEASE)
    assert send(delivery_of) == [DeliveryReport(accepted=3)]
    assert len(mails(tmp_path)) == 3
    assert {row(message_id).state.value for message_id in ids} == {"accepted"}


def test_what_a_killed_sender_had_under_way_is_uncertain_where_nobody_knows_the_key(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, clock: FrozenClock, relay: int, mail_server: MailServer,
    killed: Callable[[], None], row: Callable[[int], MessageRow],
) -> None:  # fmt: skip
    ids = [asked.submit(workspace, replace(RECEIPT, connection="Relay")).message_id for _ in range(3)]
    killed()
    clock.advance(LEASE)

    assert send(delivery_of) == [DeliveryReport(accepted=1)]
    assert len(mail_server.received) == 1
    assert sorted(row(message_id).state.value for message_id in ids) == ["accepted", "uncertain", "uncertain"]


@pytest.fixture
def killed(db: Database, clock: FrozenClock) -> Callable[[], None]:
    """Leave three waiting messages as a sender would that was killed: two on their way, one only claimed."""

    def leave() -> None:
        lease = {"lease_owner": "killed", "lease_until": clock.now() + LEASE}
        with db.transaction() as connection:
            ids = list(connection.execute(sa.select(messages.c.id).order_by(messages.c.id)).scalars())
            assert len(ids) == 3
            connection.execute(sa.update(messages).values(state="sending", **lease))
            connection.execute(sa.update(messages).where(messages.c.id == ids[2]).values(state="claimed"))

    return leave


def test_two_workers_at_once_send_each_message_once(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, relay: int, mail_server: MailServer
) -> None:
    for number in range(60):
        asked.submit(workspace, replace(RECEIPT, to=f"person{number}@example.com", connection=relay))
    reports: list[DeliveryReport] = []
    workers = [threading.Thread(target=lambda: reports.extend(send(delivery_of))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(report.accepted for report in reports) == 60
    assert len(mail_server.received) == 60


def test_a_refusal_for_now_is_tried_again_soon_and_one_for_good_is_not(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, relay: int, mail_server: MailServer, clock: FrozenClock,
    row: Callable[[int], MessageRow], journal: Callable[[], list[dict[str, Any]]],
) -> None:  # fmt: skip
    mail_server.answers |= {
        ("RCPT", "later@example.com"): "451 4.3.0 Try again later",
        ("RCPT", "never@example.com"): "550 5.1.1 No such user",
    }
    later, never = (
        asked.submit(workspace, replace(RECEIPT, to=f"{name}@example.com", connection=relay)).message_id for name in ("later", "never")
    )

    assert send(delivery_of) == [DeliveryReport(retry=1, refused=1)]
    assert row(later).due_at == clock.now() + BACK_OFF[0]
    assert (row(never).state, row(never).email) == (MessageState.REFUSED, "never@example.com")
    assert [(each["kind"], each["bounce_class"]) for each in journal()] == [("bounced", "hard")]
    assert send(delivery_of) == []
    mail_server.answers.clear()
    clock.advance(BACK_OFF[0])
    assert send(delivery_of) == [DeliveryReport(accepted=1)]


def test_a_server_that_is_away_costs_no_attempt(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, connections: Connections, clock: FrozenClock,
    row: Callable[[int], MessageRow],
) -> None:  # fmt: skip
    away = connections.add(workspace, "Away", "smtp", {"host": "127.0.0.1", "port": free_port(), "security": "none"}).id
    ids = [asked.submit(workspace, replace(RECEIPT, connection=away)).message_id for _ in range(2)]

    [report] = send(delivery_of)

    assert report.stopped
    assert [(row(message_id).state.value, row(message_id).attempts) for message_id in ids] == [("retry", 0)] * 2


def test_every_attempt_sends_the_same_bytes(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, db: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    Contacts(db, clock).save(workspace, "grace@example.com", first_name="Grace")
    Templates(db, clock, BrandKits(db, clock)).save(workspace, "Receipt", TEMPLATE)
    asked.submit(workspace, replace(RECEIPT, template="Receipt", text="", data={"order": "A-1", "lines": []}))
    sent: list[bytes] = []
    for name in ("Grace", "Ada"):
        Contacts(db, clock).save(workspace, "grace@example.com", first_name=name)
        send(delivery_of)
        [path] = (tmp_path / "outbox").rglob("*.eml")
        sent.append(path.read_bytes())
        path.unlink()
        clock.advance(timedelta(minutes=5))
        with db.transaction() as connection:  # as if nobody had heard of it
            connection.execute(sa.update(messages).values(state="queued", accepted_at=None))

    assert sent[0] == sent[1]
    assert b"Sun, 22 Nov 2026 12:00:00 +0000" in sent[0]


class Provider:
    """Delivers a key once, if it is alone; says what it is told to say."""

    kind, batch_size, idempotence, tells_progress = "resend", 100, Idempotence.ALONE, False

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.says = Outcome.ACCEPTED

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        self.asked.append([message.key for message in messages])
        return [SendResult(message.message_id, self.says) for message in messages]

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


class OneProvider(Connections):
    """Connections that all lead to one provider."""

    provider = Provider()

    def open(self, workspace_id: int, connection_id: int) -> Provider:
        return self.provider


@pytest.fixture
def alone(
    db: Database, clock: FrozenClock, ledger: Ledger, posting: Posting, tmp_path: Path, delivery_of: RequestDelivery
) -> tuple[RequestDelivery, Provider]:
    made = OneProvider(db, clock, Vault(KEY), tmp_path)
    made.provider = Provider()
    composer = RequestComposer(TrackingUrls(TokenSigner(KEY), "https://track.example"), KEY)
    return RequestDelivery(db, clock, Vault(KEY), ledger, posting, composer, Ways(clock, made, PaceBook(db, clock))), made.provider


def test_a_provider_that_knows_a_key_again_only_alone_gets_each_message_alone(
    asked: Requests, alone: tuple[RequestDelivery, Provider], workspace: Principal
) -> None:
    delivery, provider = alone
    for _ in range(25):
        asked.submit(workspace, RECEIPT)

    assert send(delivery) == [DeliveryReport(accepted=25)]
    assert [len(keys) for keys in provider.asked] == [1] * 25
    assert len({key for keys in provider.asked for key in keys}) == 25


def test_what_nobody_knows_the_outcome_of_is_asked_again_by_its_key_but_not_for_ever(
    asked: Requests, alone: tuple[RequestDelivery, Provider], workspace: Principal, clock: FrozenClock, row: Callable[[int], MessageRow]
) -> None:
    delivery, provider = alone
    message_id = asked.submit(workspace, RECEIPT).message_id
    provider.says = Outcome.UNCERTAIN
    for _ in range(12):
        send(delivery)
        clock.advance(timedelta(hours=1))
    assert len(provider.asked) == KEY_HOLDS / timedelta(hours=1)
    for _ in range(40):
        send(delivery)
        clock.advance(timedelta(hours=1))

    assert len(provider.asked) == 12
    assert len({keys[0] for keys in provider.asked}) == 1
    assert row(message_id).state is MessageState.UNCERTAIN


def test_a_key_that_the_provider_may_have_forgotten_is_not_relied_on(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, clock: FrozenClock, killed: Callable[[], None],
    row: Callable[[int], MessageRow], tmp_path: Path,
) -> None:  # fmt: skip
    ids = [asked.submit(workspace, RECEIPT).message_id for _ in range(3)]
    killed()
    clock.advance(LEASE + KEY_HOLDS)

    assert send(delivery_of) == [DeliveryReport(accepted=1)]
    assert [row(message_id).state.value for message_id in ids] == ["uncertain", "uncertain", "accepted"]
    assert len(mails(tmp_path)) == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"to": "nobody"}, "“to” can’t be used"),
    ({"to": "grüße @example.com"}, "“to” can’t be used"),
    ({"to": "grü\u202eße@example.com"}, "“to” can’t be used"),
    ({"to": f"{'ü' * 33}@example.com"}, "longer than 64"),
    ({"to": "grüße@example.com\r\nBcc: all@example.com"}, "“to” can’t be used"),
    ({"from_email": "grüße@shop.example"}, "“from” can’t be used"),
    ({"reply_to": "grüße@shop.example"}, "“reply_to” can’t be used"),
    ({"to": "a@example.com\r\nBcc: all@example.com"}, "“to” can’t be used"),
    ({"to": "a@example.com, b@example.com"}, "“to” can’t be used"),
    ({"from_email": "shop"}, "“from” can’t be used"),
    ({"reply_to": "a@b.c\nX: y"}, "“reply_to” can’t be used"),
    ({"subject": "Hello\r\nBcc: all@example.com"}, "line break"),
    ({"subject": " "}, "subject is empty"),
    ({"to_name": "Grace\nBcc: all@example.com"}, "line break"),
    ({"from_name": "Shop\x00"}, "control character"),
    ({"headers": {"Bcc": "all@example.com"}}, "can’t be set"),
    ({"headers": {"X-A": "1\r\nBcc: all@example.com"}}, "line break"),
    ({"headers": {"X-A\r\nBcc": "1"}}, "can’t be set"),
    ({"headers": {"X-Postwright-Message": "1"}}, "can’t be set"),
    ({"headers": {"X-MC-BccAddress": "all@example.com"}}, "can’t be set"),
    ({"headers": {"X-SMTPAPI": "{}"}}, "can’t be set"),
    ({"headers": {"References": "hello"}}, "Message-IDs"),
    ({"headers": {"X-A": "1", "x-a": "2"}}, "one twice"),
    ({"headers": {"X-A": ""}}, "empty"),
    ({"text": ""}, "either a template"),
    ({"template": "Receipt"}, "either a template"),
    ({"data": {"a": 1}}, "goes with a template"),
    ({"attachments": (Attachment("a", "text/plain", b""),) * 21}, "more than 20"),
    ({"attachments": (Attachment("a", "text/plain", bytes(6 << 20)),) * 2}, "larger than 10 MiB"),
    ({"attachments": (Attachment("../a", "text/plain", b""),)}, "slash"),
    ({"attachments": (Attachment("a", "text", b""),)}, "media type"),
    ({"tags": ("x" * 65,)}, "tags"),
    ({"metadata": {"a": "x" * 501}}, "longer than 500"),
    ({"html": "x" * 500_001}, "longer than 500,000"),
    ({"text": "\ud800"}, "not text"),
]


@pytest.mark.parametrize(("changes", "words"), BAD, ids=[words for _, words in BAD])
def test_what_cannot_be_sent_is_refused_in_words(sqlite_asked: Requests, workspace: Principal, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        sqlite_asked.submit(workspace, replace(RECEIPT, **changes))
    assert "all@example.com" not in str(caught.value)


def test_an_address_in_another_alphabet_gets_its_mail_where_the_connection_can_carry_it(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, row: Callable[[int], MessageRow], tmp_path: Path,
    connections: Connections, db: Database, clock: FrozenClock,
) -> None:  # fmt: skip
    with serving(enable_SMTPUTF8=True) as server:
        relay = connections.add(workspace, "Relay", "smtp", {"host": "127.0.0.1", "port": server.port, "security": "none"}).id
        connections.add(workspace, "Box", "outbox")
        by_relay = asked.submit(workspace, replace(RECEIPT, to="Gru\u0308ße@Bücher.example", to_name="Grüße", connection=relay)).message_id
        by_outbox = asked.submit(workspace, replace(RECEIPT, to="用户@example.com", connection="Box")).message_id
        Suppressions(db, clock).add(workspace, "Nein@例え.example", SuppressionReason.COMPLAINT)
        Suppressions(db, clock).add(workspace, "nö@example.com", SuppressionReason.COMPLAINT)
        suppressed = asked.submit(workspace, replace(RECEIPT, to="NÖ@example.com")).message_id
        send(delivery_of)
        assert [envelope.rcpt_tos for envelope in server.received] == [["grüße@bücher.example"]]
    assert (row(by_relay).state, row(by_relay).email) == (MessageState.ACCEPTED, "grüße@xn--bcher-kva.example")
    assert (row(by_outbox).state, row(suppressed).state) == (MessageState.ACCEPTED, MessageState.SKIPPED)
    assert [mail["To"] for mail in mails(tmp_path)] == ["用户@example.com"]


def test_an_address_in_another_alphabet_is_refused_at_once_where_the_connection_can_not_carry_it(
    sqlite_asked: Requests, sqlite_db: Database, workspace: Principal, clock: FrozenClock, tmp_path: Path
) -> None:
    connections = Connections(sqlite_db, clock, Vault(KEY), tmp_path)
    connections.add(workspace, "Re", "resend", {"api_key": "re_1"})
    with pytest.raises(InvalidInput, match="“Re” carries no mail to such addresses") as caught:
        sqlite_asked.submit(workspace, replace(RECEIPT, to="grüße@example.com", connection="Re"))
    assert "grüße" not in str(caught.value)
    connections.add(workspace, "Gun", "mailgun", {"api_key": "k", "domain": "mg.example"})
    assert sqlite_asked.submit(workspace, replace(RECEIPT, to="grüße@example.com", connection="Gun")).is_new


@pytest.fixture
def sqlite_asked(sqlite_db: Database, clock: FrozenClock, tmp_path: Path) -> Requests:
    return Requests(sqlite_db, clock, Vault(KEY), Connections(sqlite_db, clock, Vault(KEY), tmp_path))


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"template": "None", "text": ""}, NotFound), ({"template": 99, "text": ""}, NotFound), ({"connection": 99}, NotFound)],
)
def test_what_does_not_exist_is_said(
    sqlite_asked: Requests, workspace: Principal, changes: dict[str, Any], error: type[PostwrightError]
) -> None:
    with pytest.raises(error):
        sqlite_asked.submit(workspace, replace(RECEIPT, **changes))


def test_a_connection_is_kept_while_a_message_needs_it(
    asked: Requests, delivery_of: RequestDelivery, workspace: Principal, connections: Connections, relay: int, clock: FrozenClock
) -> None:
    asked.submit(workspace, replace(RECEIPT, connection=relay))
    with pytest.raises(Conflict):
        connections.remove(workspace, relay)
    send(delivery_of)
    clock.advance(KEPT + timedelta(seconds=1))
    delivery_of.forget_old()
    connections.remove(workspace, relay)


def test_somebody_limited_to_lists_can_neither_send_nor_see_one(asked: Requests, workspace: Principal, db: Database) -> None:
    limited = replace(workspace, lists=frozenset({1}))
    message_id = asked.submit(workspace, RECEIPT).message_id

    with pytest.raises(Denied):
        asked.submit(limited, RECEIPT)
    with pytest.raises(Denied):
        asked.get(limited, message_id)
    with pytest.raises(NotFound):
        Messages(db).get(limited, message_id)
    with pytest.raises(Denied):
        asked.submit(replace(workspace, permissions=frozenset(Permission) - {Permission.MESSAGES_SEND}), RECEIPT)


def test_what_the_key_of_now_does_not_open_waits_for_the_right_one(
    asked: Requests, workspace: Principal, db: Database, clock: FrozenClock, ledger: Ledger, posting: Posting, connections: Connections,
    delivery_of: RequestDelivery, row: Callable[[int], MessageRow],
) -> None:  # fmt: skip
    message_id = asked.submit(workspace, RECEIPT).message_id
    other = RequestDelivery(db, clock, Vault(b"another-key"), ledger, posting, delivery_of._composer, delivery_of._ways)

    assert send(other) == [DeliveryReport()]
    assert row(message_id).state is MessageState.QUEUED
    clock.advance(timedelta(minutes=5))
    assert send(delivery_of) == [DeliveryReport(accepted=1)]
