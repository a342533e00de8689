"""What every email must have: a way to stop it, and where its sender is (CAN-SPAM 7704(a)(5); §5 DDG; GDPR art. 21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from jinja2 import nodes

from core.preflight.branches import always_printed, name_of, printed
from core.preflight.catalogue import found
from core.preflight.emails import Email
from core.preflight.findings import Finding, Rule
from core.templates.markup.scanning import unescaped

_TAG = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"\s+")
_SOMETIMES = "The postal address stands inside a condition: not everybody gets it."
# Texts that look like an address somebody wrote out: a postcode with a town, or a street with a number.
# Every repetition has a bound: the text may be anybody's.
_WRITTEN = re.compile(
    r"\b(?:[A-Z]{1,2}-)?\d{4,6} [A-ZÄÖÜÉÅØ]\w"
    r"|\b[A-Z]{2} \d{5}\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"
    r"|(?i:(?:straße|strasse|str\.|gasse|platz|weg|allee) \d)"
    r"|(?i:\b\d{1,5}[a-z]?,? (?:\w{1,30} ){0,3}(?:street|st|road|rd|avenue|ave|lane|square|drive|boulevard|blvd)\b)"
    r"|(?i:\b(?:street|road|avenue|lane|square) \d)"
    r"|(?i:\bP\.? ?O\.? ?Box \d|\bPostfach \d)"
)


def unsubscribe_link(email: Email) -> Iterator[Finding]:
    """Find that it can't be stopped, by anybody or by some."""
    tree = email.tree
    if tree is None or always_printed(tree, _is_unsubscribe):
        return
    if printed(tree, _is_unsubscribe):
        place = email.place_of_field("unsubscribe_url")
        yield found(Rule.UNSUBSCRIBE_SOMETIMES, "The unsubscribe link stands inside a condition: not everybody gets it.", place=place)
    else:
        yield found(Rule.NO_UNSUBSCRIBE, "There is no unsubscribe link.")


def postal_address(email: Email) -> Iterator[Finding]:
    """Find that it does not say where its sender is, to anybody or to some."""
    tree, written, is_written_out = email.tree, partial(_is_written, _first_line(email)), _is_written_out(email)
    if tree is None or (is_written_out and (always_printed(tree, written) or not printed(tree, written))):
        return
    if not printed(tree, _is_address):
        yield from _where_no_field_says_it(email, is_written_out=is_written_out)
        return
    if not always_printed(tree, lambda node: _is_address(node) or written(node)):
        place = email.place_of_field("workspace.postal_address", "brand.")
        yield found(Rule.POSTAL_ADDRESS_SOMETIMES, _SOMETIMES, place=place)
    stands_there = (email.postal_address and printed(tree, _is_of_workspace)) or (email.brand_address and printed(tree, _is_of_brand))
    if not stands_there:
        yield found(Rule.POSTAL_ADDRESS_EMPTY, "The workspace has no postal address, so none stands in the email. Many countries want one.")


def _where_no_field_says_it(email: Email, *, is_written_out: bool) -> Iterator[Finding]:
    if any(email.footers.values()):  # each names an address, the brand's written out
        return
    if is_written_out or email.footers:
        place = email.place_of_part(next(iter(email.footers), ""))
        yield found(Rule.POSTAL_ADDRESS_SOMETIMES, _SOMETIMES, place=place)
    elif email.postal_address:
        yield found(Rule.NO_POSTAL_ADDRESS, "Your postal address is not in the email.")
    else:
        message = "The email names no postal address, and the workspace has none. Many countries want one."
        yield found(Rule.POSTAL_ADDRESS_UNSEEN, message)


def _is_unsubscribe(node: nodes.Node) -> bool:
    return name_of(node) == "unsubscribe_url"


def _is_of_workspace(node: nodes.Node) -> bool:
    return name_of(node) == "workspace.postal_address"


def _is_of_brand(node: nodes.Node) -> bool:
    group, _, field = name_of(node).partition(".")
    return group == "brand" and "address" in field


def _is_address(node: nodes.Node) -> bool:
    return _is_of_workspace(node) or _is_of_brand(node)


def _is_written_out(email: Email) -> bool:
    first = _first_line(email)
    return bool(first and first in email.words) or bool(_WRITTEN.search(email.words))


def _is_written(first_line: str, node: nodes.Node) -> bool:
    """Return whether a fixed stretch of a template says an address by itself."""
    if not isinstance(node, nodes.TemplateData):
        return False
    words = _SPACES.sub(" ", unescaped(_TAG.sub(" ", node.data)))
    return bool(first_line and first_line in words) or bool(_WRITTEN.search(words))


def _first_line(email: Email) -> str:
    return email.postal_address.partition("\n")[0].strip()
