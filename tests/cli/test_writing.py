"""Templates, segments, providers."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cli.conftest import Cli
from tests.support import mail_server, mailbox_server


def test_importing_a_template_again_makes_a_version_only_if_it_changed(shop: Cli, tmp_path: Path) -> None:
    template = tmp_path / "news.html"
    assert shop("templates", "import", template, "--name", "News", "--json").facts["version"] == 1
    template.write_text("<html><body>New <a href='https://example.com/b'>b</a></body></html>")
    said = shop("templates", "import", template, "--name", "News", "--json")
    assert (said.facts["version"], said.facts["links"]) == (2, ["https://example.com/b"])


def test_a_template_with_a_mistake_is_refused_with_the_reason(cli: Cli, tmp_path: Path) -> None:
    template = tmp_path / "bad.html"
    template.write_text("<p>{{ customer.name }}</p>")
    said = cli("templates", "import", template, "--name", "Bad")
    assert said.code == 1
    assert "customer" in said.err


def test_a_template_that_is_not_utf8_is_refused(cli: Cli, tmp_path: Path) -> None:
    template = tmp_path / "latin.html"
    template.write_bytes("<p>Gr\xfc\xdfe</p>".encode("latin-1"))
    said = cli("templates", "import", template, "--name", "Bad")
    assert said.code == 1
    assert "UTF-8" in said.err


def test_rendering_shows_what_one_person_would_get(shop: Cli) -> None:
    assert "Per3" in shop("templates", "render", "News", "--contact", "p3@example.com").out
    assert "Per3" in shop("templates", "render", "News", "--contact", "p3@example.com", "--text").out
    assert set(shop("templates", "render", "News", "--json").facts) == {"ok", "html", "text"}
    assert shop("templates", "render", "News", "--contact", "nobody@example.com").code == 1
    assert shop("templates", "render", "None such").code == 1


def test_segments_are_kept_and_counted(shop: Cli, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"all": [{"field": "attribute.city", "operator": "equals", "value": "Oslo"}]}')
    assert shop("segments", "create", "North", "--rules", rules, "--json").facts["contacts"] == 20
    assert shop("segments", "count", "North").out == "20\n"
    assert shop("segments", "create", "North", "--rules", rules).code == 1


def test_rules_that_cant_be_used_say_where(cli: Cli, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    for text, word in (("{", "line 1"), ("[]", "object"), ('{"all": [{"field": "shoe", "operator": "is", "value": 1}]}', "shoe")):
        rules.write_text(text)
        said = cli("segments", "create", "S", "--rules", rules)
        assert said.code == 1
        assert word in said.err


def test_providers_are_added_without_showing_secrets(cli: Cli) -> None:
    said = cli(
        "providers", "add", "Mail", "--kind", "smtp", "--set", "host=127.0.0.1", "--set", "port=2525", "--set", "security=none",
        "--set", "username=u", "--set", "password=hunter22", "--default", "--json",
    )  # fmt: skip
    assert said.code == 0, said
    assert said.facts["connection"]["is_default"] is True
    listed = cli("providers", "list", "--json")
    assert [one["name"] for one in listed.facts["connections"]] == ["Mail"]
    assert "hunter22" not in said.out + listed.out


def test_a_provider_is_changed_without_showing_or_losing_its_secret(cli: Cli) -> None:
    cli("providers", "add", "Mail", "--kind", "smtp", "--set", "host=127.0.0.1", "--set", "password=hunter22")
    said = cli("providers", "set", "Mail", "--set", "port=2525", "--set", "password=hunter23", "--json")
    assert said.code == 0, said
    assert said.facts["connection"]["name"] == "Mail"
    assert "hunter" not in said.out + said.err
    moved = cli("providers", "set", "Mail", "--set", "host=127.0.0.2")
    assert moved.code == 1
    assert "Password has to be entered again" in moved.err
    assert cli("providers", "set", "Mail", "--set", "port=many").code == 1
    assert cli("providers", "set", "Mail", "--set", "kind=outbox").code == 1
    assert cli("providers", "set", "Nail", "--set", "port=25").code == 1
    assert cli("providers", "set", "Mail", "--set", "port").code == 2
    assert cli("providers", "set", "Mail").code == 2


def test_a_provider_and_its_bounce_mailbox_are_asked_whether_they_answer(cli: Cli) -> None:
    with mail_server.serving() as relay, mailbox_server.serving("imap") as mailbox:
        values = {"host": "127.0.0.1", "port": relay.port, "security": "none", "bounce_protocol": "imap", "bounce_port": mailbox.port}
        values |= {"bounce_security": "none", "bounce_username": mailbox_server.USER, "bounce_password": mailbox_server.PASSWORD}
        given = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        assert cli("providers", "add", "Mail", "--kind", "smtp", *given).code == 0
        assert cli("providers", "test", "Mail", "--json").facts["answers"] is True
        assert mailbox.sessions == 1
        assert cli("providers", "set", "Mail", "--set", "bounce_password=wrong").code == 0
        said = cli("providers", "test", "Mail")
        assert said.code == 1
        assert "refused the sign-in" in said.err
    assert cli("providers", "test", "Nail").code == 1


def test_an_unknown_kind_of_provider_is_refused(cli: Cli) -> None:
    assert cli("providers", "add", "X", "--kind", "pigeon").code == 1
    assert cli("providers", "add", "X", "--kind", "smtp", "--set", "host").code == 2


def test_a_provider_that_reports_is_added_with_the_address_it_reports_to(cli: Cli) -> None:
    said = cli("providers", "add", "MailerSend", "--kind", "mailersend", "--set", "webhook_signing_secret=c2VjcmV0", "--json")
    assert said.code == 0, said
    url = said.facts["webhook_url"]
    assert re.fullmatch(r"http://127\.0\.0\.1:8600/webhooks/mailersend/[0-9a-f]{32}", url)
    connection = said.facts["connection"]
    assert (connection["webhook_url"], connection["sends"], connection["is_default"]) == (url, False, False)
    assert cli("providers", "list", "--json").facts["connections"][0]["webhook_url"] == url
    listed = cli("providers", "list").out
    assert url in listed
    assert "reports only" in listed
    changed = cli("providers", "set", "MailerSend", "--set", "webhook_signing_secret=YW5vdGhlcg", "--json")
    assert changed.facts["webhook_url"] == url
    assert "c2VjcmV0" not in said.out + listed + changed.out


def test_a_provider_that_does_not_report_has_no_such_address(cli: Cli) -> None:
    said = cli("providers", "add", "Files", "--kind", "outbox", "--json")
    assert (said.facts["webhook_url"], said.facts["connection"]["webhook_url"]) == (None, None)
    assert "is ready to send" in cli("providers", "add", "More files", "--kind", "outbox").out
    assert cli("providers", "list").out.count("–") == 2


def test_a_person_is_told_where_to_enter_the_address(cli: Cli) -> None:
    said = cli("providers", "add", "Ours", "--kind", "postal")
    assert said.code == 0, said
    assert "takes reports; nothing can be sent through it yet" in said.out
    assert "http://127.0.0.1:8600/webhooks/postal/" in said.out
    assert "postal default-dkim-record" in said.out


def test_a_provider_whose_key_is_missing_takes_reports_until_it_is_entered(cli: Cli) -> None:
    said = cli("providers", "add", "Grid", "--kind", "sendgrid", "--default")
    assert (said.code, "--set api_key=…" in said.err) == (2, True)
    said = cli("providers", "add", "Grid", "--kind", "sendgrid", "--json")
    assert said.facts["connection"]["is_default"] is False
    assert "nothing can be sent through it yet" in cli("providers", "add", "Gun", "--kind", "mailgun", "--set", "api_key=k").out
    ready = cli("providers", "add", "Mail", "--kind", "mailgun", "--set", "api_key=secret-key", "--set", "domain=shop.example")
    assert "is ready to send" in ready.out
    assert "secret-key" not in ready.out
    assert cli("providers", "add", "Post", "--kind", "sparkpost", "--set", "api_key=k", "--default", "--json").facts["connection"][
        "is_default"
    ]


def test_every_kind_of_provider_is_named_in_the_help(cli: Cli) -> None:
    shown = " ".join(cli("providers", "add", "--help").out.replace("│", " ").split())
    for kind in ("outbox", "smtp", "sparkpost", "resend", "mailersend", "mandrill", "postal", "generic"):
        assert kind in shown


def test_nothing_is_sent_through_a_provider_that_only_reports(shop: Cli) -> None:
    assert shop("providers", "add", "Reports", "--kind", "generic", "--set", "webhook_token=t", "--default").code == 2
    assert not shop("providers", "list", "--json").facts["connections"]
    assert shop("providers", "add", "Reports", "--kind", "generic", "--set", "webhook_token=t").code == 0
    said = shop(
        "campaigns", "create", "--name", "N", "--subject", "S", "--template", "News", "--to", "list:Readers", "--provider", "Reports",
        "--from", "a@example.com",
    )  # fmt: skip
    assert said.code == 1
    assert "“Reports” takes reports only" in said.err


def test_a_public_key_may_be_pasted_with_its_line_breaks(cli: Cli) -> None:
    key = rsa.generate_private_key(65537, 1024).public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    assert cli("providers", "add", "Ours", "--kind", "postal", "--set", f"webhook_public_key={pem}").code == 0
    said = cli("providers", "add", "Theirs", "--kind", "postal", "--set", "webhook_public_key=MIIB")
    assert (said.code, "default-dkim-record" in said.err) == (1, True)


def test_a_template_goes_into_a_file_and_comes_back(shop: Cli, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert shop("templates", "export", "News", "-o", file, "--json").facts["file"] == str(file)
    assert "“News 2” is version 1 now" in shop("templates", "import", file).out
    assert shop("templates", "import", file, "--name", "Letter", "--json").facts["version"] == 1
    listed = shop("templates", "list", "--json").facts["templates"]
    assert [one["name"] for one in listed] == ["Letter", "News 2", "News"]
    assert [one["name"] for one in shop("templates", "list", "--search", "letter", "--json").facts["templates"]] == ["Letter"]
    assert "no templates like this" in shop("templates", "list", "--archived").out


def test_a_template_of_ones_own_needs_a_name(cli: Cli, tmp_path: Path) -> None:
    template = tmp_path / "news.html"
    template.write_text("<p>Hello</p>")
    said = cli("templates", "import", template)
    assert said.code != 0 and "name" in said.err


def test_a_template_is_checked_before_it_is_sent(shop: Cli) -> None:
    said = shop("templates", "check", "News", "--offline", "--subject", "Tea news", "--list", "Readers")
    assert said.code == 0
    assert "warning: The link “https://example.com/a” still leads to a made-up address." in said.out
    facts = shop("templates", "check", "News", "--offline", "--list", "Readers", "--json").facts
    assert (facts["ok"], facts["blocked"], facts["fetched"]) == (True, False, False)
    assert {"link_placeholder"} <= {one["rule"] for one in facts["findings"]}


def test_a_template_that_must_be_mended_first_fails_its_check(shop: Cli, tmp_path: Path) -> None:
    template = tmp_path / "sometimes.html"
    template.write_text("<p>Hi</p>\n{% if contact.city %}<a href='{{ unsubscribe_url }}'>Stop</a>{% endif %}")
    shop("templates", "import", template, "--name", "Sometimes")
    said = shop("templates", "check", "Sometimes", "--offline", "--subject", "", "--from", "ann@gmail.com")
    assert said.code == 1
    assert "error: The unsubscribe link stands inside a condition: not everybody gets it. (Line 2)" in said.out
    assert "error: The subject is empty. (Subject)" in said.out
    assert "gmail.com" in said.out


def test_an_audience_that_is_not_there_cant_be_counted(shop: Cli) -> None:
    assert shop("templates", "check", "News", "--offline", "--list", "Nobody").code == 1
    assert shop("templates", "check", "News", "--offline", "--list", "Readers", "--segment", "North").code == 2
