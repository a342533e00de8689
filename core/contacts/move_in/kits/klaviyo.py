"""Klaviyo: the CSV of a list, a segment or all profiles.

Columns are named as Klaviyo names its properties: Email, Klaviyo ID, First Name, …, Email Marketing Consent (SUBSCRIBED, UNSUBSCRIBED,
NEVER_SUBSCRIBED), Email Marketing Consent Timestamp, Last Open, Last Click, Email Suppressions (help.klaviyo.com, “How to export a list
or segment to a CSV file”, 115005078687, and “How to manage email suppressions”, 24312135764251; reasons as its API has them:
USER_SUPPRESSED, SPAM_COMPLAINT, HARD_BOUNCE, INVALID_EMAIL, UNSUBSCRIBE). Of what somebody did it tells the last time only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from core.contacts.move_in.archive import Part
from core.contacts.move_in.kits.kit import Kit, PastEvent, Row, Said, Standing, moment
from core.storage.event_words import EventKind

_CONSENT, _SINCE, _SUPPRESSED = "Email Marketing Consent", "Email Marketing Consent Timestamp", "Email Suppressions"
# The first word that stands in the column decides.
_REASONS = {
    "SPAM": Said.COMPLAINED,
    "BOUNCE": Said.BOUNCED,
    "INVALID": Said.BOUNCED,
    "USER_SUPPRESSED": Said.BLOCKED,
    "MANUAL": Said.BLOCKED,
    "UNSUBSCRIBE": Said.UNSUBSCRIBED,
}
_STATES = {
    "UNSUBSCRIBED": Said.UNSUBSCRIBED,
    "NEVER_SUBSCRIBED": Said.NEVER_SUBSCRIBED,
    "SUBSCRIBED": Said.SUBSCRIBED,
    "SUBSCRIBE": Said.SUBSCRIBED,
    "UNSUBSCRIBE": Said.UNSUBSCRIBED,
}
_NOT_SUPPRESSED = frozenset({"", "FALSE", "NO", "NONE", "[]", "0"})
_DONE = {"Last Open": EventKind.OPENED, "Last Click": EventKind.CLICKED}


class Klaviyo(Kit):
    """Klaviyo."""

    key, label = "klaviyo", "Klaviyo"
    FIELDS: ClassVar[Mapping[str, str]] = {
        "Email": "email",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Phone Number": "attribute.phone",
        "State / Region": "attribute.region",
        "Zip Code": "attribute.zip",
        "Country": "attribute.country",
        "City": "attribute.city",
    }
    EVIDENCE = frozenset({_CONSENT, _SINCE, _SUPPRESSED, "IP Address", *_DONE})
    LEFT_OUT = frozenset({"Klaviyo ID", "Latitude", "Longitude", "First Active", "Last Active", "Profile Created On", "Date Added"})

    def recognises(self, columns: Sequence[str]) -> bool:
        """Return whether there is what only Klaviyo calls so."""
        return "Email" in columns and bool({"Klaviyo ID", _CONSENT} & set(columns))

    def standing(self, row: Row, file_name: str) -> Standing:
        """Return where somebody stood: who is suppressed there has not agreed, whatever else it says."""
        suppressed = row.get(_SUPPRESSED, "").strip().upper()
        if suppressed not in _NOT_SUPPRESSED:
            return Standing(next((said for word, said in _REASONS.items() if word in suppressed), Said.BLOCKED))
        if _CONSENT not in row:
            return Standing()
        said = _STATES.get(row[_CONSENT].strip().upper().replace(" ", "_"), Said.NEVER_SUBSCRIBED)
        ip = row.get("IP Address", "").strip() if said is Said.SUBSCRIBED else ""
        since = moment(row.get(_SINCE, ""))  # of the consent itself; the address is the last one they were seen at
        return Standing(said, since, ip, is_proven=said is Said.SUBSCRIBED and since is not None)

    def past(self, part: Part) -> Iterator[PastEvent]:
        """Yield the last open and the last click of everybody."""
        if not set(_DONE) & set(part.columns):
            return
        for row in part.rows():
            for column, kind in _DONE.items():
                if (at := moment(row.get(column, ""))) is not None and (email := self.address(row)):
                    yield PastEvent(kind, email, at, column)
