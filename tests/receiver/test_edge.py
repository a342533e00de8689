"""What surrounds the routes: who may call from another origin, what is written down, and the numbers."""

from __future__ import annotations

import re

import httpx2
import pytest

from core.links.tokens import Purpose
from tests.receiver.conftest import Site
from tests.receiver.reporting import add_connection, report
from tests.support.waiting import wait_for
from tracking_receiver.metrics import Metrics

SHOP = {"Origin": "https://shop.example"}


def test_a_shop_s_page_may_report_a_conversion_by_fetch(site: Site) -> None:
    token = site.token(Purpose.CONVERSION, 400)
    simple = site.http.post(f"/e/{token}", data={"order_id": "1"}, headers=SHOP)
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = site.http.options(f"/e/{token}", headers=SHOP | asked)
    refused = site.http.post("/e/forged", headers=SHOP)
    image = site.http.get(f"/e/{token}?order_id=2", headers=SHOP)

    assert (simple.status_code, preflight.status_code, refused.status_code, image.status_code) == (200, 204, 404, 200)
    for answer in (simple, preflight, refused, image):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    assert preflight.headers["access-control-allow-methods"] == "GET, POST"
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    assert len(site.records("converted", 400)) == 2


def test_nothing_else_is_told_to_other_origins(site: Site) -> None:
    paths = [site.urls.open(1), site.urls.click(1, 1), site.urls.unsubscribe(1), site.urls.preferences(1), site.urls.view(1)]
    for path in [*paths, "/healthz", "/readyz", "/metrics", "/webhooks/generic/key", "/", "/v/preview"]:
        for method in ("GET", "POST", "OPTIONS"):
            answer = site.http.request(method, path, headers=SHOP | {"Access-Control-Request-Method": "POST"}, follow_redirects=False)
            assert not [name for name in answer.headers if name.startswith("access-control")], (method, path)


def test_a_storm_leaves_no_token_no_address_and_no_body_in_the_log(site: Site) -> None:
    kept_quiet = ["8.7.6.5", "ada@example.com", "order-4711", "not-one-of-ours", "s3cret", "Mozilla", "x-wing"]
    headers = {"X-Forwarded-For": "8.7.6.5", "Cookie": "session=s3cret", "Referer": "https://x-wing.example/ada@example.com"}
    with httpx2.Client(base_url=site.url, headers=headers | {"User-Agent": "Mozilla ada@example.com"}, timeout=10) as http:
        for message in range(500, 530):
            tokens = [site.token(purpose, message, 1) for purpose in Purpose]
            for route, token in zip("ocuvep", tokens, strict=True):
                http.request("GET", f"/{route}/{token}?email=ada@example.com", follow_redirects=False)
                http.post(f"/{route}/{token}", data={"email": "ada@example.com", "order_id": "order-4711"})
            http.post(f"/e/{tokens[4]}", content=b'{"email": "ada@example.com"', headers={"content-type": "application/json"})
            http.post("/webhooks/generic/not-one-of-ours", content=b"ada@example.com", headers={"Authorization": "Bearer s3cret"})
            http.get("/not-one-of-ours/ada@example.com")
            http.request("BREW", "/not-one-of-ours")
            kept_quiet += tokens

    log = site.log.read_text()

    assert not [word for word in kept_quiet if word in log]
    assert re.search(r"POST /u/\{token\} 200 \d+ ms 8\.7\.6\.0/24", log)
    assert re.search(r"GET /e/\{token\} 200 \d+ ms 8\.7\.6\.0/24", log)
    assert re.search(r"POST /webhooks/generic/\{key\} \d+ \d+ ms 8\.7\.6\.0/24", log)
    assert re.search(r"GET other 404 \d+ ms", log)
    assert "/o/" not in log  # hits are counted, not written down
    assert "/c/" not in log
    assert "/healthz" not in log


def _value(text: str, name: str, **labels: str) -> float:
    found = [line for line in text.splitlines() if line.startswith(name + "{")]
    matching = [line for line in found if all(f'{key}="{value}"' in line for key, value in labels.items())]
    return sum(float(line.rpartition(" ")[2]) for line in matching)


def test_the_numbers_are_told_in_the_format_of_prometheus(site: Site) -> None:
    requests = "postwright_receiver_requests_total"
    before = site.http.get("/metrics").text
    site.http.post(site.urls.unsubscribe(601))
    site.http.get("/u/forged")
    site.http.get(site.urls.open(602))
    site.http.get(site.urls.click(602, 1), follow_redirects=False)
    site.http.get("/c/forged")
    report(site, add_connection(site.settings), b"{}")
    report(site, add_connection(site.settings), b"{}", authorization="Bearer wrong")
    answer = site.http.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["cache-control"].startswith("no-store")
    for status in ("200", "404"):
        labels = {"route": "/u/{token}", "status": status}
        assert _value(answer.text, requests, **labels) == _value(before, requests, **labels) + 1
    for route, status in (("/o/{token}", "200"), ("/c/{token}", "302"), ("/c/{token}", "404"), ("/webhooks/generic/{key}", "401")):
        assert _value(answer.text, requests, route=route, status=status) > _value(before, requests, route=route, status=status)
    for result in ("taken", "refused"):
        assert _value(answer.text, "postwright_receiver_webhook_reports_total", provider="generic", result=result) == 1
    assert _value(answer.text, "postwright_receiver_known_links") >= 2
    assert _value(answer.text, "postwright_receiver_journal_backlog") == 0
    assert _value(answer.text, "postwright_receiver_journal_write_errors_total") == 0
    for line in answer.text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+\{(\w+="[^"]*",?)+\} [\d.]+', line)
    assert site.token(Purpose.UNSUBSCRIBE, 601) not in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "CF-Connecting-IP", "Forwarded", "Via", "X-Real-IP", "Host"])
def test_the_numbers_are_told_to_nobody_behind_a_proxy(site: Site, header: str) -> None:
    answer = site.http.get("/metrics", headers={header: "track.example.com" if header == "Host" else "127.0.0.1"})
    assert (answer.status_code, "postwright_receiver" in answer.text) == (404, False)


def test_with_a_token_the_numbers_are_told_to_whoever_brings_it(start) -> None:
    with start(environment={"POSTWRIGHT_METRICS_TOKEN": "a-token-for-prometheus"}) as site:
        right, wrong = {"Authorization": "Bearer a-token-for-prometheus"}, {"Authorization": "Bearer a-token-for-prometheus2"}
        assert site.http.get("/metrics", headers=right | {"X-Forwarded-For": "8.8.8.8"}).status_code == 200
        assert site.http.get("/metrics", headers=wrong).status_code == 404
        assert site.http.get("/metrics").status_code == 404
        assert "a-token-for-prometheus" not in site.log.read_text()


def test_one_process_tells_the_numbers_of_all_that_live(tmp_path) -> None:
    metrics = Metrics(tmp_path)
    metrics.count("/o/{token}", 200)
    (tmp_path / "metrics-1.json").write_text('[["postwright_receiver_requests_total",{"route":"/c/{token}","status":"302"},7]]')
    (tmp_path / "metrics-4194999.json").write_text('[["postwright_receiver_requests_total",{"route":"/c/{token}","status":"302"},9]]')
    (tmp_path / "metrics-2.json").write_text("[torn")

    text = metrics.text()

    assert 'route="/c/{token}",status="302",worker="1"} 7' in text
    assert 'route="/o/{token}",status="200"' in text
    assert "4194999" not in text  # no such process can be
    metrics.leave()
    assert len(list(tmp_path.glob("metrics-*.json"))) >= 2
    metrics.close()
    assert not (tmp_path / "metrics-4194999.json").exists()


def test_a_running_receiver_leaves_its_numbers_for_the_others(site: Site) -> None:
    folder = site.settings.links_snapshot.parent
    [file] = wait_for(lambda: list(folder.glob("metrics-*.json")), "the numbers of this process")
    assert file.stat().st_size > 10
