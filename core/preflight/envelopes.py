"""What stands around an email that is looked at: subject, preview text and sender, and whom it goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from core.templates.languages.headings import Heading, Headings


class Whom(Protocol):
    """Whom an email goes to: the people on a list, or those a segment chooses."""

    @property
    def kind(self) -> str:
        """`list` or `segment`."""
        ...

    @property
    def id(self) -> int:
        """The list or segment."""
        ...


@dataclass(frozen=True)
class Envelope:
    """What stands around an email; None for what is not known yet, and not looked at then.

    Args:
        subjects: Its subject, or several where they are tried against each other.
        preview_text: What inboxes show beside the subject; where not given, the email is looked through for one.
        sender: The address it comes from.
        written: Each subject with its preview text, in every language; by default there is one language.
        other_previews: The preview texts of the other subjects; an empty one stands for what the email itself brings.
    """

    subjects: Sequence[str] | None = None
    preview_text: str | None = None
    sender: str | None = None
    written: Sequence[Headings] = ()
    other_previews: Sequence[str] = ()

    @classmethod
    def around(cls, headings: Sequence[Headings], sender: str | None = None) -> Envelope:
        """Return what stands around a campaign's email.

        Args:
            headings: What inboxes show of it; several where they are tried against each other.
            sender: The address it comes from.
        """
        first = headings[0]
        shown = tuple(one.beside(first) for one in headings)
        others = tuple(one.preview_text for one in shown[1:])
        return cls(tuple(one.subject for one in headings), first.preview_text or None, sender, shown, others)

    @classmethod
    def about(cls, subject: str | None, preview_text: str | None, sender: str | None, languages: Mapping[str, Heading]) -> Envelope:
        """Return what stands around an email with one subject; None for what is not known.

        Args:
            subject: The subject.
            preview_text: What inboxes show beside it.
            sender: The address it comes from.
            languages: Subject and preview text in other languages.
        """
        if subject is None:
            return cls(None, preview_text, sender)
        return cls((subject,), preview_text, sender, (Headings(subject, preview_text or "", languages),))

    @property
    def headings(self) -> Sequence[Headings]:
        """What inboxes show, in every language; none where no subject is known."""
        return self.written or tuple(Headings(subject, self.preview_text or "") for subject in self.subjects or ())

    def read_in(self, language: str) -> Envelope:
        """Return what stands around the email in a language; "" is the main one."""
        shown = [one.of(language) for one in self.written]
        if not language or not shown:
            return self
        subjects, previews = tuple(one.subject for one in shown), tuple(one.preview_text for one in shown)
        return replace(self, subjects=subjects, preview_text=previews[0] or None, other_previews=previews[1:])
