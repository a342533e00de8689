"""The languages of a template: each version has its main language and, for readers of others, the same mail in theirs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import InvalidInput
from core.templates.blocks.document import read_document
from core.templates.blocks.translating import read_translations, translated
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind, compile_template
from core.templates.look.brand import Brand
from core.templates.tables import template_variants

MAX_LANGUAGES = 30
Compile = Callable[..., CompiledTemplate]


@dataclass(frozen=True)
class Variant:
    """A template in another language.

    Args:
        language: Which, in lower case (BCP 47).
        source: Its words: of a block document the translations, of the other kinds the whole source.
        html: The HTML part, a Jinja template.
        text: The plain-text part.
        fields: The merge fields used.
    """

    language: str
    source: str
    html: str
    text: str
    fields: tuple[str, ...]


def compile_variants(
    main: CompiledTemplate,
    source: str,
    written: Mapping[str, str],
    *,
    known_attributes: Collection[str],
    brand: Brand,
    compiled_by: Compile = compile_template,
) -> tuple[list[Variant], list[str], list[str]]:
    """Return a template in its other languages, the links of all, and the merge fields of all.

    Args:
        main: It in its main language.
        source: What that was compiled from.
        written: The words by language, see `Variant.source`.
        known_attributes: The contact attributes that exist.
        brand: How a block document looks.
        compiled_by: What compiles; for what nobody has checked yet, a process that can be stopped.

    Raises:
        InvalidInput: If one can't be used; names the language.
    """
    if len(written) > MAX_LANGUAGES:
        raise InvalidInput(f"A template can have {MAX_LANGUAGES} languages besides its own.", hint="Take one out first.")
    variants, links, fields = [], list(main.links), list(main.fields)
    for language, words in sorted(written.items()):
        try:
            whole = in_words(main.kind, source, language, words)
            compiled = compiled_by(whole, main.kind, known_attributes=known_attributes, brand=brand, links=links)
        except InvalidInput as error:
            raise InvalidInput(f"In the language {language}: {error.message}", hint=error.hint) from error
        links = compiled.links
        fields += [field for field in compiled.fields if field not in fields]
        variants.append(Variant(language, words, compiled.html, compiled.text, tuple(compiled.fields)))
    return variants, links, fields


def in_words(kind: TemplateKind, source: str, language: str, words: str) -> str:
    """Return the source of a template in a language.

    Args:
        kind: What it is written in.
        source: It in its main language.
        language: The language.
        words: Its words in it, see `Variant.source`.

    Raises:
        InvalidInput: If the words can't be read.
    """
    if kind is not TemplateKind.BLOCKS:
        return words
    return translated(read_document(source), language, read_translations(words)).as_json()


def variants_of(connection: sa.Connection, workspace_id: int, version_id: int) -> list[Variant]:
    """Return a version in its other languages, by language."""
    column = template_variants.c
    mine = (column.workspace_id == workspace_id, column.version_id == version_id)
    rows = connection.execute(sa.select(template_variants).where(*mine).order_by(column.language))
    return [Variant(row.language, row.source, row.html, row.text, tuple(row.fields)) for row in rows]


def keep_variants(connection: sa.Connection, workspace_id: int, version_id: int, variants: Sequence[Variant], links: Sequence[str]) -> None:
    """Keep a new version in its other languages."""
    rows = [
        {
            "workspace_id": workspace_id,
            "version_id": version_id,
            "language": one.language,
            "source": one.source,
            "html": one.html,
            "text": one.text,
            "links": list(links),
            "fields": list(one.fields),
        }
        for one in variants
    ]
    if rows:
        connection.execute(sa.insert(template_variants), rows)
