"""What each role sees in a real browser: its menu, what a link to more than it may leads to, and how somebody comes to have it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from core.permissions import Permission
from core.ui.navigation import PAGES
from tests.browser.conftest import EMAIL, PASSWORD, Visit
from tests.support.browser import choose, heading, sign_in, sign_in_form, wait_idle
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TITLES = """links => links.map(link => {
  const copy = link.cloneNode(true)
  copy.querySelectorAll('[data-testid=stIconMaterial]').forEach(icon => icon.remove())
  return copy.textContent.trim()
})"""
CREATE = ["Campaigns", "Templates", "Pictures", "Brand"]
AUDIENCE = ["Contacts", "Lists", "Forms", "Segments", "Fields and tags", "Suppressions"]
OWN = "Proofreader"  # sees and changes templates, and reads reports


@dataclass(frozen=True)
class Sees:
    """What somebody finds.

    Args:
        role: What they are.
        menu: The titles in their menu.
        refused: The address of a page that is not theirs, and the permission it asks for; "" where every page is.
    """

    role: str
    menu: list[str]
    refused: tuple[str, str] = ("", "")


EVERYTHING = [entry.title for entry in PAGES if not entry.hidden]
ROLES = [
    Sees("Admin", EVERYTHING),
    Sees("Marketer", ["Overview", *CREATE, "Contacts", "Import", *AUDIENCE[1:], "Reports", "Outbox"], ("people", Permission.PEOPLE_MANAGE)),
    Sees("Analyst", ["Overview", *CREATE, *AUDIENCE, "Reports"], ("import_contacts", Permission.CONTACTS_IMPORT)),
    Sees(OWN, ["Templates", "Pictures", "Brand", "Reports"], ("roles", Permission.ROLES_MANAGE)),
]


@pytest.fixture(scope="module")
def own_role(product: Product, signed_in: StorageState, browser: Browser) -> str:
    """A role of the workspace's own, made on its page."""
    context = browser.new_context(storage_state=signed_in)
    page = context.new_page()
    page.goto(f"{product.app_url}/roles")
    heading(page, "Roles")
    page.get_by_role("button", name="New role").click()
    form = page.get_by_role("dialog", name="New role")
    form.get_by_role("textbox", name="Name").fill(OWN)
    for words in ("See templates", "Write and change templates", "See reports"):
        form.get_by_text(words, exact=True).click()
    form.get_by_role("button", name="Make role").click()
    expect(form).to_be_hidden()
    expect(page.get_by_text(OWN, exact=True).first).to_be_visible()
    context.close()
    return OWN


@pytest.mark.parametrize("sees", ROLES, ids=lambda sees: sees.role)
def test_a_role_sees_its_menu_and_is_refused_the_rest(sees: Sees, product: Product, own_role: str, visit: Visit) -> None:
    assert own_role == OWN
    page = as_somebody(product, visit, sees.role)
    address, missing = sees.refused
    assert menu(page) == sees.menu
    if not address:
        return
    page.goto(f"{product.app_url}/{address}")
    expect(page.get_by_text("You can’t open this page")).to_be_visible()
    expect(page.get_by_text(missing)).to_be_visible()
    wait_idle(page)
    assert not page.locator("[data-testid=stMain]").get_by_role("button").count(), "nothing to press on a page that is refused"
    assert menu(page) == sees.menu


def test_whoever_is_invited_chooses_a_password_and_lands_in_their_menu(product: Product, own_role: str, visit: Visit) -> None:
    admin = visit().new_page()
    admin.goto(f"{product.app_url}/people")
    sign_in(admin, EMAIL, PASSWORD)
    link = invite(admin, "grace@example.com", "Grace", own_role)
    context = visit()
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="Join My workspace")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your name")).to_have_value("Grace")
    page.get_by_role("textbox", name="Password").fill("a passphrase for grace")
    page.get_by_role("button", name="Create account").click()
    heading(page, "Templates")
    expect(page.get_by_role("button", name="Grace", exact=True)).to_be_visible()
    assert menu(page) == ["Templates", "Pictures", "Brand", "Reports"]
    assert "invitation" not in page.url
    assert link.partition("=")[2] not in product.log.read_text()
    again = visit().new_page()
    again.goto(link)
    expect(again.get_by_text("This invitation can’t be used.")).to_be_visible()
    again.get_by_role("button", name="Go to sign in").click()
    sign_in_form(again)
    sign_in(again, "grace@example.com", "a passphrase for grace")
    assert menu(again) == ["Templates", "Pictures", "Brand", "Reports"]


def test_an_invitation_opened_by_somebody_else_goes_on_once_they_have_signed_out(product: Product, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(f"{product.app_url}/people")
    sign_in(page, EMAIL, PASSWORD)
    link = invite(page, "hedy@example.com", "Hedy", "Analyst")
    page.goto(link)
    expect(page.get_by_role("heading", name="This invitation is for somebody else")).to_be_visible()
    page.get_by_role("button", name="Sign out and go on").click()
    expect(page.get_by_role("heading", name="Join My workspace")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your name")).to_have_value("Hedy")


def test_whoever_has_an_account_joins_a_further_workspace_by_signing_in(product: Product, visit: Visit) -> None:
    person = "mia@example.com"
    product.run("users", "add", person, "--name", "Mia", "--password-stdin", given=f"{PASSWORD}\n")
    admin = visit().new_page()
    admin.goto(f"{product.app_url}/workspace")
    sign_in(admin, EMAIL, PASSWORD)
    heading(admin, "Workspace")
    admin.get_by_role("button", name="New workspace").click()
    form = admin.get_by_role("dialog", name="New workspace")
    form.get_by_role("textbox", name="Name").fill("North Shore")
    form.get_by_role("button", name="Make workspace").click()
    heading(admin, "Overview")
    expect(admin.get_by_role("combobox", name="Workspace")).to_have_value("North Shore")
    admin.get_by_role("link", name="People", exact=True).click()
    heading(admin, "People")
    link = invite(admin, person, "", "Analyst")
    page = visit().new_page()
    page.goto(link)
    expect(page.get_by_text("You have an account already")).to_be_visible()
    expect(page.get_by_role("textbox", name="Email")).to_have_value(person)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Join workspace").click()
    heading(page, "Overview")
    assert menu(page) == ROLES[2].menu
    assert "invitation" not in page.url
    choose(page, "Workspace", "My workspace")
    expect(page.get_by_role("link", name="Import", exact=True)).to_be_visible()
    assert menu(page) == ROLES[1].menu


def as_somebody(product: Product, visit: Visit, role: str) -> Page:
    """Return a tab of somebody who has this role and signed in."""
    email = f"{role.lower()}-sees@example.com"
    product.run("users", "add", email, "--name", role, "--role", role, "--password-stdin", given=f"{PASSWORD}\n")
    page = visit().new_page()
    page.goto(product.app_url)
    sign_in(page, email, PASSWORD)
    return page


def invite(page: Page, email: str, name: str, role: str) -> str:
    """Invite somebody on the page of people; return the link it shows."""
    heading(page, "People")
    page.get_by_role("button", name="Invite", exact=True).click()
    form = page.get_by_role("dialog", name="Invite somebody")
    form.get_by_role("textbox", name="Email").fill(email)
    form.get_by_role("textbox", name="Name").fill(name)
    form.get_by_text(role, exact=True).click()
    form.get_by_role("button", name="Send invitation").click()
    told = page.get_by_role("dialog", name="Invitation sent")
    link = told.locator("code").inner_text().strip()
    told.get_by_role("button", name="Done").click()
    expect(told).to_be_hidden()
    return link


def menu(page: Page) -> list[str]:
    """Return the titles in the menu, once the page has settled."""
    wait_idle(page)
    titles: list[str] = page.get_by_test_id("stSidebarNavLink").evaluate_all(TITLES)
    return titles
