"""The whole product as a person runs it: `postwright up` on free ports with a data folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from tests.support.waiting import wait_for

POSTWRIGHT = Path(sys.executable).with_name("postwright")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mail:
    """One message of the outbox; parsed only as far as it is asked, because there may be tens of thousands.

    Args:
        raw: The message as it lies on the disk.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.to = str(BytesHeaderParser(policy=policy.compat32).parsebytes(raw.partition(b"\r\n\r\n")[0])["To"])

    def html(self) -> str:
        """Return the decoded HTML part."""
        body = message_from_bytes(self.raw, policy=policy.default).get_body(("html",))
        assert body is not None, "a message without an HTML part"
        return str(body.get_content())

    def one_click_url(self) -> str:
        """Return where a mailbox provider posts to for its own unsubscribe button (RFC 8058)."""
        return str(message_from_bytes(self.raw, policy=policy.default)["List-Unsubscribe"]).strip().strip("<>")


class Product:
    """A running Postwright and the doors a person has to it.

    Args:
        data_dir: Its data folder.
        app_port: Where the app listens.
        receiver_port: Where the receiver listens.
        settings: Further variables, without the prefix.
    """

    def __init__(self, data_dir: Path, app_port: int, receiver_port: int, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.app_url = f"http://127.0.0.1:{app_port}"
        self.public_url = f"http://127.0.0.1:{receiver_port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTWRIGHT_")}
        self.environment = kept | {
            "POSTWRIGHT_DATA_DIR": str(data_dir),
            "POSTWRIGHT_APP_URL": self.app_url,
            "POSTWRIGHT_PUBLIC_URL": self.public_url,
            "POSTWRIGHT_CHROMIUM": "none",  # pictures of templates would take the processor from what is measured and waited for
            **{f"POSTWRIGHT_{name}": value for name, value in (settings or {}).items()},
        }
        self.log = data_dir / "up.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx2.Client(timeout=10)

    def start(self) -> None:
        """Start everything and wait until app and receiver answer."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            command = [str(POSTWRIGHT), "up"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        for url in (self.app_url, self.public_url):
            wait_for(partial(self._answers, f"{url}/healthz"), f"{url} to answer\n{self.log.read_text()}", seconds=60)

    def stop(self) -> None:
        """Stop everything as Ctrl-C does and wait for the end."""
        self.http.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)

    def run(self, *arguments: str, given: str | None = None) -> dict[str, Any]:
        """Run a `postwright` command with --json and return its answer.

        Raises:
            AssertionError: If it fails.
        """
        command = [str(POSTWRIGHT), *arguments, "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, input=given, timeout=300)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def set_up_code(self) -> str:
        """Return the one-time code that `up` printed."""
        found = wait_for(lambda: re.search(r"set-up code ([A-Z2-9]{4}(?:-[A-Z2-9]{4}){2})\b", self.log.read_text()), "the set-up code")
        assert found
        return str(found.group(1))

    def mail(self) -> Iterator[Mail]:
        """Yield every message of the outbox."""
        for path in sorted((self.data_dir / "outbox").rglob("*.eml")):
            yield Mail(path.read_bytes())

    def _answers(self, url: str) -> bool:
        assert self.process is None or self.process.poll() is None, self.log.read_text()
        try:
            return self.http.get(url).status_code == 200
        except httpx2.TransportError:
            return False


@contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[Product]:
    """Yield a started product; it is stopped at the end, whatever happened.

    Args:
        data_dir: Its data folder.
        settings: Further variables, without the prefix (DATABASE_URL=…).
    """
    product = Product(data_dir, free_port(), free_port(), settings)
    try:
        product.start()
        yield product
    finally:
        product.stop()
