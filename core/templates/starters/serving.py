"""Starters that serve somebody: a receipt, a survey, asking whether they still want to hear."""

from __future__ import annotations

from core.templates.blocks.document import Document, new_block
from core.templates.blocks.kinds import BlockKind
from core.templates.starters.making import HELLO, Starter, button, email, heading, line, paragraphs, part, small


def _receipt() -> Document:
    item = {"name": "{{ item.name }}", "text": "{{ item.count|default(1) }} ×", "price": "{{ item.price|number(2) }} €"}
    return email(
        "What you bought, what it cost, and when it arrives.",
        part(
            heading("Thank you for your order", 1),
            paragraphs(HELLO, "Your order {{ data.number|default('') }} is on its way to us. We write again once it has left."),
            line(),
            new_block(BlockKind.PRODUCTS, products=[item], repeat="data.items", space={"top": 0, "bottom": 0, "side": 32}),
            line(),
            paragraphs("<strong>Total: {{ data.total|number(2) }} €</strong>", align="right"),
            button("See your order", "https://example.com/orders"),
        ),
        reason="You get this email because you ordered something.",
    )


def _survey() -> Document:
    return email(
        "One question, one click.",
        part(
            heading("How did we do?", 1),
            paragraphs(HELLO, "One question: how likely is it that you tell a friend about us?"),
            button("Very likely", "https://example.com/survey?answer=3", is_wide=True),
            button("Perhaps", "https://example.com/survey?answer=2", is_wide=True, look="outline"),
            button("Rather not", "https://example.com/survey?answer=1", is_wide=True, look="outline"),
            small("<p>Your answer is kept with your address so that we can ask what went wrong. It takes one click.</p>"),
        ),
    )


def _permission() -> Document:
    return email(
        "Say yes if you want to hear from us; if you do nothing, we stop.",
        part(
            heading("Shall we go on writing to you?", 1),
            paragraphs(
                HELLO,
                "You signed up some time ago, and we would rather write to people who want to read. "
                "If you do, one click keeps you on the list.",
            ),
            button("Yes, go on", "{{ preferences_url }}"),
            paragraphs("If you do nothing, this was our last email."),
            small('<p>Or <a href="{{ unsubscribe_url }}">stop right away</a>.</p>'),
        ),
        reason="You get this email because you once signed up.",
    )


SERVING = (
    Starter("Receipt", "Lists what somebody bought; sent through the API with the order’s data.", "Your order", _receipt),
    Starter("Survey", "Asks one question that is answered with one click.", "How did we do?", _survey),
    Starter("Re-permission", "Asks people of long ago whether they still want to hear.", "Shall we go on writing to you?", _permission),
)
