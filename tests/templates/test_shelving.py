from __future__ import annotations

from dataclasses import replace

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.library.finding import Shelf, Wanted
from core.templates.library.names import NO_FOLDER
from core.templates.library.shelving import Shelves
from core.templates.library.templates import Templates


@pytest.fixture
def library(db: Database, clock: FrozenClock) -> Templates:
    return Templates(db, clock, BrandKits(db, clock))


@pytest.fixture
def shelves(db: Database, clock: FrozenClock) -> Shelves:
    return Shelves(db, clock)


@pytest.fixture
def ids(library: Templates, shelves: Shelves, workspace: Principal) -> dict[str, int]:
    """Three templates in two folders, the newest last."""
    said = {"Welcome": "<p>Glad you are here</p>", "Sale": "<p>100% off tea_pots</p>", "Receipt": "<p>Thank you, Ünal</p>"}
    made = {name: library.save(workspace, name, source, note=f"About {name}").template_id for name, source in said.items()}
    shelves.move(workspace, made["Sale"], "Shop")
    shelves.move(workspace, made["Receipt"], "Shop")
    shelves.tag(workspace, made["Sale"], ["spring", "Ä"])
    shelves.tag(workspace, made["Welcome"], ["spring"])
    return made


def names(shelf: Shelf) -> list[str]:
    return [card.template.name for card in shelf.rows]


def test_the_library_shows_what_there_is_and_what_it_can_be_narrowed_by(
    library: Templates, workspace: Principal, ids: dict[str, int]
) -> None:
    shelf = library.page(workspace)
    assert names(shelf) == ["Receipt", "Sale", "Welcome"] and (shelf.total, shelf.in_all) == (3, 3)
    assert (shelf.folders, shelf.tags) == ({"Shop": 2}, {"spring": 2, "Ä": 1})
    card = shelf.rows[1]
    assert (card.template, card.changed_by, card.note) == (library.get(workspace, ids["Sale"]), "Postwright", "About Sale")
    assert (card.template.folder, card.template.tags, card.thumbnail) == ("Shop", ("spring", "Ä"), None)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(search="welc"), ["Welcome"]),
        (Wanted(search="SPRING"), ["Sale", "Welcome"]),
        (Wanted(search="glad  you"), ["Welcome"]),
        (Wanted(search="100%"), ["Sale"]),
        (Wanted(search="a_e"), []),
        (Wanted(search="shop"), ["Receipt", "Sale"]),
        (Wanted(search="\x00"), ["Receipt", "Sale", "Welcome"]),
        (Wanted(folder="Shop"), ["Receipt", "Sale"]),
        (Wanted(folder=NO_FOLDER), ["Welcome"]),
        (Wanted(tag="Ä"), ["Sale"]),
        (Wanted(folder="Shop", tag="spring", search="tea"), ["Sale"]),
        (Wanted(folder="Nowhere"), []),
        (Wanted(archived=True), []),
    ],
)
def test_templates_are_found(library: Templates, workspace: Principal, ids: dict[str, int], wanted: Wanted, found: list[str]) -> None:
    assert names(library.page(workspace, wanted)) == found


def test_only_what_it_says_now_is_searched(library: Templates, workspace: Principal, ids: dict[str, int]) -> None:
    library.save(workspace, "Welcome", "<p>Other words</p>")
    assert names(library.page(workspace, Wanted(search="glad"))) == []


def test_a_page_holds_some_of_them(library: Templates, workspace: Principal, ids: dict[str, int]) -> None:
    shelf = library.page(workspace, limit=1, offset=1)
    assert (names(shelf), shelf.total) == (["Sale"], 3)


def test_what_is_put_away_is_offered_nowhere_and_can_be_taken_out(
    library: Templates, shelves: Shelves, workspace: Principal, ids: dict[str, int]
) -> None:
    assert shelves.archive(workspace, ids["Sale"]).is_archived
    assert shelves.archive(workspace, ids["Sale"]) == library.get(workspace, ids["Sale"])
    assert names(library.page(workspace)) == ["Receipt", "Welcome"]
    assert names(library.page(workspace, Wanted(archived=True))) == ["Sale"]
    assert [one.name for one in library.all(workspace)] == ["Receipt", "Welcome"]
    assert [one.name for one in library.all(workspace, archived=True)] == ["Sale"]
    assert len(library.all(workspace, archived=None)) == 3
    with pytest.raises(Conflict, match="already"):
        library.save(workspace, "Sale", "<p>New</p>", is_new=True)
    shelves.unarchive(workspace, ids["Sale"])
    assert len(library.all(workspace)) == 3


def test_a_name_is_given_once(library: Templates, shelves: Shelves, workspace: Principal, ids: dict[str, int]) -> None:
    assert shelves.rename(workspace, ids["Sale"], "  Summer  sale ").name == "Summer sale"
    assert library.by_name(workspace, "Summer sale").id == ids["Sale"]
    with pytest.raises(Conflict, match="already"):
        shelves.rename(workspace, ids["Sale"], "Receipt")
    with pytest.raises(InvalidInput):
        shelves.rename(workspace, ids["Sale"], " ")


def test_a_version_is_saved_whatever_the_template_is_called_by_now(
    library: Templates, shelves: Shelves, workspace: Principal, ids: dict[str, int]
) -> None:
    shelves.rename(workspace, ids["Sale"], "Summer sale")
    saved = library.save_version(workspace, ids["Sale"], "<p>New</p>", note="  Better ")
    assert (saved.template_id, saved.number, saved.note, saved.created_by) == (ids["Sale"], 2, "Better", "system")
    with pytest.raises(NotFound):
        library.save_version(workspace, 2**40, "<p>New</p>")
    with pytest.raises(InvalidInput, match="note"):
        library.save_version(workspace, ids["Sale"], "<p>More</p>", note="x" * 501)


def test_a_copy_says_the_same_and_goes_its_own_way(library: Templates, shelves: Shelves, workspace: Principal, ids: dict[str, int]) -> None:
    library.save(workspace, "Sale", "<p>Second</p>")
    copies = [shelves.duplicate(workspace, ids["Sale"]) for _ in range(3)]
    assert [copy.name for copy in copies] == ["Copy of Sale", "Copy of Sale 2", "Copy of Sale 3"]
    assert {(copy.folder, copy.tags, copy.latest_number) for copy in copies} == {("Shop", ("spring", "Ä"), 1)}
    latest = library.latest(workspace, copies[0].id)
    assert (latest.source, latest.note) == ("<p>Second</p>", "Copied from version 2 of “Sale”")
    library.save(workspace, "Copy of Sale", "<p>Third</p>")
    assert library.latest(workspace, ids["Sale"]).source == "<p>Second</p>"
    with pytest.raises(Conflict):
        shelves.duplicate(workspace, ids["Sale"], "Receipt")


def test_tags_are_kept_once_and_in_order(shelves: Shelves, workspace: Principal, ids: dict[str, int]) -> None:
    assert shelves.tag(workspace, ids["Sale"], [" b ", "a", "b", "", "a  c"]).tags == ("a", "a c", "b")
    for tags in (["x" * 41], [str(number) for number in range(21)], ["\x00"]):
        with pytest.raises(InvalidInput):
            shelves.tag(workspace, ids["Sale"], tags)
    for folder in ("x" * 81, "-", "\ud800"):
        with pytest.raises(InvalidInput):
            shelves.move(workspace, ids["Sale"], folder)
    assert shelves.move(workspace, ids["Sale"], " ").folder == ""


def test_another_workspace_sees_and_changes_nothing(
    library: Templates, shelves: Shelves, workspace: Principal, ids: dict[str, int], db: Database, clock: FrozenClock
) -> None:
    other = Principal.system(Workspaces(db, clock).create("Another").id)
    shelf = library.page(other, Wanted(search="tea"))
    assert (shelf.rows, shelf.total, shelf.folders, shelf.tags) == ([], 0, {}, {})
    before = library.all(workspace, archived=None)
    for change in (
        lambda: shelves.move(other, ids["Sale"], "Theirs"),
        lambda: shelves.tag(other, ids["Sale"], ["theirs"]),
        lambda: shelves.rename(other, ids["Sale"], "Theirs"),
        lambda: shelves.archive(other, ids["Sale"]),
        lambda: shelves.unarchive(other, ids["Sale"]),
        lambda: shelves.duplicate(other, ids["Sale"]),
        lambda: library.save_version(other, ids["Sale"], "<p>Theirs</p>"),
    ):
        with pytest.raises(NotFound):
            change()
    assert library.all(workspace, archived=None) == before


def test_only_who_edits_templates_puts_them_in_order(shelves: Shelves, workspace: Principal, ids: dict[str, int]) -> None:
    viewer = replace(workspace, permissions=frozenset({Permission.TEMPLATES_VIEW}))
    for change in (
        lambda: shelves.move(viewer, ids["Sale"], "Mine"),
        lambda: shelves.tag(viewer, ids["Sale"], []),
        lambda: shelves.rename(viewer, ids["Sale"], "Mine"),
        lambda: shelves.archive(viewer, ids["Sale"]),
        lambda: shelves.duplicate(viewer, ids["Sale"]),
    ):
        with pytest.raises(Denied):
            change()
