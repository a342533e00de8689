"""The frame of a page people outside see, and the small pieces it is put together from; every text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from core.contacts.hosted.style import DEFAULT_ACCENT, style, style_hash


@dataclass(frozen=True)
class HostedPage:
    """A page and the policy it may be shown under.

    Args:
        html: The document.
        policy: Its content security policy.
        status: The status it is answered with.
    """

    html: str
    policy: str
    status: int = 200


@dataclass(frozen=True)
class Frame:
    """What a page has around it.

    Args:
        workspace: Who it is from; may be empty.
        language: The language of its texts.
        accent: The colour of its button.
        sites: The sites that may show it in a frame.
        leads_to: The origin its form may lead to besides our own; empty for none.
    """

    workspace: str = ""
    language: str = "en"
    accent: str = DEFAULT_ACCENT
    sites: Sequence[str] = ()
    leads_to: str = ""

    def page(self, title: str, body: str, status: int = 200) -> HostedPage:
        """Return a page: a heading and what stands under it, which is HTML."""
        sheet = style(self.accent)
        sender = f'<p class="from">{escape(self.workspace)}</p>' if self.workspace else ""
        html = (
            f'<!doctype html><html lang="{escape(self.language)}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
            f"<title>{escape(title)}</title><style>{sheet}</style></head>"
            f"<body><main>{sender}<h1>{escape(title)}</h1>{body}</main></body></html>"
        )
        return HostedPage(html, self._policy(sheet), status)

    def _policy(self, sheet: str) -> str:
        form_action = f"'self' {self.leads_to}".rstrip()
        ancestors = " ".join(self.sites) or "'none'"
        return f"default-src 'none'; style-src {style_hash(sheet)}; form-action {form_action}; base-uri 'none'; frame-ancestors {ancestors}"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph that keeps the line breaks of its text; nothing for no text."""
    return f'<p class="{f"lines {kind}".strip()}">{escape(text)}</p>' if text else ""


def note(text: str, title: str = "", *, is_wrong: bool = False) -> str:
    """Return a note that a screen reader reads out."""
    heading = f"<p><strong>{escape(title)}</strong></p>" if title else ""
    kind, role = ("note wrong", "alert") if is_wrong else ("note", "status")
    return f'<div class="{kind}" role="{role}">{heading}<p>{escape(text)}</p></div>'


def hidden(name: str, value: str) -> str:
    """Return a field nobody sees."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


@dataclass(frozen=True)
class Tick:
    """A box or a round button with its words.

    Args:
        name: The field's name.
        value: What is sent when it is ticked.
        label: What stands beside it.
        is_on: Whether it is ticked.
        description: A smaller text under the label.
        is_one_of: Whether only one of its name can be chosen.
        problem: The id of the element that says what is wrong with it; empty if nothing is.
        is_required: Whether the browser lets nothing be sent without it.
    """

    name: str
    value: str
    label: str
    is_on: bool = False
    description: str = ""
    is_one_of: bool = False
    problem: str = ""
    is_required: bool = False

    def html(self) -> str:
        """Return it as HTML."""
        kind = "radio" if self.is_one_of else "checkbox"
        marks = " checked" * self.is_on + " required" * self.is_required
        marks += f' aria-invalid="true" aria-describedby="{self.problem}"' if self.problem else ""
        more = f'<span class="soft">{escape(self.description)}</span>' if self.description else ""
        return (
            f'<label class="tick"><input type="{kind}" name="{escape(self.name)}" value="{escape(self.value)}"{marks}>'
            f'<span class="lines">{escape(self.label)}</span>{more}</label>'
        )


def group(legend: str, ticks: Sequence[Tick], problem: str = "") -> str:
    """Return boxes that belong together."""
    return f"<fieldset><legend>{escape(legend)}</legend>{''.join(tick.html() for tick in ticks)}{problem}</fieldset>"


def button(label: str, name: str = "", value: str = "", *, is_quiet: bool = False) -> str:
    """Return a button that sends the form it stands in."""
    named = f' name="{escape(name)}" value="{escape(value)}"' if name else ""
    return f'<button type="submit"{named}{" class=quiet" if is_quiet else ""}>{escape(label)}</button>'
