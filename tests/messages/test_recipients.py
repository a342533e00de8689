"""Who got it, who did not and why: counted, in pages, one person, and as a file that has a line for everybody."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.tables import contacts
from core.errors import Denied, NotFound
from core.messages.fates import FATE_OF, STATES_OF, Fate
from core.messages.recipients import COLUMNS, Recipients
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.providers.connections import Connections
from core.storage.database import Database
from tests.messages.conftest import CAMPAIGN

S = MessageState
AddPeople = Callable[..., list[int]]
Enqueue = Callable[..., int]
ENDS = [
    ("accepted", ""),
    ("refused", "550 5.7.1 <person1@example.com> blocked"),
    ("refused", "550 5.7.1 <person2@example.com> blocked"),
    ("refused", "=cmd|' /C calc'!A0"),
    ("skipped", "suppressed"),
    ("delivered", ""),
    ("uncertain", "no answer"),
    ("queued", ""),
    ("cancelled", ""),
    ("bounced", "mailbox full"),
]


@pytest.fixture
def recipients(db: Database, clock: FrozenClock) -> Recipients:
    return Recipients(db, clock)


@pytest.fixture
def people(
    db: Database, add_people: AddPeople, enqueue: Enqueue, connections: Connections, workspace: Principal, clock: FrozenClock
) -> list[int]:
    """Somebody for each end a message can come to."""
    ids = add_people(len(ENDS))
    enqueue(ids)
    outbox = connections.default(workspace).id
    with db.transaction() as connection:
        for contact_id, (state, reason) in zip(ids, ENDS, strict=True):
            values: dict[str, Any] = {"state": state, "reason": reason}
            values |= {"connection_id": outbox, "accepted_at": clock.now(), "attempts": 1} if state == "accepted" else {}
            connection.execute(sa.update(messages).where(messages.c.contact_id == contact_id).values(**values))
    return ids


def test_every_state_is_one_fate() -> None:
    assert set(FATE_OF) == set(MessageState)
    assert sum(len(states) for states in STATES_OF.values()) == len(MessageState)


def test_everybody_is_counted_once(recipients: Recipients, people: list[int], workspace: Principal) -> None:
    told = recipients.fates(workspace, CAMPAIGN)
    assert told == {
        Fate.RECEIVED: 2,
        Fate.WAITING: 1,
        Fate.BOUNCED: 1,
        Fate.REFUSED: 3,
        Fate.SKIPPED: 1,
        Fate.UNCERTAIN: 1,
        Fate.CANCELLED: 1,
    }
    assert recipients.page(workspace, CAMPAIGN).total == sum(told.values()) == len(people)


def test_reasons_are_counted_by_what_they_come_down_to(recipients: Recipients, people: list[int], workspace: Principal) -> None:
    assert recipients.reasons(workspace, CAMPAIGN, Fate.REFUSED) == {"550 5.7.1 … blocked": 2, "=cmd|' /C calc'!A0": 1}
    assert recipients.reasons(workspace, CAMPAIGN, Fate.RECEIVED) == {}
    alike = recipients.page(workspace, CAMPAIGN, Fate.REFUSED, "550 5.7.1 … blocked")
    assert ([row.email for row in alike.rows], alike.total) == (["person1@example.com", "person2@example.com"], 2)
    assert recipients.page(workspace, CAMPAIGN, Fate.REFUSED, "made up").total == 0


def test_what_each_is_told_in_other_words_is_still_found_by_what_it_comes_down_to(
    recipients: Recipients, db: Database, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    """Providers write a number of their own into every refusal."""
    enqueue(add_people(2_400))
    with db.transaction() as connection:
        said = sa.literal("550 5.7.1 blocked, see ") + sa.cast(messages.c.id + 10_000_000, sa.Text)
        connection.execute(sa.update(messages).values(state="refused", reason=sa.case((messages.c.id % 2 == 0, said), else_="full")))
    assert recipients.reasons(workspace, CAMPAIGN, Fate.REFUSED) == {"550 5.7.1 blocked, see …": 1_200, "full": 1_200}
    pages = [recipients.page(workspace, CAMPAIGN, Fate.REFUSED, "550 5.7.1 blocked, see …", limit=500, offset=at) for at in (0, 500, 1_000)]
    rows = [row for page in pages for row in page.rows]
    assert [page.total for page in pages] == [1_200] * 3
    assert [row.message_id for row in rows] == sorted({row.message_id for row in rows})
    assert len(rows) == 1_200
    assert all(row.reason == f"550 5.7.1 blocked, see {row.message_id + 10_000_000}" for row in rows)


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_pages_show_everybody_once(recipients: Recipients, people: list[int], workspace: Principal, size: int) -> None:
    rows = [row for offset in range(0, len(people), size) for row in recipients.page(workspace, CAMPAIGN, limit=size, offset=offset).rows]
    assert sorted(row.contact_id for row in rows) == people
    assert [row.fate for row in rows] == sorted((row.fate for row in rows), key=list(Fate).index)
    assert recipients.page(workspace, CAMPAIGN, offset=len(people)).rows == []


def test_a_row_says_by_which_way_it_left_and_when(
    recipients: Recipients, people: list[int], workspace: Principal, clock: FrozenClock
) -> None:
    (_, accepted) = recipients.page(workspace, CAMPAIGN, Fate.RECEIVED).rows
    assert (accepted.connection, accepted.accepted_at, accepted.attempts, accepted.state) == ("Outbox", clock.now(), 1, S.ACCEPTED)


def test_one_person_is_found_by_their_address(
    recipients: Recipients, people: list[int], workspace: Principal, add_people: AddPeople
) -> None:
    found = recipients.find(workspace, CAMPAIGN, " Person4@Example.com")
    assert found is not None
    assert (found.contact_id, found.fate, found.reason) == (people[4], Fate.SKIPPED, "suppressed")
    add_people(1)
    assert recipients.find(workspace, CAMPAIGN, f"person{len(people)}@example.com") is None
    assert recipients.find(workspace, CAMPAIGN, "nobody") is None


def test_the_file_has_a_line_for_everybody_and_runs_nothing(recipients: Recipients, people: list[int], workspace: Principal) -> None:
    lines = list(csv.DictReader(io.StringIO("".join(recipients.stream_csv(workspace, CAMPAIGN)))))
    assert list(lines[0]) == list(COLUMNS)
    assert [int(line["contact_id"]) for line in lines] == people
    assert [line["state"] for line in lines] == [state for state, _ in ENDS]
    assert lines[3]["reason"] == "'=cmd|' /C calc'!A0"
    assert lines[0]["email"] == "person0@example.com"
    refused = list(csv.DictReader(io.StringIO("".join(recipients.stream_csv(workspace, CAMPAIGN, Fate.REFUSED)))))
    assert [int(line["contact_id"]) for line in refused] == people[1:4]


def test_who_is_deleted_stays_counted_without_their_address(
    db: Database, recipients: Recipients, people: list[int], workspace: Principal
) -> None:
    with db.transaction() as connection:
        connection.execute(sa.delete(contacts).where(contacts.c.id == people[1]))
    row = recipients.page(workspace, CAMPAIGN, Fate.REFUSED).rows[0]
    assert (row.contact_id, row.email, row.reason) == (people[1], None, "550 5.7.1 … blocked")
    told = "".join(recipients.stream_csv(workspace, CAMPAIGN))
    assert "person1@example.com" not in told
    assert "person2@example.com" in told


def test_a_campaign_out_of_sight_looks_like_none(recipients: Recipients, people: list[int], workspace: Principal) -> None:
    rights = frozenset({Permission.CAMPAIGNS_VIEW, Permission.CONTACTS_EXPORT})
    limited = Principal(workspace.workspace_id, "person:7", rights, lists=frozenset({1}))
    for by in (limited, Principal(workspace.workspace_id + 1, "person:8", rights)):
        assert recipients.fates(by, CAMPAIGN) == recipients.reasons(by, CAMPAIGN, Fate.REFUSED) == {}
        assert recipients.page(by, CAMPAIGN).total == 0
        assert recipients.find(by, CAMPAIGN, "person1@example.com") is None
        with pytest.raises(NotFound):
            recipients.stream_csv(by, CAMPAIGN)
    with pytest.raises(Denied):
        recipients.stream_csv(Principal(workspace.workspace_id, "person:9", frozenset({Permission.CAMPAIGNS_VIEW})), CAMPAIGN)
