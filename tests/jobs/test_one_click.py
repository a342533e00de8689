"""One-click unsubscribing while mail is leaving: from the answer on, nothing more leaves to whoever has said no."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core.app import Services
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod
from core.contacts.tables import contacts, stop_marks
from core.jobs.doorbell import ring
from core.links.tokens import Purpose
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal
from core.settings import Settings
from tests.jobs.test_requesting import relay
from tests.jobs.test_worker import Draft, is_sent, worker
from tests.receiver.conftest import receiver
from tests.support.mail_server import MailServer, serving
from tests.support.waiting import wait_for

PEOPLE, SAYING_NO = 300, 5


@pytest.fixture
def slow_server() -> Iterator[MailServer]:
    with serving() as server:
        server.slowness = 0.1
        yield server


def earlier_messages(services: Services, owner: Principal) -> dict[str, int]:
    """An earlier message to each of the last people of a campaign, by address: its link is the one they press."""
    now = services.clock.now()
    last = sa.select(contacts.c.id, contacts.c.email).where(contacts.c.workspace_id == owner.workspace_id).order_by(contacts.c.id.desc())
    with services.db.transaction() as connection:
        found = connection.execute(last.limit(SAYING_NO)).all()
        row = {"workspace_id": owner.workspace_id, "state": MessageState.ACCEPTED.value, "queued_at": now}
        insert = sa.insert(messages).returning(messages.c.id)
        return {each.email: connection.execute(insert.values(contact_id=each.id, **row)).scalar_one() for each in found}


@pytest.mark.usefixtures("db")
def test_after_the_answer_nothing_leaves_to_who_pressed_the_link(
    real: Services, owner: Principal, draft: Draft, settings: Settings, slow_server: MailServer
) -> None:
    campaign = draft(PEOPLE)
    real.campaigns.update(owner, campaign.id, connection_id=relay(real, owner, slow_server.port))
    pressed = earlier_messages(real, owner)
    key = real.settings.secret_key.get_secret_value()
    environment = {"POSTWRIGHT_DATABASE_URL": real.settings.database_url, "POSTWRIGHT_SECRET_KEY": key}
    with receiver(settings.data_dir, environment=environment) as site, worker(real.settings):
        real.campaigns.launch(owner, campaign.id)
        ring(campaign.id, settings)
        wait_for(lambda: len(slow_server.received) > 20, "the campaign to begin")
        paths = [real.token_signer.mint(Purpose.UNSUBSCRIBE, number) for number in pressed.values()]
        answers = [site.http.post(f"/u/{path}", data={"List-Unsubscribe": "One-Click"}).status_code for path in paths]
        assert answers == [200] * SAYING_NO
        assert not is_sent(real, owner, campaign)
        wait_for(lambda: is_sent(real, owner, campaign), "the campaign to be sent", seconds=60)
    reached = {address for envelope in slow_server.received for address in envelope.rcpt_tos}
    assert not reached & pressed.keys()
    assert len(reached) == PEOPLE - SAYING_NO
    skipped = real.ledger.page(owner, campaign.id, MessageState.SKIPPED)
    assert {row.reason for row in skipped} == {"unsubscribed"}
    real.ingester.run_once()
    with real.db.read() as connection:
        assert connection.execute(sa.select(stop_marks)).all() == []
    for email in pressed:
        contact = real.contacts.find(owner, email)
        assert contact
        assert contact.consent is ConsentStatus.UNSUBSCRIBED
        assert [record.method for record in real.consent.history(owner, contact.id)] == [ConsentMethod.IMPORT, ConsentMethod.ONE_CLICK]
