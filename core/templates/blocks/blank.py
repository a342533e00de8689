"""The email that somebody begins with who begins with nothing."""

from __future__ import annotations

from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.values import Space


def blank() -> Document:
    """Return an email with a header and a footer, and room in between."""
    return Document(
        sections=(
            new_section("1", new_block(BlockKind.HEADER)),
            new_section("1"),
            new_section("1", new_block(BlockKind.FOOTER), space=Space(top=24, bottom=16, side=0)),
        )
    )
