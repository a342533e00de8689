"""A Chromium and a running product for the tests here; each test gets its own tabs, and a picture of them where it fails.

The tests are in three groups, which other processes may run at the same time, each with its own Chromium and its own products:

- "browser": what people do in the one product of the package; every test brings what it needs and minds nothing that is there;
- "browser look": each page as it looks, in a product that nobody has used;
- "browser apart": tests that start a product of their own anyway, since they need it fresh or set up differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, StorageState

from tests.support import browser as hands
from tests.support.product import Product, running

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"

Visit = Callable[..., BrowserContext]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with hands.launch() as chromium:
        yield chromium


@contextmanager
def with_admin(data_dir: Path, **settings: str) -> Iterator[Product]:
    """Yield a product that has its first admin already."""
    with running(data_dir, **settings) as started:
        started.run("users", "add", EMAIL, "--name", "Ada", "--role", "admin", "--password-stdin", given=f"{PASSWORD}\n")
        yield started


def state_of(product: Product, browser: Browser) -> StorageState:
    """Sign the admin in; return what their browser keeps."""
    context = hands.profile(browser)
    page = context.new_page()
    page.goto(product.app_url)
    hands.sign_in(page, EMAIL, PASSWORD)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that has its first admin already."""
    with with_admin(tmp_path_factory.mktemp("product") / "data") as started:
        yield started


@pytest.fixture(scope="package")
def signed_in(product: Product, browser: Browser) -> StorageState:
    """What a browser keeps once the admin has signed in; for tests that neither sign out nor leave the first workspace."""
    return state_of(product, browser)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open a fresh browser profile; closed with all its tabs when the test is over."""
    opened: list[BrowserContext] = []

    def profile(**options: Any) -> BrowserContext:
        opened.append(hands.profile(browser, **options))
        return opened[-1]

    yield profile
    for context in opened:
        context.close()


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path, browser: Browser) -> tuple[Path, Browser]:
    """Where pictures of a failure go, and of what."""
    return tmp_path, browser


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    """Add to a failure's message where the pictures of the open tabs are."""
    try:
        return (yield)
    except Exception as error:
        if "pictures" in pyfuncitem.funcargs:
            folder, browser = pyfuncitem.funcargs["pictures"]
            try:
                error.add_note("\n".join(f"screenshot: {path}" for path in hands.photograph(browser, folder)))
            except Error as unseen:
                error.add_note(f"no screenshot: {unseen}")
        raise
