"""The ways out of a campaign: through which connection the next chunk leaves, and how much of it may leave now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.contacts.lookup import Contact
from core.messages.plan import SendPlan
from core.messages.rows import Claimed
from core.providers.base import Idempotence, Provider, SendResult
from core.providers.connections import Connections


@dataclass(frozen=True)
class Hold:
    """Nothing may leave now.

    Args:
        until: When to look again.
        reason: Why, in words for the people who wait.
    """

    until: datetime
    reason: str


@dataclass(frozen=True)
class Way:
    """One open connection.

    Args:
        connection_id: Which.
        provider: Takes the messages.
        limit: How many may leave through it now at most.
    """

    connection_id: int
    provider: Provider
    limit: int


@dataclass(frozen=True)
class Paced:
    """A chunk, as far as recipients' domains take it now.

    Args:
        now: What may leave.
        later: What has to wait, and until when, by message.
    """

    now: list[tuple[Claimed, Contact]]
    later: dict[int, datetime] = field(default_factory=dict)


class OpenWays:
    """The ways of one drain; whoever opened it closes it.

    Args:
        connection_id: The only connection.
        provider: It, open.
    """

    def __init__(self, connection_id: int, provider: Provider) -> None:
        self._connection_id, self._provider = connection_id, provider

    @property
    def sent_twice_is_once(self) -> frozenset[int]:
        """Connections that deliver the same key only once, so that an unknown outcome may be sent again.

        Only where there is no other way: what waits again must leave by the same one.
        """
        return frozenset({self._connection_id} if self._provider.idempotence is Idempotence.ALWAYS else ())

    def next(self) -> Way | Hold:
        """Return the way the next chunk takes, or that nothing may leave now."""
        return Way(self._connection_id, self._provider, self._provider.batch_size)

    def pace(self, _way: Way, people: Sequence[tuple[Claimed, Contact]]) -> Paced:
        """Return what of a chunk may leave by this way now; the rest waits."""
        return Paced(list(people))

    def learn(self, way: Way, people: Sequence[tuple[Claimed, Contact]], results: Sequence[SendResult]) -> str:
        """Take in what a chunk came to; return why nothing more should be tried now, or nothing."""
        return next((result.reason for result in results if not result.attempted), "")

    def close(self) -> None:
        """Let go of the connections."""
        self._provider.close()


class Ways:
    """Opens the ways of campaigns.

    Args:
        connections: What is configured.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def open(self, plan: SendPlan) -> OpenWays:
        """Return the ways of a campaign, open.

        Raises:
            NotFound: If the connection is gone.
            Unavailable: If its secrets can't be read.
        """
        return OpenWays(plan.connection_id, self._connections.open(plan.workspace_id, plan.connection_id))
