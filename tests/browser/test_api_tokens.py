"""A token's life as somebody lives it: made on its page, copied, used by a program, and ended."""

from __future__ import annotations

import httpx2
import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Visit
from tests.support.browser import heading
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_token_works_from_when_it_is_copied_until_it_is_revoked(product: Product, visit: Visit, signed_in: StorageState) -> None:
    context = visit(storage_state=signed_in)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{product.app_url}/api_tokens")
    heading(page, "API tokens")
    page.get_by_role("button", name="Create token").click()
    form = page.get_by_role("dialog", name="Create an API token")
    form.get_by_role("textbox", name="Name").fill("Till at the market")
    form.get_by_role("button", name="Create token").click()
    made = page.get_by_role("dialog", name="Your new token")
    code = made.get_by_test_id("stCode").first
    code.hover()
    code.get_by_role("button").click()
    token = page.evaluate("() => navigator.clipboard.readText()")
    assert token == code.locator("code").inner_text().strip()
    assert asks(product, token).json()["name"] == "Ada"
    made.get_by_role("button", name="I have copied it").click()
    expect(made).to_have_count(0)
    assert token.split("_", 2)[2] not in page.content(), "shown once"

    number = token.split("_")[1]
    page.locator(f".st-key-token_{number}").get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog", name="Revoke this token?").get_by_role("button", name="Revoke token").click()
    expect(page.locator(f".st-key-token_{number}")).to_have_count(0)
    assert asks(product, token).status_code == 401


def asks(product: Product, token: str) -> httpx2.Response:
    return product.http.get(f"{product.app_url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
