"""Every operation of the OpenAPI document, and something to send to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.conftest import MJML

NO_ONE = 2**40
NOWHERE = {"language": "de"}
SAMPLES: Mapping[str, Any] = {
    "email": "new@example.com",
    "from_email": "news@example.com",
    "name": "A name",
    "subject": "A subject",
    "source": MJML,
    "role": "analyst",
    "timezone": "UTC",
    "scopes": ["contacts.view"],
    "grant_type": "refresh_token",
    "refresh_token": "pwr_1_x",
}


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked for."""

    method: str
    path: str
    permission: str | None
    other: str | None
    is_open: bool
    parameters: tuple[str, ...]
    queries: tuple[str, ...]
    body: Mapping[str, Mapping[str, Any]]
    needed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def enough(self) -> set[str]:
        """Return the permissions of which each alone lets in."""
        return {one for one in (self.permission, self.other) if one}

    def address(self, ids: Mapping[str, Any], **queries: Any) -> str:
        path = self.path.format(**{name: ids.get(name, NOWHERE.get(name, NO_ONE)) for name in self.parameters})
        return path + ("?" + "&".join(f"{name}={value}" for name, value in queries.items()) if queries else "")

    def sample(self, ids: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any] | None:
        """Return a body with what is needed, or with everything."""
        if not self.body:
            return None
        known = {"audience": {"kind": "list", "id": NO_ONE}, "contact_ids": [NO_ONE], "list_ids": [], "template_id": NO_ONE} | dict(ids)
        wanted = self.body if whole else (self.needed or tuple(self.body)[:1])
        return {name: known.get(name, SAMPLES.get(name, _made_up(self.body[name]))) for name in wanted}

    def texts(self) -> list[str]:
        """Return the parts of the body that hold a person's text."""
        return [name for name, schema in self.body.items() if _is_text(schema)]


def operations(document: Mapping[str, Any]) -> list[Operation]:
    return [
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _operation(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> Operation:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = schema.get("$ref") or (schema.get("oneOf") or [{}])[-1].get("$ref", "")
    body = document["components"]["schemas"][named.rsplit("/", 1)[1]] if named else {}
    where = {place: tuple(one["name"] for one in operation.get("parameters", ()) if one["in"] == place) for place in ("path", "query")}
    return Operation(
        method.upper(),
        path,
        operation["x-permission"],
        operation.get("x-other-permission"),
        operation.get("security") == [],
        where["path"],
        where["query"],
        body.get("properties", {}),
        tuple(body.get("required", ())),
    )


def _is_text(schema: Mapping[str, Any]) -> bool:
    kinds = [schema, *schema.get("anyOf", ())]
    return any(kind.get("type") == "string" and "enum" not in kind and "const" not in kind for kind in kinds)


def _made_up(schema: Mapping[str, Any]) -> Any:
    if "default" in schema:
        return schema["default"]
    if schema.get("examples"):
        return schema["examples"][0]
    return None
