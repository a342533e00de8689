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
from core.cli.templates import find_template
from core.errors import InvalidInput, NotFound
from core.templates.look.brand import read_brand

if TYPE_CHECKING:  # it pulls in the compilers
    from core.templates.brands.reading import BrandKit
    from core.templates.brands.restyling import Restyled

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
    found = _known(call, name)
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
    done = _followed(call, saved.restyled)
    return Answer({**_facts(saved.kit), **_told(done)}, "\n".join([f"“{saved.kit.name}” is kept. {_words(done)}", *_kept(done)]))


@command(brands, "default")
def default(call: Call, name: Name) -> Answer:
    """Make a brand kit the default: templates that choose none wear it from now on."""
    kit = _known(call, name)
    done = _followed(call, call.services.brand_kits.make_default(call.by, kit.id))
    words = "\n".join([f"“{kit.name}” is the default. {_words(done)}", *_kept(done)])
    return Answer({**_facts(_known(call, name)), **_told(done)}, words)


@command(brands, "wear")
def wear(
    call: Call,
    name: Name,
    template: Annotated[str, typer.Argument(help="The template’s name.")],
    off: Annotated[bool, typer.Option("--off", help="Take it off: the template wears the default again, whichever that is.")] = False,
) -> Answer:
    """Let a template wear a brand kit."""
    kit, worn_by, kits = _known(call, name), find_template(call, template), call.services.brand_kits
    if off and kits.chosen_for(call.by, worn_by.id) != kit.id:
        raise NotFound(f"“{worn_by.name}” has not chosen “{kit.name}”.", hint="What chooses no kit wears the default anyway.")
    done = kits.wear(call.by, worn_by.id, None if off else kit.id)
    words = "wears the default again" if off else f"wears “{kit.name}”"
    return Answer({**_facts(kit), **_told(done)}, "\n".join([f"“{worn_by.name}” {words}. {_words(done)}", *_kept(done)]))


@command(brands, "delete")
def delete(call: Call, name: Name) -> Answer:
    """Delete a brand kit that no template has chosen; the default goes last."""
    kit = _known(call, name)
    done = _followed(call, call.services.brand_kits.delete(call.by, kit.id))
    return Answer({**_facts(kit), **_told(done)}, "\n".join([f"“{kit.name}” is deleted. {_words(done)}", *_kept(done)]))


def _followed(call: Call, done: Restyled) -> Restyled:
    """Go on with the templates that wait for the new look, where there are many; what somebody else is at is theirs."""
    while done.waiting:
        call.say(f"{done.waiting:,} templates are still to be written in the new look …")
        further = call.services.brand_kits.follow(call.by)
        stuck, done = further.waiting >= done.waiting, done + further
        if stuck:
            break
    return done


def _told(done: Restyled) -> dict[str, object]:
    return {"template_ids": list(done.changed), "kept": done.kept, "waiting": done.waiting}


def _words(done: Restyled) -> str:
    count = len(done.changed)
    words = f"{count} {'template has' if count == 1 else 'templates have'} a new version."
    return f"{words} The worker writes {done.waiting} more." if done.waiting else words


def _kept(done: Restyled) -> list[str]:
    return [f"“{one.name}” keeps the version it has: {one.reason}" for one in done.kept]


def _known(call: Call, name: str) -> BrandKit:
    found = _named(call, name)
    if found is None:
        raise NotFound(f"There is no brand kit called “{name}”.", hint="`postwright brands list` shows those there are.")
    return found


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
