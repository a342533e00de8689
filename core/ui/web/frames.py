"""Emails on show: kept in memory for the moment they are looked at, served under a policy of their own.

An inline frame (`srcdoc`) would inherit the app's policy, which lets nothing in from other hosts; an email's pictures
do live elsewhere. So each is a document of its own: no scripts, no forms, an origin that is nobody's.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from threading import Lock

KEPT = 100
LARGEST = 8_000_000

POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; "
    "style-src 'unsafe-inline' https: http:; font-src https: http: data:; frame-ancestors 'self'; form-action 'none'; base-uri 'none'"
)


# After the doctype at the latest: in front of it the base element would put the browser into quirks mode.
_HEAD = re.compile(r"<head(\s[^>]*)?>|<html(\s[^>]*)?>(?!\s*<head)|<!doctype[^>]*>(?!\s*<(html|head))", re.IGNORECASE)


class Frames:
    """The emails on show in this process, each for one session only.

    Args:
        kept: How many; the one not looked at for longest goes first.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = Lock()
        self._pages: OrderedDict[str, bytes] = OrderedDict()

    def put(self, token: str, html: str) -> str:
        """Keep an email for the holder of a session token; return its name, the same for the same email."""
        body = html.encode()[:LARGEST]
        name = hashlib.blake2b(body, key=_key(token), digest_size=20).hexdigest()
        with self._lock:
            self._pages[name] = body
            self._pages.move_to_end(name)
            while len(self._pages) > self._kept:
                self._pages.popitem(last=False)
        return name

    def get(self, token: str, name: str) -> bytes | None:
        """Return an email that the holder of this token put here, or None."""
        with self._lock:
            body = self._pages.get(name)
        if body is None or hashlib.blake2b(body, key=_key(token), digest_size=20).hexdigest() != name:
            return None
        return body


FRAMES = Frames()


def with_links_in_new_tabs(html: str) -> str:
    """Return the email with a base element at the top of its head, so that its links leave the frame."""
    opening = _HEAD.search(html)
    at = opening.end() if opening else 0
    return html[:at] + '<base target="_blank">' + html[at:]


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
