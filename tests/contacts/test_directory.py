from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.clock import FrozenClock
from core.contacts.choosing import Choice
from core.contacts.consent.consent import ConsentStatus
from core.contacts.directory import Directory
from core.contacts.tags import Tags
from core.settings import Settings
from core.storage.lake import Dataset, Lake
from tests.contacts.conftest import People


@pytest.fixture
def directory(people: People, clock: FrozenClock, settings: Settings) -> Directory:
    return Directory(people.db, clock, Lake(settings.lake_dir, people.db, clock), people.engine)


@pytest.fixture
def filled(people: People, clock: FrozenClock) -> People:
    news = people.lists.create(people.by, "News")
    save = people.contacts.save
    save(people.by, "ada@example.com", first_name="Ada", last_name="Lovelace", list_ids=[news.id], source="import:1")
    save(people.by, "bob_1@example.org", first_name="Bob", last_name="100% Ärmel", consent=ConsentStatus.UNKNOWN, source="import:12")
    save(people.by, "cy@firm.example", first_name="Øystein", last_name="Lov", source="form:1")
    people.suppressions.add(people.by, "cy@firm.example")
    Tags(people.db, clock).add(people.by, [one.id for one in people.everybody()], "VIP")
    return people


def emails(directory: Directory, people: People, **choice: object) -> list[str]:
    asked = Choice(**choice)  # type: ignore[arg-type]
    page = directory.page(people.by, asked)
    names = [row.contact.email for row in page.rows]
    assert page.total == len(names)
    assert [row.contact.email for row in directory.before(people.by, None, 10, asked)] == names
    assert directory.ids(people.by, asked) == [row.contact.id for row in page.rows]
    return [name.partition("@")[0] for name in names]


@pytest.mark.parametrize("snapshot", ["none", "of all", "before all of it changed"])
def test_people_are_found_by_what_is_asked_whatever_the_snapshot_knows(
    directory: Directory, people: People, clock: FrozenClock, request: pytest.FixtureRequest, snapshot: str
) -> None:
    if snapshot == "before all of it changed":
        people.contacts.save(people.by, "zoe@example.com")
        people.contacts.save(people.by, "bob_1@example.org", first_name="Robert")
        people.snapshots.refresh(people.by.workspace_id, min_changes=1)
        people.contacts.delete(people.by, directory.ids(people.by, Choice("zoe"))[0])
    filled = request.getfixturevalue("filled")
    if snapshot == "of all":
        filled.snapshots.refresh(people.by.workspace_id, min_changes=1)

    def found(**choice: object) -> set[str]:
        return set(emails(directory, people, **choice))

    [news], [vip] = people.lists.all(people.by), Tags(people.db, clock).all(people.by)
    assert found() == {"ada", "bob_1", "cy"}
    assert found(search=" LOV ") == {"ada", "cy"}
    assert found(search="ada  lovelace") == {"ada"}
    assert found(search="B_1@") == {"bob_1"}
    assert found(search="0%") == {"bob_1"}
    assert found(search="ärmel") == found(search="ÄRMEL") == {"bob_1"}
    assert found(search="øy") == {"cy"}
    assert found(search="robert") == found(search="zoe") == found(search="a_a") == set()
    assert found(list_id=news.id) == {"ada"}
    assert found(tag_id=vip.id, search="firm") == {"cy"}
    assert found(consent=ConsentStatus.UNKNOWN) == ({"bob_1"} if snapshot != "before all of it changed" else set())
    assert found(suppressed=True) == {"cy"}
    assert found(suppressed=False) == {"ada", "bob_1"}
    assert found(source="form") == {"cy"}
    if snapshot != "before all of it changed":  # where somebody came from first stays
        assert found(source="import") == {"ada", "bob_1"}
        assert found(source="import:1") == {"ada"}


def test_pages_follow_each_other_and_one_beyond_the_end_still_knows_how_many(directory: Directory, people: People) -> None:
    ids = [people.contacts.save(people.by, f"p{number}@example.com").id for number in range(5)]
    people.snapshots.refresh(people.by.workspace_id, min_changes=1)
    ids.append(people.contacts.save(people.by, "p5@example.com").id)
    for choice in (Choice(), Choice("p")):
        pages = [directory.page(people.by, choice, limit=4, offset=start) for start in (0, 4, 8)]
        assert [row.contact.id for page in pages for row in page.rows] == ids[::-1]
        assert [page.total for page in pages] == [6, 6, 6]
        assert [row.contact.id for row in directory.before(people.by, ids[3], 2, choice)] == [ids[2], ids[1]]


def test_a_row_tells_tags_source_and_whether_it_is_suppressed(directory: Directory, filled: People) -> None:
    rows = {row.contact.first_name: (row.tags, row.source, row.suppressed) for row in directory.page(filled.by).rows}
    assert rows["Ada"] == (("VIP",), "import:1", False)
    assert rows["Øystein"] == (("VIP",), "form:1", True)


@pytest.mark.parametrize("with_snapshot", [False, True])
def test_whoever_is_limited_to_lists_finds_the_people_on_them_only(directory: Directory, filled: People, with_snapshot: bool) -> None:
    if with_snapshot:
        filled.snapshots.refresh(filled.by.workspace_id, min_changes=1)
    [news] = filled.lists.all(filled.by)
    other = filled.lists.create(filled.by, "Other")
    filled.lists.add(filled.by, other.id, directory.ids(filled.by, Choice("bob")))
    limited = replace(filled, by=replace(filled.by, lists=frozenset({news.id})))
    assert emails(directory, limited) == ["ada"]
    assert emails(directory, limited, search="example") == ["ada"]
    assert emails(directory, limited, list_id=other.id) == []


def test_with_more_changes_than_are_worth_it_the_database_is_asked_alone(filled: People, clock: FrozenClock, settings: Settings) -> None:
    filled.snapshots.refresh(filled.by.workspace_id, min_changes=1)
    for number in range(3):
        filled.contacts.save(filled.by, f"new{number}@example.com")
    directory = Directory(filled.db, clock, Lake(settings.lake_dir, filled.db, clock), filled.engine, most_changes=2)
    assert emails(directory, filled, search="new") == ["new2", "new1", "new0"]


def test_a_snapshot_of_an_earlier_release_is_written_anew(
    directory: Directory, filled: People, settings: Settings, clock: FrozenClock
) -> None:
    filled.snapshots.refresh(filled.by.workspace_id, min_changes=1)
    with filled.db.read() as connection:
        [file] = Lake(settings.lake_dir, filled.db, clock).files(connection, filled.by.workspace_id, Dataset.CONTACTS)
    path = Path(file.path)
    pq.write_table(pq.read_table(path).drop_columns(["tag_ids", "source"]), path)
    assert filled.snapshots.refresh(filled.by.workspace_id)
    assert not filled.snapshots.refresh(filled.by.workspace_id)
    assert emails(directory, filled, source="form") == ["cy"]
