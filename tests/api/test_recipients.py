"""Who got a campaign, how far it is and sending it to the missing, as a program asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from core.jobs.delivering import drain
from core.messages.tables import messages
from tests.api.conftest import MJML, Program

if TYPE_CHECKING:
    from core.app import Services

ENDS = [
    ("refused", "550 5.7.1 <r0@example.com> blocked"),
    ("refused", "550 5.1.1 no such user"),
    ("uncertain", "no answer"),
    ("cancelled", ""),
]


@pytest.fixture
def path(services: Services, admin: Program) -> str:
    """A campaign of five, of whom one got it."""
    readers = admin.post("/lists", {"name": "Readers"}).json()
    for n in range(len(ENDS) + 1):
        admin.post("/contacts", {"email": f"r{n}@example.com", "consent": "subscribed", "list_ids": [readers["id"]]})
    template = admin.post("/templates", {"name": "Letter", "source": MJML}).json()
    fields = {"name": "News", "subject": "Tea", "template_id": template["id"], "from_email": "a@example.com"}
    campaign = admin.post("/campaigns", fields | {"audience": {"kind": "list", "id": readers["id"]}}).json()["id"]
    admin.post(f"/campaigns/{campaign}/send")
    ids = [row["id"] for row in admin.get(f"/messages?campaign_id={campaign}").json()["data"]]
    with services.db.transaction() as connection:
        for message_id, (state, reason) in zip(ids, ENDS, strict=False):
            connection.execute(sa.update(messages).where(messages.c.id == message_id).values(state=state, reason=reason))
    drain(services, campaign, owner="test", should_stop=lambda: False)
    return f"/campaigns/{campaign}"


def test_progress_outcomes_and_missing_tell_of_everybody(admin: Program, path: str):
    progress = admin.get(f"{path}/progress").json()
    assert (progress["state"], progress["total"], progress["settled"], progress["left_per_second"]) == ("sent", 5, 5, None)
    assert progress["counts"] == {"accepted": 1, "cancelled": 1, "refused": 2, "uncertain": 1}
    outcomes = admin.get(f"{path}/outcomes").json()
    assert outcomes["people"] == 5
    assert {one["outcome"]: one["people"] for one in outcomes["outcomes"]} == {"received": 1, "refused": 2, "uncertain": 1, "cancelled": 1}
    refused = next(one["reasons"] for one in outcomes["outcomes"] if one["outcome"] == "refused")
    assert refused == [{"reason": "550 5.1.1 no such user", "people": 1}, {"reason": "550 5.7.1 … blocked", "people": 1}]
    assert admin.get(f"{path}/missing").json() == {
        "cancelled": 1,
        "skipped": [],
        "refused": [{"reason": "550 5.7.1 … blocked", "people": 1}],
        "uncertain": 1,
        "barred": 1,
    }


def test_the_missing_get_it_once_however_often_it_is_asked(admin: Program, path: str):
    wanted = {"refused": ["550 5.7.1 … blocked"]}
    answers = [admin.post(f"{path}/send-to-missing", wanted) for _ in range(2)]
    assert [(answer.status_code, answer.json()["messages"]) for answer in answers] == [(202, 2), (202, 0)]
    assert admin.get(f"{path}/progress").json()["counts"] == {"accepted": 1, "queued": 2, "refused": 1, "uncertain": 1}
    assert admin.get(path).json()["state"] == "sending"


def test_uncertain_ones_have_to_be_named_as_what_they_are(admin: Program, path: str):
    nothing_else = {"cancelled": False, "skipped": False}
    assert admin.post(f"{path}/send-to-missing", nothing_else).json()["messages"] == 0
    assert admin.post(f"{path}/send-to-missing", nothing_else | {"uncertain": True}).status_code == 422
    assert admin.post(f"{path}/send-to-missing", nothing_else | {"uncertain_may_get_it_twice": True}).json()["messages"] == 1


def test_a_campaign_that_is_not_there_has_no_recipients(admin: Program):
    for name in ("progress", "outcomes", "missing"):
        assert admin.get(f"/campaigns/999/{name}").status_code == 404
    assert admin.post("/campaigns/999/send-to-missing", {}).status_code == 404
