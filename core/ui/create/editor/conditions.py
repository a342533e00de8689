"""Who sees a part: conditions on what is known of the reader, in rows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.contacts.attributes import AttributeType
from core.templates.blocks.values import Condition, Operator, ShowIf
from core.ui.create.editor import merge_fields
from core.ui.create.editor.fields import Fields
from core.ui.create.editor.showing import OPERATOR_WORDS
from core.ui.parts import remark

MOST = 10
_DATA = "data."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_WITHOUT_VALUE = {Operator.IS_SET, Operator.IS_EMPTY}
_ANY_ALL = {"all": "Shown if all are so", "any": "Shown if any is so"}


def draw(fields: Fields, attributes: Mapping[str, AttributeType]) -> None:
    """Draw the rows of conditions, and what adds and removes them.

    Args:
        fields: The fields of the part.
        attributes: The contact attributes that exist.
    """
    show_if: ShowIf = fields.part.show_if
    rows = fields.rows("show_if", show_if.conditions)
    called = merge_fields.choices(attributes)
    names = {name: called[name] for name in (f"contact.{each}" for each in (*attributes, "email", "first_name", "last_name"))}
    names |= {one.field: names.get(one.field, one.field) for _, one in rows if not one.field.startswith(_DATA)}
    names[_DATA] = "What the message brings (data.…)"
    match = show_if.match
    if not rows:
        st.caption("Everybody sees it.")
    if len(rows) > 1:
        how: dict[str, Any] = {"disabled": not fields.enabled, "label_visibility": "collapsed"}
        how |= {"format_func": _ANY_ALL.__getitem__, "key": fields.key("match")}
        match = "any" if st.selectbox("All or any", list(_ANY_ALL), int(match == "any"), **how) == "any" else "all"
    now = [*show_if.conditions, *(one for _, one in rows[len(show_if.conditions) :])]
    found = [_row(fields, row, one, now[at].field, names, attributes) for at, (row, one) in enumerate(rows)]
    fields.values["show_if"] = {"match": match, "conditions": found}
    if fields.enabled and len(rows) < MOST:
        new = Condition(field=next(iter(names)))
        st.button("Add a condition", icon=":material/add:", key=fields.key("add_condition"), on_click=fields.add_row, args=("show_if", new))


def _row(
    fields: Fields, row: str, one: Condition, now: str, names: Mapping[str, str], attributes: Mapping[str, AttributeType]
) -> dict[str, Any]:
    how: dict[str, Any] = {"label_visibility": "collapsed", "disabled": not fields.enabled}
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            options, was = list(names), _DATA if one.field.startswith(_DATA) else one.field
            field = st.selectbox("Field", options, options.index(was), format_func=names.__getitem__, key=f"{row}_field", **how)
            drop: dict[str, Any] = {"on_click": fields.drop_row, "args": ("show_if", row), "type": "tertiary"}
            st.button(":material/close:", key=f"{row}_drop", help="Remove this condition", disabled=not fields.enabled, **drop)
        is_data = field == _DATA
        if is_data:
            field = _of_message(row, one, now, how)
        operators = list(OPERATOR_WORDS)
        words = OPERATOR_WORDS.__getitem__
        operator = st.selectbox("Comparison", operators, operators.index(one.operator), format_func=words, key=f"{row}_operator", **how)
        value = one.value
        if operator not in _WITHOUT_VALUE:
            typed = (
                st.text_input("Value", _shown(one.value, is_data=is_data), key=f"{row}_value", placeholder="value", max_chars=200, **how)
                or ""
            )
            if not typed.strip() and fields.enabled:
                remark("Say what to compare with.")
            value = _typed_freely(typed) if is_data else _typed(typed, attributes.get(field.removeprefix("contact.")))
    return {"field": field, "operator": operator, "value": value}


def _of_message(row: str, one: Condition, now: str, how: Mapping[str, Any]) -> str:
    """Draw the name of what a single message brings, and return the field; where it is none, the one that is there now."""
    was = one.field.removeprefix(_DATA) if one.field.startswith(_DATA) else ""
    name = (st.text_input("Name", was, key=f"{row}_data", placeholder="order_total", max_chars=64, **how) or "").strip().removeprefix(_DATA)
    st.caption("Single messages bring it, through the API. No campaign can be sent with it. To compare a number as text, put it in quotes.")
    if _NAME.fullmatch(name):
        return f"{_DATA}{name}"
    if name:
        remark("A name has letters, digits and _, and begins with no digit. Until then nothing is changed.")
    return now


def _shown(value: str | float | bool, *, is_data: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if is_data and isinstance(value, str) and _typed_freely(value) != value else str(value)


def _typed_freely(text: str) -> str | int | float | bool:
    """Return a value of whatever kind it looks like, as nobody declares what messages bring; in quotes it is text."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return _typed(text, AttributeType.NUMBER)


def _typed(text: str, kind: AttributeType | None) -> str | int | float | bool:
    """Return a value of the attribute's kind; where the text is none, the text itself, which then simply never matches."""
    text = text.strip()
    if kind is AttributeType.BOOLEAN and text.lower() in {"true", "yes", "false", "no"}:
        return text.lower() in {"true", "yes"}
    if kind is AttributeType.NUMBER:
        try:
            number = float(text)
        except ValueError:
            return text
        if math.isfinite(number):
            return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return text
