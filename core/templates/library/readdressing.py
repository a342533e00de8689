"""Pictures follow the installation to its address on the web: what was written before it had one names a place no reader reaches."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import PostwrightError
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.images.moved import NewAddress, is_reachable
from core.templates.languages.variants import variants_of
from core.templates.library.models import latest_of
from core.templates.library.templates import Templates
from core.templates.look.brand import Brand
from core.templates.tables import pictures, saved_blocks, template_drafts, template_variants, template_versions, templates

NOTE = "Pictures at their new address"
logger = logging.getLogger(__name__)
T = TypeVar("T")


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
        """
        by.require(Permission.TEMPLATES_EDIT)
        if not is_reachable(self._public_url):
            return Readdressed()
        mine = pictures.c.workspace_id == by.workspace_id
        with self._db.read() as connection:
            keys = frozenset(connection.execute(sa.select(pictures.c.blob).where(mine)).scalars())
        new = NewAddress(self._public_url, by.workspace_id, keys)
        versions = {template_id: self._template(by, template_id, new) for template_id in self._naming(by.workspace_id)}
        return self._rest(by, new, {template_id: both for template_id, both in versions.items() if both}, self._kits(by, new))

    def _naming(self, workspace_id: int) -> list[int]:
        """Return the templates that may name pictures in any version."""
        version, variant, path = template_versions.c, template_variants.c, f"/i/{workspace_id}/"
        in_variant = sa.select(variant.version_id).where(variant.workspace_id == workspace_id, variant.source.contains(path))
        named = sa.or_(version.source.contains(path), version.id.in_(in_variant))
        with self._db.read() as connection:
            found = sa.select(version.template_id).where(version.workspace_id == workspace_id, named).distinct()
            return list(connection.execute(found.order_by(version.template_id)).scalars())

    def _template(self, by: Principal, template_id: int, new: NewAddress) -> tuple[int, int] | None:
        """Give a template a version with its pictures at their new address; return the number it had and the one it has."""
        with self._db.read() as connection:
            latest = latest_of(connection, by.workspace_id, template_id)
            languages = {one.language: one.source for one in variants_of(connection, by.workspace_id, latest.id)} if latest else {}
        source, words = new.of(latest.source if latest else ""), {tag: new.of(said) for tag, said in languages.items()}
        if latest is None or (source, words) == (latest.source, languages):
            return None
        how: dict[str, Any] = {"kind": latest.kind, "note": NOTE, "languages": words, "after": latest.number}
        saved = _tried(partial(self._templates.save_version, by, template_id, source, **how), f"template {template_id}")
        return (latest.number, saved.number) if saved else None

    def _kits(self, by: Principal, new: NewAddress) -> int:
        moved = 0
        for kit in self._brands.all(by):
            before = kit.brand.model_dump_json()
            if (after := new.of(before)) != before:
                save = partial(self._brands.save, by, kit.name, Brand.model_validate_json(after), kit.id)
                moved += _tried(save, f"brand kit {kit.id}") is not None
        return moved

    def _rest(self, by: Principal, new: NewAddress, moved: dict[int, tuple[int, int]], kits: int) -> Readdressed:
        """Move what may change in place, and put it all on record."""
        with self._db.transaction() as connection:
            done = Readdressed(len(moved), kits, _blocks(connection, new), _drafts(connection, new, moved))
            if done != Readdressed():
                record(connection, self._clock.now(), by, AuditAction.PICTURES_READDRESSED, after=vars(done))
        return done


def _tried(save: Callable[[], T], what: str) -> T | None:
    """Return what was saved, or None for what can't be saved as it is any more; preflight tells of its pictures."""
    try:
        return save()
    except PostwrightError as error:
        logger.warning("pictures keep their old address in %s: %s", what, type(error).__name__)
        return None


def _blocks(connection: sa.Connection, new: NewAddress) -> int:
    block, moved = saved_blocks.c, 0
    for row in connection.execute(sa.select(block.id, block.content).where(block.workspace_id == new.workspace_id).with_for_update()).all():
        before = orjson.dumps(row.content).decode()
        if (after := new.of(before)) != before:
            mine = (block.workspace_id == new.workspace_id, block.id == row.id)
            connection.execute(saved_blocks.update().where(*mine).values(content=orjson.loads(after)))
            moved += 1
    return moved


def _drafts(connection: sa.Connection, new: NewAddress, versions: dict[int, tuple[int, int]]) -> int:
    """Move the pictures in drafts; one begun from the version that was newest goes on from the one that is newest now."""
    draft, moved = template_drafts.c, 0
    columns = (draft.template_id, draft.language, draft.source, draft.based_on)
    mine = draft.workspace_id == new.workspace_id
    held = sa.select(templates.c.id).join(template_drafts, draft.template_id == templates.c.id).where(mine).order_by(templates.c.id)
    connection.execute(held.with_for_update(of=templates)).all()  # as whoever keeps a draft does
    for row in connection.execute(sa.select(*columns).where(mine)).all():
        old, newest = versions.get(row.template_id, (0, 0))
        values = {"source": new.of(row.source), "based_on": newest if row.based_on == old else row.based_on}
        if values != {"source": row.source, "based_on": row.based_on}:
            this = (mine, draft.template_id == row.template_id, draft.language == row.language)
            connection.execute(template_drafts.update().where(*this).values(values))
            moved += values["source"] != row.source
    return moved
