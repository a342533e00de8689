"""A page file opened cold, as the first thing a process serves, by somebody who is not signed in."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.accounts.people import Person
from core.permissions import ROLE_PERMISSIONS, Permission, Principal, Role
from core.ui.navigation import PAGES, Entry
from tests.pages import given
from tests.pages.conftest import PAGE_FILES, PASSWORD, ROOT, Open, words_on

if TYPE_CHECKING:
    from core.app import Services

DENIED = "You can’t open this page"
UNGUARDED = 'import streamlit as st\n\nst.title("Everybody\'s salaries")\n'


def test_streamlit_serves_an_unguarded_page_without_home(tmp_path: Path, shared: Services, admin: Principal):
    """The hole that the guard closes: Streamlit's older mode, on until the first st.navigation of the process."""
    shutil.copy(ROOT / "Home.py", tmp_path)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "salaries.py").write_text(UNGUARDED)
    app = AppTest.from_file(str(tmp_path / "Home.py"), default_timeout=30).switch_page("pages/salaries.py").run()
    assert [title.value for title in app.title] == ["Everybody's salaries"]


def test_the_same_page_with_the_guard_is_not_served(tmp_path: Path, shared: Services, admin: Principal):
    guard = "from core.permissions import Permission\nfrom core.ui.page import open_page\n\n"
    (tmp_path / "Home.py").write_text((ROOT / "Home.py").read_text())
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "salaries.py").write_text(guard + 'open_page("Salaries", needs=Permission.PEOPLE_MANAGE)\n' + UNGUARDED)
    app = AppTest.from_file(str(tmp_path / "Home.py"), default_timeout=30).switch_page("pages/salaries.py").run()
    assert shows_the_sign_in_form(app)
    assert "salaries" not in words_on(app)


@pytest.mark.parametrize("file", PAGE_FILES)
def test_a_page_run_alone_shows_the_sign_in_form(file: str, shared: Services, admin: Principal):
    app = AppTest.from_file(str(ROOT / file), default_timeout=30).run()
    assert shows_the_sign_in_form(app)


@pytest.mark.parametrize("file", PAGE_FILES)
def test_a_deep_link_as_the_first_visit_shows_the_sign_in_form(file: str, shared: Services, admin: Principal, home: Callable[[], AppTest]):
    app = home().switch_page(file).run()
    assert shows_the_sign_in_form(app)


@pytest.mark.parametrize("file", PAGE_FILES)
def test_before_the_set_up_every_page_is_the_set_up(file: str, shared: Services):
    app = AppTest.from_file(str(ROOT / file), default_timeout=30).run()
    assert not app.exception
    assert [field.key for field in app.text_input][:1] == ["set_up_code"]


def test_every_page_file_is_in_the_menu_and_every_entry_has_a_file():
    assert sorted(entry.file for entry in PAGES) == PAGE_FILES


@pytest.mark.parametrize("file", PAGE_FILES)
def test_the_first_statement_of_a_page_is_the_guard(file: str):
    body = ast.parse((ROOT / file).read_text()).body
    first = next(
        statement for statement in body[1:] if not isinstance(statement, ast.Import | ast.ImportFrom) and not is_constant(statement)
    )
    assert isinstance(first, ast.Assign | ast.Expr)
    assert ast.unparse(first.value).startswith("open_page("), file


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.file)
def test_each_role_opens_the_pages_it_may_and_is_told_what_is_missing_elsewhere(entry: Entry, role: Role, app_as: Callable[[Role], Open]):
    if entry.needs in ROLE_PERMISSIONS[role]:
        app = app_as(role)(entry.file)
        assert not app.exception
        assert app.title
        assert DENIED not in words_on(app)
        assert "Sign in" not in [button.label for button in app.button]
    else:
        app = app_as(role)()
        alone = run_alone(app, entry.file)
        assert f"It needs the permission `{entry.needs.value}`" in words_on(alone)
        assert DENIED in words_on(alone)
        assert not (alone.title or alone.button or alone.text_input or alone.dataframe)
        with pytest.raises(ValueError, match=re.escape(entry.file)):  # nor is it in the menu
            app.switch_page(entry.file).run()


def test_a_page_for_all_lists_tells_somebody_limited_to_some_why(
    app_as: Callable[[Role], Open], someone, shared: Services, admin: Principal
):
    shared.people.set_lists(admin, someone(Role.MARKETER).id, [])
    app = app_as(Role.MARKETER)()
    for entry in (entry for entry in PAGES if entry.all_lists and entry.needs in ROLE_PERMISSIONS[Role.MARKETER]):
        alone = run_alone(app, entry.file)
        assert "It shows more than the lists you may see." in words_on(alone)
        assert not (alone.title or alone.button)
        with pytest.raises(ValueError, match=re.escape(entry.file)):
            app.switch_page(entry.file).run()


def test_whoever_may_not_see_the_start_page_begins_with_the_first_of_their_menu(
    open_as: Callable[[Person], Open], shared: Services, admin: Principal
):
    role = shared.roles.create(admin, "Proofreader", {Permission.TEMPLATES_VIEW})
    app = open_as(shared.people.add(Principal.system(admin.workspace_id), "p@example.com", "Pia", PASSWORD, role.key))()
    assert not app.exception
    assert [title.value for title in app.title] == ["Templates"]


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.file)
def test_a_role_with_nothing_but_what_a_page_needs_is_told_what_else_a_part_of_it_takes(
    entry: Entry, open_as: Callable[[Person], Open], shared: Services, admin: Principal
):
    draft = given.draft(shared, admin)
    role = shared.roles.create(admin, "Only this", {entry.needs})
    open_page = open_as(shared.people.add(Principal.system(admin.workspace_id), "p@example.com", "Pia", PASSWORD, role.key))
    for query in ({}, {"id": draft.id}):
        app = open_page(entry.file, **query)
        assert not app.exception
        assert app.title
        assert all("You need the permission" in error.value for error in app.error)


def test_whoever_may_see_no_page_is_told(open_as: Callable[[Person], Open], shared: Services, admin: Principal):
    role = shared.roles.create(admin, "Nothing yet", ())
    app = open_as(shared.people.add(Principal.system(admin.workspace_id), "p@example.com", "Pia", PASSWORD, role.key))()
    assert not app.exception
    assert Permission.OVERVIEW_VIEW.value in words_on(app)


def run_alone(app: AppTest, file: str) -> AppTest:
    """Run a page's file without the menu around it, as the person who is signed in to `app`."""
    alone = AppTest.from_file(str(ROOT / file), default_timeout=30)
    for name, value in app.session_state.to_dict().items():
        if name.startswith("postwright."):
            alone.session_state[name] = value
    return alone.run()


def shows_the_sign_in_form(app: AppTest) -> bool:
    assert not app.exception
    return [field.key for field in app.text_input] == ["sign_in_email", "sign_in_password"] and not app.title


def is_constant(statement: ast.stmt) -> bool:
    """A name in capitals for a value that neither draws nor reads anything."""
    named = isinstance(statement, ast.Assign) and all(isinstance(name, ast.Name) and name.id.isupper() for name in statement.targets)
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return named and not used & {"st", "page", "services"}
