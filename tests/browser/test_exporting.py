"""Exporting people in a real browser: choose, press, and the file is there; then it is imported again and changes nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import heading, wait_idle
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_people_are_exported_and_come_back_unchanged(product: Product, signed_in: StorageState, visit: Visit, tmp_path: Path) -> None:
    source = tmp_path / "people.csv"
    source.write_text("email,first_name,note\nzoe@example.com,Zoë,=1+1\nlinus@example.com,Linus,+49 30\n", encoding="utf-8")
    product.run("contacts", "import", str(source), "--list", "Exported")
    page = visit(storage_state=signed_in, accept_downloads=True).new_page()
    page.goto(f"{product.app_url}/contacts?person_list=Exported")
    heading(page, "Contacts")
    page.get_by_role("button", name="Export", exact=False).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Columns")).to_be_visible()
    with page.expect_download() as coming:
        dialog.get_by_role("button", name="Export 2 people").click()
    expect(dialog.get_by_text("Your browser is downloading the file")).to_be_visible()
    file = tmp_path / coming.value.suggested_filename
    coming.value.save_as(file)
    wait_idle(page)
    assert file.name.startswith("contacts-")
    assert "'=1+1" in file.read_text(encoding="utf-8-sig")
    again = product.run("contacts", "import", str(file), "--list", "Exported")
    assert (again["rows"], again["unchanged"], again["refused"]) == (2, 2, 0)
