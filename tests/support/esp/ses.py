"""Amazon SES, API v2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html, with the signature proved anew.

It writes a Message-ID of its own over ours.
"""

from __future__ import annotations

import base64
import email
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from core.providers.ses.send import SesProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

ACCESS_KEY, REGION = "AKIDEXAMPLE", "eu-central-1"
_PROOF = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
_ERRORS = {429: "TooManyRequestsException", 503: "ServiceUnavailable", 500: "InternalFailure", 413: "RequestEntityTooLargeException"}
_TAG = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
_STRUCTURE = {"from", "to", "subject", "content-type", "mime-version", "content-transfer-encoding", "message-id"}


class FakeSes(FakeService):
    """Takes one message a request, and only from who can sign for it."""

    send_path = "/v2/email/outbound-emails"

    def __init__(self) -> None:
        super().__init__()
        self.account: dict[str, Any] = {"SendingEnabled": True, "ProductionAccessEnabled": True}
        self.refusal: Reply | None = None  # what it says to everybody
        self.clock_is_off = timedelta()

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        name = kind or _ERRORS.get(status, "BadRequestException")
        return Reply(status, {"message": message}, {"x-amzn-ErrorType": f"{name}:http://internal.amazon.com/coral/"})

    def answer(self, call: Call) -> Reply:
        wrong = self._unproved(call)
        if wrong is not None:
            return wrong
        if self.refusal is not None and self.is_sending(call):
            return self.refusal
        if call.path == "/v2/email/account" and call.method == "GET":
            return Reply(200, self.account)
        if call.path != self.send_path or call.method != "POST":
            return self.error(404, "no such operation", "UnknownOperationException")
        body = call.json()
        to = body["Destination"]["ToAddresses"]
        if len(to) != 1 or to[0] in self.refuses or not to[0].isascii():
            return self.error(400, f"Invalid email address {to[0]}.")
        if any(not _TAG.fullmatch(part) for tag in body["EmailTags"] for part in (tag["Name"], tag["Value"])):
            return self.error(400, "Tag is invalid.")
        assert body["ConfigurationOverrides"]["Tracking"] == {"ClickTrackingEnabled": "DISABLED", "OpenTrackingEnabled": "DISABLED"}
        self.delivered.append(_delivered(to[0], body))
        return Reply(200, {"MessageId": f"0107{len(self.calls):012}-ses"})

    def _unproved(self, call: Call) -> Reply | None:
        found = _PROOF.fullmatch(call.headers.get("authorization", ""))
        if not found:
            return self.error(403, "Missing Authentication Token", "MissingAuthenticationTokenException")
        key, day, region, service, names, signature = found.groups()
        if key != ACCESS_KEY:
            return self.error(403, "The security token included in the request is invalid.", "UnrecognizedClientException")
        moment = call.headers["x-amz-date"]
        late = datetime.now(UTC) + self.clock_is_off - datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if late > timedelta(minutes=5):
            return self.error(403, f"Signature expired: {moment} is now earlier than …", "InvalidSignatureException")
        if -late > timedelta(minutes=5):
            return self.error(403, f"Signature not yet current: {moment} is still later than …", "SignatureDoesNotMatch")
        if (region, service, day) != (REGION, "ses", moment[:8]) or not {"host", "x-amz-date"} <= set(names.split(";")):
            return self.error(403, "Credential should be scoped to a valid region.", "SignatureDoesNotMatch")
        if not hmac.compare_digest(signature, _signature(call, names, f"{day}/{region}/{service}/aws4_request")):
            return self.error(
                403, "The request signature we calculated does not match the signature you provided.", "SignatureDoesNotMatch"
            )
        return None


def _signature(call: Call, names: str, scope: str) -> str:
    """What the signature must be, by the steps of Amazon's documentation."""
    parts = urlsplit(call.path)
    headers = "".join(f"{name}:{call.headers[name].strip()}\n" for name in names.split(";"))
    canonical = f"{call.method}\n{parts.path}\n{parts.query}\n{headers}\n{names}\n{hashlib.sha256(call.body).hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{call.headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + GOOD_KEY).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _delivered(to: str, body: dict[str, Any]) -> Delivered:
    raw = base64.b64decode(body["Content"]["Raw"]["Data"], validate=True)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    [person] = mail["To"].addresses
    assert person.addr_spec == to
    [tag] = [tag["Value"] for tag in body["EmailTags"] if tag["Name"] == "pw_message"]
    assert mail["X-Postwright-Message"] == tag
    files = [(str(part.get_filename()), part.get_content_type(), part.get_payload(decode=True)) for part in mail.iter_attachments()]
    return Delivered(
        to,
        one_header(_sender(mail)),
        one_header(str(mail["Subject"])),
        _text(mail, "html"),
        _text(mail, "plain"),
        {name: one_header(str(value)) for name, value in mail.items() if name.lower() not in _STRUCTURE},
        tag,
        tuple((name, kind, bytes(data)) for name, kind, data in files if isinstance(data, bytes)),
        str(person.display_name),
    )


def _sender(mail: EmailMessage) -> str:
    [sender] = mail["From"].addresses
    return f"{sender.display_name} <{sender.addr_spec}>"


def _text(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def provider(url: str, key: str = GOOD_KEY, timeout: float = 20, **more: Any) -> SesProvider:
    """A provider pointed at the fake."""
    return SesProvider(ACCESS_KEY, key, REGION, api_url=url, timeout=timeout, **more)


RIG = Rig(
    kind="ses",
    fake=FakeSes,
    connect=provider,
    settings=lambda url: {"access_key_id": ACCESS_KEY, "secret_access_key": GOOD_KEY, "region": REGION, "api_url": url},
    is_batched=False,
    lost_headers=frozenset({"message-id"}),
)
