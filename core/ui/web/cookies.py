"""Which cookie carries a session: the strictest one the browser will keep at this address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.settings import LOOPBACK


@dataclass(frozen=True)
class SessionCookie:
    """The name and flags of the session cookie.

    Args:
        name: `__Host-` ties the cookie to exactly this host, over https only (RFC 6265bis, section 4.1.3.2).
        secure: Whether it travels over https only.
    """

    name: str
    secure: bool


_STRICT = SessionCookie("__Host-sid", secure=True)
# A browser drops `__Host-` and Secure cookies over plain http. Whoever runs the app that way inside their own
# network can sign in all the same; `core.ui.server` warns about it at every start.
_PLAIN = SessionCookie("sid", secure=False)


def session_cookie(origin: str) -> SessionCookie:
    """Return the cookie for a page at this origin.

    Args:
        origin: The browser's `Origin` header, for example "https://mail.example.com"; anything else counts as strict.
    """
    scheme, host = _parts(origin)
    return _PLAIN if scheme == "http" and host and host not in LOOPBACK else _STRICT


def token_among(cookies: Mapping[str, str], origin: str) -> str:
    """Return the token the browser sent, or "".

    Args:
        cookies: By name.
        origin: The browser's `Origin` header; "" where it sends none (a page's own GET), then the strict cookie goes first.
    """
    if origin:
        return cookies.get(session_cookie(origin).name, "")
    return cookies.get(_STRICT.name, "") or cookies.get(_PLAIN.name, "")


def _parts(origin: str) -> tuple[str, str]:
    try:
        parts = urlsplit(origin)
        return parts.scheme, parts.hostname or ""
    except ValueError:  # "http://[" and the like
        return "", ""
