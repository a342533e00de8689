from __future__ import annotations

import pytest

from core.cli.addresses import choose, is_here
from core.settings import Settings


def test_ports_come_from_urls_on_this_machine(settings: Settings) -> None:
    mine = settings.model_copy(update={"app_url": "http://localhost:9001", "public_url": "http://127.0.0.1:9002"})
    chosen = choose(mine, "127.0.0.1", 0, 0)
    assert (chosen.app_port, chosen.receiver_port) == (9001, 9002)


def test_urls_on_this_machine_follow_the_port_that_is_used(settings: Settings) -> None:
    chosen = choose(settings, "127.0.0.1", 9001, 9002)
    assert (chosen.app_url, chosen.public_url) == ("http://127.0.0.1:9001", "http://127.0.0.1:9002")


def test_a_url_on_the_internet_stays_and_stands_for_a_proxy(settings: Settings) -> None:
    public = settings.model_copy(update={"public_url": "https://mail.example.com"})
    chosen = choose(public, "0.0.0.0", 0, 0)
    assert (chosen.public_url, chosen.receiver_port) == ("https://mail.example.com", 8600)
    assert chosen.receiver_health == "http://127.0.0.1:8600/healthz"


@pytest.mark.parametrize(("url", "here"), [("http://localhost:1", True), ("http://[::1]:1", True), ("http://10.0.0.1", False)])
def test_this_machine_is_told_from_others(url: str, here: bool) -> None:
    assert is_here(url) is here
