"""Moving in: from the file of another tool to people, their yes or no, and what they did, through the public door."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from core.app import Services
from core.contacts.consent import ConsentStatus
from core.contacts.evidence import ConsentMethod
from core.contacts.kits.catalogue import KITS
from core.contacts.kits.kit import Said, Standing
from core.contacts.move_in_writing import put_nos
from core.contacts.moving_in import MoveInResult
from core.contacts.tables import consent_records, contacts
from core.errors import Denied, InvalidInput
from core.permissions import Permission, Principal
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
    assert [(one.rows, one.refused) for one in result.imports] == [(2, 0), (2, 0), (1, 0), (1, 0)]
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
    assert (proof.method, proof.ip) == (ConsentMethod.MOVE_IN, "198.51.100.8")
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
    assert all(one.unchanged == one.rows for one in again.imports)
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


def test_a_no_counts_before_anybody_comes_in(services: Services, by: Principal) -> None:
    with pytest.raises(InvalidInput):
        move(services, by, exports.mailchimp(), list_name="")
    assert "subscribed" not in standing(services, by).values()


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
    assert sum(one.created for one in result.imports) == 6
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
    assert (result.nos.suppressed, result.plan.past_events) == (2, 2)
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
    put_nos(services.db, services.clock, services.suppressions, by, KITS[0], {"ada@example.com": Standing(Said.NEVER_SUBSCRIBED)})
    assert services.contacts.find(by, "ada@example.com")
    assert services.suppressions.contains(by, "ada@example.com")
