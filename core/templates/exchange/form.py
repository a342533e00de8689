"""What is written in the file of a template."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidInput
from core.templates.compiling.compiler import TemplateKind
from core.templates.exchange.brand import PackedKit
from core.templates.exchange.packing import unpacked
from core.templates.look.brand import Colours, Token

_COLOUR_FIELDS = {"colour", "background", "text_colour"}
_JSON_OF_OURS = re.compile(rb'\s*\{\s*"postwright"')


class PackedPicture(BaseModel):
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


class Form(BaseModel):
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
    brand_kit: PackedKit | None = None
    pictures: Annotated[list[PackedPicture], Field(max_length=200)] = []


def is_exported(data: bytes) -> bool:
    """Whether a file looks like one of ours, not like MJML or HTML; what is in it is found out when it is loaded."""
    return data.startswith(b"PK") or bool(_JSON_OF_OURS.match(data))


def unpacked_form(data: bytes) -> dict[str, bytes]:
    """Return the files of an exported template by name: of a ZIP those in it, else itself.

    Raises:
        InvalidInput: If the ZIP can't be used.
    """
    return unpacked(data) if data.startswith(b"PK") else {"template.json": data}


def read_form(files: dict[str, bytes]) -> Form:
    """Return what is written in an exported template.

    Raises:
        InvalidInput: If it is none of ours; says where.
    """
    try:
        return Form.model_validate_json(files.get("template.json", b""))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidInput(f"This is no template of ours: “{where}” – {first['msg']}.", hint="Export the template again.") from error


def with_colours(form: Form) -> str:
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
