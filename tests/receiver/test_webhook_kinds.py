"""Reports as each provider signs and sends them, over HTTP, and what becomes of them in the lake."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from core.app import build
from core.messages.keys import MessageKeys
from tests.receiver.conftest import Site
from tests.receiver.reporting import add_connection, lines

Signed = tuple[bytes, dict[str, str]]
RSA = rsa.generate_private_key(65537, 2048)
PUBLIC = b64encode(RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
JSON = {"content-type": "application/json"}


def sparkpost(key: str, _url: str) -> Signed:
    event = {"type": "bounce", "bounce_class": "10", "rcpt_to": "ada@example.com", "rcpt_meta": {"pw_message": key}, "event_id": "1"}
    body = orjson.dumps([{"msys": {}}, {"msys": {"message_event": event | {"raw_reason": "550 5.1.1 no such user"}}}])
    return body, JSON | {"authorization": "Basic " + b64encode(b"postwright:secret").decode()}


def resend(key: str, _url: str) -> Signed:
    data = {
        "email_id": "e-1",
        "to": ["ada@example.com"],
        "tags": {"pw_message": key},
        "bounce": {"type": "Permanent", "subType": "General"},
    }
    body, now = orjson.dumps({"type": "email.bounced", "data": data}), str(int(time.time()))
    signature = b64encode(hmac.new(b"secret", f"m1.{now}.".encode() + body, hashlib.sha256).digest()).decode()
    return body, JSON | {"svix-id": "m1", "svix-timestamp": now, "svix-signature": f"v1,{signature}"}


def mailersend(key: str, _url: str) -> Signed:
    meta = {"bounce_reason": "550 5.1.1 no such user"}
    data = {"id": "1", "type": "hard_bounced", "recipient": "ada@example.com", "tags": [f"pw_message:{key}"], "meta": meta}
    body = orjson.dumps({"type": "activity.hard_bounced", "data": data})
    return body, JSON | {"signature": hmac.new(b"secret", body, hashlib.sha256).hexdigest()}


def mandrill(key: str, url: str) -> Signed:
    mail = {"email": "ada@example.com", "metadata": {"pw_message": key}, "diag": "smtp;550 5.1.1 no such user"}
    events = orjson.dumps([{"event": "hard_bounce", "_id": "x", "msg": mail}]).decode()
    signature = hmac.new(b"secret", f"{url}mandrill_events{events}".encode(), hashlib.sha1).digest()
    headers = {"content-type": "application/x-www-form-urlencoded", "x-mandrill-signature": b64encode(signature).decode()}
    return urlencode({"mandrill_events": events}).encode(), headers


def postal(key: str, _url: str) -> Signed:
    message = {"id": 1, "direction": "outgoing", "to": "ada@example.com", "tag": f"pw_message:{key}"}
    payload = {"message": message, "status": "HardFail", "output": "550 5.1.1 no such user"}
    body = orjson.dumps({"event": "MessageDeliveryFailed", "uuid": "u1", "payload": payload})
    return body, JSON | {"x-postal-signature-256": b64encode(RSA.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()}


def generic(key: str, _url: str) -> Signed:
    body = orjson.dumps({"event": "bounced", "bounce_class": "hard", "message": key, "recipient": "ada@example.com"})
    return body, JSON | {"authorization": "Bearer secret"}


KINDS: dict[str, tuple[Callable[[str, str], Signed], dict[str, str]]] = {
    "sparkpost": (sparkpost, {"webhook_username": "postwright", "webhook_password": "secret"}),
    "resend": (resend, {"webhook_secret": "whsec_" + b64encode(b"secret").decode()}),
    "mailersend": (mailersend, {"webhook_signing_secret": "secret"}),
    "mandrill": (mandrill, {"webhook_key": "secret"}),
    "postal": (postal, {"webhook_public_key": PUBLIC}),
    "generic": (generic, {"webhook_token": "secret"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_report_becomes_an_event_of_its_message(site: Site, kind: str, tmp_path: Path) -> None:
    sign, secrets = KINDS[kind]
    door = add_connection(site.settings, kind, **secrets)
    path = f"/webhooks/{kind}/{door}"
    body, headers = sign(MessageKeys(site.settings.key).of(1), site.url + path)

    forged = site.http.post(path, content=body.replace(b"ada", b"eve"), headers=headers if kind in SIGNED else {})
    assert (forged.status_code, forged.json()) == (401, {"error": "forged"})
    assert site.http.post(path, content=body).status_code == 401
    assert site.http.post(path, content=body, headers=headers).json() == {"ok": True}

    [line] = lines(site, door)
    [event] = _ingested(site, line, tmp_path)
    assert (event["kind"], event["bounce_class"], event["provider"], event["message_id"]) == ("bounced", "hard", kind, 1)
    assert event["recipient"] is None  # a contact is known by its number only


SIGNED = ("resend", "mailersend", "mandrill", "postal")


def test_mailersend_tries_an_address_before_it_gives_the_secret_out(site: Site) -> None:
    door = add_connection(site.settings, "mailersend", api_key="x")

    for body, status in ((b'{"type": "webhook.test"}', 200), (b'{"type": "activity.sent"}', 401)):
        assert site.http.post(f"/webhooks/mailersend/{door}", content=body, headers=JSON).status_code == status
    assert not lines(site, door)


def _ingested(site: Site, line: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """What a whole installation makes of a line; with a copy of the site's database, on a journal of its own."""
    shutil.copy(site.settings.data_dir / "app.db", folder / "app.db")
    services = build(site.settings.model_copy(update={"data_dir": folder, "lake_url": str(folder / "lake")}))
    services.settings.journal_dir.mkdir()
    (services.settings.journal_dir / "receiver-1-abc.jsonl").write_bytes(orjson.dumps(line) + b"\n")
    services.ingester.run_once()
    with services.engine.session(1) as session:
        found = session.rows("select * from events")
    services.close()
    return found
