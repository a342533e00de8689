"""Brevo: https://developers.brevo.com/reference/send-transac-email and …/docs/batch-send-transactional-emails.

It fills in what looks like a place of its templates, in everything it sends, and does not say whom of a batch it dislikes.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from typing import Any
from uuid import UUID

from core.providers.brevo.send import BrevoProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

_PLACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_CODES = {429: "too_many_requests", 503: "service_unavailable", 500: "internal_error"}


class Invalid(Exception):
    """A request Brevo refuses: its code and its words."""

    def __init__(self, message: str, code: str = "invalid_parameter") -> None:
        super().__init__(message)
        self.code = code


class FakeBrevo(FakeService):
    """Takes all of a request or nothing."""

    send_path = "/v3/smtp/email"

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.senders: set[str] | None = None  # those somebody has proved to own

    def error(self, status: int, message: str, code: str = "") -> Reply:
        return Reply(status, {"code": code or _CODES.get(status, "invalid_parameter"), "message": message})

    def answer(self, call: Call) -> Reply:
        if call.headers.get("api-key") != GOOD_KEY:
            return self.error(401, "Key not found", "unauthorized")
        if call.path == "/v3/account" and call.method == "GET":
            return Reply(200, {"email": "ann@shop.example", "plan": []})
        if call.path != self.send_path or call.method != "POST":
            return self.error(404, "Route not found", "document_not_found")
        body = call.json()
        try:
            mails = self._mails(body)
        except Invalid as error:
            return self.error(400, str(error), error.code)
        first = len(self.delivered)
        self.delivered += mails
        names = [f"<{first + place}@smtp-relay.mailin.fr>" for place in range(len(mails))]
        return Reply(201, {"messageIds": names} if "messageVersions" in body else {"messageId": names[0]})

    def _mails(self, body: dict[str, Any]) -> list[Delivered]:
        if self.senders is not None and body["sender"]["email"] not in self.senders:
            raise Invalid("Sending has been rejected because the sender you used is not valid. Validate your sender")
        shared = dict(body.get("headers", {}))
        once = shared.pop("idempotencyKey", None)
        if once is not None and str(UUID(once)) in self.seen:
            raise Invalid("idempotencyKey was used before", "duplicate_parameter")
        versions = body.get("messageVersions", [body])
        if not 1 <= len(versions) <= 1000:
            raise Invalid("messageVersions may hold at most 1000 versions")
        mails = [self._mail({**body, "headers": shared, **_own(version, body)}) for version in versions]
        self.seen |= {once} if once else set()
        return mails

    def _mail(self, row: dict[str, Any]) -> Delivered:
        [to] = row["to"]
        if to["email"] in self.refuses or "@" not in to["email"] or not to["email"].isascii():
            raise Invalid("email is not valid in to")
        if not row.get("subject"):
            raise Invalid("subject is missing", "missing_parameter")
        if not row.get("htmlContent") and not row.get("textContent"):
            raise Invalid("htmlContent is missing", "missing_parameter")
        headers = {name: one_header(value) for name, value in row["headers"].items()}
        assert "message-id" not in {name.lower() for name in headers}, "Brevo wants no standard headers, and writes its own"
        assert all(value.isascii() for value in headers.values()), "Brevo sends such a header as it is"
        key = headers.pop("X-Mailin-custom").removeprefix("pw_message:")
        if "replyTo" in row:
            headers["Reply-To"] = one_header(f"{row['replyTo'].get('name', '')} <{row['replyTo']['email']}>")
        files = [
            (each["name"], mimetypes.guess_type(each["name"])[0] or "", base64.b64decode(each["content"], validate=True))
            for each in row.get("attachment", [])
        ]
        return Delivered(
            to["email"],
            one_header(_shown(row["sender"])),
            one_header(_as_read(row["subject"])),
            _as_read(row.get("htmlContent", "")),
            _as_read(row.get("textContent", "")),
            headers,
            key,
            tuple(files),
            one_header(_shown(to).rpartition(" <")[0]),
        )


def _own(version: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """What a version says for itself; only these fields may stand in one."""
    assert version is body or set(version) <= {"to", "bcc", "cc", "subject", "htmlContent", "textContent", "replyTo", "params", "headers"}
    return {name: value for name, value in version.items() if version is not body}


def _as_read(text: str) -> str:
    """What somebody sees: places filled in (with nothing, for nothing was given), an entity as its character, no width as none."""
    return _PLACES.sub("", text).replace("&#123;", "{").replace("{\u2060", "{")


def _shown(address: dict[str, str]) -> str:
    """Brevo drops a name that holds both letters beyond ASCII and a character that has to be quoted."""
    name = _as_read(address.get("name", ""))
    is_lost = not name.isascii() and any(one in name for one in '",;:<>()@[]\\')
    return f"{'' if is_lost else name} <{address['email']}>"


RIG = Rig(
    kind="brevo",
    fake=FakeBrevo,
    connect=lambda url, key, timeout: BrevoProvider(key, f"{url}/v3", timeout=timeout),
    settings=lambda url: {"api_key": GOOD_KEY, "api_url": f"{url}/v3"},
    lost_headers=frozenset({"message-id"}),
)
