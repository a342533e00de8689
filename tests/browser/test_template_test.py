"""A test of what is on the canvas, pressed twice, through a slow mail server: each address gets one copy, and the dialog says so itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EMAIL, PASSWORD, Visit, with_admin
from tests.support.browser import sign_in, wait_idle
from tests.support.canvas import drag, make, settled, tile
from tests.support.mail_server import MailServer, serving
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser apart")]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving() as slow:
        slow.slowness = 2.0
        yield slow


@pytest.fixture
def shop(tmp_path: Path, server: MailServer) -> Iterator[Product]:
    """A product that sends through the server and has two seed addresses."""
    with with_admin(tmp_path / "data") as started:
        settings = (f"{name}={value}" for name, value in {"host": "127.0.0.1", "port": server.port, "security": "none"}.items())
        words = [word for each in settings for word in ("--set", each)]
        started.run("providers", "add", "Server", "--kind", "smtp", "--default", *words)
        for name in ("outlook", "phone"):
            started.run("seeds", "add", f"{name}@example.com")
        yield started


def test_it_goes_to_each_address_once_however_often_it_is_pressed(shop: Product, server: MailServer, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(shop.app_url)
    sign_in(page, EMAIL, PASSWORD)
    make(page, shop.app_url, "Tried")
    drag(page, tile(page, "heading"), page.get_by_text("Drop something here"))
    page.get_by_role("textbox", name="Text", exact=True).fill("Only on the canvas")
    settled(page)

    page.get_by_role("button", name="Send a test").click()
    dialog = page.get_by_role("dialog", name="Send a test")
    dialog.get_by_role("textbox", name="Subject").fill("Look at this")
    dialog.get_by_role("textbox", name="From address").fill("news@example.com")
    wait_idle(page)
    dialog.get_by_role("button", name="Send test").dblclick()
    expect(dialog.get_by_text("You can close this")).to_be_visible()
    expect(dialog.get_by_text("Sent to 2 addresses")).to_be_visible(timeout=30_000)  # nobody presses anything meanwhile
    expect(dialog.get_by_role("button", name="Send test")).to_have_count(0)
    assert sorted(one.rcpt_tos[0] for one in server.received) == ["outlook@example.com", "phone@example.com"]
    assert all(b"Only on the canvas" in one.content for one in server.received)


def test_that_of_a_campaign_too(shop: Product, server: MailServer, visit: Visit, tmp_path: Path) -> None:
    people, letter = tmp_path / "people.csv", tmp_path / "letter.html"
    people.write_text("email\nreader@example.com\n")
    letter.write_text("<p>Hello</p>")
    shop.run("contacts", "import", str(people), "--list", "Readers", "--map", "email=email")
    shop.run("templates", "import", str(letter), "--name", "Letter")
    draft = ("--name", "May", "--subject", "New", "--template", "Letter", "--to", "list:Readers", "--from", "news@example.com")
    shop.run("campaigns", "create", *draft)
    page = visit().new_page()
    page.goto(f"{shop.app_url}/campaign?id=1")
    sign_in(page, EMAIL, PASSWORD)
    wait_idle(page)
    page.get_by_role("button", name="Send test").dblclick()
    expect(page.get_by_text("You can close this")).to_be_visible()
    expect(page.get_by_text("Sent to 2 addresses")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Send test")).to_have_count(0)
    assert sorted(one.rcpt_tos[0] for one in server.received) == ["outlook@example.com", "phone@example.com"]
