from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.permissions import Principal, Role
from tests.pages.conftest import Open, words_on

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/workspace.py"


def test_a_missing_postal_address_is_asked_for_until_it_is_there(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    assert "Add your postal address" in words_on(app)
    app.text_area(key="workspace_address").set_value("1 Main St\nSpringfield")
    app.selectbox(key="workspace_zone").set_value("Asia/Tokyo")
    app.button(key="workspace_save").click().run()
    assert not app.exception
    assert "Add your postal address" not in words_on(app)
    saved = shared.workspaces.get(admin.workspace_id)
    assert (saved.timezone, saved.postal_address) == ("Asia/Tokyo", "1 Main St\nSpringfield")


def test_an_empty_name_is_explained(app_as: Callable[[Role], Open], shared: Services, admin: Principal):
    app = app_as(Role.ADMIN)(PAGE)
    app.text_input(key="workspace_name").set_value("  ")
    app.button(key="workspace_save").click().run()
    assert "needs a name" in app.error[0].value
    assert shared.workspaces.get(admin.workspace_id).name == "Aurora"
