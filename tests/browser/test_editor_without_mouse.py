"""The visual editor for people who use no mouse or see little of it: what axe finds, what keys do, what is read out, a finger."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from core.templates.blocks.parts import NAMES
from tests.browser.conftest import Visit
from tests.support.axe import violations
from tests.support.browser import PHONE, heading
from tests.support.canvas import make, parts, row, settled, tile
from tests.support.every_block import import_every_block
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MAIN = "[data-testid=stMain]"


@pytest.fixture
def page(visit: Visit, signed_in: StorageState) -> Page:
    return visit(storage_state=signed_in).new_page()


def sound(page: Page) -> None:
    """Check a page in light and in dark."""
    settled(page)
    expect(page.locator("iframe:not([title])")).to_have_count(0)  # one that is just being put in has none yet
    for scheme, background in (("dark", "rgb(17, 19, 26)"), ("light", "rgb(255, 255, 255)")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", background)
        assert violations(page) == [], scheme


def test_axe_finds_nothing_in_the_editor_whatever_is_chosen(product: Product, page: Page, tmp_path: Path) -> None:
    template = import_every_block(product, tmp_path, "Looked over")
    page.goto(f"{product.app_url}/template?id={template}")
    heading(page, "Looked over")
    expect(page.locator(".stage[data-shown]")).to_be_visible()
    sound(page)
    for name in (*NAMES.values(), "Section 3"):
        row(page, name).first.click()
        settled(page)
        assert violations(page, MAIN) == [], name
    row(page, "Heading").click()
    settled(page)
    for closed in ("Space and background", "Who sees it"):
        page.get_by_text(closed, exact=True).click()
    page.get_by_role("button", name="Colour: ").click()
    expect(page.get_by_role("radio", name="Main colour").or_(page.get_by_role("button", name="Main colour"))).to_be_visible()
    sound(page)
    email = next(one for one in page.frames if "/frames/" in one.url)
    assert violations(email, "body") == []


def test_axe_finds_nothing_where_a_template_is_looked_at(product: Product, page: Page, tmp_path: Path) -> None:
    template = import_every_block(product, tmp_path, "Looked through")
    page.goto(f"{product.app_url}/template?id={template}")
    heading(page, "Looked through")
    page.get_by_role("radio", name="Preview").click()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("heading", name="Worth mending")).to_be_visible()
    sound(page)
    page.get_by_role("radio", name="Dark", exact=True).click()
    email = page.frame_locator("iframe[title='Preview of the email']")
    expect(email.locator("body")).to_have_css("background-color", "rgb(18, 20, 26)")
    # In the frame nothing may run. What somebody writes as code brings its own colours for dark screens, or has none.
    copy = page.context.new_page()
    copy.set_content(email.locator("html").evaluate("one => one.outerHTML"))
    assert [one for one in violations(copy, "body") if "Your own" not in one] == []
    copy.close()
    page.get_by_role("radio", name="Text", exact=True).click()
    expect(page.get_by_test_id("stCode")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Save version").click()
    expect(page.get_by_role("dialog", name="Save version")).to_be_visible()
    sound(page)
    for address, title in (
        (f"template_versions?id={template}", "Versions of Looked through"),
        (f"template_languages?id={template}", "Languages of Looked through"),
        ("pictures", "Pictures"),
        ("brand_kit", "New brand kit"),
    ):
        page.goto(f"{product.app_url}/{address}")
        heading(page, title)
        sound(page)


def test_everything_goes_with_the_keyboard_too(product: Product, page: Page) -> None:
    make(page, product.app_url, "Typed")
    for kind in ("heading", "divider"):
        tile(page, kind).focus()
        page.keyboard.press("Enter")
        settled(page)
    assert parts(page) == ["Header", "Heading “Heading”", "Line", "Footer"]
    row(page, "Line").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".told")).to_contain_text("Line moved up")
    settled(page)
    assert parts(page) == ["Header", "Line", "Heading “Heading”", "Footer"]
    expect(row(page, "Line")).to_be_focused()
    page.keyboard.press("Control+d")
    settled(page)
    assert parts(page).count("Line") == 2
    page.keyboard.press("Delete")
    settled(page)
    page.keyboard.press("Control+z")
    settled(page)
    assert parts(page).count("Line") == 2
    page.keyboard.press("Control+Shift+z")
    settled(page)
    assert parts(page).count("Line") == 1
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Footer")).to_be_visible()


def test_keys_leave_the_focus_where_somebody_works_and_say_what_moved_where(product: Product, page: Page) -> None:
    make(page, product.app_url, "By hand", "heading", "divider")
    bar, told = page.get_by_role("toolbar", name="Chosen part"), page.locator(".told")
    row(page, "Heading").click()
    settled(page)
    bar.get_by_role("button", name="Move down").focus()
    page.keyboard.press("Enter")
    expect(told).to_have_text("Heading moved down, to place 2 of 2 in section 2.")
    expect(bar.get_by_role("button", name="Move down")).to_be_focused()
    bar.get_by_role("button", name="Duplicate").focus()
    page.keyboard.press("Enter")
    expect(told).to_have_text("Heading copied.")
    settled(page)
    expect(bar.get_by_role("button", name="Duplicate")).to_be_focused()
    bar.get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(told).to_have_text("Heading deleted. Undo brings it back.")
    settled(page)
    page.keyboard.press("Control+z")
    expect(told).to_have_text("Undone.")
    settled(page)
    assert parts(page).count("Heading “Heading”") == 2
    row(page, "Line").click()
    expect(page.get_by_role("heading", name="Line")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Preview text")).to_be_visible()
    expect(bar).to_be_hidden()
    expect(page.get_by_role("button", name="Email settings", pressed=True)).to_be_visible()


def test_a_finger_drags_blocks_and_still_scrolls(product: Product, visit: Visit, signed_in: StorageState) -> None:
    page = visit(storage_state=signed_in, viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    make(page, product.app_url, "By finger")
    swipe(page, middle(tile(page, "heading")), middle(page.get_by_text("Drop something here")))
    assert parts(page) == ["Header", "Heading “Heading”", "Footer"]
    tile(page, "text").tap()
    settled(page)
    assert parts(page) == ["Header", "Heading “Heading”", "Text “Write something here.”", "Footer"]
    grip = middle(page.locator(".grip"))
    swipe(page, grip, (grip[0], middle(page.locator(".chosen"))[1] - 90))
    expect(page.locator(".told")).to_have_text("Text moved to place 1 of 2 in section 2.")
    assert parts(page) == ["Header", "Text “Write something here.”", "Heading “Heading”", "Footer"]

    main = page.get_by_test_id("stMain")
    main.evaluate("one => one.scrollTo(0, 0)")
    across, down = middle(page.locator(".chosen"))
    swipe(page, (across, down), (across, down - 150))
    assert main.evaluate("one => one.scrollTop") > 50
    button = middle(tile(page, "button"))
    swipe(page, button, (button[0] - 150, button[1]))
    assert page.locator(".palette").evaluate("one => one.scrollLeft") > 50
    assert parts(page) == ["Header", "Text “Write something here.”", "Heading “Heading”", "Footer"]


def middle(what: Locator) -> tuple[float, float]:
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float], moves: int = 8) -> None:
    """Put a finger down, move it and lift it, as the browser gets it from a screen: it may take the movement for its own scrolling."""
    screen = page.context.new_cdp_session(page)
    for share in range(moves + 1):
        at = {axis: start[number] + (end[number] - start[number]) * share / moves for number, axis in enumerate("xy")}
        screen.send("Input.dispatchTouchEvent", {"type": "touchMove" if share else "touchStart", "touchPoints": [at]})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    screen.detach()
    settled(page)
