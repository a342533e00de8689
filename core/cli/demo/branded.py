"""How the demo's emails look: two brand kits, and a letter in two languages that wears one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

from core.app import Services
from core.permissions import Principal
from core.templates.blocks.document import Document, new_block
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.translating import words_of
from core.templates.look.brand import Brand, ButtonStyle, Colours, Font, Logo, Network, Sender, SocialLink, Utm
from core.templates.starters.making import button, email, heading, hero, light_button, paragraphs, part

SUMMER = "Summer blend"
HOUSE, CAFES = "Harbour & Bean", "Harbour & Bean for cafés"
FOR_CAFES = {"Receipt", "Announcement"}  # the starters that the second kit is put on
_SHOP = "https://coffee.example.com"
_LEGAL = "Harbour & Bean is made up. No coffee was roasted for this email."
_COLOURS = Colours(
    primary="#7a3b1d", text="#2b2118", muted="#6b5a49", background="#f4ede4", surface="#fffdf9", line="#e4d8c8", button_text="#fffdf9"
)
_SOCIAL = (
    SocialLink(network=Network.INSTAGRAM, url="https://instagram.com/harbourandbean"),
    SocialLink(network=Network.MASTODON, url="https://mastodon.example/@harbourandbean"),
    SocialLink(network=Network.WEB, url=_SHOP),
)
_GERMAN = {
    "Back until the last sack is empty, and how to drink it cold.": "Zurück, bis der letzte Sack leer ist, und wie man sie kalt trinkt.",
    "View in browser": "Im Browser lesen",
    "The summer blend is back": "Die Sommermischung ist wieder da",
    "Stone fruit, honey, and at its best over ice.": "Steinobst, Honig und am besten auf Eis.",
    "Fill your tin": "Dose auffüllen",
    "How we drink it": "So trinken wir sie",
    "Pour": "Aufgießen",
    "60 g in 500 ml of water at 92 °C, straight onto 300 g of ice.": "60 g auf 500 ml Wasser mit 92 °C, direkt auf 300 g Eis.",
    "Wait": "Warten",
    "One minute, until the glass is wet on the outside.": "Eine Minute, bis das Glas außen nass ist.",
    "I make two litres on Friday, and none is left on Sunday.": "Freitags mache ich zwei Liter, und sonntags ist nichts mehr übrig.",
    "Mina, roaster": "Mina, Röstmeisterin",
    "See all recipes": "Alle Rezepte ansehen",
    "You get this letter because you asked for it in our shop.": "Sie bekommen diesen Brief, weil Sie ihn in unserem Laden bestellt haben.",
    "Unsubscribe": "Abbestellen",
    "Change what you get": "Auswählen, was Sie bekommen",
}


def dress(services: Services, by: Principal) -> int:
    """Make the brand kits; return the number of the one for cafés, which is not the default."""
    drawn = (files("core.cli.demo") / "templates" / "logo.png").read_bytes()
    picture = services.pictures.add(by, drawn, "Harbour & Bean logo", "Harbour & Bean")
    logo = Logo(url=services.pictures.url_of(picture), alt="Harbour & Bean", width=220)
    house = Brand(
        logo=logo,
        colours=_COLOURS,
        heading_font=Font.GEORGIA,
        body_font=Font.GEORGIA,
        button=ButtonStyle(radius=24),
        legal=_LEGAL,
        social=_SOCIAL,
        senders=(
            Sender(name="Harbour & Bean", email="letter@coffee.example.com"),
            Sender(name="Mina from Harbour & Bean", email="mina@coffee.example.com"),
        ),
        utm=Utm(source="letter", medium="email"),
    )
    cafes = Brand(
        logo=logo,
        colours=Colours(primary="#1f5566", text="#17262b", muted="#51656c", background="#eaf1f2", line="#d3e0e3"),
        body_font=Font.HELVETICA,
        heading_font=Font.GEORGIA,
        button=ButtonStyle(radius=4, is_filled=False),
        legal=_LEGAL,
        senders=(Sender(name="Harbour & Bean for cafés", email="cafes@coffee.example.com"),),
        utm=Utm(source="cafes", medium="email"),
    )
    services.brand_kits.save(by, HOUSE, house)
    return services.brand_kits.save(by, CAFES, cafes).kit.id


def write_summer(services: Services, by: Principal) -> None:
    """Keep the letter in English and German."""
    document = _summer()
    languages = {"de": json.dumps(_in_german(document), ensure_ascii=False)}
    note = "The first draft, with the German words"
    services.templates.save(by, SUMMER, document.as_json(), note=note, folder="Letters", tags=("summer",), languages=languages)


def _in_german(document: Document) -> Mapping[str, Mapping[str, str]]:
    said: dict[str, dict[str, str]] = {}
    for words in words_of(document):
        inner = words.text.removeprefix("<p>").removesuffix("</p>")
        if inner in _GERMAN:
            german = _GERMAN[inner]
            said.setdefault(words.part, {})[words.field] = f"<p>{german}</p>" if inner != words.text else german
    return said


def _summer() -> Document:
    quote = new_block(
        BlockKind.QUOTE,
        text="I make two litres on Friday, and none is left on Sunday.",
        author="Mina, roaster",
        space={"top": 8, "bottom": 20, "side": 32},
    )
    return email(
        "Back until the last sack is empty, and how to drink it cold.",
        hero(
            "The summer blend is back",
            "Stone fruit, honey, and at its best over ice.",
            light_button("Fill your tin", f"{_SHOP}/summer"),
        ),
        part(
            heading("How we drink it"),
            heading("Pour", 3),
            paragraphs("60 g in 500 ml of water at 92 °C, straight onto 300 g of ice."),
            heading("Wait", 3),
            paragraphs("One minute, until the glass is wet on the outside."),
            quote,
            button("See all recipes", f"{_SHOP}/recipes"),
        ),
        reason="You get this letter because you asked for it in our shop.",
    )
