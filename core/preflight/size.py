"""How large the HTML is when it leaves: Gmail shows the first 102 KB and hides the rest behind a link."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import PostwrightError
from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.preflight.catalogue import found
from core.preflight.emails import Email
from core.preflight.findings import Finding, Rule
from core.providers.content import Filled
from core.providers.parts import alternative
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.compiling.pixel import counting
from core.templates.confined.process import SHARED
from core.templates.library.previewing import preview_context
from core.templates.rendering.renderer import fill

# Gmail's limit as senders have measured it; it has never been documented.
CLIPPED, NEARLY = 102 * 1024, 90 * 1024
# Addresses of the receiver are as long whatever message they name.
_SIGNER, _MESSAGE = TokenSigner(b"for the length of it"), 1
# Around what is filled in stand soft line breaks (`providers.parts`), so that no line gets too long.
_BREAKS = len("=\r\n" * 2)
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
    """Return how many bytes the HTML part of one message has: with its tracked links and its pixel, encoded as it is sent."""
    version, urls = email.version, TrackingUrls(_SIGNER, email.receiver)
    context = preview_context(email.sender, urls.clicks(_MESSAGE, [_MESSAGE] * len(version.links)), None)
    context |= {"unsubscribe_url": urls.unsubscribe(_MESSAGE), "preferences_url": urls.preferences(_MESSAGE)}
    context |= {"view_url": urls.view(_MESSAGE), "pw_pixel": urls.open(_MESSAGE), "pw_trap": urls.trap(_MESSAGE)}
    sent = CompiledTemplate(version.kind, counting(version.html), version.text, version.links, version.fields)
    broken = 0
    try:
        if isinstance(version, CompiledTemplate):
            # What is not saved is rendered where it can be stopped, as everywhere; there it comes in one piece.
            rendered = SHARED.render(sent, context, whose=email.whose)
            html, broken = Filled.whole(rendered.html), _BREAKS * sent.html.count("{{")
        else:
            html = fill(sent, context).html
    except PostwrightError:  # that it can't be written for a made-up reader says nothing about its size
        html = Filled.whole(sent.html)
    return len(alternative(_EMPTY, html)) - _AROUND + broken
