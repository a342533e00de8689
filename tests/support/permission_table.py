"""The tables of README's “Who may do what”: `python -m tests.support.permission_table` prints them, `--write` puts them there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from core.permissions import ALLOWS, ROLE_PERMISSIONS, Permission, Role
from core.ui.navigation import PAGES, Entry

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- made by tests/support/permission_table.py -->", "<!-- until here -->"
YES = "✓"


def tables() -> str:
    """Return both tables as they have to stand in README."""
    roles = [role.value.capitalize() for role in Role]
    permissions = _table(["Permission", "Allows", *roles], ([f"`{one}`", ALLOWS[one], *_held(one)] for one in Permission))
    pages = _table(["Page", "Needs", *roles], ([_name(entry), f"`{entry.needs}`", *_held(entry.needs)] for entry in PAGES))
    return f"{permissions}\n\n{pages}"


def written() -> str:
    """Return what stands in README now."""
    found = re.search(f"{re.escape(BEGIN)}\n\n(.*)\n\n{re.escape(END)}", README.read_text("utf-8"), re.DOTALL)
    return found[1] if found else ""


def documented_roles() -> dict[Role, frozenset[Permission]]:
    """Return what each role may do as README says it."""
    rows = re.findall(r"^\| `([a-z._]+)` \| [^|]+ \|([^|]*)\|([^|]*)\|([^|]*)\|$", written(), re.MULTILINE)
    return {role: frozenset(Permission(name) for name, *held in rows if held[n].strip() == YES) for n, role in enumerate(Role)}


def documented_pages() -> dict[str, Permission]:
    """Return what each page needs as README says it."""
    return {name: Permission(needs) for name, needs in re.findall(r"^\| ([A-Z][^|`]*) \| `([a-z._]+)` \|", written(), re.MULTILINE)}


def _name(entry: Entry) -> str:
    """Return the page as people find it: “Audience › Lists”."""
    return f"{entry.section} › {entry.title}" if entry.section else entry.title


def _held(permission: Permission) -> list[str]:
    return [YES if permission in ROLE_PERMISSIONS[role] else "" for role in Role]


def _table(head: list[str], rows: object) -> str:
    lines = [head, ["---", "---", *[":-:"] * (len(head) - 2)], *rows]  # type: ignore[misc]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _write() -> None:
    text = README.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    _write() if "--write" in sys.argv else print(tables())
