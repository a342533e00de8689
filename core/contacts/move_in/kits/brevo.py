"""Brevo (once Sendinblue): the CSV of contacts, semicolons between values.

Columns are the attributes in capitals (EMAIL, FIRSTNAME, LASTNAME or their names in the account's language, SMS, …), what was blocked
(EMAIL_BLACKLISTED and SMS_BLACKLISTED, BLOCKLISTED since), ADDED_TIME and MODIFIED_TIME as day-month-year
(developers.brevo.com/reference/request-contact-export, help.brevo.com “Export your contacts”, 208729849 for the attributes).
Blocked there means both unsubscribed and blocked by hand: a no either way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from core.contacts.move_in.kits.kit import Kit, Row, Said, Standing, is_yes, moment

_BLOCKED = ("BLOCKLISTED", "BLACKLISTED", "EMAIL_BLOCKLISTED", "EMAIL_BLACKLISTED", "EMAIL BLOCKLISTED", "EMAIL BLACKLISTED")
_STATUS = ("EMAIL_MARKETING", "EMAIL MARKETING", "EMAIL_MARKETING_STATUS")
_CONFIRMED = "DOUBLE_OPT-IN"
_ADDED = "ADDED_TIME"


class Brevo(Kit):
    """Brevo."""

    key, label = "brevo", "Brevo"
    FIELDS: ClassVar[Mapping[str, str]] = {
        "EMAIL": "email",
        **dict.fromkeys(("FIRSTNAME", "PRENOM", "VORNAME", "NOMBRE"), "first_name"),
        **dict.fromkeys(("LASTNAME", "NOM", "NACHNAME", "APELLIDOS"), "last_name"),
        "SMS": "attribute.phone",
        "EXT_ID": "attribute.external_id",
    }
    EVIDENCE = frozenset({*_BLOCKED, *_STATUS, _CONFIRMED, "OPT_IN", _ADDED})
    LEFT_OUT = frozenset({"CONTACT ID", "SMS_BLACKLISTED", "SMS_BLOCKLISTED", "MODIFIED_TIME", "_listIds", "LIST_IDS"})

    def recognises(self, columns: Sequence[str]) -> bool:
        """Return whether there is an EMAIL in capitals beside what only Brevo adds."""
        there = set(columns)
        return "EMAIL" in there and bool(
            there & {*_BLOCKED, "CONTACT ID", "SMS_BLACKLISTED", "SMS_BLOCKLISTED"} or {_ADDED, "MODIFIED_TIME"} <= there
        )

    def standing(self, row: Row, file_name: str) -> Standing:
        """Return where somebody stood; a file that says nothing about blocking says nothing about anybody."""
        blocked = [column for column in _BLOCKED if column in row]
        stated = [row[column].strip().lower() for column in _STATUS if row.get(column, "").strip()]
        if any(is_yes(row[column]) for column in blocked) or any(word in {"unsubscribed", "blocklisted", "blacklisted"} for word in stated):
            return Standing(Said.UNSUBSCRIBED)
        if blocked or "subscribed" in stated:
            # Since when they are there is no proof; that they have confirmed is.
            return Standing(Said.SUBSCRIBED, moment(row.get(_ADDED, "")), is_proven=is_yes(row.get(_CONFIRMED, "")))
        return Standing(Said.NEVER_SUBSCRIBED if stated else Said.NOTHING)
