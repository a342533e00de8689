"""Readers, shops and providers who all act at once on one receiver, and remember what was acknowledged."""

from __future__ import annotations

import http.client
import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.links.tokens import Purpose
from tests.receiver.conftest import Site
from tests.receiver.reporting import BEARER

THREADS = 6
_FIRST = 10  # the numbers before are for the tests around it


@dataclass(frozen=True)
class Act:
    """One kind of thing people do.

    Args:
        kind: The word of its journal line.
        method: How it is asked for.
        path: Where, by the number of the event.
        body: What is sent along, by the same.
        headers: The same for every event.
    """

    kind: str
    method: str
    path: Callable[[int], str]
    body: Callable[[int], bytes | None] = lambda _number: None
    headers: Mapping[str, str] = field(default_factory=dict)


def acts(site: Site, connection_key: str) -> list[Act]:
    """Everything one can do at this receiver; each event has a number of its own, so that it can be looked for."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def path(route: str, purpose: Purpose) -> Callable[[int], str]:
        return lambda number: f"/{route}/{site.token(purpose, number, 1)}"

    return [
        Act("opened", "GET", path("o", Purpose.OPEN)),
        Act("clicked", "GET", path("c", Purpose.CLICK)),
        Act("unsubscribed", "POST", path("u", Purpose.UNSUBSCRIBE), lambda _: b"List-Unsubscribe=One-Click", form),
        Act("converted", "POST", path("e", Purpose.CONVERSION), lambda number: b"order_id=%d" % number, form),
        Act("webhook", "POST", lambda _: f"/webhooks/generic/{connection_key}", lambda number: b"%d" % number, BEARER),
    ]


class Storm:
    """Acts on a receiver from several connections until that dies.

    Args:
        site: The receiver.
        connection_key: The connection that reports are for.
        numbers: Where the numbers of events come from; shared by the storms of one test, so that none comes twice.
    """

    def __init__(self, site: Site, connection_key: str, numbers: itertools.count[int] | None = None) -> None:
        self._site, self._numbers = site, numbers or itertools.count(_FIRST)
        self._acts = acts(site, connection_key)
        self._threads = [threading.Thread(target=self._act, args=(each,), daemon=True) for each in range(THREADS)]
        self._stopping = threading.Event()
        # By kind: the numbers that were answered well; what was refused, by status.
        self.acknowledged: dict[str, set[int]] = defaultdict(set)
        self.refused: Counter[int] = Counter()

    @property
    def answers(self) -> int:
        return sum(len(numbers) for numbers in list(self.acknowledged.values()))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for those who act."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive(), "somebody still waits for an answer"

    def _act(self, first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=20)
        try:
            for act in itertools.islice(itertools.cycle(self._acts), first, None):
                if self._stopping.is_set():
                    return
                number = next(self._numbers)
                connection.request(act.method, act.path(number), act.body(number), dict(act.headers))
                answer = connection.getresponse()
                answer.read()
                if answer.status < 400:
                    self.acknowledged[act.kind].add(number)
                else:
                    self.refused[answer.status] += 1
        except (OSError, http.client.HTTPException):
            return  # it was killed: not answered, so not promised
        finally:
            connection.close()


def missing(acknowledged: Mapping[str, set[int]], site: Site) -> dict[str, set[int]]:
    """Return what was acknowledged but is in no journal, by kind."""
    noted: dict[str, set[int]] = defaultdict(set)
    for record in site.records():
        noted[record["kind"]].add(int(record["body"]) if record["kind"] == "webhook" else record["message_id"])
    return {kind: lost for kind, numbers in acknowledged.items() if (lost := numbers - noted[kind])}
