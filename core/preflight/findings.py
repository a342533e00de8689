"""What a check finds: which rule, how bad it is, what was found, and how to mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is: an error keeps a campaign from being sent, the others are for the author to judge."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Theme(StrEnum):
    """What a rule is about."""

    MUST_HAVES = "must_haves"
    LANGUAGES = "languages"
    LINKS = "links"
    IMAGES = "images"
    FIELDS = "fields"
    WORDS = "words"
    LOOKS = "looks"
    SIZE = "size"
    SENDER = "sender"


class Rule(StrEnum):
    """Every rule there is; `catalogue` says of each how bad it is to break it and how to mend that."""

    NO_UNSUBSCRIBE = "no_unsubscribe"
    UNSUBSCRIBE_SOMETIMES = "unsubscribe_sometimes"
    NO_POSTAL_ADDRESS = "no_postal_address"
    POSTAL_ADDRESS_SOMETIMES = "postal_address_sometimes"
    POSTAL_ADDRESS_EMPTY = "postal_address_empty"
    POSTAL_ADDRESS_UNSEEN = "postal_address_unseen"
    LANGUAGE_UNUSABLE = "language_unusable"
    LANGUAGE_PARTLY = "language_partly"
    LINK_MALFORMED = "link_malformed"
    LINK_EMPTY = "link_empty"
    LINK_PLACEHOLDER = "link_placeholder"
    LINK_PRIVATE = "link_private"
    LINK_DEAD = "link_dead"
    LINK_UNSURE = "link_unsure"
    LINKS_UNCHECKED = "links_unchecked"
    IMAGE_ADDRESS = "image_address"
    IMAGE_MISSING = "image_missing"
    IMAGE_NO_ALT = "image_no_alt"
    IMAGE_NO_WIDTH = "image_no_width"
    IMAGE_EMBEDDED = "image_embedded"
    IMAGE_HEAVY = "image_heavy"
    IMAGES_HEAVY = "images_heavy"
    ALL_IMAGES = "all_images"
    HTML_CLIPPED = "html_clipped"
    HTML_NEARLY_CLIPPED = "html_nearly_clipped"
    FIELD_EMPTY = "field_empty"
    FIELD_UNKNOWN = "field_unknown"
    FIELD_FOREIGN = "field_foreign"
    LOW_CONTRAST = "low_contrast"
    DARK_CONTRAST = "dark_contrast"
    SMALL_TEXT = "small_text"
    WIDE_TABLE = "wide_table"
    SHOUTING = "shouting"
    EXCLAIMING = "exclaiming"
    SPAM_PHRASE = "spam_phrase"
    SUBJECT_EMPTY = "subject_empty"
    SUBJECT_LONG = "subject_long"
    SUBJECT_VERY_LONG = "subject_very_long"
    SUBJECT_ONLY_EMOJI = "subject_only_emoji"
    SUBJECT_FAKE_REPLY = "subject_fake_reply"
    PREVIEW_MISSING = "preview_missing"
    PREVIEW_SHORT = "preview_short"
    PREVIEW_SAME = "preview_same"
    SUBJECT_LANGUAGE = "subject_language"
    PREVIEW_LANGUAGE = "preview_language"
    LANGUAGE_UNUSED = "language_unused"
    SENDER_MISSING = "sender_missing"
    SENDER_FREEMAIL = "sender_freemail"
    SENDER_UNKNOWN = "sender_unknown"
    SENDER_UNCHECKED = "sender_unchecked"
    SENDER_NOT_READY = "sender_not_ready"
    SENDER_IMPROVABLE = "sender_improvable"


@dataclass(frozen=True)
class Place:
    """Where something is in an email.

    Args:
        where: In words; "" where that is not known.
        block: The id of the block or section; "" for none.
        line: The line of the source, from 1; None for none.
    """

    where: str = ""
    block: str = ""
    line: int | None = None


NOWHERE, SUBJECT, PREVIEW_TEXT, SENDER = Place(), Place("Subject"), Place("Preview text"), Place("Sender")
# What the main language is called among the languages of a finding.
MAIN = "main"


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Args:
        rule: Which rule.
        severity: How bad it is.
        message: What was found, in plain words.
        hint: How to mend it.
        where: Where it is ("Line 12", "Section 2 · Button “Shop now”", "Subject"); "" where that is not known, or is the whole email.
        block: The id of the block or section of a block document it is in; "" for none.
        line: The line of the source it is in, from 1; None for none.
        languages: The languages it was found in, `MAIN` for the main one; none where it is the same in all, or there is only one.
        about: What makes it the same finding in another language, where that is not what it says.
    """

    rule: Rule
    severity: Severity
    message: str
    hint: str
    where: str = ""
    block: str = ""
    line: int | None = None
    languages: tuple[str, ...] = ()
    about: str = ""


_OF_FETCHING = frozenset({Rule.LINK_DEAD, Rule.LINK_PRIVATE, Rule.LINK_UNSURE, Rule.LINKS_UNCHECKED, Rule.IMAGE_MISSING})


@dataclass(frozen=True)
class Report:
    """What a check of an email came to.

    Args:
        findings: What was found, the worst first.
        fetched: Whether its links and images were asked for.
        asked: How many of them were, each once.
    """

    findings: tuple[Finding, ...]
    fetched: bool = False
    asked: int = 0

    @property
    def is_blocked(self) -> bool:
        """Whether it may not be sent as it is."""
        return any(one.severity is Severity.ERROR for one in self.findings)

    @property
    def of_fetching(self) -> tuple[Finding, ...]:
        """What asking for links and images came to, where it was not well."""
        return tuple(one for one in self.findings if one.rule in _OF_FETCHING) if self.fetched else ()

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(one for one in self.findings if one.severity is severity)


def sorted_out(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with the worst first and each once, otherwise in the order in which they were found."""
    order = list(Severity)
    return tuple(sorted(dict.fromkeys(findings), key=lambda one: order.index(one.severity)))


def merged(found: Mapping[str, Sequence[Finding]]) -> list[Finding]:
    """Return the findings of all languages; what is the same in several is said once, with their names where it is not in all.

    Args:
        found: By language, the main one first, what was found in it.
    """
    same: dict[tuple[str, str, str, int], dict[str, Finding]] = {}
    for language, findings in found.items():
        times: Counter[tuple[str, str, str]] = Counter()
        for one in dict.fromkeys(findings):
            what = (one.rule, one.about or one.message, one.block)
            same.setdefault((*what, times[what]), {})[language] = one  # of several places, the second here is the second there
            times[what] += 1
    return [_as_one(by_language, everywhere=len(by_language) == len(found)) for by_language in same.values()]


def _as_one(found: Mapping[str, Finding], *, everywhere: bool) -> Finding:
    first = next(iter(found.values()))
    places: dict[str, str] = {}
    for language, one in found.items():
        if one.where:
            places.setdefault(one.where, language)
    if len(places) > 1:  # each language of a code template is a text of its own
        where = ", ".join(f"{place} ({language})" for place, language in places.items())
        first = replace(first, where=where)
    return first if everywhere else replace(first, languages=tuple(found))
