"""How a document looks: the colours, fonts and styles of its brand, also where the reader's screen is dark."""

from __future__ import annotations

from dataclasses import dataclass

from core.templates.jinja.fields import Vocabulary
from core.templates.look.brand import Brand, Token
from core.templates.look.night import DARK, lighter

_TOKENS = frozenset(token.value for token in Token)


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


def _dark(look: Look) -> str:
    primary = look.colour("primary")
    rules = [f"body,.pw-page{{background-color:{DARK[Token.BACKGROUND]} !important}}"]
    for name in ("background", "surface"):
        rules.append(f".pw-on-{name},.pw-on-{name}>table{{background-color:{DARK[Token(name)]} !important}}")
    for name in ("text", "muted"):
        rules.append(
            f".pw-{name} div,.pw-{name} h1,.pw-{name} h2,.pw-{name} h3,.pw-{name} td,p.pw-{name}{{color:{DARK[Token(name)]} !important}}"
        )
    # HTML of one's own keeps every colour it names; what names none is written in ours, and what is behind that turns dark.
    rules.append(f".pw-own>div{{color:{DARK[Token.TEXT]} !important}}")
    rules.append(f".pw-line p{{border-top-color:{DARK[Token.LINE]} !important}}")
    rules.append(f".pw-text a,.pw-primary div{{color:{lighter(primary)} !important}}")
    rules.append(f".pw-primary a,.pw-primary td{{color:{lighter(primary)} !important;border-color:{lighter(primary)} !important}}")
    rules.append(
        f".pw-products p a{{color:{DARK[Token.TEXT]} !important}}.pw-text a.pw-button{{color:{look.colour('button-text')} !important}}"
    )
    rules.append(f".pw-muted a{{color:{DARK[Token.MUTED]} !important}}")
    return "".join(rules)
