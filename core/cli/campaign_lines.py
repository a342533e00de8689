"""Subjects and preview texts in other languages, as they are said on the command line: `--subject-in de="…"`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from core.cli.command import Usage
from core.templates.languages.choice import normal_language
from core.templates.languages.headings import Heading

_WHAT = "LANGUAGE=TEXT"
SubjectIn = Annotated[
    list[str] | None,
    typer.Option("--subject-in", metavar=_WHAT, help="The subject for readers of another language of the template; once for each."),
]
PreviewIn = Annotated[
    list[str] | None, typer.Option("--preview-in", metavar=_WHAT, help="The text beside the subject for readers of another language.")
]
SubjectBIn = Annotated[list[str] | None, typer.Option("--subject-b-in", metavar=_WHAT, help="The second subject in another language.")]
PreviewBIn = Annotated[list[str] | None, typer.Option("--preview-b-in", metavar=_WHAT, help="The text beside the second subject there.")]


def in_languages(subjects: Sequence[str] | None, previews: Sequence[str] | None, which: str = "") -> dict[str, Heading]:
    """Return what was said for other languages.

    Args:
        subjects: The subjects, each as `LANGUAGE=TEXT`.
        previews: The texts beside them.
        which: What the options have in their names: "" for the first subject, "-b" for the second.

    Raises:
        Usage: If one is not `LANGUAGE=TEXT`, or a language is there twice.
        InvalidInput: If one names no language.
    """
    theirs, beside = _by_language(f"--subject{which}-in", subjects or ()), _by_language(f"--preview{which}-in", previews or ())
    return {tag: Heading(theirs.get(tag, ""), beside.get(tag, "")) for tag in {**theirs, **beside}}


def _by_language(option: str, given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        language, equals, words = text.partition("=")
        if not (language.strip() and equals and words.strip()):
            raise Usage(f"“{text[:40]}” names no language and text.", hint=f'For example: {option} de="Neues vom Teeberg"')
        tag = normal_language(language)
        if tag in found:
            raise Usage(f"The language {tag} is there twice.", hint=f"Say {option} once for each language.")
        found[tag] = words
    return found
