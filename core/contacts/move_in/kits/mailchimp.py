"""Mailchimp: the ZIP of an audience export, one of its files, or the ZIP of a whole account.

An audience export has files called `subscribed_…csv`, `unsubscribed_…csv`, `cleaned_…csv` and `nonsubscribed_…csv`: the labels of
the audience's fields, then columns in capitals (mailchimp.com/help/view-or-export-contacts, …/help/about-your-contacts-export).
An account export keeps audiences under `lists/` and, under `granular_activity/opens` and `…/clicks`, a file for each campaign with
Timestamp, Email and, of clicks, Url (mailchimp.com/developer/marketing/docs/account-exports). Times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from core.contacts.move_in.archive import Part
from core.contacts.move_in.kits.kit import Kit, PastEvent, Row, Said, Standing, moment
from core.storage.event_words import EventKind

_ACTIVITY = {"granular_activity/opens": EventKind.OPENED, "granular_activity/clicks": EventKind.CLICKED}


class Mailchimp(Kit):
    """Mailchimp."""

    key, label = "mailchimp", "Mailchimp"
    FIELDS: ClassVar[Mapping[str, str]] = {
        "Email Address": "email",
        "First Name": "first_name",
        "Last Name": "last_name",
        "TIMEZONE": "attribute.time_zone",
        "CC": "attribute.country",
        "REGION": "attribute.region",
        "NOTES": "attribute.notes",
    }
    EVIDENCE = frozenset(
        {"OPTIN_TIME", "OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "UNSUB_TIME", "UNSUB_REASON", "UNSUB_REASON_OTHER", "CLEAN_TIME"}
    )
    LEFT_OUT = frozenset(
        {"LATITUDE", "LONGITUDE", "GMTOFF", "DSTOFF", "LAST_CHANGED", "LEID", "EUID"}
        | {"UNSUB_CAMPAIGN_TITLE", "UNSUB_CAMPAIGN_ID", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID"}
    )
    TAGS = "TAGS"

    def recognises(self, columns: Sequence[str]) -> bool:
        """Return whether the heading ends as Mailchimp's do."""
        return {"LEID", "EUID"} <= set(columns) or {"MEMBER_RATING", "OPTIN_TIME", "CONFIRM_TIME"} <= set(columns)

    def standing(self, row: Row, file_name: str) -> Standing:
        """Return where somebody stood: the file says it, by its own columns or by its name."""
        name = file_name.lower()
        if "UNSUB_TIME" in row or name.startswith("unsubscribed"):
            complained = "abuse" in row.get("UNSUB_REASON", "").lower()
            return Standing(Said.COMPLAINED if complained else Said.UNSUBSCRIBED, moment(row.get("UNSUB_TIME", "")))
        if "CLEAN_TIME" in row or name.startswith("cleaned"):
            return Standing(Said.BOUNCED, moment(row.get("CLEAN_TIME", "")))
        if name.startswith(("nonsubscribed", "non_subscribed", "transactional")):
            return Standing(Said.NEVER_SUBSCRIBED)
        asked, confirmed = moment(row.get("OPTIN_TIME", "")), moment(row.get("CONFIRM_TIME", ""))
        ip = row.get("CONFIRM_IP", "").strip() or row.get("OPTIN_IP", "").strip()
        return Standing(Said.SUBSCRIBED, confirmed or asked, ip, is_proven=confirmed is not None, asked_at=asked if confirmed else None)

    def past(self, part: Part) -> Iterator[PastEvent]:
        """Yield the opens or clicks of one campaign."""
        kind = next((kind for folder, kind in _ACTIVITY.items() if part.folder.endswith(folder)), None)
        if kind is None:
            return
        campaign = part.name.rpartition(".")[0]
        for row in part.rows():
            at, email = moment(row.get("Timestamp", "")), row.get("Email", "").strip()
            if at is not None and email:
                yield PastEvent(kind, email, at, campaign, row.get("Url", "").strip())
