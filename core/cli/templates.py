"""`postwright templates`: what is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import files
from core.cli.answers import Answer
from core.cli.call import Call
from core.cli.command import command, group
from core.errors import NotFound

if TYPE_CHECKING:  # it pulls in the compilers
    from core.templates.library import Template

templates = group("templates", "What you write: MJML or HTML with merge fields.")


@command(templates, "import")
def import_(
    call: Call,
    file: Annotated[Path, typer.Argument(help="An MJML or HTML file.")],
    name: Annotated[str, typer.Option("--name", help="What the template is called; a known name gets a new version.")],
) -> Answer:
    """Check, compile and keep a template."""
    version = call.services.templates.save(call.by, name, files.read_text(file))
    facts = {
        "template_id": version.template_id,
        "version": version.number,
        "kind": version.kind,
        "links": version.links,
        "fields": version.fields,
    }
    links, fields = len(version.links), len(version.fields)
    holds = f"{links} {'link' if links == 1 else 'links'}, {fields} {'merge field' if fields == 1 else 'merge fields'}"
    words = f"“{name}” is version {version.number} now ({version.kind}, {holds})."
    return Answer(facts, words)


@command(templates, "render")
def render(
    call: Call,
    name: Annotated[str, typer.Argument(help="The template's name.")],
    contact: Annotated[str, typer.Option("--contact", metavar="EMAIL", help="For whom; made-up values if not given.")] = "",
    text: Annotated[bool, typer.Option("--text", help="The plain-text part instead of the HTML.")] = False,
) -> Answer:
    """Show what one person would get."""
    services, by = call.services, call.by
    version = services.templates.latest(by, find_template(call, name).id)
    person = services.contacts.find(by, contact) if contact else None
    if contact and person is None:
        raise NotFound("There is no contact with this address.", hint="Check it, or leave --contact out.")
    rendered = services.templates.preview(by, version, person)
    return Answer({"html": rendered.html, "text": rendered.text}, rendered.text if text else rendered.html)


def find_template(call: Call, name: str) -> Template:
    """Return a template by its name or number.

    Raises:
        NotFound: If there is none.
    """
    try:
        return call.services.templates.by_name(call.by, name)
    except NotFound:
        if not name.isdigit():
            raise
        return call.services.templates.get(call.by, int(name))
