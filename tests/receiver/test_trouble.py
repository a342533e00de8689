"""A full disk and a dead database: what still works, what is refused, and that nothing acknowledged is lost."""

from __future__ import annotations

import resource
from typing import Any

from core.links.tokens import Purpose
from tests.receiver.conftest import Site, small_files
from tests.support.waiting import wait_for
from tracking_receiver.hits import PIXEL

LIMIT = 64 * 1024


def _fill(site: Site) -> int:
    """Open until the journal's file is as long as files may be; return how many opens were acknowledged."""
    acknowledged = 0
    while site.http.get(site.urls.open(1), headers={"User-Agent": "x" * 400}).status_code == 200:
        acknowledged += 1
        assert acknowledged < 1000
    return acknowledged


def test_on_a_full_disk_nothing_is_acknowledged_links_lead_on_and_what_waits_is_kept_later(start: Any) -> None:
    with start(set_up=small_files(LIMIT)) as site:
        acknowledged = _fill(site)

        pixel = site.http.get(site.urls.open(2))
        click = site.http.get(site.urls.click(3, 1), follow_redirects=False)
        health = site.http.get("/healthz")

        assert (pixel.status_code, pixel.content) == (503, PIXEL)
        assert click.status_code == 302
        assert health.status_code == 503
        assert "free some disk space" in health.json()["status"]
        assert health.json()["journal_backlog"] == 3
        assert len(site.records("opened", 1)) == acknowledged

        resource.prlimit(site.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_for(lambda: site.http.get("/healthz").status_code == 200, "the journal to be written again")

        assert len(site.records("opened", 2)) == len(site.records("clicked", 3)) == 1
        assert site.log.read_text().count("the journal can't be written") == 1
        assert "the journal can be written again" in site.log.read_text()


def test_on_a_full_disk_a_wish_is_refused_in_plain_words(start: Any) -> None:
    with start(set_up=small_files(LIMIT)) as site:
        conversion = f"/e/{site.token(Purpose.CONVERSION)}"
        answers = [site.http.post(site.urls.unsubscribe(number), headers={"User-Agent": "x" * 400}) for number in range(1, 151)]

        refused = answers[-1]
        assert refused.status_code == 503
        assert "try again in a few minutes" in refused.text
        assert site.http.post(conversion).status_code == 503
        assert site.http.get(conversion).status_code == 503
        assert site.http.get(conversion).json()["hint"] == "Send it again in a few minutes, with the same order_id."
        assert len(site.records("unsubscribed")) == sum(answer.status_code == 200 for answer in answers)


def test_without_a_database_everything_that_needs_none_works(start: Any) -> None:
    nowhere = {"POSTWRIGHT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    with start(environment=nowhere) as site:
        assert site.http.get(site.urls.open(1)).status_code == 200
        assert site.http.get(site.urls.click(1, 1)).status_code == 404
        assert site.http.get(site.urls.unsubscribe(1)).status_code == 200
        assert site.http.post(site.urls.unsubscribe(1)).status_code == 200
        assert site.http.get(site.urls.view(1)).status_code == 404
        assert site.http.get("/healthz").status_code == 200
        assert site.http.get("/readyz").json() == {"ready": False, "journal": True, "database": False}
        assert [record["kind"] for record in site.records()] == ["opened", "clicked", "unsubscribed"]
        assert "Traceback" not in site.log.read_text()
