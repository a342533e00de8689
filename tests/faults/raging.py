"""Workers, ingesters and apps that are killed and begin anew, clocks that jump, a database that goes away, nervous people: all at once."""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx2

from core.campaigns.states import CampaignState
from core.errors import Conflict, PostwrightError, Unavailable
from core.jobs.delivering import Deliveries
from core.jobs.queue import open_queue
from core.jobs.tasks import declare_deliver
from core.jobs.worker import sweep
from tests.faults.nursery import Cradle
from tests.faults.outages import Outage
from tests.faults.sending import Firm
from tests.support.product import free_port
from tests.support.waiting import wait_for

WORKERS = 2
# Who is killed, each once, before anybody is again.
_WHOM = ("worker", "worker", "worker", "worker", "ingester", "app")
_JUMPS = 0.25
# So many press at once besides the app: what they find was changed a moment ago by another.
_PEOPLE = 2


class Storm:
    """Everything that can go wrong while campaigns are sent.

    Args:
        firm: Where.
        cradle: Its processes.
        campaigns: What is being sent.
        dice: Decides when and whom.
        outage: Makes the database not answer; once in a storm.
        outage_seconds: For how long.
    """

    def __init__(
        self, firm: Firm, cradle: Cradle, campaigns: list[int], dice: random.Random, outage: Outage, outage_seconds: float
    ) -> None:
        self._firm, self._cradle, self._campaigns, self._dice = firm, cradle, campaigns, dice
        self._outage, self._outage_seconds = outage, outage_seconds
        self._workers: list[int] = []
        self._ingester = self._app = 0
        self._port = free_port()
        self._stop, self._pause, self._answered = threading.Event(), threading.Event(), threading.Event()
        self.kills, self.happened = Counter[str](), Counter[str]()
        self.failures: list[Exception] = []

    def rage(self, kills: int) -> None:
        """Go on until so many processes were killed, or everything is sent; nothing runs any more afterwards."""
        parts = [self._press] * _PEOPLE + [self._press_in_the_app, self._sweep, self._sweep, self._ingest]
        beside = [threading.Thread(target=self._guarded, args=(part, random.Random(self._dice.random())), daemon=True) for part in parts]
        cradle, token = self._cradle, self._firm.token
        assert token
        try:
            self._ingester, self._app = cradle.ingester(), cradle.app(self._port)
            self._workers = [cradle.worker() for _ in range(WORKERS)]
            for thread in beside:
                thread.start()
            self._kill_again_and_again(kills)
        finally:
            self._stop.set()
            for thread in beside:
                thread.join(90)
            went_wrong = sys.exc_info()[0] is not None  # then that is told, and not that somebody was being replaced
            for pid in [*self._workers, self._ingester, self._app]:
                cradle.kill(pid, may_be_gone=went_wrong)
        assert not any(thread.is_alive() for thread in beside), "somebody waits for ever"
        assert not self.failures, self.failures

    def _kill_again_and_again(self, kills: int) -> None:
        """Kill one process at a time, each at a random moment; at one of the moments the database is gone."""
        outage_at = self._dice.randrange(max(kills // 2, 1))
        order = [whom for _ in range(0, kills, len(_WHOM)) for whom in self._dice.sample(_WHOM, len(_WHOM))][:kills]
        for number, whom in enumerate(order):
            if self._is_over():
                return
            if whom == "app":
                wait_for(self._answered.is_set, "the app to answer")
            self._pause.wait(self._dice.uniform(0.0, 1.5))
            if self._dice.random() < _JUMPS:
                self._cradle.jump(self._dice.choice(self._workers), forward=self._dice.random() < 0.5)
                self.happened["jumps"] += 1
            with self._gone() if number == outage_at else _nothing():
                begin_again = self._kill(whom)
                self.kills[whom] += 1
            begin_again()

    @contextmanager
    def _gone(self) -> Iterator[None]:
        """Take the database away, for whoever works meanwhile and whoever is killed meanwhile."""
        with self._outage():
            yield
            self._pause.wait(self._outage_seconds)
        self.happened["outages"] += 1

    def _kill(self, whom: str) -> Callable[[], None]:
        """Kill one of a kind; return what starts another."""
        cradle = self._cradle
        if whom == "ingester":
            cradle.kill(self._ingester)
        elif whom == "app":
            cradle.kill(self._app)
        else:
            number = self._dice.randrange(WORKERS)
            cradle.kill(self._workers[number])

        def begin_again() -> None:
            if whom == "ingester":
                self._ingester = cradle.ingester()
            elif whom == "app":
                self._answered.clear()
                self._app = cradle.app(self._port)
            else:
                self._workers[number] = cradle.worker()

        return begin_again

    def _is_over(self) -> bool:
        return all(self._firm.state(campaign) is CampaignState.SENT for campaign in self._campaigns)

    def _guarded(self, part: Callable[[random.Random], None], dice: random.Random) -> None:
        try:
            part(dice)
        except Exception as error:  # told in the test's own thread
            self.failures.append(error)

    def _press(self, dice: random.Random) -> None:
        """Press pause and resume, at times twice, and let what is held or slow try again."""
        campaigns, by = self._firm.services.campaigns, self._firm.by
        while not self._stop.wait(dice.uniform(0.1, 1.2)):
            campaign = dice.choice(self._campaigns)
            with suppress(Conflict, Unavailable):
                for _ in range(dice.choice((1, 1, 2))):
                    campaigns.pause(by, campaign)
                self.happened["pauses"] += 1
                if dice.random() < 0.3:
                    self._firm.try_again(campaign)
                self._stop.wait(dice.uniform(0.0, 0.4))
                for _ in range(dice.choice((1, 1, 2))):
                    campaigns.resume(by, campaign)

    def _press_in_the_app(self, dice: random.Random) -> None:
        """Press send, pause and resume in the app, which may be gone in the middle of it."""
        bearer = {"Authorization": f"Bearer {self._firm.token}"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{self._port}/api/v1/campaigns", headers=bearer, timeout=90) as http:
            while not self._stop.wait(dice.uniform(0.05, 0.3)):
                what = dice.choice(("send", "pause", "resume", "resume"))
                with suppress(httpx2.TransportError):
                    answer = http.post(f"/{dice.choice(self._campaigns)}/{what}")
                    assert answer.status_code in (200, 202, 409, 503), f"{what}: {answer.status_code} {answer.text}"
                    self._answered.set()
                    self.happened["pressed in the app"] += answer.status_code < 300

    def _sweep(self, dice: random.Random) -> None:
        """Ring for what is due as the worker does."""
        services, queue = self._firm.services, open_queue(self._firm.settings)
        ring = declare_deliver(queue, lambda _: None)
        deliveries = Deliveries(services, lambda: True)
        while not self._stop.wait(dice.uniform(0.05, 0.5)):
            sweep(services, deliveries, ring)

    def _ingest(self, dice: random.Random) -> None:
        """Read what was noted, while the other ingester lies dead."""
        while not self._stop.wait(dice.uniform(0.05, 0.5)):
            with suppress(PostwrightError):
                self._firm.services.ingester.run_once()


@contextmanager
def _nothing() -> Iterator[None]:
    yield
