"""A full import as a person does one: columns, a look at what would change, the rows left out as a file, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import PHONE, choose, heading, wait_idle
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

KNOWN = "email,first_name,town\ngrace.bergen@example.com,Grace,Oslo\n"
PEOPLE = """Kontakt;Vorname;Wohnort;Seit;Notiz
zoe.berlin@example.com;Zoë;Berlin;03/04/2026;"über zwei
Zeilen"
grace.bergen@example.com;Grace;Bergen;05/06/2026;
info@reisen.example.com;Team;Rom;07/08/2026;
kein Mensch;Niemand;Nirgends;01/01/2026;
"""


@pytest.fixture
def tab(product: Product, visit: Visit, signed_in: StorageState, tmp_path: Path) -> Page:
    before = tmp_path / "before.csv"
    before.write_text(KNOWN)
    product.run("contacts", "import", str(before), "--list", "Friends")
    page = visit(storage_state=signed_in).new_page()
    page.goto(f"{product.app_url}/import_contacts")
    heading(page, "Import contacts")
    return page


def test_a_file_is_matched_looked_at_imported_and_taken_back(product: Product, tab: Page, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(PEOPLE.encode("cp1252"))
    tab.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    expect(tab.get_by_text("people.csv has 4 rows")).to_be_visible()
    expect(tab.get_by_text("it was read as Windows-1252")).to_be_visible()
    match(tab)
    look(tab)
    tab.get_by_role("button", name="Import 3 people").click()
    expect(tab.get_by_text("3 people are on the list")).to_be_visible()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download 1 left-out row").click()
    refused = download.value.path().read_text("utf-8-sig")
    assert "kein Mensch" in refused
    assert refused.startswith("line,reason,Kontakt")
    exported = tmp_path / "out.csv"
    product.run("contacts", "export", "-o", str(exported))
    assert "zoe.berlin@example.com" in exported.read_text()
    assert "2026-04-03" in exported.read_text()
    assert "Bergen" in exported.read_text()
    take_back(tab)
    product.run("contacts", "export", "-o", str(exported))
    assert "zoe.berlin@example.com" not in exported.read_text()
    assert "Bergen" not in exported.read_text()
    assert "Oslo" in exported.read_text()


def match(tab: Page) -> None:
    choose(tab, "What “Vorname” is", "First name")
    choose(tab, "What “Wohnort” is", "Field “town”")
    choose(tab, "What “Notiz” is", "Leave out")
    tab.get_by_role("combobox", name="Put everybody on the list").fill("Leser")
    tab.keyboard.press("Enter")
    wait_idle(tab)
    tab.get_by_role("button", name="Check 4 rows").click()
    expect(tab.get_by_text("“Seit” can be read in several ways")).to_be_visible()
    choose(tab, "What “Seit” holds", "Date, 22/11/2026 (DD/MM/YYYY)")
    tab.get_by_role("button", name="Check 4 rows").click()


def look(tab: Page) -> None:
    expect(tab.get_by_text("Nothing is changed yet")).to_be_visible()
    expect(tab.get_by_text("What changes about people you have")).to_be_visible()
    expect(tab.get_by_text("1 row can’t be imported")).to_be_visible()
    expect(tab.get_by_text("1 unusual address")).to_be_visible()


def take_back(tab: Page) -> None:
    tab.get_by_role("button", name="Take it back").click()
    question = tab.get_by_role("dialog", name="Take this import back?")
    expect(question).to_contain_text("The 2 people it added go again")
    question.get_by_role("button", name="Take it back").click()
    expect(tab.get_by_text("2 people are gone again")).to_be_visible()
    tab.get_by_role("button", name="Import another file").click()
    expect(tab.get_by_text("Taken back", exact=True)).to_be_visible()


def test_a_phone_shows_an_import_without_scrolling_sideways(
    product: Product, visit: Visit, signed_in: StorageState, tmp_path: Path
) -> None:
    page = visit(storage_state=signed_in, viewport=PHONE).new_page()
    page.goto(f"{product.app_url}/import_contacts")
    heading(page, "Import contacts")
    file = tmp_path / "people.csv"
    file.write_text("email,first_name\nann@example.com,Ann\n")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    expect(page.get_by_text("people.csv has 1 row")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
