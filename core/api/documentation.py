"""The documentation page: made here from the OpenAPI document, so the browser runs no script and asks nobody else for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core.api.problems import KINDS

_FOLDER = Path(__file__).parent / "docs"
STYLE = _FOLDER / "docs.css"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_METHODS = ("get", "post", "put", "patch", "delete")
_HIDDEN = frozenset({"If-None-Match", "If-Match", "Idempotency-Key"})  # explained once, on top
_MARKS = ((re.compile(r"`([^`]+)`"), r"<code>\1</code>"), (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"))
Schema = Mapping[str, Any]


def page(document: Mapping[str, Any]) -> str:
    """Return the page for a document."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["words"] = words
    reader = _Reader(document)
    return environment.get_template("docs.html").render(
        info=document["info"], base=document["servers"][0]["url"], groups=list(reader.groups()), kinds=KINDS
    )


def words(text: str) -> Markup:
    """Return text with its `code` and **strong** words marked as such, and everything else escaped."""
    marked = str(escape(text))
    for pattern, replacement in _MARKS:
        marked = pattern.sub(replacement, marked)
    return Markup(marked.replace("\n\n", "<br><br>"))  # noqa: S704 - escaped above


class _Reader:
    """Reads a document for the page.

    Args:
        document: OpenAPI 3.1.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def groups(self) -> Iterator[dict[str, Any]]:
        """Yield the nouns, each with its operations."""
        operations = list(self._operations())
        for tag in self._document["tags"]:
            mine = [operation for operation in operations if operation["tag"] == tag["name"]]
            yield {"name": tag["name"], "slug": _slug(tag["name"]), "words": tag["description"], "operations": mine}

    def _operations(self) -> Iterator[dict[str, Any]]:
        for path, methods in self._document["paths"].items():
            for method in _METHODS:
                if method in methods:
                    yield self._operation(path, method, methods[method])

    def _operation(self, path: str, method: str, operation: Schema) -> dict[str, Any]:
        bodies = operation.get("requestBody", {}).get("content", {})
        body = next((bodies[kind]["schema"] for kind in ("application/json", _FORM) if kind in bodies), None)
        status, answer = next((status, one) for status, one in operation["responses"].items() if status.startswith("2"))
        shown = answer.get("content", {}).get("application/json", {}).get("schema")
        parameters = [one for one in operation.get("parameters", ()) if one["name"] not in _HIDDEN]
        return {
            "tag": operation["tags"][0],
            "slug": _slug(f"{method} {path}"),
            "method": method.upper(),
            "path": path,
            "summary": operation["summary"],
            "words": operation.get("description", ""),
            "permission": operation.get("x-permission"),
            "other": operation.get("x-other-permission"),
            "is_open": operation.get("security") == [],
            "parameters": [
                self._row(one["name"], one["schema"], one.get("description", ""), one.get("required", False)) for one in parameters
            ],
            "bodies": [self._rows(one) for one in self._choices(body)],
            "curl": self._curl(path, method, self._choices(body), list(bodies), is_open=operation.get("security") == []),
            "status": status,
            "fields": self._rows(shown) if shown else [],
            "answer": json.dumps(self._example(shown), indent=2, ensure_ascii=False) if shown else "",
        }

    def _choices(self, schema: Schema | None) -> list[Schema]:
        if not schema:
            return []
        return [self._found(one) for one in schema["oneOf"]] if "oneOf" in schema else [self._found(schema)]

    def _found(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _rows(self, schema: Schema) -> list[dict[str, Any]]:
        found = self._found(schema)
        needed = found.get("required", ())
        return [self._row(name, one, one.get("description", ""), name in needed) for name, one in found.get("properties", {}).items()]

    def _row(self, name: str, schema: Schema, description: str, needed: bool) -> dict[str, Any]:
        return {"name": name, "type": self._type(schema), "words": description, "needed": needed, "choices": self._words_of(schema)}

    def _type(self, schema: Schema) -> str:
        found = self._found(schema)
        if "anyOf" in found:
            return " or ".join(dict.fromkeys(self._type(one) for one in found["anyOf"]))
        if found.get("type") == "array":
            return f"list of {self._type(found.get('items', {}))}"
        return str(found.get("format") or found.get("type") or "anything").replace("date-time", "time")

    def _words_of(self, schema: Schema) -> list[str]:
        found = self._found(schema)
        if "const" in found:
            return [found["const"]]
        for one in (found, *found.get("anyOf", ()), found.get("items", {})):
            if "enum" in (choice := self._found(one)):
                return [str(word) for word in choice["enum"]]
        return []

    def _example(self, schema: Schema) -> Any:
        if schema.get("examples"):
            return schema["examples"][0]
        found = self._found(schema)
        if found.get("examples"):
            return found["examples"][0]
        if "properties" in found:
            return {name: self._example(one) for name, one in found["properties"].items()}
        if "anyOf" in found:
            return None if any(one.get("type") == "null" for one in found["anyOf"]) else self._example(found["anyOf"][0])
        if found.get("type") == "array":
            return [self._example(found.get("items", {}))]
        return found.get("default", found.get("const", (found.get("enum") or [_MADE_UP.get(_kind(found))])[0]))

    def _curl(self, path: str, method: str, bodies: list[Schema], kinds: list[str], *, is_open: bool) -> str:
        address = f"$POSTWRIGHT_URL{self._document['servers'][0]['url']}{re.sub(r'{[^}]+}', '7', path)}"
        lines = [
            "curl "
            + (f"-X {method.upper()} " if method not in {"get", "post"} or (method == "post" and not kinds) else "")
            + f'"{address}"'
        ]
        if not is_open:
            lines.append('-H "Authorization: Bearer $POSTWRIGHT_TOKEN"')
        if _FORM in kinds:
            lines.append("-F file=@file")
        elif _FILE in kinds:
            lines += [f'-H "Content-Type: {_FILE}"', "--data-binary @file"]
        elif bodies:
            found = bodies[0]
            needed = {name: self._example(found["properties"][name]) for name in found.get("required", ())}
            sent = needed or {name: self._example(one) for name, one in list(found["properties"].items())[:1]}
            lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(sent, ensure_ascii=False)}'"]
        return " \\\n  ".join(lines)


_FORM, _FILE = "multipart/form-data", "application/octet-stream"
_MADE_UP = {"integer": 0, "number": 0.0, "string": "", "boolean": False, "date-time": "2026-11-22T12:00:00Z", "object": {}}


def _kind(schema: Schema) -> str:
    return str(schema.get("format") if schema.get("format") in _MADE_UP else schema.get("type", ""))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
