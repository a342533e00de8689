"""`postwright templates`: what is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import files
from core.cli.answers import Answer, facts_of, table
from core.cli.call import Call
from core.cli.campaign_lines import PreviewIn, SubjectIn, in_languages
from core.cli.command import Usage, command, group
from core.errors import NotFound
from core.templates.languages.choice import chosen_language

if TYPE_CHECKING:  # it pulls in the compilers
    from core.campaigns.models import Audience
    from core.preflight.findings import Finding
    from core.templates.exchange.brand import BrandChoice
    from core.templates.exchange.files import Loaded
    from core.templates.library.finding import Card
    from core.templates.library.templates import Template

_DIGITS = 19  # of a number that no row can have any more
templates = group("templates", "What you write: blocks, MJML or HTML with merge fields.")


@command(templates, "list")
def list_(
    call: Call,
    search: Annotated[str, typer.Option("--search", metavar="WORDS", help="In the name, a tag, the folder or what it says.")] = "",
    folder: Annotated[str, typer.Option("--folder", metavar="F", help="Only those in this folder.")] = "",
    tag: Annotated[str, typer.Option("--tag", metavar="T", help="Only those with this tag.")] = "",
    archived: Annotated[bool, typer.Option("--archived", help="Those that were put away, and no others.")] = False,
) -> Answer:
    """Show the templates, the one saved last first."""
    from core.templates.library.finding import Wanted

    found = call.services.templates.page(call.by, Wanted(search, folder, tag, archived), limit=10_000).rows
    facts = [_facts(card) for card in found]
    rows = [(str(one["id"]), one["name"], str(one["version"]), one["folder"], ", ".join(one["tags"]), one["changed_by"]) for one in facts]
    words = table(("ID", "NAME", "VERSION", "FOLDER", "TAGS", "CHANGED BY"), rows) if rows else "There are no templates like this."
    return Answer({"templates": facts}, words)


@command(templates, "import")
def import_(
    call: Call,
    file: Annotated[Path, typer.Argument(help="An MJML or HTML file, or a template that was exported.")],
    name: Annotated[str, typer.Option("--name", help="What the template is called; by MJML or HTML a known name gets a new version.")] = "",
    note: Annotated[str, typer.Option("--note", metavar="WORDS", help="What is to be remembered about this version.")] = "",
    brand: Annotated[
        str, typer.Option("--brand", metavar="WHICH", help="here, new (a kit like the file's is made if none is like it) or colours.")
    ] = "here",
) -> Answer:
    """Check, compile and keep a template."""
    from core.templates.exchange.form import is_exported

    data, brand_words = files.read(file), ""
    if is_exported(data):
        loaded = call.services.template_exchange.load(call.by, data, file.name, name=name, brand=_brand(brand))
        version, brand_words = loaded.version, _brand_words(loaded)
    elif not name:
        raise Usage("A template needs a name.", hint="Say which with --name.")
    else:
        version = call.services.templates.save(call.by, name, files.read_text(file), note=note)
    called = call.services.templates.get(call.by, version.template_id).name
    facts = {
        "template_id": version.template_id,
        "version": version.number,
        "kind": version.kind,
        "links": version.links,
        "fields": version.fields,
    }
    links, fields = len(version.links), len(version.fields)
    holds = f"{links} {'link' if links == 1 else 'links'}, {fields} {'merge field' if fields == 1 else 'merge fields'}"
    words = f"“{called}” is version {version.number} now ({version.kind}, {holds}).{brand_words}"
    return Answer(facts, words)


@command(templates, "export")
def export(
    call: Call,
    name: Annotated[str, typer.Argument(help="The template's name.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; by default named after it, here.")
    ] = None,
) -> Answer:
    """Write a template into a file that another workspace can import."""
    exported = call.services.template_exchange.export(call.by, find_template(call, name).id)
    path = output or Path(exported.name)
    with files.whole(path) as written:
        written.write(exported.data)
    return Answer({"file": path, "bytes": len(exported.data)}, f"“{name}” is in “{path}”.")


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
    language = chosen_language(person.attributes.get("language"), services.translating.spoken(by, version)) if person else ""
    shown = services.translating.in_language(by, version, language) if language else version
    rendered = services.templates.preview(by, shown, person, version.template_id)
    return Answer({"html": rendered.html, "text": rendered.text}, rendered.text if text else rendered.html)


@command(templates, "check")
def check(
    call: Call,
    name: Annotated[str, typer.Argument(help="The template's name.")],
    subject: Annotated[str | None, typer.Option("--subject", help="The subject it will have.")] = None,
    preview: Annotated[
        str | None, typer.Option("--preview", help="The text beside the subject; looked for in the email if left out.")
    ] = None,
    subject_in: SubjectIn = None,
    preview_in: PreviewIn = None,
    sender: Annotated[str | None, typer.Option("--from", metavar="EMAIL", help="The address it will come from.")] = None,
    list_name: Annotated[str, typer.Option("--list", metavar="NAME", help="The list it will go to.")] = "",
    segment: Annotated[str, typer.Option("--segment", metavar="NAME", help="The segment it will go to.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Don't ask for links and images.")] = False,
) -> Answer:
    """Say what must be mended before it is sent, and what had better be, in each of its languages."""
    from core.preflight.envelopes import Envelope  # it pulls in the compilers

    services, by = call.services, call.by
    version = services.templates.latest(by, find_template(call, name).id)
    envelope = Envelope.about(subject, preview, sender, in_languages(subject_in, preview_in))
    report = services.preflight.check(by, version, envelope, audience=_audience(call, list_name, segment), fetch=not offline)
    facts = {"blocked": report.is_blocked, "fetched": report.fetched, "findings": [_facts_of_finding(one) for one in report.findings]}
    return Answer(facts, "\n".join(map(_found, report.findings)) or "Nothing to mend.", ok=not report.is_blocked)


def find_template(call: Call, name: str) -> Template:
    """Return a template by its name or number.

    Raises:
        NotFound: If there is none.
    """
    try:
        return call.services.templates.by_name(call.by, name)
    except NotFound:
        if not (name.isascii() and name.isdigit() and len(name) < _DIGITS):
            raise
        return call.services.templates.get(call.by, int(name))


def _brand(word: str) -> BrandChoice:
    from core.templates.exchange.brand import BrandChoice

    if word not in set(BrandChoice):
        raise Usage("A template from a file wears a brand of here, a new one, or its colours.", hint="Give --brand here, new or colours.")
    return BrandChoice(word)


def _brand_words(loaded: Loaded) -> str:
    if loaded.kit is None:
        return ""
    if loaded.made is None:
        return f" It wears the brand kit “{loaded.kit.name}”, which says the same as the one in the file."
    default = " It is the default: templates that have chosen no brand wear it too." if loaded.kit.is_default else ""
    return f" The brand kit “{loaded.kit.name}” was made for it.{default}"


def _facts(card: Card) -> dict[str, Any]:
    one = card.template
    facts = {"id": one.id, "name": one.name, "version": one.latest_number, "folder": one.folder, "tags": list(one.tags)}
    return {**facts, "changed_by": card.changed_by, "updated_at": one.updated_at, "archived": one.is_archived}


def _audience(call: Call, list_name: str, segment: str) -> Audience | None:
    from core.campaigns.models import Audience  # as above

    if list_name and segment:
        raise Usage("An email is checked for one audience at a time.", hint="Give --list or --segment.")
    if segment:
        return Audience("segment", call.services.segments.by_name(call.by, segment).id)
    return Audience("list", call.services.lists.by_name(call.by, list_name).id) if list_name else None


def _facts_of_finding(one: Finding) -> dict[str, Any]:
    """Return a finding without what it is told apart by."""
    return {name: value for name, value in facts_of(one).items() if name != "about"}


def _found(one: Finding) -> str:
    where = f" ({one.where})" if one.where else ""
    languages = f" [{', '.join(one.languages)}]" if one.languages else ""
    return f"{one.severity}: {one.message}{where}{languages}\n  {one.hint}"
