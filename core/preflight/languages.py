"""Languages: whether those who read the email in another one get its subject and preview text in it too. Never more than a warning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.preflight.catalogue import found
from core.preflight.emails import Email
from core.preflight.findings import Finding, Rule
from core.templates.languages.headings import Heading, Headings
from core.templates.languages.naming import english_name

_NOTHING = Heading()


def languages(email: Email) -> Iterator[Finding]:
    """Find languages the email has and its subject or preview text has not, and those that only these have."""
    headings = email.envelope.headings
    for tag in email.languages if headings else ():
        yield from _only_in_the_main_one(email, tag, headings)
    for tag in sorted({tag for one in headings for tag in one.languages} - set(email.languages)):
        name = english_name(tag)
        yield found(
            Rule.LANGUAGE_UNUSED, f"The subject is there in {name}, but the mail has no {name} words: nobody gets it.", where="Subject"
        )


def _only_in_the_main_one(email: Email, tag: str, headings: Sequence[Headings]) -> Iterator[Finding]:
    name, main = english_name(tag), _main(email)
    theirs = [one.languages.get(tag, _NOTHING) for one in headings]
    if lacking := [number for number, one in enumerate(theirs) if not one.subject]:
        what = _which(lacking, len(headings))
        hint = f"Write it in {name} too; its readers see it above {name} words."
        yield found(Rule.SUBJECT_LANGUAGE, f"The mail has {name} words but {what} only in {main}.", hint=hint, where="Subject")
    if any(one.preview_text and not said.preview_text for one, said in zip(headings, theirs, strict=True)):
        message = f"The mail has {name} words but its preview text is only in {main}."
        hint = f"Write it in {name} too, or leave it out: then each mail shows its own."
        yield found(Rule.PREVIEW_LANGUAGE, message, hint=hint, where="Preview text")


def _which(lacking: Sequence[int], subjects: int) -> str:
    if len(lacking) > 1:
        return "its subjects are"
    return "its subject is" if subjects == 1 else f"its {'second' if lacking[0] else 'first'} subject is"


def _main(email: Email) -> str:
    """Return what the main language is called, where the email says it."""
    said = next((email.value(one, "lang") for one in email.starts("html")), None) or "und"
    return "its main language" if said.strip().lower() in ("", "und") else english_name(said)
