"""A template is tried out as it is being written: by a real mail server, to several at once, and nothing of it counts or is saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from core.app import Services
from core.audit.actions import AuditAction
from core.contacts.suppression.suppressed import SuppressionReason
from core.errors import Denied, InvalidInput, NotFound, Unavailable
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import TemplateKind
from tests.support.mail_server import MailServer, free_port, serving

SAVED = "<p>Saved. {{ contact.first_name }}</p>"
NOW = '<p>Not saved, {{ contact.first_name|default("you") }}. <a href="https://shop.example.com/a">A</a></p>'
FROM = {"from_email": "news@example.com", "from_name": "House"}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving() as running:
        yield running


@pytest.fixture
def relay(services: Services, by: Principal, server: MailServer) -> int:
    return services.connections.add(by, "Relay", "smtp", {"host": "127.0.0.1", "port": server.port, "security": "none"}).id


@pytest.fixture
def template_id(services: Services, by: Principal) -> int:
    services.contacts.save(by, "ann@example.com", first_name="Ann", attributes={"language": "de"})
    services.contacts.save(by, "bob@example.com", first_name="Bob")
    return services.templates.save(by, "Letter", SAVED).template_id


def taken(server: MailServer) -> dict[str, EmailMessage]:
    return {one.rcpt_tos[0]: message_from_bytes(one.content, _class=EmailMessage, policy=policy.default) for one in server.received}


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part
    return str(part.get_content())


def test_what_is_in_the_editor_leaves_and_counts_nowhere(
    services: Services, by: Principal, server: MailServer, relay: int, template_id: int
):
    tried = services.template_trying.send(
        by, template_id, NOW, "For {{ contact.first_name }}", ["one@example.com", "ann@example.com"], connection_id=relay, **FROM
    )
    assert [(one.address, one.refused) for one in tried] == [("one@example.com", ""), ("ann@example.com", "")]
    mails = taken(server)
    assert {to: mail["Subject"] for to, mail in mails.items()} == {"one@example.com": "[Test] For Bob", "ann@example.com": "[Test] For Ann"}
    assert "Not saved, Ann" in html(mails["ann@example.com"])
    assert "https://shop.example.com/a" in html(mails["ann@example.com"])
    assert "/c/" not in html(mails["ann@example.com"]) and "/o/" not in html(mails["ann@example.com"])
    assert services.templates.latest(by, template_id).number == 1
    with services.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(messages)).scalar_one() == 0


def test_one_that_is_refused_keeps_none_of_the_others(services: Services, by: Principal, server: MailServer, relay: int, template_id: int):
    server.answers["RCPT", "full@example.com"] = "550 No such mailbox"
    steps: list[tuple[int, int]] = []
    tried = services.template_trying.send(
        by,
        template_id,
        NOW,
        "Hello",
        ["full@example.com", "nobody", "ONE@example.com", "", " ONE@example.com"],
        connection_id=relay,
        step=lambda done, of: steps.append((done, of)),
        **FROM,
    )
    assert [(one.address, bool(one.refused)) for one in tried] == [("full@example.com", True), ("nobody", True), ("one@example.com", False)]
    assert "No such mailbox" in tried[0].refused
    assert list(taken(server)) == ["one@example.com"]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    [entry] = [one for one in services.audit.page(by).rows if one.action is AuditAction.TEMPLATE_TESTED]
    assert (entry.target, entry.after["taken"], len(entry.after["to"])) == (f"template:{template_id}", 1, 3)
    assert "example.com" not in repr(entry.after)


def test_it_is_written_for_whoever_is_named(services: Services, by: Principal, server: MailServer, relay: int, template_id: int):
    how = {"connection_id": relay, **FROM}
    services.template_trying.send(by, template_id, NOW, "Hello", ["one@example.com"], reader="Ann@example.com", **how)
    assert "Not saved, Ann" in html(taken(server)["one@example.com"])
    with pytest.raises(NotFound, match="No contact"):
        services.template_trying.send(by, template_id, NOW, "Hello", ["one@example.com"], reader="stranger@example.com", **how)
    assert len(server.received) == 1


def test_each_gets_it_in_a_language(services: Services, by: Principal, server: MailServer, relay: int, template_id: int):
    services.translating.put(by, template_id, "de", "<p>Auf Deutsch, {{ contact.first_name }}</p>")
    how = {"connection_id": relay, **FROM}
    send = services.template_trying.send

    def said(address: str, language: str | None) -> str:
        server.received.clear()
        send(by, template_id, NOW, "Hello", [address], language=language, **how)
        return html(taken(server)[address])

    assert "Auf Deutsch, Ann" in said("ann@example.com", None)
    assert "Not saved, Bob" in said("bob@example.com", None)
    assert "Not saved, Ann" in said("ann@example.com", "")
    assert "Auf Deutsch, Bob" in said("bob@example.com", "DE")
    with pytest.raises(InvalidInput, match="language fr") as refused:
        send(by, template_id, NOW, "Hello", ["ann@example.com"], language="fr", **how)
    assert "de" in refused.value.hint


def test_a_document_of_blocks_is_sent_as_its_draft_stands(services: Services, by: Principal, server: MailServer, relay: int):
    saved = Document(sections=(new_section("1", new_block(BlockKind.HEADING, text="Old"), new_block(BlockKind.FOOTER)),))
    template_id = services.templates.save(by, "Blocks", saved.as_json(), kind=TemplateKind.BLOCKS).template_id
    draft = Document(sections=(new_section("1", new_block(BlockKind.HEADING, text="Of now"), new_block(BlockKind.FOOTER)),))
    send = services.template_trying.send
    send(by, template_id, draft.as_json(), "Hello", ["one@example.com"], kind=TemplateKind.BLOCKS, connection_id=relay, **FROM)
    assert "Of now" in html(taken(server)["one@example.com"])
    unfinished = Document(sections=(new_section("1", new_block(BlockKind.BUTTON, url="https://")),))
    with pytest.raises(InvalidInput):
        send(by, template_id, unfinished.as_json(), "Hello", ["one@example.com"], kind=TemplateKind.BLOCKS, connection_id=relay, **FROM)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("source", "subject", "to"),
    [
        ("{{ contact.", "Hello", ["a@example.com"]),
        ("{{ nobody.knows }}", "Hello", ["a@example.com"]),
        (NOW, "", ["a@example.com"]),
        (NOW, "Hi\r\nBcc: all@example.com", ["a@example.com"]),
        (NOW, "{{ contact.nothing_like_it }}", ["a@example.com"]),
        (NOW, "Hello", ["", " "]),
        (NOW, "Hello", [f"a{number}@example.com" for number in range(61)]),
    ],
    ids=["broken", "unknown field", "no subject", "a header in it", "unknown field in it", "nobody", "too many"],
)
def test_what_cannot_be_sent_is_refused_before_anything_leaves(
    services: Services, by: Principal, template_id: int, source: str, subject: str, to: list[str]
):
    with pytest.raises(InvalidInput):
        services.template_trying.send(by, template_id, source, subject, to, **FROM)
    assert services.outbox.page(by).rows == []
    assert AuditAction.TEMPLATE_TESTED not in {one.action for one in services.audit.page(by).rows}


def test_a_server_that_is_not_there_is_said_for_each(services: Services, by: Principal, template_id: int):
    nowhere = services.connections.add(by, "Gone", "smtp", {"host": "127.0.0.1", "port": free_port(), "security": "none"})
    tried = services.template_trying.send(
        by, template_id, NOW, "Hello", ["a@example.com", "b@example.com"], connection_id=nowhere.id, **FROM
    )
    assert all("can't be reached" in one.refused for one in tried)


def test_it_is_from_the_newest_campaign_unless_told_otherwise_and_through_the_default(
    services: Services, by: Principal, template_id: int, draft
):
    assert services.template_trying.sender(by, template_id) is None
    with pytest.raises(InvalidInput, match="Nobody is named"):
        services.template_trying.send(by, template_id, NOW, "Hello", ["a@example.com"])
    draft(from_email="tea@example.com", from_name="Tea")
    assert services.template_trying.send(by, template_id, NOW, "Hello", ["a@example.com"])[0].refused == ""
    [mail] = services.outbox.page(by).rows
    assert (mail.to, mail.subject) == ("a@example.com", "[Test] Hello")


@pytest.mark.parametrize("missing", [Permission.CAMPAIGNS_SEND, Permission.TEMPLATES_EDIT])
def test_it_takes_the_right_to_send_and_the_right_to_write(services: Services, by: Principal, template_id: int, missing: Permission):
    someone = replace(by, permissions=by.permissions - {missing})
    with pytest.raises(Denied, match=str(missing)):
        services.template_trying.send(someone, template_id, NOW, "Hello", ["a@example.com"], **FROM)


def test_another_workspace_tries_nothing_of_ours(services: Services, by: Principal, relay: int, template_id: int):
    other = Principal.system(services.workspaces.create("Other").id)
    theirs = services.templates.save(other, "Theirs", SAVED).template_id
    for which, through in ((template_id, None), (theirs, relay)):
        with pytest.raises(NotFound):
            services.template_trying.send(other, which, NOW, "Hello", ["a@example.com"], connection_id=through, **FROM)


@pytest.mark.parametrize("is_everywhere", [False, True])
def test_nothing_is_sent_to_a_suppressed_address_be_it_for_a_test(
    services: Services, by: Principal, server: MailServer, relay: int, template_id: int, is_everywhere: bool
):
    if is_everywhere:
        services.suppressed_everywhere.add_all(by, "gone@example.com")
    else:
        services.suppressions.add(by, "gone@example.com", SuppressionReason.COMPLAINT)
    services.contacts.save(by, "erased@example.com")
    services.erasures.erase(by, "erased@example.com", confirmed="erased@example.com")
    while services.erasing_work.step():
        pass
    asked = ["gone@example.com", "ERASED@example.com", "one@example.com"]
    tried = services.template_trying.send(by, template_id, NOW, "Hello", asked, connection_id=relay, **FROM)
    assert [one.refused.partition(".")[0] for one in tried] == ["This address is suppressed", "This address is suppressed", ""]
    assert list(taken(server)) == ["one@example.com"]


def test_what_has_left_is_told_whatever_happens_to_the_rest(
    services: Services, by: Principal, server: MailServer, relay: int, template_id: int, caplog: pytest.LogCaptureFixture
):
    def step(done: int, _of: int) -> None:
        raise Unavailable("The database does not answer for one@example.com.", hint="Wait.")

    asked = ["one@example.com", "two@example.com"]
    tried = services.template_trying.send(by, template_id, NOW, "Hello", asked, connection_id=relay, step=step, **FROM)
    assert [(one.address, bool(one.refused)) for one in tried] == [("one@example.com", False), ("two@example.com", True)]
    assert list(taken(server)) == ["one@example.com"]
    assert "not sent to the end" in caplog.text and "one@example.com" not in caplog.text
