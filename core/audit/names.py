"""What people and things in the log are called now: looked up when it is read, never stored in it, so that an erased name is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

# These tables belong to parts that stand above this one and know it; of each only the name is needed.
_CALLED = {"sender_domain": "domain"}  # the column that holds the name, where it is another one
_NAMED = {
    noun: sa.table(table, sa.column("id"), sa.column(_CALLED.get(noun, "name")), sa.column("workspace_id"))
    for noun, table in {
        "brand_kit": "brand_kits",
        "campaign": "campaigns",
        "connection": "connections",
        "list": "lists",
        "picture": "pictures",
        "role": "roles",
        "saved_block": "saved_blocks",
        "segment": "segments",
        "tag": "tags",
        "sender_domain": "sender_domains",
        "template": "templates",
        "token": "api_tokens",
    }.items()
}
_PEOPLE = sa.table("people", sa.column("id"), sa.column("name"))
_SYSTEM = {"cli": "Command line", "setup": "Set-up", "system": "Postwright", "visitor": "Somebody", "worker": "Worker"}


def names_of(connection: sa.Connection, workspace_id: int, things: Iterable[str]) -> Mapping[str, str]:
    """Return the names of actors and targets that have one, by how the log says them ("person:7", "campaign:3", "cli").

    Args:
        connection: To read with.
        workspace_id: Whose things.
        things: Actors and targets; anything else is passed over.
    """
    wanted: dict[str, set[int]] = {}
    found = {}
    for thing in set(things):
        noun, _, number = thing.partition(":")
        if number.isascii() and number.isdigit() and len(number) < 19:
            wanted.setdefault(noun, set()).add(int(number))
        elif thing in _SYSTEM:
            found[thing] = _SYSTEM[thing]
    for noun, ids in wanted.items():
        if noun == "person":
            chosen = sa.select(_PEOPLE.c.id, _PEOPLE.c.name).where(_PEOPLE.c.id.in_(ids))
        elif noun in _NAMED:
            table = _NAMED[noun]
            name = table.c[_CALLED.get(noun, "name")].label("name")
            chosen = sa.select(table.c.id, name).where(table.c.workspace_id == workspace_id, table.c.id.in_(ids))
        else:
            continue
        found |= {f"{noun}:{row.id}": row.name for row in connection.execute(chosen)}
    return found
