"""Resend: https://resend.com/docs/api-reference/emails/send-email and …/send-batch-emails, with keys that deliver once."""

from __future__ import annotations

import base64
import mimetypes
import re
from email.utils import parseaddr
from typing import Any

from core.providers.resend.send import ResendProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

_FROM = re.compile(r"(?:[^<>\"(),:;@\[\]\\]+ <([^<>@\s]+@[^<>@\s]+)>|([^<>@\s]+@[^<>@\s]+))")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NAMES = {429: "rate_limit_exceeded", 503: "service_unavailable", 500: "application_error"}


class Invalid(Exception):
    """A message Resend refuses."""


class FakeResend(FakeService):
    """Takes a message, or what is good of a batch where it is told to; remembers keys and what came with them."""

    send_path = "/emails"

    def __init__(self) -> None:
        super().__init__()
        self.answered: dict[str, tuple[bytes, Reply]] = {}
        self.is_strict = False  # as if it did not know the other way
        self.domains: set[str] | None = None

    def error(self, status: int, message: str, name: str = "") -> Reply:
        return Reply(status, {"statusCode": status, "name": name or _NAMES.get(status, "validation_error"), "message": message})

    def answer(self, call: Call) -> Reply:
        if "user-agent" not in call.headers:
            return Reply(403, "error code: 1010")
        if call.headers.get("authorization") != f"Bearer {GOOD_KEY}":
            return self.error(401 if call.path.startswith(self.send_path) else 400, "API key is invalid")
        if call.path == "/domains" and call.method == "GET":
            return Reply(200, {"object": "list", "data": []})
        if call.method != "POST" or call.path not in ("/emails", "/emails/batch"):
            return self.error(404, "not found", "not_found")
        once = call.headers.get("idempotency-key")
        if once is not None and not 1 <= len(once) <= 256:
            return self.error(400, "Idempotency keys must have between 1 and 256 characters.", "invalid_idempotency_key")
        if once in self.answered:
            body, reply = self.answered[str(once)]
            conflict = "This idempotency key has been used with a different request payload."
            return reply if body == call.body else self.error(409, conflict, "invalid_idempotent_request")
        reply = self._one(call) if call.path == "/emails" else self._many(call)
        if once is not None and reply.status == 200:
            self.answered[once] = (call.body, reply)
        return reply

    def _one(self, call: Call) -> Reply:
        try:
            return Reply(200, {"id": self._taken(self._mail(call.json()))})
        except Invalid as error:
            return self.error(422, str(error))

    def _many(self, call: Call) -> Reply:
        rows = call.json()
        if not 1 <= len(rows) <= 100:
            return self.error(422, "The batch may hold at most 100 emails.")
        mails, errors = [], []
        for place, row in enumerate(rows):
            try:
                if "attachments" in row or "scheduled_at" in row:
                    raise Invalid("The attachments field is not supported in a batch.")
                mails.append(self._mail(row))
            except Invalid as error:
                errors.append({"index": place, "message": str(error)})
        if self.is_strict or call.headers.get("x-batch-validation") != "permissive":
            if errors:
                return self.error(422, str(errors[0]["message"]))
            return Reply(200, {"data": [{"id": self._taken(mail)} for mail in mails]})
        return Reply(200, {"data": [{"id": self._taken(mail)} for mail in mails], "errors": errors})

    def _taken(self, mail: Delivered) -> str:
        self.delivered.append(mail)
        return f"re-{len(self.delivered)}"

    def _mail(self, row: dict[str, Any]) -> Delivered:
        sender = _FROM.fullmatch(row["from"])
        if not sender or "=?" in row["from"]:
            raise Invalid(
                "Invalid `from` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
            )
        if self.domains is not None and str(sender[1] or sender[2]).rpartition("@")[2] not in self.domains:
            raise Invalid("The shop.example domain is not verified. Please, add and verify your domain.")
        [given] = row["to"]
        name, to = parseaddr(one_header(given))
        if not _FROM.fullmatch(given):
            raise Invalid("Invalid `to` field.")
        if to in self.refuses or "@" not in to or not to.isascii():
            raise Invalid("Invalid `to` field. The email address needs to follow the `email@example.com` format.")
        if any(not _TAG.fullmatch(part) for tag in row["tags"] for part in (tag["name"], tag["value"])):
            raise Invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes.")
        headers = {name: one_header(value) for name, value in row["headers"].items()}
        if "message-id" in {name.lower() for name in headers}:
            raise Invalid("Duplicate header 'Message-ID'.")
        if "reply_to" in row:
            headers["Reply-To"] = one_header(row["reply_to"])
        files = [
            (
                each["filename"],
                each.get("content_type") or mimetypes.guess_type(each["filename"])[0] or "",
                base64.b64decode(each["content"]),
            )
            for each in row.get("attachments", [])
        ]
        [key] = [tag["value"] for tag in row["tags"] if tag["name"] == "pw_message"]
        assert headers["X-Postwright-Message"] == key
        return Delivered(
            to,
            one_header(row["from"]),
            one_header(row["subject"]),
            row.get("html", ""),
            row.get("text", ""),
            headers,
            key,
            tuple(files),
            name,
        )


RIG = Rig(
    kind="resend",
    fake=FakeResend,
    connect=lambda url, key, timeout: ResendProvider(key, url, timeout=timeout),
    settings=lambda url: {"api_key": GOOD_KEY, "api_url": url},
    lost_headers=frozenset({"message-id"}),
)
