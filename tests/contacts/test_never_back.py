"""Whatever others do, nobody who said no is written to again without saying yes themselves."""

from __future__ import annotations

import dataclasses

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.accounts.workspaces import Workspaces
from core.contacts.changes import next_change
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.list_choices import leave_list
from core.contacts.consent.opt_in import OptIn
from core.contacts.lookup import list_contact_ids, mailable
from core.contacts.uniting import Merges
from core.ids import random_name
from core.permissions import Principal
from tests.contacts.conftest import People, on_sqlite
from tests.support.lists import list_called

NAMES = ("ada", "bob")
TOLD = Evidence(ConsentMethod.PREFERENCES, "preferences")
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["import", "import onto double opt-in", "set double opt-in", "clear double opt-in"])),
        st.tuples(st.sampled_from(["save", "save on the list", "add", "ask", "take off", "delete"]), st.sampled_from(NAMES)),
        st.tuples(st.sampled_from(["unsubscribe", "leave", "agree"]), st.sampled_from(NAMES)),
        st.tuples(st.just("merge"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    ),
    min_size=3,
    max_size=20,
)


class World:
    """People, and what they themselves have said last."""

    def __init__(self, people: People) -> None:
        self.people, self.by = people, people.by
        self.list_id = list_called(people.lists, people.by, "News").id
        self.said_no: set[str] = set()
        self.left: set[str] = set()

    def take(self, step: tuple[str, ...]) -> None:
        action, names = step[0], step[1:]
        ids = [self.contact_id(name) for name in names]
        if not names:
            self.by_others(action)
        elif action.startswith("save"):
            lists = [self.list_id] if action.endswith("list") else []
            self.people.contacts.save(self.by, f"{names[0]}@example.com", list_ids=lists, consent_held=len(names[0]) > 2)
        elif None not in ids and len(set(ids)) == len(ids):
            self.to_known(action, names, [each for each in ids if each is not None])

    def by_others(self, action: str) -> None:
        if action.endswith("double opt-in") and not action.startswith("import"):
            self.people.lists.set_opt_in(self.by, self.list_id, double_opt_in=action[0] == "s", from_email="news@example.com")
            return
        rows = "".join(f"{name}@example.com,{random_name()}\n" for name in NAMES)
        self.people.take_in(f"email,first_name\n{rows}", consent_held="onto" not in action)

    def to_known(self, action: str, names: tuple[str, ...], ids: list[int]) -> None:
        people, by, [contact_id, *others] = self.people, self.by, ids
        if action == "add":
            people.lists.add(by, self.list_id, ids, consent_held=True)
        elif action == "take off":
            people.lists.remove(by, self.list_id, ids)
        elif action == "agree":
            people.consent.give(by, contact_id, "said so")
            self.said_no.discard(names[0])
        elif action == "merge":
            Merges(people.db, people.clock, people.suppressions).merge(by, contact_id, others)
            self.said_no |= {names[0]} if names[1] in self.said_no else set()
            self.left = (self.left | {names[0]} if names[1] in self.left else self.left) - {names[1]}
        elif action == "delete":
            people.contacts.delete(by, contact_id)
            self.left.discard(names[0])
        else:
            self.by_themselves(action, names[0], contact_id)

    def by_themselves(self, action: str, name: str, contact_id: int) -> None:
        people, by = self.people, self.by
        with people.db.transaction() as connection:
            change, now = next_change(connection, by.workspace_id), people.clock.now()
            if action == "ask":
                OptIn(people.db, people.clock).ask(connection, by.workspace_id, contact_id, [self.list_id], TOLD)
            elif action == "unsubscribe":
                people.consent.withdraw(connection, by.workspace_id, [contact_id], TOLD)
                self.said_no.add(name)
            else:
                leave_list(connection, by.workspace_id, contact_id, self.list_id, change, TOLD, now)
                self.left.add(name)

    def contact_id(self, name: str) -> int | None:
        found = self.people.contacts.find(self.by, f"{name}@example.com")
        return found.id if found else None

    def check(self) -> None:
        known = {name: number for name in NAMES if (number := self.contact_id(name)) is not None}
        with self.people.db.read() as connection:
            reasons = mailable(connection, self.by.workspace_id, list(known.values())).reasons
            on = set(list_contact_ids(connection, self.by.workspace_id, self.list_id))
        assert {known[name] for name in self.said_no & known.keys()} <= reasons.keys()
        assert not {known[name] for name in self.left & known.keys()} & on


@on_sqlite
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_nothing_but_their_own_word_brings_somebody_back(people: People, taken: list[tuple[str, ...]]) -> None:
    fresh = Principal.system(Workspaces(people.db, people.clock).create(random_name()).id)
    world = World(dataclasses.replace(people, by=fresh))
    world.by_others("import")
    for step in taken:
        world.take(step)
        world.check()
