"""Mailjet's Send API v3.1: https://dev.mailjet.com/email/guides/send-api-v31/."""

from __future__ import annotations

import base64
from typing import Any

from core.providers.mailjet.send import MailjetProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

SECRET = "right-secret"
# The guide's list of forbidden headers, in lower case.
_FORBIDDEN = {
    "from", "sender", "subject", "to", "cc", "bcc", "reply-to", "return-path", "delivered-to", "dkim-signature", "domainkey-status",
    "received-spf", "authentication-results", "received", "x-mailjet-prio", "x-mailjet-debug", "user-agent", "x-mailer", "x-mj-customid",
    "x-mj-eventpayload", "x-mj-vars", "x-mj-templateerrordeliver", "x-mj-templateerrorreporting", "x-mj-templatelanguage",
    "x-mailjet-trackopen", "x-mailjet-trackclick", "x-mj-templateid", "x-mj-workflowid", "x-feedback-id", "x-mailjet-segmentation",
    "list-id", "x-mj-mid", "x-mj-errormessage", "date", "x-csa-complaints", "message-id", "x-mailjet-campaign",
    "x-mj-statisticscontactslistid",
}  # fmt: skip


class FakeMailjet(FakeService):
    """Judges each message for itself."""

    send_path = "/v3.1/send"

    def error(self, status: int, message: str) -> Reply:
        return Reply(status, {"ErrorIdentifier": "e1", "ErrorCode": "", "StatusCode": status, "ErrorMessage": message})

    def answer(self, call: Call) -> Reply:
        wanted = base64.b64encode(f"{GOOD_KEY}:{SECRET}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {wanted}":
            return self.error(401, "API key authentication/authorization failure.")
        if call.path != self.send_path or call.method != "POST":
            return self.error(404, "The resource does not exist")
        messages = call.json()["Messages"]
        if not len(messages) >= 1 or sum(len(one["To"]) for one in messages) > 50:
            return self.error(400, "Total number of recipients exceeded. Max allowed - 50")
        rows = [self._row(number, one) for number, one in enumerate(messages)]
        is_whole = all(row["Status"] == "success" for row in rows)
        return Reply(200 if is_whole else 400, {"Messages": rows})

    def _row(self, number: int, message: dict[str, Any]) -> dict[str, Any]:
        wrong = self._wrong(message)
        if wrong:
            error = {
                "ErrorIdentifier": "e2",
                "ErrorCode": wrong[0],
                "StatusCode": 400,
                "ErrorMessage": wrong[1],
                "ErrorRelatedTo": [wrong[2]],
            }
            return {"Status": "error", "Errors": [error]}
        mail = self._mail(message)
        self.delivered.append(mail)
        known = {"Email": mail.to, "MessageUUID": f"u{number}", "MessageID": 10_000 + len(self.delivered), "MessageHref": ""}
        return {"Status": "success", "CustomID": message["CustomID"], "To": [known], "Cc": [], "Bcc": []}

    def _wrong(self, message: dict[str, Any]) -> tuple[str, str, str] | None:
        [to] = message["To"]
        if to["Email"] in self.refuses or "@" not in to["Email"] or not to["Email"].isascii():
            return "mj-0013", f'"{to["Email"]}" is an invalid email address.', "To[0].Email"
        if len(message["Subject"]) > 255:
            return "mj-0005", "Maximum length is 255 chars.", "Subject"
        if not message.get("HTMLPart") and not message.get("TextPart"):
            return "send-0003", 'At least "HTMLPart", "TextPart" or "TemplateID" must be provided.', "HTMLPart"
        forbidden = _FORBIDDEN & {name.lower() for name in message.get("Headers", {})}
        if forbidden:
            return "send-0011", f"Header {min(forbidden)} cannot be customized", "Headers"
        assert message["TrackOpens"] == message["TrackClicks"] == "disabled", "links are rewritten"
        assert "TemplateLanguage" not in message and "Variables" not in message
        return None

    def _mail(self, message: dict[str, Any]) -> Delivered:
        headers = {name: one_header(value) for name, value in message.get("Headers", {}).items()}
        if "ReplyTo" in message:
            headers["Reply-To"] = _shown(message["ReplyTo"])
        files = message.get("Attachments", [])
        return Delivered(
            message["To"][0]["Email"],
            one_header(_shown(message["From"])),
            one_header(message["Subject"]),
            message.get("HTMLPart", ""),
            message.get("TextPart", ""),
            headers,
            message["CustomID"],
            tuple((one["Filename"], one["ContentType"], base64.b64decode(one["Base64Content"], validate=True)) for one in files),
            one_header(message["To"][0].get("Name", "")),
        )


def _shown(address: dict[str, str]) -> str:
    return f"{address['Name']} <{address['Email']}>" if address.get("Name") else address["Email"]


RIG = Rig(
    kind="mailjet",
    fake=FakeMailjet,
    connect=lambda url, key, timeout: MailjetProvider(key, SECRET, url, timeout=timeout),
    settings=lambda url: {"api_key": GOOD_KEY, "api_secret": SECRET, "api_url": url},
    lost_headers=frozenset({"message-id", "list-id"}),
)
