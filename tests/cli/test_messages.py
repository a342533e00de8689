"""Single messages from the command line; the worker would send them."""

from __future__ import annotations

from pathlib import Path

from core.app import build
from core.settings import Settings
from tests.cli.conftest import Cli

SEND = ("messages", "send", "--to", "Grace <grace@example.com>", "--from", "Acme <shop@example.com>", "--subject", "Order {{ data.order }}")


def deliver(settings: Settings) -> None:
    services = build(settings)
    for connection_id in services.request_delivery.due():
        services.request_delivery.drain(connection_id, owner="test", should_go_on=lambda: True)
    services.ingester.catch_up()
    services.close()


def test_a_receipt_is_sent_and_shown(shop: Cli, settings: Settings, tmp_path: Path) -> None:
    template, file = tmp_path / "receipt.html", tmp_path / "invoice.pdf"
    template.write_text("<html><body><p>Order {{ data.order }}</p></body></html>")
    file.write_bytes(b"%PDF")
    shop("templates", "import", template, "--name", "Receipt")
    made = shop(*SEND, "--template", "Receipt", "--data", "order=A-1", "--attach", file, "--key", "A-1", "--json")
    again = shop(*SEND, "--template", "Receipt", "--data", "order=A-1", "--attach", file, "--key", "A-1")
    assert (made.code, made.facts["state"]) == (0, "queued")
    assert "had been asked for before" in again.out
    deliver(settings)

    shown = shop("messages", "show", str(made.facts["id"]), "--json").facts
    assert (shown["state"], shown["campaign_id"], [event["kind"] for event in shown["events"]]) == ("accepted", None, ["sent"])
    assert [row["id"] for row in shop("messages", "list", "--json").facts["messages"]] == [made.facts["id"]]
    assert shop("messages", "list", "--state", "uncertain").out == ""
    assert "on its own, is accepted." in shop("messages", "show", str(made.facts["id"])).out
    mail = shop("outbox", "show", made.facts["key"], "--raw").out
    assert "Subject: Order A-1" in mail
    assert "To: Grace <grace@example.com>" in mail
    assert 'filename="invoice.pdf"' in mail


def test_what_can_not_be_sent_is_said(shop: Cli, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Thanks")
    assert shop(*SEND, "--text", text).code == 0
    assert shop("messages", "show", "99").code == 1
    for wrong in (("--template", "Receipt"), (), ("--template", "News", "--text", text), ("--template", "News", "--data", "order")):
        said = shop(*SEND, *wrong)
        assert said.code != 0
        assert said.err
