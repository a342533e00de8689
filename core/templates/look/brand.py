"""A brand as emails use it: colours, fonts, buttons, footer, social links, link parameters."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.errors import InvalidInput

Hex = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$", to_lower=True)]
Url = Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True)]
Short = Annotated[str, StringConstraints(max_length=200)]


class Font(StrEnum):
    """Fonts that every mail program has; the word stands for a stack that ends in a generic family."""

    SYSTEM = "system"
    HELVETICA = "helvetica"
    VERDANA = "verdana"
    TREBUCHET = "trebuchet"
    TAHOMA = "tahoma"
    GEORGIA = "georgia"
    TIMES = "times"
    PALATINO = "palatino"
    COURIER = "courier"

    @property
    def stack(self) -> str:
        """The value of `font-family`."""
        return _STACKS[self]

    @property
    def fallbacks(self) -> str:
        """What stands in for it where it is missing, for people; empty for the reader's own, which is never missing."""
        _first, *others, generic = (one.strip().strip("'") for one in self.stack.split(","))
        return "" if self is Font.SYSTEM else ", ".join([*others, _GENERIC[generic]])


_STACKS = {
    Font.SYSTEM: "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
    Font.HELVETICA: "Helvetica, Arial, sans-serif",
    Font.VERDANA: "Verdana, Geneva, sans-serif",
    Font.TREBUCHET: "'Trebuchet MS', Tahoma, sans-serif",
    Font.TAHOMA: "Tahoma, Verdana, sans-serif",
    Font.GEORGIA: "Georgia, 'Times New Roman', serif",
    Font.TIMES: "'Times New Roman', Times, serif",
    Font.PALATINO: "'Palatino Linotype', Palatino, Georgia, serif",
    Font.COURIER: "'Courier New', Courier, monospace",
}


_GENERIC = {"serif": "any font with serifs", "sans-serif": "any font without serifs", "monospace": "any font of a typewriter"}


class Network(StrEnum):
    """A place where people follow a sender."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINKEDIN = "linkedin"
    YOUTUBE = "youtube"
    TIKTOK = "tiktok"
    X = "x"
    MASTODON = "mastodon"
    BLUESKY = "bluesky"
    THREADS = "threads"
    PINTEREST = "pinterest"
    WEB = "web"

    @property
    def label(self) -> str:
        """Its name as people write it."""
        special = {"linkedin": "LinkedIn", "youtube": "YouTube", "tiktok": "TikTok", "web": "Website"}
        return special.get(self.value, self.value.capitalize())


class Token(StrEnum):
    """A colour of the brand, which a block names in place of a fixed one."""

    PRIMARY = "primary"
    BUTTON_TEXT = "button-text"
    TEXT = "text"
    MUTED = "muted"
    BACKGROUND = "background"
    SURFACE = "surface"
    LINE = "line"


class Value(BaseModel):
    """A value of ours: it never changes, and has no fields but those named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Colours(Value):
    """The colours of a brand, each `#rrggbb`.

    Args:
        primary: Buttons and links.
        button_text: Words on a button.
        text: Headings and text.
        muted: What is said aside, such as the footer.
        background: Around the sheet.
        surface: The sheet.
        line: Dividers and borders.
    """

    primary: Hex = "#4f46e5"
    button_text: Hex = "#ffffff"
    text: Hex = "#1f2433"
    muted: Hex = "#5f6678"
    background: Hex = "#f4f5f9"
    surface: Hex = "#ffffff"
    line: Hex = "#e2e5ee"

    def of(self, token: Token) -> str:
        """Return the colour that a token names."""
        return str(getattr(self, token.value.replace("-", "_")))


class Logo(Value):
    """A logo.

    Args:
        url: Where it is.
        alt: What is read out.
        width: In pixels, as it is shown.
    """

    url: Url = ""
    alt: Short = ""
    width: Annotated[int, Field(ge=16, le=600)] = 140


class ButtonStyle(Value):
    """How buttons look.

    Args:
        radius: Of the corners, in pixels.
        is_filled: Whether the button is filled, or has a border only.
        is_bold: Whether its words are bold.
    """

    radius: Annotated[int, Field(ge=0, le=40)] = 6
    is_filled: bool = True
    is_bold: bool = True


class SocialLink(Value):
    """Where somebody can follow the sender.

    Args:
        network: Which network.
        url: The page there.
    """

    network: Network
    url: Url


class Sender(Value):
    """Whom mail of the brand is from.

    Args:
        name: As the inbox shows it.
        email: The address.
    """

    name: Short = ""
    email: Short


class Utm(Value):
    """Parameters that links get, so that web analytics know where visitors come from; empty ones are left out.

    Args:
        source: `utm_source`.
        medium: `utm_medium`.
        campaign: `utm_campaign`.
    """

    source: Short = ""
    medium: Short = ""
    campaign: Short = ""


class Brand(Value):
    """How emails of one sender look.

    Args:
        logo: The logo.
        colours: The colours.
        heading_font: For headings.
        body_font: For everything else.
        button: How buttons look.
        postal_address: For the footer; empty for the workspace's.
        legal: What else the footer says, such as the company's register.
        social: Where people can follow the sender.
        senders: Whom mail can be from.
        utm: What links get.
    """

    logo: Logo = Logo()
    colours: Colours = Colours()
    heading_font: Font = Font.SYSTEM
    body_font: Font = Font.SYSTEM
    button: ButtonStyle = ButtonStyle()
    postal_address: Annotated[str, StringConstraints(max_length=500)] = ""
    legal: Annotated[str, StringConstraints(max_length=2_000)] = ""
    social: Annotated[tuple[SocialLink, ...], Field(max_length=12)] = ()
    senders: Annotated[tuple[Sender, ...], Field(max_length=20)] = ()
    utm: Utm = Utm()


def read_brand(content: Any) -> Brand:
    """Return a brand from what is kept, or from what somebody sent.

    Raises:
        InvalidInput: If it is not one; names the first field that is wrong.
    """
    try:
        return Brand.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the brand kit"
        raise InvalidInput(f"The brand kit can't be used: “{where}” – {first['msg']}.", hint="Correct this field.") from error
