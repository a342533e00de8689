"""Which of the workspace's own pictures an email shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from core.permissions import Principal

_PAGE = 200


class PictureStore(Protocol):
    """What keeps the pictures of a workspace."""

    def after(self, by: Principal, after_id: int, limit: int) -> Sequence[Any]:
        """Return pictures in the order of their numbers."""

    def content(self, by: Principal, picture_id: int) -> bytes:
        """Return the bytes of one."""

    def url_of(self, picture: Any) -> str:
        """Return where everybody sees it."""

    def add(self, by: Principal, data: bytes, name: str, alt: str = "") -> Any:
        """Keep one, once it was looked at."""


def shown_in(store: PictureStore, by: Principal, text: str) -> Iterator[tuple[Any, str]]:
    """Yield the pictures whose address stands in a text, each with the address.

    Args:
        store: What keeps them.
        by: Who asks.
        text: An email, or what it is made of.
    """
    after = 0
    while found := store.after(by, after, _PAGE):
        yield from ((one, url) for one in found if (url := store.url_of(one)) in text)
        after = found[-1].id
