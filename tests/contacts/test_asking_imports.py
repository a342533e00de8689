"""Imports onto a list that asks first: each is asked once, and taking the import back takes the question back."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.opt_in import OptIn
from core.contacts.tables import opt_ins
from tests.conftest import NOON
from tests.contacts.conftest import People, on_sqlite


def asking_list(people: People) -> None:
    news = people.lists.create(people.by, "News")
    people.lists.set_opt_in(people.by, news.id, double_opt_in=True, from_email="n@example.com")


def asked(people: People) -> list[tuple[object, ...]]:
    """Who is asked and may still answer, and since when."""
    with people.db.read() as connection:
        wanted = sa.select(opt_ins.c.contact_id, opt_ins.c.asked_at).where(opt_ins.c.expires_at > people.clock.now())
        return [tuple(row) for row in connection.execute(wanted)]


@on_sqlite
def test_who_has_not_answered_is_not_asked_again_by_the_same_file(people: People) -> None:
    asking_list(people)
    people.take_in("email\nada@example.com\n")
    before = asked(people)
    people.clock.advance(timedelta(days=1))
    for dry_run in (True, False):
        again = people.take_in("email\nada@example.com\n", dry_run=dry_run)
        assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    people.clock.advance(timedelta(days=1))
    people.take_in("email,first_name\nada@example.com,Ada\n", mapping={"email": "email", "first_name": "first_name"})
    assert asked(people) == before


def test_taking_an_import_back_takes_back_what_it_asked(people: People) -> None:
    asking_list(people)
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNKNOWN)
    people.clock.advance(timedelta(minutes=1))
    done = people.take_in("email\nada@example.com\n")
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.PENDING
    assert done.import_id is not None
    people.imports.undo(people.by, done.import_id)
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.UNKNOWN
    assert asked(people) == []


def test_taking_an_import_back_takes_its_own_question_back_and_leaves_another_open(people: People) -> None:
    asking_list(people)
    ada = people.contacts.save(people.by, "ada@example.com", consent=ConsentStatus.UNKNOWN)
    words = Evidence(ConsentMethod.FORM, "form:3", wording="Yes, write to me.", wording_version=1)
    with people.db.transaction() as connection:  # another question of theirs, about nothing but their mail
        OptIn(people.db, people.clock).ask(connection, people.by.workspace_id, ada.id, [], words)
    people.clock.advance(timedelta(minutes=1))
    done = people.take_in("email\nada@example.com\n")
    assert len(asked(people)) == 2
    assert done.import_id is not None
    people.imports.undo(people.by, done.import_id)
    assert asked(people) == [(ada.id, NOON)]
    assert people.contacts.get(people.by, ada.id).consent is ConsentStatus.PENDING
