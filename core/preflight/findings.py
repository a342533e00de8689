"""What a check finds: which rule, how bad it is, what was found, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is: an error keeps a campaign from being sent, the others are for the author to judge."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Theme(StrEnum):
    """What a rule is about."""

    MUST_HAVES = "must_haves"
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
    LOW_CONTRAST = "low_contrast"
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
class Finding:
    """One thing that was found.

    Args:
        rule: Which rule.
        severity: How bad it is.
        message: What was found, in plain words.
        hint: How to mend it.
        where: Where it is ("Line 12", "Subject"); "" where that is not known, or is the whole email.
    """

    rule: Rule
    severity: Severity
    message: str
    hint: str
    where: str = ""


@dataclass(frozen=True)
class Report:
    """What a check of an email came to.

    Args:
        findings: What was found, the worst first.
        fetched: Whether its links and images were asked for.
    """

    findings: tuple[Finding, ...]
    fetched: bool = False

    @property
    def is_blocked(self) -> bool:
        """Whether it may not be sent as it is."""
        return any(one.severity is Severity.ERROR for one in self.findings)

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(one for one in self.findings if one.severity is severity)


def sorted_out(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with the worst first and each once, otherwise in the order in which they were found."""
    order = list(Severity)
    return tuple(sorted(dict.fromkeys(findings), key=lambda one: order.index(one.severity)))
