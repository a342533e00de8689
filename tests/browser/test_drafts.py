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
