"""Emails on show: kept in memory for the moment they are looked at, served under a policy of their own.

An inline frame (`srcdoc`) would inherit the app's policy, which lets nothing in from other hosts; an email's pictures
do live elsewhere. So each is a document of its own: no scripts, no forms, an origin that is nobody's.

The editor has to know where in an email its blocks are, which only a script inside can tell. Its frame runs that one
script of ours, by a number nobody can guess, and no other; its origin is nobody's as well. It is empty at first, and is
handed one state of the email after the other: what comes later can't take our script apart or borrow its number.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from core.templates.markup.scanning import Kind, scan

KEPT = 100
LARGEST = 8_000_000
ROOM = 100_000_000

_REST = (
    "default-src 'none'; img-src http: https: data:; "
    "style-src 'unsafe-inline' https: http:; font-src https: http: data:; frame-ancestors 'self'; form-action 'none'; base-uri 'none'"
)
POLICY = f"sandbox allow-popups allow-popups-to-escape-sandbox; {_REST}"
_MEASURING = (Path(__file__).parents[1] / "components" / "canvas_inside.js").read_text("utf-8")


@dataclass(frozen=True)
class Framed:
    """A document that is put into a frame.

    Args:
        html: The whole of it.
        policy: What it may do.
    """

    html: str
    policy: str = POLICY


class Frames:
    """The emails on show in this process, each for one session only.

    Args:
        kept: How many; where there are more, whoever has put most there loses the one not looked at for longest.
        room: How many bytes they may take together.
    """

    def __init__(self, kept: int = KEPT, room: int = ROOM) -> None:
        self._kept, self._room = kept, room
        self._lock = Lock()
        self._pages: OrderedDict[str, tuple[bytes, str, bytes]] = OrderedDict()

    def put(self, token: str, page: Framed) -> str:
        """Keep an email for the holder of a session token; return its name, the same for the same email."""
        body = page.html.encode()[:LARGEST]
        name = hashlib.blake2b(body, key=_key(token), digest_size=20).hexdigest()
        with self._lock:
            self._pages[name] = (body, page.policy, _key(token))
            self._pages.move_to_end(name)
            self._make_room()
        return name

    def get(self, token: str, name: str) -> tuple[bytes, str] | None:
        """Return an email that the holder of this token put here, and its policy; None if there is none."""
        with self._lock:
            found = self._pages.get(name)
        if found is None or hashlib.blake2b(found[0], key=_key(token), digest_size=20).hexdigest() != name:
            return None
        return found[:2]

    def _make_room(self) -> None:
        """Drop pages until the rest fits: one session that looks at very many must not take what others look at."""
        each = self._room // self._kept  # what a page counts for at least
        while len(self._pages) > 1:
            taken: Counter[bytes] = Counter()
            for body, _, holder in self._pages.values():
                taken[holder] += max(len(body), each)
            if taken.total() <= self._room:
                return
            ((most, _),) = taken.most_common(1)
            del self._pages[next(name for name, page in self._pages.items() if page[2] == most)]


FRAMES = Frames()


def with_links_in_new_tabs(html: str) -> str:
    """Return the email with a base element at the top of its head, so that its links leave the frame."""
    at = 0
    # After the doctype at the latest: in front of it the base element would put the browser into quirks mode.
    for piece in scan(html):
        if piece.kind is Kind.COMMENT or (piece.kind is Kind.START and piece.name in {"html", "head"}):
            at = piece.end
        elif piece.kind is not Kind.TEXT or html[piece.start : piece.end].strip():
            break
        if piece.name == "head":
            break
    return html[:at] + '<base target="_blank">' + html[at:]


def canvas() -> Framed:
    """Return a document for the editor's frame: empty, with the script that is handed emails and tells where their blocks are."""
    nonce = secrets.token_urlsafe(18)
    page = f'<!doctype html><title>Email</title><script nonce="{nonce}">{_MEASURING}</script>'
    return Framed(page, f"sandbox allow-scripts; script-src 'nonce-{nonce}'; {_REST}")


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
