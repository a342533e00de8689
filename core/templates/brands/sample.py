"""A small email that shows every part of a brand; nobody gets it."""

from __future__ import annotations

from functools import cache

from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.values import Space

_TEXT = (
    "<p>This is how a paragraph reads, with <a href='https://www.example.com/'>a link</a> in it. "
    "Every email that wears this kit looks like this one.</p>"
)


@cache
def sample_document() -> Document:
    """Return the email."""
    header = new_block(BlockKind.HEADER, shows_view_link=True)
    said = (
        new_block(BlockKind.HEADING, text="A heading in your brand"),
        new_block(BlockKind.TEXT, html=_TEXT),
        new_block(BlockKind.BUTTON, text="A button", url="https://www.example.com/"),
        new_block(BlockKind.DIVIDER),
        new_block(BlockKind.QUOTE, text="What one of your customers said.", author="Kim"),
    )
    around = new_section("1", new_block(BlockKind.FOOTER), background="background", space=Space(top=16, bottom=16, side=0))
    return Document(sections=(new_section("1", header, *said), around))
