"""A version is written down here and nowhere else: its row, its languages, and when its template was changed last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.permissions import Principal
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.languages.variants import Variant, keep_variants
from core.templates.tables import template_versions, templates


@dataclass(frozen=True)
class NewVersion:
    """A version that is to be written.

    Args:
        template_id: The template.
        number: Its number in the template, from 1; whoever gives it holds the template's row.
        source: What it was compiled from.
        main: It in its main language; its links and merge fields are those of all languages.
        variants: It in its other languages.
        note: What is to be remembered about it.
    """

    template_id: int
    number: int
    source: str
    main: CompiledTemplate
    variants: Sequence[Variant] = ()
    note: str = ""


def write_version(connection: sa.Connection, by: Principal, now: datetime, new: NewVersion) -> sa.Row[Any]:
    """Write a version in all its languages, and return its row; it is in the look its template has now.

    Args:
        connection: The transaction of whoever makes it.
        by: Who makes it.
        now: The time.
        new: The version.
    """
    row = {**vars(new.main), "kind": str(new.main.kind), "source": new.source, "note": new.note}
    row |= {"template_id": new.template_id, "number": new.number}
    row |= {"workspace_id": by.workspace_id, "created_by": by.label, "created_at": now}
    written: sa.Row[Any] = connection.execute(template_versions.insert().values(row).returning(template_versions)).one()
    keep_variants(connection, by.workspace_id, written.id, new.variants, new.main.links)
    mine = (templates.c.workspace_id == by.workspace_id, templates.c.id == new.template_id)
    connection.execute(templates.update().where(*mine).values(updated_at=now, look_due_by=None, look_problem=""))
    return written
