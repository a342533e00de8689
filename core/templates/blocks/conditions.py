"""Conditions of blocks, as the Jinja that decides for each contact."""

from __future__ import annotations

from core.templates.blocks.values import Condition, Operator, ShowIf


def wrapped(markup: str, show_if: ShowIf) -> str:
    """Return markup that is in the mail only where the conditions hold."""
    return f"{{% if {expression(show_if)} %}}{markup}{{% endif %}}" if show_if.conditions else markup


def expression(show_if: ShowIf) -> str:
    """Return the conditions as one Jinja expression.

    Args:
        show_if: At least one condition.
    """
    joined = " and " if show_if.match == "all" else " or "
    parts = [_one(condition) for condition in show_if.conditions]
    return joined.join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]


def _one(condition: Condition) -> str:
    field, value = condition.field, _literal(condition.value)
    # A text is never compared with a number: what the contact has decides, and whoever has the other kind does not see the block.
    kind = "string" if isinstance(condition.value, str) else "number"
    match condition.operator:
        case Operator.IS_SET:
            return f'{field}|default("") != ""'
        case Operator.IS_EMPTY:
            return f'{field}|default("") == ""'
        case Operator.CONTAINS:
            return f"{field} is string and {_literal(str(condition.value).lower())} in {field}|lower"
        case Operator.ABOVE:
            return f"{field} is {kind} and {field} > {value}"
        case Operator.BELOW:
            return f"{field} is {kind} and {field} < {value}"
        case Operator.DIFFERS:
            return f"{field} != {value}"
        case _:
            return f"{field} == {value}"


def _literal(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    safe = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{safe}"'
