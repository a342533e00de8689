"""Making the readers' requests over HTTP, with the links that are really in their mail."""

from __future__ import annotations

import http.client
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from core.cli.demo.readers import Deed, Visit
from core.errors import Unavailable

_THREADS = 4
_LINK = re.compile(r"https?://[^\s\"'<>]+?(/[ocu]/[\w-]+(?:\.gif)?)(?=[\"'\s<>]|$)")
# What only machines follow; the demo's readers are people, or machines that give themselves away otherwise.
_HIDDEN = re.compile(r"<a\b[^<>]*\baria-hidden=\"true\"[^<>]*>")


@dataclass(frozen=True)
class Links:
    """The receiver's paths in one email.

    Args:
        pixel: The pixel.
        clicks: The tracked links, in order.
        unsubscribe: The unsubscribe link.
    """

    pixel: str
    clicks: list[str]
    unsubscribe: str


def links_in(html: str) -> Links:
    """Return the receiver's paths in a message that people can see, each once, in the order they appear."""
    paths = list(dict.fromkeys(_LINK.findall(_HIDDEN.sub("", html))))
    return Links(
        next((path for path in paths if path.startswith("/o/")), ""),
        [path for path in paths if path.startswith("/c/")],
        next((path for path in paths if path.startswith("/u/")), ""),
    )


def make_visits(base: str, planned: Iterable[tuple[Links, Sequence[Visit]]]) -> Counter[Deed]:
    """Make every visit, mixed as in life but each person's own in order; return how many of each deed were answered.

    Args:
        base: Where the receiver is, as seen from here.
        planned: Each email's links and what happens to it.

    Raises:
        Unavailable: If the receiver does not answer.
    """
    people = list(planned)
    random.Random(7).shuffle(people)  # noqa: S311 - the same mixture every time
    shares = [people[start::_THREADS] for start in range(_THREADS)]
    with ThreadPoolExecutor(_THREADS) as pool:
        counted = pool.map(lambda share: _Visitor(base).make(share), shares)
        return sum(counted, Counter())


class _Visitor:
    """One connection to the receiver, kept open."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=20)

    def make(self, people: Sequence[tuple[Links, Sequence[Visit]]]) -> Counter[Deed]:
        done: Counter[Deed] = Counter()
        try:
            for links, visits in people:
                for visit in visits:
                    done[visit.deed] += self._visit(links, visit)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("The receiver does not answer any more.", hint="Look at its log, then run the demo again.") from error
        finally:
            self._connection.close()
        return done

    def _visit(self, links: Links, visit: Visit) -> bool:
        if visit.deed is Deed.OPEN:
            return self._ask("GET", links.pixel, visit)[0] == http.client.OK
        if visit.deed is Deed.CLICK:
            return self._ask("HEAD" if visit.is_head else "GET", links.clicks[visit.link], visit)[0] == http.client.FOUND
        if visit.deed is Deed.UNSUBSCRIBE:
            return self._ask("POST", links.unsubscribe, visit, {"List-Unsubscribe": "One-Click"})[0] == http.client.OK
        return self._buy(links, visit)

    def _buy(self, links: Links, visit: Visit) -> bool:
        """Land on the page a second click leads to, then report the purchase as that page would, if the campaign tracks it."""
        landing = self._ask("HEAD", links.clicks[visit.link], visit)[1]
        token = parse_qs(urlsplit(landing).query).get("pw", [""])[0]
        return bool(token) and self._ask("POST", f"/e/{token}", visit, {"value": f"{visit.value}", "currency": "EUR"})[0] == http.client.OK

    def _ask(self, method: str, path: str, visit: Visit, form: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"User-Agent": visit.user_agent, "X-Forwarded-For": visit.ip}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body=urlencode(form) if form is not None else None, headers=headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("location") or ""
