"""`postwright brands`: how emails look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import files
from core.cli.answers import Answer, table, to_json
from core.cli.call import Call
from core.cli.command import command, group
from core.errors import InvalidInput, NotFound
from core.templates.look.brand import read_brand

if TYPE_CHECKING:  # it pulls in the compilers
    from core.templates.brands.reading import BrandKit

brands = group("brands", "How emails look: logo, colours, fonts, footer, senders.")
Name = Annotated[str, typer.Argument(help="What the brand kit is called.")]


@command(brands, "list")
def show_all(call: Call) -> Answer:
    """List the brand kits, the default first."""
    found = call.services.brand_kits.all(call.by)
    worn = [len(call.services.brand_kits.where_used(call.by, one.id)) for one in found]
    facts = [{**_facts(one), "templates": count} for one, count in zip(found, worn, strict=True)]
    rows = [(one.name, "yes" if one.is_default else "", count, one.updated_at) for one, count in zip(found, worn, strict=True)]
    return Answer({"brands": facts}, table(("NAME", "DEFAULT", "TEMPLATES", "CHANGED"), rows))


@command(brands, "show")
def show(call: Call, name: Name) -> Answer:
    """Show a brand kit as JSON, as `brands set` takes it."""
    found = _named(call, name)
    if found is None:
        raise NotFound(f"There is no brand kit called “{name}”.", hint="`postwright brands list` shows those there are.")
    brand = found.brand.model_dump(mode="json")
    return Answer({**_facts(found), "brand": brand}, to_json(brand))


@command(brands, "set")
def set_(
    call: Call, name: Name, file: Annotated[Path, typer.Argument(help="A JSON file; what it leaves out is as in a new kit.")]
) -> Answer:
    """Make or change a brand kit; templates that wear it get a new version, campaigns that were launched keep theirs."""
    known = _named(call, name)
    brand = read_brand(_json(files.read_text(file)))
    saved = call.services.brand_kits.save(call.by, known.name if known else name, brand, known.id if known else None)
    changed, kept = saved.restyled.changed, saved.restyled.kept
    lines = [f"“{saved.kit.name}” is kept. {len(changed)} {'template has' if len(changed) == 1 else 'templates have'} a new version."]
    lines += [f"“{one.name}” keeps the version it has: {one.reason}" for one in kept]
    return Answer({**_facts(saved.kit), "template_ids": list(changed), "kept": kept}, "\n".join(lines))


def _named(call: Call, name: str) -> BrandKit | None:
    wanted = " ".join(name.split()).casefold()
    return next((one for one in call.services.brand_kits.all(call.by) if one.name.casefold() == wanted), None)


def _facts(one: BrandKit) -> dict[str, object]:
    return {"id": one.id, "name": one.name, "is_default": one.is_default, "updated_at": one.updated_at}


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput("The file holds no JSON.", hint="`postwright brands show NAME` writes what it may look like.") from error
