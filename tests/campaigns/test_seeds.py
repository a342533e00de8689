"""Seed addresses, and tests that go to several addresses at once, over a real mail server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.app import Services
from core.audit.tables import audit_log
from core.campaigns.models import Campaign
from core.campaigns.seeds import MAX_SEEDS, SeedAddresses
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Principal, Role
from core.storage.database import Database
from tests.support.at_once import HEADS, one_after_the_other
from tests.support.mail_server import serving

Draft = Callable[..., Campaign]


def test_a_test_goes_to_every_address_whatever_becomes_of_the_others(services: Services, by: Principal, draft: Draft) -> None:
    with serving() as server:
        server.answers["RCPT", "full@example.com"] = "552 5.2.2 Mailbox full"
        there = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        made = draft(connection_id=services.connections.add(by, "Server", "smtp", there).id)
        asked = ["ann@example.com", "full@example.com", "no address", " Ann@Example.com ", "no address", "", "bob@example.com"]

        tried = services.campaigns.send_test(by, made.id, asked)

        assert [(one.address, bool(one.refused)) for one in tried] == [
            ("ann@example.com", False),
            ("full@example.com", True),
            ("no address", True),
            ("bob@example.com", False),
        ]
        assert "Mailbox full" in tried[1].refused
        assert sorted(to for one in server.received for to in one.rcpt_tos) == ["ann@example.com", "bob@example.com"]
        assert services.ledger.counts(by, made.id) == {}


def test_each_copy_is_filled_in_for_who_has_the_address(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.contacts.save(by, "ann@example.com", first_name="Ann")
    services.contacts.save(by, "zoe@example.com", first_name="Zoe")
    services.campaigns.send_test(by, made.id, ["ann@example.com", "me@example.com"])
    said = {row.to: row.subject for row in services.outbox.page(by).rows}
    assert said == {"ann@example.com": "[Test] Hello Ann", "me@example.com": "[Test] Hello Zoe"}


@pytest.mark.parametrize("asked", [[], ["", "  "], [f"a{n}@example.com" for n in range(61)]])
def test_nowhere_and_everywhere_is_refused(services: Services, by: Principal, draft: Draft, asked: list[str]) -> None:
    made = draft()
    with pytest.raises(InvalidInput, match="Choose where the test goes"):
        services.campaigns.send_test(by, made.id, asked)
    assert not services.outbox.page(by).rows


def test_the_list_is_kept_in_one_spelling_and_each_address_once(services: Services, by: Principal) -> None:
    seeds = services.seed_addresses
    first = seeds.add(by, "  Tests@Example.com ", " Outlook   on Windows ")
    assert (first.email, first.label) == ("tests@example.com", "Outlook on Windows")
    with pytest.raises(Conflict):
        seeds.add(by, "TESTS@example.com")
    with pytest.raises(InvalidInput):
        seeds.add(by, "no address")
    for label in ("x" * 101, "a\x00b", "a\ud800b"):
        with pytest.raises(InvalidInput, match="label"):
            seeds.add(by, "b@example.com", label)
    second = seeds.add(by, "b@example.com")
    assert [one.id for one in seeds.all(by)] == [first.id, second.id]
    seeds.remove(by, first.id)
    with pytest.raises(NotFound):
        seeds.remove(by, first.id)
    assert [one.email for one in seeds.all(by)] == ["b@example.com"]


def test_the_list_ends_somewhere_and_is_for_those_who_send(services: Services, by: Principal) -> None:
    for n in range(MAX_SEEDS):
        services.seed_addresses.add(by, f"seed-{n}@example.com")
    with pytest.raises(InvalidInput, match="50 seed addresses already"):
        services.seed_addresses.add(by, "more@example.com")
    analyst = Principal(by.workspace_id, "person:9", ROLE_PERMISSIONS[Role.ANALYST])
    with pytest.raises(Denied):
        services.seed_addresses.all(analyst)


def test_two_at_once_do_not_share_the_room_that_is_left_for_one(postgres_db: Database, clock: FrozenClock) -> None:
    by, seeds = Principal.system(Workspaces(postgres_db, clock).create("Acme").id), SeedAddresses(postgres_db, clock)
    for n in range(MAX_SEEDS - 1):
        seeds.add(by, f"seed-{n}@example.com")
    first, second = one_after_the_other(postgres_db, HEADS, lambda: seeds.add(by, "a@example.com"), lambda: seeds.add(by, "b@example.com"))
    assert first.exception() is None
    with pytest.raises(InvalidInput, match="50 seed addresses already"):
        second.result()


def test_the_log_names_no_address_and_erasing_takes_it_off_the_list(services: Services, by: Principal) -> None:
    services.seed_addresses.add(by, "ann@example.com", "Outlook")
    services.seed_addresses.add(by, "bob@example.com", "Gmail")
    services.contacts.save(by, "ann@example.com")
    services.erasures.erase(by, "ann@example.com", confirmed="ann@example.com")
    assert [one.email for one in services.seed_addresses.all(by)] == ["bob@example.com"]
    with services.db.read() as connection:
        assert "bob@example.com" not in str(connection.execute(sa.select(audit_log)).all())


def test_somebody_limited_to_some_lists_uses_the_list_and_does_not_change_it(services: Services, by: Principal) -> None:
    kept = services.seed_addresses.add(by, "seed@example.com", "Outlook")
    limited = replace(by, lists=frozenset())
    assert services.seed_addresses.all(limited) == [kept]
    for change in (lambda: services.seed_addresses.add(limited, "b@example.com"), lambda: services.seed_addresses.remove(limited, kept.id)):
        with pytest.raises(Denied, match="not change them"):
            change()
    assert services.seed_addresses.all(by) == [kept]


def test_a_test_is_read_in_a_language_the_email_has_and_in_no_other(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    with pytest.raises(InvalidInput, match="not written in the language de"):
        services.campaigns.send_test(by, made.id, ["me@example.com"], "DE")
    assert not services.outbox.page(by).rows
    services.translating.put(by, made.template_id, "de", "<p>Hallo {{ contact.first_name }}</p>")
    services.campaigns.send_test(by, made.id, ["me@example.com"], "DE")
    [row] = services.outbox.page(by).rows
    assert "Hallo" in services.outbox.show(by, row.key).html
