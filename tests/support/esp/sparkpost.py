"""SparkPost's Transmissions API: https://developers.sparkpost.com/api/transmissions/ and …/template-language/."""

from __future__ import annotations

import base64
import html
import re
from typing import Any

from core.providers.sparkpost.send import SparkPostProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

_EXPRESSION = re.compile(r"\{\{\{\s*(.*?)\s*\}\}\}|\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYWORDS = {"address", "email", "email_id", "env_from", "return_path", "and", "break", "do", "else", "elseif", "end", "false", "for"}
_KEYWORDS |= {"function", "if", "local", "nil", "not", "or", "each", "return", "then", "true", "until", "while"}


class NoTemplate(Exception):
    """Content SparkPost can't read as a template."""


class FakeSparkPost(FakeService):
    """Takes what it can of a transmission and says how much, but not whom it left out."""

    send_path = "/api/v1/transmissions"

    def error(self, status: int, message: str, description: str = "", code: str = "1400") -> Reply:
        return Reply(status, {"errors": [{"message": message, "description": description, "code": code}]})

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != GOOD_KEY:
            return self.error(401, "Unauthorized.")
        if call.path != self.send_path or call.method != "POST":
            return self.error(404, "resource not found")
        body = call.json()
        if not body.get("recipients") or not body.get("content"):
            return self.error(422, "required field is missing", "recipients or list_id required")
        options = body["options"]
        assert options["open_tracking"] is False and options["click_tracking"] is False, "links are rewritten"
        good = [one for one in body["recipients"] if one["address"]["email"] not in self.refuses and "@" in one["address"]["email"]]
        if not good:
            return self.error(400, "At least one valid recipient is required", code="5002")
        try:
            self.delivered += [self._mail(one, body) for one in good]
        except NoTemplate as error:
            return self.error(422, "substitution language syntax error in template content", str(error), "3000")
        rejected = len(body["recipients"]) - len(good)
        results = {"total_rejected_recipients": rejected, "total_accepted_recipients": len(good), "id": f"sp{len(self.calls)}"}
        if not rejected:
            return Reply(200, {"results": results})
        errors = [{"message": "required field is missing", "description": "address.email is required for each recipient", "code": "1400"}]
        said = [{"message": "transmission created, but with validation errors", "code": "2000"}]
        return Reply(200, {"errors": said, "results": results | {"rcpt_to_errors": errors[:rejected]}})

    def _mail(self, recipient: dict[str, Any], body: dict[str, Any]) -> Delivered:
        content = body["content"]
        data = body.get("substitution_data", {}) | recipient.get("metadata", {}) | recipient.get("substitution_data", {})

        def filled(text: str, *, is_html: bool = False) -> str:
            return rendered(text, data, is_html=is_html)

        headers = {name: one_header(filled(value)) for name, value in content.get("headers", {}).items()}
        if "reply_to" in content:
            headers["Reply-To"] = one_header(filled(content["reply_to"]))
        sender = content["from"]
        name = filled(sender.get("name", ""))
        files = [(one["name"], one["type"], base64.b64decode(one["data"], validate=True)) for one in content.get("attachments", [])]
        return Delivered(
            recipient["address"]["email"],
            one_header(f"{name} <{sender['email']}>" if name else sender["email"]),
            one_header(filled(content["subject"])),
            filled(content.get("html", ""), is_html=True),
            filled(content.get("text", "")),
            headers,
            recipient["metadata"]["pw_message"],
            tuple(files),
            one_header(recipient["address"].get("name", "")),
        )


def rendered(text: str, data: dict[str, str], *, is_html: bool) -> str:
    """Render a template once; what the data brings in is not read again."""

    def value(found: re.Match[str]) -> str:
        name = found[1] if found[1] is not None else found[2]
        if not _NAME.fullmatch(name) or name in _KEYWORDS:
            raise NoTemplate(f"{name[:40]} at {found.start()}")
        known = data.get(name, "")
        return html.escape(known) if is_html and found[1] is None else known

    rest = _EXPRESSION.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise NoTemplate("a brace is not closed, or not opened")
    return _EXPRESSION.sub(value, text)


RIG = Rig(
    kind="sparkpost",
    fake=FakeSparkPost,
    connect=lambda url, key, timeout: SparkPostProvider(key, url, timeout=timeout),
    settings=lambda url: {"api_key": GOOD_KEY, "api_url": url},
    names_refused=False,
)
