"""A new password by mail, as the person who forgot theirs sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.accounts.mailing import NO_WORKSPACE
from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.ui.signing_in import auth
from tests.pages.conftest import PASSWORD, Open, words_on
from tests.pages.test_sign_in import errors, fill, sign_in

if TYPE_CHECKING:
    from core.app import Services

NEW = "zanzibar quokka lantern"


@pytest.fixture
def link(shared: Services, admin: Principal) -> str:
    """The secret of a link that was mailed to the admin."""
    shared.password_resets.behind = lambda work: work()
    shared.password_resets.request("ada@example.com", "")
    hidden = Principal.system(NO_WORKSPACE)
    [row] = shared.outbox.page(hidden).rows
    found = re.search(r"\?reset=(\S+)", shared.outbox.show(hidden, row.key).text)
    assert found
    return found.group(1)


def opened(home: Callable[[], AppTest], token: str) -> AppTest:
    app = home()
    app.query_params["reset"] = token
    return app.run()


def test_asking_says_the_same_whoever_is_asked_for(home: Callable[[], AppTest], shared: Services, admin: Principal):
    shared.password_resets.behind = lambda work: work()
    said = set()
    for email in ("ada@example.com", "nobody@example.com", "", "' or 1=1 --", *["ada@example.com"] * 5):
        app = home().run()
        app.button(key="forgot").click().run()
        fill(app, reset_email=email).button(key="reset_send").click().run()
        assert not app.exception
        said.add((tuple(message.value for message in app.success), tuple(errors(app))))
    assert len(said) == 1
    assert "a link is on its way" in words_on(app)


def test_the_link_leads_to_a_new_password_and_leaves_the_address_bar(home: Callable[[], AppTest], shared: Services, link: str):
    app = opened(home, link)
    assert not app.exception
    assert "reset" not in app.query_params
    assert app.text_input(key="reset_for").value == "ada@example.com"
    fill(app, reset_new=NEW).button(key="reset_set").click().run()
    assert not app.exception
    assert "Your new password is set" in words_on(app)
    assert auth.TICKET_KEY not in app.session_state, "nobody is signed in by it"
    sign_in(app, "ada@example.com", NEW)
    assert auth.TICKET_KEY in app.session_state


def test_a_weak_password_is_explained_and_the_form_stays(home: Callable[[], AppTest], link: str):
    app = fill(opened(home, link), reset_new="aaaaaaaaaaaaaaaa").button(key="reset_set").click().run()
    assert "easy to guess" in errors(app)[0]
    fill(app, reset_new=NEW).button(key="reset_set").click().run()
    assert "Your new password is set" in words_on(app)


@pytest.mark.parametrize("made_up", ["x", "' or 1=1 --", "<b>x</b>", "x" * 5000])
def test_a_made_up_link_leads_to_a_new_request(home: Callable[[], AppTest], admin: Principal, made_up: str):
    app = opened(home, made_up)
    assert "doesn’t work any more" in errors(app)[0]
    app.button(key="reset_again").click().run()
    assert app.text_input(key="reset_email")
    app.button(key="reset_back").click().run()
    assert app.text_input(key="sign_in_email")


def test_a_used_or_old_link_opens_nothing(home: Callable[[], AppTest], shared: Services, link: str, clock: FrozenClock):
    first, second = opened(home, link), opened(home, link)
    fill(first, reset_new=NEW).button(key="reset_set").click().run()
    fill(second, reset_new=PASSWORD).button(key="reset_set").click().run()
    assert "doesn’t work any more" in errors(second)[0]
    assert shared.sign_in.attempt("ada@example.com", NEW, "")


def test_the_link_counts_also_where_somebody_is_signed_in(app_as: Callable[[Role], Open], shared: Services, link: str):
    app = app_as(Role.ADMIN)()
    app.query_params["reset"] = link
    app.run()
    fill(app, reset_new=NEW).button(key="reset_set").click().run()
    assert not app.exception
    assert "Your new password is set" in words_on(app)
    assert app.text_input(key="sign_in_email")
