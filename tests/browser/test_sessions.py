"""Being signed in, in a real browser: what the cookie is, where a deep link leads, and what happens when a session ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import EMAIL, PASSWORD, Visit
from tests.support.browser import heading, sign_in, sign_in_form, sign_out
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

COOKIE = "__Host-sid"


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(product: Product, visit: Visit) -> None:
    page = signed_in(product, visit())
    cookie = session_cookie(page.context)
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/")
    assert cookie["expires"] == -1, "it ends with the browser"
    assert cookie["value"] not in page.evaluate("() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert cookie["value"] not in page.content()


def test_a_copied_cookie_is_refused_once_its_owner_has_signed_out(product: Product, visit: Visit) -> None:
    page = signed_in(product, visit())
    copied = session_cookie(page.context)
    thief = visit()
    thief.add_cookies([copied])
    theirs = thief.new_page()
    theirs.goto(product.app_url)
    heading(theirs, "Overview")  # as long as the session lives the copy is as good as the original
    sign_out(page, "Ada")
    assert not [one for one in page.context.cookies() if one["name"] == COOKIE]
    theirs.goto(product.app_url)
    sign_in_form(theirs)
    assert thief.request.get(f"{product.app_url}/auth/session").status == 401


@pytest.mark.parametrize(("address", "title"), [("reports", "Reports"), ("campaign", "New campaign"), ("?days=7+days", "Overview")])
def test_a_deep_link_survives_the_sign_in(product: Product, visit: Visit, address: str, title: str) -> None:
    page = visit().new_page()
    page.goto(f"{product.app_url}/{address}")
    sign_in_form(page)
    sign_in(page, EMAIL, PASSWORD)
    heading(page, title)
    assert page.url == f"{product.app_url}/{address}"


def test_signing_out_in_one_tab_ends_the_other_at_its_next_step(product: Product, visit: Visit) -> None:
    context = visit()
    other = signed_in(product, context)
    one = context.new_page()
    one.goto(product.app_url)
    heading(one, "Overview")
    sign_out(one, "Ada")
    other.get_by_role("link", name="Lists", exact=True).click()
    sign_in_form(other)


def test_whoever_is_disabled_is_out_at_their_next_step(product: Product, visit: Visit) -> None:
    email, password = "mo@example.com", "a passphrase for mo"
    mo = product.run("users", "add", email, "--name", "Mo", "--password-stdin", given=f"{password}\n")["user"]
    theirs = visit().new_page()
    theirs.goto(f"{product.app_url}/lists")
    sign_in(theirs, email, password)
    heading(theirs, "Lists")
    admin = signed_in(product, visit(), "people")
    admin.locator(f".st-key-manage_{mo['id']}").get_by_role("button", name="Manage").click()
    admin.get_by_role("button", name="Disable").click()
    admin.get_by_role("dialog", name="Disable Mo?").get_by_role("button", name="Disable").click()
    expect(admin.get_by_text("Disabled", exact=True)).to_be_visible()
    theirs.get_by_role("button", name="New list").click()
    sign_in_form(theirs)
    theirs.get_by_role("textbox", name="Email").fill(email)
    theirs.get_by_role("textbox", name="Password").fill(password)
    theirs.get_by_role("button", name="Sign in").click()
    expect(theirs.get_by_text("That email and password don't go together.")).to_be_visible()


def test_a_page_of_another_site_can_not_sign_anybody_in_or_out(product: Product, visit: Visit) -> None:
    page = signed_in(product, visit())
    token = session_cookie(page.context)["value"]
    for headers in ({"Origin": "https://evil.example"}, {"Origin": product.app_url}):  # the second lacks what only a script can add
        answer = page.request.post(f"{product.app_url}/auth/logout", headers=headers)
        assert answer.status == 403
    page.reload()
    heading(page, "Overview")
    assert session_cookie(page.context)["value"] == token


def signed_in(product: Product, context: BrowserContext, address: str = "") -> Page:
    page = context.new_page()
    page.goto(f"{product.app_url}/{address}")
    sign_in(page, EMAIL, PASSWORD)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    return page


def session_cookie(context: BrowserContext) -> dict[str, object]:
    return next(dict(one) for one in context.cookies() if one["name"] == COOKIE)
