"""What a mail server's answers mean: for the message, for its sender's address, for how fast we may go on."""

from __future__ import annotations

import re
from datetime import timedelta

from core.providers.base import Outcome, SendResult, Trouble
from core.providers.bounce_classes import classify
from core.providers.smtp.wire import Reply
from core.storage.event_words import BounceClass

REASON_LENGTH = 300
# The server wants a sign-in or stronger encryption first: nothing is wrong with the message.
_NEEDS_SIGN_IN = (530, 535, 538)
# Amazon SES says "454 Throttling failure" where others say 421; x.3.x is about the server itself: full, or not taking mail now.
_TOO_FAST = (421, 454)
_OF_THE_SERVER = "4.3."
# https://support.google.com/a/answer/3726730 (daily limits); Exchange Online's codes for what a tenant or a sender may not do.
_QUOTA = re.compile(r"5\.4\.5\b.*limit|5\.7\.233\b|5\.1\.90\b|daily .{0,40}(limit|quota)", re.IGNORECASE | re.DOTALL)
_SENDER = re.compile(
    r"5\.7\.60\b|5\.7\.708\b|5\.7\.750\b|5\.1\.[78]\b|SendAsDenied|send as this sender|address is not verified"
    r"|not (owned by|authori[sz]ed to send)|sender .{0,60}(not owned|not allowed|rejected|denied|not verified)",
    re.IGNORECASE | re.DOTALL,
)
_QUOTA_WAIT = timedelta(hours=1)


def answered(message_id: int, reply: Reply) -> SendResult:
    """Return what the answer to a message's text means: only a clear yes or no settles it."""
    if reply.is_good:
        return SendResult(message_id, Outcome.ACCEPTED)
    if 400 <= reply.code < 600:
        return refusal(message_id, reply, is_recipient=False)
    return SendResult(message_id, Outcome.UNCERTAIN, f"The server's answer makes no sense: {reply.words}"[:REASON_LENGTH])


def of_our_sender(message_id: int, reply: Reply) -> SendResult | None:
    """Return what a refusal of MAIL means: it is for good only about our sender's address, and the same for every reader.

    Args:
        message_id: The message.
        reply: The refusal.
    """
    if reply.code < 500 or reply.code in _NEEDS_SIGN_IN or _QUOTA.search(reply.text):
        return None
    return _untried(message_id, reply, Trouble.SENDER)


def refusal(message_id: int, reply: Reply, *, is_recipient: bool) -> SendResult:
    """Return what a refusal means.

    Args:
        message_id: The message.
        reply: What the server said.
        is_recipient: Whether it said that of the recipient's address.
    """
    reason = reply.words[:REASON_LENGTH]
    if reply.code in _NEEDS_SIGN_IN:
        return _untried(message_id, reply, Trouble.SIGN_IN)
    if reply.code < 500:
        return SendResult(message_id, Outcome.RETRY, reason, trouble=_asked_to_slow_down(reply, is_recipient=is_recipient))
    if not is_recipient and _QUOTA.search(reply.text):
        return _untried(message_id, reply, Trouble.THROTTLED, _QUOTA_WAIT)
    if not is_recipient and _SENDER.search(reply.text):
        return _untried(message_id, reply, Trouble.SENDER)
    found = classify(" ".join(reply.text.split()), smtp_code=reply.code)
    # What is said about MAIL or DATA is about us or the content; only the answer to RCPT, or a clear code, can be hard.
    if found is BounceClass.UNKNOWN and is_recipient and reply.code == 550:
        found = BounceClass.HARD
    return SendResult(message_id, Outcome.REFUSED, reason, bounce_class=found)


def _untried(message_id: int, reply: Reply, trouble: Trouble, wait: timedelta | None = None) -> SendResult:
    reason = reply.words[:REASON_LENGTH]
    return SendResult(message_id, Outcome.RETRY, reason, attempted=False, trouble=trouble, retry_after=wait)


def _asked_to_slow_down(reply: Reply, *, is_recipient: bool) -> Trouble | None:
    """Return whether a temporary refusal asks us to be slower, and for whom: 421, 454, 4.7.x and 4.3.x do."""
    if not is_recipient and reply.text.startswith(_OF_THE_SERVER):
        return Trouble.THROTTLED
    if reply.code not in _TOO_FAST and not reply.text.startswith("4.7."):
        return None
    return Trouble.DOMAIN if is_recipient or reply.code not in _TOO_FAST else Trouble.THROTTLED
