"""Moving in: from the file of another tool to people, their yes or no, and what they did, through the public door."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.app import Services
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import ConsentMethod
from core.contacts.move_in.kits.kit import Said
from core.contacts.move_in.moving_in import MoveIn, MoveInResult
from core.contacts.move_in.writing import Nos
from core.contacts.tables import consent_records, contacts, list_members, opt_ins
from core.errors import Denied, InvalidInput
from core.permissions import Permission, Principal
from core.settings import Settings
from core.storage.blobs import Blobs
from core.storage.journal import JournalWriter
from tests.contacts.conftest import People
from tests.contacts.kits import exports


@pytest.fixture
def by(services: Services) -> Principal:
    return Principal.system(services.workspaces.create("Aurora").id, "tests")


def move(services: Services, by: Principal, data: bytes, name: str = "export.zip", **options: object) -> MoveInResult:
    return services.move_ins.run(by, data, name, **{"list_name": "News", **options})  # type: ignore[arg-type]


def standing(services: Services, by: Principal) -> dict[str, str]:
    return {row.contact.email.partition("@")[0]: row.contact.consent.value for row in services.directory.page(by).rows}


def records(services: Services, by: Principal, email: str) -> list[tuple[str, datetime]]:
    contact = services.contacts.find(by, email)
    assert contact is not None
    return [(one.state.value, one.occurred_at) for one in services.consent.history(by, contact.id)]


def test_a_whole_mailchimp_audience_moves_in(services: Services, by: Principal) -> None:
    plan = services.move_ins.look(by, exports.mailchimp(), "export.zip")
    assert plan is not None
    assert (plan.kit, plan.label, len(plan.files), plan.past_events) == ("mailchimp", "Mailchimp", 4, 3)
    assert plan.standings == {
        Said.SUBSCRIBED: 2,
        Said.UNSUBSCRIBED: 1,
        Said.NEVER_SUBSCRIBED: 1,
        Said.BOUNCED: 1,
        Said.COMPLAINED: 1,
    }
    result = move(services, by, exports.mailchimp())
    assert (result.created, result.nos.unsubscribed, result.nos.suppressed, result.proofs) == (6, 2, 2, 1)
    assert (result.people.rows, result.people.refused) == (6, 0)
    assert [one.moved_in_from for one in services.imports.all(by)] == ["mailchimp"]
    assert standing(services, by) == {
        "ada": "subscribed",
        "linus": "subscribed",
        "gone": "unsubscribed",
        "angry": "unsubscribed",
        "dead": "unknown",
        "guest": "unknown",
    }
    reasons = {one.email: one.reason.value for one in services.suppressions.page(by).rows}
    assert reasons == {"dead@example.com": "hard_bounce", "angry@example.com": "complaint"}
    ada = services.contacts.find(by, "ada@example.com")
    assert ada is not None
    assert (ada.first_name, ada.attributes["country"], ada.attributes["time_zone"]) == ("Ada", "GB", "Europe/London")
    proof = next(one for one in services.consent.history(by, ada.id) if one.source == "move-in:mailchimp")
    assert (proof.state.value, proof.occurred_at) == ("subscribed", datetime(2019, 3, 14, 9, 14, tzinfo=UTC))
    assert (proof.method, proof.ip, proof.asked_at) == (ConsentMethod.MOVE_IN, "198.51.100.8", datetime(2019, 3, 14, 9, 12, 31, tzinfo=UTC))
    assert result.tagged == 3
    assert {one.name: one.size for one in services.tags.all(by)} == {"Big spender": 1, "VIP": 2}
    assert records(services, by, "gone@example.com") == [("unsubscribed", datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC))]


def test_what_people_did_counts_for_them_once_and_for_no_campaign(services: Services, by: Principal) -> None:
    for _ in range(2):
        move(services, by, exports.mailchimp())
        services.ingester.catch_up()
    events = [row for batch in services.analytics.event_rows(by) for row in batch.to_pylist()]
    assert Counter((row["kind"], row["actor"], row["campaign_id"]) for row in events) == {
        ("opened", "human", None): 2,
        ("clicked", "human", None): 1,
    }
    ada = services.contacts.find(by, "ada@example.com")
    assert ada is not None
    assert {row["contact_id"] for row in events} == {ada.id, None}
    click = next(row for row in events if row["kind"] == "clicked")
    assert click["occurred_at"] == datetime(2023, 1, 1, 10, 1, tzinfo=UTC)
    assert '"imported_from":"mailchimp"' in click["properties"]
    assert "https://shop.example.com/tea" in click["properties"]
    rules = {"all": [{"field": "opened", "operator": "at_least", "value": 1, "days": None}]}
    assert services.segments.contact_ids(by, rules) == [ada.id]


def test_moving_in_again_changes_nothing_more(services: Services, by: Principal) -> None:
    move(services, by, exports.mailchimp())
    with services.db.read() as connection:
        before = connection.execute(sa.select(contacts.c.id, contacts.c.consent).order_by(contacts.c.id)).all()
        proofs = connection.execute(sa.select(sa.func.count()).select_from(consent_records)).scalar()
    again = move(services, by, exports.mailchimp())
    assert (again.created, again.nos.unsubscribed, again.nos.suppressed, again.proofs) == (0, 0, 0, 0)
    assert again.people.unchanged == again.people.rows
    with services.db.read() as connection:
        assert connection.execute(sa.select(contacts.c.id, contacts.c.consent).order_by(contacts.c.id)).all() == before
        assert connection.execute(sa.select(sa.func.count()).select_from(consent_records)).scalar() == proofs


def test_a_no_of_either_side_stays(services: Services, by: Principal) -> None:
    services.contacts.save(by, "ada@example.com", consent=ConsentStatus.SUBSCRIBED)
    services.contacts.save(by, "ada@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    services.contacts.save(by, "gone@example.com", consent=ConsentStatus.SUBSCRIBED)
    services.contacts.save(by, "guest@example.com", consent=ConsentStatus.SUBSCRIBED)
    move(services, by, exports.mailchimp())
    there = standing(services, by)
    assert (there["ada"], there["gone"], there["guest"]) == ("unsubscribed", "unsubscribed", "subscribed")
    assert [state for state, _ in records(services, by, "ada@example.com")] == ["subscribed", "unsubscribed"]


def test_people_come_in_with_every_no_or_not_at_all(services: Services, by: Principal) -> None:
    services.contacts.save(by, "gone@example.com", consent=ConsentStatus.SUBSCRIBED)
    with pytest.raises(InvalidInput):
        move(services, by, exports.mailchimp(), list_name="")
    with_a_full_list_of_fields = [f"{number}" for number in range(120)]
    row = {"Email": "new@example.com", "Email Marketing Consent": "UNSUBSCRIBED", **dict.fromkeys(with_a_full_list_of_fields, "x")}
    with pytest.raises(InvalidInput):
        move(services, by, exports.written([*exports.KLAVIYO, *with_a_full_list_of_fields], [row]), "people.csv")
    assert standing(services, by) == {"gone": "subscribed"}
    assert services.suppressions.page(by).total == 0


def test_a_move_in_is_taken_back_whole(services: Services, by: Principal) -> None:
    news = services.lists.create(by, "News")
    known = services.contacts.save(by, "ada@example.com", first_name="A.", consent=ConsentStatus.SUBSCRIBED)
    services.contacts.save(by, "gone@example.com", consent=ConsentStatus.SUBSCRIBED)
    result = move(services, by, exports.mailchimp())
    assert result.people.import_id is not None
    assert len(standing(services, by)) == 6
    undone = services.imports.undo(by, result.people.import_id)
    assert (undone.removed, undone.kept, undone.restored, undone.off_list) == (4, 0, 2, 2)
    # Whoever said no there stays so here, and what is suppressed stays suppressed.
    assert standing(services, by) == {"ada": "subscribed", "gone": "unsubscribed"}
    assert services.suppressions.page(by).total == 2
    ada = services.contacts.find(by, "ada@example.com")
    assert ada is not None
    assert (ada.id, ada.first_name, ada.attributes) == (known.id, "A.", {})
    assert [one.size for one in services.tags.all(by)] == [0, 0]
    assert [one.size for one in services.lists.all(by) if one.id == news.id] == [0]
    assert move(services, by, exports.mailchimp()).people.created == 4


def test_who_did_something_since_stays_when_a_move_in_is_taken_back(services: Services, by: Principal) -> None:
    result = move(services, by, exports.mailchimp())
    services.contacts.save(by, "linus@example.com", first_name="Linus T.")
    assert result.people.import_id is not None
    undone = services.imports.undo(by, result.people.import_id)
    assert (undone.removed, undone.kept) == (5, 1)
    assert standing(services, by) == {"linus": "subscribed"}


def test_who_is_in_several_files_comes_in_once_with_what_all_of_them_say(services: Services, by: Principal) -> None:
    tea, news = exports.MAILCHIMP_SUBSCRIBED, [*exports.MAILCHIMP_SUBSCRIBED[:3], "Town", *exports.MAILCHIMP_SUBSCRIBED[4:]]
    ada = {"Email Address": "ada@example.com", "First Name": "Ada", "Favourite Tea": "Assam", "LEID": "1", "TAGS": '"Tea; black"'}
    again = {"Email Address": "Ada@Example.com", "Last Name": "Lovelace", "Town": "London", "LEID": "2"}
    bad = {"Email Address": "no address", "LEID": "3"}
    files = {
        "lists/tea/members.csv": exports.written(tea, [ada]),
        "lists/news/others.csv": exports.written(news, [{**again, "Email Address": "bob@example.com"}, again, bad]),
    }
    result = move(services, by, exports.zipped(files))
    assert (result.people.rows, result.people.created) == (3, 2)
    assert [(row.line, row.reason.rpartition(" ")[2]) for row in result.people.refused_rows] == [(4, "(others.csv)")]
    found = services.contacts.find(by, "ada@example.com")
    assert found is not None
    assert (found.first_name, found.last_name, found.attributes) == ("Ada", "Lovelace", {"favourite_tea": "Assam", "town": "London"})
    assert [one.name for one in services.tags.all(by)] == ["Tea black"]
    assert result.people.import_id is not None
    refused = services.imports.refused_rows(by, result.people.import_id).decode("utf-8-sig").splitlines()
    assert refused[0].endswith("File,Line in the file")
    assert refused[1].endswith("others.csv,4")


def test_a_list_that_asks_first_asks_each_who_can_not_be_shown_to_have_agreed(services: Services, by: Principal) -> None:
    news = services.lists.create(by, "News")
    services.lists.set_opt_in(by, news.id, double_opt_in=True, from_email="n@example.com")
    result = move(services, by, exports.mailchimp())  # Ada confirmed there, Linus did not, the guest never subscribed
    assert standing(services, by) == {
        "ada": "subscribed",
        "linus": "pending",
        "gone": "unsubscribed",
        "angry": "unsubscribed",
        "dead": "unknown",
        "guest": "unknown",
    }
    assert result.proofs == 1
    with services.db.read() as connection:
        asked = connection.execute(sa.select(contacts.c.email).join(opt_ins, opt_ins.c.contact_id == contacts.c.id)).scalars().all()
        members = sa.select(contacts.c.email).join(list_members, list_members.c.contact_id == contacts.c.id)
        assert (asked, connection.execute(members).scalars().all()) == (["linus@example.com"], ["ada@example.com"])


def test_of_two_yeses_the_proven_one_counts(services: Services, by: Principal) -> None:
    news = services.lists.create(by, "News")
    services.lists.set_opt_in(by, news.id, double_opt_in=True, from_email="n@example.com")
    plain = {"Email Address": "a@example.com", "LEID": "1"}
    proven = plain | {"CONFIRM_TIME": "2019-03-14 09:14:00"}
    rows = (plain, proven, plain)
    move(
        services,
        by,
        exports.zipped({f"subscribed_{n}.csv": exports.written(exports.MAILCHIMP_SUBSCRIBED, [row]) for n, row in enumerate(rows)}),
    )
    assert standing(services, by) == {"a": "subscribed"}


@pytest.mark.parametrize(
    ("columns", "row", "consent"),
    [
        (exports.BREVO, {"EMAIL": "a@example.com", "EMAIL_BLACKLISTED": "No", "ADDED_TIME": "12-04-2022 09:30"}, "pending"),
        (
            [*exports.BREVO, "DOUBLE_OPT-IN"],
            {"EMAIL": "a@example.com", "EMAIL_BLACKLISTED": "No", "ADDED_TIME": "12-04-2022 09:30", "DOUBLE_OPT-IN": "1"},
            "subscribed",
        ),
        (
            exports.LISTMONK,
            {"uuid": "1", "email": "a@example.com", "status": "enabled", "created_at": "2024-01-02 15:04:05 +0000 UTC"},
            "pending",
        ),
        (exports.KLAVIYO, {"Email": "a@example.com", "Email Marketing Consent": "SUBSCRIBED", "IP Address": "203.0.113.9"}, "pending"),
    ],
)
def test_that_somebody_is_there_is_no_proof_that_they_agreed(
    services: Services, by: Principal, columns: list[str], row: dict[str, str], consent: str
) -> None:
    news = services.lists.create(by, "News")
    services.lists.set_opt_in(by, news.id, double_opt_in=True, from_email="n@example.com")
    move(services, by, exports.written(columns, [row]), "people.csv")
    assert standing(services, by) == {"a": consent}


def test_an_export_packed_by_itself_is_unpacked(services: Services, by: Principal) -> None:
    move(services, by, gzip.compress(exports.klaviyo()), "people.csv.gz")
    assert len(standing(services, by)) == 5


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_an_export_that_a_spreadsheet_saved_is_read_like_any_import(services: Services, by: Principal, encoding: str) -> None:
    text = exports.klaviyo().decode().replace("\r\n", "\n")
    move(services, by, text.encode(encoding), "people.csv")
    ada = services.contacts.find(by, "ada@example.com")
    assert ada is not None
    assert ada.attributes["city"] == "Zürich"


def test_an_export_on_the_disk_stays_there_and_nothing_else_does(services: Services, by: Principal, tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    file.write_bytes(exports.mailchimp())
    plan = services.move_ins.look(by, file, "export.zip")
    assert plan is not None
    services.move_ins.run(by, file, "export.zip", list_name="News")
    assert file.read_bytes()[:2] == b"PK"
    assert list(services.settings.uploads_dir.iterdir()) == []


def test_of_two_noes_for_one_address_the_stricter_counts(services: Services, by: Principal) -> None:
    heading = "Email,Klaviyo ID,Email Marketing Consent,Email Suppressions\n"
    rows = "a@example.com,1,UNSUBSCRIBED,\na@example.com,2,SUBSCRIBED,SPAM_COMPLAINT\n"
    result = move(services, by, (heading + rows).encode(), "people.csv")
    assert result.plan.standings == {Said.COMPLAINED: 1}
    assert services.suppressions.contains(by, "a@example.com")
    assert standing(services, by) == {"a": "unsubscribed"}


def test_an_open_quotation_mark_hides_no_no(services: Services, by: Principal) -> None:
    heading = "Email,Klaviyo ID,First Name,Email Marketing Consent\n"
    rows = 'a@example.com,1,"Ann,SUBSCRIBED\ngone@example.com,2,Bob,UNSUBSCRIBED\nc@example.com,3,"Cy",SUBSCRIBED\n'
    for text in (heading + rows, heading + rows.replace('"Cy"', "Cy")):
        with pytest.raises(InvalidInput, match="line 2"):
            move(services, by, text.encode(), "people.csv")
        assert standing(services, by) == {}


@pytest.mark.parametrize(("agreed", "consent", "proofs"), [("2024-01-01 10:00:00", "subscribed", 1), ("", "pending", 0)])
def test_a_list_that_asks_first_believes_proof(services: Services, by: Principal, agreed: str, consent: str, proofs: int) -> None:
    news = services.lists.create(by, "News")
    services.lists.set_opt_in(by, news.id, double_opt_in=True, from_email="n@example.com")
    heading = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID\n"
    row = f"a@example.com,A,2,{agreed},,{agreed},,1,e1\n"
    assert move(services, by, (heading + row).encode(), "subscribed_1.csv").proofs == proofs
    assert standing(services, by) == {"a": consent}


def test_a_dry_run_only_tells(services: Services, by: Principal) -> None:
    result = move(services, by, exports.mailchimp(), dry_run=True)
    assert result.people.created == 6
    assert standing(services, by) == {}
    assert services.suppressions.page(by).total == 0


def test_klaviyo_moves_in(services: Services, by: Principal) -> None:
    result = move(services, by, exports.klaviyo(), "Newsletter.csv", kit="klaviyo")
    assert standing(services, by) == {
        "ada": "subscribed",
        "gone": "unsubscribed",
        "guest": "unknown",
        "angry": "unsubscribed",
        "dead": "unknown",
    }
    assert (result.nos.suppressed, result.plan.past_events, result.past_events) == (2, 2, 2)
    assert ("subscribed", datetime(2024, 2, 3, 3, 5, 6, tzinfo=UTC)) in records(services, by, "ada@example.com")
    ada = services.contacts.find(by, "ada@example.com")
    assert ada is not None
    assert ada.attributes["city"] == "Zürich"


def test_brevo_moves_in(services: Services, by: Principal) -> None:
    move(services, by, exports.brevo(), "contacts.csv")
    assert standing(services, by) == {"ada": "subscribed", "gone": "unsubscribed"}
    assert ("subscribed", datetime(2022, 4, 12, 9, 30, tzinfo=UTC)) in records(services, by, "ada@example.com")


def test_listmonk_moves_in(services: Services, by: Principal) -> None:
    result = move(services, by, exports.listmonk(), "subscribers.csv")
    assert standing(services, by) == {"ada": "subscribed", "gone": "unsubscribed", "guest": "unknown"}
    ada = services.contacts.find(by, "ada@example.com")
    assert ada is not None
    assert (ada.last_name, ada.attributes["city"], ada.attributes["age"]) == ("King Lovelace", "London", 36)
    assert result.nos.suppressed == 1


def test_what_is_from_nobody_we_know_is_refused(services: Services, by: Principal) -> None:
    assert services.move_ins.look(by, b"email\nada@example.com\n", "people.csv") is None
    with pytest.raises(InvalidInput, match="no tool whose exports are known"):
        move(services, by, b"email\nada@example.com\n", "people.csv")
    with pytest.raises(InvalidInput, match="This is no export of Brevo") as refused:
        move(services, by, exports.klaviyo(), "people.csv", kit="brevo")
    assert "Klaviyo" in refused.value.hint
    with pytest.raises(InvalidInput, match="no people in this export"):
        move(services, by, exports.written(exports.KLAVIYO, []), "people.csv")


def test_who_may_not_import_or_sees_some_lists_only_moves_nobody_in(services: Services, by: Principal) -> None:
    for principal in (
        Principal(by.workspace_id, "person:1", frozenset({Permission.CONTACTS_VIEW})),
        Principal(by.workspace_id, "person:1", frozenset(Permission), lists=frozenset({1})),
    ):
        for ask in (services.move_ins.look, lambda *given: services.move_ins.run(*given, list_name="News")):
            with pytest.raises(Denied):
                ask(principal, exports.brevo(), "contacts.csv")


def test_who_was_erased_is_suppressed_from_the_moment_they_move_in(services: Services, by: Principal) -> None:
    services.erasures.erase(by, "ada@example.com", confirmed="ada@example.com")
    row = {"Email": "ada@example.com", "Email Marketing Consent": "NEVER_SUBSCRIBED", "First Name": "x" * 1_000}
    assert move(services, by, exports.written(exports.KLAVIYO, [row]), "people.csv").people.refused == 1
    assert services.contacts.find(by, "ada@example.com")
    assert services.suppressions.contains(by, "ada@example.com")


def _no_journal() -> JournalWriter:
    raise AssertionError("there is no past in this export")


@pytest.mark.parametrize("asks", [False, True])
def test_on_each_database_all_is_written_and_taken_back_together(people: People, settings: Settings, asks: bool) -> None:
    blobs = Blobs(settings.data_dir / "blobs")
    move_ins = MoveIn(people.db, people.clock, blobs, people.imports, people.suppressions, _no_journal, settings.uploads_dir)
    people.contacts.save(people.by, "gone@example.com", consent=ConsentStatus.SUBSCRIBED)
    people.contacts.save(people.by, "linus@example.com", first_name="L.", consent=ConsentStatus.SUBSCRIBED)
    if asks:
        news = people.lists.create(people.by, "News")
        people.lists.set_opt_in(people.by, news.id, double_opt_in=True, from_email="n@example.com")
    with zipfile.ZipFile(io.BytesIO(exports.mailchimp())) as whole:
        files = {name: whole.read(name) for name in whole.namelist() if "/" not in name}
    result = move_ins.run(people.by, exports.zipped(files), "export.zip", list_name="News")
    assert (result.people.created, result.nos, result.proofs, result.tagged) == (4, Nos(0, 2, 2), 1, 3)
    members = people.lists.all(people.by)[0].size
    assert members == (1 if asks else 6)
    assert result.people.import_id is not None
    undone = people.imports.undo(people.by, result.people.import_id)
    assert (undone.removed, undone.kept, undone.restored) == (4, 0, 2)
    assert people.emails() == ["gone@example.com", "linus@example.com"]
    assert people.lists.all(people.by)[0].size == 0
    with people.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).where(opt_ins.c.expires_at > opt_ins.c.asked_at)).scalar() == 0
        left = connection.execute(sa.select(contacts.c.email, contacts.c.first_name, contacts.c.consent).order_by(contacts.c.email)).all()
    assert [tuple(row) for row in left] == [("gone@example.com", "", "unsubscribed"), ("linus@example.com", "L.", "subscribed")]


def unsubscribed(rows: list[dict[str, str]]) -> bytes:
    return exports.written(exports.MAILCHIMP_UNSUBSCRIBED, [{"LEID": "1", **row} for row in rows])


def subscribed(rows: list[dict[str, str]]) -> bytes:
    return exports.written(exports.MAILCHIMP_SUBSCRIBED, [{"LEID": "1", **row} for row in rows])


@pytest.mark.parametrize("is_wide", [False, True])
def test_a_damaged_file_of_an_export_keeps_all_of_it_out(services: Services, by: Principal, is_wide: bool) -> None:
    services.contacts.save(by, "gone@example.com", consent=ConsentStatus.SUBSCRIBED)
    yes = subscribed([{"Email Address": "ada@example.com"}])
    other = {"Email Address": "g2@example.com", "First Name": "QQQ"}
    no = unsubscribed([{"Email Address": "gone@example.com", "First Name": "José"}, other])
    no = no.decode().encode("utf-16")[:-1] if is_wide else no.replace(b"QQQ", b"Ren\xe9")  # cut off, or one letter of another spelling
    with pytest.raises(InvalidInput, match="One of these files can't be read") as refused:
        move(services, by, exports.zipped({"subscribed_x.csv": yes, "unsubscribed_x.csv": no}))
    assert "unsubscribed_x.csv" in refused.value.hint
    assert standing(services, by) == {"gone": "subscribed"}


def test_blank_files_and_what_a_mac_puts_beside_them_are_passed_over(services: Services, by: Principal) -> None:
    yes = subscribed([{"Email Address": "ada@example.com"}])
    beside = {"__MACOSX/._subscribed_x.csv": b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(200), "a/._b.csv": b"\0\5\x16\7" + bytes(200)}
    move(services, by, exports.zipped({"subscribed_x.csv": yes, "blank.csv": b"\xef\xbb\xbf\r\n", **beside}))
    assert standing(services, by) == {"ada": "subscribed"}


def test_who_is_in_several_files_has_the_tags_of_all(services: Services, by: Principal) -> None:
    told = {"lists/a/m.csv": '"VIP","Tea"', "lists/b/m.csv": '"Blog","VIP"', "lists/c/m.csv": ""}
    files = {path: subscribed([{"Email Address": "ada@example.com", "TAGS": tags}]) for path, tags in told.items()}
    move(services, by, exports.zipped(files))
    assert {one.name: one.size for one in services.tags.all(by)} == {"VIP": 1, "Tea": 1, "Blog": 1}


def test_who_is_refused_because_of_one_of_their_rows_is_named_with_all_of_them(services: Services, by: Principal) -> None:
    ada = {"Email Address": "ada@example.com", "First Name": "Ada"}
    files = {
        "a.csv": subscribed([{"Email Address": "bob@example.com"}, ada]),
        "b.csv": subscribed([ada | {"First Name": "x" * 300}]),
    }
    result = move(services, by, exports.zipped(files))
    ((line, reason),) = [(row.line, row.reason) for row in result.people.refused_rows]
    assert line == 3
    assert reason.endswith("(a.csv, with line 2 of b.csv)")


def test_an_address_that_no_contact_can_have_is_suppressed_all_the_same(services: Services, by: Principal) -> None:
    rows = [
        {"uuid": "1", "email": "jörg@example.com", "status": "blocklisted"},
        {"uuid": "2", "email": "ada@example.com", "status": "enabled"},
    ]
    result = move(services, by, exports.written(exports.LISTMONK, rows), "subscribers.csv")
    assert (result.nos.suppressed, standing(services, by)) == (1, {"ada": "subscribed"})
    assert services.suppressions.contains(by, "jörg@example.com")


@pytest.mark.parametrize("word", ["pending", "unknown"])
def test_a_field_of_another_tool_that_is_called_like_ours_softens_no_no(services: Services, by: Principal, word: str) -> None:
    columns = [*exports.MAILCHIMP_UNSUBSCRIBED, "Consent"]
    rows = [{"Email Address": "gone@example.com", "LEID": "1", "UNSUB_TIME": "2021-05-06 07:08:09", "Consent": word}]
    move(services, by, exports.written(columns, rows), "unsubscribed.csv")
    assert standing(services, by) == {"gone": "unsubscribed"}


def test_whose_yes_can_be_shown_joins_a_list_that_had_asked_them_and_is_asked_no_more(services: Services, by: Principal) -> None:
    news = services.lists.create(by, "News")
    services.lists.set_opt_in(by, news.id, double_opt_in=True, from_email="n@example.com")
    services.contacts.save(by, "ada@example.com", consent=ConsentStatus.SUBSCRIBED)
    services.imports.run(by, b"email\nada@example.com\n", "people.csv", list_name="News")
    proven = subscribed([{"Email Address": "ada@example.com", "CONFIRM_TIME": "2019-03-14 09:14:00"}])
    for dry_run in (True, False):
        people = move(services, by, proven, "subscribed.csv", dry_run=dry_run).people
        assert (people.updated, people.unchanged) == (1, 0)
    assert services.lists.get(by, news.id).size == 1
    with services.db.read() as connection:
        question = connection.execute(sa.select(opt_ins.c.mail_due_at, opt_ins.c.expires_at == opt_ins.c.asked_at)).one()
    assert tuple(question) == (None, True)


def test_opens_of_no_possible_time_are_not_counted(services: Services, by: Principal) -> None:
    moments = ("1970-01-01 00:00:00", "2023-02-03 04:05:06", "2999-01-01 00:00:00")
    rows = [{"Email": f"p{number}@example.com", "Last Open": at} for number, at in enumerate(moments)]
    export = exports.written(exports.KLAVIYO, rows)
    plan = services.move_ins.look(by, export, "people.csv")
    assert plan is not None
    assert (plan.past_events, move(services, by, export, "people.csv").past_events) == (1, 1)


@pytest.mark.parametrize("odd", ["Shoe size ", "x" * 250, "me@example.co", "  ", "\x00", "Shoe\nsize", "first_name", "Email", "尺寸"])
def test_an_odd_name_of_an_attribute_keeps_nobody_out(services: Services, by: Principal, odd: str) -> None:
    people = {"ada": {"Shoe size": "38"}, "bob": {odd: "41", "city": "Rome"}, "eve": {"Shoe size": "", "Shoe  size": "39"}}
    rows = [
        {"uuid": name, "email": f"{name}@example.com", "status": "enabled", "attributes": json.dumps(attributes)}
        for name, attributes in people.items()
    ]
    assert move(services, by, exports.written(exports.LISTMONK, rows), "subscribers.csv").created == 3
    found = {name: services.contacts.find(by, f"{name}@example.com") for name in people}
    sizes = {name: one.attributes.get("shoe_size") for name, one in found.items() if one}
    assert sizes == {"ada": 38, "bob": 41 if odd.split() == ["Shoe", "size"] else None, "eve": 39}
    assert found["bob"]
    assert found["bob"].attributes["city"] == "Rome"
