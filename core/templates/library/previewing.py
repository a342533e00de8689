"""What a preview is filled in with: a contact's values, or a made-up person's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

_SAMPLE_CONTACT = {"email": "alex@example.com", "first_name": "Alex", "last_name": "Example"}


class ContactLike(Protocol):
    """Anybody a mail can be rendered for."""

    @property
    def email(self) -> str:
        """The address."""
        ...

    @property
    def first_name(self) -> str:
        """The first name, may be empty."""
        ...

    @property
    def last_name(self) -> str:
        """The last name, may be empty."""
        ...

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The declared attributes."""
        ...


def contact_fields(contact: ContactLike) -> dict[str, Any]:
    """Return what `contact` stands for in a template: the attributes, and the fields every contact has."""
    return {**contact.attributes, "email": contact.email, "first_name": contact.first_name, "last_name": contact.last_name}


def preview_context(sender: Mapping[str, Mapping[str, str]], links: Sequence[str], contact: ContactLike | None) -> dict[str, Any]:
    """Return a context in which links lead straight to their destination and nothing is counted.

    Args:
        sender: What `workspace.…` and `brand.…` stand for.
        links: Where the template's links lead.
        contact: Whose values are shown; None means a made-up person.
    """
    return {
        "contact": contact_fields(contact) if contact else _SAMPLE_CONTACT,
        **sender,
        "campaign": {"name": "Preview", "subject": ""},
        **dict.fromkeys(("unsubscribe_url", "preferences_url", "view_url"), "#"),
        "pw_links": list(links),
        "pw_pixel": "",
    }
