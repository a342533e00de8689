"""Lists of tags as DKIM and DMARC records have them (RFC 6376, 3.2)."""

from __future__ import annotations


def tags_of(text: str) -> dict[str, str]:
    """Return the tags of a record, without white space; the first of a name counts, what is no tag is left out."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals and name.strip():
            tags.setdefault(name.strip().lower(), "".join(value.split()))
    return tags
