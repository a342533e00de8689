"""A real experiment from file to report: everybody imported, two e-mails sent to exactly those who got them, every visit
replayed as a click and every purchase as a conversion through the receiver; the report shows the published totals to the unit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ids import random_name
from tests.journeys import hillstrom
from tests.support import postgres
from tests.support.hillstrom_file import hillstrom_file
from tests.support.product import Product, running
from tests.support.waiting import wait_for

pytestmark = pytest.mark.journey

TEMPLATE = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ contact.email }}, you bought {{ contact.recency }} months ago.</mj-text>
<mj-button href="https://shop.example.com/new">See what is new</mj-button>
</mj-column></mj-section></mj-body></mjml>"""


@pytest.fixture
def real_file() -> Path:
    return hillstrom_file()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with running(tmp_path / "data") as started:
        yield started


def test_a_synthetic_twin_matches_to_the_unit(product: Product, tmp_path: Path) -> None:
    rows = hillstrom.twin_rows()
    _journey(product, tmp_path, rows, hillstrom.totals(rows))


def test_on_postgresql_the_same_journey_is_only_a_url_away(postgres_server: tuple[str, str], tmp_path: Path) -> None:
    rows = hillstrom.twin_rows(300)
    with (
        postgres.database(postgres_server[0], f"journey_{random_name()}") as url,
        running(tmp_path / "data", DATABASE_URL=url) as product,
    ):
        _journey(product, tmp_path, rows, hillstrom.totals(rows))
    assert not (tmp_path / "data" / "app.db").exists()


def test_the_real_experiment_matches_to_the_unit(real_file: Path, product: Product, tmp_path: Path) -> None:
    _journey(product, tmp_path, hillstrom.real_rows(real_file), hillstrom.PUBLISHED)


def _journey(product: Product, tmp_path: Path, rows: list[dict[str, str]], expected: dict[str, hillstrom.ArmTotals]) -> None:
    product.run("users", "add", "owner@example.com", "--role", "admin", "--password-stdin", given="a long pass phrase\n")
    _import(product, tmp_path, rows)
    campaigns = {arm: _send(product, tmp_path, arm) for arm in ("Mens E-Mail", "Womens E-Mail")}
    _replay(product, rows)
    for arm, campaign in campaigns.items():
        _compare(product, campaign, expected[arm])


def _import(product: Product, tmp_path: Path, rows: list[dict[str, str]]) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(hillstrom.as_csv(rows))
    result = product.run("contacts", "import", str(file), "--list", "Customers")
    assert (result["created"], result["refused"]) == (len(rows), 0)


def _send(product: Product, tmp_path: Path, arm: str) -> str:
    template, rules = tmp_path / "template.mjml", tmp_path / "rules.json"
    template.write_text(TEMPLATE)
    rules.write_text(json.dumps({"all": [{"field": "attribute.segment", "operator": "equals", "value": arm}]}))
    product.run("templates", "import", str(template), "--name", "Shop")
    product.run("segments", "create", arm, "--rules", str(rules))
    created = product.run(
        "campaigns", "create", "--name", arm, "--subject", "New this week", "--template", "Shop", "--to", f"segment:{arm}",
        "--from", "shop@example.com", "--track-conversions",
    )  # fmt: skip
    product.run("campaigns", "send", str(created["id"]), "--wait")
    return str(created["id"])


def _replay(product: Product, rows: list[dict[str, str]]) -> None:
    """Click and buy for everybody who did, with the links they really got."""
    active = {row["email"]: row for row in rows if row["visit"] == "1" and row["segment"] != "No E-Mail"}
    reached = set()
    for mail in product.mail():
        row = active.get(mail.to)
        if row is None:
            continue
        reached.add(row["email"])
        link = re.search(rf"{product.public_url}/c/[\w-]+", mail.html())
        assert link, "a message without a tracked link"
        landing = product.http.get(link[0], headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}).headers["location"]
        assert landing.startswith("https://shop.example.com/new?pw=")
        if row["conversion"] == "1":
            token = landing.partition("pw=")[2]
            bought = product.http.post(f"{product.public_url}/e/{token}", data={"value": row["spend"], "currency": "USD"})
            assert bought.status_code == 200, bought.text
    assert reached == set(active)


def _compare(product: Product, campaign: str, expected: hillstrom.ArmTotals) -> None:
    def report() -> dict[str, float]:
        totals: dict[str, float] = product.run("campaigns", "report", campaign)["totals"]
        return totals

    def arrived() -> bool:
        return (report()["unique_clicks"], report()["conversions"]) == (expected.visits, expected.conversions)

    wait_for(arrived, f"{expected.visits} clicks and {expected.conversions} conversions", seconds=60, every=0.5)
    totals = report()
    assert totals["recipients"] == totals["delivered"] == expected.customers
    assert round(totals["revenue"], 2) == expected.spend
    assert totals["bounced"] == totals["unsubscribes"] == totals["uncertain"] == 0
