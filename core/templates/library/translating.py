"""Putting a template into other languages; each change makes a new version, like any other."""

from __future__ import annotations

from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.languages.choice import chosen, normal_language
from core.templates.languages.reading import languages_of
from core.templates.languages.variants import variants_of
from core.templates.library.models import latest_of
from core.templates.library.names import missing
from core.templates.library.templates import Templates, TemplateVersion


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
        """
        by.require(Permission.TEMPLATES_EDIT)
        language, latest = normal_language(language), self._latest(by, template_id)
        written = self._words(by, latest)
        return self._save(by, latest, {**written, language: words}, f"In {language}")

    def remove(self, by: Principal, template_id: int, language: str) -> TemplateVersion:
        """Take a language out; its readers get the main one from the next version on.

        Raises:
            Denied: If `by` may not edit templates.
            NotFound: If this workspace has no such template, or it has no such language.
        """
        by.require(Permission.TEMPLATES_EDIT)
        language, latest = normal_language(language), self._latest(by, template_id)
        written = self._words(by, latest)
        if language not in written:
            raise NotFound(f"This template has no language {language}.", hint="Look at which it has.")
        left = {tag: words for tag, words in written.items() if tag != language}
        return self._save(by, latest, left, f"Without {language}")

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

    def _save(self, by: Principal, latest: TemplateVersion, languages: dict[str, str], note: str) -> TemplateVersion:
        return self._templates.save_version(by, latest.template_id, latest.source, kind=latest.kind, note=note, languages=languages)

    def _latest(self, by: Principal, template_id: int) -> TemplateVersion:
        with self._db.read() as connection:
            found = latest_of(connection, by.workspace_id, template_id)
        if found is None:
            raise missing(f"Template {template_id}")
        return found

    def _words(self, by: Principal, version: TemplateVersion) -> dict[str, str]:
        with self._db.read() as connection:
            return {one.language: one.source for one in variants_of(connection, by.workspace_id, version.id)}
