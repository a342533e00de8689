"""Writing a version down: the template's row is held, and what it says already makes no new version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.errors import Conflict
from core.permissions import Principal
from core.storage.database import insert_or_ignore
from core.templates.brands.wearing import hold_kits
from core.templates.images.holding import must_have_pictures
from core.templates.languages.writing import NewVersion, write_version
from core.templates.library.drafts import drop_saved
from core.templates.library.making import Made, says_the_same
from core.templates.library.models import TemplateVersion, as_version, latest_of
from core.templates.tables import templates


class SavedMeanwhile(Conflict):
    """The newest version is not the one that a change was made from."""

    def __init__(self) -> None:
        super().__init__("Somebody else saved this template meanwhile.", hint="Open it again and make your change there.")


def must_follow(connection: sa.Connection, workspace_id: int, template_id: int, number: int | None) -> None:
    """Make sure that the newest version is the one a change was made from; the template's row is held.

    Args:
        connection: The transaction of the save.
        workspace_id: Whose.
        template_id: The template.
        number: The version's number; None where any will do.

    Raises:
        SavedMeanwhile: If it is another one.
    """
    latest = latest_of(connection, workspace_id, template_id) if number is not None else None
    if latest and latest.number != number:
        raise SavedMeanwhile


def claim(connection: sa.Connection, workspace_id: int, name: str, place: dict[str, Any], now: datetime, *, is_new: bool) -> int:
    """Return the template's id, making it if needed, and hold its row so that two saves get different numbers.

    Args:
        connection: The transaction of the save.
        workspace_id: Whose.
        name: What it is called.
        place: Its folder, its tags and the kit it has chosen, if it is made.
        now: The time.
        is_new: Whether there must be none of this name yet.

    Raises:
        Conflict: If it must be new and is not.
        NotFound: If the kit was deleted meanwhile.
    """
    row = {"workspace_id": workspace_id, "name": name, "created_at": now, "updated_at": now, **place}
    if insert_or_ignore(connection, templates, [row]):
        hold_kits(connection, workspace_id, place["brand_kit_id"])
    elif is_new:
        raise Conflict(f"There is a template called “{name}” already.", hint="Choose another name; it may be in the archive.")
    statement = sa.select(templates.c.id).where(templates.c.workspace_id == workspace_id, templates.c.name == name).with_for_update()
    return int(connection.execute(statement).scalar_one())


def keep(
    connection: sa.Connection, by: Principal, now: datetime, template_id: int, made: Made, note: str, *, public_url: str = ""
) -> TemplateVersion:
    """Keep a version, where it is another one than the newest, and put it on record; the template's row is held.

    Args:
        connection: The transaction of the save.
        by: Who saves.
        now: The time.
        template_id: The template.
        made: The version, in all its languages.
        note: What is to be remembered about it.
        public_url: What addresses of our own pictures begin with; empty for any.

    Raises:
        Conflict: If a picture in it was deleted.
    """
    latest = latest_of(connection, by.workspace_id, template_id)
    is_translation = latest is not None and latest.source == made.source
    drop_saved(connection, by, template_id, made.source, made.languages, is_translation=is_translation)
    if latest and says_the_same(connection, by.workspace_id, latest.id, made):
        return latest
    must_have_pictures(connection, by.workspace_id, public_url, *made.texts())
    number = 1 + (latest.number if latest else 0)
    found = write_version(connection, by, now, NewVersion(template_id, number, made.source, made.main, made.variants, note))
    mine = (templates.c.id == template_id, templates.c.workspace_id == by.workspace_id)
    name = connection.execute(sa.select(templates.c.name).where(*mine)).scalar_one()
    after = {"name": name, "version": number}
    record(connection, now, by, AuditAction.TEMPLATE_SAVED, f"template:{template_id}", after=after)
    return as_version(found)
