"""Which program and device opened or clicked, as far as the user agent tells; good for charts, not for decisions."""

from __future__ import annotations

from functools import lru_cache

from core.events.event import Event
from core.events.matching import Context

# First hit wins: the specific name stands before the engines it also names.
_CLIENTS = (
    ("googleimageproxy", "Gmail"),
    ("yahoomailproxy", "Yahoo Mail"),
    ("thunderbird", "Thunderbird"),
    ("outlook", "Outlook"),
    ("microsoft office", "Outlook"),
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("crios", "Chrome"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
    ("applewebkit", "Apple Mail"),
)
_DEVICES = (
    ("ipad", "tablet"),
    ("tablet", "tablet"),
    ("iphone", "phone"),
    ("mobile", "phone"),
    ("android", "tablet"),
    ("windows", "computer"),
    ("macintosh", "computer"),
    ("linux", "computer"),
    ("cros", "computer"),
)


def describe_client(event: Event, _context: Context) -> Event:
    """Set the program and the device; a proxy hides the device, so it gets none."""
    if event.user_agent:
        event.client, event.device = client_and_device(event.user_agent)
    return event


@lru_cache(maxsize=16_384)
def client_and_device(user_agent: str) -> tuple[str | None, str | None]:
    """Return the program's and the device's name, None where the user agent does not tell."""
    plain = user_agent.lower()
    client = next((name for word, name in _CLIENTS if word in plain), None)
    if client in ("Gmail", "Yahoo Mail"):
        return client, None
    return client, next((name for word, name in _DEVICES if word in plain), None)
