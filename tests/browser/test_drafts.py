"""Drafts in a browser: what was typed outlives a reload, and is thrown away only after a question."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import heading, wait_idle
from tests.support.canvas import make, parts, settled, tile
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(visit: Visit, signed_in: StorageState) -> Page:
    return visit(storage_state=signed_in).new_page()


def code_template(product: Product, folder: Path, name: str) -> int:
    """Make a template written in HTML; return its number."""
    letter = folder / "letter.html"
    letter.write_text("<p>Summer teas</p>")
    return int(product.run("templates", "import", str(letter), "--name", name)["template_id"])


def source(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Source")


def write(page: Page, words: str) -> None:
    """Write a source and leave the field."""
    source(page).fill(words)
    source(page).press("Tab")
    wait_idle(page)


def discard(page: Page) -> None:
    """Throw the draft away, and answer the question."""
    page.get_by_role("button", name="Discard draft").click()
    dialog = page.get_by_role("dialog", name="Discard this draft?")
    dialog.get_by_role("button", name="Discard draft").click()
    expect(dialog).to_be_hidden()
    wait_idle(page)


def test_a_source_outlives_a_reload_until_it_is_saved_or_thrown_away(product: Product, page: Page, tmp_path: Path) -> None:
    page.goto(f"{product.app_url}/template?id={code_template(product, tmp_path, 'Written by hand')}")
    heading(page, "Written by hand")
    expect(page.get_by_text("Nothing changed yet")).to_be_visible()
    expect(page.get_by_role("button", name="Discard draft")).to_have_count(0)
    write(page, "<p>Autumn {{ teas")
    expect(page.get_by_text("Draft saved")).to_be_visible()

    page.reload()
    heading(page, "Written by hand")
    expect(page.get_by_text("This is the draft that you kept")).to_be_visible()
    expect(source(page)).to_have_value("<p>Autumn {{ teas")
    write(page, "<p>Autumn teas</p>")
    page.get_by_role("button", name="Save version").click()
    expect(page.get_by_text("version 2 ")).to_be_visible()

    page.reload()
    heading(page, "Written by hand")
    expect(source(page)).to_have_value("<p>Autumn teas</p>")
    expect(page.get_by_text("Nothing changed yet")).to_be_visible()
    expect(page.get_by_text("This is the draft")).to_have_count(0)

    write(page, "<p>Winter teas</p>")
    discard(page)
    expect(source(page)).to_have_value("<p>Autumn teas</p>")
    expect(page.get_by_role("button", name="Discard draft")).to_have_count(0)


def test_what_two_tabs_wrote_stays_in_both_until_one_is_chosen(product: Product, page: Page, tmp_path: Path) -> None:
    address = f"{product.app_url}/template?id={code_template(product, tmp_path, 'Written twice')}"
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(address)
        heading(tab, "Written twice")
    write(other, "<p>Theirs</p>")
    write(page, "<p>Mine</p>")
    expect(page.get_by_text("Ada changed this draft")).to_be_visible()
    expect(source(page)).to_have_value("<p>Mine</p>")
    page.get_by_role("button", name="Go on with mine").click()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    expect(source(page)).to_have_value("<p>Mine</p>")

    write(other, "<p>Theirs, longer</p>")
    expect(source(other)).to_have_value("<p>Theirs, longer</p>")
    other.get_by_role("button", name="Load theirs").click()
    expect(source(other)).to_have_value("<p>Mine</p>")


def test_the_draft_of_a_translation_is_thrown_away_after_a_question(product: Product, page: Page, tmp_path: Path) -> None:
    page.goto(f"{product.app_url}/template_languages?id={code_template(product, tmp_path, 'Translated')}")
    heading(page, "Languages of Translated")
    page.get_by_role("button", name="Add a language").first.click()
    dialog = page.get_by_role("dialog", name="Add a language")
    dialog.get_by_role("combobox", name="Language").fill("Deutsch")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog).to_be_hidden()
    write(page, "<p>Herbsttees</p>")
    discard(page)
    expect(page.get_by_text("Only in one language")).to_be_visible()


def test_the_draft_of_blocks_is_thrown_away_where_there_is_one(product: Product, page: Page) -> None:
    make(page, product.app_url, "Thrown away")
    expect(page.get_by_text("Nothing changed yet")).to_be_visible()
    expect(page.get_by_role("button", name="Discard draft")).to_have_count(0)
    tile(page, "divider").click()
    settled(page)
    assert "Line" in parts(page)
    discard(page)
    settled(page)
    assert "Line" not in parts(page)
    expect(page.get_by_role("button", name="Discard draft")).to_have_count(0)
