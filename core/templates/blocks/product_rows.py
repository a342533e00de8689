"""Products beside each other, or below each other for a list whose length is known only when a message is made."""

from __future__ import annotations

from core.templates.blocks.kinds import Product, Products
from core.templates.blocks.link_parameters import with_parameters
from core.templates.blocks.look import Look
from core.templates.blocks.rich_text import as_html, escaped
from core.templates.jinja.validating import inspect

_ITEM = "item"


def products(block: Products, look: Look) -> str:
    """Return the rows of the table.

    Raises:
        InvalidInput: If what a product says can't be used.
    """
    if block.repeat:
        cell = _cell(block.products[0], _Writer(look, takes_utm=block.takes_utm, repeated=True))
        row = f'<tr><td style="padding:0 0 16px;vertical-align:top">{cell}</td></tr>'
        looped = f"{{% for {_ITEM} in {block.repeat} %}}{row}{{% endfor %}}"
        inspect(looped, look.vocabulary)
        return f"<tbody>{looped}</tbody>"
    writer = _Writer(look, takes_utm=block.takes_utm, repeated=False)
    width = 100 // len(block.products)
    style = "padding:0 8px 16px;vertical-align:top"
    cells = "".join(f'<td width="{width}%" style="{style}">{_cell(one, writer)}</td>' for one in block.products)
    return f"<tbody><tr>{cells}</tr></tbody>"


class _Writer:
    """Writes what stands in a cell; in a repeated one fields begin with `item.`, which are only known inside the loop."""

    def __init__(self, look: Look, *, takes_utm: bool, repeated: bool) -> None:
        self.look, self._takes_utm, self._repeated = look, takes_utm, repeated

    def words(self, text: str) -> str:
        return as_html(text) if self._repeated else escaped(text, self.look.vocabulary)

    def address(self, url: str) -> str:
        return self.words(with_parameters(url, self.look.brand.utm) if self._takes_utm else url)


def _cell(one: Product, writer: _Writer) -> str:
    look = writer.look
    url, text, muted = writer.address(one.url), look.colour("text"), look.colour("muted")
    parts = []
    if one.src:
        picture = (
            f'<img src="{writer.words(one.src)}" alt="{writer.words(one.alt)}" width="100%" style="width:100%;height:auto;border:0" />'
        )
        parts.append(f'<a href="{url}">{picture}</a>' if one.url else picture)
    name = writer.words(one.name)
    linked = f'<a href="{url}" style="color:{text};text-decoration:none">{name}</a>' if one.url else name
    parts.append(f'<p style="margin:8px 0 2px;font-size:16px;font-weight:700">{linked}</p>')
    if one.text:
        parts.append(f'<p class="pw-muted" style="margin:0 0 2px;color:{muted};font-size:14px">{writer.words(one.text)}</p>')
    if one.price:
        parts.append(f'<p class="pw-text" style="margin:0 0 6px;font-size:16px;color:{text}">{writer.words(one.price)}</p>')
    if one.button and one.url:
        style = f"display:inline-block;padding:8px 14px;border-radius:{look.brand.button.radius}px;text-decoration:none"
        colours = f"background-color:{look.colour('primary')};color:{look.colour('button-text')}"
        parts.append(f'<a class="pw-button" href="{url}" style="{style};font-size:14px;{colours}">{writer.words(one.button)}</a>')
    return "".join(parts)
