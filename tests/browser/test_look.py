"""Every page as people see it: wide and on a phone, in light and in dark, full and empty."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, StorageState, TimeoutError, expect

from core.ui.navigation import PAGES
from tests.browser.conftest import EMAIL, PASSWORD, state_of, with_admin
from tests.support.browser import DESKTOP, PATIENCE, PHONE, choose, profile, sign_in, wait_idle
from tests.support.every_block import import_every_block
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser look")]

# Each page is loaded in the first two looks, and then turned into the other scheme while it is on show.
LOOKS = ((DESKTOP, "light"), (PHONE, "dark"))
OTHER = {"light": "dark", "dark": "light"}
# What pages below a list need to show something; the fields are filled from what the demo made.
FULL = {
    "campaign": ["campaign?id={draft}", "campaign?id={sent}"],
    "template": ["template?id={template}", "template?id={blocks}"],
    "template_versions": ["template_versions?id={template}"],
    "segment": ["segment?id={segment}"],
    "contact": ["contact?id={contact}"],
    "merge_contacts": ["merge_contacts?id={contact}"],
    "campaign_report": ["campaign_report?id={sent}"],
    "outbox": ["outbox", "outbox?mail={mail}"],
}
ADDRESSES = [address for entry in PAGES for address in FULL.get(entry.url_path, [entry.url_path])]
# What a page shows last, where that comes some time after nothing runs for the page any more.
COMES_LATER = {"template?id={blocks}": ".stage[data-shown]"}
QUIET = 0.5  # seconds
BACKGROUND = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 19, 26)"}
# A deep link makes Streamlit's own client look for its server at two addresses, the first of which does not exist.
NOT_OURS = re.compile(r"/\w+/_stcore/(health|host-config)$")
# Whatever can be worked with and whatever is read has to be on the screen, or inside something of its own that scrolls.
OUTSIDE = """() => {
  const scrolls = one => one && one.dataset.testid !== 'stMain'
    && (['auto', 'scroll'].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement))
  const kept = [document.scrollingElement, document.querySelector('[data-testid=stMain]')]
  const wide = kept.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.tagName + ' scrolls sideways')
  const shown = [...document.querySelectorAll('[data-testid=stMain] :is(button, a, input, textarea, h1, h2, h3, h4, p, iframe, img)')]
  const out = shown.filter(one => {
    const box = one.getBoundingClientRect()
    return box.width > 1 && one.checkVisibility() && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(one.parentElement)
  })
  return [...wide, ...out.map(one => one.tagName + ' outside: ' + (one.textContent || one.title || one.ariaLabel))]
}"""
CUT_OFF = """() => [...document.querySelectorAll('[data-testid=stMetricValue] *, [data-testid=stMetricValue]')]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => 'cut off: ' + one.textContent)"""
# A thing to press or fill in whose line has no name in quotes.
NAMELESS = re.compile(r"^\s*- (?:button|link|textbox|searchbox|combobox|checkbox|switch|radio|spinbutton|slider|tab)(?: \[.*\])?:?$", re.M)


@dataclass
class Witness:
    """What a tab did while it was watched.

    Args:
        page: The tab.
    """

    page: Page
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    on_their_way: set[Request] = field(default_factory=set)
    heard: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.page.on("request", self._asked)
        self.page.on("requestfinished", self._answered)
        self.page.on("requestfailed", self._answered)
        self.page.on("websocket", lambda socket: self._note(socket.url))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def forget(self) -> None:
        """Begin anew, with another address."""
        self.hosts.clear()
        self.errors.clear()
        self.on_their_way.clear()

    def wait_quiet(self) -> None:
        """Wait until nothing has been asked for any more for half a second.

        Playwright's own "networkidle" never comes for a page whose frame is loaded after the page had been quiet once, as on a slow
        start: what its driver (1.65) has counted by then is thrown away, and counted again only when the page asks for something else.
        """
        while self.on_their_way or time.monotonic() < self.heard + QUIET:
            with suppress(TimeoutError):  # is listened for only to hear of all others meanwhile
                rest = PATIENCE if self.on_their_way else 1000 * (self.heard + QUIET - time.monotonic())
                self.page.wait_for_event("requestfinished" if self.on_their_way else "request", timeout=max(1, rest))

    def _asked(self, request: Request) -> None:
        self._note(request.url)
        self.on_their_way.add(request)
        self.heard = time.monotonic()

    def _answered(self, request: Request) -> None:
        self.on_their_way.discard(request)
        self.heard = time.monotonic()

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about"):
            self.hosts.add(parts.netloc)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not NOT_OURS.search(said.location["url"]):
            self.errors.append(f"{said.text} ({said.location['url']})")


Seen = tuple[Witness, str]  # a tab, and the scheme it begins each page with


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of its own: in another one's first workspace nothing stays as empty as it is to be looked at here."""
    with with_admin(tmp_path_factory.mktemp("looked-at") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def signed_in(product: Product, browser: Browser) -> StorageState:
    return state_of(product, browser)


@pytest.fixture(scope="module")
def demo(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The demo workspace; what the addresses of its pages need."""
    product.run("demo", "--contacts", "60")
    product.run("domains", "add", "shop.example.com", "--workspace", "Demo")
    campaigns = product.run("campaigns", "list", "--workspace", "Demo")["campaigns"]
    draft = next(one for one in campaigns if one["state"] == "draft")
    sent = next(one for one in campaigns if one["state"] == "sent" and one["audience"]["kind"] == "segment")
    mail = product.run("outbox", "list", "--workspace", "Demo")["mail"]
    found = {"draft": draft["id"], "sent": sent["id"], "template": draft["template_id"], "segment": sent["audience"]["id"]}
    messages = product.run("messages", "list", "--campaign", str(sent["id"]), "--workspace", "Demo")["messages"]
    found["contact"] = messages[0]["contact_id"]
    found["blocks"] = import_every_block(product, tmp_path_factory.mktemp("blocks"), "Every block", "--workspace", "Demo")
    return {name: str(value) for name, value in found.items()} | {"mail": mail[0]["key"]}


@pytest.fixture(scope="module")
def full(product: Product, demo: dict[str, str], browser: Browser) -> Iterator[list[Seen]]:
    """Signed in, in the demo workspace."""
    assert demo
    first = profile(browser)
    page = first.new_page()
    page.goto(product.app_url)
    sign_in(page, EMAIL, PASSWORD)
    choose(page, "Workspace", "Demo")
    expect(page.get_by_text("Everybody in this workspace is made up")).to_be_visible()
    seen = looks(browser, storage_state=first.storage_state())
    first.close()
    yield seen
    close(seen)


@pytest.fixture(scope="module")
def empty(browser: Browser, signed_in: StorageState) -> Iterator[list[Seen]]:
    """A phone, signed in, in a workspace that has nothing yet."""
    size, scheme = LOOKS[1]
    seen = [opened(browser, size, scheme, storage_state=signed_in)]
    yield seen
    close(seen)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_fits_and_asks_nobody_else(address: str, product: Product, demo: dict[str, str], full: list[Seen]) -> None:
    look_at(product, full, address.format(**demo), last=COMES_LATER.get(address, ""))


@pytest.mark.parametrize("address", [entry.url_path for entry in PAGES])
def test_a_page_with_nothing_on_it_fits_a_phone(address: str, product: Product, empty: list[Seen]) -> None:
    look_at(product, empty, address)


def test_the_way_in_fits_and_asks_nobody_else(product: Product, browser: Browser) -> None:
    seen = looks(browser)
    look_at(product, seen, "", title="Sign in")
    close(seen)


def test_an_invitation_fits_and_asks_nobody_else(product: Product, browser: Browser) -> None:
    link = product.run("users", "invite", "somebody.with.a.rather.long.name@a-company-of-some-size.example.com")["link"]
    seen = looks(browser)
    look_at(product, seen, link.removeprefix(f"{product.app_url}/"), title="Join My workspace")
    look_at(product, seen, "?invitation=of-nobody", title="This invitation can’t be used.")
    close(seen)


def looks(browser: Browser, **options: Any) -> list[Seen]:
    return [opened(browser, size, scheme, **options) for size, scheme in LOOKS]


def opened(browser: Browser, size: dict[str, int], scheme: str, **options: Any) -> Seen:
    """Open a tab that goes to one address after the other: a new one for each would read all of the app's scripts anew."""
    return Witness(profile(browser, viewport=size, **options).new_page()), scheme


def close(seen: list[Seen]) -> None:
    for tab, _ in seen:
        tab.page.context.close()


def look_at(product: Product, seen: list[Seen], address: str, title: str = "", last: str = "") -> None:
    """Open an address in all looks at once, and check it in each, in both schemes."""
    for tab, scheme in seen:
        tab.forget()
        tab.page.emulate_media(color_scheme=scheme)
        tab.page.goto(f"{product.app_url}/{address}", wait_until="commit")
    for tab, scheme in seen:
        drawn(tab, title, last)
        check(tab, scheme, product)
        tab.page.emulate_media(color_scheme=OTHER[scheme])
        check(tab, OTHER[scheme], product)


def drawn(tab: Witness, title: str, last: str) -> None:
    expect(tab.page.get_by_role("heading", name=title).first).to_be_visible()
    wait_idle(tab.page)
    if last:
        expect(tab.page.locator(last)).to_be_visible()
    tab.wait_quiet()  # parts that are loaded when they are needed: charts, tables


def check(tab: Witness, scheme: str, product: Product) -> None:
    page = tab.page
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", BACKGROUND[scheme])
    strangers = tab.hosts - {urlsplit(product.app_url).netloc, urlsplit(product.public_url).netloc}
    assert not strangers, f"the page asked {strangers}"
    assert not tab.errors
    assert not page.get_by_test_id("stException").count()
    assert not page.get_by_text("Something went wrong").count()
    assert not page.evaluate(OUTSIDE)
    assert not page.evaluate(CUT_OFF)
    assert not NAMELESS.findall(page.locator("body").aria_snapshot())
