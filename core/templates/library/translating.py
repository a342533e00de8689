"""Putting a template into other languages; each change makes a new version, like any other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.languages.choice import chosen, normal_language
from core.templates.languages.reading import languages_of
from core.templates.languages.variants import in_words, variants_of
from core.templates.library.keeping import SavedMeanwhile
from core.templates.library.models import latest_of
from core.templates.library.names import missing
from core.templates.library.templates import Templates, TemplateVersion

_TRIES = 20


class Translating:
    """Reads and changes the languages of templates.

    Args:
        db: The operational database.
        templates: The templates.
    """

    def __init__(self, db: Database, templates: Templates) -> None:
        self._db, self._templates = db, templates

    def languages(self, by: Principal, template_id: int) -> dict[str, str]:
        """Return the words of a template's newest version by language, see `Variant.source`; its main language is not among them.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
        """
        by.require(Permission.TEMPLATES_VIEW)
        return self._words(by, self._latest(by, template_id))

    def spoken(self, by: Principal, version: TemplateVersion) -> tuple[str, ...]:
        """Return the other languages a version has, in order.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            return languages_of(connection, by.workspace_id, version.id)

    def put(self, by: Principal, template_id: int, language: str, words: str) -> TemplateVersion:
        """Give a template these words in a language, and return the version that has them.

        Args:
            by: Who translates.
            template_id: The template.
            language: The language (BCP 47), in any spelling.
            words: Of a block document its translations as JSON, of another kind the whole source.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such template.
            InvalidInput: If the language or the words can't be used.
            Conflict: If others save it again and again meanwhile.
        """
        by.require(Permission.TEMPLATES_EDIT)
        language = normal_language(language)
        return self._changed(by, template_id, lambda written: {**written, language: words}, f"In {language}")

    def try_out(self, by: Principal, template_id: int, language: str, words: str) -> CompiledTemplate:
        """Compile a template's newest version with these words in a language without keeping them, as for a preview while somebody writes.

        Raises:
            Denied: If `by` may not see templates.
            NotFound: If this workspace has no such template.
            InvalidInput: If the language or the words can't be used; says what is wrong.
        """
        by.require(Permission.TEMPLATES_VIEW)
        language, latest = normal_language(language), self._latest(by, template_id)
        whole = in_words(latest.kind, latest.source, language, words)
        return self._templates.try_out(by, whole, latest.kind, template_id=template_id)

    def remove(self, by: Principal, template_id: int, language: str) -> TemplateVersion:
        """Take a language out; its readers get the main one from the next version on.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such template, or it has no such language.
        """
        by.require(Permission.TEMPLATES_EDIT)
        language = normal_language(language)

        def without(written: dict[str, str]) -> dict[str, str]:
            if language not in written:
                raise NotFound(f"This template has no language {language}.", hint="Look at which it has.")
            return {tag: words for tag, words in written.items() if tag != language}

        return self._changed(by, template_id, without, f"Without {language}")

    def in_language(self, by: Principal, version: TemplateVersion, language: str) -> CompiledTemplate:
        """Return a version as readers of another language get it; as everybody else gets it where it has no such language.

        Raises:
            Denied: If `by` may not see templates.
        """
        by.require(Permission.TEMPLATES_VIEW)
        with self._db.read() as connection:
            found = {one.language: one for one in variants_of(connection, by.workspace_id, version.id)}
        theirs = chosen(language, None, found)
        html, text = (theirs.html, theirs.text) if theirs else (version.html, version.text)
        return CompiledTemplate(version.kind, html, text, version.links, version.fields)

    def _changed(self, by: Principal, template_id: int, change: Callable[[dict[str, str]], dict[str, str]], note: str) -> TemplateVersion:
        """Save the newest version with other languages, anew where somebody saved meanwhile: nothing of theirs is lost."""
        for _ in range(_TRIES):
            latest = self._latest(by, template_id)
            how: dict[str, Any] = {"kind": latest.kind, "note": note, "languages": change(self._words(by, latest)), "after": latest.number}
            with suppress(SavedMeanwhile):
                return self._templates.save_version(by, template_id, latest.source, **how)
        raise SavedMeanwhile

    def _latest(self, by: Principal, template_id: int) -> TemplateVersion:
        with self._db.read() as connection:
            found = latest_of(connection, by.workspace_id, template_id)
        if found is None:
            raise missing(f"Template {template_id}")
        return found

    def _words(self, by: Principal, version: TemplateVersion) -> dict[str, str]:
        with self._db.read() as connection:
            return {one.language: one.source for one in variants_of(connection, by.workspace_id, version.id)}
