"""What a segment asks: a tree of groups (“all”, “any”) and rules, read strictly from JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import InvalidInput

MAX_DEPTH = 5
MAX_RULES = 100
_RULE_KEYS = frozenset({"field", "operator", "value", "days"})
_SHAPE = "Write {“all”: […]}, {“any”: […]} or a rule such as {“field”: “email”, “operator”: “contains”, “value”: “@example.com”}."


class Match(StrEnum):
    """How the parts of a group go together."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True)
class Rule:
    """One question about a contact.

    Args:
        field: What is asked about ("email", "attribute.country", "list", "opened").
        operator: The key of an operator of that field's type.
        value: What it is compared with, as JSON gave it; None where the operator needs nothing.
        days: For activity, how far back to look; None means ever.
        path: Where in the tree the rule stands, for messages; two rules are equal without it.
    """

    field: str
    operator: str
    value: Any = None
    days: int | None = None
    path: str = dataclasses.field(default="the rule", compare=False)


@dataclass(frozen=True)
class Group:
    """Rules and groups that go together.

    Args:
        match: Whether all of them must hold or any.
        nodes: The parts; at least one.
    """

    match: Match
    nodes: tuple[Node, ...]


Node = Rule | Group


def parse(rules: object) -> Node:
    """Return JSON rules as a tree; whether fields, operators and values fit is checked by `compiling`.

    Raises:
        InvalidInput: If the shape is wrong; names the place, such as “rule 2 of “any””.
    """
    node = _node(rules, "", 1)
    total = sum(1 for _ in walk(node))
    if total > MAX_RULES:
        raise InvalidInput(f"A segment can have {MAX_RULES} rules, this one has {total}.", hint="Use “is one of” in place of many rules.")
    return node


def walk(node: Node) -> Iterator[Rule]:
    """Yield every rule of a tree, in reading order."""
    if isinstance(node, Rule):
        yield node
        return
    for part in node.nodes:
        yield from walk(part)


def to_json(node: Node) -> dict[str, Any]:
    """Return a tree as the JSON it is kept as; parsing it gives the same tree."""
    if isinstance(node, Group):
        return {node.match.value: [to_json(part) for part in node.nodes]}
    optional = {"value": node.value, "days": node.days}
    return {"field": node.field, "operator": node.operator} | {key: value for key, value in optional.items() if value is not None}


def refused(path: str, problem: str, hint: str = "") -> InvalidInput:
    """Return the error for a place in the tree, ready to raise."""
    place = path or "the rules"
    return InvalidInput(f"{place[0].upper()}{place[1:]}: {problem}.", hint=hint)


def _node(raw: object, path: str, depth: int) -> Node:
    if not isinstance(raw, Mapping):
        raise refused(path, "this is neither a group nor a rule", _SHAPE)
    if "field" in raw:
        return _rule(raw, path or "the rule")
    return _group(raw, path, depth)


def _group(raw: Mapping[Any, Any], path: str, depth: int) -> Group:
    if depth > MAX_DEPTH:
        raise refused(path, f"groups can be nested {MAX_DEPTH} deep", "Make the tree flatter.")
    if len(raw) != 1 or next(iter(raw)) not in {match.value for match in Match}:
        raise refused(path, "this is neither a group nor a rule", _SHAPE)
    match, parts = next(iter(raw.items()))
    if not isinstance(parts, list | tuple) or not parts:
        raise refused(path, f"“{match}” needs a list with at least one rule", "Add a rule, or remove the group.")
    if len(parts) > MAX_RULES:
        raise refused(path, f"“{match}” has {len(parts)} parts; {MAX_RULES} rules are allowed", "Use “is one of” in place of many rules.")
    nodes = (_node(part, _place(number, match, path), depth + 1) for number, part in enumerate(parts, start=1))
    return Group(Match(match), tuple(nodes))


def _rule(raw: Mapping[Any, Any], path: str) -> Rule:
    unknown = sorted(str(key) for key in raw if key not in _RULE_KEYS)
    if unknown:
        raise refused(path, f"“{unknown[0][:60]}” is not part of a rule", "A rule has field, operator, value and days.")
    for key in ("field", "operator"):
        if not isinstance(raw.get(key), str):
            raise refused(path, f"“{key}” is missing or not text", _SHAPE)
    days = raw.get("days")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int)):
        raise refused(path, "“days” must be a whole number", "Leave it out to look at all time.")
    return Rule(raw["field"], raw["operator"], raw.get("value"), days, path)


def _place(number: int, match: str, outer: str) -> str:
    return f"rule {number} of “{match}”" + (f" in {outer}" if outer else "")
