"""Starters that sell something: a product, a sale, bringing somebody back."""

from __future__ import annotations

from core.templates.blocks.document import Document, new_block
from core.templates.blocks.kinds import Block, BlockKind
from core.templates.starters.making import HELLO, Starter, button, email, heading, hero, light_button, line, paragraphs, part, small

_SHOP = "https://example.com/shop"


def _products(*names: str) -> Block:
    each = [
        {"name": name, "text": "What it is good for, in a few words.", "price": "49 €", "url": f"{_SHOP}/{number}", "button": "See it"}
        for number, name in enumerate(names, 1)
    ]
    return new_block(BlockKind.PRODUCTS, products=each, space={"top": 4, "bottom": 8, "side": 24})


def _product() -> Document:
    return email(
        "What it does, who it is for, and what it costs.",
        part(
            heading("The everyday one", 1),
            paragraphs(HELLO, "Made for daily use, and repaired for free as long as you own it."),
            button("See the everyday one", f"{_SHOP}/everyday"),
        ),
        part(
            heading("Why people choose it", 3),
            new_block(
                BlockKind.QUOTE,
                text="I have used it every day for a year and would buy it again tomorrow.",
                author="A customer of two years",
                space={"top": 0, "bottom": 16, "side": 32},
            ),
        ),
        part(heading("Goes well with it", 3), _products("The quiet one", "The small one")),
    )


def _sale() -> Document:
    return email(
        "Everything in the shop, until Sunday at midnight.",
        hero(
            "20 % off",
            "Everything in the shop, until Sunday at midnight.",
            light_button("Choose yours", _SHOP),
            over="A thank-you for {{ contact.first_name|default('you') }}",
        ),
        part(heading("What others liked most", 3), _products("The everyday one", "The quiet one", "The small one")),
        part(
            heading("Your code: THANKYOU20", 3, align="center"),
            small(
                '<p>One use for each customer. Not together with other offers. <a href="https://example.com/terms">Terms</a></p>',
                align="center",
            ),
        ),
    )


def _win_back() -> Document:
    return email(
        "What is new since you were here, and a reason to look in.",
        part(
            heading("It has been a while", 1),
            paragraphs(
                HELLO,
                "We have not seen you for some time. In case we have not been interesting, here is what changed since then.",
            ),
            paragraphs("<strong>New:</strong> the quiet one, in four colours", "<strong>Better:</strong> delivery in two days, everywhere"),
            button("Look around", _SHOP),
            line(),
        ),
        part(
            small('<p>Not for you any more? <a href="{{ unsubscribe_url }}">Stop these emails</a>. No hard feelings.</p>'),
            space={"top": 0, "bottom": 8, "side": 0},
        ),
    )


SELLING = (
    Starter("Product", "Presents one product, what others say about it, and what goes well with it.", "The everyday one", _product),
    Starter("Sale", "Makes one offer with one button, some products and a code.", "20 % off until Sunday", _sale),
    Starter("Win-back", "Writes to people who stayed away, and lets them go if they like.", "It has been a while", _win_back),
)
