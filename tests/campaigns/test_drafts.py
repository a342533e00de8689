"""A draft is checked field by field, and only a draft can be changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core.app import Services
from core.campaigns.models import Audience, Campaign
from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Principal, Role

Draft = Callable[..., Campaign]


def test_a_draft_keeps_what_was_written(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(subject_b="The other", from_name="Ada", track_conversions=True)
    found = services.campaigns.get(by, made.id)
    assert (found.name, found.subject, found.subject_b, found.from_name) == ("News", "Hello {{ contact.first_name }}", "The other", "Ada")
    assert (found.state, found.track_conversions) == (CampaignState.DRAFT, True)
    assert services.campaigns.all(by) == [found]


def test_without_a_connection_the_default_is_taken(services: Services, by: Principal, draft: Draft) -> None:
    assert draft().connection_id == services.connections.default(by).id


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"name": "  "}, "name is missing", id="no name"),
        pytest.param({"subject": ""}, "subject is missing", id="no subject"),
        pytest.param({"subject": "Hi\r\nBcc: all@example.com"}, "line break", id="a header in the subject"),
        pytest.param({"subject": "{{ contact."}, "(?i)line 1|subject|template", id="a subject that is no template"),
        pytest.param({"subject": "{{ stranger.name }}"}, "stranger", id="an unknown merge field"),
        pytest.param({"subject_b": "{{ 7 ** 7 }}"}, r"(?i)\*\*|can't be used|not allowed", id="a dangerous second subject"),
        pytest.param({"from_email": "nobody"}, "@", id="no address"),
        pytest.param({"from_name": "x" * 300}, "300 characters", id="a name without end"),
    ],
)
def test_a_field_that_cannot_be_used_is_refused(draft: Draft, fields: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        draft(**fields)


@pytest.mark.parametrize(
    "fields",
    [{"template_id": 99_999}, {"audience": Audience("list", 99_999)}, {"audience": Audience("segment", 99_999)}, {"connection_id": 99_999}],
    ids=["template", "list", "segment", "connection"],
)
def test_what_a_draft_names_must_be_there(draft: Draft, fields: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        draft(**fields)


def test_what_a_new_draft_lacks_is_named(services: Services, by: Principal) -> None:
    with pytest.raises(InvalidInput, match="template_id, audience, from_email"):
        services.campaigns.create(by, name="News", subject="Hello")


def test_changing_one_field_leaves_the_others(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(subject_b="The other")
    changed = services.campaigns.update(by, made.id, subject="Hi")
    assert (changed.subject, changed.subject_b, changed.name) == ("Hi", "The other", "News")
    assert services.campaigns.update(by, made.id, subject_b=None).subject_b is None


def test_only_drafts_can_be_changed_or_deleted(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    services.campaigns.launch(by, made.id)
    with pytest.raises(Conflict, match="can't be changed"):
        services.campaigns.update(by, made.id, name="Other")
    with pytest.raises(Conflict):
        services.campaigns.delete(by, made.id)


def test_a_deleted_draft_is_gone(services: Services, by: Principal, draft: Draft) -> None:
    made = draft(subject_b="The other")
    services.campaigns.delete(by, made.id)
    with pytest.raises(NotFound):
        services.campaigns.get(by, made.id)


def test_another_workspace_does_not_see_it(services: Services, draft: Draft) -> None:
    made = draft()
    stranger = Principal.system(services.workspaces.create("Other").id)
    assert services.campaigns.all(stranger) == []
    for act in (
        services.campaigns.get,
        services.campaigns.launch,
        services.campaigns.pause,
        services.campaigns.cancel,
        services.campaigns.delete,
    ):
        with pytest.raises(NotFound):
            act(stranger, made.id)


def test_an_analyst_may_look_but_not_write_or_send(services: Services, by: Principal, draft: Draft) -> None:
    made = draft()
    analyst = Principal(by.workspace_id, "person:9", ROLE_PERMISSIONS[Role.ANALYST])
    assert services.campaigns.get(analyst, made.id) == made
    with pytest.raises(Denied):
        services.campaigns.update(analyst, made.id, name="Mine")
    for act in (services.campaigns.launch, services.campaigns.pause, services.campaigns.cancel, services.campaigns.delete):
        with pytest.raises(Denied):
            act(analyst, made.id)
    with pytest.raises(Denied):
        services.campaigns.send_test(analyst, made.id, ["me@example.com"])


def test_a_connection_that_only_takes_reports_sends_nothing(services: Services, by: Principal, draft: Draft) -> None:
    reports = services.connections.add(by, "Reports", "generic", {"webhook_token": "t"})
    with pytest.raises(Conflict, match="“Reports” takes reports only"):
        draft(connection_id=reports.id)
    made = draft()
    assert made.connection_id != reports.id
    with pytest.raises(Conflict, match="takes reports only"):
        services.campaigns.update(by, made.id, connection_id=reports.id)
    _point_to(services, made.id, reports.id)
    for act in (lambda: services.campaigns.launch(by, made.id), lambda: services.campaigns.send_test(by, made.id, ["ann@example.com"])):
        with pytest.raises(Conflict, match="takes reports only"):
            act()
    assert services.campaigns.get(by, made.id).state is CampaignState.DRAFT


def _point_to(services: Services, campaign_id: int, connection_id: int) -> None:
    """As a draft from before its kind of connection could not send any more."""
    with services.db.transaction() as connection:
        connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign_id).values(connection_id=connection_id))
