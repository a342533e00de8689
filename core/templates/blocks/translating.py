"""The words of a document in another language: the layout stays the one it is, and what is not translated stays as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.errors import InvalidInput
from core.templates.blocks.document import Document, checked
from core.templates.blocks.kinds import Block, Header, Products
from core.templates.blocks.parts import NAMES

PREVIEW = "preview"
MAX_BYTES = 500_000
# The fields that hold words, or a picture with words in it, or an address that may be another in each language.
_WORDS = {
    "heading": ("text",),
    "text": ("html",),
    "button": ("text", "url"),
    "image": ("alt", "src", "url"),
    "quote": ("text", "author"),
    "header": ("view_text",),
    "footer": ("reason", "unsubscribe_text", "preferences_text"),
    "mjml": ("code",),
    "html": ("code",),
}
_ADDRESSES = frozenset({"url", "src"})
_NOT_SAID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<[^<>]*>|&\w+;", re.DOTALL)
_OF_PRODUCTS = ("name", "text", "price", "button", "alt", "src", "url")
_LABELS = {"url": "link", "src": "address of the picture", "alt": "what the picture shows"}
_ITSELF = frozenset({"text", "html", "code"})  # what a block is there for needs no name of its own

# By part: by field (`0.name` is the first product's name), the words.
Translations = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Words:
    """Words of a document that can be translated.

    Args:
        part: The block's id, or `preview` for the preview text.
        field: Which of its fields; `0.name` is the first product's name.
        label: What that is called.
        text: What stands there.
        is_long: Whether it is running text, or code.
    """

    part: str
    field: str
    label: str
    text: str
    is_long: bool


def words_of(document: Document) -> list[Words]:
    """Return everything in a document that can be translated, from the top; empty words are left out."""
    found = [Words(PREVIEW, "text", "Preview text", document.preview_text, is_long=False)]
    for block in document.blocks():
        values = _values(block)
        found += [Words(block.id, field, _label(block, field), text, field in {"html", "code"}) for field, text in values.items()]
    return [words for words in found if words.text.strip()]


def unsaid(document: Document, translations: Translations) -> dict[str, list[Words]]:
    """Return the words of a document that are not said in a language, by part; addresses and what has no letters needs no saying.

    Args:
        document: The document.
        translations: What is said in that language.
    """
    missing: dict[str, list[Words]] = {}
    for words in words_of(document):
        is_said = bool(translations.get(words.part, {}).get(words.field, "").strip())
        if not is_said and words.field.rpartition(".")[2] not in _ADDRESSES and _has_letters(words.text):
            missing.setdefault(words.part, []).append(words)
    return missing


def translated(document: Document, language: str, translations: Translations) -> Document:
    """Return a document in another language.

    Args:
        document: The document.
        language: The language (BCP 47).
        translations: The words; what has none, or is not there any more, stays or goes unsaid.

    Raises:
        InvalidInput: If words don't fit where they are to stand.
    """
    said = dict(translations.get(PREVIEW, {}))

    def make() -> Document:
        written = document.model_dump() | {"language": language, "preview_text": said.get("text") or document.preview_text}
        for section in written["sections"]:
            for column in section["columns"]:
                for block in column["blocks"]:
                    _write(block, translations.get(block["id"], {}))
        return Document.model_validate(written)

    return checked(make)


def read_translations(source: str) -> Translations:
    """Return translations from what is kept of them.

    Raises:
        InvalidInput: If they are none.
    """
    try:
        found = orjson.loads(source) if len(source) <= MAX_BYTES else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(one, dict) and all(isinstance(x, str) for x in one.values()) for one in found.values()
    ):
        raise InvalidInput("These are no translations.", hint="Give the words by part and field, as the page for languages does.")
    return dict(found)


def _values(block: Block) -> dict[str, str]:
    if isinstance(block, Products):
        return {f"{at}.{name}": getattr(one, name) for at, one in enumerate(block.products) for name in _OF_PRODUCTS}
    if isinstance(block, Header) and not block.shows_view_link:
        return {}
    return {name: getattr(block, name) for name in _WORDS.get(block.kind, ())}


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, _NOT_SAID.sub(" ", text)))


def _label(block: Block, field: str) -> str:
    at, _, name = field.rpartition(".")
    what = f"{NAMES[block.kind]} {int(at) + 1}" if at else NAMES[block.kind]
    return what if name in _ITSELF else f"{what}: {_LABELS.get(name, name.replace('_', ' '))}"


def _write(block: dict[str, Any], said: Mapping[str, str]) -> None:
    for field, words in said.items():
        at, _, name = field.rpartition(".")
        if not words.strip():
            continue
        if not at and name in _WORDS.get(block["kind"], ()):
            block[name] = words
        elif block["kind"] == "products" and name in _OF_PRODUCTS and at in map(str, range(len(block["products"]))):
            block["products"][int(at)][name] = words
