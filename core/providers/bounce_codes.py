"""The numbers by which SparkPost and Mandrill class bounces (both use the same table), and what they mean here."""

from __future__ import annotations

from core.storage.event_words import BounceClass, EventKind

_HARD = frozenset({"10", "30"})
_SOFT = frozenset({"20", "21", "22", "23", "24", "40", "70"})
_BLOCK = frozenset({"25", "50", "51", "52", "53", "54"})
# Not bounces at all, although they are reported as such: somebody is away, or answered a list's command.
_OTHER_KINDS = {
    "60": EventKind.UNKNOWN,
    "80": EventKind.SUBSCRIBED,
    "90": EventKind.UNSUBSCRIBED,
    "100": EventKind.UNKNOWN,
}


def class_of(code: str) -> BounceClass:
    """Return what a number says about the address."""
    for numbers, bounce in ((_HARD, BounceClass.HARD), (_SOFT, BounceClass.SOFT), (_BLOCK, BounceClass.BLOCK)):
        if code in numbers:
            return bounce
    return BounceClass.UNKNOWN


def kind_of(code: str) -> EventKind:
    """Return what really happened where a bounce of this number was reported."""
    return _OTHER_KINDS.get(code, EventKind.BOUNCED)
