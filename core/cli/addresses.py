"""Where the two servers listen and how they are reached: from settings, options, and what is usual."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.settings import Settings

APP_PORT, RECEIVER_PORT = 8501, 8600
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Addresses:
    """Where the servers listen, and the URLs others use.

    Args:
        host: The address both listen on.
        app_port: The app's port.
        receiver_port: The receiver's port.
        app_url: Where people reach the app.
        public_url: Where mail clients reach the receiver.
    """

    host: str
    app_port: int
    receiver_port: int
    app_url: str
    public_url: str

    @property
    def app_health(self) -> str:
        """The app's health check, from this machine."""
        return f"http://{_from_here(self.host)}:{self.app_port}/healthz"

    @property
    def receiver_url(self) -> str:
        """Where this machine reaches the receiver."""
        return f"http://{_from_here(self.host)}:{self.receiver_port}"

    @property
    def receiver_health(self) -> str:
        """The receiver's health check, from this machine."""
        return f"{self.receiver_url}/healthz"


def choose(settings: Settings, host: str, app_port: int, receiver_port: int) -> Addresses:
    """Return the addresses; a port of 0 means the one in the URL, else the usual one.

    A URL on this machine follows the port that is really used; one on the internet stands for a proxy in front and stays.
    """
    app_port = app_port or _port_of(settings.app_url, APP_PORT)
    receiver_port = receiver_port or _port_of(settings.public_url, RECEIVER_PORT)
    return Addresses(
        host,
        app_port,
        receiver_port,
        _followed(settings.app_url, app_port),
        _followed(settings.public_url, receiver_port),
    )


def is_here(url: str) -> bool:
    """Return whether a URL leads to this machine itself."""
    name = urlsplit(url).hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _port_of(url: str, usual: int) -> int:
    port = urlsplit(url).port
    return port if port and is_here(url) else usual


def _followed(url: str, port: int) -> str:
    if not is_here(url):
        return url
    name = urlsplit(url).hostname or LOOPBACK
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def _from_here(host: str) -> str:
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - not listening, only told apart
        return LOOPBACK
    return f"[{host}]" if ":" in host else host
