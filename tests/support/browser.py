"""A real Chromium, and what every person does with the app in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.support.chromium import ARGUMENTS, executable

PATIENCE = 20_000  # milliseconds; what is waited for comes far sooner, but the machine may be busy with other tests
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
IDLE = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"


@contextmanager
def launch() -> Iterator[Browser]:
    """Yield a Chromium without a window."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield browser
        browser.close()


def profile(browser: Browser, **options: Any) -> BrowserContext:
    """Return a fresh browser profile that announces itself as a person's Chromium does.

    Args:
        browser: The Chromium.
        options: As for Playwright's `new_context`, for example a viewport.
    """
    # A headless Chromium says so in its user agent, and whoever says so is rightly counted as a machine.
    version = browser.version.partition(".")[0]
    agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    context = browser.new_context(**{"user_agent": agent, "viewport": DESKTOP, "locale": "en-GB"} | options)
    context.set_default_timeout(PATIENCE)
    return context


def heading(page: Page, name: str) -> None:
    """Wait until a page with this title is on show and nothing runs for it any more."""
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    wait_idle(page)


def wait_idle(page: Page) -> None:
    """Wait until nothing runs for this page."""
    page.wait_for_selector(IDLE)


def choose(page: Page, label: str, option: str) -> None:
    """Open a choice and take one of its options; a page still being drawn would close the choice again, and so does scrolling."""
    wait_idle(page)
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box.click()
    page.get_by_role("option", name=option, exact=True).click()


def upload(chooser: Locator, name: str, media_type: str, data: bytes) -> None:
    """Choose a file, and wait until the app has it: a form that is sent before says that there is none."""
    with chooser.page.expect_response(lambda answer: "/upload_file/" in answer.url and answer.request.method == "PUT"):
        chooser.set_input_files({"name": name, "mimeType": media_type, "buffer": data})
    wait_idle(chooser.page)


def sign_in_form(page: Page) -> None:
    """Wait until the sign-in form is on show, and nothing that only somebody signed in may see."""
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("textbox", name="Password")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the sign-in form that is on show, and wait for the menu."""
    page.get_by_role("textbox", name="Email").fill(email)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("stSidebarNav")).to_be_attached()


def sign_out(page: Page, name: str) -> None:
    """Leave through the person's menu, and wait for the sign-in form."""
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    sign_in_form(page)


def photograph(browser: Browser, folder: Path) -> list[Path]:
    """Keep a picture of every open tab; return the files."""
    kept = []
    for number, page in enumerate(page for context in browser.contexts for page in context.pages):
        path = folder / f"tab-{number}.png"
        page.screenshot(path=path, timeout=5_000)
        kept.append(path)
    return kept
