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
# What Playwright leaves out (its release 1.65; Chromium goes by the last list it is given), and what no test looks at: the popup below
# the address bar is a page of its own, which each window loads in two forms. That took two fifths of all that Chromium did here.
LEFT_OUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
ARGUMENTS.append(f"--disable-features={','.join(LEFT_OUT)}")


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
