"""The app without a mouse: what the Tab key reaches, what it is called, and what Enter and Escape do there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from tests.browser.conftest import EMAIL, PASSWORD, Visit
from tests.support.browser import heading, sign_in_form, wait_idle
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TABS = 40  # further than anything a person looks for is


def test_the_keyboard_is_enough_to_sign_in_look_around_and_leave(product: Product, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(product.app_url)
    sign_in_form(page)
    type_sign_in(page)
    heading(page, "Overview")
    tab_to(page.get_by_role("link", name="Lists", exact=True))
    page.keyboard.press("Enter")
    heading(page, "Lists")
    tab_to(page.get_by_role("button", name="Ada", exact=True))
    page.keyboard.press("Enter")
    tab_to(page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    sign_in_form(page)


def test_a_dialog_keeps_the_keyboard_until_escape_gives_it_back(product: Product, visit: Visit, signed_in: StorageState) -> None:
    page = visit(storage_state=signed_in).new_page()
    page.goto(f"{product.app_url}/lists")
    heading(page, "Lists")
    tab_to(page.get_by_role("button", name="New list"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New list")
    expect(dialog.get_by_role("textbox", name="Name")).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("() => !!document.activeElement.closest('[role=dialog]')")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_whoever_hears_the_sign_in_form_is_told_what_went_wrong(product: Product, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(product.app_url)
    sign_in_form(page)
    type_sign_in(page, "a wrong passphrase")
    expect(page.get_by_role("alert")).to_contain_text("That email and password don't go together.")
    expect(page.get_by_role("textbox", name="Email")).to_have_value(EMAIL)


def type_sign_in(page: Page, password: str = PASSWORD) -> None:
    tab_to(page.get_by_role("textbox", name="Email"))
    page.keyboard.type(EMAIL)
    tab_to(page.get_by_role("textbox", name="Password"))
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def tab_to(wanted: Locator) -> None:
    """Press Tab until this has the focus and shows it."""
    expect(wanted).to_be_visible()
    wait_idle(wanted.page)
    for _ in range(TABS):
        wanted.page.keyboard.press("Tab")
        if wanted.evaluate("one => one.matches(':focus-visible')"):
            return
    raise AssertionError(f"{TABS} times Tab does not reach {wanted}")
