"""The addresses of the receiver that go into mail, and which addresses may stand in mail at all."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from core.links.tokens import Purpose, TokenSigner

# The name of the query parameter by which a landing page can report a conversion.
CONVERSION_PARAMETER = "pw"
# What the last part of a name says that only a network of one's own knows.
_WITHIN = ("localhost", "local", "internal", "intranet", "lan", "corp", "home", "home.arpa")


class TrackingUrls:
    """Builds the receiver's URLs for one message.

    Args:
        signer: Makes the tokens.
        public_url: Where mail clients reach the receiver, without a closing slash.
    """

    def __init__(self, signer: TokenSigner, public_url: str) -> None:
        self._mint, self._mint_many = signer.mint, signer.mint_many
        base = public_url.rstrip("/")
        self._open, self._click, self._unsubscribe = f"{base}/o/", f"{base}/c/", f"{base}/u/"
        self._preferences, self._view, self._conversion = f"{base}/p/", f"{base}/v/", f"{base}/e/"

    def open(self, message_id: int) -> str:
        """Return the URL of the pixel."""
        return f"{self._open}{self._mint(Purpose.OPEN, message_id)}.gif"

    def click(self, message_id: int, link_id: int) -> str:
        """Return the URL that records a click and leads on to the link's destination."""
        return self._click + self._mint(Purpose.CLICK, message_id, link_id)

    def clicks(self, message_id: int, link_ids: Sequence[int]) -> list[str]:
        """Return the URL of each link of a message; see `click`."""
        return [self._click + token for token in self._mint_many(Purpose.CLICK, message_id, link_ids)]

    def trap(self, message_id: int) -> str:
        """Return the URL of the link that people can't see: whoever follows it is a machine. Empty for none."""
        return self.click(message_id, 0)

    def unsubscribe(self, message_id: int) -> str:
        """Return the URL of the unsubscribe form, which also takes the one-click POST of RFC 8058."""
        return self._unsubscribe + self._mint(Purpose.UNSUBSCRIBE, message_id)

    def preferences(self, message_id: int) -> str:
        """Return the URL of the preference page."""
        return self._preferences + self._mint(Purpose.PREFERENCES, message_id)

    def view(self, message_id: int) -> str:
        """Return the URL that shows the message in a browser."""
        return self._view + self._mint(Purpose.VIEW, message_id)

    def preview(self) -> str:
        """Return what stands in a test mail in the place of unsubscribe, preferences and view: it names no message."""
        return f"{self._view}preview"

    def conversion(self, message_id: int, link_id: int = 0) -> str:
        """Return the URL that records a conversion."""
        return self._conversion + self._mint(Purpose.CONVERSION, message_id, link_id)

    def landing(self, destination: str, message_id: int, link_id: int) -> str:
        """Return a link's destination with the conversion token added as `pw=`, before any fragment."""
        return with_parameter(destination, CONVERSION_PARAMETER, self._mint(Purpose.CONVERSION, message_id, link_id))


def with_parameter(url: str, name: str, value: str) -> str:
    """Return `url` with one more query parameter; everything already there stays as it is, byte for byte.

    Args:
        url: Any URL, with or without query and fragment.
        name: The parameter's name, URL-safe.
        value: Its value, URL-safe.
    """
    address, hash_mark, fragment = url.partition("#")
    joiner = "&" if "?" in address else "?"
    if address.endswith(("?", "&")):
        joiner = ""
    return f"{address}{joiner}{name}={value}{hash_mark}{fragment}"


def is_web_url(url: str) -> bool:
    """Return whether this is a complete http or https URL that can be put into a header or a redirect unchanged.

    Control characters and white space are refused: they could end a header line (RFC 9110, 5.5).
    """
    if any(character <= " " or character == "\x7f" for character in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def is_public_host(host: str) -> bool:
    """Return whether a host may be one that readers reach: neither a machine's own name or address nor a private network's.

    Only its form is judged; whether there is such a host is asked elsewhere.

    Args:
        host: A name, or an address without brackets; a zone behind it (`fe80::1%eth0`) counts for nothing.
    """
    host = host.lower().rstrip(".")
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return "." in host and not host.endswith(tuple(f".{each}" for each in _WITHIN))
