"""`postwright contacts`: people in and out, as files."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import files
from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.cli.moving_in import move_in
from core.errors import NotFound

if TYPE_CHECKING:
    from core.contacts.imports.files.encodings import Encoding
    from core.contacts.imports.importing import ImportResult, Rule


class ContactForm(StrEnum):
    """How people are written."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


contacts = group("contacts", "The people you write to.")

_SHOWN_REFUSALS = 10
_ENCODINGS = "utf-8|utf-16|cp1252|…"
_KITS = "auto|mailchimp|klaviyo|brevo|listmonk"
_FACTS = ("rows", "created", "updated", "unchanged", "refused", "suppressed", "roles", "disposable", "refused_rows", "list_id", "import_id")


@command(contacts, "import")
def import_(
    call: Call,
    file: Annotated[Path | None, typer.Argument(help="CSV, XLSX or Parquet with a heading line, also as .gz or .zip.")] = None,
    list_name: Annotated[str, typer.Option("--list", metavar="NAME", help="The list they join; made if new.")] = "",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="What a column is; guessed if not given.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="COLUMN=TYPE", help="What a column holds, such as date:DD.MM.YYYY or number.")
    ] = None,
    existing: Annotated[
        str, typer.Option("--existing", metavar="fill|overwrite|skip", help="What happens to contacts you have already.")
    ] = "overwrite",
    encoding: Annotated[
        str, typer.Option("--encoding", metavar=_ENCODINGS, help="How a text file is written; found out if not given.")
    ] = "",
    refused: Annotated[Path | None, typer.Option("--refused", metavar="FILE", help="Where to write the refused rows, if any.")] = None,
    consent_held: Annotated[
        bool, typer.Option("--consent-held", help="Everybody in it agreed already; else a list may ask them by mail.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    kit: Annotated[
        str, typer.Option("--from", metavar=_KITS, help="The tool whose export this is, which says who had agreed to what.")
    ] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the last import back.")] = False,
) -> Answer:
    """Import contacts from a file; rows that can't be used are refused with the reason, and kept."""
    if undo:
        if file or dry_run or refused:
            raise Usage("--undo takes the last import back; it goes with no file.")
        return _taken_back(call)
    if file is None or not list_name:
        raise Usage("Say which file, and which list people join.", hint="For example: contacts import people.csv --list Newsletter")
    if dry_run and refused:
        raise Usage("A dry run keeps no refused rows.", hint="Leave out --refused or --dry-run.")
    if kit:
        if any((mapping, types, refused, encoding, consent_held)) or existing != "overwrite":
            raise Usage("With --from the columns are known, and the refused rows are told.", hint="Give --list and --dry-run only.")
        return move_in(call, file, list_name, kit, dry_run=dry_run)
    return _taken_in(call, _Import(file, list_name, mapping or [], types or [], existing, encoding, consent_held, dry_run), refused)


@dataclass(frozen=True)
class _Import:
    """What was given on the command line."""

    file: Path
    list_name: str
    mapping: list[str]
    types: list[str]
    existing: str
    encoding: str
    consent_held: bool
    dry_run: bool


def _taken_in(call: Call, given: _Import, refused: Path | None) -> Answer:
    from core.contacts.imports.files.folders import private_folder
    from core.contacts.imports.files.staging import stage

    imports, how = call.services.imports, dict(_pair(text) for text in given.mapping)
    kinds, rule, read_as = dict(_pair(text) for text in given.types), _rule(given.existing), _encoding(given.encoding)
    files.check(given.file)
    with private_folder(call.services.settings.uploads_dir) as folder:
        staged = stage(given.file, given.file.name, read_as, folder)
        chosen = {**imports.inspect(call.by, staged).mapping, **how}
        result = imports.run(
            call.by,
            staged,
            given.file.name,
            list_name=given.list_name,
            mapping=chosen,
            kinds=kinds,
            rule=rule,
            consent_held=given.consent_held,
            dry_run=given.dry_run,
        )
    words = "\n".join([*staged.notes, _words(result, given.list_name, given.dry_run)])
    facts = {"dry_run": given.dry_run, **{name: getattr(result, name) for name in _FACTS}, "mapping": chosen, "notes": staged.notes}
    if refused:
        facts["refused_file"] = _write_refused(call, result, refused)
        words += f"\nThe refused rows are in “{refused}”." if result.refused else ""
    return Answer(facts, words)


def _taken_back(call: Call) -> Answer:
    imports = call.services.imports
    last = next((one for one in imports.all(call.by) if one.can_be_undone), None)
    if last is None:
        raise NotFound("There is no import that can be taken back.", hint="Only the last one can.")
    undone = imports.undo(call.by, last.id)
    counts = (
        f"{undone.removed:,} removed, {undone.restored:,} as before, {undone.kept + undone.left:,} left because something happened since"
    )
    stays = " Every no it brought stays, as do suppressed addresses and past opens and clicks."
    words = f"“{last.file_name}” was taken back: {counts}.{stays if last.moved_in_from else ''}"
    return Answer({"import_id": last.id, **vars(undone)}, words)


@command(contacts, "export")
def export_(
    call: Call,
    list_name: Annotated[str, typer.Option("--list", metavar="NAME", help="Only this list.")] = "",
    segment: Annotated[str, typer.Option("--segment", metavar="NAME", help="Only this segment.")] = "",
    form: Annotated[ContactForm, typer.Option("--format", help="How people are written.")] = ContactForm.CSV,
    columns: Annotated[str, typer.Option("--columns", metavar="A,B,…", help="Which columns; the usual ones if not given.")] = "",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; standard output if not given.")] = None,
) -> Answer:
    """Export contacts as CSV, Parquet or an Excel workbook."""
    if list_name and segment:
        raise Usage("Give either --list or --segment, not both.")
    if output is None and (call.as_json or form is not ContactForm.CSV):
        raise Usage("This goes into a file, not to the terminal.", hint="Say which with -o FILE.")
    services, by = call.services, call.by
    list_id = services.lists.by_name(by, list_name).id if list_name else None
    contact_ids = services.segments.contact_ids(by, services.segments.by_name(by, segment).rules) if segment else None
    chosen = [name.strip() for name in columns.split(",") if name.strip()]
    export = services.exports.stream(by, format=form.value, columns=chosen, list_id=list_id, contact_ids=contact_ids)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(export)
        sys.stdout.buffer.flush()
        return Answer()
    with files.whole(output) as file:
        file.writelines(export)
    return Answer({"contacts": export.people, "file": output}, f"{export.people:,} contacts are in “{output}”.")


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals or not column or not field:
        raise Usage(f"“{text}” is not COLUMN=FIELD.", hint="For example: --map Mail=email --map City=attribute.city")
    return column, field


def _encoding(name: str) -> Encoding | None:
    from core.contacts.imports.files.encodings import Encoding

    try:
        return Encoding(name.lower()) if name else None
    except ValueError as error:
        raise Usage(f"“{name}” is not an encoding that can be read.", hint=f"Say one of {', '.join(Encoding)}.") from error


def _rule(name: str) -> Rule:
    from core.contacts.imports.importing import Rule

    try:
        return Rule(name.lower())
    except ValueError as error:
        raise Usage(f"“{name}” is not a way to treat contacts you have.", hint=f"Say --existing {'|'.join(Rule)}.") from error


def _write_refused(call: Call, result: ImportResult, path: Path) -> Path | None:
    """Write the refused rows, line and reason first; return where, or None where nothing was refused."""
    if result.import_id is None or not result.refused:
        return None
    with files.whole(path) as file:
        file.write(call.services.imports.refused_rows(call.by, result.import_id))
    return path


def _words(result: ImportResult, list_name: str, dry_run: bool) -> str:
    would = "Nothing was changed. The import would give: " if dry_run else ""
    counts = f"{result.created:,} new, {result.updated:,} updated, {result.unchanged:,} unchanged, {result.refused:,} refused"
    lines = [f"{would}{result.rows:,} rows for the list “{list_name}”: {counts}."]
    if result.refused_rows:
        rows = [(row.line, row.reason) for row in result.refused_rows[:_SHOWN_REFUSALS]]
        lines += ["", table(("LINE", "WHY IT WAS REFUSED"), rows)]
    if result.refused > _SHOWN_REFUSALS:
        lines.append(f"… and {result.refused - _SHOWN_REFUSALS:,} more.")
    return "\n".join(lines)
