"""What stands around the framework's routes to an identity provider, asked as a browser (and as an attacker) would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core.app import build
from core.settings import Settings
from core.ui.services import using
from core.ui.web.provider_doors import ProviderDoors, local_path
from core.ui.web.routes import ROUTES

if TYPE_CHECKING:
    from core.accounts.people import Person
    from core.app import Services
    from core.clock import FrozenClock
    from core.storage.database import Database

HOME = "https://mail.example.com"
AUTHORIZE = "https://id.example.com/authorize?state=abc"
OURS = {"Origin": HOME, "X-Requested-With": "postwright"}


class Framework:
    """In place of Streamlit's three routes: answers what a test wants to see handled."""

    def __init__(self) -> None:
        self.answer: Response | Exception = RedirectResponse(AUTHORIZE, status_code=302)

    async def __call__(self, _: Request) -> Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def framework() -> Framework:
    return Framework()


@pytest.fixture
def trusting(tmp_path: Path, sqlite_db: Database, clock: FrozenClock) -> Iterator[Services]:
    provider = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "postwright", "oidc_client_secret": "secret"}
    given = Settings.load(data_dir=tmp_path / "data", secret_key="a-key-for-tests-only", app_url=HOME, **provider)
    built = build(given, clock=clock)
    with using(built):
        yield built
    built.close()


@pytest.fixture
def browser(trusting: Services, framework: Framework) -> TestClient:
    return client(framework)


def client(framework: Framework) -> TestClient:
    theirs = [Route(path, framework.__call__) for path in ("/auth/login", "/auth/logout", "/oauth2callback")]
    app = Starlette(routes=[*ROUTES, *theirs], middleware=[Middleware(ProviderDoors)])
    return TestClient(app, base_url=HOME, follow_redirects=False)


def signed_in_there() -> Response:
    """Answer as Streamlit does when the provider has said who somebody is."""
    answer = RedirectResponse("/", status_code=302)
    for name in ("_streamlit_user", "_streamlit_user_1", "_streamlit_user_tokens", "_streamlit_user_tokens_1"):
        answer.set_cookie(name, "value", max_age=30 * 86_400, httponly=True, samesite="lax")
    answer.delete_cookie("_streamlit_user_2")
    return answer


def test_where_somebody_wanted_to_go_is_kept_while_they_are_away(browser: TestClient, framework: Framework):
    left = browser.get("/auth/login?provider=x", headers={"Referer": f"{HOME}/reports?days=7+days&list=3"})
    assert left.headers["location"] == AUTHORIZE
    kept = left.headers["set-cookie"]
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/oauth2callback"} <= set(kept.split("; "))
    framework.answer = signed_in_there()
    back = browser.get("/oauth2callback?code=1&state=abc")
    assert back.headers["location"] == "/reports?days=7+days&list=3"
    assert "postwright_back" not in browser.cookies


def test_the_providers_word_lives_for_two_minutes_and_its_tokens_are_dropped(browser: TestClient, framework: Framework):
    framework.answer = signed_in_there()
    cookies = browser.get("/oauth2callback?code=1&state=abc").headers.get_list("set-cookie")
    given = {one.partition("=")[0]: one for one in cookies}
    assert set(given) == {"_streamlit_user", "_streamlit_user_1", "_streamlit_user_2", "postwright_back"}
    for name in ("_streamlit_user", "_streamlit_user_1"):
        assert {"Max-Age=120", "Secure", "HttpOnly"} <= set(given[name].split("; "))
    assert "Max-Age=0" in given["_streamlit_user_2"]


@pytest.mark.parametrize("path", ["/auth/session", "/auth/logout"])
def test_signing_in_and_out_takes_the_providers_word_away(browser: TestClient, trusting: Services, path: str):
    person = _ada(trusting)
    ticket = trusting.sessions.issue_ticket(person.id, trusting.workspaces.for_person(person.id)[0].id)
    for name in ("_streamlit_user", "_streamlit_user_1", "_streamlit_user_tokens"):
        browser.cookies.set(name, "value", domain="mail.example.com")
    assert browser.post(path, json={"ticket": ticket}, headers=OURS).status_code == 200
    assert not [name for name in browser.cookies if name.startswith("_streamlit_user")]


@pytest.mark.parametrize(
    "answer",
    [RuntimeError("no such host"), PlainTextResponse("Authentication error", status_code=400), RedirectResponse("/", status_code=302)],
)
def test_a_provider_that_can_not_be_asked_is_told_where_somebody_was(
    browser: TestClient, framework: Framework, answer: Response | Exception
):
    framework.answer = answer
    told = browser.get("/auth/login", headers={"Referer": f"{HOME}/lists?page=2&sign_in=declined"})
    assert told.headers["location"] == "/lists?page=2&sign_in=unavailable"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("access_denied", "declined"),
        ("login_required", "declined"),
        ("temporarily_unavailable", "unavailable"),
        ("server_error", "unavailable"),
        ("invalid_scope", "unfinished"),
        ("<script>", "unfinished"),
        ("", "unfinished"),
    ],
)
def test_why_somebody_comes_back_is_one_of_three_words(browser: TestClient, framework: Framework, error: str, reason: str):
    framework.answer = RedirectResponse("/", status_code=302)
    assert browser.get("/oauth2callback", params={"error": error}).headers["location"] == f"/?sign_in={reason}"


def test_a_failure_in_the_framework_is_no_failure_page(browser: TestClient, framework: Framework):
    framework.answer = ValueError("unexpected")
    assert browser.get("/oauth2callback?code=1&state=abc").headers["location"] == "/?sign_in=unfinished"


def test_whoever_came_by_another_name_is_sent_to_the_one_the_provider_knows(browser: TestClient):
    sent = browser.get("/auth/login?provider=x", headers={"Referer": "http://127.0.0.1:8501/lists"})
    assert sent.headers["location"] == f"{HOME}/auth/login?provider=x"
    assert browser.get("/auth/login?provider=x").headers["location"] == AUTHORIZE  # as a browser asks after that: without the page


def test_the_frameworks_way_out_is_closed_and_ours_is_not(browser: TestClient):
    assert browser.get("/auth/logout").status_code == 404
    assert browser.post("/auth/logout", headers=OURS).status_code == 200


@pytest.mark.parametrize("path", ["/auth/login?provider=x", "/oauth2callback?code=1&state=abc", "/auth/logout"])
def test_without_a_provider_all_three_are_closed(shared: Services, framework: Framework, path: str):
    assert client(framework).get(path).status_code == 404


@pytest.mark.parametrize(
    "planted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aX: y",
        "/auth/logout",
        "/a b",
    ],
)
def test_nobody_is_led_elsewhere_by_a_planted_cookie(browser: TestClient, framework: Framework, planted: str):
    framework.answer = signed_in_there()
    browser.cookies.set("postwright_back", planted, domain="mail.example.com", path="/oauth2callback")
    where = browser.get("/oauth2callback?code=1&state=abc").headers["location"]
    assert where == "/"


@given(some.one_of(some.text(), some.text(alphabet="/\\:.@?#%a \t\n;")))
def test_a_path_never_leads_out_of_the_app(path: str):
    led = urlsplit(urljoin(HOME, local_path(path)))
    assert f"{led.scheme}://{led.netloc}" == HOME
    assert "\\" not in local_path(path)


def _ada(services: Services) -> Person:
    from core.permissions import Principal, Role

    services.people.rounds = 4
    workspace = services.workspaces.create("Aurora")
    return services.people.add(Principal.system(workspace.id), "ada@example.com", "Ada", "correct horse battery", Role.ADMIN)
