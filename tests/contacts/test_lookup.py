import re
import subprocess
import sys
from pathlib import Path

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts import lookup
from core.contacts.consent.consent import ConsentStatus
from core.contacts.lookup import contacts_by_id, mailable
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


def test_rooms_that_send_ask_one_rule_and_not_the_tables_of_suppressions() -> None:
    core = Path(lookup.__file__).parents[1]
    rooms = [path for path in core.rglob("*.py") if path.relative_to(core).parts[0] not in {"contacts", "privacy", "storage"}]
    asking = {str(path.relative_to(core)) for path in rooms if re.search(r"\b(global_)?suppressions\.c\b", path.read_text())}
    assert len(rooms) > 300
    assert asking == {"analytics/timeline_rows.py"}  # tells since when somebody is suppressed, and sends nothing
