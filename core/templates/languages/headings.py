"""What inboxes show of an email before it is opened, in each language; light, for the receiver shows messages with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Heading:
    """A subject and the text that inboxes show beside it.

    Args:
        subject: The subject line, with merge fields.
        preview_text: What stands beside it, with merge fields.
    """

    subject: str = ""
    preview_text: str = ""


@dataclass(frozen=True)
class Headings:
    """The heading of an email, and what is said instead to those who read another language.

    Args:
        subject: The main subject line.
        preview_text: The main preview text; empty for what the email itself brings.
        languages: By language; what is empty is as in the main one.
    """

    subject: str
    preview_text: str = ""
    languages: Mapping[str, Heading] = field(default_factory=dict)

    def of(self, language: str) -> Heading:
        """Return what is shown in a language; "" is the main one."""
        theirs = self.languages.get(language)
        if theirs is None:
            return Heading(self.subject, self.preview_text)
        return Heading(theirs.subject or self.subject, theirs.preview_text or self.preview_text)

    def beside(self, first: Headings) -> Headings:
        """Return these as they are tried against others: without any preview text of their own they have that of the first."""
        own = [self.preview_text, *(one.preview_text for one in self.languages.values())]
        if any(own):
            return self
        tags = sorted({*self.languages, *first.languages})
        languages = {tag: Heading(self.languages.get(tag, Heading()).subject, first.of(tag).preview_text) for tag in tags}
        return Headings(self.subject, first.preview_text, languages)


def as_row(headings: Headings) -> dict[str, Any]:
    """Return headings as a row of campaigns or of arms keeps them; in other languages without what is empty."""
    kept = {tag: {name: words for name, words in vars(one).items() if words} for tag, one in sorted(headings.languages.items())}
    languages = {tag: said for tag, said in kept.items() if said}
    return {"subject": headings.subject, "preview_text": headings.preview_text, "subjects": languages}


def from_row(row: Any) -> Headings:
    """Return headings from such a row."""
    return Headings(row.subject, row.preview_text, languages_from_json(row.subjects))


def from_columns(columns: Mapping[str, Any]) -> Headings:
    """Return headings from the columns of such a row."""
    return Headings(columns["subject"], columns["preview_text"], languages_from_json(columns["subjects"]))


def languages_from_json(kept: Mapping[str, Mapping[str, str]]) -> dict[str, Heading]:
    """Return the headings in other languages from how they are kept."""
    return {tag: Heading(**said) for tag, said in kept.items()}
