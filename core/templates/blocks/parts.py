"""Each kind of block as the MJML that stands for it in a column."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from core.templates.blocks.document import Document
from core.templates.blocks.kinds import (
    Block,
    Button,
    ButtonLook,
    Divider,
    Footer,
    Header,
    Heading,
    Image,
    Products,
    Quote,
    RawHtml,
    RawMjml,
    Social,
    Spacer,
    TextBlock,
)
from core.templates.blocks.link_parameters import in_links, with_parameters
from core.templates.blocks.look import Look
from core.templates.blocks.product_rows import products
from core.templates.blocks.rich_text import clean, escaped
from core.templates.jinja.validating import inspect
from core.templates.look.brand import SocialLink
from core.templates.markup import mjml
from core.templates.markup.placeholders import mask

_SIZES = {1: (28, 1.25), 2: (22, 1.3), 3: (18, 1.35)}
_SHOWN = 40
_FIELD = re.compile(r"\{\{-?\s*+(?:contact\.)?([\w.]++)[^{}]*+\}\}")
_TAG = re.compile(r"<[^<>]*>")  # without the second `<` a text of many takes quadratic time


def attributes(values: Mapping[str, object]) -> str:
    """Return the attributes of an element; those that are empty or None are left out. The values are written already."""
    return "".join(f' {name}="{value}"' for name, value in values.items() if value not in (None, ""))


def name_of(block: Block) -> str:
    """Return what a block is called where people read of it: its kind, and how what it says begins, merge fields by their names."""
    said = words_in(next((str(getattr(block, field)) for field in ("text", "html", "alt") if getattr(block, field, "")), ""))
    said = _FIELD.sub(lambda field: f"({field[1].replace('_', ' ')})", said)
    begin = f" “{said[:_SHOWN].rstrip()}{'…' if len(said) > _SHOWN else ''}”" if said else ""
    return f"{NAMES[block.kind]}{begin}"


def words_in(text: str) -> str:
    """Return what is to be read in clean HTML, in one line."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def places(document: Document) -> dict[str, str]:
    """Return where each section and block of a document is, by its id, in the words of its reader: “Section 2 · Button “Shop now””."""
    found = {}
    for number, section in enumerate(document.sections, 1):
        found[section.id] = f"Section {number}"
        found |= {block.id: f"Section {number} · {name_of(block)}" for column in section.columns for block in column.blocks}
    return found


def write(block: Block, look: Look, classes: str) -> str:
    """Return a block as MJML.

    Args:
        block: The block.
        look: The brand's look.
        classes: The classes that it carries.

    Raises:
        InvalidInput: If what it says can't be used.
    """
    return str(_WRITERS[type(block)](block, look, classes))


def _around(block: Block, look: Look, classes: str, **values: object) -> str:
    """Return the attributes that every element has, and its own."""
    space = block.space
    behind = block.background
    return attributes(
        {
            "padding": f"{space.top}px {space.side}px {space.bottom}px",
            "container-background-color": look.colour(behind) if behind else None,
            **{name.replace("_", "-"): value for name, value in values.items() if name != "named"},
            "css-class": " ".join(filter(None, [str(values.get("named", "")), look.background_class(behind) if behind else "", classes])),
        }
    )


def _heading(block: Heading, look: Look, classes: str) -> str:
    size, line = _SIZES[block.level]
    style = f"margin:0;font-family:{look.brand.heading_font.stack};font-size:{size}px;line-height:{line};font-weight:700"
    colour = look.colour(block.colour)
    around = _around(block, look, classes, align=block.align, color=colour, named=look.colour_class(block.colour))
    words = escaped(block.text, look.vocabulary)
    return f'<mj-text{around}><h{block.level} style="{style};color:{colour}">{words}</h{block.level}></mj-text>'


def _text(block: TextBlock, look: Look, classes: str) -> str:
    said = in_links(clean(block.html, look.vocabulary), look.brand.utm)
    size, named = f"{block.size}px", look.colour_class(block.colour)
    around = _around(block, look, classes, align=block.align, font_size=size, color=look.colour(block.colour), named=named)
    return f"<mj-text{around}>{_spaced(said)}</mj-text>"


def _spaced(said: str) -> str:
    """Return paragraphs with the room between them written out: what mail programs give them differs."""
    return said.replace("<p>", '<p style="margin:0 0 12px">')


def _button(block: Button, look: Look, classes: str) -> str:
    style, colour, words = look.brand.button, look.colour(block.colour), look.colour(block.text_colour)
    is_filled = style.is_filled if block.look is ButtonLook.BRAND else block.look is ButtonLook.FILLED
    around = _around(
        block,
        look,
        classes,
        href=_href(block.url, look, takes_utm=block.takes_utm),
        align=block.align,
        background_color=colour if is_filled else "transparent",
        color=words if is_filled else colour,
        border=None if is_filled else f"2px solid {colour}",
        named="" if is_filled else look.colour_class(block.colour),
        border_radius=f"{style.radius}px",
        font_size="16px",
        font_weight="600" if style.is_bold else "400",
        inner_padding="12px 22px",
        width="100%" if block.is_wide else None,
    )
    return f"<mj-button{around}>{escaped(block.text, look.vocabulary)}</mj-button>"


def _image(block: Image, look: Look, classes: str) -> str:
    if not block.src:
        # Nothing chosen yet: in the mail it is nothing, in the editor a place to choose one.
        return f'<mj-spacer height="{80 if classes else 1}px"{attributes({"css-class": classes})} />'
    around = _around(
        block,
        look,
        classes,
        src=escaped(block.src, look.vocabulary),
        href=_href(block.url, look, takes_utm=block.takes_utm) if block.url else None,
        width=f"{block.width}px" if block.width else None,
        # Where columns stand below each other it is as wide as they are then; one that was given a width keeps that.
        fluid_on_mobile=None if block.width else "true",
        align=block.align,
        border_radius=f"{block.radius}px" if block.radius else None,
    )
    return f'<mj-image{around} alt="{escaped(block.alt, look.vocabulary)}" />'


def _divider(block: Divider, look: Look, classes: str) -> str:
    named = look.colour_class(block.colour)
    width = f"{block.thickness}px"
    return f"<mj-divider{_around(block, look, classes, border_color=look.colour(block.colour), border_width=width, named=named)} />"


def _spacer(block: Spacer, look: Look, classes: str) -> str:
    behind = look.colour(block.background) if block.background else None
    return f"<mj-spacer{attributes({'height': f'{block.height}px', 'container-background-color': behind, 'css-class': classes})} />"


def _social(block: Social, look: Look, classes: str) -> str:
    around = _around(block, look, classes, align=block.align, font_size="14px", named="pw-muted", color=look.colour("muted"))
    return f"<mj-text{around}>{_following(block.links or look.brand.social, look)}</mj-text>"


def _following(links: tuple[SocialLink, ...], look: Look) -> str:
    """Return links to where the sender is; in words, as pictures would have to come from somewhere and be blocked at first."""
    style = f"color:{look.colour('muted')};text-decoration:underline"
    each = [f'<a href="{_href(link.url, look)}" style="{style}">{html.escape(link.network.label)}</a>' for link in links]
    return " &nbsp;·&nbsp; ".join(each)


def _products(block: Products, look: Look, classes: str) -> str:
    around = _around(block, look, classes, named="pw-products pw-text", font_size="16px", line_height="1.4", color=look.colour("text"))
    return f"<mj-table{around}>{products(block, look)}</mj-table>"


def _quote(block: Quote, look: Look, classes: str) -> str:
    colour, line = look.colour(block.colour), look.colour("primary")
    around = _around(block, look, classes, color=colour, font_size="18px", named=look.colour_class(block.colour))
    style = f"margin:0;padding:4px 0 4px 16px;border-left:3px solid {line};font-style:italic"
    author = f'<p style="margin:8px 0 0 19px;font-size:14px">{escaped(block.author, look.vocabulary)}</p>' if block.author else ""
    return f'<mj-text{around}><blockquote style="{style}">{escaped(block.text, look.vocabulary)}</blockquote>{author}</mj-text>'


def _header(block: Header, look: Look, classes: str) -> str:
    logo, written = look.brand.logo, []
    if block.shows_view_link:
        style = f"color:{look.colour('muted')}"
        link = f'<a href="{{{{ view_url }}}}" style="{style}">{escaped(block.view_text, look.vocabulary)}</a>'
        written.append(
            f'<mj-text align="right" font-size="13px" padding="8px {block.space.side}px 0" css-class="pw-muted">{link}</mj-text>'
        )
    href = _href(block.url, look) if block.url else None
    if logo.url:
        around = _around(block, look, classes, src=escaped(logo.url), href=href, width=f"{logo.width}px", align=block.align)
        return "".join([*written, f'<mj-image{around} alt="{escaped(logo.alt)}" />'])
    name = "{{ workspace.name }}"
    inner = f'<a href="{href}" style="color:{look.colour("text")};text-decoration:none">{name}</a>' if href else name
    around = _around(block, look, classes, align=block.align, font_size="18px", font_weight="700", named="pw-text")
    return "".join([*written, f"<mj-text{around}>{inner}</mj-text>"])


def _footer(block: Footer, look: Look, classes: str) -> str:
    brand, muted = look.brand, look.colour("muted")
    link = f"color:{muted};text-decoration:underline"
    address = _lines(brand.postal_address) if brand.postal_address.strip() else "{{ workspace.postal_address }}"
    lines = [_following(brand.social, look)] if block.shows_social and brand.social else []
    lines += [escaped(block.reason, look.vocabulary)] if block.reason else []
    lines.append(f"{{{{ workspace.name }}}}<br />{address}")
    lines += [_lines(brand.legal)] if brand.legal.strip() else []
    stops = [f'<a href="{{{{ unsubscribe_url }}}}" style="{link}">{escaped(block.unsubscribe_text, look.vocabulary) or "Unsubscribe"}</a>']
    if block.preferences_text:
        words = escaped(block.preferences_text, look.vocabulary)
        stops.append(f'<a href="{{{{ preferences_url }}}}" style="{link}">{words}</a>')
    lines.append(" &nbsp;·&nbsp; ".join(stops))
    paragraphs = "".join(f'<p style="margin:0 0 10px">{line}</p>' for line in lines)
    around = _around(block, look, classes, align=block.align, font_size="13px", color=muted, named="pw-muted")
    return f"<mj-text{around}>{paragraphs}</mj-text>"


def _lines(text: str) -> str:
    return "<br />".join(escaped(line) for line in text.strip().splitlines())


def _raw_mjml(block: RawMjml, look: Look, classes: str) -> str:
    inspect(block.code, look.vocabulary)
    mjml.to_html(mask(f"<mjml><mj-body><mj-section><mj-column>{block.code}</mj-column></mj-section></mj-body></mjml>"))
    # A comment that only the editor sees would be lost, so what it finds the block by is an element of its own.
    mark = f'<mj-spacer height="1px" css-class="{classes}" />' if classes else ""
    return mark + block.code


def _raw_html(block: RawHtml, look: Look, classes: str) -> str:
    inspect(block.code, look.vocabulary)
    around = _around(block, look, classes, named="pw-own")
    mjml.to_html(mask(f"<mjml><mj-body><mj-section><mj-column><mj-text>{block.code}</mj-text></mj-column></mj-section></mj-body></mjml>"))
    return f"<mj-text{around}>{block.code}</mj-text>"


def _href(url: str, look: Look, *, takes_utm: bool = False) -> str:
    return escaped(with_parameters(url, look.brand.utm) if takes_utm else url, look.vocabulary)


_WRITERS: dict[type[Any], Callable[[Any, Look, str], str]] = {
    Heading: _heading,
    TextBlock: _text,
    Button: _button,
    Image: _image,
    Divider: _divider,
    Spacer: _spacer,
    Social: _social,
    Quote: _quote,
    Header: _header,
    Footer: _footer,
    Products: lambda block, look, classes: (
        f"<mj-table{_around(block, look, classes, named='pw-products pw-text')}>{products(block, look)}</mj-table>"
    ),
    RawMjml: _raw_mjml,
    RawHtml: _raw_html,
}
NAMES = {
    "heading": "Heading",
    "text": "Text",
    "button": "Button",
    "image": "Picture",
    "divider": "Line",
    "spacer": "Space",
    "social": "Social links",
    "products": "Products",
    "quote": "Quote",
    "header": "Header",
    "footer": "Footer",
    "mjml": "MJML",
    "html": "HTML",
}
