"""The services of this process, shared by every page and every route."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from core.accounts.sign_in import SignIn
from core.app import Services, build
from core.settings import Settings


class _Holder:
    def __init__(self) -> None:
        self.lock = Lock()
        self.shared: Services | None = None


_holder = _Holder()


def services() -> Services:
    """Return the services of this process, built from the environment on first use."""
    return _shared()


def sign_in() -> SignIn:
    """Return what checks passwords and codes."""
    return services().sign_in


@contextmanager
def using(given: Services) -> Iterator[Services]:
    """Let pages and routes use these services instead, for as long as the context lasts."""
    before = _holder.shared
    _holder.shared = given
    try:
        yield given
    finally:
        _holder.shared = before


def _shared() -> Services:
    with _holder.lock:
        if _holder.shared is None:
            _holder.shared = build(Settings.load())
        return _holder.shared
