"""What a campaign is sent through: one connection, or several that share it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.campaigns.drafts import MAX_ROUTES, MAX_WEIGHT, DraftFields
from core.campaigns.models import Campaign
from core.messages.plan import Route
from core.ui.page import Page
from core.ui.words import plain

_REMOVED = "a removed connection"


def draw(page: Page, draft: Campaign | None, key: str, fields: DraftFields) -> int:
    """Draw the choice, and return the connection that stands for it where only one can be named."""
    default = page.services.connections.default(page.by)
    names = {one.id: one.name for one in page.services.connections.all(page.by) if one.sends}
    known = {each.connection_id: each.weight for each in (draft.routes if draft else ()) if each.connection_id in names}
    chosen = draft.connection_id if draft and draft.connection_id in names else default.id
    if len(names) > 1 and st.toggle(
        "Share it between connections", bool(known), key=f"{key}_shared", help="What one can’t take at the moment goes to the others."
    ):
        routes = _routes(names, known or dict.fromkeys([chosen], 1), key)
        if len(routes) > 1:
            fields["routes"] = routes
        fields["connection_id"] = routes[0].connection_id if routes else chosen
    else:
        options = list(names)
        fields["connection_id"] = st.selectbox(
            "Send through", options, options.index(chosen), format_func=names.__getitem__, key=f"{key}_connection"
        )
    return fields["connection_id"] or chosen


def words(campaign: Campaign, names: Mapping[int, str]) -> str:
    """Return what it is sent through, with the shares where there are several: "Relay", or "Relay 75%, Outbox 25%"."""
    return _shares(campaign.routes, names) or plain(names.get(campaign.connection_id, _REMOVED))


def _routes(names: Mapping[int, str], known: Mapping[int, int], key: str) -> list[Route]:
    picked = st.multiselect(
        "Send through",
        list(names),
        list(known),
        format_func=names.__getitem__,
        key=f"{key}_routes",
        max_selections=MAX_ROUTES,
        placeholder="Choose two or more",
    )
    routes = []
    for start in range(0, len(picked), 2):
        for place, each in zip(st.columns(2), picked[start : start + 2], strict=False):
            label = f"Share of {plain(names[each])}"
            routes.append(Route(each, int(place.number_input(label, 1, MAX_WEIGHT, known.get(each, 1), key=f"{key}_share_{each}"))))
    st.caption(_shares(routes, names) if len(routes) > 1 else "Choose two or more; until then one connection sends it all.")
    return routes


def _shares(routes: list[Route] | tuple[Route, ...], names: Mapping[int, str]) -> str:
    whole = sum(each.weight for each in routes)
    return ", ".join(f"{plain(names.get(each.connection_id, _REMOVED))} {each.weight / whole:.0%}" for each in routes)
