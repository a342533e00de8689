"""The brand kits of a workspace: how its emails look, one kit for each sender; templates follow when a kit changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.tables import workspaces
from core.templates.brands.checking import checked_brand, checked_name, must_be_deletable, must_be_free, must_have_room, with_pictures_at
from core.templates.brands.reading import BrandKit, as_kit, brand_worn, kits_of, no_such_kit
from core.templates.brands.restyling import PATIENCE, Restyled, Restyling, SavedKit, Told
from core.templates.brands.wearing import Wearer, kit_chosen, mark_due, read_wearers, wearers
from core.templates.images.holding import must_have_pictures
from core.templates.images.moved import NewAddress
from core.templates.look.brand import Brand
from core.templates.tables import brand_kits, templates

_UNSEEN = {"senders"}  # parts that no email shows


class BrandKits:
    """Finds, keeps and deletes brand kits; the first one of a workspace is its default, and there is always exactly one.

    Args:
        db: The operational database.
        clock: The time.
        restyling: Writes templates in the look of their kit.
        patience: How long a change of a look may take, in seconds; the worker does the rest.
        public_url: What addresses of our own pictures begin with; empty for any.
    """

    def __init__(
        self, db: Database, clock: Clock, restyling: Restyling | None = None, patience: float = PATIENCE, public_url: str = ""
    ) -> None:
        self._db, self._clock, self._patience, self._public_url = db, clock, patience, public_url
        self._restyling = restyling or Restyling(db, clock)

    def brand_of(self, workspace_id: int, kit_id: int | None) -> Brand:
        """Return the brand of a kit, or of the workspace's usual one; plain where there is none.

        Args:
            workspace_id: Whose.
            kit_id: The kit, or None for the usual one.
        """
        with self._db.read() as connection:
            return brand_worn(connection, workspace_id, kit_id)

    def all(self, by: Principal) -> list[BrandKit]:
        """Return every kit, the default first, then by name.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            found = [as_kit(row) for row in connection.execute(kits_of(by.workspace_id))]
        return sorted(found, key=lambda kit: (not kit.is_default, kit.name.casefold()))

    def get(self, by: Principal, kit_id: int) -> BrandKit:
        """Return a kit.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such kit.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            return _read(connection, by, kit_id)

    def default(self, by: Principal) -> BrandKit | None:
        """Return the kit that templates wear which choose none; None where there is no kit.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            row = connection.execute(kits_of(by.workspace_id).where(brand_kits.c.is_default)).one_or_none()
        return as_kit(row) if row else None

    def save(self, by: Principal, name: str, brand: Brand, kit_id: int | None = None, told: Told | None = None) -> SavedKit:
        """Keep a kit, and give every template that wears it a new version in its look; versions that are there stay as they are.

        Where there are many, some may wait when this returns (`Restyled.waiting`); `follow` or the worker goes on with them.

        Args:
            by: Who keeps it.
            name: Unique in the workspace.
            brand: How emails look.
            kit_id: The kit to change; None for a new one.
            told: Called with how many templates are done, and of how many.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the name or a part of the brand can't be used, or there are too many kits.
            Conflict: If another kit has the name, or a picture in it was deleted.
            NotFound: If this workspace has no such kit.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name, brand = checked_name(name), checked_brand(brand)
        with self._changing(by) as connection:
            must_have_pictures(connection, by.workspace_id, self._public_url, brand.model_dump_json())
            if kit_id is None:
                kit = self._add(connection, by, name, brand)
            else:
                kit = self._change(connection, by, _read(connection, by, kit_id), name, brand)
        return SavedKit(kit, self._followed(by, kit.id, also_none=kit.is_default, told=told))

    def move_pictures(self, by: Principal, new_address: NewAddress) -> int:
        """Write the address that pictures have now into kits and return into how many; what wears them waits for `follow`.

        Raises:
            Denied: If `by` may not edit templates.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._changing(by) as connection:
            there = [as_kit(row) for row in connection.execute(kits_of(by.workspace_id)).all()]
            return sum(self._change(connection, by, one, one.name, with_pictures_at(new_address, one.brand)) != one for one in there)

    def rename(self, by: Principal, kit_id: int, name: str) -> BrandKit:
        """Give a kit another name.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the name can't be used.
            Conflict: If another kit has it.
            NotFound: If this workspace has no such kit.
        """
        by.require(Permission.TEMPLATES_EDIT)
        name = checked_name(name)
        with self._changing(by) as connection:
            before = _read(connection, by, kit_id)
            if before.name != name:
                must_be_free(connection, by, name, kit_id)
                self._write(connection, by, kit_id, name=name)
                self._note(connection, by, AuditAction.BRAND_KIT_RENAMED, kit_id, {"name": before.name}, {"name": name})
            return _read(connection, by, kit_id)

    def make_default(self, by: Principal, kit_id: int) -> Restyled:
        """Let the templates that choose no kit wear this one from now on.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such kit.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._changing(by) as connection:
            kit = _read(connection, by, kit_id)
            if kit.is_default:
                return Restyled()
            mine = brand_kits.c.workspace_id == by.workspace_id
            connection.execute(brand_kits.update().where(mine).values(is_default=brand_kits.c.id == kit_id))
            due = mark_due(connection, by, wearers(by.workspace_id, None, also_none=True))
            self._note(connection, by, AuditAction.BRAND_KIT_MADE_DEFAULT, kit_id, {}, {"name": kit.name, "templates": due})
        return self._followed(by, None, also_none=True)

    def delete(self, by: Principal, kit_id: int) -> Restyled:
        """Delete a kit that no template has chosen; the default goes last.

        Raises:
            Denied: If `by` may not edit templates.
            Conflict: If templates wear it, or it is the default and there are others.
            NotFound: If this workspace has no such kit.
        """
        by.require(Permission.TEMPLATES_EDIT)
        with self._changing(by) as connection:
            kit = _read(connection, by, kit_id)
            must_be_deletable(connection, by, kit)
            chosen = wearers(by.workspace_id, kit_id, also_none=False)
            connection.execute(templates.update().where(chosen).values(brand_kit_id=None))  # archived ones
            connection.execute(brand_kits.delete().where(brand_kits.c.workspace_id == by.workspace_id, brand_kits.c.id == kit_id))
            plain = mark_due(connection, by, wearers(by.workspace_id, None, also_none=True)) if kit.is_default else 0
            self._note(connection, by, AuditAction.BRAND_KIT_DELETED, kit_id, {"name": kit.name}, {"templates": plain})
        return self._followed(by, None, also_none=True) if plain else Restyled()

    def follow(self, by: Principal, seconds: float = PATIENCE, told: Told | None = None) -> Restyled:
        """Go on writing templates in the look of their kits, where a change left some waiting.

        Args:
            by: Who has it done.
            seconds: After how long to leave the rest to the worker.
            told: Called with how many templates are done, and of how many.

        Raises:
            Denied: If `by` may not edit templates.
        """
        by.require(Permission.TEMPLATES_EDIT)
        return self._restyling.follow(by, seconds=seconds, told=told)

    def bring(self, by: Principal, template_id: int) -> None:
        """Write a template in the look it has to follow, if it waits for that: it is about to be sent.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        self._restyling.bring(by, template_id)

    def workspaces_due(self) -> list[int]:
        """Return the workspaces in which templates wait for the look of their kit; for the worker."""
        return self._restyling.workspaces_due()

    def where_used(self, by: Principal, kit_id: int) -> list[Wearer]:
        """Return the templates that wear a kit, by name: those that have chosen it, and with the default those that have chosen none.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such kit.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            kit = _read(connection, by, kit_id)
            return read_wearers(connection, wearers(by.workspace_id, kit_id, also_none=kit.is_default))

    def chosen_for(self, by: Principal, template_id: int) -> int | None:
        """Return the number of the kit that a template has chosen; None where it wears the default.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            return kit_chosen(connection, by, template_id)[1]

    def wear(self, by: Principal, template_id: int, kit_id: int | None) -> Restyled:
        """Let a template wear a kit, or with None the default, whichever that is.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such template or kit.
        """
        by.require(Permission.TEMPLATES_EDIT)
        this = sa.and_(templates.c.workspace_id == by.workspace_id, templates.c.id == template_id)
        with self._changing(by) as connection:
            name, worn = kit_chosen(connection, by, template_id)
            kit = _read(connection, by, kit_id) if kit_id is not None else None
            if worn == kit_id:
                return Restyled()
            connection.execute(templates.update().where(this).values(brand_kit_id=kit_id))
            mark_due(connection, by, this)
            after = {"name": name, "brand": kit.name if kit else ""}
            record(connection, self._clock.now(), by, AuditAction.TEMPLATE_BRAND_CHOSEN, f"template:{template_id}", after=after)
        return self._restyling.follow(by, this, seconds=self._patience)

    @contextmanager
    def _changing(self, by: Principal) -> Iterator[sa.Connection]:
        """Yield a transaction in which nobody else changes the kits of this workspace."""
        with self._db.transaction() as connection:
            connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id == by.workspace_id).with_for_update(key_share=True))
            yield connection

    def _add(self, connection: sa.Connection, by: Principal, name: str, brand: Brand) -> BrandKit:
        must_be_free(connection, by, name, None)
        there, now = must_have_room(connection, by), self._clock.now()
        row = {"workspace_id": by.workspace_id, "name": name, "is_default": there == 0, "content": brand.model_dump(mode="json")}
        row |= {"updated_by": by.label, "created_at": now, "updated_at": now}
        kit_id = int(connection.execute(brand_kits.insert().values(row).returning(brand_kits.c.id)).scalar_one())
        due = 0 if there else mark_due(connection, by, wearers(by.workspace_id, None, also_none=True))
        self._note(connection, by, AuditAction.BRAND_KIT_CREATED, kit_id, {}, {"name": name, "templates": due})
        return _read(connection, by, kit_id)

    def _change(self, connection: sa.Connection, by: Principal, before: BrandKit, name: str, brand: Brand) -> BrandKit:
        parts = [part for part in Brand.model_fields if getattr(before.brand, part) != getattr(brand, part)]
        if not parts and before.name == name:
            return before
        must_be_free(connection, by, name, before.id)
        self._write(connection, by, before.id, name=name, content=brand.model_dump(mode="json"))
        worn_by = wearers(by.workspace_id, before.id, also_none=before.is_default)
        due = mark_due(connection, by, worn_by) if set(parts) - _UNSEEN else 0
        after = {"name": name, "parts": ", ".join(parts), "templates": due}
        self._note(connection, by, AuditAction.BRAND_KIT_CHANGED, before.id, {"name": before.name}, after)
        return _read(connection, by, before.id)

    def _followed(self, by: Principal, kit_id: int | None, *, also_none: bool, told: Told | None = None) -> Restyled:
        which = wearers(by.workspace_id, kit_id, also_none=also_none)
        return self._restyling.follow(by, which, seconds=self._patience, told=told)

    def _write(self, connection: sa.Connection, by: Principal, kit_id: int, **values: object) -> None:
        this = (brand_kits.c.workspace_id == by.workspace_id, brand_kits.c.id == kit_id)
        connection.execute(brand_kits.update().where(*this).values(**values, updated_by=by.label, updated_at=self._clock.now()))

    def _note(
        self, connection: sa.Connection, by: Principal, what: AuditAction, kit_id: int, before: dict[str, object], after: dict[str, object]
    ) -> None:
        record(connection, self._clock.now(), by, what, f"brand_kit:{kit_id}", before=before, after=after)


def _read(connection: sa.Connection, by: Principal, kit_id: int) -> BrandKit:
    row = connection.execute(kits_of(by.workspace_id).where(brand_kits.c.id == kit_id)).one_or_none()
    if row is None:
        raise no_such_kit()
    return as_kit(row)
