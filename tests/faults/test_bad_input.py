"""What people and programs hand in that must harm nobody: names that would be headers, addresses beyond ASCII, files beyond all bounds."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import httpx2
import pytest

from core.campaigns.states import CampaignState
from core.clock import FrozenClock, SystemClock
from core.errors import InvalidInput
from core.jobs.delivering import Deliveries
from tests.faults.clocks import HastyClock
from tests.faults.nursery import Cradle, Nursery
from tests.faults.sending import Firm, opened
from tests.support.mail_server import MailServer
from tests.support.mail_server import serving as serving_mail
from tests.support.product import free_port
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("storm")]
PEOPLE = 5
HUGE = 100 * 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    found = tmp_path / "data"
    found.mkdir()
    shutil.copy(migrated_file, found / "app.db")
    return found


@pytest.fixture
def firm(folder: Path, clock: FrozenClock) -> Iterator[Firm]:
    with opened(folder, "", PEOPLE, clock) as made:
        yield made


def _send(firm: Firm, server: MailServer, subject: str = "News") -> dict[str, str]:
    """Send a campaign to everybody; return what became of it, by address."""
    campaign = firm.draft("smtp", {"host": "127.0.0.1", "port": server.port, "security": "none"})
    firm.services.campaigns.update(firm.by, campaign, subject=subject)
    firm.services.campaigns.launch(firm.by, campaign)
    Deliveries(firm.services, lambda: False).deliver(campaign)
    assert firm.state(campaign) is CampaignState.SENT
    emails = {row.contact.id: row.contact.email for row in firm.services.directory.page(firm.by, limit=100).rows}
    return {emails[contact or 0]: state for state, contact, _ in firm.rows(campaign).values()}


def _everybody_gets_one(server: MailServer, people: int) -> None:
    assert Counter(address for envelope in server.received for address in envelope.rcpt_tos).most_common(1)[0][1] == 1
    assert len(server.received) == people


def test_a_line_break_in_a_name_is_refused_and_one_in_a_subject_makes_no_header(firm: Firm) -> None:
    inside = "Eve\r\nBcc: victim@example.com\r\n\r\n.\r\nMAIL FROM:<x@example.com>"
    with pytest.raises(InvalidInput, match="line break"):
        firm.services.contacts.save(firm.by, "eve@example.com", first_name=inside)
    firm.services.contacts.save(firm.by, "eve@example.com", attributes={"note": inside}, list_ids=[firm.list_id])
    with serving_mail() as server:
        assert set(_send(firm, server, subject="For {{ contact.note | default('you') }}").values()) == {"accepted"}
        _everybody_gets_one(server, PEOPLE + 1)
        assert any("victim@example.com" in bytes(envelope.content or b"").decode() for envelope in server.received), "it was in the subject"
        for envelope in server.received:
            mail = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
            assert mail["Bcc"] is None
            assert len(mail.get_all("Subject", [])) == len(mail.get_all("To", [])) == 1


def test_an_address_only_some_servers_know_is_named_as_it_comes_in_and_costs_nobody_else_anything(firm: Firm) -> None:
    """What would need SMTPUTF8 is kept out, because it could be reached by few; a domain beyond ASCII is reached by everybody."""
    people = "email\njürgen@example.com\nann@bücher.example\n"
    imported = firm.services.imports.run(firm.by, people.encode(), "more.csv", list_name="All", mapping={"email": "email"})
    assert (imported.created, imported.refused) == (1, 1)
    with serving_mail() as server:
        assert set(_send(firm, server).values()) == {"accepted"}
        _everybody_gets_one(server, PEOPLE + 1)
        assert "ann@xn--bcher-kva.example" in {address for envelope in server.received for address in envelope.rcpt_tos}


def test_a_hundred_megabytes_are_refused_and_cost_no_memory(folder: Path, nursery: Nursery) -> None:
    with opened(folder, "", PEOPLE, HastyClock(SystemClock().now(), 1.0)) as firm:
        cradle, port = Cradle(nursery, firm.environment, folder / "processes"), free_port()
        app = cradle.app(port)
        bearer = {"Authorization": f"Bearer {firm.token}", "Content-Type": "application/json"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", headers=bearer, timeout=60) as http:
            wait_for(lambda: _answers(http), "the app to answer")
            before = _memory_high(app)

            assert _refused(http, announced=True)
            assert _refused(http, announced=False)

            assert _memory_high(app) - before < HUGE
            assert http.get("/campaigns").status_code == 200, "it serves everybody else"
            assert firm.services.messages.after(firm.by, 0, 1) == []
        cradle.kill(app)


def _refused(http: httpx2.Client, *, announced: bool) -> bool:
    """Hand in a file of a hundred megabytes; return whether it was refused, before or while it was sent."""
    head, tail = b'{"to":"ann@example.com","attachments":[{"name":"a","data":"', b'"}]}'
    piece = b"A" * (1024 * 1024)

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(HUGE // len(piece)):
            yield piece
        yield tail

    length = {"Content-Length": str(len(head) + HUGE + len(tail))} if announced else {}
    try:
        return http.post("/messages", content=body(), headers=length).status_code == 413
    except httpx2.TransportError:  # it was hung up on in the middle: the answer came too early to be read
        return True


def _answers(http: httpx2.Client) -> bool:
    try:
        return http.get("/campaigns").status_code == 200
    except httpx2.TransportError:
        return False


def _memory_high(pid: int) -> int:
    """The most memory a process ever had, in bytes."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
