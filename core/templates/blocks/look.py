"""How a document looks: the colours, fonts and styles of its brand, also where the reader's screen is dark."""

from __future__ import annotations

from dataclasses import dataclass

from core.templates.jinja.fields import Vocabulary
from core.templates.look.brand import Brand, Token

_TOKENS = frozenset(token.value for token in Token)
# What the brand's words become on a dark screen; a fixed colour stays what it is.
_DARK = {"background": "#12141a", "surface": "#1c1f28", "text": "#e9ebf2", "muted": "#a6adbd", "line": "#363c4a"}


@dataclass(frozen=True)
class Look:
    """What blocks need to know to be written.

    Args:
        brand: The brand.
        vocabulary: The merge fields that exist; None takes every contact attribute.
    """

    brand: Brand
    vocabulary: Vocabulary | None = None

    def colour(self, name: str) -> str:
        """Return a colour as `#rrggbb`: one of the brand's, or a fixed one."""
        return self.brand.colours.of(Token(name)) if name in _TOKENS else name.lower()

    def colour_class(self, name: str) -> str:
        """Return the class of what is written in a colour, empty for a fixed one."""
        return f"pw-{name}" if name in _TOKENS else ""

    def background_class(self, name: str) -> str:
        """Return the class of what has a colour behind it, empty for a fixed one."""
        return f"pw-on-{name}" if name in _TOKENS else ""


def head(look: Look) -> str:
    """Return what stands in the head: how things look by default, on phones, and on dark screens."""
    brand = look.brand
    primary = look.colour("primary")
    return (
        "<mj-title>{{ campaign.subject }}</mj-title>"
        '<mj-raw><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></mj-raw>'
        f'<mj-attributes><mj-all font-family="{brand.body_font.stack}" /><mj-text font-size="16px" line-height="1.5" '
        f'color="{look.colour("text")}" padding="0" /></mj-attributes>'
        f"<mj-style>a{{color:{primary}}}\n"
        "@media only screen and (max-width: 480px){.pw-products td{display:block !important;width:auto !important}}\n"
        f"@media (prefers-color-scheme: dark){{{_dark(look)}}}</mj-style>"
    )


def lighter(colour: str, *, least: int = 150) -> str:
    """Return a colour light enough to be read on a dark screen.

    Args:
        colour: `#rrggbb`.
        least: How light its strongest part must be, of 255.
    """
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    share = 0.0
    while share < 1 and sum((0.299, 0.587, 0.114)[place] * one for place, one in enumerate(parts)) < least:
        share += 0.1
        parts = [round(one + (255 - one) * 0.15) for one in parts]
    return "#" + "".join(f"{one:02x}" for one in parts)


def _dark(look: Look) -> str:
    primary = look.colour("primary")
    rules = [f"body,.pw-page{{background-color:{_DARK['background']} !important}}"]
    for name in ("background", "surface"):
        rules.append(f".pw-on-{name},.pw-on-{name}>table{{background-color:{_DARK[name]} !important}}")
    for name in ("text", "muted"):
        rules.append(
            f".pw-{name} div,.pw-{name} h1,.pw-{name} h2,.pw-{name} h3,.pw-{name} td,p.pw-{name}{{color:{_DARK[name]} !important}}"
        )
    rules.append(f".pw-line p{{border-top-color:{_DARK['line']} !important}}")
    rules.append(f".pw-text a,.pw-primary div{{color:{lighter(primary)} !important}}")
    rules.append(f".pw-primary a,.pw-primary td{{color:{lighter(primary)} !important;border-color:{lighter(primary)} !important}}")
    rules.append(
        f".pw-products p a{{color:{_DARK['text']} !important}}.pw-text a.pw-button{{color:{look.colour('button-text')} !important}}"
    )
    rules.append(f".pw-muted a{{color:{_DARK['muted']} !important}}")
    return "".join(rules)
