"""Finds a Chromium for the browser tests, and brings one where the machine has none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.packages import apt_get

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """Return the path of an installed Chromium, Playwright's own included, or None."""
    installed = next((path for path in map(shutil.which, NAMES) if path), None)
    if installed:
        return installed
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    return bundled if Path(bundled).exists() else None


def install() -> str:
    """Return a Chromium, installing one if need be.

    Raises:
        SystemExit: If none can be had; the browser tests are never skipped.
    """
    found = executable()
    if found:
        return found
    own = [sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]
    if subprocess.run(own, check=False, timeout=900).returncode != 0:
        apt_get("chromium")
    found = executable()
    if not found:
        sys.exit("No Chromium can be had: install the package `chromium` and run `make test` again.")
    return found


if __name__ == "__main__":
    print(f"browser: {install()}")
