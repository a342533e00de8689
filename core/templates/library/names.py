"""What templates, their folders, tags and versions may be called, and the words for one that is not there."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import InvalidInput, NotFound

LONGEST_NAME, LONGEST_NOTE, LONGEST_FOLDER, LONGEST_TAG, MOST_TAGS = 200, 500, 80, 40, 20
NO_FOLDER = "-"  # in place of a folder's name: those that lie in none


def checked_name(name: str) -> str:
    """Return a name with single spaces.

    Raises:
        InvalidInput: If it is empty or too long, or no text.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not is_text(name):
        raise InvalidInput("A template needs a name.", hint=f"Use 1 to {LONGEST_NAME} characters.")
    return name


def checked_note(note: str) -> str:
    """Return a version's note as it is kept.

    Raises:
        InvalidInput: If it is too long, or no text.
    """
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE or not is_text(note):
        raise InvalidInput("The note of a version is a sentence or two.", hint=f"Use up to {LONGEST_NOTE} characters.")
    return note


def checked_folder(folder: str) -> str:
    """Return a folder's name as it is kept.

    Raises:
        InvalidInput: If it is too long, or no text.
    """
    folder = " ".join(folder.split())
    if len(folder) > LONGEST_FOLDER or not is_text(folder) or folder == NO_FOLDER:
        raise InvalidInput("A folder can’t be called this.", hint=f"Use up to {LONGEST_FOLDER} characters.")
    return folder


def checked_tags(tags: Sequence[str]) -> list[str]:
    """Return tags as they are kept: each once, in order.

    Raises:
        InvalidInput: If there are too many, or one is too long.
    """
    found = sorted({" ".join(tag.split()) for tag in tags} - {""}, key=lambda tag: (tag.casefold(), tag))
    if len(found) > MOST_TAGS or any(len(tag) > LONGEST_TAG or not is_text(tag) for tag in found):
        hint = f"Use up to {MOST_TAGS} tags of up to {LONGEST_TAG} characters."
        raise InvalidInput("These can’t be the tags of a template.", hint=hint)
    return found


def is_text(words: str) -> bool:
    """Whether a database can keep something somebody typed."""
    return "\x00" not in words and not any("\ud800" <= character <= "\udfff" for character in words)


def missing(what: str) -> NotFound:
    """Return the error for something this workspace does not have."""
    return NotFound(f"{what} does not exist in this workspace.", hint="Look under Templates for those that do.")
