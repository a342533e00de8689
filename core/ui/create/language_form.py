"""The words of a template in another language, to be written beside the main ones."""

from __future__ import annotations

from collections.abc import Collection

import orjson
import streamlit as st

from core.templates.blocks.document import read_document
from core.templates.blocks.translating import Words, read_translations, words_of
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.templates import TemplateVersion
from core.ui.words import plain

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
    return f"{_NAMES[tag]} ({tag})" if tag in _NAMES else tag


def tag_of(typed: str) -> str:
    """Return the code of a language that was chosen, or typed by its name; anything else as it was typed."""
    wanted = typed.strip().casefold()
    return next((tag for tag, name in _NAMES.items() if name.casefold() == wanted), typed)


def draw(version: TemplateVersion, language: str, said: str, *, may_edit: bool) -> str | None:
    """Draw the form; return the words once they are to be saved.

    Args:
        version: The template in its main language.
        language: The other one.
        said: Its words as they are kept.
        may_edit: Whether they can be changed.
    """
    with st.form(f"words_{version.id}_{language}", border=False):
        changed = _blocks(version, language, said, may_edit) if version.kind is TemplateKind.BLOCKS else _source(language, said, may_edit)
        return changed if st.form_submit_button("Save translation", type="primary", disabled=not may_edit) else None


def _source(language: str, said: str, may_edit: bool) -> str:
    return st.text_area("Source", said, height=560, key=f"source_{language}", disabled=not may_edit) or ""


def _blocks(version: TemplateVersion, language: str, said: str, may_edit: bool) -> str:
    words, kept = words_of(read_document(version.source)), read_translations(said)
    done = sum(bool(kept.get(one.part, {}).get(one.field, "").strip()) for one in words)
    st.caption(f"{done} of {len(words)} texts translated. What is left empty is said in the main language.")
    found: dict[str, dict[str, str]] = {}
    for one in words:
        typed = _input(
            one, kept.get(one.part, {}).get(one.field, ""), f"words_{version.template_id}_{language}_{one.part}_{one.field}", may_edit
        )
        if typed.strip():
            found.setdefault(one.part, {})[one.field] = typed
    return orjson.dumps(found).decode()


def _input(words: Words, kept: str, key: str, may_edit: bool) -> str:
    st.markdown(f"**{plain(words.label)}**  \n:gray[{plain(words.text)}]")
    draw_one = st.text_area if words.is_long else st.text_input
    return (
        draw_one(words.label, kept, key=key, label_visibility="collapsed", disabled=not may_edit, placeholder="As in the main language")
        or ""
    )
