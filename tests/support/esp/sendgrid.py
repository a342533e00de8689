"""SendGrid's Web API v3: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send, with its errors and limits."""

from __future__ import annotations

import base64
from typing import Any

from core.providers.sendgrid.send import SendGridProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

_RESERVED = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from", "subject"}
_RESERVED |= {"reply-to", "cc", "bcc"}


class Invalid(Exception):
    """A request SendGrid refuses, with the field it names."""

    def __init__(self, field: str | None, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class FakeSendGrid(FakeService):
    """Takes all of a request or nothing, and names the first field that is wrong."""

    send_path = "/v3/mail/send"

    def error(self, status: int, message: str, field: str | None = None) -> Reply:
        return Reply(status, {"errors": [{"message": message, "field": field, "help": None}]})

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {GOOD_KEY}":
            return self.error(401, "The provided authorization grant is invalid, expired, or revoked")
        if call.path == "/v3/scopes" and call.method == "GET":
            return Reply(200, {"scopes": ["mail.send", "user.profile.read"]})
        if call.path != self.send_path or call.method != "POST":
            return self.error(404, "not found")
        if not call.headers.get("content-type", "").startswith("application/json"):
            return self.error(415, "Content-Type should be application/json.")
        try:
            mails = self._mails(call.json())
        except Invalid as error:
            return self.error(400, error.message, error.field)
        self.delivered += mails
        return Reply(202, None, {"X-Message-Id": f"sg{len(self.calls)}"})

    def _mails(self, body: dict[str, Any]) -> list[Delivered]:
        people = body.get("personalizations")
        if not isinstance(people, list) or not 1 <= len(people) <= 1000:
            raise Invalid("personalizations", "The personalization block is limited to 1000 personalizations per API request.")
        contents = body.get("content") or []
        if not contents or any(not part["value"] for part in contents):
            raise Invalid("content", "The content value must be a string at least one character in length.")
        kinds = [part["type"] for part in contents]
        if kinds != sorted(kinds, reverse=True):
            raise Invalid("content", "If present, text/plain and text/html may only be provided once, in this order.")
        settings = body["tracking_settings"]
        assert not any(settings[name]["enable"] for name in ("click_tracking", "open_tracking", "subscription_tracking")), "links rewritten"
        addresses = [person["to"][0]["email"].lower() for person in people]
        seen: dict[str, int] = {}
        for number, one in enumerate(addresses):
            if seen.setdefault(one, number) != number:
                raise Invalid(f"personalizations.{number}.to", "Each unique email address should only be included once.")
        return [self._mail(number, person, body) for number, person in enumerate(people)]

    def _mail(self, number: int, person: dict[str, Any], body: dict[str, Any]) -> Delivered:
        at = f"personalizations.{number}"
        [to] = person["to"]
        if to["email"] in self.refuses or "@" not in to["email"] or not to["email"].isascii():
            raise Invalid(f"{at}.to.0.email", "Does not contain a valid address.")
        substitutions = person.get("substitutions", {})
        if sum(len(tag) + len(value.encode()) for tag, value in substitutions.items()) > 10_000:
            raise Invalid(f"{at}.substitutions", "The substitutions are limited to 10000 bytes per personalization block.")
        if not person.get("subject"):
            raise Invalid(f"{at}.subject", "The subject is required.")
        headers = {name: one_header(value) for name, value in person.get("headers", {}).items()}
        if _RESERVED & {name.lower() for name in headers}:
            raise Invalid(f"{at}.headers", "The header is reserved.")
        if "reply_to_list" in body:
            headers["Reply-To"] = ", ".join(_shown(each) for each in body["reply_to_list"])
        parts = {part["type"]: replaced(part["value"], substitutions) for part in body["content"]}
        files = [(each["filename"], each["type"], base64.b64decode(each["content"], validate=True)) for each in body.get("attachments", [])]
        return Delivered(
            to["email"],
            one_header(_shown(body["from"])),
            one_header(replaced(person["subject"], substitutions)),
            parts.get("text/html", ""),
            parts.get("text/plain", ""),
            headers,
            person["custom_args"]["pw_message"],
            tuple(files),
            one_header(to.get("name", "")),
        )


def replaced(text: str, substitutions: dict[str, str]) -> str:
    """Replace tag after tag, in what earlier ones brought in too: SendGrid does not promise that it would not."""
    for tag, value in substitutions.items():
        text = text.replace(tag, value)
    return text


def _shown(address: dict[str, str]) -> str:
    return f"{address['name']} <{address['email']}>" if address.get("name") else address["email"]


RIG = Rig(
    kind="sendgrid",
    fake=FakeSendGrid,
    connect=lambda url, key, timeout: SendGridProvider(key, url, timeout=timeout),
    settings=lambda url: {"api_key": GOOD_KEY, "api_url": url},
)
