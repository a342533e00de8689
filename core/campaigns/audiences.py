"""Who an audience is, at this moment."""

from __future__ import annotations

from core.campaigns.models import Audience
from core.contacts.lists import Lists
from core.contacts.lookup import list_contact_ids
from core.permissions import Principal
from core.segments.segments import Segments
from core.storage.database import Database


class Audiences:
    """Resolves lists and segments to contacts.

    Args:
        db: The database.
        lists: Static lists.
        segments: Rules.
    """

    def __init__(self, db: Database, lists: Lists, segments: Segments) -> None:
        self._db, self._lists, self._segments = db, lists, segments

    def check(self, by: Principal, audience: Audience) -> None:
        """Do nothing if the list or segment exists in this workspace.

        Raises:
            NotFound: If it does not.
        """
        if audience.kind == "list":
            self._lists.get(by, audience.id)
        else:
            self._segments.get(by, audience.id)

    def size(self, by: Principal, audience: Audience) -> int:
        """Return how many people the audience has now, those included who can't be mailed."""
        if audience.kind == "list":
            return self._lists.get(by, audience.id).size
        return self._segments.count(by, self._segments.get(by, audience.id).rules)

    def contact_ids(self, by: Principal, audience: Audience) -> list[int]:
        """Return the contacts of the audience, as of now."""
        if audience.kind == "segment":
            return self._segments.contact_ids(by, self._segments.get(by, audience.id).rules)
        self.check(by, audience)
        with self._db.read() as connection:
            return list_contact_ids(connection, by.workspace_id, audience.id)
