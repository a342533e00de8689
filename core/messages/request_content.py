"""What a single message says: written once, when it is asked for, and kept sealed until it is not needed any more.

Every attempt sends the same bytes: a provider that is asked twice with one key may refuse a second one that differs.
"""

from __future__ import annotations

import base64
import html as markup
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson

from core.errors import InvalidInput
from core.ids import random_name
from core.messages.request_models import Request
from core.providers.base import Attachment
from core.storage.vault import Vault
from core.templates.languages.choice import chosen
from core.templates.markup.plain_text import MOST_PIECES, to_plain_text
from core.templates.rendering.renderer import Compiled, check_subject, render, render_text

# Stand in a finished mail for the addresses that need its number, which it does not have yet.
UNSUBSCRIBE, PREFERENCES, VIEW = "u", "p", "v"


@dataclass(frozen=True)
class Content:
    """A finished email but for its number.

    Args:
        to_name: The recipient's name.
        from_email: The sender's address.
        from_name: The sender's name.
        subject: The subject.
        html: The HTML part.
        text: The plain-text part.
        headers: Further headers.
        attachments: Files.
        mark: Begins what stands in for addresses of the receiver; empty where there are none.
        tags: The caller's words.
        metadata: The caller's notes.
    """

    to_name: str
    from_email: str
    from_name: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]
    attachments: tuple[Attachment, ...] = ()
    mark: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


# What is kept of a message to somebody of whom only a hash is kept.
NOTHING = Content("", "", "", "", "", "", {})


@dataclass(frozen=True)
class Template:
    """The version of a template that a message is written by.

    Args:
        id: Its number.
        html: The HTML part.
        text: The plain-text part.
        links: Where its links lead.
        fields: The merge fields it uses, in all languages.
        brand: What `brand.…` stands for.
        languages: The same by language, for those who read another.
    """

    id: int
    html: str
    text: str
    links: tuple[str, ...]
    fields: tuple[str, ...]
    brand: Mapping[str, str]
    languages: Mapping[str, Template] = field(default_factory=dict)


def as_given(request: Request) -> Content:
    """Return what a request brings itself; where one of the two parts is missing, it is made of the other.

    Raises:
        InvalidInput: If the text can't be made, for the HTML has too many elements.
    """
    html = request.html or f'<div style="white-space:pre-wrap">{markup.escape(request.text, quote=False)}</div>'
    return _content(request, request.subject, html, request.text or to_plain_text(request.html, most_pieces=MOST_PIECES, keeps=False))


def written(request: Request, template: Template, contact: Mapping[str, Any], workspace: Mapping[str, str]) -> Content:
    """Return what a template makes of a request's data.

    Args:
        request: Asks for it.
        template: The version.
        contact: What `contact.…` stands for.
        workspace: What `workspace.…` stands for.

    Raises:
        InvalidInput: If data is missing, or it can't be rendered.
    """
    mark = f"pw{random_name(16)}"
    needed = [*template.fields, *check_subject(request.subject).fields]
    _check_data(needed, request.data)
    campaign = {"name": "", "subject": ""}
    stands_in = {"unsubscribe_url": mark + UNSUBSCRIBE, "preferences_url": mark + PREFERENCES, "view_url": mark + VIEW}
    context = {"contact": contact, "workspace": workspace, "campaign": campaign, "brand": template.brand, "data": request.data, **stands_in}
    subject = render_text(request.subject, context)
    if not subject:
        raise InvalidInput("The subject is empty once its merge fields are filled in.", hint="Check the data.")
    campaign["subject"] = subject
    # Links lead straight to where they lead, and there is no pixel: nobody is followed around a receipt.
    body = render(
        _compiled(chosen(contact.get("language"), template, template.languages)),
        {**context, "pw_links": list(template.links), "pw_pixel": ""},
    )
    return replace(_content(request, subject, body.html, body.text), mark=mark)


def seal(content: Content, vault: Vault) -> str:
    """Return content as it is kept."""
    told = asdict(replace(content, attachments=()))
    told["attachments"] = [[one.name, one.content_type, base64.b64encode(one.data).decode()] for one in content.attachments]
    return vault.seal(orjson.dumps(told).decode())


def unseal(sealed: str, vault: Vault) -> Content:
    """Return kept content.

    Raises:
        Unavailable: If the installation's key is another one now.
    """
    told = orjson.loads(vault.open(sealed))
    told["attachments"] = tuple(Attachment(name, kind, base64.b64decode(data)) for name, kind, data in told["attachments"])
    told["tags"] = tuple(told["tags"])
    return Content(**told)


def _content(request: Request, subject: str, html: str, text: str) -> Content:
    headers = {**request.headers, **({"Reply-To": request.reply_to} if request.reply_to else {})}
    return Content(
        to_name=request.to_name,
        from_email=request.from_email,
        from_name=request.from_name,
        subject=subject,
        html=html,
        text=text,
        headers=headers,
        attachments=request.attachments,
        tags=request.tags,
        metadata=request.metadata,
    )


def _check_data(fields: list[str], data: Mapping[str, Any]) -> None:
    wanted = [name.removeprefix("data.") for name in fields if name.startswith("data.")]
    missing = sorted({name for name in wanted if name not in data})
    if missing:
        raise InvalidInput(
            f"The template needs data that is missing: {', '.join(missing)[:300]}.", hint="Send null for what does not apply this time."
        )


def _compiled(template: Template) -> Compiled:
    return template
