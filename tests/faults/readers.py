"""People who open, click, buy and unsubscribe as their mail arrives, and remember what they were promised."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from pathlib import Path

import httpx2

from tests.support.product import Mail, Product

HUMAN = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0"}


class Readers(threading.Thread):
    """Read every message of the outbox once: all open it, every 4th clicks, every 8th buys, every 10th unsubscribes.

    Args:
        product: Whose outbox.
    """

    def __init__(self, product: Product) -> None:
        super().__init__(daemon=True)
        self._product = product
        self._read: set[Path] = set()
        self._stopping = threading.Event()
        self._http = httpx2.Client(timeout=5, headers=HUMAN)
        # Who did what; whoever was answered must be in the report, whoever was not may be.
        self.tried: dict[str, set[str]] = defaultdict(set)
        self.answered: dict[str, set[str]] = defaultdict(set)
        self.failure: Exception | None = None

    def run(self) -> None:
        """Read on until told to stop; what there is by then is read to its end."""
        try:
            while not self._stopping.wait(0.05):
                self._read_what_is_new()
            self._read_what_is_new()
        except Exception as error:  # told by `stop`, in the test's own thread
            self.failure = error
        finally:
            self._http.close()

    def stop(self) -> None:
        """Let them finish.

        Raises:
            AssertionError: If they saw something that must not be, or did not come to an end.
        """
        self._stopping.set()
        self.join(timeout=60)
        assert not self.is_alive(), "the readers did not come to an end"
        assert self.failure is None, f"a reader failed: {self.failure!r}"

    def _read_what_is_new(self) -> None:
        for path in (self._product.data_dir / "outbox").rglob("*.eml"):
            if path not in self._read:
                self._read.add(path)
                self._act(Mail(path.read_bytes()))

    def _act(self, mail: Mail) -> None:
        html, number = mail.html(), int(mail.to.partition("@")[0].rpartition("-")[2])
        self._do("opened", mail.to, 200, "GET", self._link(html, r"/o/[\w-]+\.gif"))
        if number % 4 == 0:
            landing = self._do("clicked", mail.to, 302, "GET", self._link(html, r"/c/[\w-]+"))
            if landing is not None and number % 8 == 0:
                self._buy(mail.to, landing.headers["location"].partition("pw=")[2])
        if number % 10 == 1:
            self._do("unsubscribed", mail.to, 200, "POST", mail.one_click_url(), {"List-Unsubscribe": "One-Click"})

    def _buy(self, who: str, token: str) -> None:
        """Report an order, and report it again as shops do: it counts once."""
        for _ in range(2):
            url = f"{self._product.public_url}/e/{token}"
            self._do("converted", who, 200, "POST", url, {"order_id": f"order of {who}", "value": "10"})

    def _do(self, what: str, who: str, expected: int, method: str, url: str, data: dict[str, str] | None = None) -> httpx2.Response | None:
        self.tried[what].add(who)
        try:
            answer = self._http.request(method, url, data=data)
        except httpx2.TransportError:  # the receiver was just killed: not answered, so not promised
            self._wait_until_it_is_back()
            return None
        assert answer.status_code == expected, f"{what}: {answer.status_code} {answer.text}"
        self.answered[what].add(who)
        return answer

    def _wait_until_it_is_back(self) -> None:
        """Without a pause everybody's mail would be read in vain while the receiver starts."""
        pause = threading.Event()
        for _ in range(600):
            try:
                if self._http.get(f"{self._product.public_url}/healthz").status_code == 200:
                    return
            except httpx2.TransportError:
                pause.wait(0.05)
        raise AssertionError("the receiver did not come back")

    def _link(self, html: str, path: str) -> str:
        found = re.search(re.escape(self._product.public_url) + path, html)
        assert found, f"a message without {path}"
        return found[0]
