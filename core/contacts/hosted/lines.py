"""What people outside asked for, as a line of the journal: written by the receiver, carried out by the ingester."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.clock import utc
from core.contacts.attributes import Value
from core.contacts.consent.evidence import ConsentMethod, Evidence


class LineKind(StrEnum):
    """What a line is."""

    SUBMISSION = "form"
    CONFIRMATION = "confirmation"
    PREFERENCES = "preferences"


# Told by its first bytes before anything of it is believed.
KINDS = frozenset(kind.value for kind in LineKind)


@dataclass(frozen=True)
class Submission:
    """Somebody sent a form.

    Args:
        at: When.
        workspace_id: Whose form.
        form_id: Which.
        key: The same for the same submission, however often it comes.
        email: The address in its one spelling.
        names: First and last name, where given.
        attributes: What else was given.
        list_ids: The lists it is about.
        double_opt_in: Whether the address is to be asked by mail before anything counts.
        has_gpc: Whether the browser said that nothing is to be sold.
        evidence: How we know.
    """

    at: datetime
    workspace_id: int
    form_id: int
    key: str
    email: str
    names: Mapping[str, str]
    attributes: Mapping[str, Value]
    list_ids: tuple[int, ...]
    double_opt_in: bool
    has_gpc: bool
    evidence: Evidence


@dataclass(frozen=True)
class Confirmation:
    """Somebody pressed the button that a mail had asked for.

    Args:
        at: When.
        token: What the mail's link carried.
        has_gpc: Whether the browser said that nothing is to be sold.
        evidence: How we know.
    """

    at: datetime
    token: str
    has_gpc: bool
    evidence: Evidence


@dataclass(frozen=True)
class Choices:
    """What somebody chose for themselves.

    Args:
        joined: Lists they want to be on.
        left: Lists they do not want to be on.
        frequency: How often they want mail; empty for no change.
        pause_days: How long a break they want, 0 for none; None for no change.
        do_not_sell: Whether nothing may be sold; None for no change.
        comes_back: Whether they want mail again after they had said no.
    """

    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    frequency: str = ""
    pause_days: int | None = None
    do_not_sell: bool | None = None
    comes_back: bool = False

    def without_yes(self) -> Choices:
        """Return what of it is no consent: for a link that went to an address which was merged into another since.

        Its mailbox may be somebody else's by now, and another address does not agree for the one that stays. How often they want mail
        depends on how often they did before, so who carries it out sees to it that it only becomes less.
        """
        return replace(self, joined=(), do_not_sell=self.do_not_sell or None, comes_back=False)


@dataclass(frozen=True)
class Preferences:
    """Somebody used the page of choices.

    Args:
        at: When.
        message_id: The message whose link led there.
        choices: What they chose.
        has_gpc: Whether the browser said that nothing is to be sold.
        evidence: How we know.
    """

    at: datetime
    message_id: int
    has_gpc: bool
    evidence: Evidence
    choices: Choices = field(default_factory=Choices)


Asked = Submission | Confirmation | Preferences
_KIND_OF = {Submission: LineKind.SUBMISSION, Confirmation: LineKind.CONFIRMATION, Preferences: LineKind.PREFERENCES}


def line_of(asked: Asked) -> dict[str, Any]:
    """Return the line of the journal."""
    told = {**asdict(asked), "evidence": asked.evidence.fields(), "at": utc(asked.at).isoformat(timespec="microseconds")}
    return {"kind": _KIND_OF[type(asked)].value, "source": "receiver", **told}


def asked_in(line: Mapping[str, Any]) -> Asked:
    """Return what a line says.

    Raises:
        Exception: Of any type, if it is not as `line_of` writes it.
    """
    told = {name: value for name, value in line.items() if name not in ("kind", "source")}
    told |= {"at": datetime.fromisoformat(told["at"]), "evidence": Evidence.from_fields(told["evidence"])}
    kind = LineKind(line["kind"])
    if kind is LineKind.SUBMISSION:
        return Submission(**{**told, "list_ids": tuple(told["list_ids"])})
    if kind is LineKind.CONFIRMATION:
        return Confirmation(**told)
    chosen = told["choices"]
    several = {name: tuple(chosen[name]) for name in ("joined", "left")}
    return Preferences(**{**told, "choices": Choices(**{**chosen, **several})})


def evidence_of(method: ConsentMethod, source: str, ip: str, user_agent: str, *, wording: tuple[str, int, str] = ("", 0, "")) -> Evidence:
    """Return how we know what somebody outside asked for.

    Args:
        method: By what way.
        source: What it can be found by.
        ip: Where from.
        user_agent: What with.
        wording: The words they agreed to, their version, and their language.
    """
    text, version, language = wording
    return Evidence(method, source, ip, user_agent, language, text, version)
