"""What a sign-up form is made of, and what it may hold: checked when it is saved, so that showing it can't fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from core.contacts.attributes import AttributeType
from core.contacts.hosted.words import LANGUAGES
from core.errors import InvalidInput

MOST_FIELDS = 20
MOST_LISTS = 20
MOST_SITES = 20
MOST_LETTERS = {"title": 200, "intro": 2000, "wording": 2000, "button": 80, "thanks": 1000, "email_label": 120}
MOST_LABEL = 120
OWN_FIELDS = ("first_name", "last_name")  # those of every contact; all others are attributes
_ACCENT = re.compile(r"#[0-9a-f]{6}")
_HOST = re.compile(r"(?=.{1,253}(?::\d{1,5})?$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*(?::\d{1,5})?")
_LONGEST_URL = 2000


@dataclass(frozen=True)
class FormField:
    """One thing a form asks for, besides the address.

    Args:
        name: `first_name`, `last_name` or an attribute.
        label: What stands above it.
        kind: What may be entered.
        is_required: Whether nothing is sent without it.
    """

    name: str
    label: str
    kind: AttributeType = AttributeType.TEXT
    is_required: bool = False


@dataclass(frozen=True)
class FormDesign:
    """A form as its owner wants it.

    Args:
        title: Its heading.
        wording: What somebody agrees to; kept, word for word, with every consent.
        list_ids: The lists everybody gets onto.
        choices: The lists people may choose from; their names are shown.
        intro: A text under the heading.
        fields: What it asks for, besides the address.
        email_label: What stands above the address; empty for the language's usual word.
        asks_consent: Whether the wording has a box to tick; else it stands above the button.
        button: What stands on the button; empty for the language's usual word.
        thanks: What people read afterwards; empty for the usual words.
        redirect_url: Where people are led afterwards in place of that; empty for nowhere.
        language: The language of its texts.
        accent: The colour of its button.
        sites: The sites that may show it in a frame, as origins.
        double_opt_in: Whether the address is asked by mail before it counts.
        allows_plain: Whether a form on somebody's own site may be sent to it, which no time trap guards.
    """

    title: str
    wording: str
    list_ids: tuple[int, ...] = ()
    choices: tuple[int, ...] = ()
    intro: str = ""
    fields: tuple[FormField, ...] = field(default=())
    email_label: str = ""
    asks_consent: bool = True
    button: str = ""
    thanks: str = ""
    redirect_url: str = ""
    language: str = "en"
    accent: str = "#4f46e5"
    sites: tuple[str, ...] = ()
    double_opt_in: bool = True
    allows_plain: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)


def design_of(kept: Mapping[str, Any]) -> FormDesign:
    """Return a design as it was kept."""
    fields = tuple(FormField(each["name"], each["label"], AttributeType(each["kind"]), each["is_required"]) for each in kept["fields"])
    several = {name: tuple(kept[name]) for name in ("list_ids", "choices", "sites")}
    return FormDesign(**{**kept, **several, "fields": fields})


def checked(design: FormDesign) -> FormDesign:
    """Return a design that can be published: trimmed, and everything in it within its bounds.

    Raises:
        InvalidInput: If something in it can't be used; says what.
    """
    texts = {name: _text(name, getattr(design, name), most) for name, most in MOST_LETTERS.items()}
    for name in ("title", "wording"):
        if not texts[name]:
            raise InvalidInput(f"A form needs a {'heading' if name == 'title' else 'text people agree to'}.", hint="Enter one.")
    if design.language not in LANGUAGES:
        raise InvalidInput("There are no texts in this language.", hint=f"Choose one of {', '.join(LANGUAGES)}.")
    if not _ACCENT.fullmatch(design.accent.lower()):
        raise InvalidInput("This is not a colour.", hint="Write it like #4f46e5.")
    if not design.list_ids and not design.choices:
        raise InvalidInput("A form needs a list.", hint="Choose the lists people get onto, or those they may choose from.")
    if len(design.list_ids) + len(design.choices) > MOST_LISTS:
        raise InvalidInput(f"A form has at most {MOST_LISTS} lists.", hint="Leave some out.")
    if len(design.sites) > MOST_SITES:
        raise InvalidInput(f"At most {MOST_SITES} sites may show a form.", hint="Leave some out.")
    choices = tuple(one for one in dict.fromkeys(design.choices) if one not in design.list_ids)
    rest: dict[str, Any] = {"fields": _fields(design.fields), "choices": choices, "list_ids": tuple(dict.fromkeys(design.list_ids))}
    rest |= {"redirect_url": _url(design.redirect_url), "accent": design.accent.lower()}
    rest["sites"] = tuple(dict.fromkeys(origin(site) for site in design.sites))
    return FormDesign(**{**vars(design), **texts, **rest})


def origin(site: str) -> str:
    """Return a site as the origin that stands in a policy.

    Raises:
        InvalidInput: If it is none.
    """
    try:
        parts = urlsplit(site.strip())
        host = parts.netloc.encode("idna").decode().lower() if not parts.netloc.isascii() else parts.netloc.lower()
    except (ValueError, UnicodeError):
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"https", "http"} or not _HOST.fullmatch(host) or parts.query or parts.fragment:
        raise InvalidInput("A site that shows the form can't be used.", hint="Write it like https://www.example.com.")
    return f"{parts.scheme}://{host}"


def _url(url: str) -> str:
    wanted = url.strip()
    if not wanted:
        return ""
    is_plain = wanted.isascii() and wanted.isprintable() and not set(wanted) & set(" \"'<>\\^`{|}") and len(wanted) <= _LONGEST_URL
    try:
        parts = urlsplit(wanted)
        is_web = parts.scheme in {"https", "http"} and bool(_HOST.fullmatch(parts.netloc.lower()))
    except ValueError:
        is_web = False
    if not (is_plain and is_web):
        raise InvalidInput("People can't be led to this address.", hint="Write it like https://www.example.com/thanks.")
    return wanted


def _text(name: str, text: str, most: int) -> str:
    wanted = text.strip().replace("\r\n", "\n").replace("\r", "\n")
    if len(wanted) > most or any((ord(letter) < 32 and letter != "\n") or 0xD800 <= ord(letter) <= 0xDFFF for letter in wanted):
        raise InvalidInput(
            f"The form's {name.replace('_', ' ')} can't be used.", hint=f"Use at most {most:,} characters, none of them invisible."
        )
    return wanted


def _fields(fields: tuple[FormField, ...]) -> tuple[FormField, ...]:
    if len(fields) > MOST_FIELDS:
        raise InvalidInput(f"A form asks for at most {MOST_FIELDS} things besides the address.", hint="Leave some out.")
    if len({one.name for one in fields}) != len(fields):
        raise InvalidInput("A form asks for the same thing twice.", hint="Leave one out.")
    return tuple(FormField(one.name, _text("label", one.label, MOST_LABEL) or one.name, one.kind, one.is_required) for one in fields)
