"""What a campaign is sent through: one connection, or several that share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.campaigns.drafts import MAX_ROUTES, MAX_WEIGHT, DraftFields
from core.campaigns.models import Campaign
from core.messages.plan import Route
from core.ui.page import Page
from core.ui.words import plain

_REFUSED = "Nothing leaves through it before it is corrected under Admin › Connections."
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
        taken = [each.connection_id for each in routes] or [chosen]
    else:
        options = list(names)
        taken = [
            st.selectbox("Send through", options, options.index(chosen), format_func=names.__getitem__, key=f"{key}_connection") or chosen
        ]
    fields["connection_id"] = taken[0]
    _helpers(page, taken, names)
    return taken[0]


def words(campaign: Campaign, names: Mapping[int, str]) -> str:
    """Return what it is sent through, with the shares where there are several: "Relay", or "Relay 75%, Outbox 25%"."""
    return _shares(campaign.routes, names) or plain(names.get(campaign.connection_id, _REMOVED))


def _helpers(page: Page, taken: Sequence[int], names: Mapping[int, str]) -> None:
    """Draw what takes over from what was chosen, and what of it can't send before somebody has looked."""
    paces = page.services.paces.all(page.by)
    for each in taken:
        helper, held = paces[each].fallback_id, any(one.needs_person and not one.group for one in paces[each].held)
        if helper is not None and helper in names:
            st.caption(f"{plain(names[helper])} takes over while {plain(names[each])} can’t send.")
        if held:
            st.warning(f"**The sign-in of {plain(names[each])} is refused.** {_REFUSED}", icon=":material/key_off:")


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
