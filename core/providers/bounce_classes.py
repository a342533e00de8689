"""What a mail server's refusal says about the address: enhanced status codes (RFC 3463), then the words."""

from __future__ import annotations

import re
from functools import lru_cache

from core.storage.event_words import BounceClass

# Servers add pages of advice; what counts stands at the beginning, and the words below must not be searched for in a novel.
_LONGEST = 1_000
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
# "550 no", "smtp; 550 no", "host mx.example.com[192.0.2.1] said: 550-no": where a reply stands in what is told about it.
_REPLY = re.compile(r"(?:^\W*|smtp; ?|said: ?|: )([45]\d\d)(?=[\s-]|$)", re.IGNORECASE)

# The first row that fits decides. Subject and detail are regular expressions. Only HARD suppresses an address, so a
# code about our reputation (x.7.x), a full mailbox (x.2.2) or a failing system must never come out as HARD.
_CODES: tuple[tuple[str, str, BounceClass], ...] = (
    ("7", r"\d+", BounceClass.BLOCK),
    ("2", "2", BounceClass.SOFT),
    ("1", "8|7", BounceClass.BLOCK),  # 5.1.7 and 5.1.8 are about the sender's address
    ("1", r"[1-9]\d*", BounceClass.HARD),  # x.1.0 says only that it is about some address, perhaps the sender's: the words decide
    ("2", "1", BounceClass.SOFT),  # disabled mailbox: hard only once it repeats
    ("4", "4|310", BounceClass.HARD),  # no mail route to the domain; Exchange: the domain does not exist
    ("4", "1", BounceClass.SOFT),  # no answer; Exchange Online says so of people it does not know, and of much else
    ("6", r"\d+", BounceClass.BLOCK),  # content
)

# For the many servers that send no enhanced code, or one that says nothing (x.0.0).
_WORDS: tuple[tuple[re.Pattern[str], BounceClass], ...] = tuple(
    (re.compile(words, re.IGNORECASE), bounce_class)
    for words, bounce_class in (
        (r"mailbox (is )?full|over ?quota|quota exceeded|insufficient storage|too large", BounceClass.SOFT),
        (r"\bspam|blocked|blacklist|blocklist|black ?listed|denylist|reputation|policy|dmarc|\bspf\b|\bdkim\b", BounceClass.BLOCK),
        (r"relay|not (permitted|authori[sz]ed|allowed)|authentication|access denied|rate limit|too many", BounceClass.BLOCK),
        (r"(user|mailbox|recipient|address|account)\b.{0,40}(unknown|not found|does ?n.t exist|does not exist|invalid)", BounceClass.HARD),
        (r"(no such|unknown|invalid) (user|mailbox|recipient|address|local part)|mailbox unavailable|no mailbox", BounceClass.HARD),
    )
)

# What is left once the words say nothing either: full, closed or out of order now, the address may be good.
_SUBJECTS = {"2": BounceClass.SOFT, "3": BounceClass.SOFT, "4": BounceClass.SOFT}


def classify(text: str, *, smtp_code: int | None = None, status: str = "") -> BounceClass:
    """Return what a reply says about the address.

    Args:
        text: The reply, or what is told about it.
        smtp_code: The three-digit reply code (RFC 5321), where it stands apart from the text.
        status: The enhanced status code ("5.1.1"), where it stands apart from the text.
    """
    return _class_of(text[:_LONGEST], smtp_code, status)


@lru_cache(maxsize=1024)  # a big provider says the same thousands of times in a batch
def _class_of(told: str, smtp_code: int | None, status: str) -> BounceClass:
    code = smtp_code or _reply_code(told)
    if code is not None and code < 500:
        return BounceClass.SOFT
    level, subject, detail = _enhanced(told, status)
    if level == "4":
        return BounceClass.SOFT
    by_code = next((found for of, details, found in _CODES if of == subject and re.fullmatch(details, detail)), None)
    if level == "5" and by_code:
        return by_code
    by_words = next((bounce_class for words, bounce_class in _WORDS if words.search(told)), None)
    return by_words or (_SUBJECTS.get(subject, BounceClass.UNKNOWN) if level == "5" else BounceClass.UNKNOWN)


def _enhanced(told: str, status: str) -> tuple[str, str, str]:
    """Return the three numbers of the code that says most: the status, unless that says nothing (x.0.0) and the text does."""
    found = [code.groups() for code in (_ENHANCED.fullmatch(status.strip()), _ENHANCED.search(told)) if code]
    level, subject, detail = next((code for code in found if code[1:] != ("0", "0")), found[0] if found else ("", "", ""))
    return level, subject, detail


def settle(verdict: BounceClass, text: str, *, smtp_code: int | None = None, status: str = "") -> BounceClass:
    """Return what a provider's verdict comes to, once the server's own answer has been read.

    A provider calls many things "bounce" or "permanent" that are about the sender, and then the address must stay; but
    where it does not call the address bad, words in the answer alone do not make it so.

    Args:
        verdict: What the provider says about the address.
        text: The server's answer, as the provider tells it.
        smtp_code: As for `classify`.
        status: As for `classify`.
    """
    found = classify(text, smtp_code=smtp_code, status=status)
    if found is BounceClass.UNKNOWN or (found is BounceClass.HARD and verdict in (BounceClass.SOFT, BounceClass.BLOCK)):
        return verdict
    return found


def _reply_code(text: str) -> int | None:
    found = _REPLY.search(text)
    return int(found[1]) if found else None
