"""What became of messages, in words: what each fate is called, what it means, and why somebody was left out."""

from __future__ import annotations

from collections.abc import Mapping

from core.contacts.lookup import SkipReason
from core.messages.fates import Fate
from core.messages.recipients import Recipient
from core.messages.states import MessageState

NAMES: Mapping[Fate, str] = {
    Fate.RECEIVED: "Got it",
    Fate.WAITING: "Waiting",
    Fate.BOUNCED: "Bounced",
    Fate.REFUSED: "Refused",
    Fate.SKIPPED: "Left out",
    Fate.UNCERTAIN: "Uncertain",
    Fate.CANCELLED: "Cancelled",
}
MEANINGS: Mapping[Fate, str] = {
    Fate.RECEIVED: "The provider took it, and it has not come back.",
    Fate.WAITING: "It has not left yet, or is tried again later.",
    Fate.BOUNCED: "The provider took it, and then it came back.",
    Fate.REFUSED: "The provider or the recipient’s server would not take it.",
    Fate.SKIPPED: "Not sent: the person may not be mailed, had enough for now, or is kept out to compare with.",
    Fate.UNCERTAIN: "It was handed over and no answer came, so it may have arrived.",
    Fate.CANCELLED: "It had not left when the campaign was cancelled.",
}
_STATES: Mapping[MessageState, str] = {
    MessageState.QUEUED: "Waiting",
    MessageState.CLAIMED: "Being written",
    MessageState.SENDING: "On its way",
    MessageState.ACCEPTED: "Sent",
    MessageState.DELIVERED: "Delivered",
    MessageState.BOUNCED: "Bounced",
    MessageState.COMPLAINED: "Marked as spam",
    MessageState.REFUSED: "Refused",
    MessageState.RETRY: "Tried again later",
    MessageState.UNCERTAIN: "Uncertain",
    MessageState.SKIPPED: "Left out",
    MessageState.CANCELLED: "Cancelled",
}
_LEFT_OUT: Mapping[str, str] = {
    SkipReason.SUPPRESSED.value: "their address is suppressed",
    SkipReason.UNSUBSCRIBED.value: "they unsubscribed",
    SkipReason.NOT_CONFIRMED.value: "they never agreed to get email",
    SkipReason.DELETED.value: "the contact was deleted",
    SkipReason.FREQUENCY_CAP.value: "they had enough email for now",
    SkipReason.HOLDOUT.value: "kept out to compare with",
    SkipReason.NO_HOUR.value: "no hour fits where they live",
    SkipReason.PAUSED.value: "they paused all email for a while",
    SkipReason.LESS_OFTEN.value: "they want email less often, and had some",
}


def why(fate: Fate, reason: str) -> str:
    """Return a reason in words: ours as people say them, a provider's as it is."""
    return _LEFT_OUT.get(reason, reason.replace("_", " ")) if fate is Fate.SKIPPED else reason


def outcome(row: Recipient) -> str:
    """Return where somebody's message is."""
    return _STATES[row.state]


def sentence(text: str) -> str:
    """Return words that begin a line: the first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def state_name(state: MessageState) -> str:
    """Return where one message is, in words."""
    return _STATES[state]
