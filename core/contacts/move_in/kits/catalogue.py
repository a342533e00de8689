"""Every kit there is, and which one a file is from."""

from __future__ import annotations

from collections.abc import Sequence

from core.contacts.move_in.kits.brevo import Brevo
from core.contacts.move_in.kits.kit import Kit
from core.contacts.move_in.kits.klaviyo import Klaviyo
from core.contacts.move_in.kits.listmonk import Listmonk
from core.contacts.move_in.kits.mailchimp import Mailchimp
from core.errors import InvalidInput

# The narrower sign first.
KITS: tuple[Kit, ...] = (Mailchimp(), Klaviyo(), Listmonk(), Brevo())


def recognise(columns: Sequence[str]) -> Kit | None:
    """Return the kit of a file with this heading, None for a file of nobody we know."""
    return next((kit for kit in KITS if kit.recognises(columns)), None)


def kit_named(key: str) -> Kit:
    """Return a kit by its word.

    Raises:
        InvalidInput: If there is none.
    """
    found = next((kit for kit in KITS if kit.key == key.strip().lower()), None)
    if found is None:
        raise InvalidInput(f"There is no move-in kit “{key[:40]}”.", hint=f"There are: {', '.join(kit.key for kit in KITS)}.")
    return found
