"""How far each message of a batch has got, told while the batch is on its way: what a killed sender leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.providers.base import SendResult


class Progress:
    """Is told of every message twice: before it can be taken, and what was answered. This one keeps nothing.

    Telling too early is harmless (nobody knows what became of the message), telling too late sends it twice: `begin` comes
    before the first byte that could make a provider take it. May be told from several threads.
    """

    def begin(self, message_id: int) -> None:
        """A message is about to be handed over: from now on the provider may have it."""

    def begin_all(self, message_ids: Iterable[int]) -> None:
        """Several are about to be handed over, such as all of one request."""
        for message_id in message_ids:
            self.begin(message_id)

    def learn(self, result: SendResult) -> None:
        """It is known what became of a message; an uncertain one stays as if nobody had answered."""


UNNOTED = Progress()
