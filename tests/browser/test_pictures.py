"""A picture from a person's disk to an email: uploaded on its page, public at the receiver, shown in the preview of a template."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import heading, upload, wait_idle
from tests.support.product import Product
from tests.templates.images.making import photo, saved

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_uploaded_picture_shows_in_an_email(product: Product, signed_in: StorageState, visit: Visit, tmp_path: Path) -> None:
    page = visit(storage_state=signed_in).new_page()
    page.goto(f"{product.app_url}/pictures")
    heading(page, "Pictures")
    page.get_by_role("button", name="Upload picture").first.click()
    dialog = page.get_by_role("dialog", name="Upload picture")
    chooser = dialog.locator("input[type=file]")

    upload(chooser, "drawing.svg", "image/svg+xml", b"<svg onload='alert(1)'></svg>")
    dialog.get_by_role("button", name="Upload picture").click()
    expect(dialog.get_by_text("This is an SVG drawing.")).to_be_visible()
    upload(chooser, "The lake.jpg", "image/jpeg", saved(photo(), "JPEG"))
    dialog.get_by_label("What it shows").fill("A lake")
    dialog.get_by_role("button", name="Upload picture").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("img", name="A lake")).to_be_visible()

    tile = page.locator("[class*='st-key-pictures_tile_']").filter(has=page.get_by_role("img", name="A lake"))
    tile.get_by_role("button", name="Details").click()
    url = str(page.get_by_role("dialog", name="Picture").get_by_test_id("stCode").inner_text()).strip()
    shown = httpx2.get(url)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")

    source = f'<html><body><p>Hello</p><img src="{url}" alt="A lake"></body></html>'
    letter = tmp_path / "letter.html"
    letter.write_text(source)
    template = product.run("templates", "import", str(letter), "--name", "With a lake")
    page.goto(f"{product.app_url}/template?id={template['template_id']}")
    with page.expect_response(url) as loaded:
        wait_idle(page)
    assert loaded.value.status in {200, 304}
