"""The rule builder: groups and rules as plain widgets that write through to a tree in the session."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from core.segments.fields import FieldInfo
from core.segments.operators import Operator, ValueKind
from core.segments.rules import MAX_DEPTH

_numbers = itertools.count(1)
MATCHES = {"all": "all", "any": "any"}

Branch = dict[str, Any]


class RuleBuilder:
    """Edits one tree of rules.

    Args:
        key: Unique on the page; the tree is kept in the session under it.
        fields: What can be asked about; at least one.
    """

    def __init__(self, key: str, fields: Sequence[FieldInfo]) -> None:
        self._key = key
        self._fields = {field.key: field for field in fields}

    def load(self, rules: Mapping[str, Any] | None) -> None:
        """Begin with these rules, or with one empty rule; does nothing once a tree is there."""
        if self._key not in st.session_state:
            tree = _branch(rules) if rules else _group("all", [self._new_rule()])
            st.session_state[self._key] = tree if "parts" in tree else _group("all", [tree])

    def rules(self) -> dict[str, Any]:
        """Return the tree as the JSON segments are kept as."""
        return _json(st.session_state[self._key])

    def forget(self) -> None:
        """Let go of the tree, so that the next `load` begins anew."""
        st.session_state.pop(self._key, None)

    def draw(self) -> None:
        """Draw the tree."""
        self._draw_group(st.session_state[self._key], depth=1, remove=None)

    def _draw_group(self, group: Branch, *, depth: int, remove: Callable[[], None] | None) -> None:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown("Match", width="content")
                self._choice("match", group, "How the rules go together", list(MATCHES), MATCHES.get)
                st.markdown("of these", width="content")
                if remove:
                    st.button("Remove group", icon=":material/close:", type="tertiary", key=self._id(group, "remove"), on_click=remove)
            for part in list(group["parts"]):
                drop = _Drop(group, part) if len(group["parts"]) > 1 or depth > 1 else None
                if "parts" in part:
                    self._draw_group(part, depth=depth + 1, remove=drop)
                else:
                    self._draw_rule(part, drop)
            with st.container(horizontal=True):
                st.button("Add rule", icon=":material/add:", key=self._id(group, "add"), on_click=self._add_rule, args=(group,))
                if depth < MAX_DEPTH - 1:
                    st.button(
                        "Add group", icon=":material/account_tree:", key=self._id(group, "group"), on_click=self._add_group, args=(group,)
                    )

    def _draw_rule(self, rule: Branch, remove: Callable[[], None] | None) -> None:
        info = self._fields.get(rule["field"]) or next(iter(self._fields.values()))
        field, how, what = st.columns([5, 5, 8], vertical_alignment="bottom")
        with field:
            self._select("field", rule, "Ask about", list(self._fields), lambda key: self._fields[key].label, self._changed_field)
        with how:
            keys = {one.key: one for one in info.operators}
            self._select(f"operator-{info.key}", rule, "How", list(keys), lambda key: keys[key].label, self._changed_operator)
        with what, st.container(horizontal=True, vertical_alignment="bottom"):
            self._draw_value(rule, info, keys.get(rule["operator"], info.operators[0]))
            if remove:
                drop = self._id(rule, "drop")
                st.button(":material/close:", help="Remove this rule", type="tertiary", key=drop, on_click=remove)

    def _draw_value(self, rule: Branch, info: FieldInfo, operator: Operator) -> None:
        if operator.value is not ValueKind.NOTHING:
            key = self._id(rule, f"value-{info.key}-{operator.key}")
            rule["value"] = _VALUES[operator.value](rule.get("value"), info, key)
        if operator.has_period:
            rule["days"] = _days(rule.get("days"), self._id(rule, "days"))

    def _select(
        self, name: str, rule: Branch, label: str, options: list[str], words: Callable[[str], str], changed: Callable[[Branch, str], None]
    ) -> None:
        key, part = self._id(rule, name), name.split("-")[0]
        index = options.index(rule[part]) if rule[part] in options else 0
        st.selectbox(label, options, index=index, format_func=words, key=key, on_change=changed, args=(rule, key))

    def _choice(self, name: str, group: Branch, label: str, options: list[str], words: Callable[[str], Any]) -> None:
        key = self._id(group, name)
        group[name] = st.segmented_control(
            label, options, default=group[name], required=True, format_func=words, key=key, label_visibility="collapsed"
        )

    def _changed_field(self, rule: Branch, key: str) -> None:
        rule.update(field=st.session_state[key], value=None, days=None)
        rule["operator"] = self._fields[rule["field"]].operators[0].key

    def _changed_operator(self, rule: Branch, key: str) -> None:
        rule.update(operator=st.session_state[key], value=None)

    def _add_rule(self, group: Branch) -> None:
        group["parts"].append(self._new_rule())

    def _add_group(self, group: Branch) -> None:
        group["parts"].append(_group("any" if group["match"] == "all" else "all", [self._new_rule()]))

    def _new_rule(self) -> Branch:
        first = next(iter(self._fields.values()))
        return _rule(first.key, first.operators[0].key, None, None)

    def _id(self, branch: Branch, name: str) -> str:
        return f"{self._key}-{branch['id']}-{name}"


class _Drop:
    """Takes a part out of its group; a class because a lambda in a loop would remember the last part only."""

    def __init__(self, group: Branch, part: Branch) -> None:
        self._group, self._part = group, part

    def __call__(self) -> None:
        self._group["parts"] = [part for part in self._group["parts"] if part["id"] != self._part["id"]]


def _text(value: Any, _info: FieldInfo, key: str) -> str:
    return st.text_input("Value", value=str(value or ""), key=key) or ""


def _texts(value: Any, _info: FieldInfo, key: str) -> list[str]:
    known = [str(one) for one in value] if isinstance(value, list) else []
    return st.multiselect("Values", known, default=known, key=key, accept_new_options=True, placeholder="Type one and press Enter")


def _number(value: Any, _info: FieldInfo, key: str, label: str = "Value") -> float | int | None:
    given = st.number_input(
        label, value=float(value) if isinstance(value, int | float) else None, key=key, placeholder="A number", format="%g"
    )
    return int(given) if given is not None and given == int(given) else given


def _range(value: Any, info: FieldInfo, key: str) -> list[float | int | None]:
    low, high = value if isinstance(value, list) and len(value) == 2 else (None, None)
    return [_number(low, info, f"{key}-low", "From"), _number(high, info, f"{key}-high", "To")]


def _date(value: Any, _info: FieldInfo, key: str) -> str | None:
    given = st.date_input("Day", value=date.fromisoformat(value) if isinstance(value, str) else None, key=key, format="YYYY-MM-DD")
    return given.isoformat() if isinstance(given, date) else None


def _count(value: Any, _info: FieldInfo, key: str) -> int:
    return int(st.number_input("Times", value=int(value or 1), min_value=1, step=1, key=key))


def _last_days(value: Any, _info: FieldInfo, key: str) -> int:
    return int(st.number_input("Days", value=int(value or 30), min_value=1, step=1, key=key))


def _days(value: Any, key: str) -> int | None:
    given = st.number_input("In the last … days", value=value, min_value=1, step=1, key=key, placeholder="ever")
    return int(given) if given is not None else None


def _chosen(value: Any, info: FieldInfo, key: str) -> str | int | None:
    words = dict(info.choices)
    options = list(words)
    index = options.index(value) if value in options else 0
    return st.selectbox(
        "Which", options, index=index if options else None, format_func=lambda one: words[one], key=key, placeholder="None yet"
    )


_VALUES: dict[ValueKind, Callable[[Any, FieldInfo, str], Any]] = {
    ValueKind.TEXT: _text,
    ValueKind.TEXTS: _texts,
    ValueKind.NUMBER: _number,
    ValueKind.RANGE: _range,
    ValueKind.DATE: _date,
    ValueKind.DAYS: _last_days,
    ValueKind.COUNT: _count,
    ValueKind.CONSENT: _chosen,
    ValueKind.LIST: _chosen,
    ValueKind.TAG: _chosen,
}


def _branch(rules: Mapping[str, Any]) -> Branch:
    for match in MATCHES:
        if match in rules:
            return _group(match, [_branch(part) for part in rules[match]])
    return _rule(rules["field"], rules["operator"], rules.get("value"), rules.get("days"))


def _group(match: str, parts: list[Branch]) -> Branch:
    return {"id": next(_numbers), "match": match, "parts": parts}


def _rule(field: str, operator: str, value: Any, days: int | None) -> Branch:
    return {"id": next(_numbers), "field": field, "operator": operator, "value": value, "days": days}


def _json(branch: Branch) -> dict[str, Any]:
    if "parts" in branch:
        return {branch["match"]: [_json(part) for part in branch["parts"]]}
    kept = {"value": branch["value"], "days": branch["days"]}
    return {"field": branch["field"], "operator": branch["operator"]} | {key: one for key, one in kept.items() if one is not None}
