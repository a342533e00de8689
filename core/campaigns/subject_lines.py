"""What is checked of a draft's lines before they are kept: its subject and preview text, in each language, and those of a second one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from core.errors import InvalidInput
from core.templates.languages.choice import normal_language
from core.templates.languages.headings import Heading, Headings, as_row, from_columns
from core.templates.languages.variants import MAX_LANGUAGES
from core.templates.rendering.renderer import check_line, check_subject

MAX_SUBJECT, MAX_PREVIEW = 400, 400
_NAMES = ("subject", "preview_text", "subjects")
FIRST, SECOND = _NAMES, tuple(f"{name}_b" for name in _NAMES)


def checked_lines(fields: Mapping[str, Any], names: Collection[str], attributes: Callable[[], Collection[str]]) -> dict[str, Any]:
    """Return the columns for those of some lines that were given, each checked.

    Args:
        fields: What was given of a draft.
        names: `FIRST` or `SECOND`.
        attributes: Tells the attributes of contacts that exist.

    Raises:
        InvalidInput: If one can't be used; names it and its language.
    """
    given = {column: fields[name] for column, name in zip(_NAMES, names, strict=True) if name in fields}
    if not given:
        return {}
    known, is_second = attributes(), names == SECOND
    values: dict[str, Any] = {}
    if "subject" in given:
        values["subject"] = _subject(given["subject"] or "", known, may_be_empty=is_second)
    if "preview_text" in given:
        values["preview_text"] = _preview_text(given["preview_text"] or "", known)
    if "subjects" in given:
        values["subjects"] = as_row(Headings("", "", _in_languages(given["subjects"] or {}, known)))["subjects"]
    return values


def arms_of(first: Mapping[str, Any], known: Headings | None, second: Mapping[str, Any]) -> tuple[Headings, ...]:
    """Return the arms of a test: two where there is a second subject, else none.

    Args:
        first: The columns of the first, all of them.
        known: The second so far, or None.
        second: The columns of it that are changed.

    Raises:
        InvalidInput: If more than its subject is given of a second that has none.
    """
    whole = as_row(known or Headings("")) | dict(second)
    if whole["subject"]:
        return from_columns(first), from_columns(whole)
    if second.get("preview_text") or second.get("subjects"):
        raise InvalidInput(
            "There is no second subject that this could be about.", hint="Write the second subject in the main language first."
        )
    return ()


def line(text: str, what: str, longest: int, *, may_be_empty: bool = False) -> str:
    """Return a text if it is one line and not too long.

    Args:
        text: What was given.
        what: What it is, for messages.
        longest: So many characters at most.
        may_be_empty: Whether it can be left out.

    Raises:
        InvalidInput: If not.
    """
    found = text.strip()
    if not found and not may_be_empty:
        raise InvalidInput(f"The {what} is missing.", hint="Write one.")
    if len(found) > longest:
        raise InvalidInput(f"The {what} is {len(found):,} characters long.", hint=f"At most {longest} can be used.")
    if any(character < " " or character == "\x7f" for character in found):
        raise InvalidInput(f"The {what} has a line break or another control character in it.", hint="Write it on one line.")
    return found


def _in_languages(given: Mapping[str, Heading], attributes: Collection[str]) -> dict[str, Heading]:
    if len(given) > MAX_LANGUAGES:
        raise InvalidInput(f"A campaign can have subjects in {MAX_LANGUAGES} languages besides its own.", hint="Take one out first.")
    found: dict[str, Heading] = {}
    for tag, one in given.items():
        try:
            language = normal_language(tag)
            subject = _subject(one.subject, attributes, may_be_empty=True)
            theirs = Heading(subject, _preview_text(one.preview_text, attributes))
        except InvalidInput as error:
            raise InvalidInput(f"In the language {tag[:20]}: {error.message}", hint=error.hint) from error
        if language in found:
            raise InvalidInput(f"The language {language} is there twice.", hint="Name each language once.")
        found[language] = theirs
    return found


def _subject(text: str, attributes: Collection[str], *, may_be_empty: bool = False) -> str:
    subject = line(text, "subject", MAX_SUBJECT, may_be_empty=may_be_empty)
    if subject:
        _must_be_known(check_subject(subject, attributes).fields)
    return subject


def _preview_text(text: str, attributes: Collection[str]) -> str:
    preview_text = line(text, "preview text", MAX_PREVIEW, may_be_empty=True)
    _must_be_known(check_line(preview_text, "preview text", attributes).fields)
    return preview_text


def _must_be_known(fields: Collection[str]) -> None:
    if needed := [name for name in fields if name.startswith("data.")]:
        raise InvalidInput(f"“{needed[0][:80]}” is what only single messages bring.", hint="Use a field of contacts instead.")
