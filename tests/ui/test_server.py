"""The app's process as it is started in earnest."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTWRIGHT_")}
    environment |= {"POSTWRIGHT_DATA_DIR": str(tmp_path_factory.mktemp("data")), "POSTWRIGHT_APP_URL": url}
    command = [sys.executable, "-m", "core.ui.server", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        _wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url + "/readyz", timeout=2)
        except OSError:
            continue
        return
    process.kill()
    pytest.fail(f"the app did not start: {process.communicate()[1].decode()[-2000:]}")


def test_the_page_carries_the_policy_and_nothing_from_elsewhere(app_url: str):
    with urllib.request.urlopen(app_url + "/campaigns") as answer:
        assert "script-src 'self' blob: 'sha256-" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert b"https://" not in answer.read().split(b"<head>")[1].split(b"</head>")[0]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/_stcore/health"])
def test_it_says_that_it_is_well(app_url: str, path: str):
    with urllib.request.urlopen(app_url + path) as answer:
        assert answer.status == 200


def test_programs_cannot_drive_the_pages_without_a_browser(app_url: str):
    request = urllib.request.Request(app_url + "/_stcore/agent/interact", b"{}", {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code in {403, 404}


def test_a_websocket_is_opened_for_our_own_names_only(app_url: str):
    assert _handshake(app_url, host=app_url.removeprefix("http://")) == 101
    assert _handshake(app_url, host="rebound.evil.example") == 403
    assert _handshake(app_url, host=app_url.removeprefix("http://"), origin="https://evil.example") == 403
    assert _handshake(app_url, host=app_url.removeprefix("http://"), origin="null") == 403


def test_a_page_on_another_port_of_this_machine_gets_no_websocket(app_url: str):
    assert _handshake(app_url, host=app_url.removeprefix("http://"), origin="http://127.0.0.1:1") == 403
    assert _handshake(app_url, host=app_url.removeprefix("http://"), origin="http://localhost:1") == 403


def test_no_page_from_elsewhere_may_send_commands(app_url: str):
    with urllib.request.urlopen(app_url + "/_stcore/host-config") as answer:
        assert json.load(answer)["allowedOrigins"] == []


def test_files_of_somebody_signed_out_are_not_taken(app_url: str):
    request = urllib.request.Request(app_url + "/_stcore/upload_file/session/file", b"much", method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert (refused.value.code, refused.value.read()) == (403, b"Sign in first.")


def test_a_head_without_end_is_refused(app_url: str):
    name, port = app_url.removeprefix("http://").split(":")
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: " + name.encode() + b"\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5_000)))
        assert connection.recv(200).split()[1] == b"400"


@pytest.mark.parametrize("room", ["assets", "exports", "frames", "media", "static", "app/static", "component", "_stcore", "api/v1"])
@pytest.mark.parametrize("way_up", ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "%252e%252e%252f", "....//", "/", "%00/../"])
def test_no_address_leads_out_of_its_folder(app_url: str, room: str, way_up: str):
    """Written to the socket as it stands: every client would straighten such an address before it asks."""
    name, port = app_url.removeprefix("http://").split(":")
    for wanted in ("etc/passwd", "secret.key", "app.db", "pyproject.toml", "sign_in.py"):
        with socket.create_connection((name, int(port)), timeout=10) as connection:
            lines = (f"GET /{room}/{way_up * 12}{wanted} HTTP/1.1", f"Host: {name}:{port}", "Connection: close", "", "")
            connection.sendall("\r\n".join(lines).encode())
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        status, body = int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]
        assert status < 500
        # The app itself is what Streamlit answers where it knows no page of that name.
        assert status >= 300 or b"<title>Streamlit</title>" in body, body[:200]
        assert not any(mark in body for mark in (b"root:", b"SQLite format", b"[project]", b"import "))


def _handshake(app_url: str, host: str, origin: str = "") -> int:
    _, _, address = app_url.partition("//")
    name, port = address.split(":")
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        f"Origin: {origin or 'http://' + host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(connection.recv(200).split()[1])


def test_what_is_loaded_at_the_start_is_not_gone_through_again_and_again():
    code = "import gc, sys, core.ui.server as it; it.load_everything(); print(gc.get_freeze_count(), 'plotly' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    objects, has_charts = ran.stdout.split()
    assert int(objects) > 200_000, "objects that the collector passes over"
    assert has_charts == "True"
    assert "streamlit" not in ran.stderr and "ScriptRunContext" not in ran.stderr, "what is drawn before there is a page"


def test_nobody_waits_for_all_of_memory_to_be_gone_through_after_every_click():
    # Streamlit's default: 200 ms in this product, during which no thread of the process runs.
    assert streamlit_config.get_option("runner.postScriptGC") is False
