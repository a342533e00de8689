"""What the results of a chunk say about its connection and about the recipients' domains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from core.messages.rows import Claimed
from core.messages.way import HasEmail, Hold
from core.providers import standing as rules
from core.providers.base import Outcome, SendResult, Trouble
from core.providers.domain_groups import domain_group
from core.providers.pace_rules import ALL, Known
from core.providers.standing import ASSUMED_DOMAIN_RATE, FOR_A_PERSON, Standing
from core.storage.event_words import BounceClass

Change = Callable[[Standing], Standing]
# So many refusals in a row, and not one about an address, are about what is sent or who sends it; so many "later" about us.
_TOO_MANY = 20
_NOT_THE_READERS = (None, BounceClass.BLOCK, BounceClass.UNKNOWN)


def gone_of(results: Sequence[SendResult]) -> set[int]:
    """Return which messages the provider took, or may have taken."""
    return {each.message_id for each in results if each.outcome in (Outcome.ACCEPTED, Outcome.UNCERTAIN)}


def changes_after(
    known: Known, people: Sequence[tuple[Claimed, HasEmail]], results: Sequence[SendResult], measured: float, now: datetime
) -> dict[str, Change]:
    """Return how a chunk changes what groups stand at, by group; nothing where all goes as before.

    Args:
        known: What was known before.
        people: Whom the chunk was for.
        results: What became of it.
        measured: The messages a second the connection took before.
        now: The time.
    """
    troubles = {trouble: [each for each in results if _trouble_of(each) is trouble] for trouble in {_trouble_of(each) for each in results}}
    uneasy = {group for group, standing in known.standings.items() if not standing.is_plain}
    healthy = troubles.pop(None, [])
    changes: dict[str, Change] = {}
    if (whole := _of_connection(troubles, healthy, measured, now, is_uneasy=ALL in uneasy)) is not None:
        changes[ALL] = whole
    slow = troubles.get(Trouble.DOMAIN, [])
    if slow or uneasy - {ALL}:
        changes |= _of_domains(people, slow, healthy, uneasy, measured, now)
    return changes


def of_the_campaign(results: Sequence[SendResult]) -> Hold | None:
    """Return why nothing more of this campaign should leave before a person has looked at it; None for nothing.

    Its sender's address is not taken; or of many messages every one is refused, and not for its reader's address.
    """
    if sender := next((each for each in results if each.trouble is Trouble.SENDER), None):
        return Hold(FOR_A_PERSON, f"Its sender's address is not taken: {sender.reason}", needs_person=True)
    refused = [each for each in results if each.outcome is Outcome.REFUSED and each.attempted and each.bounce_class in _NOT_THE_READERS]
    if len(refused) < _TOO_MANY or len(refused) < len(results):
        return None
    return Hold(FOR_A_PERSON, f"Of {len(refused)} messages every one was refused: {refused[0].reason}", needs_person=True)


def _of_connection(
    troubles: dict[Trouble | None, list[SendResult]], healthy: Sequence[SendResult], measured: float, now: datetime, *, is_uneasy: bool
) -> Change | None:
    if refused := troubles.get(Trouble.SIGN_IN):
        return partial(rules.after_refused_sign_in, reason=refused[0].reason)
    if slower := troubles.get(Trouble.THROTTLED):
        wanted = max((each.retry_after for each in slower if each.retry_after), default=None)
        return partial(rules.after_throttling, reason=slower[0].reason, now=now, wanted=wanted, measured=measured)
    if len(healthy) >= _TOO_MANY and all(each.outcome is Outcome.RETRY for each in healthy):  # it never says why, but it wants none now
        return partial(rules.after_throttling, reason=healthy[0].reason, now=now, wanted=None, measured=measured)
    answered = len(healthy) + len(troubles.get(Trouble.DOMAIN, []))  # also a complaint about a domain shows that it works
    if (broken := troubles.get(Trouble.CONNECTION)) and not answered:
        return partial(rules.after_failure, reason=broken[0].reason, now=now)
    if answered and is_uneasy:
        return partial(rules.after_success, accepted=len(healthy), now=now)
    return None


def _of_domains(
    people: Sequence[tuple[Claimed, HasEmail]],
    slow: Sequence[SendResult],
    healthy: Sequence[SendResult],
    uneasy: set[str],
    measured: float,
    now: datetime,
) -> dict[str, Change]:
    group_of = {claimed.message_id: domain_group(reader.email) for claimed, reader in people}
    sizes = Counter(group_of.values())
    changes: dict[str, Change] = {}
    taken = Counter(group_of[each.message_id] for each in healthy if each.outcome is Outcome.ACCEPTED)
    for group in uneasy & taken.keys():
        changes[group] = partial(rules.after_success, accepted=taken[group], now=now)
    for each in reversed(slow):
        group = group_of[each.message_id]
        rate = max(ASSUMED_DOMAIN_RATE, measured * sizes[group] / len(people))
        changes[group] = partial(rules.after_domain_trouble, reason=each.reason, now=now, wanted=each.retry_after, measured=rate)
    return changes


def _trouble_of(result: SendResult) -> Trouble | None:
    return result.trouble or (None if result.attempted else Trouble.CONNECTION)
