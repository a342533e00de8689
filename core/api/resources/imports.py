"""Imports: contacts from files. The body of the request is the file itself: CSV, XLSX or Parquet, also as .gz or .zip."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query, Response
from pydantic import Field

from core.api.callers import Asking, Caller
from core.api.door import Door, needs
from core.api.fields import IdInPath, Shown
from core.api.uploads import A_FILE, Upload
from core.contacts.imports.files.encodings import Encoding
from core.contacts.imports.files.staging import stage
from core.contacts.imports.importing import Choices, ImportState, PastImport, Rule
from core.contacts.imports.staged import Staged
from core.errors import InvalidInput, PostwrightError
from core.permissions import Permission

router = APIRouter(prefix="/imports", tags=["Imports"], route_class=Door)
_IMPORT = needs(Permission.CONTACTS_IMPORT)
_FILE = {**_IMPORT, **A_FILE}
_CSV: dict[int | str, dict[str, Any]] = {200: {"description": "A CSV file.", "content": {"text/csv": {"schema": {"type": "string"}}}}}

ListName = Annotated[str, Query(alias="list", max_length=2_000, description="The list they join; made if new.", examples=["Newsletter"])]
FileName = Annotated[str, Query(max_length=255, description="What the file is called, for the record.", examples=["people.csv"])]
Columns = Annotated[
    list[str],
    Query(alias="map", max_length=500, description="`COLUMN=FIELD`, once for each; guessed if left out.", examples=[["Mail=email"]]),
]
Types = Annotated[
    list[str],
    Query(alias="type", max_length=500, description="`COLUMN=TYPE`, such as `Joined=date:DD.MM.YYYY`.", examples=[["Orders=number"]]),
]
Existing = Annotated[Rule, Query(description="What happens to contacts you have already.")]
Held = Annotated[bool, Query(description="Whether everybody in it agreed already; else a list may ask them by mail first.")]
Written = Annotated[Encoding | None, Query(description="How a text file is written; found out if left out.")]


class RefusedShown(Shown):
    """A row that can't be imported."""

    line: int = Field(examples=[4])
    reason: str = Field(examples=["There is no @ in this address."])
    email: str = Field(description="What stands in its address column, shortened.")


class Forecast(Shown):
    """What an import would do."""

    rows: int
    created: int = Field(description="New contacts.")
    updated: int = Field(description="Known ones that get something new, be it only the list or a tag, or that the file says no for.")
    unchanged: int
    refused: int
    suppressed: int = Field(description="People who would be imported but can't be mailed.")
    roles: int = Field(description="Addresses of a function, such as info@.")
    disposable: int = Field(description="Addresses made to be thrown away.")
    refused_rows: list[RefusedShown] = Field(description="The first 1,000 of them.")
    notes: list[str] = Field(description="How the file was read, where that was not certain.")


class ImportShown(Shown):
    """An import, going on or over."""

    id: int = Field(examples=[7])
    state: ImportState
    file_name: str = Field(examples=["people.csv"])
    list_id: int | None
    created_at: datetime
    finished_at: datetime | None
    imported_by: str = Field(description="Who asked, as the audit log says it.", examples=["person:7"])
    importer: str = Field(description="What they are called; empty where that is not known.")
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    suppressed: int
    error: str = Field(description="Why it failed; empty otherwise.")
    stage: str = Field(
        description="What is being done just now: `checking`, `comparing`, `writing`; of a move-in `reading` before and `keeping` after."
    )
    done: int = Field(description="How many rows that stage is through with.")
    total: int = Field(description="Of how many.")
    can_be_undone: bool = Field(description="Whether it is the one that can still be taken back.")


class Imports(Shown):
    """The latest imports."""

    data: list[ImportShown]


class TakenBack(Shown):
    """What taking an import back did."""

    removed: int = Field(description="Contacts that are gone again.")
    kept: int = Field(description="Contacts it made that stay, because something happened since.")
    restored: int = Field(description="Known contacts that are as they were.")
    left: int = Field(description="Known contacts that stay, because they were changed since.")
    off_list: int = Field(description="Known contacts that are off the list again.")


@router.post("", summary="Import a file", status_code=202, openapi_extra=_FILE)
def start_import(
    caller: Asking,
    upload: Upload,
    response: Response,
    after: BackgroundTasks,
    list_name: ListName,
    file_name: FileName = "upload.csv",
    columns: Columns = [],  # noqa: B006 (never changed)
    types: Types = [],  # noqa: B006
    existing: Existing = Rule.OVERWRITE,
    consent_held: Held = False,
    encoding: Written = None,
) -> ImportShown:
    """Take a file in. The answer comes once it was read; ask for its state until it is done."""
    imports = caller.services.imports
    staged = _staged(upload, file_name, encoding)
    import_id = imports.start(caller.by, staged, file_name, _choices(caller, staged, list_name, columns, types, existing, consent_held))
    after.add_task(_work, caller, import_id)
    response.headers["Location"] = f"/api/v1/imports/{import_id}"
    return _shown(imports.get(caller.by, import_id))


@router.post("/check", summary="See what a file would do", openapi_extra=_FILE)
def check_import(
    caller: Asking,
    upload: Upload,
    list_name: ListName,
    file_name: FileName = "upload.csv",
    columns: Columns = [],  # noqa: B006
    types: Types = [],  # noqa: B006
    existing: Existing = Rule.OVERWRITE,
    consent_held: Held = False,
    encoding: Written = None,
) -> Forecast:
    """Say what an import would do, and change nothing."""
    staged = _staged(upload, file_name, encoding)
    chosen = _choices(caller, staged, list_name, columns, types, existing, consent_held)
    found = caller.services.imports.run(
        caller.by,
        staged,
        file_name,
        list_name=chosen.list_name,
        mapping=chosen.mapping,
        kinds=chosen.kinds,
        rule=chosen.rule,
        consent_held=chosen.consent_held,
        dry_run=True,
    )
    rows = [RefusedShown.model_construct(**vars(row)) for row in found.refused_rows]
    return Forecast.model_construct(**{**vars(found), "refused_rows": rows, "notes": list(staged.notes)})


@router.get("", summary="List imports", openapi_extra=_IMPORT)
def list_imports(caller: Asking) -> Imports:
    """Return the latest 50 imports, the newest first."""
    return Imports.model_construct(data=[_shown(one) for one in caller.services.imports.all(caller.by)])


@router.get("/{import_id}", summary="Get an import", openapi_extra=_IMPORT)
def get_import(caller: Asking, import_id: IdInPath) -> ImportShown:
    """Return an import with how far it is."""
    return _shown(caller.services.imports.get(caller.by, import_id))


@router.get("/{import_id}/refused", summary="Get the refused rows", openapi_extra=_IMPORT, responses=_CSV, response_class=Response)
def get_refused(caller: Asking, import_id: IdInPath) -> Response:
    """Return the rows that were left out as CSV: line, reason, then their own columns."""
    return Response(caller.services.imports.refused_rows(caller.by, import_id), media_type="text/csv")


@router.post("/{import_id}/cancel", summary="Cancel an import", status_code=204, openapi_extra=_IMPORT)
def cancel_import(caller: Asking, import_id: IdInPath) -> None:
    """Cancel an import that is not done; nothing of it stays."""
    caller.services.imports.cancel(caller.by, import_id)


@router.post("/{import_id}/undo", summary="Take an import back", openapi_extra=_IMPORT)
def undo_import(caller: Asking, import_id: IdInPath) -> TakenBack:
    """Take the last import back. Whoever was mailed, edited or agreed to something since stays as they are."""
    return TakenBack.model_construct(**vars(caller.services.imports.undo(caller.by, import_id)))


def _work(caller: Caller, import_id: int) -> None:
    with suppress(PostwrightError):  # the import's own row says what happened
        caller.services.imports.work(import_id)


def _staged(upload: Path, file_name: str, encoding: Encoding | None) -> Staged:
    return stage(upload, file_name, encoding, upload.parent)


def _choices(caller: Asking, staged: Staged, list_name: str, columns: list[str], types: list[str], rule: Rule, held: bool) -> Choices:
    mapping = {**caller.services.imports.inspect(caller.by, staged).mapping, **dict(map(_pair, columns))}
    return Choices(list_name, mapping, dict(map(_pair, types)), rule, held)


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.rpartition("=")
    if not equals or not column or not value:
        raise InvalidInput(f"“{text[:80]}” is not COLUMN=VALUE.", hint="For example: map=Mail=email&type=Orders=number")
    return column, value


def _shown(one: PastImport) -> ImportShown:
    return ImportShown.model_construct(**vars(one))
