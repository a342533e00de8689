"""Templates follow their brand some at a time: nothing is forgotten, nobody has to wait, and what was frozen stays."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.permissions import Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.brands.restyling import NOTE, Restyling
from core.templates.brands.turns import turn
from core.templates.library.drafts import Drafts
from core.templates.library.shelving import Shelves
from core.templates.library.templates import Templates
from core.templates.look.brand import Brand, Colours, Sender
from core.templates.tables import template_versions
from tests.templates.brands.conftest import letter

GREEN, RED = Brand(colours=Colours(primary="#0a7d4f")), Brand(colours=Colours(primary="#b3261e"))


@pytest.fixture
def hurried(database: Database, clock: FrozenClock) -> BrandKits:
    """Kits that leave all templates to whoever comes next."""
    return BrandKits(database, clock, patience=0)


def is_red(library: Templates, by: Principal, template_id: int) -> bool:
    return "#b3261e" in library.latest(by, template_id).html


def test_what_there_is_no_time_for_waits_on_record_and_is_done_by_whoever_comes_next(
    hurried: BrandKits, library: Templates, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    kit = hurried.save(workspace, "House", GREEN).kit
    ids = [letter(library, workspace, f"Letter {number}").template_id for number in range(3)]
    ada = Principal(workspace.workspace_id, "person:7", workspace.permissions)
    saved = hurried.save(ada, "House", RED, kit.id)
    assert (dict(saved.restyled.changed), saved.restyled.waiting) == ({}, 3)
    assert [one.is_due for one in hurried.where_used(workspace, kit.id)] == [True] * 3
    assert not any(is_red(library, workspace, each) for each in ids)
    next_one = BrandKits(db, clock)
    assert next_one.workspaces_due() == [workspace.workspace_id]
    told: list[tuple[int, int]] = []
    done = next_one.follow(Principal.system(workspace.workspace_id, "worker"), told=lambda *counts: told.append(counts))
    assert (list(done.changed), done.waiting, told[-1]) == (ids, 0, (3, 3))
    assert all(is_red(library, workspace, each) for each in ids) and next_one.workspaces_due() == []
    newest = [library.latest(workspace, each) for each in ids]
    assert {(one.number, one.note, one.created_by) for one in newest} == {(2, NOTE, "person:7")}, "they are whose the change was"
    assert not any(one.is_due for one in hurried.where_used(workspace, kit.id))
    with db.read() as connection:
        noted = connection.execute(sa.select(audit_log.c.actor).where(audit_log.c.action == AuditAction.TEMPLATES_RESTYLED.value))
        assert noted.scalars().all() == ["worker"]


def test_a_template_saved_while_it_waits_is_in_the_new_look_and_waits_no_more(
    hurried: BrandKits, library: Templates, workspace: Principal
) -> None:
    kit = hurried.save(workspace, "House", GREEN).kit
    template_id = letter(library, workspace).template_id
    hurried.save(workspace, "House", RED, kit.id)
    assert letter(library, workspace, text="Other words").number == 2
    assert is_red(library, workspace, template_id) and hurried.workspaces_due() == []
    assert not hurried.follow(workspace).changed


def test_many_at_once_write_each_template_once(
    hurried: BrandKits, library: Templates, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    kit = hurried.save(workspace, "House", GREEN).kit
    ids = [letter(library, workspace, f"Letter {number}").template_id for number in range(6)]
    hurried.save(workspace, "House", RED, kit.id)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: Restyling(db, clock).follow(workspace, seconds=60), range(4)))
    assert sorted(number for one in done for number in one.changed) == ids
    assert [library.latest(workspace, each).number for each in ids] == [2] * 6


def test_a_kit_changed_again_meanwhile_is_what_counts(hurried: BrandKits, library: Templates, workspace: Principal, db: Database) -> None:
    class Late(FrozenClock):
        """Is asked for the time between compiling and writing; then somebody changes the kit once more."""

        def now(self):  # type: ignore[no-untyped-def]
            if changes:
                hurried.save(workspace, "House", changes.pop(), kit.id)
            return super().now()

    changes: list[Brand] = []
    kit = hurried.save(workspace, "House", GREEN).kit
    template_id = letter(library, workspace).template_id
    hurried.save(workspace, "House", Brand(colours=Colours(primary="#1d4ed8")), kit.id)
    changes.append(RED)
    assert Restyling(db, Late(library.latest(workspace, template_id).created_at)).follow(workspace).waiting == 0
    newest = library.latest(workspace, template_id)
    assert newest.number == 2 and "#b3261e" in newest.html, "the look in between is no version"


def test_one_at_a_time_is_at_it_and_the_turn_ends_with_its_process(
    library: Templates, workspace: Principal, sqlite_db: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    turns = tmp_path / "turns"
    kits = BrandKits(sqlite_db, clock, Restyling(sqlite_db, clock, turns))
    kit = kits.save(workspace, "House", GREEN).kit
    template_id = letter(library, workspace).template_id
    process = multiprocessing.get_context("spawn")
    has_it, never = process.Event(), process.Event()
    other = process.Process(target=_hold, args=(turns, workspace.workspace_id, has_it, never), daemon=True)
    other.start()
    assert has_it.wait(60)
    saved = kits.save(workspace, "House", RED, kit.id)
    assert (saved.restyled.waiting, is_red(library, workspace, template_id)) == (1, False)
    other.kill()
    other.join()
    assert list(kits.follow(workspace).changed) == [template_id]


def _hold(turns: Path, workspace_id: int, has_it: Event, never: Event) -> None:
    with turn(turns, workspace_id) as is_ours:
        assert is_ours
        has_it.set()
        never.wait()


def test_why_a_template_can_not_follow_is_remembered(
    kits: BrandKits, library: Templates, workspace: Principal, sqlite_db: Database
) -> None:
    kit = kits.save(workspace, "House", GREEN).kit
    broken = letter(library, workspace, "Broken")
    with sqlite_db.transaction() as connection:  # as an earlier version of the product may have left it
        source = broken.source.replace("https://shop", "javascript:shop")
        connection.execute(template_versions.update().where(template_versions.c.id == broken.id).values(source=source))
    [kept] = kits.save(workspace, "House", RED, kit.id).restyled.kept
    [worn] = kits.where_used(workspace, kit.id)
    assert worn.problem == kept.reason and not worn.is_due
    letter(library, workspace, "Broken", text="Mended")
    assert [one.problem for one in kits.where_used(workspace, kit.id)] == [""]


def test_senders_are_no_look(hurried: BrandKits, library: Templates, workspace: Principal) -> None:
    kit = hurried.save(workspace, "House", GREEN).kit
    letter(library, workspace)
    more = GREEN.model_copy(update={"senders": (Sender(name="Shop", email="shop@example.com"),)})
    assert hurried.save(workspace, "House", more, kit.id).restyled.waiting == 0


def test_what_comes_out_of_the_archive_follows_what_it_missed(
    kits: BrandKits, library: Templates, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    shelves = Shelves(db, clock)
    kit = kits.save(workspace, "House", GREEN).kit
    template_id = letter(library, workspace).template_id
    shelves.archive(workspace, template_id)
    assert not kits.save(workspace, "House", RED, kit.id).restyled.changed
    copy = shelves.duplicate(workspace, template_id)
    shelves.unarchive(workspace, template_id)
    assert sorted(kits.follow(workspace).changed) == [template_id, copy.id]
    assert is_red(library, workspace, template_id) and is_red(library, workspace, copy.id)


def test_a_draft_nobody_saved_is_shown_in_the_new_look(
    kits: BrandKits, library: Templates, workspace: Principal, db: Database, clock: FrozenClock
) -> None:
    kit = kits.save(workspace, "House", GREEN).kit
    version = letter(library, workspace)
    drafts = Drafts(db, clock)
    written = version.source.replace('"Go"', '"Go on"')
    drafts.keep(workspace, version.template_id, written, version.kind, based_on=1, revision=0)
    kits.save(workspace, "House", RED, kit.id)
    draft = drafts.get(workspace, version.template_id)
    assert draft and draft.source == written, "what somebody is writing stays as it is"
    shown = library.try_out(workspace, draft.source, draft.kind, template_id=version.template_id)
    assert "#b3261e" in shown.html and "#0a7d4f" not in shown.html and "Go on" in shown.html


def test_who_has_it_sent_gets_the_new_look_though_it_waits(hurried: BrandKits, library: Templates, workspace: Principal):
    kit = hurried.save(workspace, "House", GREEN).kit
    first = letter(library, workspace)
    hurried.save(workspace, "House", RED, kit.id)
    assert library.latest(workspace, first.template_id) == first
    assert "#b3261e" in library.latest_to_send(workspace, first.template_id).html
    assert hurried.workspaces_due() == []
