from __future__ import annotations

import pytest

from core.accounts.browsers import in_words
from core.accounts.own_account import Account, OwnAccount
from core.accounts.password_changes import PasswordChanges
from core.accounts.people import People, Person
from core.clock import FrozenClock
from core.errors import Denied, InvalidInput
from core.permissions import Principal, Role
from core.storage.database import Database
from tests.accounts.conftest import PASSWORD, trail

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


@pytest.fixture
def own_account(db: Database, clock: FrozenClock) -> OwnAccount:
    return OwnAccount(db, clock)


def test_somebody_sees_and_renames_themselves_only(
    own_account: OwnAccount, people: People, as_ada: Principal, workspace: Principal, db: Database
):
    people.add(workspace, "b@example.com", "Bob", PASSWORD, Role.ANALYST)
    assert own_account.show(as_ada) == Account("Ada", "ada@example.com", True)
    own_account.rename(as_ada, "  Ada   Lovelace ")
    assert own_account.show(as_ada).name == "Ada Lovelace"
    assert {person.name for person in people.all(workspace)} == {"Ada Lovelace", "Bob"}
    actor, *_, action, target, after = trail(db, workspace.workspace_id)[-1]
    assert (actor, action, target, after) == (as_ada.label, "person.renamed", as_ada.label, "")


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_name_that_is_none_is_refused(own_account: OwnAccount, as_ada: Principal, name: str):
    with pytest.raises(InvalidInput):
        own_account.rename(as_ada, name)


def test_what_is_no_person_has_no_account(own_account: OwnAccount, workspace: Principal):
    with pytest.raises(Denied):
        own_account.show(workspace)
    with pytest.raises(Denied):
        own_account.rename(workspace, "Robot")


def test_an_open_session_is_no_way_to_guess_the_password(password_changes: PasswordChanges, as_ada: Principal):
    for _ in range(5):
        with pytest.raises(InvalidInput, match="current password"):
            password_changes.change(as_ada, "a wrong password", "zanzibar quokka lantern")
    with pytest.raises(InvalidInput, match="current password"):
        password_changes.change(as_ada, PASSWORD, "zanzibar quokka lantern")


def test_a_password_is_not_made_of_what_everybody_knows(
    password_changes: PasswordChanges, as_ada: Principal, workspace: Principal, ada: Person
):
    with pytest.raises(InvalidInput, match="your name, your address"):
        password_changes.change(as_ada, PASSWORD, "ada@example.com 1")
    with pytest.raises(InvalidInput, match="your name, your address"):
        password_changes.set_by_server(workspace, ada.email, "ada@example.com 1")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome on Linux"),
        (CHROME.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64") + " Edg/156.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            "Safari on macOS",
        ),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "Unknown browser"),
        ("<script>alert(1)</script> Linux", "Unknown browser on Linux"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_told_in_words(agent: str, words: str):
    assert in_words(agent) == words
