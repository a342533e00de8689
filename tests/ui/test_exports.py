"""Downloads of people: fetched once, within a minute, by the browser that asked, with the permission that is asked again."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.clock import FrozenClock
from core.contacts.choosing import Choice
from core.permissions import Permission, Principal, Role
from core.ui.web.downloads import DOWNLOADS, LIFE, Wanted
from core.ui.web.routes import ROUTES

if TYPE_CHECKING:
    from core.accounts.people import Person
    from core.app import Services

HOME = "https://mail.example.com"
COOKIE = "__Host-sid"


@pytest.fixture
def browser(shared: Services) -> TestClient:
    return TestClient(Starlette(routes=ROUTES), base_url=HOME)


@pytest.fixture
def token(browser: TestClient, ticket: str) -> str:
    browser.post("/auth/session", json={"ticket": ticket}, headers={"Origin": HOME, "X-Requested-With": "postwright"})
    return browser.cookies[COOKIE]


@pytest.fixture
def by(shared: Services, ada: Person) -> Principal:
    by = Principal.system(shared.workspaces.for_person(ada.id)[0].id)
    for name in ("Zoë", "Grace"):
        shared.contacts.save(by, f"{name[0].lower()}@example.com", first_name=name)
    return by


def put(shared: Services, token: str, wanted: Wanted) -> str:
    return "/exports/" + DOWNLOADS.put(token, wanted, shared.clock.now())


def test_a_file_is_fetched_once(browser: TestClient, token: str, shared: Services, by: Principal):
    path = put(shared, token, Wanted("csv", ("email", "first_name"), choice=Choice("zo")))
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="contacts-2026-11-22.csv"'
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows == [["email", "first_name"], ["z@example.com", "Zoë"]]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert browser.get(path).status_code == 404


def test_a_segment_is_fetched_as_a_workbook(browser: TestClient, token: str, shared: Services, by: Principal):
    rules = {"all": [{"field": "first_name", "operator": "equals", "value": "Grace"}]}
    segment = shared.segments.create(by, "Graces", rules)
    answer = browser.get(put(shared, token, Wanted("xlsx", segment_id=segment.id)))
    assert answer.content.startswith(b"PK")
    assert answer.headers["content-disposition"].endswith('.xlsx"')


def test_nobody_else_fetches_it(browser: TestClient, token: str, shared: Services, by: Principal):
    path = put(shared, "another session", Wanted("csv"))
    assert browser.get(path).status_code == 404
    browser.cookies.clear()
    assert browser.get(put(shared, token, Wanted("csv"))).status_code == 401


def test_after_a_minute_it_is_gone(browser: TestClient, token: str, shared: Services, by: Principal, clock: FrozenClock):
    path = put(shared, token, Wanted("csv"))
    clock.advance(LIFE + timedelta(seconds=1))
    assert browser.get(path).status_code == 404


def test_who_may_no_longer_export_gets_nothing(browser: TestClient, token: str, shared: Services, by: Principal, ada: Person):
    path = put(shared, token, Wanted("csv"))
    shared.people.add(by, "other@example.com", "Other", "correct horse battery", Role.ADMIN)
    shared.people.set_role(by, ada.id, shared.roles.create(by, "Reader", [Permission.CONTACTS_VIEW]).key)
    answer = browser.get(path)
    assert answer.status_code == 403
    assert b"@" not in answer.content


def test_more_than_so_many_are_not_kept(shared: Services):
    now = shared.clock.now()
    first = DOWNLOADS.put("a", Wanted("csv"), now)
    for _ in range(1_000):
        DOWNLOADS.put("b", Wanted("csv"), now)
    assert DOWNLOADS.take("a", first, now) is None
