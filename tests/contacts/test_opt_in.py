"""Double opt-in: asked, answered once and in time, and never by anybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, ConsentPurpose, Evidence
from core.contacts.consent.opt_in import OptIn, Pending
from core.contacts.tables import consent_records, list_optouts, opt_in_tokens, opt_ins
from core.ids import fingerprint
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite

FORM = Evidence(ConsentMethod.FORM, "form:3", "192.0.2.7", "Firefox", "en", "Yes, write to me.", 2)
ANSWER = Evidence(ip="192.0.2.8", user_agent="Safari")


def ask(people: People, contact_id: int, *list_ids: int, evidence: Evidence = FORM) -> str:
    """Have somebody asked, and return the token of the mail."""
    opt_in = OptIn(people.db, people.clock)
    with people.db.transaction() as connection:
        opt_in.ask(connection, people.by.workspace_id, contact_id, list_ids, evidence)
        newest = sa.select(opt_ins.c.id).where(opt_ins.c.contact_id == contact_id).order_by(opt_ins.c.id.desc()).limit(1)
        number = connection.execute(newest).scalar_one()
        return opt_in.issue(connection, number, people.by.workspace_id)


def confirm(people: People, token: str) -> Pending | None:
    with people.db.transaction() as connection:
        return OptIn(people.db, people.clock).confirm(connection, token, ANSWER)


def peek(people: People, token: str) -> Pending | None:
    with people.db.read() as connection:
        return OptIn(people.db, people.clock).peek(connection, token)


def test_who_answers_is_subscribed_and_on_the_lists_with_all_that_proves_it(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.PENDING)
    news = people.lists.create(people.by, "News")
    token = ask(people, ada.id, news.id)
    assert people.lists.get(people.by, news.id).size == 0
    found = peek(people, token)
    assert found and (found.contact_id, found.list_ids, found.evidence.wording) == (ada.id, (news.id,), "Yes, write to me.")
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.PENDING
    assert confirm(people, token) == found
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.SUBSCRIBED
    assert people.lists.get(people.by, news.id).size == 1
    _, _, _, everything, listed = people.consent.history(people.by, ada.id)
    assert (everything.purpose, listed.purpose, listed.list_id) == (ConsentPurpose.EVERYTHING, ConsentPurpose.LIST, news.id)
    for record in (everything, listed):
        assert (record.method, record.source, record.ip, record.user_agent) == (
            ConsentMethod.DOUBLE_OPT_IN,
            "form:3",
            "192.0.2.8",
            "Safari",
        )
        assert (record.wording, record.wording_version, record.language) == ("Yes, write to me.", 2, "en")
        assert (record.is_double_opt_in, record.asked_at) == (True, NOON)


@on_sqlite
def test_a_token_is_good_once_and_for_a_week_and_kept_as_a_hash(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.PENDING)
    token = ask(people, ada.id)
    with people.db.read() as connection:
        kept = connection.execute(sa.select(opt_in_tokens.c.token_hash)).scalars().all()
        proofs = connection.execute(sa.select(consent_records)).all()
    assert kept == [fingerprint(token)]
    assert token not in str(proofs)
    assert peek(people, "") is peek(people, "x" * 5_000) is confirm(people, token[:-1]) is None
    people.clock.advance(timedelta(days=7) - timedelta(seconds=1))
    assert confirm(people, token) is not None
    assert peek(people, token) is confirm(people, token) is None
    assert len(people.consent.history(people.by, ada.id)) == 3
    late = ask(people, people.contacts.save(people.by, "bob@example.com", consent=ConsentStatus.PENDING).id)
    people.clock.advance(timedelta(days=7))
    assert peek(people, late) is confirm(people, late) is None


@on_sqlite
def test_who_left_a_list_comes_back_by_answering_only(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com")
    news = people.lists.create(people.by, "News")
    with people.db.transaction() as connection:
        row = {"list_id": news.id, "contact_id": ada.id, "workspace_id": people.by.workspace_id, "since": NOON}
        connection.execute(sa.insert(list_optouts).values(row))
    token = ask(people, ada.id, news.id, 999_999)
    assert people.lists.get(people.by, news.id).size == 0
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.SUBSCRIBED
    assert confirm(people, token)
    assert people.lists.get(people.by, news.id).size == 1
    with people.db.read() as connection:
        assert connection.execute(sa.select(list_optouts)).all() == []


def test_an_answer_says_yes_to_what_its_mail_was_about_and_to_nothing_asked_for_later(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNKNOWN)
    first, second = (people.lists.create(people.by, name).id for name in ("First", "Second"))
    other_words = replace(FORM, source="form:4", wording="Yes, and sell my data.", wording_version=1)
    early = ask(people, ada.id, first)
    late = ask(people, ada.id, second, evidence=other_words)  # anybody can have typed her address
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.PENDING
    found = confirm(people, early)
    assert found
    assert (found.list_ids, found.evidence.wording) == ((first,), "Yes, write to me.")
    assert (people.lists.get(people.by, first).size, people.lists.get(people.by, second).size) == (1, 0)
    yes = [record for record in people.consent.history(people.by, ada.id) if record.state is ConsentStatus.SUBSCRIBED]
    assert {record.wording for record in yes} == {"Yes, write to me."}
    still = peek(people, late)  # the other question stays open
    assert still and (still.list_ids, still.evidence.wording) == ((second,), "Yes, and sell my data.")
    assert confirm(people, late)
    assert people.lists.get(people.by, second).size == 1


@on_sqlite
def test_asking_the_same_again_has_its_mail_sent_once_more(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNKNOWN)
    news = people.lists.create(people.by, "News").id
    early = ask(people, ada.id, news)
    people.clock.advance(timedelta(hours=1))
    late = ask(people, ada.id, news, evidence=replace(FORM, ip="192.0.2.99", user_agent="Edge"))
    with people.db.read() as connection:
        [due] = connection.execute(sa.select(opt_ins.c.mail_due_at)).scalars()
    assert due == people.clock.now()
    assert confirm(people, early)  # each mail that asked may be answered
    assert peek(people, late) is None


def test_proofs_can_only_grow_and_only_where_they_came_from_may_be_emptied(people: People) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.PENDING)
    confirm(people, ask(people, ada.id))
    for statement in (
        "delete from consent_records",
        "update consent_records set state = 'subscribed'",
        "update consent_records set wording = ''",
        "update consent_records set ip = '203.0.113.9'",
        "update consent_records set ip = '', occurred_at = '2020-01-01'",
        "insert into consent_texts (workspace_id, name, language, version, text, created_by, created_at)"
        " values (1, 'x', 'en', 1, 'Yes', 'x', '2026-01-01'); update consent_texts set text = 'No'",
    ):
        with pytest.raises(sa.exc.DBAPIError, match="can only grow"), people.db.transaction() as connection:
            for each in statement.split("; "):
                connection.execute(sa.text(each))
    with people.db.transaction() as connection:
        connection.execute(sa.text("update consent_records set ip = '', ip_prefix = '', user_agent = ''"))
    assert {record.ip for record in people.consent.history(people.by, ada.id)} == {""}
