"""The visual editor at hand: what is worked on is seen, what can be chosen is in sight, and writing begins where somebody points."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import heading, wait_idle
from tests.support.canvas import make, parts, row, settled, tile
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(visit: Visit, signed_in: StorageState) -> Page:
    return visit(storage_state=signed_in).new_page()


def test_writing_begins_in_the_block_that_was_pressed_twice_or_with_enter(product: Product, page: Page) -> None:
    make(page, product.app_url, "Pressed twice", "heading", "text")
    row(page, "Section 1").click()
    settled(page)
    email = page.frame_locator(".stage iframe")

    page.mouse.dblclick(*_middle(email.get_by_text("Write something here.")))
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_be_focused()
    page.keyboard.type("Now with more sun.")

    expect(email.get_by_text("Now with more sun.")).to_be_visible()
    settled(page)
    row(page, "Heading").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Heading", exact=True).first).to_be_visible()
    settled(page)
    expect(row(page, "Heading")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_be_focused()
    page.keyboard.type("Spring is here")
    expect(email.get_by_role("heading", name="Spring is here")).to_be_visible()
    settled(page)
    assert parts(page) == ["Header", "Heading “Spring is here”", "Text “Now with more sun.”", "Footer"]


def test_the_bar_of_what_is_chosen_hides_nothing_from_whoever_works_beside_it(product: Product, page: Page) -> None:
    make(page, product.app_url, "Unhidden", "heading", "text")
    bar, chosen = page.get_by_role("toolbar", name="Chosen part"), page.locator(".chosen")
    title = page.frame_locator(".stage iframe").get_by_role("heading", name="Heading")
    chosen.hover(force=True)
    expect(bar).to_have_css("opacity", "1")
    expect(bar).to_have_text("Text")
    above, begins = bar.bounding_box(), title.evaluate(_END_OF_WORDS)
    stage = page.locator(".stage").bounding_box()
    assert above
    assert stage
    assert above["x"] > stage["x"] + begins * stage["width"] / 640

    page.get_by_role("textbox", name="Text", exact=True).click()

    expect(bar).to_have_css("opacity", "0")
    row(page, "Text").focus()
    expect(bar).to_have_css("opacity", "1")


def test_all_that_can_be_put_in_and_every_layout_is_in_sight(product: Product, page: Page) -> None:
    make(page, product.app_url, "In sight")
    tile(page, "1-1").click()
    settled(page)
    assert page.locator(".palette").evaluate("one => one.scrollHeight - one.clientHeight") <= 0
    layouts = page.get_by_role("radiogroup", name="Layout")
    wait_idle(page)
    assert layouts.get_by_role("radio").count() == page.locator(".tiles[aria-label=Sections] .tile").count()
    assert layouts.evaluate("one => one.scrollWidth - one.clientWidth") <= 0


def test_a_merge_field_shows_what_is_said_to_those_without_it_and_languages_lead_back(product: Product, page: Page) -> None:
    make(page, product.app_url, "Falling back")
    tile(page, "text").click()
    settled(page)
    page.get_by_role("textbox", name="Text", exact=True).fill("Dear ")
    expect(page.frame_locator(".stage iframe").get_by_text("Dear")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Field", exact=True).click()
    page.get_by_placeholder("If not known").fill("friend")
    page.get_by_role("button", name="Insert", exact=True).click()
    settled(page)
    expect(page.locator(".pw-rich-chip")).to_have_text("First name, else “friend”")
    expect(row(page, "Text “Dear (first name)”")).to_be_visible()

    page.get_by_role("link", name="Languages", exact=True).click()
    heading(page, "Languages of Falling back")
    page.get_by_role("button", name="Open template").click()

    heading(page, "Falling back")
    expect(row(page, "Text “Dear (first name)”")).to_be_visible()


def test_one_writes_on_before_after_and_between_merge_fields_and_takes_them_out(product: Product, page: Page) -> None:
    make(page, product.app_url, "Greeting")
    tile(page, "text").click()
    settled(page)
    email, words = page.frame_locator(".stage iframe"), page.get_by_role("textbox", name="Text", exact=True)
    words.fill("")
    for said in ("Alex", "Alex Alex"):
        page.get_by_role("button", name="Field", exact=True).click()
        page.get_by_role("button", name="Insert", exact=True).click()
        expect(email.get_by_text(said, exact=True)).to_be_visible()
    page.reload()
    heading(page, "Greeting")
    row(page, "Text").click()
    settled(page)

    words.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    page.keyboard.press("Control+Home")
    page.keyboard.type("Dear ")

    expect(email.get_by_text("Dear Alex Alex!", exact=True)).to_be_visible()
    page.keyboard.press("Control+End")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(email.get_by_text("Dear Alex", exact=True)).to_be_visible()
    settled(page)
    assert "\u200b" not in email.locator("body").inner_text()


def test_what_is_said_of_an_unknown_reader_moves_nothing(product: Product, page: Page) -> None:
    make(page, product.app_url, "Unknown reader")
    page.get_by_role("radio", name="Preview").click()
    reader = page.get_by_role("searchbox", name="Preview as")
    expect(page.locator("iframe[title='Preview of the email']")).to_be_visible()
    wait_idle(page)
    before = reader.bounding_box()
    assert before

    reader.fill("x")
    reader.press("Enter")

    expect(page.get_by_text("No contact has the address x")).to_be_visible()
    wait_idle(page)
    after = reader.bounding_box()
    assert after
    assert (after["x"], after["y"]) == (before["x"], before["y"])


# Where the words of an element end, in the pixels of the email.
_END_OF_WORDS = "one => { const words = document.createRange(); words.selectNodeContents(one); return words.getBoundingClientRect().right }"


def _middle(inside: Locator) -> tuple[float, float]:
    box = inside.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
