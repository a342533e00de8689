"""Words: the subject, the text beside it, and what spam filters and readers are tired of. Only ever a warning, but for no subject at all.

The list of phrases is short on purpose. Filters learn from what readers report, not from lists; but these open no letter of anybody
they know, in English or in German, and every one that is found is named, so that its author can judge. What shops say every day ("buy
now", "last chance", "lowest price") is not among them: a warning that everybody passes over warns nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.preflight.catalogue import found
from core.preflight.emails import UNKNOWN, Email, quoted
from core.preflight.findings import PREVIEW_TEXT, SUBJECT, Finding, Rule

_PHRASES = (
    *("act now", "click here", "click below", "limited time only", "once in a lifetime", "don't miss out"),
    *("100% free", "absolutely free", "free money", "risk-free", "risk free", "no strings attached"),
    *("make money fast", "earn money from home", "earn extra income", "cash bonus", "guaranteed income", "get rich quick"),
    *("you have been selected", "you are a winner", "congratulations you won", "claim your prize", "urgent response", "this is not spam"),
    *("lose weight fast", "miracle cure", "viagra", "cheap meds", "no credit check", "dear friend"),
    *("jetzt zugreifen", "hier klicken", "klicken sie hier", "klick hier", "nur für kurze zeit"),
    *("100% kostenlos", "völlig kostenlos", "garantiert kostenlos", "gratis geschenk", "risikofrei", "schnell geld verdienen"),
    *("schnell reich", "sie haben gewonnen", "du hast gewonnen", "glückwunsch, sie", "kein spam", "unglaubliches angebot"),
    *("sofort abnehmen", "ohne schufa", "einmalige gelegenheit"),
)
_PHRASE = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(each) for each in sorted(_PHRASES, key=len, reverse=True)) + r")(?!\w)")
_REPLY = re.compile(r"\s*(re|aw|fw|fwd|wg)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{3,}")
_CAPITALS = re.compile(r"[^\W\d_]{2,}")
# What a merge field is counted as; first names have six letters in the middle.
_FIELD_LETTERS = 6
_LONG, _VERY_LONG = 60, 90
_SHORT_PREVIEW = 30
_SHOUTED_SUBJECT, _SHOUTED_TEXT, _LEAST_WORDS = 0.5, 0.3, 20
_MOST_PHRASES = 8


def subjects(email: Email) -> Iterator[Finding]:
    """Find what is wrong with the subject, or with each of several."""
    for subject in email.envelope.subjects or ():
        text = _TAG.sub("", subject).strip()
        if not subject.strip():
            yield found(Rule.SUBJECT_EMPTY, "The subject is empty.", place=SUBJECT)
            continue
        yield from _length(subject)
        if not any(map(str.isalnum, text)) and not _EXPRESSION.search(subject):
            yield found(Rule.SUBJECT_ONLY_EMOJI, f"The subject “{quoted(subject)}” has no words.", place=SUBJECT)
        if reply := _REPLY.match(subject):
            yield found(Rule.SUBJECT_FAKE_REPLY, f"The subject begins with “{reply[0].strip()}”, but answers nobody.", place=SUBJECT)


def preview(email: Email) -> Iterator[Finding]:
    """Find that the text beside a subject is missing, short, or says nothing new."""
    if email.envelope.subjects is None and email.envelope.preview_text is None:
        return
    for text in email.preheaders:
        yield from _beside_subjects(text, email)


def _beside_subjects(text: str, email: Email) -> Iterator[Finding]:
    text = _EXPRESSION.sub(UNKNOWN, text)
    plain = text.replace(UNKNOWN, "").strip()
    if not text.strip():
        yield found(
            Rule.PREVIEW_MISSING, "There is no preview text; inboxes show the first words of the email instead.", place=PREVIEW_TEXT
        )
    elif _same(text) in {_same(_EXPRESSION.sub(UNKNOWN, each)) for each in email.envelope.subjects or ()}:
        yield found(Rule.PREVIEW_SAME, "The preview text says the same as the subject.", place=PREVIEW_TEXT)
    elif len(plain) < _SHORT_PREVIEW and UNKNOWN not in text:
        yield found(Rule.PREVIEW_SHORT, f"The preview text has {len(plain)} letters.", place=PREVIEW_TEXT)


def shouting(email: Email) -> Iterator[Finding]:
    """Find capitals, in the subject or in most of the text."""
    for subject in email.envelope.subjects or ():
        words = _WORD.findall(_TAG.sub("", subject))
        shouted = [word for word in words if word.isupper()]
        if len(shouted) >= 2 and len(shouted) >= _SHOUTED_SUBJECT * len(words):
            yield found(Rule.SHOUTING, f"The subject is written in capitals: “{quoted(' '.join(shouted))}”.", place=SUBJECT)
    words = _CAPITALS.findall(email.words)
    shouted = [word for word in words if word.isupper() and len(word) > 3]
    if len(words) >= _LEAST_WORDS and len(shouted) > _SHOUTED_TEXT * len(words):
        share, example = round(100 * len(shouted) / len(words)), quoted(" ".join(shouted[:4]))
        yield found(Rule.SHOUTING, f"{share} % of the words are in capitals, such as “{example}”.")


def exclaiming(email: Email) -> Iterator[Finding]:
    """Find exclamation marks, several in the subject or many in the text."""
    for subject in email.envelope.subjects or ():
        if (marks := _TAG.sub("", subject).count("!")) > 1:
            yield found(Rule.EXCLAIMING, f"The subject has {marks} exclamation marks.", place=SUBJECT)
    marks, words = email.words.count("!"), len(email.words.split())
    if "!!" in email.words or marks > max(3, words // 50):
        yield found(Rule.EXCLAIMING, f"The text has {marks} exclamation marks.")


def phrases(email: Email) -> Iterator[Finding]:
    """Find phrases that filters know, each once."""
    texts = [*(_TAG.sub("", each) for each in email.envelope.subjects or ()), email.words]
    seen: set[str] = set()
    for number, text in enumerate(texts, 1):
        for match in _PHRASE.finditer(text.lower().replace("’", "'")):
            if match[0] not in seen and len(seen) < _MOST_PHRASES:
                seen.add(match[0])
                place = email.place_of_phrase(match[0]) if number == len(texts) else SUBJECT
                yield found(Rule.SPAM_PHRASE, f"“{match[0]}” is a phrase of spam.", place=place)


def _length(subject: str) -> Iterator[Finding]:
    plain = _TAG.sub("", _EXPRESSION.sub("x" * _FIELD_LETTERS, subject)).strip()
    if len(plain) > _VERY_LONG:
        yield found(Rule.SUBJECT_VERY_LONG, f"The subject has {len(plain)} letters.", place=SUBJECT)
    elif len(plain) > _LONG:
        yield found(Rule.SUBJECT_LONG, f"The subject has {len(plain)} letters.", place=SUBJECT)


def _same(text: str) -> str:
    return re.sub(r"\W+", " ", text.replace(UNKNOWN, "x")).strip().casefold()
