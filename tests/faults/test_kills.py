"""kill -9 in the middle of a send: afterwards every recipient has exactly one message and no acknowledged event is missing."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.support.product import Product, running
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults

RECIPIENTS = 6_000
HUMAN = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0"}
# How each child of `up` shows in the process list.
CHILDREN = {"worker": "worker", "ingester": "ingester", "receiver": "tracking_receiver"}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with running(tmp_path / "data") as started:
        yield started


class Readers(threading.Thread):
    """Opens messages as they arrive and counts the opens that were answered."""

    def __init__(self, product: Product) -> None:
        super().__init__(daemon=True)
        self._product = product
        self._done: set[Path] = set()
        self.stopping = threading.Event()
        self.answered = 0
        self.tried = 0

    def run(self) -> None:
        with httpx2.Client(timeout=5, headers=HUMAN) as http:
            while not self.stopping.is_set():
                for path in (self._product.data_dir / "outbox").rglob("*.eml"):
                    if path not in self._done and not self.stopping.is_set():
                        self._done.add(path)
                        self._open(http, path.read_text(errors="replace"))

    def _open(self, http: httpx2.Client, raw: str) -> None:
        pixel = re.search(rf"{self._product.public_url}/o/[\w-]+\.gif", raw.replace("=\n", "").replace("=3D", "="))
        assert pixel, "a message without a pixel"
        self.tried += 1
        with suppress(httpx2.TransportError):  # the receiver was just killed: not answered, so not promised
            self.answered += http.get(pixel[0]).status_code == 200


def _kill(product: Product, word: str) -> bool:
    """Kill the child of `up` whose command names `word`, without warning."""
    assert product.process
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if parent == product.process.pid and word in command:
            os.kill(int(entry.name), signal.SIGKILL)
            return True
    return False


def _campaign(product: Product, tmp_path: Path) -> str:
    people, template = tmp_path / "people.csv", tmp_path / "template.html"
    people.write_text("email\n" + "".join(f"reader-{n}@example.com\n" for n in range(RECIPIENTS)))
    template.write_text("<html><body><p>Hello {{ contact.email }}</p><a href='https://example.com/'>Go</a></body></html>")
    product.run("users", "add", "owner@example.com", "--role", "admin", "--password-stdin", given="a long pass phrase\n")
    product.run("contacts", "import", str(people), "--list", "Readers")
    product.run("templates", "import", str(template), "--name", "Plain")
    created = product.run(
        "campaigns", "create", "--name", "News", "--subject", "News", "--template", "Plain", "--to", "list:Readers",
        "--from", "news@example.com",
    )  # fmt: skip
    return str(created["id"])


def test_kills_in_the_middle_of_a_send_lose_and_double_nothing(product: Product, tmp_path: Path) -> None:
    campaign = _campaign(product, tmp_path)
    readers = Readers(product)
    readers.start()
    product.run("campaigns", "send", campaign)
    killed = _kill_at_random(product)
    wait_for(lambda: product.run("campaigns", "report", campaign)["state"] == "sent", "the campaign to end", seconds=180, every=0.5)
    readers.stopping.set()
    readers.join(timeout=30)

    assert all(killed[word] >= 1 for word in CHILDREN), killed
    recipients = Counter(mail.to for mail in product.mail())
    assert len(recipients) == RECIPIENTS, "somebody was missed"
    assert set(recipients.values()) == {1}, "somebody was written to twice"
    assert readers.answered > 0

    def opens() -> int:
        return int(product.run("campaigns", "report", campaign)["totals"]["opens_total"])

    found = wait_for(lambda: opens() if opens() >= readers.answered else 0, f"{readers.answered} acknowledged opens", seconds=30)
    assert readers.answered <= found <= readers.tried
    totals = product.run("campaigns", "report", campaign)["totals"]
    assert (totals["recipients"], totals["delivered"], totals["uncertain"]) == (RECIPIENTS, RECIPIENTS, 0)


def _kill_at_random(product: Product) -> Counter[str]:
    """Kill each kind of process a few times while mail is going out."""
    dice, killed = random.Random(7), Counter[str]()
    outbox = product.data_dir / "outbox"
    for share in (0.05, 0.2, 0.35, 0.5, 0.65, 0.8):
        wanted = int(RECIPIENTS * share)
        wait_for(lambda wanted=wanted: sum(1 for _ in outbox.rglob("*.eml")) >= wanted, f"{wanted} messages", seconds=120)
        names = list(CHILDREN)
        dice.shuffle(names)
        for name in names:
            killed[name] += _kill(product, CHILDREN[name])
    return killed
