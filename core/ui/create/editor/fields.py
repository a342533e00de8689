"""The fields of the panel: each shows one value of the chosen part and notes what somebody made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.errors import InvalidInput
from core.templates.blocks.document import new_id
from core.templates.blocks.rich_text import clean, escaped
from core.templates.blocks.values import Align
from core.templates.jinja.fields import Vocabulary
from core.templates.look.brand import Brand, Token
from core.ui.create import rich_text
from core.ui.create.brand_form import COLOURS
from core.ui.create.editor import merge_fields
from core.ui.create.editor.session import Editing
from core.ui.parts import remark
from core.ui.words import harmless

_ALIGN = {"left": ":material/format_align_left:", "center": ":material/format_align_center:", "right": ":material/format_align_right:"}
_FIXED = "fixed"
_NEARLY_WHITE = 235
_LINK = re.compile(r"^(?:https?://[^\s/]+\.[^\s]+|https?://localhost\S*|mailto:\S+@\S+|tel:\+?[\d\s()-]+|sms:\S+|\{\{.*)$", re.IGNORECASE)


@dataclass
class Fields:
    """The fields of one part.

    Args:
        now: What is edited.
        part: The part whose values are shown.
        brand: How the email looks.
        merge: The merge fields that can be inserted.
        vocabulary: The merge fields that exist.
        enabled: Whether anything can be changed.
    """

    now: Editing
    part: Any
    brand: Brand
    merge: Mapping[str, str]
    vocabulary: Vocabulary
    enabled: bool
    values: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """Return the key of a field: another one whenever the document changed otherwise than in the panel."""
        return f"part_{getattr(self.part, 'id', 'email')}_{name}_{self.now.generation}"

    def line(self, name: str, label: str, *, picks: bool = False, help: str | None = None, placeholder: str = "") -> None:
        """Draw a line of text.

        Args:
            name: The value.
            label: What it is called.
            picks: Whether merge fields can be inserted.
            help: One sentence.
            placeholder: What stands there while it is empty.
        """
        was = getattr(self.part, name)
        how: dict[str, Any] = {"disabled": not self.enabled, "max_chars": 500, "help": help, "placeholder": placeholder, "live": "50ms"}
        self.values[name] = st.text_input(label, was, key=self.key(name), **how) or ""
        self.check_words(self.values[name])
        if picks and self.enabled:
            merge_fields.picker(self.merge, lambda code: self.append(name, code), key=self.key(f"{name}_pick"))

    def takes(self, **values: Any) -> None:
        """Give the part values that come from elsewhere than its fields; they are drawn anew with them."""
        self.given |= values

    def append(self, name: str, code: str) -> None:
        """Put a merge field at the end of a text."""
        said = st.session_state.get(self.key(name)) or getattr(self.part, name)
        st.session_state[self.key(name)] = f"{said.rstrip()} {code}".strip()

    def check_words(self, text: str) -> None:
        """Say what is wrong with the merge fields of a text."""
        try:
            escaped(text, self.vocabulary)
        except InvalidInput as error:
            remark(f"{harmless(error.message)} {harmless(error.hint)}")

    def rich(self, name: str, label: str) -> None:
        """Draw formatted text; what comes out of it is cleaned here, whatever the browser did."""
        was = str(getattr(self.part, name))
        if not self.enabled:
            st.caption(f"{label}: your role can look, not change.")
            return
        said = rich_text.field(label, rich_text.harmless(was), fields=self.merge, key=self.key(name))
        try:
            self.values[name] = was if said == rich_text.harmless(was) else clean(said, self.vocabulary)
        except InvalidInput as error:
            remark(f"{harmless(error.message)} {harmless(error.hint)}")

    def code(self, name: str, label: str, help: str) -> None:
        """Draw source text."""
        how: dict[str, Any] = {"disabled": not self.enabled, "height": 260, "help": help, "max_chars": 100_000}
        self.values[name] = st.text_area(label, getattr(self.part, name), key=self.key(name), **how) or ""

    def words(self, name: str, label: str) -> None:
        """Draw a text of some lines without formatting."""
        how: dict[str, Any] = {"disabled": not self.enabled, "height": 110, "max_chars": 2_000}
        self.values[name] = st.text_area(label, getattr(self.part, name), key=self.key(name), **how) or ""
        self.check_words(self.values[name])
        if self.enabled:
            merge_fields.picker(self.merge, lambda code: self.append(name, code), key=self.key(f"{name}_pick"))

    def link(self, name: str = "url", label: str = "Where it leads", *, optional: bool = False) -> None:
        """Draw an address and say at once what is wrong with it; where the part can, also whether it gets the brand's parameters."""
        was = str(getattr(self.part, name))
        how: dict[str, Any] = {"placeholder": "https://", "disabled": not self.enabled, "max_chars": 2_000}
        url = (st.text_input(label, was, key=self.key(name), **how) or "").strip()
        self.values[name] = url
        if complaint := link_complaint(url, optional=optional):
            remark(complaint)
        if hasattr(self.part, "takes_utm") and self.brand.utm != type(self.brand.utm)():
            self.switch("takes_utm", "Add the brand’s utm parameters")

    def switch(self, name: str, label: str, help: str | None = None) -> None:
        """Draw something that is so or not."""
        how: dict[str, Any] = {"disabled": not self.enabled, "help": help}
        self.values[name] = st.toggle(label, getattr(self.part, name), key=self.key(name), **how)

    def number(self, name: str, label: str, least: int, most: int, *, unit: str = "px") -> None:
        """Draw a number."""
        how: dict[str, Any] = {"disabled": not self.enabled}
        was = int(getattr(self.part, name))
        self.values[name] = int(st.number_input(f"{label} ({unit})" if unit else label, least, most, was, key=self.key(name), **how))

    def one_of(self, name: str, label: str, options: Mapping[Any, str]) -> None:
        """Draw a choice between a few."""
        how: dict[str, Any] = {"default": getattr(self.part, name), "required": True, "disabled": not self.enabled}
        self.values[name] = st.segmented_control(label, list(options), format_func=options.__getitem__, key=self.key(name), **how)

    def one_of_many(self, name: str, label: str, options: Mapping[Any, str]) -> None:
        """Draw a choice between more than stand in one row."""
        how: dict[str, Any] = {"default": getattr(self.part, name), "required": True, "disabled": not self.enabled}
        self.values[name] = st.pills(label, list(options), format_func=options.__getitem__, key=self.key(name), **how)

    def align(self) -> None:
        """Draw which side the part keeps to."""
        how: dict[str, Any] = {"default": str(self.part.align), "required": True, "disabled": not self.enabled}
        chosen = st.segmented_control("Alignment", list(_ALIGN), format_func=_ALIGN.__getitem__, key=self.key("align"), **how)
        self.values["align"] = Align(chosen or self.part.align)

    def colour(self, name: str, label: str, *, nothing: str = "") -> None:
        """Draw a colour: one of the brand's, which follows the brand, or a fixed one.

        Args:
            name: The value.
            label: What it is called.
            nothing: What it is called to have none, where that can be.
        """
        was = getattr(self.part, name)
        options = {"": nothing} if nothing else {}
        options |= {token.value: f"{_dot(self.brand.colours.of(token))} {COLOURS[token]}" for token in Token} | {_FIXED: "A fixed one"}
        current = (was or "") if (was or "") in options else _FIXED
        shown = f"{_dot(was)} {was}" if current == _FIXED else options[current]
        with st.popover(f"{label}: {shown}", width="stretch", disabled=not self.enabled):
            how: dict[str, Any] = {"default": current, "required": True, "label_visibility": "collapsed"}
            chosen = st.pills(label, list(options), format_func=options.__getitem__, key=self.key(name), **how)
            if chosen == _FIXED:
                start = was if current == _FIXED else self.brand.colours.primary
                self.values[name] = st.color_picker(f"{label}, fixed", start, key=self.key(f"{name}_fixed"))
            else:
                self.values[name] = chosen or (None if nothing else was)

    def rows(self, name: str, values: Sequence[Any]) -> list[tuple[str, Any]]:
        """Return the rows of a list, each with a key that it keeps while others come and go.

        Args:
            name: The value.
            values: What is in the list; used once, and again when the document changed otherwise than in the panel.
        """
        key = self.key(name)
        if key not in self.now.facts:
            self.now.facts[key] = [(f"{key}_{new_id()}", value) for value in values]
        found: list[tuple[str, Any]] = self.now.facts[key]
        return found

    def add_row(self, name: str, value: Any) -> None:
        """Add a row; for the press of a button."""
        self.now.facts[self.key(name)].append((f"{self.key(name)}_{new_id()}", value))

    def drop_row(self, name: str, row: str) -> None:
        """Take a row out; for the press of a button."""
        key = self.key(name)
        self.now.facts[key] = [one for one in self.now.facts[key] if one[0] != row]

    def space(self) -> None:
        """Draw the room around the part."""
        was, found = self.part.space, {}
        for place, (name, label) in zip(st.columns(3, wrap=False), (("top", "Above"), ("bottom", "Below"), ("side", "Sides")), strict=True):
            how: dict[str, Any] = {"disabled": not self.enabled, "step": 4}
            found[name] = int(place.number_input(label, 0, 200, getattr(was, name), key=self.key(f"space_{name}"), **how))
        self.values["space"] = found


def link_complaint(url: str, *, optional: bool) -> str:
    """Return what is wrong with an address, empty if nothing is."""
    if not url or url == "https://":
        return "" if optional and not url else "Say where it leads: an address that begins with https://"
    if not _LINK.match(url):
        return "This is not a complete address. Begin it with https://, mailto: or tel:"
    return "This address is not encrypted: https:// is safer." if url.lower().startswith("http://") else ""


def _dot(colour: str) -> str:
    if min(int(colour[at : at + 2], 16) for at in (1, 3, 5)) > _NEARLY_WHITE:
        return ":gray[□]"  # would not be seen
    return f':color[■]{{foreground="{colour}"}}'
