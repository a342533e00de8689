"""A mistake in a template is found by comparing two versions, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from core.templates.blocks import editing
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from tests.support.browser import heading, profile, wait_idle
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(browser: Browser, product: Product, signed_in: StorageState, tmp_path: Path) -> Iterator[Page]:
    """The library, with a template of two versions: the second lost its button."""
    heading_block = new_block(BlockKind.HEADING, text="Spring teas")
    button = new_block(BlockKind.BUTTON, text="See them", url="https://shop.example.com/")
    first = Document(sections=(new_section("1", heading_block, button),))
    second = editing.change(editing.remove(first, button.id), heading_block.id, text="Autumn teas")
    for number, document in enumerate((first, second)):
        file = tmp_path / f"{number}.json"
        file.write_text(document.as_json())
        product.run("templates", "import", str(file), "--name", "Tea letter", "--note", ("All is well", "In a hurry")[number])
    context = profile(browser, storage_state=signed_in)
    tab = context.new_page()
    tab.goto(f"{product.app_url}/templates?template_search=Tea+letter")
    heading(tab, "Templates")
    yield tab
    context.close()


def test_two_versions_are_compared_and_the_better_one_comes_back(page: Page, product: Product) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Versions and use").click()
    heading(page, "Versions of Tea letter")
    old, new = (page.frame_locator(f"iframe[title='Version {number} of the email']") for number in (1, 2))
    expect(old.get_by_text("Spring teas")).to_be_visible()
    expect(old.get_by_text("See them")).to_be_visible()
    expect(new.get_by_text("Autumn teas")).to_be_visible()
    assert old.get_by_text("See them").evaluate("one => getComputedStyle(one.closest('[class*=pwb-]')).outlineStyle") == "dotted"
    for number in (1, 2):  # no script of an email runs, and none reaches the app
        sandbox = page.locator(f"iframe[title='Version {number} of the email']").get_attribute("sandbox") or ""
        assert "allow-scripts" not in sandbox and "allow-same-origin" not in sandbox
    page.get_by_role("radio", name="What changed").click()
    expect(page.get_by_text("Button “See them”")).to_be_visible()
    expect(page.get_by_text("Text: “Spring teas” became “Autumn teas”")).to_be_visible()
    wait_idle(page)
    assert "comparison=What" in page.url and "from=1" in page.url
    page.get_by_role("button", name="Restore", exact=True).click()
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_text("Version 1 restored").first).to_be_visible()
    expect(page.get_by_text("Version 3").first).to_be_visible()
    listed = product.run("templates", "list", "--search", "Tea letter")["templates"]
    assert [(one["name"], one["version"]) for one in listed] == [("Tea letter", 3)]
    assert "See them" in json.dumps(product.run("templates", "render", "Tea letter"))


def test_a_template_is_taken_out_as_a_file_and_only_then_the_log_says_so(page: Page, product: Product) -> None:
    def taken_out() -> int:
        return [row["action"] for row in product.run("audit", "list")["entries"]].count("template.exported")

    before = taken_out()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Export").click()
    button = page.get_by_role("button", name="Download Tea-letter.template.json")
    expect(button).to_be_visible()
    wait_idle(page)
    assert taken_out() == before
    with page.expect_download() as downloading:
        button.click()
    assert json.loads(downloading.value.path().read_text())["name"] == "Tea letter"
    assert taken_out() == before + 1
