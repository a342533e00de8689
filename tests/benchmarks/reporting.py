"""Signed SendGrid reports of 1,000 events: checked and on disk before the answer; beside a receiver that reads and inserts them."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.benchmarks.measure import Result
from tests.benchmarks.receiving import serving
from tests.benchmarks.worlds import world
from tests.support.product import free_port

PROGRAMS = ("wrk",)
SECONDS = 5
EVENTS = 1000
CONNECTIONS = 8
NOW = int(time.time())
POST = """wrk.method = "POST"
wrk.body = io.open("{body}", "rb"):read("*a")
wrk.headers["content-type"] = "application/json"
wrk.headers["X-Twilio-Email-Event-Webhook-Timestamp"] = "{timestamp}"
wrk.headers["X-Twilio-Email-Event-Webhook-Signature"] = "{signature}"
"""
# What a plain receiver does: check with the official library, decode, one row an event, commit, answer.
INSERT_EVENTS = """
import json, sqlite3, sys
import uvicorn
from sendgrid.helpers.eventwebhook import EventWebhook
key = EventWebhook(sys.argv[3])
connection = sqlite3.connect(sys.argv[1], check_same_thread=False)
connection.execute("pragma journal_mode=wal")
connection.execute("pragma synchronous=full")
connection.execute("create table events(id integer primary key, event text, email text, at integer, sg_event_id text)")
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = dict(scope["headers"])
    signature, timestamp = (headers[b"x-twilio-email-event-webhook-" + name].decode() for name in (b"signature", b"timestamp"))
    genuine = key.verify_signature(body.decode(), signature, timestamp)
    for event in json.loads(body) if genuine else ():
        row = (event["event"], event["email"], event["timestamp"], event["sg_event_id"])
        connection.execute("insert into events(event, email, at, sg_event_id) values (?, ?, ?, ?)", row)
    connection.commit()
    await send({"type": "http.response.start", "status": 200 if genuine else 401, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), loop="uvloop", http="httptools", log_level="error")
"""


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    key = ec.generate_private_key(ec.SECP256R1())
    script = _script(folder, key)
    with _receiver(folder, _public(key)) as (port, path):
        ours = _batches(f"http://127.0.0.1:{port}{path}", script)
    with _inserting(folder, _public(key)) as port:
        plain = _batches(f"http://127.0.0.1:{port}/", script)
    return [
        Result(
            f"SendGrid reports of {EVENTS:,} events, signature checked, synced before the answer",
            f"{ours * EVENTS:,.0f} events/s",
            f"checked, decoded, a row each, one commit a report {plain * EVENTS:,.0f}/s",
            f"{ours / plain:.1f}×; the bar is 200,000/s",
        )
    ]


def _script(folder: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    events = [
        {
            "event": ("delivered", "open", "click", "bounce")[number % 4],
            "email": f"person-{number}@example.com",
            "timestamp": NOW - number,
            "smtp-id": f"<{number}-0f3a9c71d2b4@news.example.com>",
            "sg_event_id": base64.urlsafe_b64encode(b"event-%012d" % number).decode(),
            "sg_message_id": f"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.{number}",
            "useragent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "ip": "203.0.113.9",
            "url": "https://shop.example.com/spring",
            "pw_message": f"{number}-0f3a9c71d2b4",
        }
        for number in range(EVENTS)
    ]
    body = orjson.dumps(events) + b"\r\n"
    signature = key.sign(b"%d" % NOW + body, ec.ECDSA(hashes.SHA256()))
    (folder / "batch.json").write_bytes(body)
    script = folder / "post.lua"
    script.write_text(POST.format(body=folder / "batch.json", timestamp=NOW, signature=base64.b64encode(signature).decode()))
    return script


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _batches(url: str, script: Path) -> float:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in printed, printed
    found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    assert found, printed
    return float(found[1])


@contextmanager
def _receiver(folder: Path, public: str) -> Iterator[tuple[int, str]]:
    services, by = world(folder)
    added = services.connections.add(by, "SendGrid", "sendgrid", {"webhook_public_key": public})
    port, data = free_port(), services.settings.data_dir
    services.close()
    command = [sys.executable, "-m", "tracking_receiver", "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, port, POSTWRIGHT_DATA_DIR=str(data), POSTWRIGHT_SECRET_KEY="a-key-for-benchmarks-only"):
        yield port, added.webhook_path


@contextmanager
def _inserting(folder: Path, public: str) -> Iterator[int]:
    port = free_port()
    with serving([sys.executable, "-c", INSERT_EVENTS, str(folder / "events.db"), str(port), public], port):
        yield port
