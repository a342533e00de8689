"""Signing in with an identity provider, in a real browser and with a real provider: there, back, out, and everything that is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from core.app import build
from core.permissions import Principal, Role
from core.settings import Settings
from tests.browser.conftest import EMAIL, PASSWORD, Visit, with_admin
from tests.support.browser import heading, sign_in, sign_in_form, sign_out
from tests.support.identity_provider import IdentityProvider, identity_provider
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser apart")]

PROVIDERS_COOKIE = "_streamlit_user"
NOBODY = "Nobody signs in here with this account."
LATE = "This sign-in is too old or was used before."
MO = "mo@example.com"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as started:
        started.add("ada-1", EMAIL, "Ada Lovelace")
        started.add("mo-1", MO, "Mo Marketer")
        started.add("eve-1", "eve@elsewhere.example", "Eve Elsewhere")
        started.add("una-1", EMAIL, "Una Unverified", verified=False)
        yield started


@pytest.fixture(scope="module")
def trusting(provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that believes the provider; Ada is its admin, Mo a marketer."""
    with with_admin(tmp_path_factory.mktemp("trusting") / "data", **provider.settings) as started:
        started.run("users", "add", MO, "--name", "Mo", "--role", "marketer", "--password-stdin", given=f"{PASSWORD}\n")
        yield started


@pytest.fixture(autouse=True)
def as_before(provider: IdentityProvider) -> Iterator[None]:
    yield
    provider.is_down = False
    provider.claims = {}


def test_a_deep_link_survives_the_way_to_the_provider_and_back(trusting: Product, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(f"{trusting.app_url}/reports?days=7")
    continue_as(page, "Mo Marketer")
    heading(page, "Reports")
    assert page.url == f"{trusting.app_url}/reports?days=7"
    menu = page.get_by_test_id("stSidebarNav")
    expect(menu.get_by_role("link", name="Campaigns")).to_be_visible()
    expect(menu.get_by_role("link", name="Connections")).to_have_count(0)
    assert names(page.context) == {"__Host-sid", "_streamlit_xsrf"}, "what the provider said is forgotten, our session is kept"


def test_signing_out_is_not_undone_by_loading_the_page_again(trusting: Product, provider: IdentityProvider, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(trusting.app_url)
    continue_as(page, "Ada Lovelace")
    heading(page, "Overview")
    sign_out(page, "Ada")
    asked = list(provider.asked)
    page.reload()
    sign_in_form(page)
    page.goto(f"{trusting.app_url}/lists")
    sign_in_form(page)
    assert provider.asked == asked
    assert not [name for name in names(page.context) if name.startswith(PROVIDERS_COOKIE)]


def test_a_copy_of_the_providers_word_signs_nobody_in_again(trusting: Product, visit: Visit) -> None:
    page = visit().new_page()
    given: list[str] = []
    page.on("response", lambda answer: given.extend(cookies_of(answer)) if "/oauth2callback" in answer.url else None)
    page.goto(trusting.app_url)
    continue_as(page, "Ada Lovelace")
    heading(page, "Overview")
    [copied] = [one for one in given if one.startswith(f"{PROVIDERS_COOKIE}=")]
    assert "Max-Age=120" in copied
    assert "HttpOnly" in copied
    assert not [one for one in given if one.startswith(f"{PROVIDERS_COOKIE}_tokens") and "Max-Age=0" not in one]
    sign_out(page, "Ada")
    name, value = copied.partition(";")[0].split("=", 1)
    page.context.add_cookies([{"name": name, "value": value, "url": trusting.app_url}])
    page.goto(trusting.app_url)
    sign_in_form(page)
    expect(page.get_by_text(LATE)).to_be_visible()


def test_an_old_assertion_is_refused_and_the_password_still_works(trusting: Product, provider: IdentityProvider, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(f"{trusting.app_url}/lists")
    provider.claims = {"iat": int(time.time()) - 3600}
    continue_as(page, "Ada Lovelace")
    expect(page.get_by_text(LATE)).to_be_visible()
    sign_in_form(page)
    sign_in(page, EMAIL, PASSWORD)
    heading(page, "Lists")
    assert not [name for name in names(page.context) if name.startswith(PROVIDERS_COOKIE)]


def test_whoever_is_unknown_or_was_let_go_reads_the_same_words(trusting: Product, provider: IdentityProvider, visit: Visit) -> None:
    trusting.run("users", "add", "dan@example.com", "--name", "Dan", "--role", "analyst", "--password-stdin", given=f"{PASSWORD}\n")
    trusting.run("users", "disable", "dan@example.com")
    provider.add("dan-1", "dan@example.com", "Dan Disabled")
    for name in ("Eve Elsewhere", "Dan Disabled"):
        page = visit().new_page()
        page.goto(trusting.app_url)
        continue_as(page, name)
        expect(page.get_by_text(NOBODY)).to_be_visible()
        sign_in_form(page)
        assert "__Host-sid" not in names(page.context)


def test_an_address_the_provider_has_not_confirmed_opens_nothing(trusting: Product, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(trusting.app_url)
    continue_as(page, "Una Unverified")
    expect(page.get_by_text("Your provider doesn’t confirm your email address.")).to_be_visible()
    assert "__Host-sid" not in names(page.context)


def test_saying_no_at_the_provider_leads_back_to_the_form(trusting: Product, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(f"{trusting.app_url}/reports?days=7")
    press(page)
    page.get_by_role("link", name="No, thank you").click()
    sign_in_form(page)
    expect(page.get_by_text("You did not sign in there.")).to_be_visible()
    expect(page).to_have_url(f"{trusting.app_url}/reports?days=7")


def test_a_provider_that_does_not_answer_is_said_so(trusting: Product, provider: IdentityProvider, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(f"{trusting.app_url}/lists")
    provider.is_down = True
    press(page)
    expect(page.get_by_text("Your identity provider doesn’t answer.")).to_be_visible()
    expect(page).to_have_url(f"{trusting.app_url}/lists")
    provider.is_down = False
    continue_as(page, "Ada Lovelace")
    heading(page, "Lists")


@pytest.mark.parametrize(
    "query", ["code=made-up&state=made-up", "code=made-up", "state=made-up", "", "code=%00&state=%0d%0aSet-Cookie:a=b"]
)
def test_a_forged_answer_of_the_provider_is_refused_in_words(trusting: Product, visit: Visit, query: str) -> None:
    page = visit().new_page()
    answer = page.goto(f"{trusting.app_url}/oauth2callback?{query}")
    assert answer is not None
    assert answer.status == 200
    sign_in_form(page)
    expect(page.get_by_text("This sign-in was not finished.")).to_be_visible()
    assert "__Host-sid" not in names(page.context)
    assert "Traceback" not in page.content() + trusting.log.read_text()


def test_an_answer_meant_for_another_browser_is_refused(trusting: Product, provider: IdentityProvider, visit: Visit) -> None:
    """Whoever sends somebody their own answer must not have them work in an account that is not theirs."""
    attacker = visit().new_page()
    attacker.goto(trusting.app_url)
    sign_in_form(attacker)
    press(attacker)
    choice = attacker.get_by_role("link", name="Mo Marketer").get_attribute("href")
    meant_for_them = attacker.request.get(f"{provider.url}{choice}", max_redirects=0).headers["location"]
    assert meant_for_them.startswith(f"{trusting.app_url}/oauth2callback?code=")
    victim = visit().new_page()
    victim.goto(meant_for_them)
    sign_in_form(victim)
    expect(victim.get_by_text("This sign-in was not finished.")).to_be_visible()
    assert "__Host-sid" not in names(victim.context)


def test_somebody_invited_may_come_by_the_provider(trusting: Product, provider: IdentityProvider, visit: Visit) -> None:
    provider.add("grace-1", "grace@example.com", "Grace Hopper")
    page = visit().new_page()
    page.goto(invitation(trusting, "grace@example.com"))
    expect(page.get_by_role("textbox", name="Password")).to_be_visible()
    continue_as(page, "Grace Hopper")
    heading(page, "Overview")
    assert page.url == f"{trusting.app_url}/"
    expect(page.get_by_role("button", name="Grace Hopper", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link", name="People")).to_have_count(0)


def test_whoever_has_a_second_factor_here_is_asked_for_it(trusting: Product, provider: IdentityProvider, visit: Visit) -> None:
    trusting.run("users", "add", "tom@example.com", "--name", "Tom", "--role", "analyst", "--password-stdin", given=f"{PASSWORD}\n")
    provider.add("tom-1", "tom@example.com", "Tom Twofold")
    app = authenticator(trusting, "tom@example.com")
    page = visit().new_page()
    page.goto(f"{trusting.app_url}/lists")
    continue_as(page, "Tom Twofold")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.reload()
    sign_in_form(page)  # half a sign-in is none: the provider's word is used up
    continue_as(page, "Tom Twofold")
    page.get_by_role("textbox", name="Code").fill(app.at(int(time.time()) + 30))
    page.get_by_role("button", name="Go on").click()
    heading(page, "Lists")


def test_the_frameworks_own_way_out_is_closed(trusting: Product, visit: Visit) -> None:
    answer = visit().request.get(f"{trusting.app_url}/auth/logout", max_redirects=0)
    assert answer.status == 404


def test_the_providers_secret_is_nowhere_to_be_found(trusting: Product, provider: IdentityProvider) -> None:
    secret = provider.settings["OIDC_CLIENT_SECRET"].encode()
    holding = [path.name for path in trusting.data_dir.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert holding == []


def press(page: Page) -> None:
    page.get_by_role("button", name="Continue with Example ID").click()


def continue_as(page: Page, name: str) -> None:
    """Go to the provider and say who one is there."""
    press(page)
    page.get_by_role("link", name=name).click()


def invitation(product: Product, email: str) -> str:
    """Invite somebody as an analyst, as whoever runs the server; return the link in their mail."""
    services = build(Settings.load(data_dir=product.data_dir, app_url=product.app_url))
    first = services.workspaces.first()
    assert first is not None
    link = services.invitations.invite(Principal.system(first.id), email, "", Role.ANALYST).link
    services.close()
    return link


def authenticator(product: Product, email: str) -> pyotp.TOTP:
    """Turn somebody's second factor on; return what their authenticator app is."""
    services = build(Settings.load(data_dir=product.data_dir, app_url=product.app_url))
    first = services.workspaces.first()
    assert first is not None
    [person] = [one for one in services.people.all(Principal.system(first.id)) if one.email == email]
    by = services.people.principal(person.id, first.id)
    app = pyotp.TOTP(services.two_factor.begin(by).secret)
    services.two_factor.confirm(by, app.now())
    services.close()
    return app


def names(context: BrowserContext) -> set[str]:
    return {str(one["name"]) for one in context.cookies()}


def cookies_of(answer: Response) -> list[str]:
    return [one["value"] for one in answer.headers_array() if one["name"].lower() == "set-cookie"]
