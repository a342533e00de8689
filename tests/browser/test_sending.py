"""A campaign on its way through a slow mail server: watched, paused, resumed, and then everybody is accounted for."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EMAIL, PASSWORD, Visit, with_admin
from tests.support.browser import heading, sign_in
from tests.support.mail_server import MailServer, serving
from tests.support.product import Product
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser apart")]

PEOPLE = 2_000
REFUSED = "reader7@example.com"
BLOCKED = "550 5.7.1 blocked by policy"
LETTER = "<html><body><p>Hello {{ contact.first_name | default('there') }}</p></body></html>"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving() as slow:
        slow.answers["RCPT", REFUSED] = BLOCKED
        yield slow


@pytest.fixture
def shop(tmp_path: Path, server: MailServer) -> Iterator[Product]:
    """A product with people, a letter and a way through the server."""
    with with_admin(tmp_path / "data") as started:
        readers(started, tmp_path, "Readers", PEOPLE)
        (tmp_path / "letter.html").write_text(LETTER)
        started.run("templates", "import", str(tmp_path / "letter.html"), "--name", "Letter")
        settings = (f"{name}={value}" for name, value in {"host": "127.0.0.1", "port": server.port, "security": "none"}.items())
        started.run("providers", "add", "Box", "--kind", "outbox")
        started.run("providers", "add", "Server", "--kind", "smtp", *(word for each in settings for word in ("--set", each)))
        yield started


def readers(product: Product, folder: Path, name: str, count: int) -> None:
    file = folder / f"{name}.csv"
    file.write_text("email,first_name\n" + "".join(f"reader{n}@example.com,Reader {n}\n" for n in range(count)))
    product.run("contacts", "import", str(file), "--list", name)


def draft(product: Product, name: str, to: str, provider: str) -> str:
    known = {"--name": name, "--subject": "Tea", "--template": "Letter", "--to": f"list:{to}", "--provider": provider}
    words = [word for pair in (known | {"--from": "Tea House <tea@example.com>"}).items() for word in pair]
    return str(product.run("campaigns", "create", *words)["id"])


def test_a_campaign_is_watched_paused_resumed_and_accounted_for(shop: Product, server: MailServer, visit: Visit, tmp_path: Path) -> None:
    campaign = draft(shop, "Slow tea", "Readers", "Server")
    server.slowness = 0.1
    page = visit(accept_downloads=True).new_page()
    page.goto(f"{shop.app_url}/campaign?id={campaign}")
    sign_in(page, EMAIL, PASSWORD)
    heading(page, "Slow tea")
    page.get_by_role("button", name="Send now").click()
    page.get_by_role("button", name=f"Send to {PEOPLE:,} people now").click()

    first = moved_beyond(page, 0)
    moved_beyond(page, first)
    expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile(r"\d+ a (second|minute)"))
    page.get_by_role("button", name="Pause").click()
    stands_still(shop, server, page, campaign, tmp_path)

    server.slowness = 0
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(f"{PEOPLE:,} emails, all settled")).to_be_visible()
    expect(page.get_by_text("1 person has not got it")).to_be_visible()
    everybody_is_listed(page, tmp_path, server)
    the_missing_one_gets_it(page, server)


def stands_still(product: Product, server: MailServer, page: Page, campaign: str, folder: Path) -> None:
    """What was on its way is finished; then nothing more leaves, however long something else takes."""
    expect(page.get_by_text("Paused. Nothing leaves until you resume.")).to_be_visible()
    wait_for(lambda: not underway(product, campaign), "the last chunk to be settled", seconds=60)
    done = moved_beyond(page, len(server.received) - 1)
    readers(product, folder, "Few", 3)
    product.run("campaigns", "send", draft(product, "Another tea", "Few", "Box"), "--wait")
    page.reload()
    heading(page, "Slow tea")
    assert settled(page) == done
    assert len(server.received) <= done < PEOPLE


def underway(product: Product, campaign: str) -> list[object]:
    return [
        row
        for state in ("claimed", "sending")
        for row in product.run("messages", "list", "--campaign", campaign, "--state", state)["messages"]
    ]


def settled(page: Page) -> int:
    """Return how many messages have an outcome, as the page says it."""
    said = page.get_by_test_id("stProgress").inner_text()
    return int(said.partition(" of ")[0].split()[-1].replace(",", ""))


def moved_beyond(page: Page, before: int) -> int:
    """Wait until the page, left alone, tells of more than before."""
    return wait_for(lambda: (now := settled(page)) > before and now, f"more than {before} to be settled", seconds=60)


def everybody_is_listed(page: Page, folder: Path, server: MailServer) -> None:
    """The page and its file know what became of everybody, and the server was given each message once."""
    page.get_by_role("button", name="Who got it").click()
    heading(page, "Slow tea")
    for label in (f"Everybody {PEOPLE:,}", f"Got it {PEOPLE - 1:,}", "Refused 1"):
        expect(page.get_by_role("radio", name=label)).to_be_visible()
    expect(page.get_by_text(f"{PEOPLE:,} people")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    download.value.save_as(folder / "who.csv")
    with (folder / "who.csv").open(newline="") as file:
        lines = {line["email"]: (line["outcome"], line["reason"]) for line in csv.DictReader(file)}
    assert len(lines) == PEOPLE
    assert lines.pop(REFUSED) == ("refused", BLOCKED)
    assert set(lines.values()) == {("received", "")}
    given = Counter(address for each in server.received for address in each.rcpt_tos)
    assert (set(given), set(given.values())) == (set(lines), {1})


def the_missing_one_gets_it(page: Page, server: MailServer) -> None:
    server.answers.clear()
    page.get_by_role("link", name="Show campaign").click()
    heading(page, "Slow tea")
    page.get_by_role("button", name="Send to the missing 1").click()
    page.get_by_role("button", name="Send to 1 person now").click()
    expect(page.get_by_text("not got it")).to_have_count(0)
    expect(page.get_by_text(f"{PEOPLE:,} emails, all settled")).to_be_visible()
    assert [each.rcpt_tos for each in server.received][PEOPLE - 1 :] == [[REFUSED]]
