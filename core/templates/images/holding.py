"""Holding the pictures that something names until it is kept: whoever deletes one waits, and finds that it is named."""

from __future__ import annotations

import re

import sqlalchemy as sa

from core.errors import Conflict
from core.storage.database import among
from core.templates.tables import pictures

_PATH = re.compile(r"/i/([1-9][0-9]{0,17})/([0-9a-f]{64})\.(?:jpg|png|gif)", re.ASCII)


def hold_pictures(connection: sa.Connection, workspace_id: int, *texts: str) -> set[str]:
    """Hold the pictures of a workspace that texts name until the transaction ends, and return the keys of those that are there.

    Args:
        connection: The transaction that keeps the texts.
        workspace_id: Whose.
        texts: What is kept: sources, HTML, JSON.
    """
    named = {match[2] for text in texts for match in _PATH.finditer(text)}
    if not named:
        return set()
    among_named = pictures.c.blob.in_(among(connection, sorted(named)))
    mine = sa.select(pictures.c.blob).where(pictures.c.workspace_id == workspace_id, among_named).order_by(pictures.c.id)
    # In one order, so that two who hold the same pictures don't wait in a circle. Others may hold them too, and say what they show.
    return set(connection.execute(mine.with_for_update(read=True, key_share=True)).scalars())


def must_have_pictures(connection: sa.Connection, workspace_id: int, public_url: str, *texts: str) -> None:
    """Hold the pictures that texts name, and refuse what names one of this workspace that is gone: readers would see a hole.

    Args:
        connection: The transaction that keeps the texts.
        workspace_id: Whose.
        public_url: What addresses of ours begin with; those of other installations are not ours to judge. Empty for any.
        texts: What is kept: sources, HTML, JSON.

    Raises:
        Conflict: If one is gone; says which.
    """
    held = hold_pictures(connection, workspace_id, *texts)
    for text in texts:
        for match in _PATH.finditer(text):
            is_ours = int(match[1]) == workspace_id and text.endswith(public_url, 0, match.start())
            if is_ours and match[2] not in held:
                gone = f"A picture in it was deleted: {public_url}{match[0]}"
                raise Conflict(gone, hint="Choose another one in its place, or take it out.")
