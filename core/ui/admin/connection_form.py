"""What a person enters for a connection, one input for each field of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from core.providers.base import FieldGroup, ProviderField, ProviderKind

_NEW = "Secrets are stored encrypted and never shown again."
_STORED = "Leave empty to keep it."
_BOUND = "A secret goes only where it was entered for: where you change a server, port, encryption or address, enter it again."


def fields(kind: ProviderKind, key: str, stored: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Draw the inputs of a kind and return what was entered, by the field's name.

    Args:
        kind: The kind of provider.
        key: What the inputs' keys begin with.
        stored: What was entered before, without secrets; None for a new connection.
    """
    values = {one.name: _field(one, f"{key}_{one.name}", stored, needs=kind.needs) for one in kind.fields if not one.group}
    for group in dict.fromkeys(one.group for one in kind.fields if one.group):
        values |= _group(kind, group, key, stored)
    if any(one.secret for one in kind.fields):
        is_bound = stored is not None and any(one.goes_to for one in kind.fields)
        st.caption(f"{_NEW} {_BOUND}" if is_bound else _NEW)
    return values


def _group(kind: ProviderKind, group: FieldGroup, key: str, stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Draw what belongs together and may be left out, folded up where nothing of it was entered."""
    inside = [one for one in kind.fields if one.group == group]
    is_used = stored is not None and any(stored.get(one.name, one.default) != one.default for one in inside if not one.secret)
    with st.expander(f"{group.label} (optional)", expanded=is_used):
        st.caption(group.help)
        return {one.name: _field(one, f"{key}_{one.name}", stored) for one in inside}


def _field(one: ProviderField, key: str, stored: Mapping[str, Any] | None, *, needs: Sequence[str] = ()) -> Any:
    left_out = "needed to send" if one.name in needs else "optional"
    label = one.label if one.required or one.group else f"{one.label} ({left_out})"
    value = one.default if stored is None or one.secret else stored.get(one.name, one.default)
    if one.kind == "number":
        number = int(value or 0) if one.required or value else None
        return st.number_input(label, value=number, step=1, help=one.help or None, key=key)
    if one.kind == "choice":
        index = one.choices.index(str(value)) if value in one.choices else 0
        return st.selectbox(label, one.choices, index=index, format_func=one.in_words, help=one.help or None, key=key)
    kept = _STORED if one.secret and stored is not None else None
    hidden: Literal["password", "default"] = "password" if one.secret or one.kind == "password" else "default"
    return st.text_input(label, str(value), type=hidden, help=one.help or None, key=key, autocomplete="off", placeholder=kept)
