"""Pictures follow the installation to its address on the web: what was written before it had one names a place no reader reaches."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import PostwrightError
from core.permissions import Permission, Principal
from core.storage.database import Database, next_sequence
from core.templates.brands.kits import BrandKits
from core.templates.brands.restyling import NOTE as RESTYLED
from core.templates.images.moved import NewAddress, is_reachable
from core.templates.languages.variants import variants_of
from core.templates.library.keeping import SavedMeanwhile
from core.templates.library.models import latest_of
from core.templates.library.templates import Templates
from core.templates.tables import pictures, saved_blocks, template_drafts, template_variants, template_versions, templates

NOTE = "Pictures at their new address"
logger = logging.getLogger(__name__)
_TRIES = 20


@dataclass(frozen=True)
class Readdressed:
    """How many things name their pictures at the new address now."""

    templates: int = 0
    brand_kits: int = 0
    saved_blocks: int = 0
    drafts: int = 0


class Readdressing:
    """Writes the address that pictures have now into whatever names one that readers can't reach.

    Versions stay what they are: a template gets a new one. Sent mail can't be helped, and campaigns that were launched keep theirs.

    Args:
        db: The operational database.
        clock: The time.
        templates: The templates.
        brands: The brand kits.
        public_url: What addresses of our own pictures begin with.
    """

    def __init__(self, db: Database, clock: Clock, templates: Templates, brands: BrandKits, public_url: str) -> None:
        self._db, self._clock, self._templates, self._brands, self._public_url = db, clock, templates, brands, public_url

    def workspaces(self) -> list[int]:
        """Return the workspaces with pictures, if there is an address that their readers can reach; for the worker."""
        if not is_reachable(self._public_url):
            return []
        with self._db.read() as connection:
            return list(connection.execute(sa.select(pictures.c.workspace_id).distinct().order_by(pictures.c.workspace_id)).scalars())

    def follow(self, by: Principal) -> Readdressed:
        """Move the pictures in all that is written in a workspace; nothing where there is nothing to move.

        Raises:
            Denied: If `by` may not edit templates.
            Conflict: If others save a template again and again meanwhile.
        """
        by.require(Permission.TEMPLATES_EDIT)
        if not is_reachable(self._public_url):
            return Readdressed()
        mine = pictures.c.workspace_id == by.workspace_id
        with self._db.read() as connection:
            keys = frozenset(connection.execute(sa.select(pictures.c.blob).where(mine)).scalars())
        new = NewAddress(self._public_url, by.workspace_id, keys)
        kits = self._brands.move_pictures(by, new)
        moved = sum(self._template(by, template_id, new) for template_id in self._naming(by.workspace_id))
        return self._rest(by, new, Readdressed(moved, kits))

    def _naming(self, workspace_id: int) -> list[int]:
        """Return the templates that may name pictures in any version."""
        version, variant, path = template_versions.c, template_variants.c, f"/i/{workspace_id}/"
        in_variant = sa.select(variant.version_id).where(variant.workspace_id == workspace_id, variant.source.contains(path))
        named = sa.or_(version.source.contains(path), version.id.in_(in_variant))
        with self._db.read() as connection:
            found = sa.select(version.template_id).where(version.workspace_id == workspace_id, named).distinct()
            return list(connection.execute(found.order_by(version.template_id)).scalars())

    def _template(self, by: Principal, template_id: int, new: NewAddress) -> bool:
        """Give a template a version with its pictures at their new address, anew where somebody saves meanwhile; return whether."""
        for _ in range(_TRIES):
            with self._db.read() as connection:
                latest = latest_of(connection, by.workspace_id, template_id)
                languages = {one.language: one.source for one in variants_of(connection, by.workspace_id, latest.id)} if latest else {}
            source, words = new.of(latest.source if latest else ""), {tag: new.of(said) for tag, said in languages.items()}
            if latest is None or (source, words) == (latest.source, languages):
                return False
            how: dict[str, Any] = {"kind": latest.kind, "note": NOTE, "languages": words, "after": latest.number}
            try:
                self._templates.save_version(by, template_id, source, **how)
            except SavedMeanwhile:
                continue
            except PostwrightError as error:  # what can't be saved as it is any more; a check tells of its pictures
                logger.warning("pictures keep their old address in template %s: %s", template_id, type(error).__name__)
                return False
            return True
        raise SavedMeanwhile

    def _rest(self, by: Principal, new: NewAddress, done: Readdressed) -> Readdressed:
        """Move what may change in place, and put it all on record."""
        if done == Readdressed() and not self._is_named(new):
            return done
        with self._db.transaction() as connection:
            done = replace(done, saved_blocks=_blocks(connection, new), drafts=_drafts(connection, new))
            if done != Readdressed():
                record(connection, self._clock.now(), by, AuditAction.PICTURES_READDRESSED, after=vars(done))
        return done

    def _is_named(self, new: NewAddress) -> bool:
        """Return whether a kept block or a draft names a picture elsewhere: most often none does, and then nobody has to wait."""
        block, draft = saved_blocks.c, template_drafts.c
        with self._db.read() as connection:
            kept = connection.execute(sa.select(sa.cast(block.content, sa.Text)).where(block.workspace_id == new.workspace_id)).scalars()
            written = connection.execute(sa.select(draft.source).where(draft.workspace_id == new.workspace_id)).scalars()
            return any(new.of(text) != text for texts in (kept, written) for text in texts)


def _blocks(connection: sa.Connection, new: NewAddress) -> int:
    block, moved = saved_blocks.c, 0
    mine = sa.select(block.id, block.content).where(block.workspace_id == new.workspace_id).order_by(block.id)
    for row in connection.execute(mine.with_for_update()).all():
        before = orjson.dumps(row.content).decode()
        if (after := new.of(before)) != before:
            this = (block.workspace_id == new.workspace_id, block.id == row.id)
            connection.execute(saved_blocks.update().where(*this).values(content=orjson.loads(after)))
            moved += 1
    return moved


def _drafts(connection: sa.Connection, new: NewAddress) -> int:
    """Move the pictures in drafts. Nobody is told that others saved meanwhile where only the machine did: no word of theirs changed."""
    draft, moved = template_drafts.c, 0
    columns = (draft.template_id, draft.language, draft.source, draft.based_on)
    mine = draft.workspace_id == new.workspace_id
    held = sa.select(templates.c.id).join(template_drafts, draft.template_id == templates.c.id).where(mine).order_by(templates.c.id)
    connection.execute(held.with_for_update(of=templates)).all()  # as whoever keeps a draft does
    for row in connection.execute(sa.select(*columns).where(mine)).all():
        values: dict[str, Any] = {"source": new.of(row.source), "based_on": _goes_on_from(connection, row.template_id, row.based_on)}
        if values != {"source": row.source, "based_on": row.based_on}:
            this = (mine, draft.template_id == row.template_id, draft.language == row.language)
            values["revision"] = next_sequence(connection, new.workspace_id, "template drafts")  # a tab that is open must not undo it
            connection.execute(template_drafts.update().where(*this).values(values))
            moved += values["source"] != row.source
    return moved


def _goes_on_from(connection: sa.Connection, template_id: int, based_on: int) -> int:
    """Return the number of the version that a draft goes on from: the newest, where since its own only pictures moved and looks changed."""
    version = template_versions.c
    later = sa.select(version.number, version.note).where(version.template_id == template_id, version.number > based_on)
    since = connection.execute(later.order_by(version.number)).all()
    notes = {row.note for row in since}
    return int(since[-1].number) if NOTE in notes and notes <= {NOTE, RESTYLED} else based_on
