import pytest
import sqlalchemy as sa

from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.records import About
from core.contacts.tables import contacts
from core.errors import Denied, NotFound
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from tests.contacts.conftest import People, on_sqlite


def withdraw(people: People, *ids: int) -> list[int]:
    with people.db.transaction() as connection:
        return people.consent.withdraw(
            connection,
            people.by.workspace_id,
            list(ids),
            Evidence(ConsentMethod.ONE_CLICK, "one-click", user_agent="Mail"),
            about=About(message_id=7, ip_prefix="192.0.2.0/24"),
        )


def change_of(people: People, contact_id: int) -> int:
    with people.db.read() as connection:
        return connection.execute(sa.select(contacts.c.updated_seq).where(contacts.c.id == contact_id)).scalar_one()


def test_a_withdrawal_is_recorded_once_with_how_we_know(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    before = change_of(people, ada.id)
    assert withdraw(people, ada.id, 999_999) == [ada.id]
    after = change_of(people, ada.id)
    assert withdraw(people, ada.id) == []
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.UNSUBSCRIBED
    assert before < after == change_of(people, ada.id)
    given, taken = people.consent.history(people.by, ada.id)
    assert (given.state, given.source) == (ConsentStatus.SUBSCRIBED, "manual")
    assert (taken.state, taken.source, taken.message_id) == (ConsentStatus.UNSUBSCRIBED, "one-click", 7)
    assert (taken.ip_prefix, taken.user_agent, taken.method) == ("192.0.2.0/24", "Mail", ConsentMethod.ONE_CLICK)


def test_a_withdrawal_that_is_rolled_back_leaves_no_trace(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    with pytest.raises(RuntimeError), people.db.transaction() as connection:
        people.consent.withdraw(connection, people.by.workspace_id, [ada.id], Evidence(source="one-click"))
        raise RuntimeError
    assert len(people.consent.history(people.by, ada.id)) == 1
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.SUBSCRIBED


def test_only_giving_consent_leads_back(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    withdraw(people, ada.id)
    people.consent.give(people.by, ada.id, "asked by letter")
    people.consent.give(people.by, ada.id, "asked by letter")
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.SUBSCRIBED
    assert [record.source for record in people.consent.history(people.by, ada.id)] == ["manual", "one-click", "asked by letter"]
    with pytest.raises(NotFound):
        people.consent.give(people.by, 999_999, "asked")


@on_sqlite
def test_withdrawing_needs_the_right_workspace_and_giving_the_right_person(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    with people.db.transaction() as connection:
        assert people.consent.withdraw(connection, people.by.workspace_id + 1_000, [], Evidence(source="x")) == []
    analyst = Principal(people.by.workspace_id, "person:1", ROLE_PERMISSIONS[Role.ANALYST])
    with pytest.raises(Denied):
        people.consent.give(analyst, ada.id, "asked")
