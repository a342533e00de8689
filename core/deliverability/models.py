"""What is known of a sender domain: its keys, the records it should have, and what was found in the DNS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.deliverability.keys import Algorithm


class Purpose(StrEnum):
    """What a record is for."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    MX = "mx"
    RETURN_PATH = "return_path"
    TRACKING = "tracking"


class Need(StrEnum):
    """How much depends on a record."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"


class State(StrEnum):
    """What the DNS says about a record."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What all records of a domain come to."""

    UNCHECKED = "unchecked"
    READY = "ready"
    IMPROVABLE = "improvable"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DkimKey:
    """A key of a domain, without its private half.

    Args:
        id: Its number.
        algorithm: What it signs with.
        selector: Its name in the domain.
        public_key: What stands in `p=`.
        created_at: When it was made.
        confirmed_at: When it was first found in the DNS; until then it signs nothing.
        retired_at: When a newer one took over.
    """

    id: int
    algorithm: Algorithm
    selector: str
    public_key: str
    created_at: datetime
    confirmed_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True)
class DnsRecord:
    """A record a domain should have.

    Args:
        purpose: What it is for.
        type: TXT, MX, CNAME or A.
        host: Where it stands, the whole name; "" where only the provider knows.
        value: What to enter; "" where only somebody else knows it.
        need: How much depends on it.
        title: What it is called.
        why: What it does, one sentence.
        note: How to go about it; may be empty.
        expected: What the check looks for, where that is not the value itself.
    """

    purpose: Purpose
    type: str
    host: str
    value: str
    need: Need
    title: str
    why: str
    note: str = ""
    expected: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What a finding names it by."""
        return f"{self.purpose}:{self.type}:{self.host}:{'|'.join(self.expected) or self.value}"


@dataclass(frozen=True)
class Finding:
    """What the DNS said about a record.

    Args:
        key: Which record.
        state: Whether it is as it should be.
        found: What stands there.
        says: What that means.
        fix: What to do; may be empty.
        facts: What others build on (the DMARC policy, what to enter in the place of what stands there).
    """

    key: str
    state: State
    found: tuple[str, ...] = ()
    says: str = ""
    fix: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return asdict(self) | {"state": self.state.value, "found": list(self.found), "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Finding:
        """Return what `to_json` made."""
        return cls(**{**stored, "state": State(stored["state"]), "found": tuple(stored["found"])})


@dataclass(frozen=True)
class Checked:
    """A record and what was found, None where that was not looked at yet."""

    record: DnsRecord
    finding: Finding | None

    @property
    def value(self) -> str:
        """What to enter: where something of somebody else stands there that must stay, that with ours added."""
        return (self.finding.facts.get("enter") if self.finding else None) or self.record.value

    @property
    def state(self) -> State | None:
        """Whether it is as it should be; None where nobody has looked yet."""
        return self.finding.state if self.finding else None


@dataclass(frozen=True)
class Alignment:
    """Whether what proves a message belongs to the address people see.

    Args:
        name: SPF or DKIM, and by what.
        domain: The domain it proves.
        aligned: Whether that counts for DMARC; None where it can't be known from here.
        words: Why.
    """

    name: str
    domain: str
    aligned: bool | None
    words: str


@dataclass(frozen=True)
class SenderDomain:
    """A domain mail is sent from.

    Args:
        id: Its number.
        domain: Its name in ASCII.
        return_path: The host of the domain at which a provider takes bounces, "" for none.
        connection_ids: The connections it sends through; None for all.
        created_at: When it was added.
        checked_at: When the DNS was last asked, None for never.
        keys: Its DKIM keys, the newest first.
        records: What should stand in the DNS, and what was found.
        alignment: What DMARC makes of it.
    """

    id: int
    domain: str
    return_path: str
    connection_ids: tuple[int, ...] | None
    created_at: datetime
    checked_at: datetime | None
    keys: tuple[DkimKey, ...]
    records: tuple[Checked, ...]
    alignment: tuple[Alignment, ...]

    @property
    def verdict(self) -> Verdict:
        """What all records come to."""
        if self.checked_at is None:
            return Verdict.UNCHECKED
        for need, verdict in ((Need.REQUIRED, Verdict.NOT_READY), (Need.RECOMMENDED, Verdict.IMPROVABLE)):
            states = {one.state for one in self.records if one.record.need is need}
            if states & {State.MISSING, State.WRONG}:
                return verdict
            if None in states:  # what should be there has changed since
                return Verdict.UNCHECKED
            if State.UNKNOWN in states:
                return Verdict.UNKNOWN
        return Verdict.READY

    @property
    def old_keys(self) -> tuple[DkimKey, ...]:
        """The keys that newer ones have taken over from."""
        return tuple(key for key in self.keys if key.retired_at is not None)

    @property
    def signs_with(self) -> tuple[DkimKey, ...]:
        """The keys mail is signed with now."""
        return tuple(key for key in self.keys if key.confirmed_at is not None and key.retired_at is None)
