"""A campaign in three languages with an A/B test, written through the API, sent over SMTP, and looked at in the browser."""

from __future__ import annotations

import email
import html as markup
import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage

import pytest

from core.app import Services
from core.jobs.delivering import drain
from core.permissions import Principal
from tests.api.conftest import Program
from tests.receiver.conftest import Site, receiver
from tests.support.mail_server import MailServer, serving

PEOPLE = 24
READS = ("de", "fr-CA", "en", "", "de_AT", "es")
BODY = (
    '<html><body><div style="display:none">{own}</div><p>{hello} {{{{ contact.first_name }}}}</p><a href="https://shop.example/">{tea}</a> '
)
STOP = '<a href="{{ unsubscribe_url }}">x</a></body></html>'
SAID = {"": ("Hello", "A", "Beside A"), "de": ("Hallo", "A de", "Neben A"), "fr": ("Salut", "A", "À côté")}
LINES = {
    "subject": "A {{ contact.first_name }}",
    "preview_text": "Beside A",
    "subjects": {"DE": {"subject": "A de {{ contact.first_name }}", "preview_text": "Neben A"}, "fr": {"preview_text": "À côté"}},
    "subject_b": "B {{ contact.first_name }}",
    "subjects_b": {"de": {"subject": "B de {{ contact.first_name }}"}, "fr": {"subject": "B fr {{ contact.first_name }}"}},
}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving() as running:
        yield running


@pytest.fixture
def draft(services: Services, workspace: Principal, admin: Program, server: MailServer) -> dict[str, object]:
    """What a campaign to readers of six languages needs, its template in English, German and French."""
    readers = admin.post("/lists", {"name": "Readers"}).json()["id"]
    for number in range(PEOPLE):
        person = {"email": f"r{number}@example.com", "first_name": f"R{number}", "list_ids": [readers]}
        admin.post("/contacts", person | {"consent": "subscribed", "attributes": {"language": READS[number % len(READS)]}})
    template = admin.post("/templates", {"name": "Tea", "source": _body("Hello", "Tea")}).json()["id"]
    for language, body in (("de", _body("Hallo", "Tee")), ("fr", _body("Salut", "Thé"))):
        admin("PUT", f"/templates/{template}/languages/{language}", {"words": body}).raise_for_status()
    values = {"host": "127.0.0.1", "port": server.port, "security": "none"}
    connection = services.connections.add(workspace, "Relay", "smtp", values).id
    fields = {"name": "Tea", "from_email": "news@example.com", "template_id": template, "connection_id": connection}
    return fields | {"audience": {"kind": "list", "id": readers}}


def test_every_reader_gets_subject_preview_and_mail_in_one_language(
    services: Services, admin: Program, draft: dict[str, object], server: MailServer
) -> None:
    made = admin.post("/campaigns", draft | LINES)
    assert made.status_code == 201, made.text
    campaign = made.json()["id"]
    assert admin.post(f"/campaigns/{campaign}/send").status_code == 202
    drain(services, campaign, owner="test", should_stop=lambda: False)
    services.ingester.catch_up()

    sent = {mail["To"]: mail for mail in map(_parsed, server.received)}
    assert len(sent) == len(server.received) == PEOPLE
    arms = {arm.id: arm.key for arm in services.experiments.arms(admin.by.workspace_id, campaign)}
    rows = admin.get(f"/messages?campaign_id={campaign}&limit=100").json()["data"]
    seen = set()
    with receiver(services.settings.data_dir) as site:
        for row in rows:
            number, arm = int(row["email"][1:].partition("@")[0]), arms[row["variant_id"]]
            language = {"de": "de", "de_AT": "de", "fr-CA": "fr"}.get(READS[number % len(READS)], "")
            _check(sent[row["email"]], _viewed(site, row["id"]), arm, language, number)
            seen.add((arm, language))
    assert seen == {(arm, language) for arm in "AB" for language in ("", "de", "fr")}, "else the test shows too little"
    report = admin.get(f"/campaigns/{campaign}/report").json()
    dealt = {key: sum(arms[row["variant_id"]] == key for row in rows) for key in "AB"}
    assert {arm["key"]: (arm["subject"], arm["delivered"]) for arm in report["arms"]} == {
        "A": (LINES["subject"], dealt["A"]),
        "B": (LINES["subject_b"], dealt["B"]),
    }


def _check(mail: EmailMessage, viewed: str, arm: str, language: str, number: int) -> None:
    hello, subject, beside = SAID[language]
    if arm == "B":
        subject = {"": "B", "de": "B de", "fr": "B fr"}[language]
    assert mail["Subject"] == f"{subject} R{number}"
    body = mail.get_body(("html",))
    assert body is not None
    for html in (body.get_content(), viewed):
        assert f"{hello} R{number}" in html
        # The second subject has no preview text of its own: it has that of the first, in the reader's language.
        assert re.findall(r'<div style="display:none[^>]*>([^<]*)</div>', html) == [markup.escape(beside)]


def _viewed(site: Site, message_id: int) -> str:
    answer = site.http.get(site.urls.view(message_id))
    assert answer.status_code == 200
    return answer.text


def _parsed(envelope: object) -> EmailMessage:
    found = email.message_from_bytes(envelope.content, policy=policy.default)  # type: ignore[attr-defined]
    assert isinstance(found, EmailMessage)
    return found


def _body(hello: str, tea: str) -> str:
    return BODY.format(own=f"{hello} by itself", hello=hello, tea=tea) + STOP


def test_the_lines_of_a_draft_are_changed_one_by_one(admin: Program, draft: dict[str, object]) -> None:
    made = admin.post("/campaigns", draft | LINES).json()
    path = f"/campaigns/{made['id']}"
    assert made["subjects"] == {
        "de": {"subject": "A de {{ contact.first_name }}", "preview_text": "Neben A"},
        "fr": {"subject": "", "preview_text": "À côté"},
    }
    assert (made["preview_text"], made["preview_text_b"]) == ("Beside A", "")
    changed = admin("PATCH", path, {"subjects": {"fr": {"subject": "Nouvelles"}}}).json()
    assert changed["subjects"] == {"fr": {"subject": "Nouvelles", "preview_text": ""}}
    assert changed | {"subjects": made["subjects"]} == made
    assert admin("PATCH", path, {"subjects": {}, "preview_text": ""}).json()["subjects"] == {}
    ended = admin("PATCH", path, {"subject_b": None}).json()
    assert (ended["subject_b"], ended["subjects_b"]) == (None, {})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"subjects": {"de": {"subject": "x\r\nBcc: a@example.com"}}}, "In the language de: "),
        ({"subjects": {"de": {"subject": "{{ contact.__class__ }}"}}}, "In the language de: "),
        ({"subjects": {"de": {"sender": "x"}}}, "sender"),
        ({"subjects": {"de": "Neues"}}, ""),
        ({"subjects": {"d e": {"subject": "Neues"}}}, "no language"),
    ],
)
def test_a_line_that_can_not_be_used_is_refused(admin: Program, draft: dict[str, object], lines: dict[str, object], said: str) -> None:
    answer = admin.post("/campaigns", draft | {"subject": "A"} | lines)
    assert answer.status_code == 422
    assert said in answer.text


def test_preflight_takes_the_subjects_of_all_languages(admin: Program, draft: dict[str, object]) -> None:
    path = f"/templates/{draft['template_id']}/preflight"
    english = admin.post(path, {"subject": "Tea"}).json()
    rules = [one["rule"] for one in english["findings"]]
    assert rules.count("subject_language") == 2
    assert not english["is_blocked"]
    both = {"subjects": {"DE": {"subject": "Tee"}, "fr": {"subject": "Thé"}, "it": {"subject": "Tè"}}}
    rules = [one["rule"] for one in admin.post(path, {"subject": "Tea"} | both).json()["findings"]]
    assert (rules.count("subject_language"), rules.count("language_unused")) == (0, 1)
    assert admin.post(path, {"subject": "Tea", "subjects": {"in German": {"subject": "Tee"}}}).status_code == 422
