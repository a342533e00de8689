"""The frame of a page: what it shows when something fails, and that it keeps asking whether the session still lives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.permissions import Principal, Role
from core.ui.signing_in import auth
from tests.pages.conftest import words_on

if TYPE_CHECKING:
    from core.app import Services

START = """
from datetime import timedelta
import streamlit as st
from core.errors import Conflict
from core.permissions import Permission
from core.ui.page import open_page
page = open_page("Try", needs=Permission.PEOPLE_MANAGE, help="One sentence.")
"""


@pytest.fixture
def run(shared: Services, admin: Principal) -> Callable[..., AppTest]:
    def as_role(body: str, role: Role = Role.ADMIN) -> AppTest:
        person_id = admin.person_id
        if role is not Role.ADMIN:
            person_id = shared.people.add(Principal.system(admin.workspace_id), "other@example.com", "Other", "another password", role).id
        app = AppTest.from_string(START + body, default_timeout=30)
        app.session_state[auth.TOKEN_KEY] = shared.sessions.redeem(shared.sessions.issue_ticket(person_id, admin.workspace_id), "", "")
        return app.run()

    return as_role


def test_a_page_has_a_title_a_sentence_and_its_primary_action(run: Callable[..., AppTest]):
    app = run('page.header("Add person")')
    assert app.title[0].value == "Try"
    assert "One sentence." in words_on(app)
    assert [button.label for button in app.button] == ["Add person"]


def test_a_name_as_the_title_is_shown_as_typed(run: Callable[..., AppTest]):
    app = run('page.title("![x](https://evil.example/a.png)")')
    assert app.title[0].value.startswith("\\!\\[x\\]")


def test_a_known_failure_is_told_in_its_own_words_and_the_page_goes_on(run: Callable[..., AppTest]):
    app = run('with page.act("Done."):\n    raise Conflict("It is sent already.", hint="Copy it.")\nst.text("the rest")')
    assert [error.value for error in app.error] == ["**It is sent already.** Copy it."]
    assert app.text[0].value == "the rest"
    assert not app.toast
    assert not app.exception


def test_an_unexpected_failure_shows_an_id_that_is_in_the_log_and_nobodys_data(
    run: Callable[..., AppTest], caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.ERROR):
        app = run('with page.act():\n    raise RuntimeError("grace@example.com is broken")')
    [record] = [record for record in caplog.records if record.getMessage() == "unexpected error"]
    assert record.error_id in app.error[0].value
    assert record.kind == "RuntimeError"
    assert "grace" not in app.error[0].value + str(vars(record))


def test_success_is_said_also_after_the_page_is_drawn_anew(run: Callable[..., AppTest]):
    assert [toast.value for toast in run('with page.act("Done."):\n    pass').toast] == ["Done."]
    app = run('if "again" not in st.session_state:\n    st.session_state["again"] = 1\n    with page.act("Done."):\n        st.rerun()')
    assert [toast.value for toast in app.toast] == ["Done."]


def test_who_lacks_the_permission_is_told_which_one_and_sees_nothing_else(run: Callable[..., AppTest]):
    app = run('st.text("salaries")', role=Role.ANALYST)
    assert "people.manage" in words_on(app)
    assert "admin" in words_on(app)
    assert "salaries" not in words_on(app)


END_THE_SESSION = """
page.services.sessions.revoke(page.token)
page.services.clock.advance(timedelta(seconds=2))
st.text(page.by.name)
"""


def test_a_part_of_a_page_that_runs_by_itself_notices_that_the_session_has_ended(run: Callable[..., AppTest]):
    app = run(END_THE_SESSION)
    assert not app.exception
    assert not app.text
    assert app.text_input(key="sign_in_email")


def test_a_role_that_was_taken_away_no_longer_counts(run: Callable[..., AppTest], shared: Services, admin: Principal):
    second = shared.people.add(Principal.system(admin.workspace_id), "b@example.com", "Bob", "another password", Role.ADMIN)
    act = f"page.services.people.set_role(page.by, {admin.person_id}, 'analyst'); page.services.clock.advance(timedelta(seconds=2))\n"
    app = run(act.replace("'analyst'", "__import__('core.permissions').permissions.Role.ANALYST") + "st.text(page.by.role)")
    assert app.text[0].value == "analyst"
    assert second.role == Role.ADMIN
