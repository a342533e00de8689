"""Every language of an email: as they are kept with a version, or compiled anew with what is being written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import sqlalchemy as sa

from core.errors import InvalidInput, PostwrightError
from core.preflight.emails import RECEIVER, Email
from core.preflight.envelopes import Envelope
from core.preflight.findings import MAIN
from core.templates.blocks.document import Document, read_document
from core.templates.blocks.parts import places
from core.templates.brands.reading import brand_worn, sender_fields
from core.templates.brands.restyling import attributes_of
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.confined.process import SHARED
from core.templates.languages.variants import in_words, variants_of
from core.templates.library.models import TemplateVersion, latest_of
from core.templates.look.brand import Brand
from core.templates.tables import templates

Version = CompiledTemplate | TemplateVersion


@dataclass(frozen=True)
class Kept:
    """What is known of a template besides the version that is looked at.

    Args:
        workspace_id: Whose it is.
        languages: By language, its words (see `Variant.source`) and the version in it; None for one that is still to be compiled.
        brand: What it wears.
        attributes: The contact attributes that exist.
        sender: What `workspace.…` and `brand.…` stand for.
    """

    workspace_id: int
    languages: dict[str, tuple[str, TemplateVersion | None]]
    brand: Brand
    attributes: list[str]
    sender: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Wordings:
    """An email in all its languages.

    Args:
        emails: By language, the main one (`MAIN`) first.
        words: By language, its words as they are kept; not of the main one.
        unusable: By language, why it can't be compiled with what is being written.
    """

    emails: dict[str, Email]
    words: dict[str, str]
    unusable: dict[str, InvalidInput]


def kept(connection: sa.Connection, workspace_id: int, version: Version, template_id: int | None = None) -> Kept:
    """Return what is known of a template.

    Args:
        connection: Reads.
        workspace_id: Whose template.
        version: The version that is looked at.
        template_id: The template, for a version that is not saved; None for one that belongs to none.
    """
    is_saved = isinstance(version, TemplateVersion)
    template_id = version.template_id if isinstance(version, TemplateVersion) else template_id
    basis = version if isinstance(version, TemplateVersion) else template_id and latest_of(connection, workspace_id, template_id)
    languages: dict[str, tuple[str, TemplateVersion | None]] = {}
    for one in variants_of(connection, workspace_id, basis.id) if isinstance(basis, TemplateVersion) else ():
        finished = replace(basis, html=one.html, text=one.text) if is_saved and isinstance(basis, TemplateVersion) else None
        languages[one.language] = (one.source, finished)
    mine = (templates.c.workspace_id == workspace_id, templates.c.id == template_id)
    brand = brand_worn(connection, workspace_id, connection.execute(sa.select(templates.c.brand_kit_id).where(*mine)).scalar())
    sender = sender_fields(connection, workspace_id, template_id)
    return Kept(workspace_id, languages, brand, attributes_of(connection, workspace_id), sender)


def wordings(version: Version, source: str, envelope: Envelope, known: Kept, receiver: str = RECEIVER) -> Wordings:
    """Return an email in all its languages.

    Args:
        version: It in its main language.
        source: What that was compiled from.
        envelope: What stands around it.
        known: What is known of its template.
        receiver: Where tracked links lead.
    """
    names = {}
    if document := _document(version.kind, source):
        names = places(document)
    make = partial(_email, known=known, names=names, receiver=receiver)
    emails, unusable = {MAIN: make(version, source, envelope)}, {}
    for language, (words, finished) in known.languages.items():
        try:
            whole = in_words(version.kind, source, language, words)
            emails[language] = make(finished or _compiled(version, whole, known), whole, envelope.read_in(language))
        except InvalidInput as error:
            unusable[language] = error
    return Wordings(emails, {language: words for language, (words, _) in known.languages.items()}, unusable)


def _compiled(version: Version, whole: str, known: Kept) -> CompiledTemplate:
    how = {"known_attributes": known.attributes, "brand": known.brand, "links": version.links, "whose": known.workspace_id}
    return SHARED.compile(whole, version.kind, **how)  # type: ignore[arg-type]


def _email(version: Version, source: str, envelope: Envelope, *, known: Kept, names: dict[str, str], receiver: str) -> Email:
    document = _document(version.kind, source)
    marked: Callable[[], CompiledTemplate | None] | None = partial(_marked, source, known) if document else None
    written = "" if version.kind is TemplateKind.BLOCKS else source  # an editor writes it: nobody knows its lines
    return Email(version, written, envelope, known.sender, receiver, document, names, marked, known.workspace_id)


def _document(kind: TemplateKind, source: str) -> Document | None:
    if kind is TemplateKind.BLOCKS and source:
        with suppress(InvalidInput):  # of another release: it is looked at as it is, without places
            return read_document(source)
    return None


def _marked(source: str, known: Kept) -> CompiledTemplate | None:
    try:
        # Any name of a field is taken: this is only looked at, and never filled in.
        return SHARED.compile(source, TemplateKind.BLOCKS, brand=known.brand, marked=True, whose=known.workspace_id)
    except PostwrightError:
        return None
