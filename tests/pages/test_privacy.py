"""The page “Privacy”."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core.permissions import Principal, Role
from core.privacy.due import Law, RequestKind
from core.privacy.requests import RequestState
from core.privacy.retention import DataKind
from core.ui.services import using
from tests.pages.conftest import Open

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/privacy.py"
OVERVIEW = "pages/overview/overview.py"
ADA = "ada@customers.example"


def texts(app: AppTest) -> str:
    return "\n".join(str(each.value) for kind in ("markdown", "caption", "error", "warning") for each in getattr(app, kind))


@pytest.fixture
def asked(shared: Services, admin: Principal) -> int:
    shared.contacts.save(admin, ADA, first_name="Ada")
    received = shared.clock.now().date() - timedelta(days=25)
    return shared.privacy_requests.open(admin, ADA, RequestKind.ERASURE, Law.GDPR, received_on=received, notes="By letter").id


def test_nobody_waits(app_as: Open) -> None:
    app = app_as(Role.ADMIN)(PAGE)
    assert not app.exception
    assert "Nobody waits for an answer" in texts(app)


def test_only_admins_see_it(app_as: Open) -> None:
    app = app_as(Role.MARKETER)(PAGE)
    assert "privacy.manage" in texts(app)


def test_a_request_is_entered(app_as: Open, shared: Services, admin: Principal) -> None:
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="primary_action").click().run()
    app.text_input(key="request_email").input("Bob@example.com")
    app.selectbox(key="request_kind").select(RequestKind.ACCESS)
    app.button[[button.label for button in app.button].index("Enter request")].click().run()
    assert not app.exception
    [request] = shared.privacy_requests.page(admin).rows
    assert (request.email, request.kind, request.law) == ("bob@example.com", RequestKind.ACCESS, Law.GDPR)
    assert "A copy of their data · GDPR (Europe)" in texts(app)


def test_what_is_urgent_is_said_here_and_on_the_overview(app_as: Open, asked: int) -> None:
    assert asked
    for file in (PAGE, OVERVIEW):
        assert "1 request about personal data is due within 7 days" in texts(app_as(Role.ADMIN)(file))
    assert "personal data" not in texts(app_as(Role.MARKETER)(OVERVIEW))


def test_erasing_asks_for_the_address_and_says_what_goes(app_as: Open, shared: Services, admin: Principal, asked: int) -> None:
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"privacy_erase_{asked}").click().run()
    assert "Their profile" in texts(app) and "can’t be undone" in texts(app)
    assert app.button(key="privacy_erase-yes").disabled
    app.text_input(key="privacy_erase-typed").input(ADA).run()
    app.button(key="privacy_erase-yes").click().run()
    assert not app.exception
    assert shared.contacts.find(admin, ADA) is None
    assert shared.privacy_requests.get(admin, asked).state is RequestState.DONE
    assert "Nobody waits" in texts(app)


def test_a_request_is_extended_noted_and_closed(app_as: Open, shared: Services, admin: Principal, asked: int) -> None:
    app = app_as(Role.ADMIN)(PAGE)
    for name, key, said, button in (("extend", "extend_because", "Many systems", "Extend"), ("notes", "notes_text", "Called", "Save")):
        app.button(key=f"privacy_{name}_{asked}").click().run()
        (app.text_input if name == "extend" else app.text_area)(key=key).input(said)
        [each for each in app.button if each.label == button][-1].click().run()
    request = shared.privacy_requests.get(admin, asked)
    assert (request.extended_because, request.notes) == ("Many systems", "Called")
    app.button(key=f"privacy_close_{asked}").click().run()
    next(each for each in app.button if each.label == "Close request").click().run()
    assert shared.privacy_requests.get(admin, asked).state is RequestState.DONE
    app.segmented_control(key="requests_shown").set_value("Answered").run()
    assert not app.exception and "extended: Many systems" in texts(app)


def test_selling_is_forbidden_for_who_asked(app_as: Open, shared: Services, admin: Principal) -> None:
    contact = shared.contacts.save(admin, ADA)
    asked = shared.privacy_requests.open(admin, ADA, RequestKind.DO_NOT_SELL, Law.CCPA)
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"privacy_sale_{asked.id}").click().run()
    app.button(key="privacy_sale-yes").click().run()
    assert not app.exception
    assert shared.choices.get(admin, contact.id).do_not_sell
    assert shared.privacy_requests.get(admin, asked.id).state is RequestState.DONE


def test_all_about_somebody_is_offered_and_made(app_as: Open, shared: Services, admin: Principal, asked: int) -> None:
    from core.ui.admin.privacy_requests import zip_of

    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"privacy_export_{asked}").click().run()
    assert "Their profile" in texts(app) and not app.exception
    assert zip_of(shared, admin, shared.privacy_requests.get(admin, asked)).startswith(b"PK")
    assert list(shared.settings.data_dir.glob("about-*")) == []
    assert shared.privacy_requests.get(admin, asked).exported_at


def test_how_long_data_is_kept_is_set_after_seeing_what_goes(app_as: Open, shared: Services, admin: Principal) -> None:
    with using(shared):
        app = app_as(Role.ADMIN)(PAGE, part="Retention")
        assert "Where opens and clicks came from" in texts(app)
        app.button(key="set_engagement").click().run()
        app.toggle(key="keep_limited").set_value(True).run()
        app.number_input(key="keep_days").set_value(30).run()
        assert any("Nothing is that old" in info.value for info in app.info)
        app.button(key="keep_yes").click().run()
    assert not app.exception
    assert {rule.kind: rule.days for rule in shared.retention.rules(admin)}[DataKind.ENGAGEMENT] == 30


def test_where_data_lives_is_told(app_as: Open) -> None:
    app = app_as(Role.ADMIN)(PAGE, part="Places")
    assert not app.exception
    assert "Every email sent to them" in texts(app) and "journal" in texts(app)
