from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.tables import contact_attributes
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.templates import Templates, TemplateVersion

SOURCE = '<p>Hi {{ contact.first_name|default("you") }}</p><a href="https://a.example/">Go</a>'


@dataclass(frozen=True)
class Somebody:
    email: str = "ann@example.com"
    first_name: str = "Ann"
    last_name: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def library(db: Database, clock: FrozenClock) -> Templates:
    return Templates(db, clock, BrandKits(db, clock))


@pytest.fixture
def other(db: Database, clock: FrozenClock) -> Principal:
    return Principal.system(Workspaces(db, clock).create("Another").id)


def test_a_saved_template_is_found_again(library: Templates, workspace: Principal) -> None:
    saved = library.save(workspace, "  Spring   news ", SOURCE)
    assert (saved.number, saved.kind, saved.links) == (1, TemplateKind.HTML, ["https://a.example/"])
    assert saved.fields[0] == "contact.first_name"
    template = library.by_name(workspace, "Spring news")
    assert library.get(workspace, saved.template_id) == template
    assert library.latest(workspace, template.id) == library.version(workspace.workspace_id, saved.id) == saved


def test_a_change_makes_a_new_version_and_keeps_the_old_one(library: Templates, workspace: Principal) -> None:
    first = library.save(workspace, "News", SOURCE)
    second = library.save(workspace, "News", SOURCE + "<p>More</p>")
    assert (second.template_id, second.number) == (first.template_id, 2)
    assert library.version(workspace.workspace_id, first.id) == first
    assert library.latest(workspace, first.template_id) == second
    assert library.get(workspace, first.template_id).latest_number == 2


def test_saving_the_same_again_changes_nothing(library: Templates, workspace: Principal, clock: FrozenClock) -> None:
    first = library.save(workspace, "News", SOURCE)
    clock.advance(timedelta(hours=1))
    assert library.save(workspace, "News", SOURCE.replace("\n", "\r\n")) == first
    assert [template.updated_at for template in library.all(workspace)] == [first.created_at]


def test_windows_line_ends_are_the_same_source(library: Templates, workspace: Principal) -> None:
    first = library.save(workspace, "News", "<p>a</p>\n<p>b</p>")
    assert library.save(workspace, "News", "<p>a</p>\r\n<p>b</p>") == first


def test_the_one_saved_last_comes_first(library: Templates, workspace: Principal, clock: FrozenClock) -> None:
    for name in ("A", "B", "A"):
        library.save(workspace, name, f"<p>{clock.now()}</p>")
        clock.advance(timedelta(minutes=1))
    assert [(template.name, template.latest_number) for template in library.all(workspace)] == [("A", 2), ("B", 1)]


def test_two_who_save_at_once_get_two_versions(library: Templates, workspace: Principal) -> None:
    library.save(workspace, "News", SOURCE)
    with ThreadPoolExecutor(4) as pool:
        saved = list(pool.map(lambda number: library.save(workspace, "News", f"<p>{number}</p>"), range(4)))
    assert sorted(version.number for version in saved) == [2, 3, 4, 5]


def test_a_field_must_be_declared_in_this_workspace(
    db: Database, library: Templates, workspace: Principal, other: Principal, clock: FrozenClock
) -> None:
    with db.transaction() as connection:
        row = {"workspace_id": workspace.workspace_id, "name": "city", "type": "text", "created_at": clock.now()}
        connection.execute(contact_attributes.insert().values(row))
    library.save(workspace, "News", "{{ contact.city }}")
    with pytest.raises(InvalidInput, match=r"contact\.city"):
        library.save(other, "News", "{{ contact.city }}")


def test_a_template_that_can_t_be_used_is_not_kept(library: Templates, workspace: Principal) -> None:
    with pytest.raises(InvalidInput, match="line 2"):
        library.save(workspace, "News", "a\n{{ contact. }}")
    assert library.all(workspace) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_template_needs_a_name(library: Templates, workspace: Principal, name: str) -> None:
    with pytest.raises(InvalidInput, match="name"):
        library.save(workspace, name, SOURCE)


def test_another_workspace_sees_nothing(library: Templates, workspace: Principal, other: Principal) -> None:
    saved = library.save(workspace, "News", SOURCE)
    assert library.all(other) == []
    for look in (
        lambda: library.get(other, saved.template_id),
        lambda: library.by_name(other, "News"),
        lambda: library.latest(other, saved.template_id),
        lambda: library.version(other.workspace_id, saved.id),
    ):
        with pytest.raises(NotFound):
            look()
    assert library.save(other, "News", SOURCE).template_id != saved.template_id


def test_each_door_asks_for_permission(library: Templates, workspace: Principal) -> None:
    saved = library.save(workspace, "News", SOURCE)
    viewer = replace(workspace, permissions=frozenset({Permission.TEMPLATES_VIEW}))
    nobody = replace(workspace, permissions=frozenset())
    with pytest.raises(Denied):
        library.save(viewer, "News", SOURCE)
    for look in (
        lambda: library.all(nobody),
        lambda: library.get(nobody, saved.template_id),
        lambda: library.by_name(nobody, "News"),
        lambda: library.latest(nobody, saved.template_id),
        lambda: library.preview(nobody, saved),
    ):
        with pytest.raises(Denied):
            look()


def test_a_preview_leads_straight_to_the_destination_and_counts_nothing(library: Templates, workspace: Principal) -> None:
    version: TemplateVersion = library.save(workspace, "News", SOURCE)
    shown = library.preview(workspace, version, Somebody())
    assert "Hi Ann" in shown.html and '<a href="https://a.example/"' in shown.html
    assert "<img" not in shown.html and "Acme" in shown.html


def test_a_preview_without_a_contact_shows_a_made_up_person(library: Templates, workspace: Principal) -> None:
    assert "Hi Alex" in library.preview(workspace, library.save(workspace, "News", SOURCE)).text


def test_versions_are_written_in_one_place() -> None:
    root = Path(__file__).parents[2] / "core"
    writes = re.compile(r"template_versions\.insert\(|insert\(template_versions\)|insert_or_ignore\(\w+, template_versions")
    found = [
        str(path.relative_to(root)) for path in root.rglob("*.py") if "migrations" not in path.parts and writes.search(path.read_text())
    ]
    assert found == ["templates/languages/writing.py"]
