"""A field for formatted text with merge fields. What comes out of it is somebody's HTML until it is cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import InvalidInput
from core.templates.blocks.rich_text import clean

_FOLDER = Path(__file__).parents[1] / "components"


@cache
def _component() -> Any:
    # Made on first use: at import there is no runtime yet that could know it. Not in a shadow root: there browsers disagree on where the
    # selection is.
    html, css, js = ((_FOLDER / f"rich_text.{ending}").read_text("utf-8") for ending in ("html", "css", "js"))
    return st.components.v2.component("postwright_rich_text", html=html, css=css, js=js, isolate_styles=False)


def field(label: str, html: str, *, fields: Mapping[str, str], key: str) -> str:
    """Draw the field; return what is in it, not cleaned.

    Args:
        label: What it is called.
        html: What is in it at first, cleaned; later calls with the same key don't write over what somebody types.
        fields: The merge fields that can be inserted, and what they are called.
        key: Unique on the page; another key begins anew with `html`.
    """
    options = [{"name": name, "label": words} for name, words in fields.items()]
    data = {"label": label, "html": html, "fields": options, "version": key}
    _component()(key=key, data=data, on_written_change=lambda: None)
    said = (st.session_state.get(key) or {}).get("written")
    if isinstance(said, Mapping) and said.get("version") == key and isinstance(said.get("html"), str):
        return str(said["html"])
    return html


def harmless(html: str) -> str:
    """Return formatted text as the field may show it; nothing where it can't be read."""
    try:
        return clean(html)
    except InvalidInput:
        return "<p></p>"
