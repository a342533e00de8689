"""Merge fields as other programs write them: here they are words like any other, and readers would see them as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# As Mailchimp (*|FNAME|*), Salesforce (%%first_name%%), ActiveCampaign (%FIRSTNAME%) and MailerLite ({$name}) write them. What is
# between single per cent signs has large letters only: "from 20% TO 30%" is no field.
_FIELD = re.compile(r"\*\|[^|*<>\n]{1,60}\|\*|%%[A-Za-z_][\w ]{0,40}%%|%[A-Z][A-Z0-9_-]{2,40}%|\{\$\w{1,40}\}")
# In an address "%E2%82%AC20%20" is "€20 ".
_FIELD_OF_ADDRESS = re.compile(_FIELD.pattern.replace("%[A-Z]", "%(?![0-9A-Fa-f]{2})[A-Z]"))
_NAME = re.compile(r"[^a-z0-9]+")
_OURS = {
    "contact.first_name": ("fname", "firstname", "name"),
    "contact.last_name": ("lname", "lastname"),
    "contact.email": ("email", "emailaddr", "emailaddress"),
    "unsubscribe_url": ("unsub", "unsubscribe", "unsuburl", "unsubscribelink", "unsubscribeurl"),
    "preferences_url": ("updateprofile", "preferences"),
    "view_url": ("archive", "viewemailurl", "webversion", "url"),
    "workspace.postal_address": ("listaddress", "htmllistaddresshtml", "listaddresshtml", "senderinfo"),
    "workspace.name": ("listcompany",),
    "campaign.subject": ("subject", "mcsubject"),
}
_KNOWN = {theirs: ours for ours, names in _OURS.items() for theirs in names}


@dataclass(frozen=True)
class Foreign:
    """A merge field of another program.

    Args:
        written: As it stands in the text.
        hint: What to write in its place.
    """

    written: str
    hint: str


def foreign_fields(text: str, *, is_address: bool = False) -> Iterator[Foreign]:
    """Yield the merge fields of other programs in a text, each as often as it is there.

    Args:
        text: Words that readers see, or an address.
        is_address: Whether it is an address, in which % and two digits stand for a letter.
    """
    for match in (_FIELD_OF_ADDRESS if is_address else _FIELD).finditer(text):
        ours = _KNOWN.get(_NAME.sub("", match[0].lower()))
        instead = f"{{{{ {ours} }}}}" if ours else "a field of yours, such as {{ contact.first_name }},"
        yield Foreign(match[0], f"Write {instead} in its place.")
