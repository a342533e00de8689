"""Somebody limited to some lists: through no door do they see, count or change what is outside, and inside everything works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.app import Services, build
from core.campaigns.models import Audience
from core.clock import FrozenClock
from core.contacts.choosing import Choice
from core.contacts.consent.consent import ConsentStatus
from core.contacts.visibility import NOT_YOURS
from core.errors import Conflict, Denied, InvalidInput, NotFound, PostwrightError
from core.ids import random_name
from core.permissions import Permission, Principal
from core.settings import Settings
from core.storage.database import Database
from tests.accounts.doors import SAMPLES, Door, doors
from tests.accounts.two_teams import EVERYBODY, SECRET, Teams, opened, told, two_teams

# Who may sign in has nothing to do with who is written to.
# What somebody brings in a file becomes a template, whatever it says, and templates are of no list.
ABOUT_ACCOUNTS = {"template_exchange", "people", "roles", "workspaces", "password_changes"}


@pytest.fixture
def teams(db: Database, settings: Settings, clock: FrozenClock) -> Iterator[Teams]:
    """The two teams on each kind of database."""
    services = build(settings.model_copy(update={"database_url": db.url}), clock=clock)
    yield two_teams(services)
    services.close()


def test_no_door_shows_or_changes_what_is_on_other_lists(teams: Teams) -> None:
    before = teams.outside()
    leaks = {}

    for door in doors():
        if door.service not in ABOUT_ACCOUNTS:
            for given in _ways_in(door, teams):
                method = getattr(getattr(teams.services, door.service), door.method)
                try:
                    said = told(method(teams.by, **given))
                except PostwrightError as error:
                    said = str(error)
                if SECRET in said:
                    leaks[str(door)] = said

    assert not leaks
    assert teams.outside() == before


def _ways_in(door: Door, teams: Teams) -> Iterator[dict[str, object]]:
    """Yield what a door can be given: only what it needs, and all that names something outside, each such thing in turn."""
    campaigns = (teams.hidden_draft, teams.hidden_sent, teams.hidden_to_segment)
    hidden: dict[str, Sequence[object]] = {
        "contact_id": [teams.hidden],
        "contact_ids": [[teams.hidden, teams.shared]],
        "list_id": [teams.hidden_list],
        "list_ids": [[teams.hidden_list]],
        "segment_id": [teams.segment],
        "import_id": [teams.hidden_import],
        "campaign_id": campaigns,
        "campaign_ids": [campaigns],
        "audience": [Audience("list", teams.hidden_list)],
        "rules": [EVERYBODY, _on(teams.hidden_list), _on("Hidden"), {"any": [_on(teams.hidden_list, "is_not_member"), EVERYBODY]}],
        **{name: ["hidden@example.com"] for name in ("email", "search", "recipient")},
        **{name: ["Hidden"] for name in ("name", "list_name")},
        "data": [b"email,first_name\nhidden@example.com,Bo\n"],
        "key": [teams.services.outbox.page(teams.everything).rows[0].key],
    }
    samples = {**SAMPLES, "version": teams.services.templates.latest(teams.everything, teams.template_id)}
    for names in dict.fromkeys([door.needs, (*door.needs, *(name for name in door.takes if name in hidden and name not in door.needs))]):
        for values in product(*(hidden.get(name) or [samples[name]] for name in names)):
            yield dict(zip(names, values, strict=True))


def test_what_is_outside_looks_like_what_is_not_there(teams: Teams) -> None:
    services, by = teams.services, teams.by
    campaigns = services.campaigns
    outside = {
        services.contacts.get: teams.hidden,
        services.lists.get: teams.hidden_list,
        services.imports.refused_rows: teams.hidden_import,
    }
    outside |= dict.fromkeys((campaigns.get, campaigns.launch, campaigns.delete, services.analytics.campaign_report), teams.hidden_draft)
    outside |= dict.fromkeys((campaigns.pause, campaigns.resume, campaigns.cancel), teams.hidden_to_segment)

    for ask, there in outside.items():
        assert _refusal(ask, by, there) == _refusal(ask, by, 2**40)
    assert services.contacts.find(by, "hidden@example.com") is None
    assert services.consent.history(by, teams.hidden) == []
    assert (services.ledger.counts(by, teams.hidden_sent), services.ledger.page(by, teams.hidden_sent)) == ({}, [])
    assert services.analytics.campaign_table(by, [teams.hidden_sent])[teams.hidden_sent].totals.sent == 0
    assert list(services.analytics.event_rows(by)) == []
    assert services.analytics.overview(by).totals.sent == 0


def test_people_on_the_own_lists_are_seen_counted_exported_and_changed(teams: Teams) -> None:
    contacts, directory, by = teams.services.contacts, teams.services.directory, teams.by

    assert teams.emails(by) == {"inside@example.com", "shared@example.com"}
    assert contacts.count(by) == directory.page(by).total == 2
    assert directory.page(by, Choice(list_id=teams.ours)).total == 2
    assert directory.page(by, Choice(list_id=teams.hidden_list)).total == 0
    assert contacts.save(by, "inside@example.com", first_name="Anna").first_name == "Anna"
    assert contacts.save(by, "new@example.com", list_ids=[teams.ours_too]).email in teams.emails(by)
    assert directory.page(by, Choice("shared")).total == 1
    assert _exported(teams, by) == {"inside@example.com": "Ours", "shared@example.com": "Ours", "new@example.com": "Ours too"}
    assert _exported(teams, by, list_id=teams.hidden_list) == {}
    assert set(_exported(teams, by, contact_ids=[teams.inside, teams.hidden])) == {"inside@example.com"}


def test_a_new_person_has_to_be_put_on_one_of_the_own_lists(teams: Teams) -> None:
    with pytest.raises(InvalidInput, match="Choose a list"):
        teams.services.contacts.save(teams.by, "new@example.com")
    with pytest.raises(InvalidInput, match="Choose a list"):  # as for an address nobody has: leaving the list out tells nothing
        teams.services.contacts.save(teams.by, "hidden@example.com")
    with pytest.raises(NotFound, match="no such list"):
        teams.services.contacts.save(teams.by, "new@example.com", list_ids=[teams.ours, teams.hidden_list])
    with pytest.raises(Denied, match=NOT_YOURS):
        teams.services.contacts.save(teams.by, "Hidden@example.com", list_ids=[teams.ours])
    assert teams.services.contacts.find(teams.everything, "new@example.com") is None


def test_a_person_others_use_too_is_not_deleted(teams: Teams) -> None:
    with pytest.raises(Denied, match="Others use this contact too"):
        teams.services.contacts.delete(teams.by, teams.shared)
    teams.services.contacts.delete(teams.by, teams.inside)

    assert teams.emails(teams.by) == {"shared@example.com"}


def test_lists_are_used_and_named_but_not_made(teams: Teams) -> None:
    lists, by = teams.services.lists, teams.by

    assert [(one.name, one.size) for one in lists.all(by)] == [("Ours", 2), ("Ours too", 0)]
    assert lists.by_name(by, "Ours").id == teams.ours
    assert lists.add(by, teams.ours_too, [teams.inside, teams.hidden]) == 1
    assert lists.remove(by, teams.ours_too, [teams.inside]) == 1
    assert lists.rename(by, teams.ours_too, "Guests").name == "Guests"
    with pytest.raises(Conflict, match="is taken"):
        lists.rename(by, teams.ours_too, "Hidden")
    with pytest.raises(Denied, match="not make new ones"):
        lists.create(by, "More")
    lists.delete(by, teams.ours_too)
    assert [one.name for one in lists.all(by)] == list(lists.names(by).values()) == ["Ours"]


def test_a_file_goes_onto_an_own_list_without_the_rows_of_people_out_of_sight(teams: Teams) -> None:
    imports, by, data = (
        teams.services.imports,
        teams.by,
        b"email,first_name\nhidden@example.com,Bo\nnew@example.com,Cy\nINSIDE@example.com,Di\n",
    )

    dry = imports.run(by, data, "f.csv", list_name="Ours too", dry_run=True)
    done = imports.run(by, data, "f.csv", list_name="Ours too")

    for result in (dry, done):
        assert (result.rows, result.created, result.updated, result.unchanged, result.refused) == (3, 1, 1, 0, 1)
        assert [(row.line, row.reason, row.email) for row in result.refused_rows] == [(2, NOT_YOURS, "hidden@example.com")]
    assert done.import_id and NOT_YOURS in imports.refused_rows(by, done.import_id).decode("utf-8-sig")
    assert teams.services.contacts.get(teams.everything, teams.hidden).first_name == SECRET
    for name in ("Hidden", "A new one"):
        for dry_run in (True, False):
            with pytest.raises(NotFound, match=f"no list called “{name}”"):
                imports.run(by, data, "f.csv", list_name=name, dry_run=dry_run)


def test_consent_and_suppression_of_people_on_the_own_lists(teams: Teams) -> None:
    services, by = teams.services, teams.by
    services.suppressions.add(teams.everything, "hidden@example.com")

    services.contacts.save(by, "inside@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    services.consent.give(by, teams.inside, "said so")
    services.suppressions.add(by, "inside@example.com")

    assert [one.state for one in services.consent.history(by, teams.inside)][1:] == ["unsubscribed", "subscribed"]
    page = services.suppressions.page(by)
    assert ([one.email for one in page.rows], page.total) == (["inside@example.com"], 1)
    assert services.suppressions.contains(by, "inside@example.com")
    assert not services.suppressions.contains(by, "hidden@example.com")
    services.suppressions.remove(by, "inside@example.com")
    for email in ("hidden@example.com", "nobody@example.com"):
        with pytest.raises(Denied, match=NOT_YOURS):
            services.suppressions.add(by, email)
        with pytest.raises(NotFound):
            services.suppressions.remove(by, email)
    assert services.suppressions.contains(teams.everything, "hidden@example.com")


def test_segments_are_narrowed_to_the_own_lists(teams: Teams) -> None:
    segments, by = teams.services.segments, teams.by
    either = {"any": [{"field": "first_name", "operator": "equals", "value": SECRET}, EVERYBODY]}

    for _ in range(2):  # the second time from the snapshot
        for rules in (EVERYBODY, either, {"field": "opened", "operator": "never"}):
            never_opened = rules not in (EVERYBODY, either)
            assert segments.count(by, rules) == len(segments.contact_ids(by, rules)) == (0 if never_opened else 2)
        assert {one.email for one in segments.preview(by, EVERYBODY)} == {"inside@example.com", "shared@example.com"}
        assert segments.mailable_count(by, EVERYBODY) == segments.count(by, _on("Ours")) == 2
        assert segments.count(teams.everything, EVERYBODY) == 4
        teams.services.snapshots.refresh(by.workspace_id, min_changes=1)
    fields = {field.key: field.choices for field in segments.available_fields(by)}
    assert fields["list"] == ((teams.ours, "Ours"), (teams.ours_too, "Ours too"))
    for named in (teams.hidden_list, "Hidden"):
        assert _refusal(segments.count, by, _on(named)) == _refusal(segments.count, by, _on(2**40))


def test_a_segment_others_made_is_seen_and_not_changed(teams: Teams) -> None:
    segments, by = teams.services.segments, teams.by
    own = segments.create(by, "Own", _on("Ours"))

    assert segments.update(by, own.id, name="Own one").name == "Own one"
    for change in (lambda: segments.update(by, teams.segment, rules=_on("Ours")), lambda: segments.delete(by, teams.segment)):
        with pytest.raises(Denied, match="Somebody else made this segment"):
            change()
    segments.delete(by, own.id)
    assert segments.get(by, teams.segment) == segments.get(teams.everything, teams.segment)


def test_a_campaign_to_an_own_list_is_seen_sent_and_reported(teams: Teams) -> None:
    services, by = teams.services, teams.by
    theirs = teams.campaign(teams.everything, "By a colleague", Audience("list", teams.ours))
    teams.send(by, theirs.id)
    opened(teams, theirs.id, "")

    assert [one.name for one in services.campaigns.all(by)] == ["By a colleague"]
    assert sum(services.ledger.counts(by, theirs.id).values()) == 2
    assert {one.email for one in services.ledger.page(by, theirs.id)} == {"inside@example.com", "shared@example.com"}
    report = services.analytics.campaign_report(by, theirs.id)
    assert (report.totals.recipients, report.totals.unique_opens) == (2, 2)
    overview = services.analytics.overview(by)
    assert (overview.totals.sent, [row.campaign_id for row in overview.campaigns]) == (2, [theirs.id])
    rows = [row for batch in services.analytics.event_rows(by) for row in batch.to_pylist()]
    assert rows and {row["campaign_id"] for row in rows} == {theirs.id}
    services.campaigns.send_test(by, theirs.id, ["me@example.com"])


def test_a_person_taken_off_the_list_is_no_longer_named_in_what_they_got(teams: Teams) -> None:
    campaign = teams.campaign(teams.by, "News", Audience("list", teams.ours))
    teams.send(teams.by, campaign.id)

    teams.services.lists.remove(teams.everything, teams.ours, [teams.shared])

    assert [one.email for one in teams.services.ledger.page(teams.by, campaign.id)] == ["inside@example.com", None]


def test_a_segment_is_narrowed_when_the_campaign_is_launched(teams: Teams) -> None:
    services, by = teams.services, teams.by
    campaign = teams.campaign(by, "To a segment", Audience("segment", teams.segment))
    assert services.campaigns.audience_size(by, campaign.audience) == 2

    teams.send(by, campaign.id)

    assert {one.email for one in services.ledger.page(teams.everything, campaign.id)} == {"inside@example.com", "shared@example.com"}
    assert services.campaigns.get(by, campaign.id).launched_at
    assert services.analytics.campaign_report(by, campaign.id).totals.sent == 2
    assert by.person_id
    services.people.set_lists(teams.everything, by.person_id, [teams.ours_too])
    with pytest.raises(NotFound):  # it reached people on a list that was taken from them since
        services.campaigns.get(services.people.principal(by.person_id, by.workspace_id), campaign.id)


def test_an_own_campaign_that_somebody_else_sent_to_everybody_is_out_of_sight(teams: Teams) -> None:
    campaign = teams.campaign(teams.by, "To a segment", Audience("segment", teams.segment))

    teams.send(teams.everything, campaign.id)

    assert len(teams.services.ledger.page(teams.everything, campaign.id)) == 4
    assert teams.services.ledger.page(teams.by, campaign.id) == []
    with pytest.raises(NotFound):
        teams.services.campaigns.get(teams.by, campaign.id)


def test_a_campaign_is_turned_to_own_lists_only(teams: Teams) -> None:
    services, by = teams.services, teams.by
    own = teams.campaign(by, "Own", Audience("list", teams.ours))
    theirs = teams.campaign(teams.everything, "Theirs", Audience("list", teams.ours))

    for change in (lambda audience: services.campaigns.update(by, own.id, audience=audience), lambda to: teams.campaign(by, "More", to)):
        with pytest.raises(NotFound):
            change(Audience("list", teams.hidden_list))
    with pytest.raises(Denied, match="one of your lists"):
        services.campaigns.update(by, theirs.id, audience=Audience("segment", teams.segment))
    assert services.campaigns.update(by, own.id, audience=Audience("segment", teams.segment)).audience.kind == "segment"
    assert services.campaigns.get(by, theirs.id).audience.kind == "list"
    services.campaigns.delete(by, own.id)


def test_the_outbox_holds_everybodys_mail_and_stays_shut(teams: Teams) -> None:
    with pytest.raises(Denied, match="more than the lists"):
        teams.services.outbox.page(teams.by)


def test_somebody_with_no_list_at_all_sees_nobody(teams: Teams) -> None:
    assert teams.by.person_id
    teams.services.people.set_lists(teams.everything, teams.by.person_id, [])
    by = teams.services.people.principal(teams.by.person_id, teams.by.workspace_id)

    assert (by.lists, teams.emails(by), teams.services.contacts.count(by)) == (frozenset(), set(), 0)
    assert teams.services.segments.count(by, EVERYBODY) == 0
    assert teams.services.campaigns.all(by) == teams.services.lists.all(by) == []
    assert teams.services.analytics.overview(by).totals.sent == 0


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    members=st.lists(st.sets(st.integers(0, 2)), min_size=1, max_size=6),
    seen=st.sets(st.integers(0, 2)),
    in_snapshot=st.booleans(),
)
@example(members=[{0, 1, 2}, set(), {2}], seen={0, 2}, in_snapshot=True)
def test_exactly_the_people_on_at_least_one_of_the_lists_are_seen(
    services: Services, members: list[set[int]], seen: set[int], in_snapshot: bool
) -> None:
    everything = Principal.system(services.workspaces.create(random_name()).id)
    lists = [services.lists.create(everything, f"List {n}").id for n in range(3)]
    for n, on in enumerate(members):
        services.contacts.save(everything, f"p{n}@example.com", list_ids=[lists[one] for one in on])
    if in_snapshot:
        services.snapshots.refresh(everything.workspace_id, min_changes=1)
    by = Principal(everything.workspace_id, "person:7", frozenset(Permission), lists=frozenset(lists[one] for one in seen))
    expected = {f"p{n}@example.com" for n, on in enumerate(members) if on & seen}

    assert {row.contact.email for row in services.directory.page(by).rows} == expected
    assert services.directory.page(by).total == services.contacts.count(by) == services.segments.count(by, EVERYBODY) == len(expected)
    assert {one.email for one in services.segments.preview(by, EVERYBODY)} == expected
    lines = b"".join(services.exports.stream(by)).decode().splitlines()[1:]
    assert {line.partition(",")[0] for line in lines} == expected


def _on(which: object, operator: str = "is_member") -> dict[str, object]:
    return {"field": "list", "operator": operator, "value": which}


def _refusal(ask: object, by: Principal, about: object) -> tuple[type, str]:
    with pytest.raises(PostwrightError) as refused:
        ask(by, about)  # type: ignore[operator]
    return type(refused.value), str(refused.value)


def _exported(teams: Teams, by: Principal, **which: object) -> dict[str, str]:
    """Return the lists named beside each address."""
    lines = b"".join(teams.services.exports.stream(by, **which)).decode().splitlines()[1:]  # type: ignore[arg-type]
    return {line.split(",")[0]: line.split(",")[4] for line in lines}
