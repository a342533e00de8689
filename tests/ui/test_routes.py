"""The HTTP routes that set and clear the session cookie, asked as a browser (and as an attacker) would."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.storage.tables import workspaces
from core.ui.web.frames import FRAMES, Framed, canvas
from core.ui.web.headers import SecurityHeaders
from core.ui.web.routes import ROUTES

if TYPE_CHECKING:
    from core.accounts.people import Person
    from core.app import Services

HOME = "https://mail.example.com"
OURS = {"Origin": HOME, "X-Requested-With": "postwright"}


@pytest.fixture
def browser(shared: Services) -> TestClient:
    return TestClient(Starlette(routes=ROUTES, middleware=[Middleware(SecurityHeaders, https=True)]), base_url=HOME)


def sign_in(browser: TestClient, ticket: str):
    return browser.post("/auth/session", json={"ticket": ticket}, headers=OURS)


def test_a_ticket_becomes_a_cookie_that_scripts_cannot_read(browser: TestClient, ticket: str, shared: Services, ada: Person):
    answer = sign_in(browser, ticket)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-sid=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    principal = shared.sessions.resolve(browser.cookies["__Host-sid"])
    assert principal
    assert principal.person_id == ada.id
    assert browser.get("/auth/session").json() == {"signed_in": True}


def test_over_plain_http_the_cookie_has_no_flag_that_would_make_the_browser_drop_it(shared: Services, ticket: str):
    intranet = TestClient(Starlette(routes=ROUTES), base_url="http://intranet:8501")
    answer = intranet.post("/auth/session", json={"ticket": ticket}, headers={**OURS, "Origin": "http://intranet:8501"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("sid=")
    assert "HttpOnly" in cookie
    assert "Secure" not in cookie
    assert intranet.get("/auth/session").status_code == 200


def test_a_replayed_ticket_is_refused(browser: TestClient, ticket: str):
    assert sign_in(browser, ticket).status_code == 200
    browser.cookies.clear()
    answer = sign_in(browser, ticket)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_signing_in_again_ends_the_session_the_browser_had(browser: TestClient, ticket: str, shared: Services, ada: Person):
    sign_in(browser, ticket)
    earlier = browser.cookies["__Host-sid"]
    assert sign_in(browser, "made up").status_code == 403
    assert shared.sessions.resolve(earlier)
    sign_in(browser, shared.sessions.issue_ticket(ada.id, shared.workspaces.for_person(ada.id)[0].id))
    assert shared.sessions.resolve(earlier) is None
    assert browser.get("/auth/session").status_code == 200


def test_a_cookie_that_was_planted_before_the_sign_in_is_never_adopted(browser: TestClient, ticket: str, shared: Services):
    """Session fixation: whoever planted it would know the session's token."""
    for name in ("__Host-sid", "sid"):
        browser.cookies.set(name, "planted-by-somebody-else", domain="mail.example.com", path="/")
    sign_in(browser, ticket)
    kept = next(
        cookie.value for cookie in browser.cookies.jar if cookie.name == "__Host-sid" and cookie.value != "planted-by-somebody-else"
    )
    assert shared.sessions.resolve(kept)
    assert shared.sessions.resolve("planted-by-somebody-else") is None


def test_a_planted_session_of_the_attackers_own_ends_where_the_victim_signs_in(browser: TestClient, shared: Services, ada: Person):
    workspace_id = shared.workspaces.for_person(ada.id)[0].id
    eve = shared.people.add(Principal.system(workspace_id), "eve@example.com", "Eve", "zanzibar quokka lantern", Role.ANALYST)
    planted = shared.sessions.redeem(shared.sessions.issue_ticket(eve.id, workspace_id), "", "")
    browser.cookies.set("__Host-sid", planted, domain="mail.example.com", path="/")
    answer = sign_in(browser, shared.sessions.issue_ticket(ada.id, workspace_id))
    assert planted not in answer.headers["set-cookie"]
    assert shared.sessions.resolve(planted) is None


@pytest.mark.parametrize("path", ["/auth/session", "/auth/logout"])
@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("a form of another site", {"Origin": "https://evil.example", "Content-Type": "application/x-www-form-urlencoded"}),
        ("a form that hides where it is from", {"Origin": "null", "Content-Type": "text/plain"}),
        ("a form of a neighbour on the same site", {"Origin": "https://shop.example.com", "Content-Type": "text/plain"}),
        ("our own page, but no script of ours", {"Origin": HOME, "Content-Type": "text/plain"}),
        ("another port of ours", {"Origin": HOME + ":8443", "X-Requested-With": "postwright"}),
        (
            "plain http of ours with another host header",
            {"Origin": "http://evil.example", "X-Requested-With": "postwright", "Host": "mail.example.com"},
        ),
    ],
)
def test_no_other_page_signs_anybody_in_or_out(browser: TestClient, ticket: str, path: str, kind: str, headers: dict[str, str]):
    sign_in(browser, ticket)
    answer = browser.post(path, content=b'{"ticket": "x"}', headers=headers)
    assert answer.status_code == 403, kind
    assert "set-cookie" not in answer.headers
    assert browser.get("/auth/session").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_only_a_post_signs_out(browser: TestClient, ticket: str, method: str):
    """A picture in a mail (`<img src=…/auth/logout>`) is a GET, and a Lax cookie travels with it."""
    sign_in(browser, ticket)
    assert browser.request(method, "/auth/logout", headers=OURS).status_code == 405
    assert browser.get("/auth/session").status_code == 200


@pytest.mark.parametrize(
    "query", ["next=https://evil.example", "next=//evil.example", "next=/\\evil.example", "redirect=https:evil.example"]
)
def test_no_answer_leads_anywhere(browser: TestClient, ticket: str, query: str):
    for answer in (
        browser.post(
            f"/auth/session?{query}", json={"ticket": ticket, "next": "https://evil.example"}, headers=OURS, follow_redirects=False
        ),
        browser.get(f"/auth/session?{query}", follow_redirects=False),
        browser.post(f"/auth/logout?{query}", json={}, headers=OURS, follow_redirects=False),
    ):
        assert not answer.is_redirect
        assert "location" not in answer.headers
        assert "evil" not in answer.text


def test_a_late_ticket_is_refused(browser: TestClient, ticket: str, clock: FrozenClock):
    clock.advance(timedelta(seconds=31))
    assert sign_in(browser, ticket).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Requested-With": "postwright"},
        {"Origin": HOME},
        {"Origin": "https://evil.example", "X-Requested-With": "postwright"},
        {"Origin": "null", "X-Requested-With": "postwright"},
        {"Origin": HOME + ".evil.example", "X-Requested-With": "postwright"},
    ],
)
def test_a_request_from_another_site_is_refused_and_the_ticket_stays_good(browser: TestClient, ticket: str, headers: dict[str, str]):
    assert browser.post("/auth/session", json={"ticket": ticket}, headers=headers).status_code == 403
    assert browser.post("/auth/logout", json={}, headers=headers).status_code == 403
    assert sign_in(browser, ticket).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"ticket": 7}', b'{"ticket": null}', b"\xff" * 100, b'{"ticket": "' + b"a" * 10_000_000]
)
def test_a_strange_body_is_refused_without_a_word_too_many(browser: TestClient, ada: Person, body: bytes):
    answer = browser.post("/auth/session", content=body, headers=OURS)
    assert answer.status_code == 403
    assert "Traceback" not in answer.text


def test_signing_out_clears_the_cookie_and_a_copy_of_it_is_refused(browser: TestClient, ticket: str):
    sign_in(browser, ticket)
    copied = browser.cookies["__Host-sid"]
    answer = browser.post("/auth/logout", json={}, headers=OURS)
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "__Host-sid" not in browser.cookies
    thief = TestClient(browser.app, base_url=HOME, cookies={"__Host-sid": copied})
    assert thief.get("/auth/session").status_code == 401


def test_only_the_session_that_shows_an_email_can_load_it(browser: TestClient, ticket: str):
    sign_in(browser, ticket)
    name = FRAMES.put(browser.cookies["__Host-sid"], Framed("<h1>Hello</h1><script>alert(1)</script>"))
    shown = browser.get(f"/frames/{name}")
    assert shown.text.startswith("<h1>Hello</h1>")
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    browser.post("/auth/logout", json={}, headers=OURS)
    assert browser.get(f"/frames/{name}").status_code == 404


def test_the_editors_view_runs_one_script_of_ours_and_no_other(browser: TestClient, ticket: str):
    sign_in(browser, ticket)
    name = FRAMES.put(browser.cookies["__Host-sid"], canvas())
    shown = browser.get(f"/frames/{name}")
    policy = dict(part.partition(" ")[::2] for part in shown.headers["content-security-policy"].split("; "))
    assert policy["sandbox"] == "allow-scripts"
    assert policy["form-action"] == policy["base-uri"] == policy["default-src"] == "'none'"
    nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
    assert len(nonce) > 20
    assert shown.text.count(nonce) == shown.text.count("<script") == 1


def test_whoever_owes_a_second_factor_sees_no_email_yet(browser: TestClient, ticket: str, shared: Services):
    sign_in(browser, ticket)
    name = FRAMES.put(browser.cookies["__Host-sid"], Framed("<h1>Hello</h1>"))
    with shared.db.transaction() as connection:
        connection.execute(sa.update(workspaces).values(requires_two_factor=True))
    assert browser.get(f"/frames/{name}").status_code == 404


def test_every_answer_carries_the_security_headers(browser: TestClient):
    answer = browser.get("/healthz")
    assert answer.text == "ok"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert not [source for sources in policy.values() for source in sources.split() if "//" in source or source in {"*", "http:", "https:"}]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["strict-transport-security"]


def test_ready_means_the_database_answers(browser: TestClient, shared: Services):
    assert browser.get("/readyz").status_code == 200


def test_the_icon_is_ours(browser: TestClient):
    assert browser.get("/favicon.png").content == browser.get("/assets/icon.png").content
