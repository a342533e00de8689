"""A template as one file, to be kept or taken to another workspace: JSON, or a ZIP where it has pictures of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.brands.reading import BrandKit
from core.templates.brands.restyling import SavedKit
from core.templates.confined.process import SHARED
from core.templates.exchange.brand import BrandChoice, kit_worn, new_kit, packed_kit, same_kit
from core.templates.exchange.form import Form, PackedPicture, is_exported, read_form, unpacked_form, with_colours
from core.templates.exchange.packing import MOST_FILES, packed
from core.templates.images.shown import PictureStore, shown_in
from core.templates.jinja.validating import check_bytes
from core.templates.languages.variants import variants_of
from core.templates.library.making import Maker
from core.templates.library.models import TemplateVersion
from core.templates.library.names import checked_folder, checked_name, checked_note, checked_tags
from core.templates.library.shelving import free_name
from core.templates.library.templates import Templates
from core.templates.look.brand import Brand

LARGEST_FILE = 40_000_000
# Of this, for what is written beside pictures.
LARGEST_BESIDE = 4_000_000
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


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


@dataclass(frozen=True)
class Loaded:
    """A template that was made of a file.

    Args:
        version: Its first version.
        kit: The brand kit it wears that the file named; None where it wears the default, whatever that is.
        made: That kit, where it was made for it, with what became of other templates: the first kit of a workspace is its default.
    """

    version: TemplateVersion
    kit: BrandKit | None = None
    made: SavedKit | None = None

    @property
    def template_id(self) -> int:
        """The template's number."""
        return self.version.template_id


class Exchange:
    """Writes templates into files and reads them from files, which may come from anybody.

    Args:
        db: The operational database.
        clock: The time.
        library: What saves templates.
        brands: What they wear.
        pictures: What keeps pictures; None where there is no such thing, and links to pictures stay as they are.
    """

    def __init__(self, db: Database, clock: Clock, library: Templates, brands: BrandKits, pictures: PictureStore | None = None) -> None:
        self._db, self._clock, self._library, self._brands, self._pictures = db, clock, library, brands, pictures
        self._maker = Maker(db, brands, SHARED)

    def export(self, by: Principal, template_id: int) -> ExportedFile:
        """Return a template's newest version as a file.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        template, version = self._library.get(by, template_id), self._library.latest(by, template_id)
        kit = kit_worn(self._brands, by, self._brands.chosen_for(by, template_id))
        with self._db.transaction() as connection:
            languages = {one.language: one.source for one in variants_of(connection, by.workspace_id, version.id)}
            record(connection, self._clock.now(), by, AuditAction.TEMPLATE_EXPORTED, f"template:{template_id}")
        pictures = list(self._pictures_in(by, "\n".join([version.source, *languages.values(), kit.brand.logo.url if kit else ""])))
        form = Form(
            postwright="template",
            version=1,
            name=template.name,
            kind=version.kind,
            source=version.source,
            folder=template.folder,
            tags=list(template.tags),
            note=version.note,
            languages=languages,
            colours=(kit.brand if kit else Brand()).colours,
            brand_kit=packed_kit(kit) if kit else None,
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
        kit = kit_worn(self._brands, by, self._brands.chosen_for(by, template_id))
        with self._db.read() as connection:
            words = [version.source, *(one.source for one in variants_of(connection, by.workspace_id, version.id))]
        words.append(kit.brand.logo.url if kit else "")
        shown = next(shown_in(self._pictures, by, "\n".join(words)), None) if self._pictures else None
        return _named(template.name, has_pictures=shown is not None)

    def load(self, by: Principal, data: bytes, file_name: str, *, name: str = "", brand: BrandChoice = BrandChoice.HERE) -> Loaded:
        """Make a template of a file: an exported one, MJML or HTML.

        Args:
            by: Who asks.
            data: What is in the file.
            file_name: What it is called; MJML and HTML are named after it.
            name: What the template is called, which no other may be; by default what the file says, with a number where that is taken.
            brand: Which brand an exported template wears.

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
        if not is_exported(data):
            called = name.strip() or self._free(by, file_name.replace("\\", "/").rpartition("/")[2].partition(".")[0] or "Imported")
            return Loaded(self._library.save(by, called, _decoded(data), is_new=True, note="Imported from a file"))
        files = unpacked_form(data)
        form = read_form(files)
        check_bytes(form.source)
        if brand is BrandChoice.COLOURS:
            form = form.model_copy(update={"source": with_colours(form)})
        called, place = self._place(by, form, name.strip())
        form = self._with_pictures(by, form, files)
        # Before a kit is made for what can't be used, in whatever language.
        self._maker.made(by.workspace_id, sa.false(), form.source, form.kind, form.languages)
        kit, made = self._kit(by, form, files, brand)
        place |= {"kind": form.kind, "languages": form.languages, "brand_kit_id": kit.id if kit and not kit.is_default else None}
        return Loaded(self._library.save(by, called or self._free(by, form.name), form.source, **place), kit, made)

    def _place(self, by: Principal, form: Form, name: str) -> tuple[str, dict[str, Any]]:
        """Return the name that was given and where a template from a file is put, before anything is kept for one that can't be.

        Raises:
            InvalidInput: If it can't be called so, or put there.
            Conflict: If another template has the name that was given.
        """
        checked_name(name or form.name)
        note = checked_note(form.note or "Imported from a file")
        with suppress(NotFound):
            if name and self._library.by_name(by, checked_name(name)):
                hint = "Choose another name; it may be in the archive."
                raise Conflict(f"There is a template called “{checked_name(name)}” already.", hint=hint)
        return name, {"folder": checked_folder(form.folder), "tags": checked_tags(form.tags), "note": note, "is_new": True}

    def _free(self, by: Principal, name: str) -> str:
        name = checked_name(name)
        with self._db.read() as connection:
            return free_name(connection, by.workspace_id, name)

    def _pictures_in(self, by: Principal, source: str) -> Iterator[tuple[PackedPicture, bytes]]:
        """Yield the pictures that go along: as many as a file may hold that can be imported, others stay where they are."""
        room = LARGEST_FILE - LARGEST_BESIDE
        for one, url in islice(shown_in(self._pictures, by, source), MOST_FILES - 1) if self._pictures else ():
            data = self._pictures.content(by, one.id)  # type: ignore[union-attr]
            room -= len(data)
            if room < 0:
                return
            ending = one.media_type.rpartition("/")[2]
            yield PackedPicture(file=f"pictures/{one.id}.{ending}", url=url, name=one.name, alt=one.alt), data

    def _kit(self, by: Principal, form: Form, files: dict[str, bytes], choice: BrandChoice) -> tuple[BrandKit | None, SavedKit | None]:
        """Return the kit that a template from a file wears, and what was made for it."""
        if form.brand_kit is None or choice is BrandChoice.COLOURS:
            return None, None
        wanted = form.brand_kit.read()
        if choice is BrandChoice.HERE and same_kit(self._brands, by, wanted, but_the_logo=True) is None:
            return None, None
        packed = next((one for one in form.pictures if one.url == wanted.logo.url), None)
        if packed and (url := self._kept(by, packed, files)):
            wanted = wanted.model_copy(update={"logo": wanted.logo.model_copy(update={"url": url})})
        found = same_kit(self._brands, by, wanted)
        if found or choice is BrandChoice.HERE:
            return found, None
        made = new_kit(self._brands, by, form.brand_kit.name, wanted)
        return made.kit, made

    def _with_pictures(self, by: Principal, form: Form, files: dict[str, bytes]) -> Form:
        """Return what stands in a file with the pictures of this workspace, in every language."""
        words = {"": form.source, **form.languages}
        for one in form.pictures:
            if any(one.url in said for said in words.values()) and (url := self._kept(by, one, files)):
                words = {language: said.replace(one.url, url) for language, said in words.items()}
            for said in words.values():
                check_bytes(said)  # an address of eight letters that stands everywhere grows with each picture
        return form.model_copy(update={"source": words.pop(""), "languages": words})

    def _kept(self, by: Principal, one: PackedPicture, files: dict[str, bytes]) -> str:
        """Keep a picture of a file and return where it is now; empty where there is no place for pictures."""
        if one.file not in files:
            raise InvalidInput(f"The picture “{one.file[:80]}” is not in the file.", hint="Export the template again.")
        return self._pictures.url_of(self._pictures.add(by, files[one.file], one.name or "Picture", one.alt)) if self._pictures else ""


def _named(template: str, *, has_pictures: bool) -> tuple[str, str]:
    name = _NOT_IN_A_NAME.sub("-", template).strip("-.")[:80] or "template"
    return (f"{name}.template.zip", "application/zip") if has_pictures else (f"{name}.template.json", "application/json")


def brand_in(data: bytes) -> str:
    """Return the name of the brand kit in an exported file; empty where there is none.

    Raises:
        InvalidInput: If the file can't be used.
    """
    kit = read_form(unpacked_form(data)).brand_kit if is_exported(data) else None
    return kit.name if kit else ""


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("This file is not UTF-8 text.", hint="Save it as UTF-8 in your editor and choose it again.") from error
