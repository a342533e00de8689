"""How large the HTML is when it leaves: Gmail shows the first 102 KB and hides the rest behind a link."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import PostwrightError
from core.preflight.catalogue import found
from core.preflight.emails import Email
from core.preflight.findings import Finding, Rule
from core.providers.content import Filled
from core.providers.parts import alternative
from core.templates.brands.reading import fields_of
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.confined.process import SHARED
from core.templates.library.previewing import preview_context
from core.templates.look.brand import Brand
from core.templates.rendering.renderer import render

# Gmail's limit as senders have measured it; it has never been documented.
CLIPPED, NEARLY = 102 * 1024, 90 * 1024
# A tracked link: the receiver's address, a letter for the purpose, and a signed token (`links.tokens`).
_TRACKED = "https://links.of-your-company.com/c/" + "x" * 32
_EMPTY = Filled.whole("")
_AROUND = len(alternative(_EMPTY, _EMPTY))


def clipping(email: Email) -> Iterator[Finding]:
    """Find HTML that Gmail cuts off, or nearly."""
    size = rendered_size(email)
    message = f"The HTML has {size / 1024:.0f} KB as it is sent."
    if size > CLIPPED:
        yield found(Rule.HTML_CLIPPED, message)
    elif size > NEARLY:
        yield found(Rule.HTML_NEARLY_CLIPPED, message)


def rendered_size(email: Email) -> int:
    """Return how many bytes the HTML part of one message has, with tracked links, encoded as it is sent."""
    name, address = "Your company", email.postal_address
    sender = {"workspace": {"name": name, "postal_address": address}, "brand": fields_of(name, Brand(), address)}
    context = preview_context(sender, [_TRACKED] * len(email.version.links), None)
    context |= dict.fromkeys(("unsubscribe_url", "preferences_url", "view_url", "pw_pixel"), _TRACKED)
    version = email.version
    try:
        # What is not saved is rendered where it can be stopped, as everywhere.
        html = (SHARED.render(version, context) if isinstance(version, CompiledTemplate) else render(version, context)).html
    except PostwrightError:  # that it can't be written for a made-up reader says nothing about its size
        html = version.html
    return len(alternative(_EMPTY, Filled.whole(html))) - _AROUND
