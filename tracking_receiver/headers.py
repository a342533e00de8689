"""The headers of every answer: nothing is cached, indexed, framed, sniffed, or allowed to load from elsewhere."""

from __future__ import annotations

import base64
import hashlib

from tracking_receiver.pages import STYLE

# The one style of our pages is allowed by its hash; scripts and everything from elsewhere are not.
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_PAGE_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# A message is somebody's HTML: images and styles may load, scripts, forms and plug-ins may not, and it has no origin.
_MESSAGE_POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; font-src http: https: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

PRIVATE = [
    (b"cache-control", b"no-store, no-cache, must-revalidate, private, max-age=0"),
    (b"pragma", b"no-cache"),
    (b"expires", b"0"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
# A shop's page reports a conversion by `fetch`: the token says all, no cookie counts, so it does not matter whose page it is.
CROSS_ORIGIN = [(b"access-control-allow-origin", b"*")]
HTML = (b"content-type", b"text/html; charset=utf-8")
PAGE_HEADERS = [HTML, (b"content-security-policy", _PAGE_POLICY.encode()), *PRIVATE]
MESSAGE_HEADERS = [HTML, (b"content-security-policy", _MESSAGE_POLICY.encode()), *PRIVATE]


def as_text(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return raw headers as Starlette wants them."""
    return {name.decode(): value.decode() for name, value in headers}
