"""The contract of providers, for every kind that sends, against a fake of its service."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import InvalidInput, Unavailable
from core.providers.base import Attachment, Outcome, Provider, SendResult, Surroundings, Trouble
from core.providers.catalogue import CATALOGUE
from core.providers.entering import checked_values, kind_named
from tests.providers.conftest import email
from tests.providers.contract import HOSTILE, Rig, Told, Watched, campaign, may_be_sent_again, must_be_delivered, rigs
from tests.support.esp.server import GOOD_KEY, KEY_HEADER, FakeService, Reply, Trick, serving
from tests.support.mail_server import free_port

RIGS = rigs()
OF_ANY_KIND = {
    "test_every_message_of_a_full_batch_arrives_once_as_it_was_written",
    "test_nothing_is_sent_for_nothing",
    "test_what_means_something_to_a_service_arrives_letter_for_letter",
    "test_what_of_it_stands_in_a_layout_arrives_letter_for_letter",
    "test_subjects_and_names_in_any_language_arrive",
    "test_what_is_much_longer_than_usual_arrives",
    "test_an_address_that_gets_two_messages_gets_both",
    "test_campaigns_that_share_nothing_may_be_in_one_batch",
    "test_attachments_arrive",
    "test_the_recipients_name_may_stand_before_the_address",
    "test_one_refused_recipient_does_not_burn_the_others",
    "test_many_refused_recipients_are_each_named",
    "test_what_can_not_be_written_is_refused_and_the_others_go",
    "test_the_right_key_passes_the_check_and_nothing_is_sent",
    "test_one_provider_serves_several_sends",
    "test_it_is_told_of_each_message_before_it_can_be_taken_and_what_it_came_to",
}
# What no service should answer.
BODIES = (
    "{broken", "<html>", None, [], [None, 1], 1, "null", {}, {"errors": None}, {"errors": [1, {"field": 3}]}, {"message": 5, "id": []},
    {"results": [1]}, {"results": {"id": 1}}, {"Messages": {}}, {"Messages": [1, None]},
    {"Messages": [{"Status": "success", "To": [1]}] * 2}, {"Messages": [{"Status": "error", "Errors": [{"StatusCode": "x"}]}] * 2},
)  # fmt: skip
Connect = Callable[..., Provider]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hold every kind to what is said of any, and the services with an HTTP API to all of it."""
    if "rig" in metafunc.fixturenames:
        name = metafunc.function.__name__
        meant = [rig for rig in RIGS if rig.speaks_http or name in OF_ANY_KIND]
        # A folder takes mail for everybody.
        meant = [rig for rig in meant if rig.kind != "outbox" or "refused_recipient" not in name]
        metafunc.parametrize("rig", meant, ids=lambda rig: rig.kind)


@pytest.fixture
def service(rig: Rig) -> Iterator[FakeService]:
    with serving(rig.fake()) as running:
        yield running


@pytest.fixture
def connect(rig: Rig, service: FakeService) -> Iterator[Connect]:
    with ExitStack() as opened:

        def made(key: str = GOOD_KEY, url: str | None = None, timeout: float = 20) -> Provider:
            return opened.enter_context(closing(rig.connect(url or service.url, key, timeout)))

        yield made


@pytest.fixture
def provider(connect: Connect) -> Provider:
    return connect()


def outcomes(results: list[SendResult]) -> dict[int, Outcome]:
    assert len({result.message_id for result in results}) == len(results), "a message has two results"
    return {result.message_id: result.outcome for result in results}


def many(count: int, places: int = 3) -> list[list[str]]:
    return [[f"person {number}", *[f"https://l.example/{number}/{place}" for place in range(1, places)]] for number in range(count)]


def test_the_catalogue_builds_what_a_person_entered(rig: Rig, service: FakeService, tmp_path: Path) -> None:
    kind = CATALOGUE[rig.kind]
    assert kind.sends
    assert kind.build is not None
    shown, secret = checked_values(kind, rig.settings(service.url))
    with closing(kind.build({**shown, **secret}, Surroundings(tmp_path))) as built:
        assert built.kind == rig.kind
        built.check()
        [message] = campaign(many(1))
        assert outcomes(built.send([message])) == {1: Outcome.ACCEPTED}

    must_be_delivered([message], service.delivered, rig)


def test_every_message_of_a_full_batch_arrives_once_as_it_was_written(rig: Rig, service: FakeService, provider: Provider) -> None:
    messages = campaign(many(provider.batch_size if rig.speaks_http else 40))

    results = provider.send(messages)

    assert set(outcomes(results).values()) == {Outcome.ACCEPTED}
    assert len(results) == len(messages)
    # A mail server has no name of its own for a message.
    assert all(result.provider_message_id for result in results) or not rig.speaks_http
    assert len(service.calls) == 1 or not rig.is_batched
    must_be_delivered(messages, service.delivered, rig)


@pytest.mark.parametrize("trick", [Trick.PASS, Trick.THROTTLE, Trick.FAIL, Trick.RESET, Trick.TOO_LARGE])
def test_it_is_told_of_each_message_before_it_can_be_taken_and_what_it_came_to(
    rig: Rig, service: FakeService, provider: Provider, trick: Trick
) -> None:
    messages = [*campaign(many(6)), email(66, to="refused@example.com"), email(67, attachments=(Attachment("a.txt", "text/plain", b"a"),))]
    told = Told({message.key: message.message_id for message in messages})
    service.delivered = Watched(told)
    service.refuses.add("refused@example.com")
    service.tricks.append(trick)

    results = provider.send([*messages, email(68, subject="bent\r\nBcc: a@example.com")], told)

    assert provider.tells_progress is (rig.kind != "outbox")
    assert service.delivered or trick in (Trick.THROTTLE, Trick.TOO_LARGE) or not rig.speaks_http
    if not provider.tells_progress:
        return
    assert not told.untold, "a message was taken before anybody was told"
    for result in results:
        if result.message_id in told.begun:
            assert told.answers.get(result.message_id) is (None if result.outcome is Outcome.UNCERTAIN else result.outcome), result
        else:
            assert result.outcome is Outcome.REFUSED or not result.attempted, "what was never begun can't have come to anything"


def test_a_key_with_letters_no_key_has_is_refused_when_it_is_entered(rig: Rig) -> None:
    with pytest.raises(InvalidInput, match="letters no key has"):
        checked_values(CATALOGUE[rig.kind], rig.settings("https://api.example.com") | {CATALOGUE[rig.kind].needs[0]: "ключ"})
    for wrong in ("api.example.com", "ftp://a.example", "https://", "https://me:secret@a.example", "http://[::bad", "http://a:99999"):
        with pytest.raises(InvalidInput, match="API address"):
            checked_values(CATALOGUE[rig.kind], rig.settings(wrong))


def test_nothing_is_sent_for_nothing(service: FakeService, provider: Provider) -> None:
    assert provider.send([]) == []
    assert service.calls == []


def test_what_a_service_would_read_as_its_own_language_arrives_letter_for_letter(
    rig: Rig, service: FakeService, provider: Provider
) -> None:
    values = [[f"{number} {one}", *HOSTILE[1:]] for number, one in enumerate(HOSTILE)] + many(2, len(HOSTILE))
    messages = campaign(values)

    assert set(outcomes(provider.send(messages)).values()) == {Outcome.ACCEPTED}

    must_be_delivered(messages, service.delivered, rig)


def test_what_of_it_stands_in_a_layout_arrives_letter_for_letter(rig: Rig, service: FakeService, provider: Provider) -> None:
    first, second = campaign(many(2))
    hostile = "".join(HOSTILE)
    messages = []
    for message in (first, second):
        changed = email(
            message.message_id, html=f"<p>{hostile}</p>{message.key}{{", text=f"}}{hostile}{message.key}", headers=message.headers
        )
        messages.append(changed)

    assert set(outcomes(provider.send(messages)).values()) == {Outcome.ACCEPTED}

    must_be_delivered(messages, service.delivered, rig)


def test_subjects_and_names_in_any_language_arrive(service: FakeService, provider: Provider) -> None:
    messages = campaign(many(3), from_name='Zoë "The Shop", 世界')
    hostile = [email(n, subject=f"{n} {text}", headers=messages[0].headers) for n, text in enumerate(HOSTILE, 11) if "\n" not in text]

    assert set(outcomes(provider.send(messages + hostile)).values()) == {Outcome.ACCEPTED}

    assert sorted(mail.subject for mail in service.delivered) == sorted(message.subject for message in messages + hostile)
    assert sum("世界" in mail.sender for mail in service.delivered) == 3


def test_what_is_much_longer_than_usual_arrives(rig: Rig, service: FakeService, provider: Provider) -> None:
    messages = campaign([[f"{number} " + "ü" * length, "b", "c"] for number, length in enumerate((10, 5_000, 20_000))])

    assert set(outcomes(provider.send(messages)).values()) == {Outcome.ACCEPTED}

    must_be_delivered(messages, service.delivered, rig)


def test_an_address_that_gets_two_messages_gets_both(rig: Rig, service: FakeService, provider: Provider) -> None:
    messages = campaign(many(3), to="ann@example.com")

    assert set(outcomes(provider.send(messages)).values()) == {Outcome.ACCEPTED}

    must_be_delivered(messages, service.delivered, rig)


def test_campaigns_that_share_nothing_may_be_in_one_batch(service: FakeService, provider: Provider) -> None:
    ours = campaign(many(2))
    different = {"from_email": "other@shop.example", "is_bulk": False}
    others = [email(number, html=f"<p>{number}</p>", headers={KEY_HEADER: f"{number}-abc"}, **different) for number in (11, 12)]
    answerable = [email(20, headers={"Reply-To": "Ann <ann@shop.example>", KEY_HEADER: "20-abc"})]

    assert set(outcomes(provider.send([ours[0], others[0], answerable[0], ours[1], others[1]])).values()) == {Outcome.ACCEPTED}

    assert sorted(service.keys()) == ["1-abc", "11-abc", "12-abc", "2-abc", "20-abc"]
    [answered] = [mail for mail in service.delivered if mail.key == "20-abc"]
    assert "ann@shop.example" in answered.headers["Reply-To"]


def test_attachments_arrive(rig: Rig, service: FakeService, provider: Provider) -> None:
    files = (Attachment("Ticket ü.pdf", "application/pdf", bytes(range(256)) * 40), Attachment("a.txt", "text/plain", b"hello"))
    messages = [*campaign(many(2)), email(10, attachments=files, headers={KEY_HEADER: "10-abc"})]

    assert set(outcomes(provider.send(messages)).values()) == {Outcome.ACCEPTED}

    must_be_delivered(messages, service.delivered, rig)


@pytest.mark.parametrize("where", [0, 6, -1])
def test_one_refused_recipient_does_not_burn_the_others(rig: Rig, service: FakeService, provider: Provider, where: int) -> None:
    messages = campaign(many(min(provider.batch_size, 40)))
    service.refuses = {messages[where].to}

    results = provider.send(messages)

    if not rig.names_refused:
        assert {result.outcome for result in results} == {Outcome.UNCERTAIN}
        assert max(service.keys().values()) == 1
        return
    [refused] = [result for result in results if result.outcome is not Outcome.ACCEPTED]
    assert (refused.message_id, refused.outcome) == (messages[where].message_id, Outcome.REFUSED)
    assert refused.attempted
    assert refused.reason
    assert len(results) == len(messages)
    must_be_delivered([message for message in messages if message is not messages[where]], service.delivered, rig)


def test_many_refused_recipients_are_each_named(rig: Rig, service: FakeService, provider: Provider) -> None:
    messages = campaign(many(10))
    service.refuses = {message.to for message in messages[::3]}

    found = outcomes(provider.send(messages))

    if not rig.names_refused:
        assert set(found.values()) == {Outcome.UNCERTAIN}
        return
    assert {number for number, outcome in found.items() if outcome is Outcome.REFUSED} == {1, 4, 7, 10}
    must_be_delivered([message for message in messages if message.to not in service.refuses], service.delivered, rig)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: all@example.com"},
        {"from_name": "Shop\nBcc: all@example.com"},
        {"headers": {"X-Mine": "a\r\n\r\nbody"}},
        {"headers": {"X Mine:": "a"}},
        {"to": "nobody"},
        {"to": "a@example.com, b@example.com"},
        {"from_email": "news@shop.example>\r\nBcc: all@example.com"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_can_not_be_written_is_refused_and_the_others_go(service: FakeService, provider: Provider, changes: dict[str, str]) -> None:
    results = provider.send([*campaign(many(2)), email(66, **changes)])

    assert outcomes(results) == {1: Outcome.ACCEPTED, 2: Outcome.ACCEPTED, 66: Outcome.REFUSED}
    assert sorted(service.keys()) == ["1-abc", "2-abc"]


def test_half_a_character_is_refused_and_the_others_go(service: FakeService, provider: Provider) -> None:
    results = provider.send([*campaign(many(2)), email(66, html="half a character \ud800")])

    assert outcomes(results) == {1: Outcome.ACCEPTED, 2: Outcome.ACCEPTED, 66: Outcome.REFUSED}
    assert sorted(service.keys()) == ["1-abc", "2-abc"]


def test_an_address_beyond_ascii_is_refused_in_words_unless_the_service_takes_it(
    rig: Rig, service: FakeService, provider: Provider
) -> None:
    results = provider.send([*campaign(many(2)), email(66, to="zoë@example.com", to_name="Zoë"), email(67, to="zoe@bücher.example")])

    if kind_named(rig.kind).takes_utf8:
        assert outcomes(results) == dict.fromkeys((1, 2, 66, 67), Outcome.ACCEPTED)
        assert "zoë@example.com" in [mail.to for mail in service.delivered]
        return
    assert outcomes(results) == {1: Outcome.ACCEPTED, 2: Outcome.ACCEPTED, 66: Outcome.REFUSED, 67: Outcome.ACCEPTED}
    assert "before the @" in results[[result.message_id for result in results].index(66)].reason
    assert "zoe@xn--bcher-kva.example" in [mail.to for mail in service.delivered]


def test_the_recipients_name_may_stand_before_the_address(rig: Rig, service: FakeService, provider: Provider) -> None:
    names = ("Ann", 'Zoë "the" First, 世界', "{{x}} %recipient.a% <b@example.com>")
    messages = [email(number, to_name=name, headers={KEY_HEADER: f"{number}-abc"}) for number, name in enumerate(names, 1)]

    assert set(outcomes(provider.send(messages)).values()) == {Outcome.ACCEPTED}

    must_be_delivered(messages, service.delivered, rig)
    bad = email(66, to_name="Ann\r\nBcc: all@example.com")
    assert outcomes(provider.send([bad])) == {66: Outcome.REFUSED}


def test_a_wrong_key_burns_nothing_and_says_so(service: FakeService, connect: Connect) -> None:
    provider = connect(key="wrong-key")

    results = provider.send(campaign(many(3)))

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, Trouble.SIGN_IN)}
    assert len(results) == 3
    assert "refused the sign-in" in results[0].reason
    assert not any("wrong-key" in result.reason for result in results)
    with pytest.raises(Unavailable) as raised:
        provider.check()
    assert "wrong-key" not in str(raised.value)
    assert service.delivered == []


def test_the_right_key_passes_the_check_and_nothing_is_sent(service: FakeService, provider: Provider) -> None:
    provider.check()

    assert service.delivered == []


def test_a_service_that_can_not_be_reached_leaves_everything_untried(connect: Connect) -> None:
    provider = connect(url=f"http://127.0.0.1:{free_port()}")

    results = provider.send(campaign(many(3)))

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, Trouble.CONNECTION)}
    assert len(results) == 3
    with pytest.raises(Unavailable, match="can't be reached"):
        provider.check()


@pytest.mark.parametrize(("trick", "trouble"), [(Trick.THROTTLE, Trouble.THROTTLED), (Trick.UNAVAILABLE, Trouble.CONNECTION)])
def test_a_service_that_wants_us_to_wait_took_nothing(
    rig: Rig, service: FakeService, provider: Provider, trick: Trick, trouble: Trouble
) -> None:
    messages = campaign(many(3))
    service.tricks += [trick] * (1 if rig.is_batched else len(messages))

    results = provider.send(messages)

    assert {(result.outcome, result.attempted, result.trouble) for result in results} == {(Outcome.RETRY, False, trouble)}
    if trick is Trick.THROTTLE:
        assert {result.retry_after for result in results} == {timedelta(seconds=7)}
    assert service.delivered == []
    service.tricks.clear()
    assert set(outcomes(provider.send(messages)).values()) == {Outcome.ACCEPTED}
    must_be_delivered(messages, service.delivered, rig)


@pytest.mark.parametrize("trick", [Trick.FAIL, Trick.HALF, Trick.RESET, Trick.SILENT])
def test_what_may_have_been_taken_is_uncertain_and_never_sent_again(service: FakeService, connect: Connect, trick: Trick) -> None:
    provider = connect(timeout=0.3 if trick is Trick.SILENT else 20)
    messages = campaign(many(3))
    service.tricks.append(trick)

    results = provider.send(messages)

    found = outcomes(results)
    assert len(found) == 3
    assert set(found.values()) <= {Outcome.UNCERTAIN, Outcome.RETRY, Outcome.ACCEPTED}
    uncertain = {result.message_id for result in results if result.outcome is Outcome.UNCERTAIN}
    untried = {result.message_id for result in results if result.outcome is Outcome.RETRY}
    assert uncertain or trick is Trick.HALF
    assert all(result.attempted is False for result in results if result.message_id in untried)
    assert {message.message_id for message in messages if service.keys()[message.key]}.isdisjoint(untried)
    assert max(service.keys().values()) == 1


@pytest.mark.parametrize("trick", [Trick.FAIL, Trick.HALF, Trick.RESET])
def test_where_a_key_promises_to_deliver_once_it_does(rig: Rig, service: FakeService, provider: Provider, trick: Trick) -> None:
    [message] = campaign(many(1))
    service.tricks.append(trick)
    provider.send([message])

    if may_be_sent_again(provider, is_alone=True):
        assert outcomes(provider.send([message])) == {1: Outcome.ACCEPTED}
    must_be_delivered([message], service.delivered, rig)


def test_a_request_that_is_too_large_is_cut(rig: Rig, service: FakeService, provider: Provider) -> None:
    messages = campaign(many(8))
    service.tricks.append(Trick.TOO_LARGE)

    found = outcomes(provider.send(messages))

    must_be_delivered([message for message in messages if found[message.message_id] is Outcome.ACCEPTED], service.delivered, rig)
    assert list(found.values()).count(Outcome.REFUSED) <= 1


def test_a_service_that_is_no_such_service_takes_nothing(service: FakeService, connect: Connect) -> None:
    provider = connect(url=f"{service.url}/elsewhere")

    results = provider.send(campaign(many(2)))

    assert {(result.outcome, result.attempted) for result in results} == {(Outcome.RETRY, False)}
    with pytest.raises(Unavailable):
        provider.check()


@pytest.mark.parametrize("status", [200, 202, 400, 422, 500])
def test_an_answer_nobody_understands_breaks_nothing(service: FakeService, provider: Provider, status: int) -> None:
    for body in BODIES:
        service.replies = deque([Reply(status, body)] * 2)
        found = outcomes(provider.send(campaign(many(2))))
        assert len(found) == 2
        assert status >= 300 or Outcome.RETRY not in found.values(), f"what may have been taken would be sent again: {body}"
        service.replies = deque([Reply(status, body)] * 2)
        with suppress(Unavailable):
            provider.check()


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_loses_nothing_and_doubles_nothing(service: FakeService, provider: Provider, seed: int) -> None:
    chance = random.Random(seed)
    messages = campaign(many(60))
    service.tricks += chance.choices([one for one in Trick if one is not Trick.SILENT], k=40)
    service.refuses = {messages[chance.randrange(60)].to for _ in range(3)}
    found: dict[int, Outcome] = {}
    waiting = messages

    while waiting:
        size = chance.randint(1, 12)
        found |= outcomes(provider.send(waiting[:size]))
        waiting = [message for message in waiting[size:] + waiting[:size] if found.get(message.message_id, Outcome.RETRY) is Outcome.RETRY]

    taken = service.keys()
    assert len(found) == 60
    assert set(taken.values()) <= {1}
    for message in messages:
        outcome, was_taken = found[message.message_id], taken[message.key] == 1
        assert was_taken or outcome is not Outcome.ACCEPTED
        assert not was_taken or outcome in (Outcome.ACCEPTED, Outcome.UNCERTAIN)


def test_one_provider_serves_several_sends(rig: Rig, service: FakeService, provider: Provider) -> None:
    messages = campaign(many(6))
    for start in (0, 2, 4):
        assert set(outcomes(provider.send(messages[start : start + 2])).values()) == {Outcome.ACCEPTED}

    must_be_delivered(messages, service.delivered, rig)
