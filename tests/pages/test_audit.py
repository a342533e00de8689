"""The audit log as an admin reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from core.accounts.people import Person
from core.audit.actions import AuditAction
from core.audit.log import AuditEntry
from core.audit.recording import record
from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.ui.admin.audit_words import GROUPS, WORDS, changes, sentence
from tests.conftest import NOON
from tests.pages.conftest import Open, words_on

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/audit.py"
Write = Callable[..., None]


@pytest.fixture
def write(shared: Services, admin: Principal, clock: FrozenClock) -> Write:
    def append(count: int = 1, by: Principal = admin, action: AuditAction = AuditAction.LIST_CREATED, **after: object) -> None:
        for number in range(count):
            with shared.db.transaction() as connection:
                record(connection, clock.now(), by, action, f"list:{1000 + number}", after={"name": f"List {number}"} | after)

    return append


def test_what_was_done_is_told_in_sentences(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    made = shared.lists.create(admin, "Readers")
    shared.lists.rename(admin, made.id, "Friends")
    words = words_on(app_as(Role.ADMIN)(PAGE))
    assert "**Ada** renamed a list to **Friends**" in words
    assert "**Ada** made the list **Friends**" in words
    assert "**Postwright** added **Ada** as admin" in words
    assert "just now" in words


def test_only_who_may_see_it_finds_it_in_the_menu(app_as: Callable[[Role], Open]):
    app = app_as(Role.MARKETER)()
    with pytest.raises(ValueError, match=r"audit\.py"):
        app.switch_page(PAGE).run()


def test_filters_narrow_it_down_and_stay_in_the_address(
    app_as: Callable[[Role], Open], write: Write, someone: Callable[[Role], Person], shared: Services, admin: Principal, clock: FrozenClock
):
    marketer = shared.people.principal(someone(Role.MARKETER).id, admin.workspace_id)
    write(1, marketer, AuditAction.CAMPAIGN_LAUNCHED, recipients=42_694, name="Spring")
    clock.advance(timedelta(minutes=10))
    app = app_as(Role.ADMIN)(PAGE)
    app.selectbox(key="who").set_value("Marketer").run()
    assert not app.exception
    assert "**Marketer** launched **Spring** to 42,694 people" in words_on(app)
    assert "**Postwright** added" not in words_on(app)
    app.selectbox(key="what").set_value("Contacts and lists").run()
    assert "Nothing matches" in words_on(app)
    again = app_as(Role.ADMIN)(PAGE, what="Campaigns")
    assert again.selectbox(key="what").value == "Campaigns"
    assert "**Marketer** launched" in words_on(again)
    assert "**Postwright** added" not in words_on(again)


def test_what_is_older_than_the_chosen_time_is_left_out(app_as: Callable[[Role], Open], write: Write, clock: FrozenClock):
    write(1, name="Old one")
    clock.advance(timedelta(days=3))
    write(1, name="New one")
    app = app_as(Role.ADMIN)(PAGE, since="Last 24 hours")
    assert "New one" in words_on(app)
    assert "Old one" not in words_on(app)


def test_pages_lead_to_older_entries_and_back(app_as: Callable[[Role], Open], write: Write):
    write(70)
    app = app_as(Role.ADMIN)(PAGE)
    first = words_on(app)
    app.button(key="older").click().run()
    assert "**List 39**" in words_on(app)
    assert "**List 69**" not in words_on(app)
    app.button(key="older").click().run()
    assert "**Postwright** added **Ada**" in words_on(app)
    assert "older" not in [button.key for button in app.button]
    app.button(key="newer").click().run()
    app.button(key="newer").click().run()
    assert words_on(app) == first


def test_details_show_before_and_after(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    made = shared.lists.create(admin, "Readers")
    shared.lists.rename(admin, made.id, "Friends")
    newest = shared.audit.page(admin).rows[0]
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"show_{newest.sequence}").click().run()
    assert not app.exception
    assert newest.hash in [code.value for code in app.code]
    assert app.dataframe[0].value.to_dict("records") == [{"What": "Name", "Before": "Readers", "After": "Friends"}]


def test_nothing_is_claimed_of_the_chain_before_it_is_checked(app_as: Callable[[Role], Open], write: Write):
    write(3)
    app = app_as(Role.ADMIN)(PAGE)
    assert "unbroken" not in words_on(app)
    app.button(key="check_chain").click().run()
    assert "Checked just now: 5 entries, unbroken" in words_on(app)
    assert "The newest 5 entries wait for the seal" in words_on(app)


def test_a_broken_chain_is_told_in_red(app_as: Callable[[Role], Open], write: Write, shared: Services):
    write(3)
    with shared.db.transaction() as connection:
        connection.execute(sa.text("drop trigger audit_log_refuses_update"))
        connection.execute(sa.text("update audit_log set actor = 'person:99' where sequence = 3"))
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="check_chain").click().run()
    assert "the chain is broken" in words_on(app)
    assert "entry 3 was changed after it was written" in app.error[0].value


def test_a_name_is_shown_as_typed(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    shared.lists.create(admin, "![x](https://evil.example/a.png)")
    assert "![x](https" not in words_on(app_as(Role.ADMIN)(PAGE))


def test_every_action_has_words_and_is_in_a_group():
    assert set(WORDS) == set(AuditAction)
    assert frozenset().union(*GROUPS.values()) == set(AuditAction)


@pytest.mark.parametrize("action", [*AuditAction, "from.later"])
def test_every_entry_makes_a_sentence_whatever_it_lacks(action: AuditAction | str):
    entry = AuditEntry(1, NOON, "person:1", "Ada", "", "", action, "campaign:7", "", {}, {}, "x")
    assert sentence(entry).startswith("**Ada** ")
    assert "{" not in sentence(entry)
    assert changes(entry) == []


@pytest.mark.parametrize(
    ("action", "target", "after", "said"),
    [
        (AuditAction.PASSWORD_CHANGED, "person:1", {}, "**Ada** changed their password"),
        (AuditAction.PASSWORD_CHANGED, "person:2", {}, "**Ada** changed the password of **person 2**"),
        (AuditAction.SIGN_IN_FAILED, "", {}, "**Ada** tried to sign in as **an unknown person** and failed"),
        (AuditAction.PERSON_INVITED, "invitation:1", {"role": "custom-7"}, "**Ada** invited somebody as role 7"),
        (AuditAction.PERSON_INVITED, "invitation:1", {"again": True}, "**Ada** invited somebody"),
        (AuditAction.CONTACTS_EXPORTED, "workspace:1", {"people": 1}, "**Ada** exported 1 person"),
        (AuditAction.CONTACTS_EXPORTED, "list:1", {"people": 1200}, "**Ada** exported 1,200 people of **list 1**"),
        (AuditAction.TEMPLATE_SAVED, "template:1", {"name": "Letter", "version": 3}, "**Ada** saved version 3 of the template **Letter**"),
        (AuditAction.TEMPLATES_RESTYLED, "", {"templates": 2, "which": [1, 2]}, "**Ada** wrote 2 templates in the new look of their brand"),
    ],
)
def test_sentences_fit_what_happened(action: AuditAction, target: str, after: dict[str, object], said: str):
    assert sentence(AuditEntry(1, NOON, "person:1", "Ada", "", "", action, target, "", {}, after, "x")) == said.replace("-", "\\-")
