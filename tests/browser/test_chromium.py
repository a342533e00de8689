"""The Chromium of these tests is what Playwright makes of it, and less only where we say so."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.support.chromium import LEFT_OUT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_what_playwright_leaves_out_is_left_out_beside_what_we_do(visit: Visit) -> None:
    page = visit().new_page()

    page.goto("chrome://version")

    line = page.locator("#command_line")
    expect(line).to_contain_text("--disable-features=")
    playwrights, ours = ({*names.split(",")} for names in re.findall(r"--disable-features=(\S+)", line.inner_text()))
    assert playwrights <= ours == {*LEFT_OUT}
