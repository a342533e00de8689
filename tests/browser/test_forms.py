"""From a form in a frame on somebody's site, without scripts, to a confirmed reader; and what keeps the frame of others empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from html import unescape

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from core.app import Services, build
from core.contacts.consent.consent import ConsentStatus
from core.contacts.forms import SignUpForm
from core.contacts.hosted.design import FormDesign, FormField
from core.contacts.hosted.form_page import frame_snippet, plain_snippet
from core.permissions import Principal
from core.settings import Settings
from tests.browser.conftest import Visit
from tests.support.browser import PHONE
from tests.support.landing import Landing, landing
from tests.support.product import Product
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BY = Principal.system(1)


@pytest.fixture(scope="module")
def services(product: Product) -> Iterator[Services]:
    built = build(Settings.load(data_dir=product.data_dir, public_url=product.public_url))
    yield built
    built.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Landing]:
    with landing() as site:
        yield site


@pytest.fixture(scope="module")
def stranger() -> Iterator[Landing]:
    with landing() as site:
        yield site


@pytest.fixture(scope="module")
def form(services: Services, shop: Landing) -> SignUpForm:
    news = services.lists.create(BY, "News by form")
    services.lists.set_opt_in(BY, news.id, double_opt_in=True, from_email="news@example.com", from_name="Acme")
    asked = (FormField("first_name", "First name"),)
    return services.forms.create(
        BY, "Framed", FormDesign("Get our letter", "I agree to get mail.", (news.id,), fields=asked, sites=(shop.url,), allows_plain=True)
    )


def show(page: Page, site: Landing, html: str) -> None:
    """Show a page of somebody's own site."""
    site.page = f"<!doctype html><meta charset=utf-8><title>Shop</title><h1>Shop</h1>{html}".encode()
    page.goto(site.url)


def fill_in(place: FrameLocator | Page, email: str) -> None:
    place.get_by_label("Email address").fill(email)
    place.get_by_label("First name").fill("Ada")
    place.get_by_label("I agree to get mail.").check()


def mail_to(product: Product, email: str) -> str:
    """Return the link in the mail that asks."""

    def link() -> str:
        for each in product.mail():
            if email in each.to:
                body = message_from_bytes(each.raw, policy=policy.default).get_body(("html",))  # type: ignore[attr-defined]
                found = re.search(r'href="([^"]*/f/confirm/[^"]+)"', str(body.get_content()))
                return unescape(found[1]) if found else ""
        return ""

    return str(wait_for(link, "the mail that asks", seconds=60))


def test_somebody_signs_up_in_a_frame_without_scripts_and_confirms(
    product: Product, visit: Visit, services: Services, form: SignUpForm, shop: Landing
) -> None:
    page = visit(java_script_enabled=False, viewport=PHONE).new_page()
    show(page, shop, frame_snippet(form.form, product.public_url))
    frame = page.frame_locator("iframe")
    fill_in(frame, "ada-by-form@example.com")
    answer = frame.get_by_role("heading", name="Please check your mail")

    def sent() -> bool:
        """Press until it was not too early; a machine would have been as quick."""
        if answer.count():
            return True
        frame.get_by_role("button", name="Subscribe").click()
        expect(frame.get_by_role("alert").or_(answer).first).to_be_visible()
        return bool(answer.count())

    wait_for(sent, "the form to be taken")
    page.goto(mail_to(product, "ada-by-form@example.com"))
    expect(page.get_by_role("heading", name="Confirm your sign-up")).to_be_visible()
    assert standing(services, "ada-by-form@example.com") is ConsentStatus.PENDING
    page.get_by_role("button", name="Confirm").press("Enter")
    expect(page.get_by_role("heading", name="You are signed up")).to_be_visible()
    wait_for(lambda: standing(services, "ada-by-form@example.com") is ConsentStatus.SUBSCRIBED, "the confirmation to count")
    assert services.lists.by_name(BY, "News by form").size == 1


def standing(services: Services, email: str) -> ConsentStatus | None:
    found = services.contacts.find(BY, email)
    return found.consent if found else None


def test_a_site_that_was_not_named_gets_an_empty_frame(product: Product, visit: Visit, form: SignUpForm, stranger: Landing) -> None:
    page = visit().new_page()
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        show(page, stranger, frame_snippet(form.form, product.public_url))
    expect(page.frame_locator("iframe").get_by_label("Email address")).to_have_count(0)


def test_a_form_of_one_s_own_html_is_taken(product: Product, visit: Visit, services: Services, form: SignUpForm, stranger: Landing) -> None:
    page = visit(java_script_enabled=False).new_page()
    show(page, stranger, plain_snippet(form.form, product.public_url))
    fill_in(page, "plain@example.com")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Please check your mail")).to_be_visible()
    wait_for(lambda: standing(services, "plain@example.com") is ConsentStatus.PENDING, "the submission to count")
