"""Who shares a request, and who is to blame when a service refuses one as a whole."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.errors import InvalidInput
from core.providers.base import Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, batches, hand_over, looked_over, taken
from core.providers.http import untried
from core.providers.progress import UNNOTED
from core.providers.services import parcels
from tests.providers.conftest import email
from tests.providers.contract import campaign

VALUES = [[f"person {number}", "b"] for number in range(12)]


def ready(messages: Sequence[OutgoingMessage]) -> list[Ready]:
    refused: list[SendResult] = []
    found = list(looked_over(messages, refused))
    assert refused == []
    return found


def shared(messages: Sequence[OutgoingMessage], most: int = 100, most_characters: int = 100_000) -> list[list[int]]:
    made = batches(ready(messages), most=most, most_characters=most_characters, may_share=lambda _: True)
    return [[each.message.message_id for each in batch] for batch in made]


def test_only_what_differs_in_its_values_shares_a_request() -> None:
    ours, theirs = campaign(VALUES[:4]), campaign(VALUES[:4])
    other_sender = campaign(VALUES[:1], from_name="Somebody else")
    answerable = campaign(VALUES[:1], headers={"Reply-To": "ann@example.com"})

    assert shared([*ours[:2], theirs[2], *ours[3:], *other_sender, *answerable]) == [[1, 2, 4], [3], [1], [1]]


def test_a_batch_ends_where_it_is_full() -> None:
    assert [len(batch) for batch in shared(campaign(VALUES), most=5)] == [5, 5, 2]
    assert [len(batch) for batch in shared(campaign(VALUES), most_characters=2_200)] == [4, 4, 4]


def test_each_address_is_in_a_batch_once_however_it_is_written() -> None:
    messages = campaign(VALUES[:4])
    same = [messages[0], email(9, to=messages[0].to.upper(), html=messages[1].html, text=messages[1].text, headers=messages[1].headers)]

    assert shared([*same, *messages[1:]]) == [[1], [9, 2, 3, 4]]


def test_messages_of_any_kind_are_put_together_up_to_a_size() -> None:
    messages = ready([email(number, html="x" * size) for number, size in enumerate((10, 10, 90_000, 10))])

    assert [len(one) for one in parcels(messages, 10, 50_000)] == [2, 1, 1]
    assert [len(one) for one in parcels(messages, 1, 900_000)] == [1, 1, 1, 1]


class Service:
    """Takes all of a batch or nothing."""

    def __init__(self, guilty: set[int], names: int) -> None:
        self.guilty, self.names = guilty, names
        self.took: Counter[int] = Counter()
        self.lock = threading.Lock()

    def __call__(self, batch: Batch) -> list[SendResult] | NotTaken:
        bad = [position for position, each in enumerate(batch) if each.message.message_id in self.guilty]
        if bad:
            return NotTaken("400 no", {position: f"400 {position}" for position in bad[: self.names]})
        with self.lock:
            self.took.update(each.message.message_id for each in batch)
        return [taken(each, "x") for each in batch]


@settings(max_examples=60, deadline=None)
@given(some.sets(some.integers(1, 40)), some.integers(0, 3), some.integers(1, 40), some.integers(1, 40))
def test_only_the_guilty_are_refused_and_nobody_is_sent_twice(guilty: set[int], names: int, count: int, most: int) -> None:
    service = Service(guilty, names)
    messages = ready([email(number) for number in range(1, count + 1)])

    results = hand_over(parcels(messages, most, 10**9), service, UNNOTED)

    refused = {one.message_id for one in results if one.outcome is Outcome.REFUSED}
    assert refused == guilty & set(range(1, count + 1))
    assert sorted(one.message_id for one in results) == list(range(1, count + 1))
    assert service.took == Counter(set(range(1, count + 1)) - guilty)


@pytest.mark.parametrize("trouble", [Trouble.SIGN_IN, Trouble.THROTTLED, Trouble.CONNECTION])
def test_trouble_with_the_service_leaves_the_rest_untried(trouble: Trouble) -> None:
    asked = []

    def request(batch: Batch) -> list[SendResult]:
        asked.append(len(batch))
        return untried([each.message for each in batch], "not now", trouble, timedelta(seconds=9))

    results = hand_over(parcels(ready([email(number) for number in range(100)]), 2, 10**9), request, UNNOTED)

    assert {(one.outcome, one.attempted, one.trouble, one.retry_after) for one in results} == {
        (Outcome.RETRY, False, trouble, timedelta(seconds=9))
    }
    assert len(results) == 100
    assert len(asked) <= 8


def test_after_an_unclear_answer_nothing_more_is_handed_over() -> None:
    def request(batch: Batch) -> list[SendResult]:
        return [SendResult(each.message.message_id, Outcome.UNCERTAIN, "lost", trouble=Trouble.CONNECTION) for each in batch]

    results = hand_over(parcels(ready([email(number) for number in range(100)]), 1, 10**9), request, UNNOTED)

    found = Counter((one.outcome, one.attempted) for one in results)
    assert found == {(Outcome.UNCERTAIN, True): 8, (Outcome.RETRY, False): 92}


def test_what_can_not_be_written_down_is_one_messages_fault() -> None:
    def request(batch: Batch) -> list[SendResult]:
        if any(each.message.message_id == 3 for each in batch):
            raise InvalidInput("That is no text.")
        return [taken(each, "x") for each in batch]

    results = hand_over([ready([email(number) for number in range(6)])], request, UNNOTED)

    assert {one.message_id: one.reason for one in results if one.outcome is Outcome.REFUSED} == {3: "That is no text."}
    assert len(results) == 6
