"""What was left of another program: its merge fields, which nobody here fills in."""

from __future__ import annotations

from collections.abc import Iterator

from core.preflight.catalogue import found
from core.preflight.emails import Email, quoted
from core.preflight.findings import NOWHERE, PREVIEW_TEXT, SUBJECT, Finding, Place, Rule
from core.templates.jinja.foreign import foreign_fields


def fields(email: Email) -> Iterator[Finding]:
    """Find merge fields of other programs, in what inboxes show, in the text and in links, each once."""
    seen: set[str] = set()
    for text, place, is_address in _texts(email):
        for one in foreign_fields(text, is_address=is_address):
            if one.written in seen:
                continue
            seen.add(one.written)
            message = f"“{quoted(one.written)}” is a merge field of another program: readers would see it as it stands."
            yield found(Rule.FIELD_FOREIGN, message, hint=one.hint, place=place or email.place_of_phrase(one.written.lower()))


def _texts(email: Email) -> Iterator[tuple[str, Place | None, bool]]:
    yield from ((subject, SUBJECT, False) for subject in email.envelope.subjects or ())
    yield from ((text, PREVIEW_TEXT, False) for text in email.preheaders)
    yield email.words, None, False
    yield from ((link, NOWHERE if email.document else None, True) for link in email.version.links)
