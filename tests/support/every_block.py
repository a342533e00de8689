"""An email with a block of each kind, as a file that `postwright templates import` reads; its picture comes with it."""

from __future__ import annotations

import json
from pathlib import Path

from core.templates.blocks.document import Column, Document, Section, new_block, new_id, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.exchange.packing import packed
from tests.support.product import Product
from tests.templates.images.making import photo, saved

_PICTURE, _SHOP = "https://elsewhere.example.com/i/1/hills.jpg", "https://shop.example.com/teas"
_NAMED = {"field": "contact.first_name", "operator": "is_set"}


def every_block() -> Document:
    """Return the email: one column, two beside each other, one that only some people get."""
    over = new_section(
        "1",
        new_block(BlockKind.HEADING, text="The first teas of spring"),
        new_block(BlockKind.TEXT, html="<p>Hello {{ contact.first_name|default('there') }}, they came on <strong>Monday</strong>.</p>"),
        new_block(BlockKind.BUTTON, text="See all teas", url=_SHOP),
        new_block(BlockKind.DIVIDER),
    )
    picture = new_block(BlockKind.IMAGE, src=_PICTURE, alt="Hills with rows of tea", url=_SHOP)
    quote = new_block(BlockKind.QUOTE, text="I never went back to bags.", author="A reader")
    columns = (Column(id=new_id(), blocks=(picture,)), Column(id=new_id(), blocks=(quote, new_block(BlockKind.SPACER))))
    each = [{"name": name, "price": "9 €", "url": _SHOP, "button": "See it"} for name in ("The green one", "The white one")]
    under = new_section(
        "1",
        new_block(BlockKind.PRODUCTS, products=each),
        new_block(BlockKind.SOCIAL, links=[{"network": "instagram", "url": "https://instagram.com/teas"}]),
    )
    own = new_section("1", new_block(BlockKind.MJML), new_block(BlockKind.HTML), show_if={"conditions": [_NAMED]})
    return Document(
        preview_text="They came on Monday.",
        sections=(
            new_section("1", new_block(BlockKind.HEADER, shows_view_link=True)),
            over,
            Section(id=new_id(), layout="1-1", columns=columns),
            under,
            own,
            new_section("1", new_block(BlockKind.FOOTER)),
        ),
    )


def import_every_block(product: Product, folder: Path, name: str, *options: str) -> int:
    """Make a template of it; return its id.

    Args:
        product: Where.
        folder: Where the file may be written.
        name: What it is called.
        options: Further options of the command, for example another workspace.
    """
    form = {
        "postwright": "template",
        "version": 1,
        "name": name,
        "kind": "blocks",
        "source": every_block().as_json(),
        "pictures": [{"file": "pictures/1.jpeg", "url": _PICTURE, "name": "Hills", "alt": "Hills with rows of tea"}],
    }
    file = folder / "every-block.zip"
    file.write_bytes(packed({"template.json": json.dumps(form).encode(), "pictures/1.jpeg": saved(photo(360, 240), "JPEG")}))
    return int(product.run("templates", "import", str(file), "--name", name, *options)["template_id"])
