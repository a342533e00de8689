"""How we know what somebody agreed to or refused: what a consent record holds besides the yes or no (GDPR art. 7(1))."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from core.permissions import Principal

LONGEST_SOURCE, LONGEST_IP, LONGEST_USER_AGENT, LONGEST_WORDING = 300, 64, 500, 10_000


class ConsentMethod(StrEnum):
    """By what way somebody's wish reached us; "" in records that are older than the word."""

    UNTOLD = ""
    FORM = "form"
    DOUBLE_OPT_IN = "double_opt_in"
    PREFERENCES = "preferences"
    UNSUBSCRIBE_PAGE = "unsubscribe_page"
    ONE_CLICK = "one_click"
    PRIVACY_SIGNAL = "privacy_signal"
    COMPLAINT = "complaint"
    PROVIDER = "provider"
    IMPORT = "import"
    MOVE_IN = "move_in"
    API = "api"
    CLI = "cli"
    BY_HAND = "by_hand"
    MERGE = "merge"


class ConsentPurpose(StrEnum):
    """What a record is about: all marketing mail, one list, or the sale of what is known about somebody."""

    EVERYTHING = ""
    LIST = "list"
    SALE = "sale"


@dataclass(frozen=True)
class Evidence:
    """How we know.

    Args:
        method: By what way the wish reached us.
        source: What it can be found by ("form:3", "import:7", "asked by letter").
        ip: The network address it came from; may be empty.
        user_agent: What it came with; may be empty.
        language: The language of the wording, like `en`; may be empty.
        wording: The exact words that were agreed to; may be empty.
        wording_version: The version of these words, 0 where they have none.
        actor: Who records it; empty means the person themselves.
    """

    method: ConsentMethod = ConsentMethod.UNTOLD
    source: str = ""
    ip: str = ""
    user_agent: str = ""
    language: str = ""
    wording: str = ""
    wording_version: int = 0
    actor: str = ""

    @classmethod
    def of(cls, by: Principal, source: str) -> Evidence:
        """Return the evidence of somebody at work here who says so.

        Args:
            by: Who records it; what they came in with tells the method.
            source: How they know, in words that can be shown to an authority.
        """
        return cls(method_of(by), source, actor=by.label)

    def fields(self) -> dict[str, Any]:
        """Return the columns of a consent record, each within its bounds: what a browser sends may be of any length."""
        told = asdict(self) | {"method": self.method.value}
        bounds = {"source": LONGEST_SOURCE, "ip": LONGEST_IP, "user_agent": LONGEST_USER_AGENT, "wording": LONGEST_WORDING}
        return told | {name: told[name].replace("\0", "")[:longest] for name, longest in bounds.items()}

    @classmethod
    def from_fields(cls, told: dict[str, Any]) -> Evidence:
        """Return evidence that was kept as `fields`."""
        return cls(**(told | {"method": ConsentMethod(told["method"])}))


def method_of(by: Principal) -> ConsentMethod:
    """Return by what way somebody at work here came in."""
    if by.via.startswith("token"):
        return ConsentMethod.API
    return ConsentMethod.CLI if by.label.startswith("cli") else ConsentMethod.BY_HAND
