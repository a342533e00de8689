"""A list by its name, made where there is none."""

from __future__ import annotations

from core.contacts.lists import ContactList, Lists
from core.permissions import Principal


def list_called(lists: Lists, by: Principal, name: str) -> ContactList:
    """Return the list of that name; the first to ask makes it."""
    return next((found for found in lists.all(by) if found.name == name), None) or lists.create(by, name)
