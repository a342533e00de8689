from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.links.registry import Links
from core.permissions import Principal
from core.storage.database import Database


def test_links_keep_the_order_of_the_template(db: Database, links: Links, workspace: Principal) -> None:
    urls = ["https://b.example/2", "https://a.example/1", "https://b.example/2"]
    with db.transaction() as connection:
        ids = links.register(connection, workspace.workspace_id, 9, urls, True)
    found = links.for_campaign(workspace.workspace_id, 9)
    assert [link.url for link in found] == urls
    assert [link.id for link in found] == ids
    assert all(link.append_token for link in found)


def test_registering_again_changes_nothing(db: Database, links: Links, workspace: Principal) -> None:
    with db.transaction() as connection:
        first = links.register(connection, workspace.workspace_id, 9, ["https://a.example/"], False)
        again = links.register(connection, workspace.workspace_id, 9, ["https://changed.example/"], True)
    assert first == again
    assert [link.url for link in links.for_campaign(workspace.workspace_id, 9)] == ["https://a.example/"]


def test_a_campaign_without_links_has_none(db: Database, links: Links, workspace: Principal) -> None:
    with db.transaction() as connection:
        assert links.register(connection, workspace.workspace_id, 9, [], False) == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/\r\nSet-Cookie: x", "/relative"])
def test_an_address_that_is_not_a_web_address_is_refused(db: Database, links: Links, workspace: Principal, url: str) -> None:
    with db.transaction() as connection, pytest.raises(InvalidInput, match="not a web address"):
        links.register(connection, workspace.workspace_id, 9, ["https://a.example", url], False)
    assert links.for_campaign(workspace.workspace_id, 9) == []


def test_another_workspace_does_not_see_them(db: Database, links: Links, workspace: Principal) -> None:
    with db.transaction() as connection:
        links.register(connection, workspace.workspace_id, 9, ["https://a.example/"], False)
    assert links.for_campaign(workspace.workspace_id + 1, 9) == []
