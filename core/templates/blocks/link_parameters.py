"""The parameters by which web analytics know where a visitor came from, put on the links of a document."""

from __future__ import annotations

import html
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from core.templates.look.brand import Utm
from core.templates.markup.scanning import Kind, scan

# Links that hold these are different for each reader, and stay as they are written.
_FIELDS = ("{{", "{%")


def with_parameters(url: str, utm: Utm) -> str:
    """Return a web address with the brand's `utm_` parameters, but for those it has already.

    Args:
        url: The address; anything but a web address comes back as it is, and so does one with merge fields in it, which would else no
            longer be counted.
        utm: The parameters.
    """
    given = {f"utm_{name}": value for name, value in (("source", utm.source), ("medium", utm.medium), ("campaign", utm.campaign)) if value}
    if not given or any(mark in url for mark in _FIELDS) or not url.startswith(("https://", "http://")):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # the compiler says what is wrong with it
        return url
    has = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items() if name not in has)
    query = "&".join(filter(None, (parts.query, added)))
    return urlunsplit(parts._replace(query=query))


def in_links(markup: str, utm: Utm) -> str:
    """Return HTML with the parameters on the links in it."""
    if utm == Utm() or "<a" not in markup:
        return markup
    written, done = [], 0
    for piece in scan(markup):
        link = (
            next((one for one in piece.attributes if one.name == "href"), None) if piece.kind is Kind.START and piece.name == "a" else None
        )
        if link and not any(mark in link.value for mark in _FIELDS):
            written += [markup[done : link.start], html.escape(with_parameters(link.value, utm))]
            done = link.end
    return "".join([*written, markup[done:]])
