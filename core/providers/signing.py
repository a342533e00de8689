"""Signatures several providers use."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as InvalidBase64
from datetime import timedelta

from core.providers.webhooks import Forged, WebhookRequest, is_same

TOLERANCE = timedelta(minutes=5)
_PREFIX = "whsec_"
_LONGEST_TIME = 12


class HexHmacVerifier:
    """Believes reports whose header holds the HMAC-SHA256 of the body in hexadecimal digits.

    Args:
        header: The header's name, in lower case.
        secret: What was entered for the connection; without one nothing is believed.
    """

    def __init__(self, header: str, secret: str) -> None:
        self._header, self._secret = header, secret.strip().encode()

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report is signed with the secret.

        Raises:
            Forged: If it is not.
        """
        given = request.headers.get(self._header, "").strip().lower()
        if not self._secret or not is_same(given, hmac.digest(self._secret, request.body, "sha256").hex()):
            raise Forged("its signature is not right")


class SvixVerifier:
    """Believes reports signed as Svix does it (https://docs.svix.com/receiving/verifying-payloads/how-manual).

    The HMAC-SHA256 is over the report's id, the time of the try and the body; while a secret is being changed there are
    several signatures, and one of them is enough. A try that is not from about now is refused.

    Args:
        secret: What was entered for the connection, with or without `whsec_`; without one nothing is believed.
    """

    def __init__(self, secret: str) -> None:
        try:
            self._secret = b64decode(secret.strip().removeprefix(_PREFIX).encode(), validate=True)
        except (InvalidBase64, UnicodeEncodeError):
            self._secret = b""

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report is signed with the secret, and now.

        Raises:
            Forged: If it is not.
        """
        name, time, given = (_header(request, each) for each in ("id", "timestamp", "signature"))
        if not self._secret or not name or not _is_now(time, request):
            raise Forged("it is not signed, or not now")
        signed = f"{name}.{time}.".encode("utf-8", "surrogatepass") + request.body
        expected = b64encode(hmac.digest(self._secret, signed, "sha256"))
        versions = (each.partition(",") for each in given.split())
        if not any([version == "v1" and is_same(signature, expected) for version, _, signature in versions]):
            raise Forged("its signature is not right")


def _header(request: WebhookRequest, name: str) -> str:
    """Return a header by either of its names: Svix's own, or that of the standard it became."""
    return request.headers.get(f"svix-{name}") or request.headers.get(f"webhook-{name}") or ""


def _is_now(time: str, request: WebhookRequest) -> bool:
    if not time.isascii() or not time.isdigit() or len(time) > _LONGEST_TIME:
        return False
    return abs(request.at.timestamp() - int(time)) <= TOLERANCE.total_seconds()
