"""What starters are put together from: blocks with the spacing and sizes that look right beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.templates.blocks.document import Document, Section, new_block, new_section
from core.templates.blocks.kinds import Block, BlockKind

HELLO = "Hello {{ contact.first_name|default('there') }},"


@dataclass(frozen=True)
class Starter:
    """A template that can be copied.

    Args:
        name: Its name in the gallery.
        description: What it is for, one sentence.
        subject: A subject to begin with.
        make: Makes its document; each time with ids of its own.
    """

    name: str
    description: str
    subject: str
    make: Callable[[], Document]

    @property
    def source(self) -> str:
        """The document, as a template keeps it."""
        return self.make().as_json()


def email(preview_text: str, *sections: Section, reason: str = "") -> Document:
    """Return an email between its header and its footer."""
    header = new_section("1", new_block(BlockKind.HEADER, shows_view_link=True, space={"top": 8, "bottom": 8, "side": 32}))
    said = {"reason": reason} if reason else {}
    footer = new_block(BlockKind.FOOTER, space={"top": 20, "bottom": 24, "side": 32}, **said)
    return Document(preview_text=preview_text, sections=(header, *sections, new_section("1", footer, background="background")))


def hero(title: str, text: str, *below: Block, over: str = "") -> Section:
    """Return what an email opens with: large words on the brand's colour."""
    colours = {"colour": "button-text", "align": "center"}
    parts = [heading(over, 3, space={"top": 0, "bottom": 6, "side": 32}, **colours)] if over else []
    parts.append(heading(title, 1, space={"top": 0, "bottom": 12, "side": 32}, **colours))
    parts.append(text_block(f"<p>{text}</p>", size=17, space={"top": 0, "bottom": 12, "side": 40}, **colours))
    return new_section("1", *parts, *below, background="primary", space={"top": 40, "bottom": 28, "side": 0})


def part(*blocks: Block, **values: Any) -> Section:
    """Return blocks below each other."""
    return new_section("1", *blocks, **{"space": {"top": 28, "bottom": 4, "side": 0}, **values})


def beside(layout: str, *columns: tuple[Block, ...], **values: Any) -> Section:
    """Return blocks in columns."""
    section = new_section(layout, **{"space": {"top": 12, "bottom": 4, "side": 8}, **values})
    filled = tuple(column.model_copy(update={"blocks": blocks}) for column, blocks in zip(section.columns, columns, strict=True))
    return section.model_copy(update={"columns": filled})


def heading(text: str, level: int = 2, **values: Any) -> Block:
    """Return a heading."""
    return new_block(BlockKind.HEADING, text=text, level=level, **{"space": {"top": 0, "bottom": 8, "side": 32}, **values})


def text_block(html: str, **values: Any) -> Block:
    """Return running text."""
    return new_block(BlockKind.TEXT, html=html, **{"space": {"top": 0, "bottom": 8, "side": 32}, **values})


def paragraphs(*texts: str, **values: Any) -> Block:
    """Return running text of some paragraphs."""
    return text_block("".join(f"<p>{text}</p>" for text in texts), **values)


def button(text: str, url: str, **values: Any) -> Block:
    """Return a button."""
    return new_block(BlockKind.BUTTON, text=text, url=url, **{"space": {"top": 4, "bottom": 24, "side": 32}, **values})


def light_button(text: str, url: str) -> Block:
    """Return a button that stands on the brand's colour."""
    return button(text, url, colour="button-text", text_colour="primary", align="center")


def line() -> Block:
    """Return a line."""
    return new_block(BlockKind.DIVIDER, space={"top": 4, "bottom": 20, "side": 32})


def small(html: str, **values: Any) -> Block:
    """Return what is said aside."""
    return text_block(html, **{"size": 13, "colour": "muted", **values})
