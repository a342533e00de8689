"""The ways out of a campaign, or of single messages: by which connection the next chunk leaves, and how much of it may leave now."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from core.clock import Clock
from core.errors import PostwrightError
from core.messages.lessons import changes_after, gone_of
from core.messages.plan import SendPlan
from core.messages.rows import Claimed
from core.messages.shares import Shares
from core.messages.waiting_line import WaitingLine
from core.messages.way import HasEmail, Hold, Paced, Reader, Way, soonest
from core.providers.base import Idempotence, Provider, SendResult
from core.providers.connections import Connections
from core.providers.domain_groups import domain_group
from core.providers.pace_book import PaceBook, counted
from core.providers.pace_rules import ALL, Closed, opening
from core.providers.standing import ASSUMED_RATE, FOR_A_PERSON

# What leaves without limits is only counted, for the people who look; and a hold somebody else learnt of is seen this late.
_LOOKS_AGAIN = timedelta(seconds=1)
_COUNTS_AFTER = timedelta(seconds=10)
# A connection that can't send for no longer than this is waited for.
A_MOMENT = timedelta(seconds=2)
_SHUT = timedelta(minutes=1)
_CAMPAIGNS_REMEMBERED = 1_000


@dataclass(frozen=True)
class Routes:
    """Where the ways of a campaign, or of a connection's single messages, begin.

    Args:
        workspace_id: Whose they are.
        weights: How large each connection's share is.
        is_urgent: Whether somebody waits for what leaves by them: it goes before campaigns.
    """

    workspace_id: int
    weights: Mapping[int, int]
    is_urgent: bool = False


class OpenWays:
    """The ways of one drain; whoever opened it closes it.

    Args:
        clock: The time.
        book: What is known of connections' pace.
        connections: Opens them.
        routes: Whose connections they are, what each one's share is, and whether somebody waits for what leaves by them.
        shares: What each route has had so far.
        line: When what has to wait for recipients' domains has its turn.

    Raises:
        NotFound: If none of its connections is there.
        Unavailable: If the secrets of none can be read.
    """

    def __init__(self, clock: Clock, book: PaceBook, connections: Connections, routes: Routes, shares: Shares, line: WaitingLine) -> None:
        self._clock, self._book, self._connections = clock, book, connections
        self._workspace_id, self._weights, self._is_urgent = routes.workspace_id, routes.weights, routes.is_urgent
        self._shares, self._line = shares, line
        self._providers: dict[int, Provider] = {}
        self._shut: dict[int, Closed] = {}  # what can't even be opened, in this drain
        self._taken: dict[tuple[int, int], tuple[date, str]] = {}  # connection and message: counted on a day, for a group; no more yet
        self._uncounted: Counter[int] = Counter()
        self._gone: Counter[int] = Counter()
        self._began = self._counted_at = self._looked_at = clock.now()
        self._seen = book.look(routes.workspace_id)
        self._chains = {each: self._chain(each) for each in self._weights}
        self._open_routes()

    @property
    def sent_twice_is_once(self) -> frozenset[int]:
        """Connections that deliver the same key only once, so that an unknown outcome may be sent again.

        Only where there is no other way: what waits again must leave by the same one.
        """
        possible = {each for chain in self._chains.values() for each in chain}
        if len(possible) > 1:
            return frozenset()
        return frozenset(each for each in possible if self._providers[each].idempotence is Idempotence.ALWAYS)

    def knows_keys(self, connection_id: int) -> bool:
        """Return whether an open connection delivers the same key once, at least where a message is alone."""
        provider = self._providers.get(connection_id)
        return provider is not None and provider.idempotence is not Idempotence.NEVER

    def next(self) -> Way | Hold:
        """Return the way the next chunk takes, or that nothing may leave now."""
        found = self._open_now()
        return found if isinstance(found, Hold) else self._whose_turn(found)

    def next_but(self, passed: Collection[int]) -> Way | Hold | None:
        """Return the same, leaving out connections for which nothing waits; None where there are no others now."""
        if isinstance(found := self._open_now(), Hold):
            return found
        idle = [way.route_id for way in found if way.connection_id in passed]
        return self._whose_turn(found, idle) if len(idle) < len(found) else None

    def pace(self, way: Way, people: Sequence[tuple[Claimed, Reader]]) -> Paced[Reader]:
        """Return what of a chunk may leave by this way now; the rest waits."""
        known = self._seen[way.connection_id].known
        if known.is_free or not people:
            self._shares.note(way.route_id, len(people))
            return Paced(list(people))
        by_group: dict[str, list[tuple[Claimed, Reader]]] = {}
        for each in people:
            by_group.setdefault(domain_group(each[1].email), []).append(each)
        wanted = {group: len(members) for group, members in by_group.items()}
        allotted = self._book.take(self._workspace_id, way.connection_id, wanted, is_urgent=self._is_urgent)
        paced, now = Paced[Reader]([]), self._clock.now()
        for group, members in by_group.items():
            leaving, waiting = members[: allotted.now[group]], members[allotted.now[group] :]
            paced.now.extend(leaving)
            self._taken.update(((way.connection_id, claimed.message_id), (now.date(), group)) for claimed, _ in leaving)
            if waiting:
                turns = self._line.turns((way.connection_id, group), len(waiting), now, *allotted.waits[group])
                paced.later.update((claimed.message_id, turn) for (claimed, _), turn in zip(waiting, turns, strict=True))
        self._shares.note(way.route_id, len(paced.now))
        return paced

    def resumes(self) -> datetime | None:
        """Return when the next of those that had to wait has its turn, None where nobody waits."""
        return self._line.next_turn(self._clock.now())

    def may_take(self, way: Way) -> bool:
        """Return whether a chunk that was prepared for a way may still leave by it."""
        now = self._clock.now()
        return not self._seen[way.connection_id].known.standing(ALL, now).is_held(now)

    def give_back(self, way: Way, people: Sequence[tuple[Claimed, HasEmail]]) -> None:
        """Take back that a chunk was counted: it does not leave by this way now."""
        self._give_back(way.connection_id, self._taken_of(way, people).values())

    def learn(self, way: Way, people: Sequence[tuple[Claimed, HasEmail]], results: Sequence[SendResult]) -> Hold | None:
        """Take in what a chunk came to; return why nothing more should be tried now, or None."""
        taken, gone = self._taken_of(way, people), gone_of(results)
        self._gone[way.connection_id] += len(gone)
        if not taken:
            self._uncounted[way.connection_id] += len(gone)
        self._give_back(way.connection_id, [counted_as for message_id, counted_as in taken.items() if message_id not in gone])
        changes = changes_after(self._seen[way.connection_id].known, people, results, self._measured(way.connection_id), self._clock.now())
        if changes:
            self._book.note(self._workspace_id, way.connection_id, changes)
            self._look(anew=True)
        return self._through_all() if changes else None

    def close(self) -> None:
        """Let go of the connections; what was counted and never left is given back."""
        try:
            for connection_id in {connection_id for connection_id, _ in self._taken}:
                self._give_back(connection_id, [counted_as for key, counted_as in self._taken.items() if key[0] == connection_id])
            self._count_all()
        finally:
            for provider in self._providers.values():
                provider.close()

    def _open_now(self) -> list[Way] | Hold:
        self._look()
        found = [self._through(route_id) for route_id in self._weights]
        return [each for each in found if isinstance(each, Way)] or soonest([each for each in found if isinstance(each, Hold)])

    def _whose_turn(self, open_ways: Sequence[Way], idle: Collection[int] = ()) -> Way:
        by_route = {way.route_id: way for way in open_ways}
        return by_route[self._shares.furthest_behind(self._weights, by_route, idle)]

    def _chain(self, route_id: int) -> list[int]:
        """Return a route's connection and those that take over one after the other."""
        chain, each = [route_id], self._seen[route_id].fallback_id if route_id in self._seen else None
        while each is not None and each in self._seen and each not in chain:
            chain.append(each)
            each = self._seen[each].fallback_id
        return chain

    def _open_routes(self) -> None:
        errors = [error for each in self._weights if (error := self._open(each)) is not None]
        if len(errors) == sum(map(len, self._chains.values())):
            raise errors[0]

    def _open(self, connection_id: int) -> PostwrightError | None:
        """Open a connection; return why it can't be."""
        try:
            self._providers[connection_id] = self._connections.open(self._workspace_id, connection_id)
        except PostwrightError as error:
            self._shut[connection_id] = Closed(self._clock.now() + _SHUT, str(error))
            return error
        return None

    def _through(self, route_id: int) -> Way | Hold:
        """Return the first open connection of a route, or until when all are closed."""
        now = self._clock.now()
        closed: list[Closed] = []
        for each in self._chains[route_id]:
            found = self._shut.get(each) or opening(self._seen[each].known, self._seen[each].name, now, is_urgent=self._is_urgent)
            if not isinstance(found, Closed):
                if each in self._providers or self._open(each) is None:
                    provider = self._providers[each]
                    return Way(each, provider, provider.batch_size if found is None else found, route_id)
                found = self._shut[each]
            if found.is_pace or found.until - now <= A_MOMENT:
                return Hold(found.until, found.reason)  # nobody takes over for a moment
            closed.append(found)
        until = min(each.until for each in closed)
        return Hold(until, closed[0].reason, needs_person=until >= FOR_A_PERSON)

    def _through_all(self) -> Hold | None:
        """Return why nothing can leave by any way for more than a moment, None where something can."""
        found = [self._through(route_id) for route_id in self._weights]
        holds = [each for each in found if isinstance(each, Hold) and each.until - self._clock.now() > A_MOMENT]
        return soonest(holds) if len(holds) == len(found) else None

    def _measured(self, connection_id: int) -> float:
        """Return the messages a second a connection has taken in this drain, as far as one can tell."""
        seconds = (self._clock.now() - self._began).total_seconds()
        return self._gone[connection_id] / seconds if seconds >= 1 and self._gone[connection_id] else ASSUMED_RATE

    def _taken_of(self, way: Way, people: Sequence[tuple[Claimed, HasEmail]]) -> dict[int, tuple[date, str]]:
        """Return, and forget, on which day and in which groups messages were counted."""
        if not self._taken:
            return {}
        keys = [(way.connection_id, claimed.message_id) for claimed, _ in people]
        return {key[1]: self._taken.pop(key) for key in keys if key in self._taken}

    def _look(self, *, anew: bool = False) -> None:
        """Read again what is known, unless nothing limits us and we have looked just now; count what left without limits."""
        now = self._clock.now()
        is_free = all(self._seen[each].known.is_free for chain in self._chains.values() for each in chain if each in self._seen)
        if anew or not is_free or now - self._looked_at >= _LOOKS_AGAIN:
            self._seen, self._looked_at = self._seen | self._book.look(self._workspace_id), now
        if now - self._counted_at >= _COUNTS_AFTER:
            self._counted_at = now
            self._count_all()

    def _count_all(self) -> None:
        uncounted, self._uncounted = self._uncounted, Counter()
        for connection_id, count in uncounted.items():
            self._book.count(self._workspace_id, connection_id, {ALL: count})

    def _give_back(self, connection_id: int, taken: Iterable[tuple[date, str]]) -> None:
        """Take back that messages were counted, from the day they were counted on."""
        for day, same in groupby(sorted(taken), key=itemgetter(0)):
            counts = counted(self._seen[connection_id].known, Counter(group for _, group in same))
            self._book.count(self._workspace_id, connection_id, {group: -count for group, count in counts.items()}, day)


class Ways:
    """Opens the ways of campaigns, and those of single messages.

    Args:
        clock: The time.
        connections: What is configured.
        book: What is known of their pace.
    """

    def __init__(self, clock: Clock, connections: Connections, book: PaceBook) -> None:
        self._clock, self._connections, self._book = clock, connections, book
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, tuple[Shares, WaitingLine]] = {}

    def open(self, plan: SendPlan) -> OpenWays:
        """Return the ways of a campaign, open.

        Raises:
            NotFound: If the connection is gone.
            Unavailable: If its secrets can't be read.
        """
        weights = {route.connection_id: route.weight for route in plan.routes} or {plan.connection_id: 1}
        return self._open(Routes(plan.workspace_id, weights), ("campaign", plan.campaign_id))

    def open_for_requests(self, workspace_id: int, connection_id: int) -> OpenWays:
        """Return the ways of the single messages of a connection, open: itself, and those that take over from it.

        Raises:
            NotFound: If the connection is gone.
            Unavailable: If its secrets can't be read.
        """
        return self._open(Routes(workspace_id, {connection_id: 1}, is_urgent=True), ("connection", connection_id))

    def _open(self, routes: Routes, whose: Hashable) -> OpenWays:
        with self._lock:
            while len(self._under_way) > _CAMPAIGNS_REMEMBERED:
                del self._under_way[next(iter(self._under_way))]
            shares, line = self._under_way.setdefault(whose, (Shares(), WaitingLine()))
        return OpenWays(self._clock, self._book, self._connections, routes, shares, line)
