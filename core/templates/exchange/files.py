"""A template as one file, to be kept or taken to another workspace: JSON, or a ZIP where it has pictures of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import InvalidInput
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.exchange.packing import MOST_FILES, packed, unpacked
from core.templates.images.shown import PictureStore, shown_in
from core.templates.jinja.validating import check_bytes
from core.templates.languages.variants import variants_of
from core.templates.library.models import TemplateVersion
from core.templates.library.names import checked_name
from core.templates.library.shelving import free_name
from core.templates.library.templates import Templates
from core.templates.look.brand import Colours, Token
from core.templates.tables import templates

LARGEST_FILE = 40_000_000
# Of this, for what is written beside pictures.
LARGEST_BESIDE = 4_000_000
_COLOUR_FIELDS = {"colour", "background", "text_colour"}
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
_JSON_OF_OURS = re.compile(rb'\s*\{\s*"postwright"')


@dataclass(frozen=True)
class ExportedFile:
    """A file.

    Args:
        name: What it is called.
        media_type: What it is.
        data: What is in it.
    """

    name: str
    media_type: str
    data: bytes


class _Packed(BaseModel):
    """A picture in the file.

    Args:
        file: Its name in the ZIP.
        url: Where it was; what the source says is replaced by where it is now.
        name: What it is called.
        alt: What it shows.
    """

    model_config = ConfigDict(extra="ignore")
    file: Annotated[str, Field(max_length=200)]
    url: Annotated[str, Field(min_length=8, max_length=2_000)]
    name: Annotated[str, Field(max_length=200)] = ""
    alt: Annotated[str, Field(max_length=1_000)] = ""


class _Form(BaseModel):
    """What is written in the file; fields of a later release are passed over."""

    model_config = ConfigDict(extra="ignore")
    postwright: Literal["template"]
    version: Literal[1]
    name: Annotated[str, Field(max_length=1_000)]
    kind: TemplateKind
    source: str
    folder: Annotated[str, Field(max_length=1_000)] = ""
    tags: Annotated[list[str], Field(max_length=100)] = []
    note: Annotated[str, Field(max_length=2_000)] = ""
    languages: Annotated[dict[str, str], Field(max_length=100)] = {}
    colours: Colours | None = None
    pictures: Annotated[list[_Packed], Field(max_length=200)] = []


class Exchange:
    """Writes templates into files and reads them from files, which may come from anybody.

    Args:
        db: The operational database.
        clock: The time.
        library: What saves templates.
        brands: Whose colours they are made with.
        pictures: What keeps pictures; None where there is no such thing, and links to pictures stay as they are.
    """

    def __init__(self, db: Database, clock: Clock, library: Templates, brands: BrandKits, pictures: PictureStore | None = None) -> None:
        self._db, self._clock, self._library, self._brands, self._pictures = db, clock, library, brands, pictures

    def export(self, by: Principal, template_id: int) -> ExportedFile:
        """Return a template's newest version as a file.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        template, version = self._library.get(by, template_id), self._library.latest(by, template_id)
        kit = sa.select(templates.c.brand_kit_id).where(templates.c.workspace_id == by.workspace_id, templates.c.id == template_id)
        with self._db.transaction() as connection:
            kit_id = connection.execute(kit).scalar()
            languages = {one.language: one.source for one in variants_of(connection, by.workspace_id, version.id)}
            record(connection, self._clock.now(), by, AuditAction.TEMPLATE_EXPORTED, f"template:{template_id}")
        pictures = list(self._pictures_in(by, "\n".join([version.source, *languages.values()])))
        form = _Form(
            postwright="template",
            version=1,
            name=template.name,
            kind=version.kind,
            source=version.source,
            folder=template.folder,
            tags=list(template.tags),
            note=version.note,
            languages=languages,
            colours=self._brands.brand_of(by.workspace_id, kit_id).colours,
            pictures=[one for one, _ in pictures],
        )
        written = form.model_dump_json(indent=1).encode()
        name, media_type = _named(template.name, has_pictures=bool(pictures))
        files = {"template.json": written, **{one.file: data for one, data in pictures}}
        return ExportedFile(name, media_type, packed(files) if pictures else written)

    def file_name(self, by: Principal, template_id: int) -> tuple[str, str]:
        """Return what the file of a template will be called and what it will be, without taking anything out.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        template, version = self._library.get(by, template_id), self._library.latest(by, template_id)
        with self._db.read() as connection:
            words = [version.source, *(one.source for one in variants_of(connection, by.workspace_id, version.id))]
        shown = next(shown_in(self._pictures, by, "\n".join(words)), None) if self._pictures else None
        return _named(template.name, has_pictures=shown is not None)

    def load(self, by: Principal, data: bytes, file_name: str, *, name: str = "", keep_colours: bool = False) -> TemplateVersion:
        """Make a template of a file: an exported one, MJML or HTML.

        Args:
            by: Who asks.
            data: What is in the file.
            file_name: What it is called; MJML and HTML are named after it.
            name: What the template is called, which no other may be; by default what the file says, with a number where that is taken.
            keep_colours: Whether colours stay as they were made, whatever the brand is here.

        Raises:
            Denied: If `by` may not edit templates.
            InvalidInput: If the file is none of these, too large, or can't be used here; says why.
            Conflict: If another template has the name that was given.
        """
        by.require(Permission.TEMPLATES_EDIT)
        if len(data) > LARGEST_FILE:
            raise InvalidInput(f"The file is larger than {LARGEST_FILE // 1_000_000} MB.", hint="Export the template again.")
        if not data.strip():
            raise InvalidInput("The file is empty.", hint="Choose an exported template, or an MJML or HTML file.")
        files = unpacked(data) if data.startswith(b"PK") else {"template.json": data}
        if not is_exported(data):
            called = name.strip() or self._free(by, file_name.replace("\\", "/").rpartition("/")[2].partition(".")[0] or "Imported")
            return self._library.save(by, called, _decoded(data), is_new=True, note="Imported from a file")
        form = _read(files)
        check_bytes(form.source)
        source, languages = _with_colours(form) if keep_colours else form.source, form.languages
        for one in form.pictures:
            if url := self._taken_in(by, one, files, source, *languages.values()):
                source, languages = source.replace(one.url, url), {tag: words.replace(one.url, url) for tag, words in languages.items()}
            for words in (source, *languages.values()):
                check_bytes(words)  # an address of eight letters that stands everywhere grows with each picture
        place: dict[str, Any] = {"folder": form.folder, "tags": form.tags, "is_new": True, "languages": languages}
        note = form.note or "Imported from a file"
        return self._library.save(by, name.strip() or self._free(by, form.name), source, kind=form.kind, note=note, **place)

    def _free(self, by: Principal, name: str) -> str:
        name = checked_name(name)
        with self._db.read() as connection:
            return free_name(connection, by.workspace_id, name)

    def _pictures_in(self, by: Principal, source: str) -> Iterator[tuple[_Packed, bytes]]:
        """Yield the pictures that go along: as many as a file may hold that can be imported, others stay where they are."""
        room = LARGEST_FILE - LARGEST_BESIDE
        for one, url in islice(shown_in(self._pictures, by, source), MOST_FILES - 1) if self._pictures else ():
            data = self._pictures.content(by, one.id)  # type: ignore[union-attr]
            room -= len(data)
            if room < 0:
                return
            ending = one.media_type.rpartition("/")[2]
            yield _Packed(file=f"pictures/{one.id}.{ending}", url=url, name=one.name, alt=one.alt), data

    def _taken_in(self, by: Principal, one: _Packed, files: dict[str, bytes], *texts: str) -> str:
        """Return where a picture of the file is here; "" where nothing in the file names it."""
        if one.file not in files:
            raise InvalidInput(f"The picture “{one.file[:80]}” is not in the file.", hint="Export the template again.")
        if self._pictures is None or not any(one.url in text for text in texts):
            return ""
        return self._pictures.url_of(self._pictures.add(by, files[one.file], one.name or "Picture", one.alt))


def _named(template: str, *, has_pictures: bool) -> tuple[str, str]:
    name = _NOT_IN_A_NAME.sub("-", template).strip("-.")[:80] or "template"
    return (f"{name}.template.zip", "application/zip") if has_pictures else (f"{name}.template.json", "application/json")


def is_exported(data: bytes) -> bool:
    """Whether a file looks like one of ours, not like MJML or HTML; what is in it is found out when it is loaded."""
    return data.startswith(b"PK") or bool(_JSON_OF_OURS.match(data))


def _read(files: dict[str, bytes]) -> _Form:
    try:
        return _Form.model_validate_json(files.get("template.json", b""))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidInput(f"This is no template of ours: “{where}” – {first['msg']}.", hint="Export the template again.") from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("This file is not UTF-8 text.", hint="Save it as UTF-8 in your editor and choose it again.") from error


def _with_colours(form: _Form) -> str:
    """Return a block document with the colours it was made with in place of the brand's words for them."""
    if form.kind is not TemplateKind.BLOCKS or form.colours is None:
        return form.source
    try:
        return json.dumps(_fixed(json.loads(form.source), form.colours), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):  # saving says what is wrong with it
        return form.source


def _fixed(value: Any, colours: Colours) -> Any:
    if isinstance(value, list):
        return [_fixed(one, colours) for one in value]
    if isinstance(value, dict):
        tokens = {token.value: colours.of(token) for token in Token}
        return {
            name: tokens.get(one, one) if name in _COLOUR_FIELDS and isinstance(one, str) else _fixed(one, colours)
            for name, one in value.items()
        }
    return value
