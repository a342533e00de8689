"""The form a new API token is made with: what it may do, how long, how often."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.accounts.api_tokens import DEFAULT_PER_MINUTE, GRANTABLE, MOST_PER_MINUTE
from core.permissions import ALLOWS, Permission, Principal

PRESETS = ("Read only", "Everything I may", "Choose")
LIVES = {"30 days": 30, "90 days": 90, "1 year": 365, "Never": None}
_READS = frozenset(permission for permission in GRANTABLE if permission.value.endswith(".view"))
_GROUPS = {
    "Contacts and segments": ("contacts", "segments"),
    "Campaigns and templates": ("campaigns", "templates"),
    "Figures": ("overview", "reports", "events", "outbox"),
    "Administration": ("connections", "people", "roles", "tokens", "workspace", "workspaces", "audit"),
}


@dataclass(frozen=True)
class NewToken:
    """What was filled in."""

    name: str
    scopes: frozenset[Permission]
    days: int | None
    per_minute: int


def draw(by: Principal) -> NewToken | None:
    """Draw the form; return what was filled in once its button is pressed."""
    name = st.text_input("Name", key="token_name", placeholder="Shop", help="What uses it.")
    preset = st.segmented_control("It may", PRESETS, default=PRESETS[0], required=True, key="token_preset")
    mine = [permission for permission in GRANTABLE if by.may(permission)]
    scopes = _chosen(mine) if preset == "Choose" else frozenset(mine) if preset == "Everything I may" else _READS & frozenset(mine)
    if preset != "Choose":
        st.caption(" · ".join(ALLOWS[permission] for permission in mine if permission in scopes))
    with st.container(horizontal=True):
        life = st.selectbox("Ends after", list(LIVES), index=1, key="token_life")
        per_minute = st.number_input("Requests a minute", 1, MOST_PER_MINUTE, DEFAULT_PER_MINUTE, key="token_limit")
    if not st.button("Create token", type="primary", key="token_submit"):
        return None
    return NewToken(name or "", scopes, LIVES[life], int(per_minute))


def _chosen(mine: list[Permission]) -> frozenset[Permission]:
    chosen: set[Permission] = set()
    for group, nouns in _GROUPS.items():
        members = [permission for permission in mine if permission.value.partition(".")[0] in nouns]
        if members:
            st.markdown(f"**{group}**")
        for permission in members:
            if st.checkbox(ALLOWS[permission], key=f"scope_{permission.value}", help=f"`{permission.value}`"):
                chosen.add(permission)
    return frozenset(chosen)
