"""Drafts in a browser: what was done is thrown away only after a question."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import wait_idle
from tests.support.canvas import make, parts, settled, tile
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(visit: Visit, signed_in: StorageState) -> Page:
    return visit(storage_state=signed_in).new_page()


def discard(page: Page) -> None:
    """Throw the draft away, and answer the question."""
    page.get_by_role("button", name="Discard draft").click()
    dialog = page.get_by_role("dialog", name="Discard this draft?")
    dialog.get_by_role("button", name="Discard draft").click()
    expect(dialog).to_be_hidden()
    wait_idle(page)


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
