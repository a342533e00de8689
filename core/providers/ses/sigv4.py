"""Sign a request as Amazon wants it (Signature Version 4); the secret key itself never leaves.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs.

    Args:
        access_key_id: Names the key.
        secret_access_key: The key.
        region: Where the service runs, such as us-east-1.
        service: The service's name in signatures, such as ses.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    service: str


def signed(credentials: Credentials, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a request with those that prove who sends it.

    Args:
        credentials: What signs.
        method: Such as POST.
        url: The whole address; its path is taken as it goes over the wire.
        headers: Sent with the request; all of them are signed.
        body: What is sent.
        now: The time; Amazon refuses what is more than five minutes off.
    """
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    address = urlsplit(url)
    every = {**headers, "host": _host(url), "x-amz-date": moment}
    plain = sorted((name.lower(), " ".join(value.split())) for name, value in every.items())
    names = ";".join(name for name, _ in plain)
    lines = (
        method,
        quote(address.path or "/", safe="/" + _UNRESERVED),
        _query(address.query),
        *(f"{name}:{value}" for name, value in plain),
        "",
        names,
        hashlib.sha256(body).hexdigest(),
    )
    scope = f"{moment[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()))
    key = signing_key(credentials.secret_access_key, moment[:8], credentials.region, credentials.service)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    proof = f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**every, "authorization": proof}


@lru_cache(maxsize=64)
def signing_key(secret_access_key: str, day: str, region: str, service: str) -> bytes:
    """Return the key of one day (YYYYMMDD), region and service; the same for all requests of that day."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _host(url: str) -> str:
    """Return the Host header as it is sent: with the port only where it is not the usual one."""
    address = urlsplit(url)
    host = address.hostname or ""
    name = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}.get(address.scheme)
    return name if address.port in (None, usual) else f"{name}:{address.port}"


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{name}={value}" for name, value in sorted((_encoded(name), _encoded(value)) for name, value in pairs))


def _encoded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)
