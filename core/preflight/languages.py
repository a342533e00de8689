"""Languages: what can't be sent in one with what is being written, what has no words in one yet, and which subject stands above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.preflight.catalogue import found
from core.preflight.emails import Email
from core.preflight.findings import MAIN, PREVIEW_TEXT, SUBJECT, Finding, Rule
from core.preflight.wordings import Wordings
from core.templates.blocks.translating import read_translations, unsaid
from core.templates.languages.headings import Heading, Headings
from core.templates.languages.naming import english_name

_NOTHING = Heading()


def unusable(said: Wordings) -> Iterator[Finding]:
    """Find languages that can't be compiled with what is being written."""
    for language, error in said.unusable.items():
        yield replace(found(Rule.LANGUAGE_UNUSABLE, error.message, hint=error.hint), languages=(language,))


def partly(said: Wordings) -> Iterator[Finding]:
    """Find languages in which some words of a block document are not said yet, each with the first place."""
    main = said.emails[MAIN]
    if main.document is None:
        return
    for language, words in said.words.items():
        if language in said.unusable:
            continue
        missing = unsaid(main.document, read_translations(words))
        if missing:
            count = sum(map(len, missing.values()))
            message = f"{count:,} {'text has' if count == 1 else 'texts have'} no words in this language yet."
            place = main.place_of_part(next(iter(missing)))
            yield replace(found(Rule.LANGUAGE_PARTLY, message, place=place), languages=(language,))


def around(said: Wordings) -> Iterator[Finding]:
    """Find languages the email has and its subject or preview text has not, and those that only these have."""
    main, there = said.emails[MAIN], [language for language in said.words if language not in said.unusable]
    headings = main.envelope.headings
    for tag in there if headings else ():
        yield from _only_in_the_main_one(main, tag, headings)
    for tag in sorted({tag for one in headings for tag in one.languages} - set(there)):
        name = english_name(tag)
        yield found(
            Rule.LANGUAGE_UNUSED, f"The subject is there in {name}, but the mail has no {name} words: nobody gets it.", place=SUBJECT
        )


def _only_in_the_main_one(email: Email, tag: str, headings: Sequence[Headings]) -> Iterator[Finding]:
    name, main = english_name(tag), _main(email)
    theirs = [one.languages.get(tag, _NOTHING) for one in headings]
    if lacking := [number for number, one in enumerate(theirs) if not one.subject]:
        what = _which(lacking, len(headings))
        hint = f"Write it in {name} too; its readers see it above {name} words."
        yield found(Rule.SUBJECT_LANGUAGE, f"The mail has {name} words but {what} only in {main}.", hint=hint, place=SUBJECT)
    if any(one.preview_text and not said.preview_text for one, said in zip(headings, theirs, strict=True)):
        message = f"The mail has {name} words but its preview text is only in {main}."
        hint = f"Write it in {name} too, or leave it out: then each mail shows its own."
        yield found(Rule.PREVIEW_LANGUAGE, message, hint=hint, place=PREVIEW_TEXT)


def _which(lacking: Sequence[int], subjects: int) -> str:
    if len(lacking) > 1:
        return "its subjects are"
    return "its subject is" if subjects == 1 else f"its {'second' if lacking[0] else 'first'} subject is"


def _main(email: Email) -> str:
    """Return what the main language is called, where the email says it."""
    said = next((email.value(one, "lang") for one in email.starts("html")), None) or "und"
    return "its main language" if said.strip().lower() in ("", "und") else english_name(said)
