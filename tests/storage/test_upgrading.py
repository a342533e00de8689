"""A database of an earlier release keeps what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.accounts.people import People
from core.accounts.sessions import Sessions
from core.campaigns.models import load_campaign
from core.clock import FrozenClock
from core.contacts.lists import Lists
from core.events.tables import intake_minutes
from core.ids import fingerprint, random_name
from core.messages.tables import messages
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.providers.tables import connections
from core.storage.database import Database
from core.storage.migrate import is_current, migrate
from core.storage.tables import journal_offsets, workspaces
from core.templates.languages.headings import Headings
from core.templates.library.drafts import Drafts
from tests.conftest import NOON
from tests.support import postgres

PERSON = "insert into people (email, name, password_hash, failed_attempts, created_at) values ('ada@example.com', 'Ada', 'x', 2, :now)"
MEMBER = "insert into memberships (workspace_id, person_id, role, created_at) values (1, 1, 'marketer', :now)"
WORKSPACE = "insert into workspaces (name, is_demo, timezone, postal_address, created_at) values ('Acme', false, 'UTC', 'Street 1', :now)"
SESSION = (
    "insert into sessions (token_hash, person_id, workspace_id, created_at, last_seen_at, expires_at, ip, user_agent) "
    "values (:token, 1, 1, :now, :now, :later, '203.0.113.9', 'Firefox')"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as the release before accounts had it."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.db'}")
        migrate(database, "0001")
        yield database
        database.close()
        return
    server, _ = request.getfixturevalue("postgres_server")
    with postgres.database(server, f"old_{random_name()}") as url:
        database = Database(url.replace("postgresql://", "postgresql+psycopg://"))
        migrate(database, "0001")
        yield database
        database.close()


def test_people_stay_signed_in_with_the_role_they_had(old_db: Database) -> None:
    clock = FrozenClock(NOON)
    # As each database keeps a moment: the tables of this release are not those of the old one.
    now, later = (
        moment if old_db.dialect == "postgresql" else str(moment.replace(tzinfo=None)) for moment in (NOON, NOON + timedelta(hours=12))
    )
    with old_db.transaction() as connection:
        for statement in (WORKSPACE, PERSON, MEMBER, SESSION):
            wanted = {"now": now, "later": later, "token": fingerprint("a token")}
            connection.execute(sa.text(statement), {name: value for name, value in wanted.items() if f":{name}" in statement})
    migrate(old_db)
    assert is_current(old_db)
    found = Sessions(old_db, clock).resolve("a token")
    assert found
    assert (found.name, found.role, found.permissions, found.lists) == ("Ada", "marketer", ROLE_PERMISSIONS[Role.MARKETER], None)
    [ada] = People(old_db, clock).all(Principal.system(1))
    assert (ada.email, ada.role_name) == ("ada@example.com", "Marketer")


def test_the_audit_log_can_only_grow(old_db: Database) -> None:
    migrate(old_db)
    row = "insert into audit_log (workspace_id, sequence, at, actor, via, origin, action, target, before, after, previous_hash, hash) "
    with old_db.transaction() as connection:
        connection.execute(sa.text(row + "values (1, 1, '2026-11-22', '', '', '', '', '', '', '', '', '')"))
    for statement in ("update audit_log set actor = 'nobody'", "delete from audit_log"):
        with pytest.raises(sa.exc.DBAPIError, match="can only grow"), old_db.transaction() as connection:
            connection.execute(sa.text(statement))


def test_people_stay_on_their_lists_and_no_number_of_a_list_is_used_again(old_db: Database) -> None:
    now = NOON if old_db.dialect == "postgresql" else str(NOON.replace(tzinfo=None))
    statements = (
        WORKSPACE,
        "insert into lists (workspace_id, name, created_at) values (1, 'Readers', :now)",
        "insert into contacts (workspace_id, email, first_name, last_name, attributes, consent, source, created_at, updated_at,"
        " updated_seq) values (1, 'ann@example.com', '', '', '{}', 'subscribed', '', :now, :now, 1)",
        "insert into list_members (list_id, contact_id, workspace_id, added_at) values (1, 1, 1, :now)",
        "insert into imports (workspace_id, file_name, list_id, rows, created, updated, refused, imported_by, created_at)"
        " values (1, 'f.csv', 1, 1, 1, 0, 0, 'cli', :now)",
        "insert into segments (workspace_id, name, rules, created_at, updated_at) values (1, 'All', '{}', :now, :now)",
    )
    with old_db.transaction() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"now": now})
    migrate(old_db)
    lists, by = Lists(old_db, FrozenClock(NOON)), Principal.system(1)
    assert [(one.id, one.name, one.size) for one in lists.all(by)] == [(1, "Readers", 1)]
    with old_db.read() as connection:
        assert connection.execute(sa.text("select list_id, (select name from segments) from imports")).one() == (1, "All")
    lists.delete(by, 1)
    assert lists.create(by, "Others").id == 2


def test_connections_get_an_address_to_report_to_and_what_was_counted_stays(old_db: Database) -> None:
    now = NOON if old_db.dialect == "postgresql" else str(NOON.replace(tzinfo=None))
    connection_row = "insert into connections (workspace_id, name, kind, settings, secrets, is_default, created_at) values "
    statements = (
        WORKSPACE,
        connection_row + "(1, 'One', 'outbox', '{}', '', true, :now)",
        connection_row + "(1, 'Two', 'smtp', '{}', '', false, :now)",
        "insert into event_drops (day, reason, count) values ('2026-11-20', 'duplicate', 3), ('2026-11-20', 'unreadable', 1)",
        "insert into journal_offsets (file, \"offset\", torn_bytes, updated_at) values ('receiver-1-a.jsonl', 42, 0, :now)",
    )
    with old_db.transaction() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"now": now} if ":now" in statement else {})
    migrate(old_db)
    with old_db.read() as connection:
        keys = connection.execute(sa.select(connections.c.webhook_key).order_by(connections.c.id)).scalars().all()
        assert len(set(keys)) == 2
        assert all(len(key) == 32 for key in keys)
        assert connection.execute(sa.select(workspaces.c.tracks_people)).scalar_one() is True
        kept = connection.execute(sa.select(intake_minutes.c.step, intake_minutes.c.outcome, intake_minutes.c.count)).all()
        assert sorted(map(tuple, kept)) == [("deduplicate", "duplicate", 3), ("parse", "unreadable", 1)]
        assert connection.execute(sa.select(journal_offsets.c.redacted_to)).scalar_one() == 0


def test_messages_stay_what_they_are_and_no_number_of_one_is_used_again(old_db: Database) -> None:
    now = NOON if old_db.dialect == "postgresql" else str(NOON.replace(tzinfo=None))
    row = (
        "insert into messages (workspace_id, campaign_id, contact_id, state, reason, attempts, provider_message_id, queued_at,"
        " accepted_at) values (1, 5, :contact, :state, 'why', 2, 'p-1', :now, :now)"
    )
    with old_db.transaction() as connection:
        connection.execute(sa.text(WORKSPACE), {"now": now})
        for contact in (1, 2, 3):
            connection.execute(sa.text(row), {"now": now, "contact": contact, "state": "accepted" if contact == 1 else "uncertain"})
        connection.execute(sa.text("delete from messages where id = 3"))
    migrate(old_db)
    kept = sa.select(messages.c.id, messages.c.campaign_id, messages.c.state, messages.c.attempts, messages.c.accepted_at)
    with old_db.transaction() as connection:
        connection.execute(sa.insert(messages).values(workspace_id=1, state="queued", queued_at=NOON))
        found = connection.execute(kept.order_by(messages.c.id)).all()
    assert [tuple(each) for each in found] == [
        (1, 5, "accepted", 2, NOON),
        (2, 5, "uncertain", 2, NOON),
        (4, None, "queued", 0, None),
    ]


def test_campaigns_keep_their_subjects_and_have_no_others(old_db: Database) -> None:
    now = NOON if old_db.dialect == "postgresql" else str(NOON.replace(tzinfo=None))
    template = "insert into templates (workspace_id, name, created_at, updated_at) values (1, 'Letter', :now, :now)"
    connection_row = "insert into connections (workspace_id, name, kind, settings, secrets, is_default, created_at) values "
    campaign = (
        "insert into campaigns (workspace_id, name, subject, from_name, from_email, template_id, connection_id, audience,"
        " track_conversions, state, created_by, created_at, stopped_reason)"
        " values (1, 'News', 'Tea', '', 'a@example.com', 1, 1, :audience, false, 'draft', 'cli', :now, '')"
    )
    arm = "insert into arms (workspace_id, campaign_id, key, subject, weight) values "
    arms = [f"{arm}(1, 1, 'A', 'Tea', 1)", f"{arm}(1, 1, 'B', 'More tea', 1)"]
    statements = (WORKSPACE, template, f"{connection_row}(1, 'One', 'outbox', '{{}}', '', true, :now)", campaign, *arms)
    with old_db.transaction() as connection:
        for statement in statements:
            given = {"now": now, "audience": '{"kind": "list", "id": 1}'}
            connection.execute(sa.text(statement), {name: value for name, value in given.items() if f":{name}" in statement})
    migrate(old_db)
    with old_db.read() as connection:
        found = load_campaign(connection, Principal.system(1), 1)
    assert found.headings == (Headings("Tea"), Headings("More tea"))


def test_drafts_stay_and_small_pictures_that_were_given_up_are_tried_again(old_db: Database) -> None:
    migrate(old_db, "0013")
    now = NOON if old_db.dialect == "postgresql" else str(NOON.replace(tzinfo=None))
    statements = (
        WORKSPACE,
        "insert into templates (workspace_id, name, created_at, updated_at) values (1, 'News', :now, :now)",
        "insert into template_versions (workspace_id, template_id, number, kind, source, html, text, links, fields, created_by, "
        "created_at, thumbnail) values (1, 1, 1, 'html', 'x', 'x', 'x', '[]', '[]', 'system', :now, '')",
        "insert into template_drafts (template_id, workspace_id, kind, source, based_on, revision, updated_by, updated_at) "
        "values (1, 1, 'html', 'half of it', 1, 7, 'system', :now)",
    )
    with old_db.transaction() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"now": now})
    migrate(old_db)
    draft = Drafts(old_db, FrozenClock(NOON)).get(Principal.system(1), 1)
    assert draft and (draft.source, draft.revision, draft.language, draft.updated_at) == ("half of it", 7, "", NOON)
    with old_db.read() as connection:
        assert connection.execute(sa.text("select thumbnail, thumbnail_tries from template_versions")).one() == (None, 0)
