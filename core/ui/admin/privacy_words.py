"""Privacy in words: what people ask for, by which law, by when, and what each kind of data is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from core.privacy.due import Law, RequestKind
from core.privacy.requests import PrivacyRequest, RequestState
from core.privacy.retention import BOUNDS, DataKind, Rule
from core.ui.words import counted, number

Colour = Literal["red", "orange", "green", "gray"]

ASKS_FOR: Mapping[RequestKind, str] = {
    RequestKind.ACCESS: "A copy of their data",
    RequestKind.ERASURE: "To be erased",
    RequestKind.CORRECTION: "A correction",
    RequestKind.OBJECTION: "No more use of their data",
    RequestKind.DO_NOT_SELL: "No selling or sharing",
}
LAWS: Mapping[Law, str] = {Law.GDPR: "GDPR (Europe)", Law.CCPA: "CCPA (California)"}
STATES: Mapping[RequestState, tuple[str, Colour]] = {RequestState.DONE: ("Answered", "green"), RequestState.REFUSED: ("Refused", "gray")}

# What it is, what goes, and what one of them is called.
KINDS: Mapping[DataKind, tuple[str, str, tuple[str, str]]] = {
    DataKind.EVENTS: (
        "Events",
        "Opens, clicks and all else that is older goes, with what reports could still tell of it.",
        ("event", "events"),
    ),
    DataKind.ENGAGEMENT: (
        "Where opens and clicks came from",
        "The network and the browser go. That somebody opened or clicked stays.",
        ("event", "events"),
    ),
    DataKind.MESSAGES: (
        "Details of emails sent",
        "What providers answered goes. Who got what stays, so that nobody gets it twice.",
        ("message", "messages"),
    ),
    DataKind.SINGLE_EMAILS: (
        "Words of single emails",
        "What receipts and the like said goes. That they were sent stays.",
        ("email", "emails"),
    ),
    DataKind.IMPORT_REFUSALS: ("Refused rows of imports", "The file with the rows that could not be used goes.", ("file", "files")),
    DataKind.UNCONFIRMED: ("Sign-ups nobody confirmed", "Contacts who were asked and never answered are deleted.", ("contact", "contacts")),
    DataKind.INACTIVE: (
        "Contacts who stopped reading",
        "Contacts who got email throughout that time (in its first quarter, and three times in all) "
        "and opened, clicked and bought nothing are deleted.",
        ("contact", "contacts"),
    ),
}
ALWAYS = (
    "**Journals** of events as they came in are kept as many days after they were read as POSTWRIGHT_JOURNAL_DAYS says. "
    "**The audit log** is kept for ever: each entry proves the one before, and it holds no addresses."
)


def due(request: PrivacyRequest) -> tuple[str, Colour]:
    """Return how urgent a request is, in words, and the colour of that."""
    if not request.is_open:
        return STATES[request.state]
    if request.is_overdue:
        return f"{counted(-request.days_left, 'day')} overdue", "red"
    if request.days_left == 0:
        return "Due today", "red"
    return f"Due in {counted(request.days_left, 'day')}", "orange" if request.is_due_soon else "gray"


def kept(rule: Rule) -> str:
    """Return how long a kind is kept, in words."""
    return "Kept for ever" if rule.days is None else f"Kept {counted(rule.days, 'day')}"


def default_of(kind: DataKind) -> str:
    """Return what holds where nobody says anything."""
    default = BOUNDS[kind].default
    return "for ever" if default is None else f"{number(default)} days"


def taken(kind: DataKind, count: int) -> str:
    """Return how many things of a kind, with their noun."""
    return counted(count, *KINDS[kind][2])
