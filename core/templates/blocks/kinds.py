"""The kinds of blocks an email is built from; what they say may hold merge fields, what they look like comes from the brand."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from core.templates.blocks.values import Align, BlockId, Code, Colour, Line, LinkTarget, ShowIf, Space, Text
from core.templates.look.brand import SocialLink, Value


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    TEXT = "text"
    BUTTON = "button"
    IMAGE = "image"
    DIVIDER = "divider"
    SPACER = "spacer"
    SOCIAL = "social"
    PRODUCTS = "products"
    QUOTE = "quote"
    HEADER = "header"
    FOOTER = "footer"
    MJML = "mjml"
    HTML = "html"


class _Block(Value):
    """What every block has.

    Args:
        id: Unique in its document.
        show_if: When it is shown.
        space: Around it.
        background: Behind it; None for what is behind its section.
    """

    id: BlockId
    show_if: ShowIf = ShowIf()
    space: Space = Space()
    background: Colour | None = None


class Heading(_Block):
    """A heading: one line of text in one of three sizes."""

    kind: Literal["heading"]
    text: Line = "Heading"
    level: Annotated[int, Field(ge=1, le=3)] = 1
    align: Align = Align.LEFT
    colour: Colour = "text"


class TextBlock(_Block):
    """Running text, as clean HTML: paragraphs, lists, links, bold, italic."""

    kind: Literal["text"]
    html: Text = "<p>Write something here.</p>"
    size: Annotated[int, Field(ge=10, le=32)] = 16
    align: Align = Align.LEFT
    colour: Colour = "text"


class ButtonLook(StrEnum):
    """How a button looks."""

    BRAND = "brand"
    FILLED = "filled"
    OUTLINE = "outline"


class Button(_Block):
    """A button that leads somewhere; it looks like the brand's, unless it is to stand out or back."""

    kind: Literal["button"]
    text: Line = "Read more"
    url: LinkTarget = "https://example.com/"
    look: ButtonLook = ButtonLook.BRAND
    align: Align = Align.LEFT
    colour: Colour = "primary"
    text_colour: Colour = "button-text"
    is_wide: bool = False
    takes_utm: bool = True


class Image(_Block):
    """A picture, perhaps with a link.

    Args:
        src: Where the picture is.
        alt: What it shows, for those who don't see it; empty for decoration.
        is_decorative: Whether it says nothing and needs no such words.
        width: In pixels as shown; None for all there is.
        url: Where a click leads; empty for nowhere.
        radius: Of its corners, in pixels.
    """

    kind: Literal["image"]
    src: LinkTarget = ""
    alt: Line = ""
    is_decorative: bool = False
    width: Annotated[int, Field(ge=1, le=1_200)] | None = None
    url: LinkTarget = ""
    align: Align = Align.CENTER
    radius: Annotated[int, Field(ge=0, le=100)] = 0
    takes_utm: bool = True


class Divider(_Block):
    """A line."""

    kind: Literal["divider"]
    colour: Colour = "line"
    thickness: Annotated[int, Field(ge=1, le=10)] = 1


class Spacer(_Block):
    """Room."""

    kind: Literal["spacer"]
    height: Annotated[int, Field(ge=4, le=200)] = 24


class Social(_Block):
    """Links to where people can follow the sender; none of its own means the brand's."""

    kind: Literal["social"]
    links: Annotated[tuple[SocialLink, ...], Field(max_length=12)] = ()
    align: Align = Align.CENTER


class Product(Value):
    """A product.

    Args:
        name: What it is called.
        src: Its picture.
        alt: What the picture shows.
        text: A line about it.
        price: As it is written, with the currency.
        url: Where it is sold.
        button: The words of its button; empty for none.
    """

    name: Line = "Product"
    src: LinkTarget = ""
    alt: Line = ""
    text: Line = ""
    price: Line = ""
    url: LinkTarget = ""
    button: Line = ""


class Products(_Block):
    """Up to four products beside each other, or one for each entry of a list that comes with a message.

    Args:
        products: The products; of a repeated row the first says how each looks, and names its fields `item.…`.
        repeat: A list such as `data.items`, or empty.
    """

    kind: Literal["products"]
    products: Annotated[tuple[Product, ...], Field(min_length=1, max_length=4)] = (Product(), Product())
    repeat: Annotated[str, Field(pattern=r"^(?:data\.[A-Za-z_][A-Za-z0-9_]{0,63})?$")] = ""
    takes_utm: bool = True


class Quote(_Block):
    """What somebody said."""

    kind: Literal["quote"]
    text: Text = "What somebody said."
    author: Line = ""
    colour: Colour = "text"


class Header(_Block):
    """The logo, or the sender's name where there is none, and perhaps a link to the mail in the browser."""

    kind: Literal["header"]
    align: Align = Align.LEFT
    url: LinkTarget = ""
    shows_view_link: bool = False
    view_text: Line = "View in browser"


class Footer(_Block):
    """Who sends this, from where, why, and how to stop it."""

    kind: Literal["footer"]
    reason: Line = "You get this email because you signed up for it."
    unsubscribe_text: Line = "Unsubscribe"
    preferences_text: Line = "Change what you get"
    shows_social: bool = True
    align: Align = Align.CENTER


class RawMjml(_Block):
    """MJML of one's own: what may stand in a column."""

    kind: Literal["mjml"]
    code: Code = "<mj-text>Your own MJML</mj-text>"


class RawHtml(_Block):
    """HTML of one's own."""

    kind: Literal["html"]
    code: Code = "<p>Your own HTML</p>"


Block = Annotated[
    Heading | TextBlock | Button | Image | Divider | Spacer | Social | Products | Quote | Header | Footer | RawMjml | RawHtml,
    Field(discriminator="kind"),
]
KINDS: dict[BlockKind, type[_Block]] = {
    BlockKind.HEADING: Heading,
    BlockKind.TEXT: TextBlock,
    BlockKind.BUTTON: Button,
    BlockKind.IMAGE: Image,
    BlockKind.DIVIDER: Divider,
    BlockKind.SPACER: Spacer,
    BlockKind.SOCIAL: Social,
    BlockKind.PRODUCTS: Products,
    BlockKind.QUOTE: Quote,
    BlockKind.HEADER: Header,
    BlockKind.FOOTER: Footer,
    BlockKind.MJML: RawMjml,
    BlockKind.HTML: RawHtml,
}
