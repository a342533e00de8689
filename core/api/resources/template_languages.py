"""Languages of templates: what readers of another language get; all others get the main one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, IdInPath, Shown, Text
from core.api.paging import DEFAULT, Cursor, Limit, Page, page_of, unpack
from core.permissions import Permission
from core.templates.languages.choice import normal_language

router = APIRouter(prefix="/templates/{template_id}/languages", tags=["Template languages"], route_class=Door)
_VIEW, _EDIT = needs(Permission.TEMPLATES_VIEW), needs(Permission.TEMPLATES_EDIT)
_WORDS = (
    "Of a template of blocks, its words as JSON by block and field (`preview` is the preview text); of MJML and HTML, the whole source."
)
_EXAMPLE = '{"preview": {"text": "Was im Frühling wächst"}, "a49b044bcb": {"html": "<p>Guten Morgen</p>"}}'

LanguageInPath = Annotated[str, Path(max_length=40, description="As in `de` or `pt-BR`.", examples=["de"])]


class LanguageShown(Shown):
    """A template in another language."""

    language: str = Field(examples=["de"])
    words: str = Field(description=_WORDS, examples=[_EXAMPLE])


class LanguagePut(LanguageShown):
    """What a language says now, and the version of the template that says it."""

    number: int = Field(description="The version's number in the template, from 1.", examples=[4])


class Words(Given):
    """A template's words in a language."""

    words: Text = Field(description=_WORDS, examples=[_EXAMPLE])


@router.get("", summary="List a template's languages", openapi_extra=_VIEW)
def list_template_languages(caller: Asking, template_id: IdInPath, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[LanguageShown]:
    """Return what the newest version says in its other languages, by language; its main language is the template's source."""
    after = (unpack(cursor, str) or ("",))[0]
    found = sorted((tag, words) for tag, words in caller.services.translating.languages(caller.by, template_id).items() if tag > str(after))
    return page_of(found, limit, lambda one: LanguageShown(language=one[0], words=one[1]), lambda one: (one[0],))


@router.put("/{language}", summary="Put a template into a language", openapi_extra=_EDIT)
def put_template_language(caller: Asking, template_id: IdInPath, language: LanguageInPath, given: Words) -> LanguagePut:
    """Give a template these words in a language, which makes a new version; what is not translated stays as in the main language."""
    version = caller.services.translating.put(caller.by, template_id, language, given.words)
    return LanguagePut(language=normal_language(language), words=given.words, number=version.number)


@router.delete("/{language}", summary="Take a language out of a template", status_code=204, openapi_extra=_EDIT)
def remove_template_language(caller: Asking, template_id: IdInPath, language: LanguageInPath) -> None:
    """Make a version without a language; its readers get the main one. Campaigns that were launched keep theirs."""
    caller.services.translating.remove(caller.by, template_id, language)
