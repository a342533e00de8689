"""The merge fields that exist, and plain words for the ones that do not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from core.errors import InvalidInput

CONTACT_FIELDS = ("email", "first_name", "last_name")
# Addresses that belong to one message; they stand alone, without a dot.
URL_FIELDS = ("unsubscribe_url", "preferences_url", "view_url")
# What a brand kit says; `core.templates.brands.reading.fields_of` fills them in.
BRAND_FIELDS = (
    *("name", "postal_address", "legal", "logo_url", "logo_alt", "primary_colour", "button_text_colour", "text_colour", "muted_colour"),
    *("background_colour", "surface_colour", "line_colour", "heading_font", "body_font"),
)
# What compiling puts in: the tracked links and the pixel. Nobody writes these.
INTERNAL_FIELDS = ("pw_links", "pw_pixel")
_GROUPS: dict[str, tuple[str, ...] | None] = {
    "contact": CONTACT_FIELDS,
    "workspace": ("name", "postal_address"),
    "campaign": ("name", "subject"),
    "brand": BRAND_FIELDS,
    "data": None,  # what a program sends along with a single message
}
LOOP_FIELDS = ("index", "index0", "revindex", "revindex0", "first", "last", "length")


@dataclass(frozen=True)
class Vocabulary:
    """Which merge fields a template may use.

    Args:
        attributes: The declared contact attributes; None means that any attribute name is taken.
        internal: Whether the fields that compiling adds are known too.
    """

    attributes: Collection[str] | None = None
    internal: bool = False

    def knows_name(self, name: str) -> bool:
        """Return whether a top-level name exists."""
        return name in _GROUPS or name in URL_FIELDS or (self.internal and name in INTERNAL_FIELDS)

    def is_group(self, name: str) -> bool:
        """Return whether a top-level name needs a field behind a dot."""
        return name in _GROUPS

    def knows_fields(self, fields: Iterable[str]) -> bool:
        """Return whether the contact attributes among some fields exist, each written like `contact.city`."""
        known = self._known("contact")
        return known is None or all(not field.startswith("contact.") or field.removeprefix("contact.") in known for field in fields)

    def check_field(self, group: str, name: str, line: int) -> None:
        """Do nothing if `group.name` exists.

        Raises:
            InvalidInput: If not; names it, its line, and what exists.
        """
        known = self._known(group)
        if known is not None and name not in known:
            raise _unknown(f"{group}.{name}", (f"{group}.{each}" for each in known), line)

    def unknown_name(self, name: str, line: int) -> InvalidInput:
        """Return the error for a top-level name that does not exist."""
        return _unknown(name, [*(f"{group}.…" for group in _GROUPS), *URL_FIELDS, *(f"contact.{each}" for each in CONTACT_FIELDS)], line)

    def incomplete_name(self, name: str, line: int) -> InvalidInput:
        """Return the error for a group that stands alone."""
        example = f"{name}.{(_GROUPS[name] or ('order',))[-1]}"
        return InvalidInput(f"“{name}” in line {line} needs a field behind it.", hint=f"Write for example {{{{ {example} }}}}.")

    def _known(self, group: str) -> list[str] | None:
        fields = _GROUPS[group]
        if fields is None or (group == "contact" and self.attributes is None):
            return None
        return [*fields, *sorted(self.attributes or ())] if group == "contact" else list(fields)


def _unknown(name: str, known: Iterable[str], line: int) -> InvalidInput:
    existing = list(known)
    close = get_close_matches(name, existing, n=1, cutoff=0.7)
    guess = f"Did you mean {close[0]}? " if close else ""
    shown = ", ".join(existing[:40]) + (" …" if len(existing) > 40 else "")
    return InvalidInput(f"The merge field “{name[:80]}” in line {line} does not exist.", hint=f"{guess}These exist: {shown}.")
