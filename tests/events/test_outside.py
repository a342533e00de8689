"""What people outside asked for is carried out once, as of when they said it, and never against a "no"."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.contacts.attributes import AttributeType
from core.contacts.consent.consent import Consent, ConsentStatus
from core.contacts.consent.evidence import ConsentMethod, ConsentPurpose, Evidence
from core.contacts.consent.opt_in import OptIn
from core.contacts.contacts import Contacts
from core.contacts.forms import Forms
from core.contacts.hosted.design import FormDesign, FormField
from core.contacts.hosted.lines import Asked, Choices, Confirmation, Preferences, Submission, line_of
from core.contacts.hosted.preferences import standing_of
from core.contacts.hosted.public_lists import PublicLists
from core.contacts.hosted.tables import form_submissions
from core.contacts.lists import Lists
from core.contacts.lookup import Contact, mailable
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import list_optouts, lists, opt_ins
from core.permissions import Principal
from core.storage.event_words import EventKind
from tests.conftest import NOON
from tests.events.conftest import World

TOLD = Evidence(ConsentMethod.FORM, "form:1", "203.0.113.9", "Firefox", "en", "I agree to get news.", 1)
ANSWER = Evidence(ConsentMethod.DOUBLE_OPT_IN, "", "203.0.113.10", "Safari")
CHOSEN = Evidence(ConsentMethod.PREFERENCES, "message:1", "203.0.113.11", "Safari", "en")


class Outside:
    """A workspace with two lists and a form, and whoever comes from outside."""

    def __init__(self, world: World) -> None:
        self.world, self.db, self.by = world, world.db, world.by
        self.ingester = world.ingester()
        self.lists, self.contacts, self.consent = Lists(self.db, world.clock), Contacts(self.db, world.clock), Consent(self.db, world.clock)
        self.forms = Forms(self.db, world.clock)
        self.contacts.save(self.by, "first@example.com", attributes={"city": "Rome", "age": 3})
        self.news, self.offers = (self.lists.create(self.by, name).id for name in ("News", "Offers"))
        asked = (FormField("first_name", "Name"), FormField("city", "City"), FormField("age", "Age"))
        self.form = self.forms.create(self.by, "Footer", FormDesign("News", "I agree to get news.", (self.news,), fields=asked))

    def submission(self, email: str = "ada@example.com", key: str = "k1", **changes: Any) -> Submission:
        names: dict[str, str] = {"first_name": "Ada"}
        attributes: dict[str, Any] = {"city": "Köln", "age": 36}
        usual = Submission(self.now, self.by.workspace_id, self.form.id, key, email, names, attributes, (self.news,), True, False, TOLD)
        return replace(usual, **changes)

    @property
    def now(self) -> Any:
        return self.world.clock.now()

    def ask(self, *asked: Asked) -> None:
        self.world.journal(*(line_of(each) for each in asked))  # type: ignore[arg-type]
        self.ingester.catch_up()

    def choose(self, message_id: int, choices: Choices, **changes: Any) -> None:
        self.ask(replace(Preferences(self.now, message_id, False, CHOSEN, choices), **changes))

    def contact(self, email: str = "ada@example.com") -> Contact:
        found = self.contacts.find(self.by, email)
        assert found
        return found

    def on(self, list_id: int) -> int:
        return self.lists.get(self.by, list_id).size

    def column(self, contact_id: int, name: str) -> Any:
        with self.db.read() as connection:
            standing = standing_of(connection, self.by.workspace_id, contact_id, self.now)
        return getattr(standing, name)


@pytest.fixture
def outside(world: World) -> Outside:
    return Outside(world)


def test_a_submission_makes_a_pending_contact_who_is_asked_by_mail(outside: Outside) -> None:
    outside.ask(outside.submission())
    ada = outside.contact()
    assert (ada.consent, ada.first_name, ada.attributes) == (ConsentStatus.PENDING, "", {})  # anybody may have typed that
    assert outside.on(outside.news) == 0
    [waiting] = outside.world.rows(opt_ins)
    assert waiting.given == {"names": {"first_name": "Ada"}, "attributes": {"city": "Köln", "age": 36}}
    assert (waiting.contact_id, waiting.list_ids, waiting.evidence["wording"]) == (ada.id, [outside.news], "I agree to get news.")
    first, *_ = outside.consent.history(outside.by, ada.id)
    assert (first.state, first.method, first.ip, first.wording_version) == (ConsentStatus.PENDING, ConsentMethod.FORM, "203.0.113.9", 1)


def test_a_confirmation_subscribes_even_if_it_is_read_long_after_it_was_said(outside: Outside) -> None:
    outside.ask(outside.submission())
    with outside.db.transaction() as connection:
        [waiting] = connection.execute(sa.select(opt_ins)).all()
        token = OptIn(outside.db, outside.world.clock).issue(connection, waiting.id, outside.by.workspace_id)
    said = outside.now
    outside.world.clock.advance(timedelta(days=30))
    outside.ask(Confirmation(said, token, True, ANSWER), Confirmation(said, "x" * 43, False, ANSWER))
    ada = outside.contact()
    assert (ada.consent, ada.first_name, ada.attributes) == (ConsentStatus.SUBSCRIBED, "Ada", {"city": "Köln", "age": 36})
    assert outside.on(outside.news) == 1
    assert outside.column(ada.id, "do_not_sell") is True
    states = {(record.purpose, record.state, record.method) for record in outside.consent.history(outside.by, ada.id)}
    assert (ConsentPurpose.SALE, ConsentStatus.UNSUBSCRIBED, ConsentMethod.PRIVACY_SIGNAL) in states


def test_without_double_opt_in_a_new_person_is_subscribed_at_once(outside: Outside) -> None:
    outside.ask(outside.submission(double_opt_in=False))
    ada = outside.contact()
    assert (ada.consent, ada.first_name, ada.attributes) == (ConsentStatus.SUBSCRIBED, "Ada", {"city": "Köln", "age": 36})
    assert outside.on(outside.news) == 1
    everything, listed = outside.consent.history(outside.by, outside.contact().id)
    assert (everything.wording, listed.purpose, listed.list_id) == ("I agree to get news.", ConsentPurpose.LIST, outside.news)


def test_the_same_submission_counts_once_and_another_again(outside: Outside) -> None:
    outside.ask(outside.submission(), outside.submission())
    outside.ask(outside.submission())
    assert len(outside.world.rows(form_submissions)) == 1
    assert len(outside.world.rows(opt_ins)) == 1
    outside.ask(outside.submission(key="k2"))
    counted = outside.forms.received(outside.by, outside.form.id)
    assert (counted[NOON.date()], sum(counted.values()), len(counted)) == (2, 2, 30)
    assert outside.forms.get(outside.by, outside.form.id).received == 2


def test_whoever_types_an_address_changes_nothing_that_is_known_of_its_owner(outside: Outside) -> None:
    before = outside.contacts.save(outside.by, "ada@example.com", first_name="Ada", attributes={"city": "London"})
    rude = {"first_name": "Rude", "last_name": "Go to evil.example"}
    outside.ask(outside.submission(double_opt_in=False, names=rude), outside.submission(key="k2", names=rude))
    ada = outside.contact()
    assert (ada.first_name, ada.last_name, ada.attributes) == ("Ada", before.last_name, {"city": "London"})


def test_what_somebody_known_told_of_themselves_is_filled_in_once_they_answer_and_where_it_is_empty(outside: Outside) -> None:
    outside.contacts.save(outside.by, "ada@example.com", first_name="Ada", attributes={"city": "London"})
    own = {"first_name": "Augusta", "last_name": "Lovelace"}
    outside.ask(outside.submission(names=own), outside.submission(key="k2", names={"last_name": "Go to evil.example"}))
    with outside.db.transaction() as connection:
        [first, _] = connection.execute(sa.select(opt_ins.c.id).order_by(opt_ins.c.id)).scalars()
        token = OptIn(outside.db, outside.world.clock).issue(connection, first, outside.by.workspace_id)
    outside.ask(Confirmation(outside.now, token, False, ANSWER))
    ada = outside.contact()
    assert (ada.first_name, ada.last_name, ada.attributes) == ("Ada", "Lovelace", {"city": "London", "age": 36})


def test_what_a_stranger_typed_first_does_not_stand_in_the_way_of_what_the_owner_tells(outside: Outside) -> None:
    rude = {"first_name": "Go to evil.example", "last_name": "Rude"}
    outside.ask(outside.submission(names=rude, attributes={}), outside.submission(key="k2"))
    with outside.db.transaction() as connection:
        [_, own] = connection.execute(sa.select(opt_ins.c.id).order_by(opt_ins.c.id)).scalars()
        token = OptIn(outside.db, outside.world.clock).issue(connection, own, outside.by.workspace_id)
    outside.ask(Confirmation(outside.now, token, False, ANSWER))
    ada = outside.contact()
    assert (ada.first_name, ada.last_name, ada.attributes) == ("Ada", "", {"city": "Köln", "age": 36})


@pytest.mark.parametrize("how", ["unsubscribed", "left the list", "a list that asks"])
def test_who_had_said_no_is_asked_by_mail_also_by_a_form_that_does_without(outside: Outside, how: str) -> None:
    ada = outside.contacts.save(outside.by, "ada@example.com")
    with outside.db.transaction() as connection:
        if how == "unsubscribed":
            outside.consent.withdraw(connection, outside.by.workspace_id, [ada.id], Evidence())
        elif how == "left the list":
            row = {"list_id": outside.news, "contact_id": ada.id, "workspace_id": outside.by.workspace_id, "since": outside.now}
            connection.execute(sa.insert(list_optouts).values(row))
        else:
            connection.execute(sa.update(lists).values(double_opt_in=True))
    before = outside.contact().consent
    outside.ask(outside.submission(double_opt_in=False))
    assert outside.contact().consent is before
    assert outside.on(outside.news) == 0
    assert len(outside.world.rows(opt_ins)) == 1


def test_a_suppressed_address_stays_suppressed(outside: Outside) -> None:
    suppressions = Suppressions(outside.db, outside.world.clock)
    suppressions.add(outside.by, "ada@example.com")
    outside.ask(outside.submission())
    assert suppressions.contains(outside.by, "ada@example.com")


@pytest.mark.parametrize("asks_first", [True, False])
def test_who_was_erased_and_suppressed_is_so_again_when_a_form_brings_them_back(outside: Outside, asks_first: bool) -> None:
    suppressions = Suppressions(outside.db, outside.world.clock, AddressHashes(outside.world.settings.key))
    suppressions.add(outside.by, "ada@example.com", SuppressionReason.COMPLAINT)
    with outside.db.transaction() as connection:
        suppressions.erase_in(connection, outside.by.workspace_id, "ada@example.com", outside.now)
    assert not suppressions.contains(outside.by, "ada@example.com")
    outside.ask(outside.submission(double_opt_in=asks_first))
    found = suppressions.find(outside.by, "ada@example.com")
    assert found and found.reason is SuppressionReason.COMPLAINT
    contact_id = outside.contact().id
    with outside.db.read() as connection:
        assert mailable(connection, outside.by.workspace_id, [contact_id], outside.now).reasons == {contact_id: "suppressed"}


def test_lists_of_others_are_never_joined_and_fields_that_are_gone_are_passed_over(outside: Outside) -> None:
    other = Principal.system(Workspaces(outside.db, outside.world.clock).create("Other").id)
    theirs = Lists(outside.db, outside.world.clock).create(other, "Theirs").id
    asked = outside.submission(double_opt_in=False, list_ids=(outside.news, theirs, 2**40), attributes={"gone": "x", "age": "many"})
    outside.ask(asked)
    assert (outside.on(outside.news), outside.contact().attributes) == (1, {})
    assert Lists(outside.db, outside.world.clock).get(other, theirs).size == 0
    outside.ask(outside.submission("eve@example.com", workspace_id=other.workspace_id))
    assert outside.contacts.find(other, "eve@example.com") is None


def test_a_line_that_can_t_be_carried_out_stops_no_others(outside: Outside) -> None:
    broken = [
        {"kind": "form", "source": "receiver"},
        line_of(outside.submission()) | {"at": "yesterday"},
        line_of(outside.submission()) | {"email": "no address"},
        line_of(outside.submission()) | {"workspace_id": "1; drop table contacts"},
        line_of(outside.submission()) | {"more": 1},
        {"kind": "preferences", "source": "receiver", "choices": []},
    ]
    outside.world.journal(*broken, line_of(outside.submission("last@example.com")))  # type: ignore[arg-type]
    outside.ingester.catch_up()
    assert outside.contact("last@example.com").consent is ConsentStatus.PENDING
    assert len(outside.world.rows(form_submissions)) == 1


def test_a_line_from_elsewhere_is_no_wish(outside: Outside) -> None:
    outside.world.journal(line_of(outside.submission()) | {"source": "api"})  # type: ignore[arg-type]
    outside.ingester.catch_up()
    assert outside.contacts.find(outside.by, "ada@example.com") is None


def test_people_join_and_leave_lists_that_are_open_with_a_record_of_each(outside: Outside) -> None:
    message = outside.world.message("ada@example.com")
    ada = outside.contact()
    secret = outside.lists.create(outside.by, "Secret").id
    for one in (outside.news, outside.offers):
        PublicLists(outside.db, outside.world.clock).present(outside.by, one, is_public=True, description="")
    outside.lists.add(outside.by, outside.news, [ada.id])
    outside.lists.add(outside.by, secret, [ada.id])
    outside.choose(message, Choices(joined=(outside.offers, secret, 2**40), left=(outside.news, secret)))
    assert (outside.on(outside.news), outside.on(outside.offers), outside.on(secret)) == (0, 1, 1)
    assert [row.list_id for row in outside.world.rows(list_optouts)] == [outside.news]
    history = outside.consent.history(outside.by, ada.id)
    assert {(record.list_id, record.state, record.message_id, record.ip) for record in history} == {
        (outside.news, ConsentStatus.UNSUBSCRIBED, message, "203.0.113.11"),
        (outside.offers, ConsentStatus.SUBSCRIBED, message, "203.0.113.11"),
    }
    outside.choose(message, Choices(joined=(outside.offers,), left=(outside.news,)))
    assert len(outside.consent.history(outside.by, ada.id)) == 2  # nothing new was said


def test_frequency_and_a_break_and_no_sale(outside: Outside) -> None:
    message = outside.world.message("ada@example.com")
    ada = outside.contact()
    outside.choose(message, Choices(frequency="weekly", pause_days=30, do_not_sell=True))
    assert outside.column(ada.id, "frequency") == "weekly"
    assert outside.column(ada.id, "paused_until") == NOON + timedelta(days=30)
    assert outside.column(ada.id, "do_not_sell") is True
    outside.choose(message, Choices())
    assert outside.column(ada.id, "paused_until") == NOON + timedelta(days=30)
    outside.choose(message, Choices(pause_days=0, do_not_sell=False))
    assert (outside.column(ada.id, "paused_until"), outside.column(ada.id, "do_not_sell")) == (None, False)
    outside.choose(message, Choices(do_not_sell=False), has_gpc=True)
    assert outside.column(ada.id, "do_not_sell") is True
    sales = [(record.state, record.method) for record in outside.consent.history(outside.by, ada.id)]
    assert sales == [
        (ConsentStatus.UNSUBSCRIBED, ConsentMethod.PREFERENCES),
        (ConsentStatus.SUBSCRIBED, ConsentMethod.PREFERENCES),
        (ConsentStatus.UNSUBSCRIBED, ConsentMethod.PRIVACY_SIGNAL),
    ]


def test_who_comes_back_is_subscribed_with_the_words_they_agreed_to(outside: Outside) -> None:
    message = outside.world.message("ada@example.com")
    ada = outside.contact()
    outside.world.journal(outside.world.record(EventKind.UNSUBSCRIBED, message))
    outside.ingester.catch_up()
    assert outside.contact().consent is ConsentStatus.UNSUBSCRIBED
    outside.world.clock.advance(timedelta(minutes=1))
    outside.choose(message, Choices(comes_back=True), evidence=replace(CHOSEN, wording="I agree again.", wording_version=1))
    assert outside.contact().consent is ConsentStatus.SUBSCRIBED
    assert outside.consent.history(outside.by, ada.id)[-1].wording == "I agree again."


@pytest.mark.parametrize("apart", [False, True])
def test_a_no_wins_over_a_yes_said_before_it_in_whatever_order_they_are_read(outside: Outside, apart: bool) -> None:
    message = outside.world.message("ada@example.com")
    yes = Preferences(outside.now, message, False, CHOSEN, Choices(comes_back=True))
    no = outside.world.record(EventKind.UNSUBSCRIBED, message, at=outside.now + timedelta(seconds=1))
    outside.world.clock.advance(timedelta(minutes=1))
    outside.world.journal(no)
    if apart:
        outside.ingester.catch_up()
    outside.ask(yes)
    assert outside.contact().consent is ConsentStatus.UNSUBSCRIBED


def test_choices_by_a_message_nobody_got_change_nothing(outside: Outside) -> None:
    outside.choose(2**40, Choices(frequency="weekly"))
    deleted = outside.world.message("gone@example.com")
    outside.contacts.delete(outside.by, outside.contact("gone@example.com").id)
    outside.choose(deleted, Choices(comes_back=True, frequency="weekly"))
    assert outside.contacts.find(outside.by, "gone@example.com") is None


def test_types_are_those_of_the_workspace(outside: Outside) -> None:
    assert [one.kind for one in outside.form.form.design.fields] == [AttributeType.TEXT, AttributeType.TEXT, AttributeType.NUMBER]
