"""A newcomer's first campaign, with nothing but the mouse and the keyboard: from the set-up code to opens and clicks in the report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EMAIL, PASSWORD, Visit
from tests.support.browser import choose, heading, sign_in, sign_out
from tests.support.landing import Landing, landing
from tests.support.product import Product, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser apart")]

PEOPLE = """Email,First name,Last name,Town
ann@example.com,Ann,Berg,Oslo
bo@example.com,Bo,Li,Lund
not an address,Nobody,,Nowhere
"""
LETTER = """<!doctype html><html lang="en"><head><title>Autumn</title></head><body>
<h1>Hello {{{{ contact.first_name | default('there') }}}}</h1>
<p>The nights draw in. <a href="{shop}/autumn">See the lamps</a></p>
<p><a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></p>
</body></html>"""


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Product]:
    """A product on a fresh machine: nobody can sign in yet."""
    with running(tmp_path / "data") as started:
        yield started


@pytest.fixture
def shop() -> Iterator[Landing]:
    with landing() as site:
        yield site


def test_a_newcomer_sends_a_campaign_and_sees_what_came_of_it(fresh: Product, shop: Landing, visit: Visit, tmp_path: Path) -> None:
    page = visit().new_page()
    page.goto(fresh.app_url)
    set_up(page, fresh.set_up_code())
    sign_out(page, "Ada")
    sign_in(page, EMAIL, PASSWORD)
    import_people(page, tmp_path)
    bring_template(page, tmp_path, shop)
    write_campaign(page)
    send(page)
    open_message(page, "ann@example.com", "Hello Ann")
    click_link(page, shop)
    see_report(page)
    unsubscribe(page, shop)


def set_up(page: Page, code: str) -> None:
    expect(page.get_by_role("heading", name="Set up Postwright")).to_be_visible()
    fill = {"Set-up code": code, "Workspace": "Nordlys", "Your name": "Ada", "Email": EMAIL, "Password": PASSWORD}
    for label, value in fill.items():
        page.get_by_role("textbox", name=label).fill(value)
    page.get_by_role("button", name="Create workspace").click()
    heading(page, "Overview")
    expect(page.get_by_text("0 of 5 steps done")).to_be_visible()


def import_people(page: Page, folder: Path) -> None:
    file = folder / "people.csv"
    file.write_text(PEOPLE)
    menu(page, "Import")
    heading(page, "Import contacts")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    expect(page.get_by_text("people.csv has 3 rows")).to_be_visible()
    page.get_by_role("combobox", name="Put everybody on the list").fill("Newsletter")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Check 3 rows").click()
    expect(page.get_by_text("1 row can’t be imported")).to_be_visible()
    page.get_by_role("button", name="Import 2 people").click()
    expect(page.get_by_text("2 people are on the list")).to_be_visible()


def bring_template(page: Page, folder: Path, shop: Landing) -> None:
    file = folder / "autumn.html"
    file.write_text(LETTER.format(shop=shop.url))
    menu(page, "Templates")
    heading(page, "Templates")
    page.get_by_role("button", name="New template").click()
    dialog = page.get_by_role("dialog", name="New template")
    dialog.get_by_role("radio", name="A file").click()
    dialog.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    dialog.get_by_role("textbox", name="Name").fill("Autumn letter")
    dialog.get_by_role("button", name="Make template").click()
    heading(page, "Autumn letter")
    expect(page.frame_locator("iframe").get_by_role("link", name="See the lamps")).to_be_visible()


def write_campaign(page: Page) -> None:
    menu(page, "Campaigns")
    heading(page, "Campaigns")
    page.get_by_role("button", name="New campaign").first.click()
    heading(page, "New campaign")
    page.get_by_role("textbox", name="Campaign name").fill("Autumn lamps")
    page.get_by_role("textbox", name="Subject").fill("Light for {{ contact.first_name }}")
    choose(page, "Template", "Autumn letter")
    page.get_by_role("textbox", name="From address").fill("news@nordlys.example.com")
    choose(page, "Send to", "Newsletter (list, 2)")
    expect(page.get_by_text("2 people right now")).to_be_visible()
    page.get_by_role("button", name="Save draft").click()
    heading(page, "Autumn lamps")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send now").click()
    question = page.get_by_role("dialog", name="Send this campaign?")
    expect(question).to_contain_text("goes to 2 people")
    question.get_by_role("button", name="Send to 2 people now").click()
    expect(page.get_by_text("2 emails, all settled")).to_be_visible()


def open_message(page: Page, to: str, greeting: str) -> None:
    """Open somebody's message in the outbox; its picture is loaded, which is an open."""
    menu(page, "Outbox")
    heading(page, "Outbox")
    with page.expect_response(lambda answer: "/o/" in answer.url) as pixel:
        page.locator(".st-key-mailbox > div", has_text=to).get_by_role("button").first.click()
    assert pixel.value.ok
    expect(page.frame_locator("iframe").get_by_role("heading", name=greeting)).to_be_visible()


def click_link(page: Page, shop: Landing) -> None:
    before = shop.asked.count("/autumn")
    with follow(page, "See the lamps") as opened:
        expect(opened.get_by_role("heading", name="You have arrived")).to_be_visible()
    assert shop.asked.count("/autumn") == before + 1


def see_report(page: Page) -> None:
    """Find one open and one click in the report and on the overview."""
    menu(page, "Reports")
    heading(page, "Reports")
    page.get_by_role("button", name="Autumn lamps").click()
    heading(page, "Autumn lamps")
    figures(page, {"Delivered": 2, "Unique opens": 1, "Unique clicks": 1, "Unsubscribes": 0})
    menu(page, "Overview")
    heading(page, "Overview")
    figures(page, {"Delivered": 2, "Unique opens": 1, "Unique clicks": 1, "Unsubscribes": 0})
    expect(page.get_by_text("4 of 5 steps done")).to_be_visible()


def unsubscribe(page: Page, shop: Landing) -> None:
    """Looking at the form changes nothing, as the click that came after it proves; its button does what it says."""
    open_message(page, "bo@example.com", "Hello Bo")
    with follow(page, "Unsubscribe") as form:
        expect(form.get_by_role("heading", name="Unsubscribe?")).to_be_visible()
        expect(form.get_by_text("Nordlys").first).to_be_visible()
        click_link(page, shop)
        menu(page, "Reports")
        heading(page, "Reports")
        page.get_by_role("button", name="Autumn lamps").click()
        figures(page, {"Unique opens": 2, "Unique clicks": 2, "Unsubscribes": 0})
        form.get_by_role("button", name="Unsubscribe").click()
        expect(form.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    figures(page, {"Unsubscribes": 1})
    menu(page, "Contacts")
    heading(page, "Contacts")
    choose(page, "Consent", "Unsubscribed")
    expect(page.get_by_text("1 person", exact=True)).to_be_visible()


@contextmanager
def follow(page: Page, link: str) -> Iterator[Page]:
    """Click a link of the message on show; yields the tab it opens."""
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name=link).click()
    yield opened.value
    opened.value.close()


def figures(page: Page, wanted: dict[str, int]) -> None:
    """Wait until these figures are on show; the report draws itself anew every few seconds."""
    for label, figure in wanted.items():
        card = page.get_by_test_id("stMetric").filter(has_text=label)
        expect(card.get_by_test_id("stMetricValue")).to_have_text(str(figure))


def menu(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="App pages").get_by_role("link", name=name, exact=True).click()
