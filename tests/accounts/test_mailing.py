from __future__ import annotations

import pytest

from core.accounts.mailing import NO_WORKSPACE, Letter, sender
from core.app import Services
from core.errors import Unavailable
from core.permissions import Principal
from core.settings import Settings
from tests.support.mail_server import free_port, serving

LINK = "https://app.example.com/?reset=abc&x=1"
LETTER = Letter("ann@example.com", "Ann", "Choose <b>new</b>", ("One & two.", "Three."), LINK, "Choose a password")


def test_with_the_outbox_the_mail_lies_where_no_page_looks(services: Services) -> None:
    home = services.workspaces.create("Acme")
    services.account_mail.send(LETTER)
    assert services.outbox.page(Principal.system(home.id)).total == 0
    hidden = Principal.system(NO_WORKSPACE)
    [row] = services.outbox.page(hidden).rows
    mail = services.outbox.show(hidden, row.key)
    assert (row.to, row.subject) == ("ann@example.com", LETTER.subject)
    assert LINK in mail.text
    assert "One & two." in mail.text
    assert "Choose &lt;b&gt;new&lt;/b&gt;" in mail.html
    assert 'href="https://app.example.com/?reset=abc&amp;x=1"' in mail.html
    assert dict(mail.headers)["Auto-Submitted"] == "auto-generated"


def test_it_leaves_through_the_first_workspace_only(services: Services) -> None:
    demo, home, other = (services.workspaces.create(name, is_demo=name == "Demo") for name in ("Demo", "Home", "Other"))
    with serving() as server:
        values = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        services.connections.add(Principal.system(home.id), "Ours", "smtp", values)
        services.account_mail.send(LETTER)
    assert [mail.rcpt_tos for mail in server.received] == [["ann@example.com"]]
    assert not services.outbox.page(Principal.system(NO_WORKSPACE)).total
    assert other.id != demo.id


def test_what_is_not_taken_is_said_without_the_servers_words(services: Services) -> None:
    home = services.workspaces.create("Home")
    services.connections.add(Principal.system(home.id), "Gone", "smtp", {"host": "127.0.0.1", "port": free_port(), "security": "none"})
    with pytest.raises(Unavailable, match="not taken"):
        services.account_mail.send(LETTER)


def test_before_the_set_up_nobody_is_written_to(services: Services) -> None:
    with pytest.raises(Unavailable, match="no workspace"):
        services.account_mail.send(LETTER)


@pytest.mark.parametrize(
    ("given", "username", "expected"),
    [
        ({"mail_from": "news@example.com"}, "x@example.com", "news@example.com"),
        ({}, "x@example.com", "x@example.com"),
        ({"app_url": "https://mail.example.com"}, "apikey", "postwright@mail.example.com"),
        ({}, "", "postwright@localhost.localdomain"),
        ({"app_url": "http://localhost:1"}, "", "postwright@localhost.localdomain"),
    ],
)
def test_who_it_is_from(settings: Settings, given: dict[str, str], username: str, expected: str) -> None:
    assert sender(Settings.load(data_dir=settings.data_dir, **given), username) == expected
