"""Pages as somebody with a role sees them, without a browser.

`app_as(role)` signs a person with that role in and returns a function that opens a page file:

    def test_something(app_as):
        app = app_as(Role.MARKETER)("pages/create/campaigns.py", id=7)
        assert app.title[0].value == "Campaigns"
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core.accounts.people import Person
from core.permissions import Principal, Role
from core.templates.confined.process import SHARED
from core.ui import background
from core.ui.services import using
from core.ui.signing_in import auth

if TYPE_CHECKING:
    from core.app import Services

ROOT = Path(__file__).parents[2]
HOME = ROOT / "Home.py"
PAGE_FILES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "pages").rglob("*.py") if path.name != "__init__.py")
PASSWORD = "correct horse battery"
START = "pages/overview/overview.py"

Open = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def packages_are_searched_once() -> Iterator[None]:
    """Each app of a test reads what every installed package says of itself, in search of Streamlit components; they stay the same."""
    with pytest.MonkeyPatch.context() as streamlit:
        streamlit.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def a_process_that_has_served_nothing_yet() -> Iterator[None]:
    """Streamlit remembers process-wide whether any page called st.navigation; each test starts as a fresh process does."""
    before = PagesManager.uses_pages_directory
    PagesManager.uses_pages_directory = None
    yield
    PagesManager.uses_pages_directory = before


@pytest.fixture(autouse=True)
def nothing_done_in_the_background_yet() -> Iterator[None]:
    """Pages tell what became of work until somebody goes on; a workspace, an email and an import of the next test have the same numbers."""
    yield
    for name, work in list(background._works.items()):
        if work.thread:
            work.thread.join(30)
        background.forget(name)


@pytest.fixture
def shared(services: Services) -> Iterator[Services]:
    """The services pages use; hashing passwords costs little here."""
    services.people.rounds = 4
    with using(services):
        yield services


@pytest.fixture
def home(shared: Services) -> Callable[[], AppTest]:
    """Open Home.py as somebody signed out."""
    return lambda: AppTest.from_file(str(HOME), default_timeout=30)


@pytest.fixture
def admin(shared: Services) -> Principal:
    """The first admin of a fresh workspace."""
    workspace = shared.workspaces.create("Aurora")
    person = shared.people.add(Principal.system(workspace.id), "ada@example.com", "Ada", PASSWORD, Role.ADMIN)
    return shared.people.principal(person.id, workspace.id)


@pytest.fixture
def someone(shared: Services, admin: Principal) -> Callable[[Role], Person]:
    """A person with a role in the admin's workspace; the admin themselves for that role."""

    def find_or_add(role: Role) -> Person:
        for person in shared.people.all(admin):
            if person.role == role:
                return person
        return shared.people.add(Principal.system(admin.workspace_id), f"{role.value}@example.com", role.value.capitalize(), PASSWORD, role)

    return find_or_add


@pytest.fixture
def open_as(shared: Services, admin: Principal, home: Callable[[], AppTest]) -> Callable[[Person], Open]:
    """Sign somebody in; returns a function that opens a page file, its query parameters as keywords."""

    def signed_in(person: Person) -> Open:
        workspace = shared.workspaces.for_person(person.id)[0]
        token = shared.sessions.redeem(shared.sessions.issue_ticket(person.id, workspace.id), "", "")

        def open_file(file: str = START, **query: object) -> AppTest:
            app = home()
            app.session_state[auth.TOKEN_KEY] = token
            for name, value in query.items():
                app.query_params[name] = str(value)
            return (app.switch_page(file) if file != START else app).run()

        return open_file

    return signed_in


@pytest.fixture
def app_as(someone: Callable[[Role], Person], open_as: Callable[[Person], Open]) -> Callable[[Role], Open]:
    """Sign somebody with this role in; returns a function that opens a page file, its query parameters as keywords."""
    return lambda role: open_as(someone(role))


@pytest.fixture
def nothing_to_check_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the process that checks templates does not start any more."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    SHARED.close()


def words_on(app: AppTest) -> str:
    """Return everything a page says, for a look at what it must or must not show."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "error", "warning", "info", "success")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(app, kind))
