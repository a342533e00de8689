"""Providers that report over HTTP to the real receiver, as they would: SendGrid signed, everybody else with the token of our own JSON."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx2
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.storage.database import chunked
from tests.receiver.conftest import Site

if TYPE_CHECKING:
    from core.providers.connections import Connection
    from tests.faults.sending import Firm

_TOKEN = "a-token-nobody-knows"
_EVENTS_A_REPORT = 200


class Reports:
    """What a firm's providers report, and the receiver they report to.

    Args:
        firm: Whose.
    """

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._key = ec.generate_private_key(ec.SECP256R1())

    def settings(self, kind: str) -> dict[str, Any]:
        """Return what has to be entered at a connection of a kind to believe its reports."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"webhook_public_key": base64.b64encode(der).decode()} if kind == "sendgrid" else {}

    def delivered(self, campaign: int, keys: Sequence[str]) -> None:
        """Report that messages have arrived, each report twice, and wait until what was noted is read."""
        services, by = self._firm.services, self._firm.by
        connection = services.connections.get(by, services.campaigns.get(by, campaign).connection_id)
        make = self._signed if connection.kind == "sendgrid" else self._in_our_json
        for some in chunked(sorted(keys), _EVENTS_A_REPORT):
            for request in [*make(connection, some)] * 2:
                answer = self._site.http.send(request)
                assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        services.ingester.catch_up()

    def close(self) -> None:
        """Stop the receiver, if it was needed."""
        if "_site" in self.__dict__:
            self._site.stop()

    @cached_property
    def _site(self) -> Site:
        settings = self._firm.settings
        site = Site(settings.data_dir, {"POSTWRIGHT_DATABASE_URL": settings.database_url} if settings.database_url else None)
        site.wait()
        return site

    @cached_property
    def _generic(self) -> Connection:
        return self._firm.services.connections.add(self._firm.by, "Reports", "generic", {"webhook_token": _TOKEN})

    def _in_our_json(self, _connection: Connection, keys: Sequence[str]) -> Iterator[httpx2.Request]:
        body = orjson.dumps([{"event": "delivered", "message": key, "id": f"delivered-{key}"} for key in keys])
        headers = {"authorization": f"Bearer {_TOKEN}", "content-type": "application/json"}
        yield self._site.http.build_request("POST", self._generic.webhook_path, content=body, headers=headers)

    def _signed(self, connection: Connection, keys: Sequence[str]) -> Iterator[httpx2.Request]:
        now = int(time.time())
        rows = [{"event": "delivered", "timestamp": now, "pw_message": key, "sg_event_id": f"delivered-{key}"} for key in keys]
        body = orjson.dumps(rows)
        signature = base64.b64encode(self._key.sign(str(now).encode() + body, ec.ECDSA(SHA256()))).decode()
        own = "X-Twilio-Email-Event-Webhook"
        headers = {f"{own}-Signature": signature, f"{own}-Timestamp": str(now), "content-type": "application/json"}
        yield self._site.http.build_request("POST", connection.webhook_path, content=body, headers=headers)
