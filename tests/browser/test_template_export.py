"""A template is taken out as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import heading, wait_idle
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_template_is_taken_out_as_a_file_and_only_then_the_log_says_so(
    visit: Visit, product: Product, signed_in: StorageState, tmp_path: Path
) -> None:
    (tmp_path / "letter.html").write_text("<p>Tea</p>")
    product.run("templates", "import", str(tmp_path / "letter.html"), "--name", "Tea letter")
    page = visit(storage_state=signed_in).new_page()
    page.goto(f"{product.app_url}/templates?template_search=Tea+letter")
    heading(page, "Templates")

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
