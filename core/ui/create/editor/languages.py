"""The other languages of what is edited: which parts have no words in them yet."""

from __future__ import annotations

from contextlib import suppress

from core.errors import InvalidInput
from core.templates.blocks.translating import Translations, read_translations, unsaid
from core.templates.library.models import TemplateVersion
from core.ui.create.editor.session import Editing
from core.ui.page import Page


def unsaid_in(page: Page, now: Editing, latest: TemplateVersion) -> dict[str, list[str]]:
    """Return the languages in which a part of the document has no words yet, by the part's id.

    Args:
        page: The page.
        now: What is edited.
        latest: The template's newest version, whose languages it has.
    """
    found: dict[str, list[str]] = {}
    for language, said in _translations(page, now, latest).items():
        for part in unsaid(now.document, said):
            found.setdefault(part, []).append(language)
    return found


def _translations(page: Page, now: Editing, latest: TemplateVersion) -> dict[str, Translations]:
    """Return what is said in each language; read once for each version."""
    version, found = now.facts.get("translations", (0, {}))
    known: dict[str, Translations] = found if version == latest.id else {}
    if version != latest.id:
        for language, words in page.services.translating.languages(page.by, latest.template_id).items():
            with suppress(InvalidInput):  # the page for languages says what is wrong with them
                known[language] = read_translations(words)
        now.facts["translations"] = (latest.id, known)
    return known
