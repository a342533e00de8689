"""Postmark: https://postmarkapp.com/developer/api/email-api#send-batch-emails, with an answer for each message."""

from __future__ import annotations

import base64
import re
from email.utils import parseaddr
from typing import Any

from core.providers.postmark.send import PostmarkProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

# https://postmarkapp.com/support/article/1180-what-does-errorcode-300-mean
_ADDRESS = re.compile(r"[a-z0-9.!#$%&'`*+\-/=^_{|}~?]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*", re.IGNORECASE)
_RESERVED = {"from", "to", "cc", "bcc", "subject", "reply-to", "content-type", "date"}
_INACTIVE = (
    "You tried to send to a recipient that has been marked as inactive. Found inactive addresses: {}. "
    "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression."
)


class FakePostmark(FakeService):
    """Takes what is good of a batch and says of each of the others why not."""

    send_path = "/email"

    def __init__(self) -> None:
        super().__init__()
        self.streams = {"broadcast", "outbound"}
        self.says: dict[str, tuple[int, str]] = {}  # by address: the code and the words it is refused with

    def error(self, status: int, message: str, code: int = 0) -> Reply:
        return Reply(status, {"ErrorCode": code or status, "Message": message})

    def answer(self, call: Call) -> Reply:
        if call.headers.get("x-postmark-server-token") != GOOD_KEY:
            return self.error(401, "The Server Token you provided in the X-Postmark-Server-Token request header was invalid.", 10)
        if call.path == "/server" and call.method == "GET":
            return Reply(200, {"ID": 1, "Name": "Production", "ApiTokens": ["…"]})
        if call.path != "/email/batch" or call.method != "POST":
            return self.error(404, "not found")
        rows = call.json()
        if not isinstance(rows, list) or len(rows) > 500:
            return self.error(422, "Batches may hold at most 500 messages.", 410)
        return Reply(200, [self._taken(row) for row in rows])

    def _taken(self, row: dict[str, Any]) -> dict[str, Any]:
        name, to = parseaddr(one_header(row["To"]))
        row = {**row, "To": to, "ToName": name}
        code, words = self._wrong(row)
        if code:
            return {"ErrorCode": code, "Message": words}
        self.delivered.append(_delivered(row))
        return {"To": to, "SubmittedAt": "2026-11-22T12:00:00Z", "MessageID": f"pm-{len(self.delivered)}", "ErrorCode": 0, "Message": "OK"}

    def _wrong(self, row: dict[str, Any]) -> tuple[int, str]:
        if row["To"] in self.says:
            return self.says[row["To"]]
        if row["To"] in self.refuses:
            return 406, _INACTIVE.format(row["To"])
        for name, value in (("To", row["To"]), ("From", parseaddr(row["From"])[1])):
            if not _ADDRESS.fullmatch(value):
                return 300, f"Invalid '{name}' address: '{value}'."
        if not row.get("HtmlBody") and not row.get("TextBody"):
            return 300, "Provide either email TextBody or HtmlBody or both."
        if any(len(name) > 20 or len(value) > 80 for name, value in row["Metadata"].items()):
            return 300, "Invalid metadata content."
        if row.get("MessageStream", "outbound") not in self.streams:
            return 1235, "The 'MessageStream' provided does not exist on this server."
        return 0, ""


def _delivered(row: dict[str, Any]) -> Delivered:
    assert row["TrackOpens"] is False
    assert row["TrackLinks"] == "None"
    headers = {each["Name"]: one_header(each["Value"]) for each in row["Headers"]}
    assert not _RESERVED & {name.lower() for name in headers}
    if headers.pop("X-PM-KeepID", "") != "true":
        headers["Message-ID"] = "<0@mtasv.net>"
    if "ReplyTo" in row:
        headers["Reply-To"] = one_header(row["ReplyTo"])
    files = [(each["Name"], each["ContentType"], base64.b64decode(each["Content"], validate=True)) for each in row.get("Attachments", [])]
    name, address = parseaddr(one_header(row["From"]))
    return Delivered(
        row["To"],
        f"{name} <{address}>",
        one_header(row["Subject"]),
        row.get("HtmlBody", ""),
        row.get("TextBody", ""),
        headers,
        row["Metadata"]["pw_message"],
        tuple(files),
        row["ToName"],
    )


RIG = Rig(
    kind="postmark",
    fake=FakePostmark,
    connect=lambda url, key, timeout: PostmarkProvider(key, api_url=url, timeout=timeout),
    settings=lambda url: {"server_token": GOOD_KEY, "api_url": url},
)
