from core.contacts.changes import latest_change
from core.contacts.imports.reading_ahead import ReadingAhead
from tests.contacts.conftest import People

MANY = 21_000


def a_file(names: str) -> str:
    return "email,first_name\n" + "".join(f"person.{number}@example.com,{names}{number}\n" for number in range(MANY))


def latest(people: People) -> int:
    with people.db.read() as connection:
        return latest_change(connection, people.by.workspace_id)


def test_who_is_changed_while_the_file_is_judged_is_taken_as_they_are_then(people: People) -> None:
    people.take_in(a_file("First"))
    gone, renamed = (people.contacts.find(people.by, f"person.{number}@example.com") for number in (0, 1))
    assert gone and renamed
    is_done = False

    def meanwhile(_done: int, _total: int) -> None:
        nonlocal is_done
        if not is_done:
            is_done = True
            people.contacts.delete(people.by, gone.id)
            people.contacts.save(people.by, renamed.email, first_name="Renamed")

    again = people.take_in(a_file("First"), progress=meanwhile)
    assert (again.created, again.updated, again.unchanged) == (1, 1, MANY - 2)
    found = [people.contacts.find(people.by, f"person.{number}@example.com") for number in (0, 1)]
    assert [one and one.first_name for one in found] == ["First0", "First1"]


def test_what_was_read_ahead_counts_until_somebody_is_changed(people: People) -> None:
    people.take_in("email\nada@example.com\nbob@example.com\n")
    with ReadingAhead(people.db, people.by.workspace_id, MANY) as reading:
        found = reading.people_at(latest(people))
        assert found is not None
        assert found["email"].sort().to_list() == ["ada@example.com", "bob@example.com"]
    with ReadingAhead(people.db, people.by.workspace_id, MANY) as reading:
        ada = people.contacts.find(people.by, "ada@example.com")
        assert ada
        people.contacts.delete(people.by, ada.id)
        found = reading.people_at(latest(people))
        # The thread may have begun only after that; it never gives what was there before.
        assert found is None or "ada@example.com" not in found["email"]
    with ReadingAhead(people.db, people.by.workspace_id, rows=100) as reading:
        assert reading.people_at(latest(people)) is None, "a small file's people are looked up"


def test_nobody_of_another_workspace_is_read(people: People) -> None:
    people.take_in("email\nada@example.com\n")
    with ReadingAhead(people.db, people.by.workspace_id + 1, MANY) as reading:
        found = reading.people_at(0)
        assert found is not None
        assert found.is_empty()
