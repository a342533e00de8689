import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts import lookup
from core.contacts.consent.consent import ConsentStatus
from core.contacts.lookup import barring, contacts_by_id, mailable
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.everywhere import SuppressedEverywhere
from core.contacts.suppression.suppressed import first_of
from core.contacts.suppression.suppression import SuppressionReason
from core.contacts.tables import contacts
from core.permissions import Principal
from tests.contacts.conftest import People


def test_only_a_subscribed_and_not_suppressed_contact_may_be_mailed(people: People) -> None:
    ids = {status: people.contacts.save(people.by, f"{status.value}@example.com", consent=status).id for status in ConsentStatus}
    bounced = people.contacts.save(people.by, "bounced@example.com").id
    people.suppressions.add(people.by, "bounced@example.com")
    gone = people.contacts.save(people.by, "gone@example.com").id
    people.contacts.delete(people.by, gone)
    with people.db.read() as connection:
        reasons = mailable(connection, people.by.workspace_id, [*ids.values(), bounced, gone]).reasons
        assert mailable(connection, people.by.workspace_id, []).reasons == {}
    assert reasons == {
        ids[ConsentStatus.UNSUBSCRIBED]: "unsubscribed",
        ids[ConsentStatus.PENDING]: "not_confirmed",
        ids[ConsentStatus.UNKNOWN]: "not_confirmed",
        bounced: "suppressed",
        gone: "deleted",
    }


def test_contacts_are_found_by_id_in_their_workspace_only(people: People, clock: FrozenClock) -> None:
    ada = people.contacts.save(people.by, "ada@example.com", attributes={"age": 36})
    other = Workspaces(people.db, clock).create("Other").id
    with people.db.read() as connection:
        assert contacts_by_id(connection, people.by.workspace_id, [ada.id, 999_999]) == {ada.id: ada}
        assert contacts_by_id(connection, other, [ada.id]) == {}
        assert mailable(connection, other, [ada.id]).reasons == {ada.id: "deleted"}


def test_looking_up_is_light_enough_for_the_receiver() -> None:
    heavy = "{'polars', 'pandera', 'duckdb', 'pyarrow', 'streamlit', 'huey', 'pandas'}"
    program = f"import sys, core.contacts.lookup, core.contacts.contacts; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_who_is_refused_at_once_is_who_would_be_left_out_when_it_leaves(people: People, clock: FrozenClock) -> None:
    everywhere = SuppressedEverywhere(people.db, clock, AddressHashes(b"a key of the installation"))
    other = Principal.system(Workspaces(people.db, clock).create("Other").id)
    emails = [f"{name}@example.com" for name in ("free", "here", "everywhere", "both", "elsewhere")]
    for email in emails:
        people.contacts.save(people.by, email)
    for by, email in ((people.by, "here@example.com"), (people.by, "both@example.com"), (other, "elsewhere@example.com")):
        people.suppressions.add(by, email, SuppressionReason.COMPLAINT)
    everywhere.add_all(people.by, "everywhere@example.com\nboth@example.com")
    barred = barring(contacts, needs_consent=False)
    asked = sa.select(contacts.c.email, barred.suppressed_for).select_from(barred.told_from)
    with people.db.read() as connection:
        found = {email: first_of(connection, people.by.workspace_id, [email]) for email in emails}
        leaving = {email: reason for email, reason in connection.execute(asked)}
    assert {email: one.reason.value if one else None for email, one in found.items()} == leaving
    assert list(leaving.values()).count(None) == 2


_TABLES = {"suppressions", "global_suppressions", "suppressed_hashes"}
_RULES = {"barring", "first_of", "suppressing", "is_suppressed", "AddressHashes"}
_AS_TEXT = re.compile(r"\b(from|join|into|update)\s+\"?(suppressions|global_suppressions|suppressed_hashes)\b", re.IGNORECASE)


def _uses(source: str) -> set[str]:
    """Return what of suppressions a module of another room takes for itself, under whatever name: tables, rules, SQL as text."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.contacts"):
            names = {name.name for name in node.names}
            found |= names & (_TABLES | _RULES) | {"tables" for _ in names & {"tables", "*"}}
        elif isinstance(node, ast.Import):
            found |= {"tables" for name in node.names if name.name.startswith("core.contacts")}
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in _TABLES:
            found.add(node.slice.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _AS_TEXT.search(node.value):
            found.add("text")
    return found


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from core.contacts.tables import suppressions as s\ns.c.email", {"suppressions"}),
        ("from core.contacts.tables import (contacts,\n global_suppressions as everywhere)", {"global_suppressions"}),
        ("from core.contacts.suppression.address_hashes import suppressed_hashes", {"suppressed_hashes"}),
        ("from core.contacts import tables as t\nt.suppressions.c.email", {"tables"}),
        ("from core.contacts.tables import *", {"tables"}),
        ("import core.contacts.tables as t", {"tables"}),
        ("metadata.tables['suppressions']", {"suppressions"}),
        ("sa.text('SELECT 1 FROM suppressions')", {"text"}),
        ("def f():\n  from core.contacts.suppression.suppressed import first_of as why", {"first_of"}),
        ("from core.contacts.tables import contacts\nservices.suppressions.add(by, email)", set()),
    ],
)
def test_whatever_it_is_called_it_is_seen_who_asks_for_suppressions(source: str, uses: set[str]) -> None:
    assert _uses(source) == uses


def test_rooms_that_send_ask_the_rules_and_not_the_tables_of_suppressions() -> None:
    root = Path(lookup.__file__).parents[2]
    core = [path for path in (root / "core").rglob("*.py") if path.relative_to(root).parts[1] not in {"contacts", "privacy", "storage"}]
    rooms = [*core, *(root / "pages").rglob("*.py"), *(root / "tracking_receiver").rglob("*.py")]
    assert len(rooms) > 300
    told = {str(path.relative_to(root)): _uses(path.read_text()) for path in rooms}
    assert {path: uses for path, uses in told.items() if uses} == {
        "core/analytics/timeline_rows.py": {"suppressions", "global_suppressions"},  # tells since when somebody is, and sends nothing
        "core/campaigns/assembly.py": {"AddressHashes"},  # puts the parts together
        "core/campaigns/trying.py": {"first_of", "AddressHashes"},  # copies go to addresses that need be nobody's
        "core/jobs/opt_in_mail.py": {"barring"},
        "core/messages/last_look.py": {"barring"},
        "core/messages/missing.py": {"barring"},
        "core/messages/request_delivery.py": {"AddressHashes"},  # hands them on
        "core/messages/request_rows.py": {"barring", "AddressHashes"},  # whoever is no contact may be known by a hash only
        "core/messages/requests.py": {"first_of", "AddressHashes"},  # answers at once; what counts is asked when it leaves
    }
