"""The words of a template in another language, to be written beside the main ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson
import streamlit as st

from core.errors import InvalidInput
from core.preflight.findings import MAIN
from core.templates.blocks.document import read_document
from core.templates.blocks.parts import words_in
from core.templates.blocks.rich_text import clean
from core.templates.blocks.translating import Words, read_translations, words_of
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.templates import TemplateVersion
from core.ui.create import rich_text
from core.ui.parts import remark
from core.ui.words import harmless, plain

# Names as their readers write them; any other language is shown by its code.
_NAMES = {
    "de": "Deutsch", "fr": "Français", "es": "Español", "it": "Italiano", "pt": "Português", "pt-br": "Português (Brasil)",
    "nl": "Nederlands", "pl": "Polski", "cs": "Čeština", "sv": "Svenska", "da": "Dansk", "nb": "Norsk bokmål", "fi": "Suomi",
    "tr": "Türkçe", "el": "Ελληνικά", "uk": "Українська", "ru": "Русский", "he": "עברית", "ar": "العربية", "hi": "हिन्दी",
    "ja": "日本語", "ko": "한국어", "zh": "中文", "en": "English",
}  # fmt: skip


def common(there: Collection[str]) -> list[str]:
    """Return languages to choose from, without those that are there."""
    return [tag for tag in _NAMES if tag not in there]


def name_of(tag: str) -> str:
    """Return what a language is called, with its code."""
    if tag == MAIN:
        return "Main language"
    return f"{_NAMES[tag]} ({tag})" if tag in _NAMES else tag


def tag_of(typed: str) -> str:
    """Return the code of a language that was chosen, or typed by its name; anything else as it was typed."""
    wanted = typed.strip().casefold()
    return next((tag for tag, name in _NAMES.items() if name.casefold() == wanted), typed)


def nothing_said(version: TemplateVersion) -> str:
    """Return what a translation begins with: nothing for blocks, the whole source for code."""
    return "{}" if version.kind is TemplateKind.BLOCKS else version.source


def draw(version: TemplateVersion, language: str, said: str, generation: int, fields: Mapping[str, str], *, may_edit: bool) -> str:
    """Draw the words of a language beside the main ones, and return them as they are in the fields now.

    Args:
        version: The template in its main language.
        language: The other one.
        said: Its words so far.
        generation: Another number draws the fields anew, with these words.
        fields: The merge fields that can be inserted, and what they are called.
        may_edit: Whether they can be changed.
    """
    key = f"words_{version.template_id}_{language}_{generation}"
    if version.kind is not TemplateKind.BLOCKS:
        return st.text_area("Source", said, height=560, key=key, disabled=not may_edit) or ""
    return _blocks(version, said, key, fields if may_edit else None)


def _blocks(version: TemplateVersion, said: str, key: str, fields: Mapping[str, str] | None) -> str:
    words, kept = words_of(read_document(version.source)), _read(said)
    count = st.container()
    found = {part: dict(theirs) for part, theirs in kept.items()}  # with those of parts that are not there any more
    for one in words:
        typed = _input(one, kept.get(one.part, {}).get(one.field, ""), f"{key}_{one.part}_{one.field}", fields)
        found.setdefault(one.part, {})[one.field] = typed
    found = {part: {name: text for name, text in theirs.items() if text.strip()} for part, theirs in found.items()}
    found = {part: theirs for part, theirs in found.items() if theirs}
    done = sum(one.field in found.get(one.part, {}) for one in words)
    count.caption(f"{done} of {len(words)} texts translated. What is left empty is said in the main language.")
    return said if found == kept else orjson.dumps(found).decode()


def _read(said: str) -> Mapping[str, Mapping[str, str]]:
    try:
        return read_translations(said)
    except InvalidInput:  # a draft that another release left; what is typed takes its place
        return {}


def _input(words: Words, kept: str, key: str, fields: Mapping[str, str] | None) -> str:
    """Draw one text; without fields it can only be looked at."""
    is_rich = words.field == "html"
    st.markdown(f"**{plain(words.label)}**  \n:gray[{plain(words_in(words.text) if is_rich else words.text)}]")
    if is_rich and fields is not None:
        return _rich(words.label, kept, key, fields)
    how: dict[str, Any] = {"label_visibility": "collapsed", "disabled": fields is None, "placeholder": "As in the main language"}
    if words.is_long:
        return st.text_area(words.label, kept, key=key, **how) or ""
    return st.text_input(words.label, kept, key=key, live="300ms", **how) or ""


def _rich(label: str, kept: str, key: str, fields: Mapping[str, str]) -> str:
    """Draw formatted text; what comes out of it is cleaned, whatever the browser did."""
    shown = rich_text.harmless(kept)
    said = rich_text.field(label, shown, fields=fields, key=key)
    if said == shown:
        return kept
    try:
        return clean(said) if words_in(said) else ""
    except InvalidInput as error:
        remark(f"{harmless(error.message)} {harmless(error.hint)}")
        return kept
