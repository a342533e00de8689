"""Where a template is used, and going back to an earlier version of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.app import Services
from core.campaigns.models import Audience
from core.errors import Denied, NotFound
from core.messages.request_models import Request
from core.permissions import Permission, Principal
from core.templates.library.versions import Use, UsedBy

FIELDS = {"name": "Spring", "subject": "Hello", "from_email": "a@example.com"}


@pytest.fixture
def by(services: Services) -> Principal:
    return Principal.system(services.workspaces.create("Acme").id)


@pytest.fixture
def template_id(services: Services, by: Principal) -> int:
    template_id = services.templates.save(by, "News", "<p>One</p>", note="First").template_id
    services.templates.save(by, "News", "<p>Two</p>")
    return template_id


def test_versions_are_told_with_who_and_why(services: Services, by: Principal, template_id: int) -> None:
    newest, first = services.template_versions.page(by, template_id)
    assert (first.number, first.note, first.author) == (1, "First", "Postwright")
    assert (newest.number, newest.note) == (2, "")
    assert services.template_versions.page(by, template_id, 1) == [newest]
    assert services.template_versions.page(by, template_id, before=2) == [first]
    assert services.template_versions.get(by, template_id, 1).source == "<p>One</p>"


def test_going_back_makes_a_new_version_that_says_so(services: Services, by: Principal, template_id: int) -> None:
    restored = services.template_versions.restore(by, template_id, 1)
    assert (restored.number, restored.source, restored.note) == (3, "<p>One</p>", "Version 1 restored")
    assert services.template_versions.restore(by, template_id, 3) == restored
    assert len(services.template_versions.page(by, template_id)) == 3


def test_campaigns_and_single_messages_are_told_with_the_version_they_hold_on_to(
    services: Services, by: Principal, template_id: int
) -> None:
    imported = services.imports.run(by, b"email\nann@example.com\n", "f.csv", list_name="Readers")
    fields = {**FIELDS, "template_id": template_id, "audience": Audience("list", imported.list_id or 0)}
    launched = services.campaigns.create(by, **fields)
    services.campaigns.launch(by, launched.id)
    services.templates.save(by, "News", "<p>Three</p>")
    draft = services.campaigns.create(by, **fields)
    services.requests.submit(by, Request("bob@example.com", "a@example.com", "Hello", template="News"))
    first, second, messages = services.template_versions.uses(by, template_id)
    assert first == Use(UsedBy.CAMPAIGN, None, draft.id, "Spring", "draft")
    assert (second.id, second.number, second.at) == (launched.id, 2, services.clock.now())
    assert messages == Use(UsedBy.MESSAGES, 3, count=1, at=services.clock.now())


def test_only_what_may_be_seen_is_told(services: Services, by: Principal, template_id: int) -> None:
    imported = services.imports.run(by, b"email\nann@example.com\n", "f.csv", list_name="Readers")
    services.campaigns.create(by, **FIELDS, template_id=template_id, audience=Audience("list", imported.list_id or 0))
    services.requests.submit(by, Request("bob@example.com", "a@example.com", "Hello", template="News"))
    assert len(services.template_versions.uses(by, template_id)) == 2
    assert services.template_versions.uses(replace(by, lists=frozenset({2**40})), template_id) == []
    assert len(services.template_versions.uses(replace(by, lists=frozenset({imported.list_id or 0})), template_id)) == 1
    assert services.template_versions.uses(replace(by, permissions=frozenset({Permission.TEMPLATES_VIEW})), template_id) == []


def test_another_workspace_finds_nothing(services: Services, by: Principal, template_id: int) -> None:
    other = Principal.system(services.workspaces.create("Another").id)
    for look in (services.template_versions.page, services.template_versions.uses):
        with pytest.raises(NotFound):
            look(other, template_id)
    for go in (services.template_versions.get, services.template_versions.restore):
        with pytest.raises(NotFound):
            go(other, template_id, 1)


def test_only_who_edits_templates_goes_back(services: Services, by: Principal, template_id: int) -> None:
    viewer = replace(by, permissions=frozenset({Permission.TEMPLATES_VIEW}))
    with pytest.raises(Denied):
        services.template_versions.restore(viewer, template_id, 1)
