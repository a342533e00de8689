"""Sending through SendGrid: our batches with substitutions, against the library's objects, an email a request or a person."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import CustomArg, Header, Mail, Personalization, Substitution, To

from core.providers.base import Outcome, OutgoingMessage
from core.providers.content import Filled, Layout
from core.providers.sendgrid.send import SendGridProvider
from tests.benchmarks.measure import Result, seconds

COUNT, BATCH, PLACES = 20_000, 1_000, 15
NAIVE, OBJECTS = 200, 1_000
_KEY = "key"
_FAKE = """
import socketserver, sys
class Fake(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            length, line = 0, self.rfile.readline()
            if not line:
                return
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = self.rfile.readline()
            while length:
                length -= len(self.rfile.read(min(length, 1 << 20)))
            self.wfile.write(b"HTTP/1.1 202 Accepted\\r\\nX-Message-Id: x\\r\\nContent-Length: 0\\r\\n\\r\\n")
socketserver.ThreadingTCPServer.daemon_threads = True
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Fake) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
"""


def run(_folder: Path) -> list[Result]:
    """Return the results of this suite."""
    with subprocess.Popen([sys.executable, "-c", _FAKE], stdout=subprocess.PIPE, text=True) as fake:
        try:
            assert fake.stdout is not None
            return _measured(f"http://127.0.0.1:{int(fake.stdout.readline())}")
        finally:
            fake.terminate()


def _measured(url: str) -> list[Result]:
    messages = _campaign(COUNT)
    with closing(SendGridProvider(_KEY, url)) as provider:
        ours, by_the_clock = _rates(COUNT, lambda: _send(provider, messages))
    client = SendGridAPIClient(_KEY, host=url)
    single, _ = _rates(NAIVE, lambda: [client.send(_mail([one])) for one in messages[:NAIVE]])
    objects, _ = _rates(OBJECTS, lambda: client.send(_mail(messages[:OBJECTS])))
    what = f"SendGrid, {PLACES} places each, a batch of {BATCH:,}, to a local fake"
    return [
        Result(
            what,
            f"{ours:,.0f} messages/s per core ({by_the_clock:,.0f}/s by the clock)",
            f"an email a request {single:,.0f}/s",
            f"{ours / single:.0f}×",
        ),
        Result(
            what,
            f"{ours:,.0f} messages/s per core",
            f"the library's Mail object, {OBJECTS:,} a request {objects:,.0f}/s",
            f"{ours / objects:.1f}×",
        ),
    ]


def _rates(count: int, work: Callable[[], object]) -> tuple[float, float]:
    """Return how many messages a second of our processor's time make, and of the clock's; the fake's time is not ours."""
    before = time.process_time()
    wall = seconds(work)
    return count * 3 / (time.process_time() - before), count / wall


def _send(provider: SendGridProvider, messages: list[OutgoingMessage]) -> None:
    for start in range(0, len(messages), BATCH):
        results = provider.send(messages[start : start + BATCH])
        assert all(result.outcome is Outcome.ACCEPTED for result in results)


def _campaign(count: int) -> list[OutgoingMessage]:
    html = Layout(tuple(f"<p>{'x' * 1_500} {place} <a href='" for place in range(PLACES)))
    text = Layout(("Hello ", "\nBye"))
    return [_message(number, html, text) for number in range(count)]


def _message(number: int, html: Layout, text: Layout) -> OutgoingMessage:
    key = f"{number}-{os.urandom(6).hex()}"
    links = tuple(f"https://mail.shop.example/c/{os.urandom(24).hex()}" for _ in range(PLACES - 2))
    headers = {
        "Message-ID": f"<{key}@shop.example>",
        "List-Unsubscribe": f"<https://mail.shop.example/u/{number}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": "<w7.shop.example>",
        "Feedback-ID": "c1:w7:campaign:postwright",
        "X-Postwright-Message": key,
    }
    return OutgoingMessage(
        number, 7, key, f"person{number}@example.com", "news@shop.example", "The Shop", f"News for person {number}",
        Filled(html, (f"person {number}", *links)), Filled(text, (f"person {number}",)), headers,
    )  # fmt: skip


def _mail(messages: list[OutgoingMessage]) -> Mail:
    """The usual way with the library: an object for everything."""
    first = messages[0]
    mail = Mail(from_email=(first.from_email, first.from_name), plain_text_content=str(first.text), html_content=str(first.html))
    for message in messages:
        person = Personalization()
        person.add_to(To(message.to))
        person.subject = message.subject
        for name, value in message.headers.items():
            person.add_header(Header(name, value))
        for place, value in enumerate((*message.html.values, *message.text.values)):
            person.add_substitution(Substitution(f"-pw{place}-", value))
        person.add_custom_arg(CustomArg("pw_message", message.key))
        mail.add_personalization(person)
    return mail
