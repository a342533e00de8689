"""The services of this process, shared by every page and every route."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from core.accounts.sign_in import SignIn
from core.app import Services, build
from core.settings import Settings


@dataclass(frozen=True)
class _Shared:
    services: Services
    sign_in: SignIn


class _Holder:
    def __init__(self) -> None:
        self.lock = Lock()
        self.shared: _Shared | None = None


_holder = _Holder()


def services() -> Services:
    """Return the services of this process, built from the environment on first use."""
    return _shared().services


def sign_in() -> SignIn:
    """Return what checks passwords in this process; one object, because it remembers failures."""
    return _shared().sign_in


@contextmanager
def using(given: Services) -> Iterator[Services]:
    """Let pages and routes use these services instead, for as long as the context lasts."""
    before = _holder.shared
    _holder.shared = _share(given)
    try:
        yield given
    finally:
        _holder.shared = before


def _shared() -> _Shared:
    with _holder.lock:
        if _holder.shared is None:
            _holder.shared = _share(build(Settings.load()))
        return _holder.shared


def _share(given: Services) -> _Shared:
    return _Shared(given, SignIn(given.db, given.clock, given.people.rounds))
