"""Event intake as an admin sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from core.clock import FrozenClock
from core.events.event import DropReason, Step
from core.events.intake_words import done_name, lasting, outcome_name, size, step_name, why
from core.events.jobs import JobKind, JobState
from core.permissions import Principal, Role
from core.storage.event_record import event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from tests.pages import given
from tests.pages.conftest import Open, words_on

if TYPE_CHECKING:
    from core.app import Services

PAGE = "pages/admin/event_intake.py"
EVIL = "![x](https://evil.example/a.png) <script>alert(1)</script>"


@pytest.fixture
def filled(shared: Services, admin: Principal, clock: FrozenClock) -> Services:
    """Some sent and opened, a report with something odd in it, and an open of nobody's."""
    campaign = given.sent(shared, admin, count=40)
    given.opened(shared, admin, campaign, readers=20, clicked=4)
    items = [
        {"event": "bounced", "bounce_class": "soft", "recipient": "eve@example.net", "id": "ev-1", "reason": EVIL, "ip": "203.0.113.9"},
        {"event": "bounced", "bounce_class": "soft", "recipient": "eve@example.net", "id": "ev-1"},
    ]
    report = {"kind": "webhook", "at": clock.now().isoformat(), "source": "receiver", "workspace_id": admin.workspace_id}
    report |= {"connection_id": 1, "provider": "generic", "content_type": "application/json", "body": orjson.dumps(items).decode()}
    _write(shared, report, event_record(EventKind.OPENED, clock.now(), "receiver", message_id=9_999_999))
    shared.ingester.run_once()
    return shared


def _write(services: Services, *lines: object) -> None:
    journal = JournalWriter(services.settings.journal_dir, "receiver")
    journal.append(lines)  # type: ignore[arg-type]
    journal.close()


def test_with_nothing_yet_it_says_what_it_is_for(app_as: Callable[[Role], Open]):
    app = app_as(Role.ADMIN)(PAGE)
    assert not app.exception
    assert "Nothing has come in yet" in words_on(app)


def test_what_came_in_is_told_with_what_was_left_out_and_why(app_as: Callable[[Role], Open], filled: Services):
    app = app_as(Role.ADMIN)(PAGE)
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert (shown["Events kept"], shown["Left out"], shown["Told again"], shown["Behind by"]) == ("65", "1", "1", "0 s")
    words = words_on(app)
    assert "No message like it" in words
    assert "Told more than once" in words
    assert "It can’t be told whose they are" in words
    assert "**Postwright itself**" in words


def test_the_time_is_chosen_and_stays_in_the_address(app_as: Callable[[Role], Open], filled: Services, clock: FrozenClock):
    clock.advance(timedelta(hours=5))
    app = app_as(Role.ADMIN)(PAGE)
    assert "No events, last hour" in words_on(app)
    app.segmented_control(key="since").set_value("Last 24 hours").run()
    assert {metric.label: metric.value for metric in app.metric}["Events kept"] == "65"
    again = app_as(Role.ADMIN)(PAGE, since="Last 7 days")
    assert again.segmented_control(key="since").value == "Last 7 days"


def test_only_who_may_see_it_finds_it(app_as: Callable[[Role], Open], shared: Services):
    app = app_as(Role.MARKETER)()
    with pytest.raises(ValueError, match=r"event_intake\.py"):
        app.switch_page(PAGE).run()


def test_who_may_look_but_not_manage_can_start_nothing(
    open_as: Callable[..., Open], filled: Services, admin: Principal, clock: FrozenClock
):
    filled.intake.replay(admin, clock.now() - timedelta(hours=1), clock.now())
    role = filled.roles.create(admin, "Watcher", ("intake.view",))
    person = filled.people.add(Principal.system(admin.workspace_id), "w@example.com", "Wu", "correct horse battery", role.key)
    app = open_as(person)(PAGE, since="Last hour")
    assert not app.exception
    assert "Event intake" in [title.value for title in app.title]
    keys = {button.key for button in app.button}
    assert "again" not in keys and not any(str(key).startswith("stop_") for key in keys)


def test_that_nobody_takes_events_in_is_said(app_as: Callable[[Role], Open], filled: Services, clock: FrozenClock):
    filled.ingester.close()
    _write(filled, event_record(EventKind.OPENED, clock.now(), "receiver", message_id=1))
    clock.advance(timedelta(minutes=4))
    app = app_as(Role.ADMIN)(PAGE)
    assert "Nothing is taking events in" in app.warning[0].value
    assert {metric.label: metric.value for metric in app.metric}["Behind by"] == "4 min"


def test_an_event_is_looked_up_and_shown_with_its_raw_line(app_as: Callable[[Role], Open], filled: Services):
    app = app_as(Role.ADMIN)(PAGE, find="eve@example.net")
    assert "Bounced \\(soft\\)" in words_on(app)
    [details] = [button for button in app.button if str(button.key).startswith("look_")]
    details.click().run()
    assert not app.exception
    words = words_on(app)
    assert "The part of the report that told it." in words
    assert "![x](https" not in words and "<script>" not in words
    raw = orjson.loads(app.json[0].value)
    assert (raw["id"], raw["reason"], raw["ip"]) == ("ev-1", EVIL, "203.0.113.0/24")


def test_what_is_not_found_is_said(app_as: Callable[[Role], Open], filled: Services):
    assert "No event goes by this" in words_on(app_as(Role.ADMIN)(PAGE, find="nobody@example.com"))


def test_events_are_processed_again_and_the_outcome_stays_on_show(
    app_as: Callable[[Role], Open], filled: Services, admin: Principal, clock: FrozenClock
):
    clock.advance(timedelta(minutes=5))
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key="again").click().run()
    assert "nothing counts twice" in words_on(app)
    app.button(key="again_yes").click().run()
    assert not app.exception
    [job] = filled.intake.jobs(admin)
    assert (job.kind, job.state) == (JobKind.REPLAY, JobState.WAITING)

    back = app_as(Role.ADMIN)(PAGE)
    assert "You can close this page; it goes on." in words_on(back)
    filled.ingester.run_once()
    filled.ingester.run_once()
    done = app_as(Role.ADMIN)(PAGE)
    assert "65 were there already" in words_on(done)


def test_a_time_without_raw_lines_can_not_be_chosen(app_as: Callable[[Role], Open], filled: Services, clock: FrozenClock):
    clock.advance(timedelta(days=3))
    app = app_as(Role.ADMIN)(PAGE, since="Last 7 days")
    app.button(key="again").click().run()
    assert "No raw lines of this time are kept" in words_on(app)
    assert app.button(key="again_yes").disabled
    begin = clock.now().replace(tzinfo=None) - timedelta(days=4)
    app.datetime_input(key="again_since").set_value(begin).run()
    assert not app.button(key="again_yes").disabled


def test_work_in_progress_is_stopped(app_as: Callable[[Role], Open], filled: Services, admin: Principal, clock: FrozenClock):
    job = filled.intake.replay(admin, clock.now() - timedelta(hours=1), clock.now())
    app = app_as(Role.ADMIN)(PAGE)
    app.button(key=f"stop_{job.id}").click().run()
    assert filled.intake.job(admin, job.id).state is JobState.CANCELLED
    assert "Stopped" in words_on(app_as(Role.ADMIN)(PAGE))


@pytest.mark.parametrize("step", [*Step, "from_later"])
@pytest.mark.parametrize("reason", [*DropReason, "from_later"])
def test_every_reason_at_every_step_has_words(step: str, reason: str):
    found = why(step, reason)
    assert found.title and found.meaning.endswith(".") and found.advice.endswith(".")
    assert step_name(step) and outcome_name(reason) and done_name(reason)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.42, "0.4 s"), (12, "12 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (3 * 86400, "3 days")]
)
def test_time_spans_are_short(seconds: float, words: str):
    assert lasting(seconds) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (820, "820 B"), (12_345, "12 kB"), (3_400_000, "3.4 MB"), (9e9, "9.0 GB")])
def test_sizes_are_short(count: int, words: str):
    assert size(count) == words
