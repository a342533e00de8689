"""A campaign's email as its readers see it: subject, preview text and mail, together in each language."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.contacts.contacts import Contact
from core.templates.languages.choice import chosen_language
from core.templates.languages.headings import Headings
from core.templates.library.templates import TemplateVersion
from core.ui.create import template_preview
from core.ui.create.language_form import name_of
from core.ui.page import Page
from core.ui.words import plain

_MAIN = "Main language"


def draw(page: Page, version: TemplateVersion, headings: Sequence[Headings], *, key: str, height: int) -> str | None:
    """Draw it; return the language it is shown in, "" for the main one, or None where there is one language.

    Args:
        page: The page.
        version: What is sent.
        headings: What inboxes show of it, of each arm of a test.
        key: Unique on the page.
        height: Of the frame, in pixels.
    """
    there = page.services.translating.spoken(page.by, version)
    above = st.container()
    view, reader = template_preview.choose(page, key)
    with above:
        language = _language(there, reader, key) if there else ""
        _lines(headings, language)
    shown = page.services.translating.in_language(page.by, version, language) if language else version
    template_preview.show(page, shown, view, reader, key=key, height=height, template_id=version.template_id)
    return language if there else None


def _language(there: Sequence[str], reader: Contact | None, key: str) -> str:
    """Return the language that a reader gets, or that was chosen where none is named."""
    if reader is not None:
        theirs = chosen_language(reader.attributes.get("language"), there)
        st.caption(f":material/translate: {plain(reader.email)} gets it in {plain(name_of(theirs)) if theirs else 'the main language'}.")
        return theirs
    return (
        st.segmented_control(
            "Language",
            ["", *there],
            default="",
            required=True,
            format_func=lambda tag: name_of(tag) if tag else _MAIN,
            key=f"{key}_language",
            label_visibility="collapsed",
        )
        or ""
    )


def _lines(headings: Sequence[Headings], language: str) -> None:
    for arm, one in zip("AB", headings, strict=False):
        said = one.beside(headings[0]).of(language)
        badge = f":primary-badge[{arm}] " if len(headings) > 1 else ""
        if said.subject:
            beside = f"  \n:gray[{plain(said.preview_text)}]" if said.preview_text else ""
            st.markdown(f"{badge}**{plain(said.subject)}**{beside}")
