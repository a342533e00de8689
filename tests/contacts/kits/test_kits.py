"""What each kit makes of an export, without a database."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.contacts.imports.files.bounds import MAX_COLUMNS, MAX_VALUES
from core.contacts.imports.mapping import check_mapping
from core.contacts.move_in.archive import Part, parts
from core.contacts.move_in.kits.brevo import Brevo
from core.contacts.move_in.kits.catalogue import KITS, kit_named, recognise
from core.contacts.move_in.kits.kit import Said, Standing, in_quotes, moment
from core.contacts.move_in.kits.klaviyo import Klaviyo
from core.contacts.move_in.kits.listmonk import Listmonk, _taken_apart
from core.contacts.move_in.kits.mailchimp import Mailchimp
from core.errors import InvalidInput
from tests.contacts.files.test_archives import listing
from tests.contacts.kits import exports

HEADINGS = {
    "mailchimp": (exports.MAILCHIMP_SUBSCRIBED, exports.MAILCHIMP_UNSUBSCRIBED, exports.MAILCHIMP_CLEANED),
    "klaviyo": (exports.KLAVIYO, ["Email", "First Name", "Email Marketing Consent"]),
    "brevo": (exports.BREVO, ["EMAIL", "NOM", "PRENOM", "BLOCKLISTED"], ["EMAIL", "ADDED_TIME", "MODIFIED_TIME"]),
    "listmonk": (exports.LISTMONK,),
}


@pytest.mark.parametrize(("key", "columns"), [(key, columns) for key, headings in HEADINGS.items() for columns in headings])
def test_an_export_is_recognised_by_its_heading_and_every_column_has_a_place(key: str, columns: list[str]) -> None:
    kit = recognise(columns)
    assert kit is kit_named(key)
    plan = kit.plan(columns)
    assert list(plan.mapping) == columns
    assert check_mapping(plan.mapping, columns).email in columns


@pytest.mark.parametrize("columns", [["email", "first_name"], ["Email Address", "Name"], ["EMAIL"], ["Email", "City"], []])
def test_a_plain_file_is_from_nobody(columns: list[str]) -> None:
    assert recognise(columns) is None


def test_an_unknown_tool_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="no move-in kit “hotmail”"):
        kit_named("hotmail")
    assert len({kit.key for kit in KITS}) == 4


def test_mailchimp_tells_states_by_columns_and_by_the_names_of_files() -> None:
    kit = Mailchimp()
    yes = {"OPTIN_TIME": "2019-03-14 09:12:31", "OPTIN_IP": "198.51.100.7", "CONFIRM_TIME": "", "CONFIRM_IP": ""}
    assert kit.standing(yes, "subscribed_x.csv") == Standing(Said.SUBSCRIBED, datetime(2019, 3, 14, 9, 12, 31, tzinfo=UTC), "198.51.100.7")
    assert kit.standing(yes, "nonsubscribed_x.csv").said is Said.NEVER_SUBSCRIBED
    assert kit.standing(yes, "unsubscribed_x.csv").said is Said.UNSUBSCRIBED
    assert kit.standing(yes, "cleaned_x.csv").said is Said.BOUNCED
    assert kit.standing({"UNSUB_TIME": "", "UNSUB_REASON": "Abuse complaint"}, "people.csv").said is Said.COMPLAINED
    plan = kit.plan(exports.MAILCHIMP_SUBSCRIBED)
    assert (plan.mapping["CC"], plan.mapping["Favourite Tea"], plan.mapping["LEID"]) == (
        "attribute.country",
        "attribute.favourite_tea",
        "skip",
    )
    assert (plan.mapping["TAGS"], plan.mapping["OPTIN_IP"]) == ("skip", "skip")


@pytest.mark.parametrize(
    ("consent", "suppressed", "said"),
    [
        ("SUBSCRIBED", "", Said.SUBSCRIBED),
        ("SUBSCRIBED", "FALSE", Said.SUBSCRIBED),
        ("SUBSCRIBED", "[]", Said.SUBSCRIBED),
        ("UNSUBSCRIBED", "", Said.UNSUBSCRIBED),
        ("NEVER_SUBSCRIBED", "", Said.NEVER_SUBSCRIBED),
        ("", "", Said.NEVER_SUBSCRIBED),
        ("SUBSCRIBED", "['USER_SUPPRESSED']", Said.BLOCKED),
        ("SUBSCRIBED", "something new", Said.BLOCKED),
        ("SUBSCRIBED", "UNSUBSCRIBE, SPAM_COMPLAINT", Said.COMPLAINED),
        ("SUBSCRIBED", "INVALID_EMAIL", Said.BOUNCED),
    ],
)
def test_klaviyo_is_believed_in_its_no_before_its_yes(consent: str, suppressed: str, said: Said) -> None:
    row = {"Email Marketing Consent": consent, "Email Suppressions": suppressed}
    assert Klaviyo().standing(row, "list.csv").said is said


@pytest.mark.parametrize("column", ["BLOCKLISTED", "EMAIL_BLACKLISTED"])
def test_brevo_says_who_is_blocked(column: str) -> None:
    assert Brevo().standing({column: "Yes"}, "x.csv").said is Said.UNSUBSCRIBED
    assert Brevo().standing({column: "No", "ADDED_TIME": "12-04-2022 09:30"}, "x.csv").at == datetime(2022, 4, 12, 9, 30, tzinfo=UTC)
    assert Brevo().standing({"EMAIL": "a@example.com"}, "x.csv").said is Said.NOTHING
    assert Brevo().standing({"EMAIL_MARKETING": "Unsubscribed"}, "x.csv").said is Said.UNSUBSCRIBED


def a_part(folder: Path, data: bytes) -> Part:
    (folder / "file").write_bytes(data)
    return Part("people.csv", folder / "file", folder)


def test_listmonk_is_taken_apart(tmp_path: Path) -> None:
    kit = Listmonk()
    part = kit.prepared(a_part(tmp_path, exports.listmonk()))
    columns = part.staged.columns
    assert columns == ["uuid", "email", "first_name", "last_name", "status", "created_at", "city", "age", "tags", "address"]
    assert kit.recognises(columns)
    assert list(next(part.rows()).values())[:5] == ["u1", "ada@example.com", "Ada", "King Lovelace", "enabled"]
    assert kit.standing({"status": "blocklisted"}, "x.csv").said is Said.BLOCKED
    at = kit.standing({"status": "enabled", "created_at": "2024-01-02 15:04:05.123456789 +0530 IST"}, "x.csv").at
    assert at == datetime(2024, 1, 2, 9, 34, 5, 123456, tzinfo=UTC)
    other = a_part(tmp_path, b"uuid,email\n1,a@example.com\n")
    assert kit.prepared(other) is other


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-03T04:05:06+01:00", datetime(2024, 2, 3, 3, 5, 6, tzinfo=UTC)),
        ("2024-02-03T04:05:06.123Z", datetime(2024, 2, 3, 4, 5, 6, 123000, tzinfo=UTC)),
        ("2024-02-03", datetime(2024, 2, 3, tzinfo=UTC)),
        ("31/12/2023 23:59", datetime(2023, 12, 31, 23, 59, tzinfo=UTC)),
        ("12/31/2023", None),
        ("", None),
        ("soon", None),
    ],
)
def test_a_time_is_read_as_the_tools_write_it(text: str, expected: datetime | None) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    ("text", "names"), [('"VIP","Big, spender"', ["VIP", "Big, spender"]), ("vip, tea, vip", ["vip", "tea"]), ("", [])]
)
def test_tags_stand_in_quotation_marks_or_not(text: str, names: list[str]) -> None:
    assert in_quotes(text) == names


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    def unpacked(data: bytes, name: str = "x.zip") -> list[Part]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return parts(data, name, folder)

    with pytest.raises(InvalidInput, match="more than can be read"):
        unpacked(exports.zipped({"people.csv": b"a" * 5_000_000}))
    whole = exports.mailchimp()
    with pytest.raises(InvalidInput, match="can't be read"):
        unpacked(whole[: len(whole) // 3] + whole[len(whole) // 2 :])
    assert [part.name for part in unpacked(exports.zipped({"../../evil.csv": b"a", "notes.txt": b"b", "empty.csv": b""}))] == ["evil.csv"]
    plain = unpacked(b"email,name\n", "plain.csv")
    assert [(part.name, part.columns, part.staged.rows) for part in plain] == [("plain.csv", ["email", "name"], 0)]
    with pytest.raises(InvalidInput, match="more than 20,000 files"):
        unpacked(listing(200_000))
    honest = exports.zipped({"people.csv": b"a" * 5_000_000})
    with pytest.raises(InvalidInput, match="can't be read"):
        unpacked(honest.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 1_000)))


def test_moments_before_all_time_and_nested_nonsense_are_passed_over() -> None:
    assert moment("0001-01-01 00:00:00+0500") is None
    assert _taken_apart({"email": "ada@example.com", "attributes": "[" * 100_000})["email"] == "ada@example.com"
    book = '{"city": "' + "x" * (1 << 20) + '"}'
    assert "city" not in _taken_apart({"email": "ada@example.com", "attributes": book})
    assert in_quotes("a," + "," * 200_000 + "b") == ["a"]


def test_a_file_of_almost_nothing_that_would_be_hours_of_work_is_refused(tmp_path: Path) -> None:
    heading = ",".join(f"c{number}" for number in range(MAX_COLUMNS)).encode()
    with pytest.raises(InvalidInput, match="500 columns"):
        list(a_part(tmp_path, heading + b"\n" * (MAX_VALUES // MAX_COLUMNS + 2)).rows())
    with pytest.raises(InvalidInput, match="501 columns"):
        list(a_part(tmp_path, heading + b",one too many\na@example.com\n").rows())


def test_half_a_letter_in_an_attribute_is_no_stumbling_block(tmp_path: Path) -> None:
    row = {"uuid": "1", "email": "a@example.com", "name": "A", "status": "enabled", "attributes": '{"city": "Z\\ud83crich"}'}
    part = Listmonk().prepared(a_part(tmp_path, exports.written(exports.LISTMONK, [row])))
    assert next(part.rows())["city"] == "Z?rich"
