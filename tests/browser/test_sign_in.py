"""Signing in with a code, choosing a new password by mail, and links that try to lead away, in a real browser."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EMAIL, PASSWORD, Visit
from tests.browser.test_look import OUTSIDE, Witness
from tests.support.browser import PHONE, heading, sign_in, sign_in_form
from tests.support.product import Product
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FIRST, SECOND = "a passphrase for zoe", "zanzibar quokka lantern"


@pytest.fixture
def zoe(product: Product) -> Iterator[str]:
    """The address of a colleague; their second factor is off again afterwards."""
    email = "zoe@example.com"
    known = [person["email"] for person in product.run("users", "list")["users"]]
    command = ("set-password", email) if email in known else ("add", email, "--name", "Zoe")
    product.run("users", *command, "--password-stdin", given=f"{FIRST}\n")
    yield email
    product.run("users", "reset-two-factor", email)


def give_password(page: Page, email: str, password: str) -> None:
    page.get_by_role("textbox", name="Email").fill(email)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def secret_on(page: Page) -> str:
    page.get_by_text("Can’t scan it?").click()
    return page.locator("[data-testid=stCode] code").inner_text().replace(" ", "").strip()


def test_a_second_factor_is_set_up_and_asked_for(product: Product, visit: Visit, zoe: str) -> None:
    tab = Witness(visit().new_page())
    page = tab.page
    page.goto(f"{product.app_url}/account")
    sign_in(page, zoe, FIRST)
    heading(page, "Your account")
    page.get_by_role("button", name="Set up").click()
    dialog = page.get_by_role("dialog", name="Set up a second factor")
    expect(dialog.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    drawn = dialog.get_by_role("img", name="QR code for your authenticator app")
    assert drawn.evaluate("img => img.complete && img.naturalWidth > 100"), "the policy lets it be shown"
    secret = secret_on(page)
    dialog.get_by_role("textbox", name="Enter the code it shows").fill(pyotp.TOTP(secret).now())
    dialog.get_by_role("button", name="Turn on").click()
    codes = page.locator("[data-testid=stCode] code")
    expect(codes).to_have_text(re.compile(r"^(\w{4}(-\w{4}){3}\s*){10}$"))
    recovery = codes.inner_text().split()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()

    other = visit().new_page()
    other.goto(f"{product.app_url}/lists")
    give_password(other, zoe, FIRST)
    expect(other.get_by_role("heading", name="One more step")).to_be_visible()
    other.get_by_role("textbox", name="Code").fill(recovery[0])
    other.get_by_role("button", name="Go on").click()
    heading(other, "Lists")
    assert tab.hosts == {urlsplit(product.app_url).netloc}, "the secret is told to nobody"
    assert not tab.errors


def test_where_the_workspace_asks_for_one_it_comes_first(product: Product, visit: Visit, zoe: str) -> None:
    ask = sqlite3.connect(product.data_dir / "app.db")
    page = visit(viewport=PHONE).new_page()
    try:
        ask.execute("UPDATE workspaces SET requires_two_factor = 1 WHERE id = 1")
        ask.commit()
        page.goto(f"{product.app_url}/lists")
        give_password(page, zoe, FIRST)
        expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        assert not page.evaluate(OUTSIDE)
        page.get_by_role("textbox", name="Enter the code it shows").fill(pyotp.TOTP(secret_on(page)).now())
        page.get_by_role("button", name="Turn on").click()
        page.get_by_role("button", name="I have kept them").click()
        heading(page, "Lists")
    finally:
        ask.execute("UPDATE workspaces SET requires_two_factor = 0 WHERE id = 1")
        ask.commit()
        ask.close()


def test_a_forgotten_password_is_replaced_by_mail(product: Product, visit: Visit, zoe: str) -> None:
    page = visit().new_page()
    page.goto(product.app_url)
    sign_in_form(page)
    page.get_by_role("button", name="Forgot your password?").click()
    expect(page.get_by_role("heading", name="Forgot your password?")).to_be_visible()
    page.get_by_role("textbox", name="Email").fill(zoe)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_text("a link is on its way")).to_be_visible()
    link = mailed_link(product, zoe)
    page.goto(link)
    page.get_by_role("textbox", name="New password").fill(SECOND)
    assert "reset" not in page.url, "what opens the account does not stay in the address bar"
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your new password is set")).to_be_visible()
    give_password(page, zoe, FIRST)
    expect(page.get_by_text("That email and password don't go together.")).to_be_visible()
    sign_in(page, zoe, SECOND)
    heading(page, "Overview")
    page.goto(link)
    expect(page.get_by_text("This link doesn’t work any more.")).to_be_visible()
    assert link.rpartition("=")[2] not in product.log.read_text()


@pytest.mark.parametrize(
    "query",
    [
        "next=https://evil.example/",
        "next=//evil.example",
        "next=/%5Cevil.example",
        "redirect=https:evil.example",
        "next=javascript:alert(1)",
    ],
)
def test_signing_in_leads_to_no_other_place(product: Product, visit: Visit, query: str) -> None:
    tab = Witness(visit().new_page())
    tab.page.goto(f"{product.app_url}/lists?{query}")
    sign_in_form(tab.page)
    sign_in(tab.page, EMAIL, PASSWORD)
    heading(tab.page, "Lists")
    assert urlsplit(tab.page.url)[:3] == urlsplit(f"{product.app_url}/lists")[:3]
    assert tab.hosts == {urlsplit(product.app_url).netloc}


def test_a_path_that_looks_like_another_host_stays_here(product: Product, visit: Visit) -> None:
    tab = Witness(visit().new_page())
    tab.page.goto(f"{product.app_url}//evil.example/lists")
    tab.page.wait_for_load_state("networkidle")
    assert tab.hosts == {urlsplit(product.app_url).netloc}


def mailed_link(product: Product, email: str) -> str:
    """Return the newest link that was mailed to somebody about their account."""

    def look() -> str | None:
        for path in sorted((product.data_dir / "outbox" / "0").glob("*.eml"), key=lambda one: one.stat().st_mtime, reverse=True):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["To"] and email in mail["To"]:
                body = mail.get_body(("plain",))  # type: ignore[attr-defined]
                found = re.search(r"http\S+\?reset=\S+", body.get_content())
                return found.group(0) if found else None
        return None

    return wait_for(look, "the mail with the link")
