"""A brand kit is made in a browser and seen by day and by night before it is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FrameLocator, Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import choose, heading
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def preview(page: Page, scheme: str) -> FrameLocator:
    return page.frame_locator(f"iframe[title='Preview on a {scheme} screen']")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_kit_is_seen_by_day_and_by_night_whatever_the_screen_is(
    visit: Visit, signed_in: StorageState, product: Product, scheme: str
) -> None:
    page = visit(storage_state=signed_in, color_scheme=scheme).new_page()
    page.goto(f"{product.app_url}/brand_kits")
    heading(page, "Brand")
    page.get_by_role("button", name="New brand kit").first.click()
    heading(page, "New brand kit")
    page.get_by_role("textbox", name="Name", exact=True).fill(f"Tea by {scheme}")
    page.get_by_role("tab", name="Fonts and buttons").click()
    choose(page, "Headings", "Georgia")
    day = preview(page, "light")
    expect(day.get_by_role("heading", name="A heading in your brand")).to_have_css("font-family", re.compile("Georgia"))
    expect(day.locator("body")).to_have_css("background-color", "rgb(244, 245, 249)")
    page.get_by_text("Dark", exact=True).click()
    night = preview(page, "dark")
    expect(night.locator("body")).to_have_css("background-color", "rgb(18, 20, 26)")
    expect(night.get_by_role("heading", name="A heading in your brand")).to_have_css("color", "rgb(233, 235, 242)")
    page.get_by_role("button", name="Make kit").click()
    heading(page, f"Tea by {scheme}")
    page.goto(f"{product.app_url}/brand_kits")
    heading(page, "Brand")
    expect(page.get_by_role("button", name=f"Tea by {scheme}", exact=True)).to_be_visible()
