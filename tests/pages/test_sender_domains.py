"""Sender domains as an admin sees them: added, checked against a real name server, changed, given new keys, removed."""

from __future__ import annotations

import pytest

from core.deliverability.dns import Dns
from core.deliverability.domains import SenderDomains
from core.permissions import Role
from tests.pages.conftest import words_on
from tests.support.dns_server import serving

FILE = "pages/admin/sender_domains.py"


@pytest.fixture
def server(shared):
    """A name server that the page asks."""
    with serving() as server:
        dns = Dns(server.address, question_seconds=0.4)
        shared.sender_domains = SenderDomains(shared.db, shared.clock, shared.vault, dns, "https://links.example.com")
        yield server


@pytest.fixture
def admin_app(app_as, server):
    return app_as(Role.ADMIN)


def publish(server, domain):
    for one in domain.records:
        if one.record.type == "TXT":
            server.set(one.record.host, "TXT", one.record.value)
    server.set("links.example.com", "A", "8.8.8.8")
    server.set("example.com", "MX", "10 links.example.com.")


def add(app, name):
    app.text_input(key="new_domain").set_value(name)
    return next(button for button in app.button if button.label == "Add domain" and button.form_id).click().run()


def codes(app):
    return [one.value for one in app.code]


def test_a_workspace_without_one_is_told_why_and_adds_one(admin_app, shared, admin):
    app = admin_app(FILE)
    assert "Anybody can write your address" in words_on(app)
    app.button(key="empty_action").click().run()
    app = add(app, " Example.com ")
    assert not app.error
    added = shared.sender_domains.get(admin, "example.com")
    assert "Not checked yet" in words_on(app)
    values = codes(app)
    assert {one.record.host for one in added.records if one.record.host} <= set(values)
    assert {one.record.value for one in added.records if one.record.value} <= set(values)
    assert "PRIVATE" not in str(app.main)


@pytest.mark.parametrize(("typed", "words"), [("ada@example.com", "example\\.com"), ("co.uk", "Nobody owns"), ("", "no domain")])
def test_what_is_no_domain_is_told_once_and_stays(admin_app, shared, admin, typed, words):
    app = admin_app(FILE)
    app.button(key="empty_action").click().run()
    app = add(app, typed)
    assert len(app.error) == 1
    assert app.text_input(key="new_domain").value == typed
    assert shared.sender_domains.all(admin) == []


def test_a_check_shows_what_is_missing_and_then_that_all_is_there(admin_app, shared, admin, server):
    shared.connections.add(admin, "Ours", "smtp", {"host": "links.example.com"})
    domain = shared.sender_domains.add(admin, "example.com")
    server.set("example.com", "TXT", "v=spf1 -all")
    app = admin_app(FILE)
    app.button(key="check").click().run()
    assert not app.exception
    assert "Not ready" in words_on(app)
    assert any("no DMARC record" in one.value for one in app.error)
    publish(server, domain)
    app.button(key="check").click().run()
    assert not app.error
    assert not app.warning
    assert "Everything that belongs into the DNS is there" in words_on(app)
    assert "Signed with 2 keys" in words_on(app)
    assert "counts for your domain" in words_on(app)


def test_a_name_server_that_does_not_answer_is_not_blamed_on_the_domain(admin_app, shared, admin, server):
    shared.sender_domains.add(admin, "example.com")
    server.broken.update(["example.com", "_dmarc.example.com", "links.example.com"])
    server.broken.update(one.record.host for one in shared.sender_domains.get(admin, "example.com").records)
    app = admin_app(FILE)
    app.button(key="check").click().run()
    assert not app.error
    assert "does not answer" in words_on(app)
    assert "Not all could be seen" in words_on(app)


def test_what_somebody_wrote_into_the_dns_is_shown_as_text(admin_app, shared, admin, server):
    shared.sender_domains.add(admin, "example.com")
    evil = "v=spf1 ![x](https://evil.example/x.png) [click](https://evil.example) ~all"
    server.set("example.com", "TXT", evil)
    app = admin_app(FILE)
    app.button(key="check").click().run()
    assert evil in codes(app)
    assert not any("](https://evil" in str(one.value) for kind in ("markdown", "caption", "error") for one in getattr(app, kind))


def test_settings_change_what_is_asked_for(admin_app, shared, admin):
    shared.connections.add(admin, "Ours", "smtp", {"host": "mail.example.com"})
    relay = shared.connections.add(admin, "Relay", "smtp", {"host": "smtp.sendgrid.net"})
    shared.sender_domains.add(admin, "example.com")
    app = admin_app(FILE)
    assert any("a:mail.example.com" in one for one in codes(app))
    app.button(key="change").click().run()
    app.text_input(key="return_path").set_value("bounces")
    app.multiselect(key="through").select(relay.id)
    next(button for button in app.button if button.label == "Save changes").click().run()
    assert not app.error
    changed = shared.sender_domains.get(admin, "example.com")
    assert (changed.return_path, changed.connection_ids) == ("bounces.example.com", (relay.id,))
    assert "bounces.example.com" in codes(app)
    assert not any("a:mail.example.com" in one for one in codes(app))
    app.button(key="change").click().run()
    app.text_input(key="return_path").set_value("bounces.example.net")
    next(button for button in app.button if button.label == "Save changes").click().run()
    assert "beneath the domain" in app.error[0].value
    assert app.text_input(key="return_path").value == "bounces.example.net"


def test_keys_are_changed_and_old_ones_removed(admin_app, shared, admin, server):
    publish(server, shared.sender_domains.add(admin, "example.com"))
    first = shared.sender_domains.check(admin, "example.com").signs_with
    app = admin_app(FILE)
    app.button(key="rotate").click().run()
    assert "so nothing breaks meanwhile" in words_on(app)
    app.button(key="rotate-yes").click().run()
    assert shared.sender_domains.get(admin, "example.com").signs_with == first
    publish(server, shared.sender_domains.get(admin, "example.com"))
    app.button(key="check").click().run()
    assert first[0].selector in words_on(app)
    app.button(key="remove_old_keys").click().run()
    assert shared.sender_domains.get(admin, "example.com").old_keys == ()


def test_removing_asks_first(admin_app, shared, admin):
    shared.sender_domains.add(admin, "example.com")
    app = admin_app(FILE)
    app.button(key="remove").click().run()
    assert shared.sender_domains.all(admin)
    app.button(key="remove-yes").click().run()
    assert shared.sender_domains.all(admin) == []
    assert "Anybody can write your address" in words_on(app)


def test_several_domains_are_chosen_among_by_name_and_state(admin_app, shared, admin):
    for name in ("example.com", "münchen.example"):
        shared.sender_domains.add(admin, name)
    app = admin_app(FILE)
    chosen = app.selectbox(key="chosen_domain")
    assert chosen.options == ["example.com · not checked yet", "münchen.example · not checked yet"]
    chosen.select_index(1).run()
    assert "_dmarc.xn--mnchen-3ya.example" in codes(app)
    assert "_dmarc.example.com" not in codes(app)


def test_a_campaign_from_a_domain_that_is_not_set_up_is_warned_about(admin_app, shared, admin, server):
    shared.connections.default(admin)
    ours = shared.connections.add(admin, "Ours", "smtp", {"host": "links.example.com"})

    def warned(address):
        app = admin_app("pages/create/campaign.py")
        app.selectbox(key="campaign_new_connection").select(ours.id)
        app.text_input(key="campaign_new_from_email").set_value(address).run()
        assert not app.exception
        return [one.value for one in app.warning]

    app = admin_app("pages/create/campaign.py")
    app.text_input(key="campaign_new_from_email").set_value("tea@example.com").run()
    assert not app.warning  # the outbox keeps it
    assert "not set up" in warned("Tea@News.Example.com")[0]
    assert warned("tea@") == warned("") == warned("tea@localhost") == []
    domain = shared.sender_domains.add(admin, "example.com")
    assert warned("tea@example.com") == []  # nobody has looked yet
    shared.sender_domains.check(admin, "example.com")
    assert "not ready" in warned("tea@news.example.com")[0]
    publish(server, domain)
    shared.sender_domains.check(admin, "example.com")
    assert warned("tea@news.example.com") == []
    assert "not set up" in warned("tea@example.org")[0]


def test_a_marketer_is_warned_and_sent_nowhere_they_may_not_go(app_as, shared, admin, server):
    shared.connections.default(admin)
    ours = shared.connections.add(admin, "Ours", "smtp", {"host": "links.example.com"})
    app = app_as(Role.MARKETER)("pages/create/campaign.py")
    app.selectbox(key="campaign_new_connection").select(ours.id)
    app.text_input(key="campaign_new_from_email").set_value("tea@example.com").run()
    assert len(app.warning) == 1
    assert not app.exception
