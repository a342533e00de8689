"""Rules in plain words, for people who check what a segment means."""

from __future__ import annotations

from core.segments.fields import Vocabulary, resolve
from core.segments.rules import Group, Match, Node
from core.segments.values import in_words, period_in_words

_JOINS = {Match.ALL: " and ", Match.ANY: " or "}


def describe(node: Node, vocabulary: Vocabulary) -> str:
    """Return checked rules as one sentence, such as “Country is “DE” and opened at least 2 times in the last 30 days”."""
    sentence = _sentence(node, vocabulary, is_inner=False)
    return sentence[:1].upper() + sentence[1:]


def _sentence(node: Node, vocabulary: Vocabulary, *, is_inner: bool) -> str:
    if isinstance(node, Group):
        joined = _JOINS[node.match].join(_sentence(part, vocabulary, is_inner=len(node.nodes) > 1) for part in node.nodes)
        return f"({joined})" if is_inner and len(node.nodes) > 1 else joined
    field, operator = resolve(node, vocabulary)
    words = {"label": field.label, "value": in_words(node, operator, vocabulary), "period": period_in_words(node)}
    return operator.sentence.format(**words)
