"""Audit log: who did what, from where, and whether the log of it is whole."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import streamlit as st

from core.audit.log import AuditFilter
from core.permissions import Permission, Principal
from core.ui import dialogs
from core.ui.admin import audit_parts
from core.ui.admin.audit_words import GROUPS
from core.ui.page import open_page
from core.ui.parts import empty_state

EVERYBODY = "Everybody"
ANYTHING = "Anything"
ANY_TIME = "Any time"
PERIODS = {"Last 24 hours": 1, "Last 7 days": 7, "Last 30 days": 30, "Last 12 months": 365}
PAGE = 30
HELP = "Who did what, and from where. Entries can be added, never changed."

page = open_page("Audit log", needs=Permission.AUDIT_VIEW, all_lists=True, help=HELP)
audit, state = page.services.audit, st.session_state


def people() -> dict[str, str]:
    """Return what to call each actor; two of the same name are told apart by number."""
    actors = audit.actors(page.by)
    names = [actor.name for actor in actors]
    return {actor.name if names.count(actor.name) == 1 else f"{actor.name} ({actor.label})": actor.label for actor in actors}


def filters(who: dict[str, str]) -> AuditFilter:
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        look = {"label_visibility": "collapsed", "bind": "query-params", "width": 172}
        actor = st.selectbox("Who", [EVERYBODY, *who], key="who", **look)
        group = st.selectbox("What", [ANYTHING, *GROUPS], key="what", **look)
        period = st.selectbox("Since", [ANY_TIME, *PERIODS], key="since", **look)
        since = page.services.clock.now() - timedelta(days=PERIODS[period]) if period in PERIODS else None
        chosen = AuditFilter(who.get(actor, ""), GROUPS.get(group, frozenset()), since=since)
        icon, name = ":material/download:", f"audit-log-{page.services.clock.now():%Y-%m-%d}.csv"
        st.download_button("CSV", partial(as_csv, page.by, chosen), name, "text/csv", icon=icon, key="audit_csv")
    if state.get("audit_shown") != (actor, group, period):  # other entries begin at their first page
        state["audit_shown"], state["audit_pages"] = (actor, group, period), [None]
    return chosen


def as_csv(by: Principal, chosen: AuditFilter) -> bytes:
    return "".join(audit.stream_csv(by, chosen)).encode()


def older(before: int | None) -> None:
    state["audit_pages"].append(before)


def newer() -> None:
    state["audit_pages"].pop()


def turn(before: int | None) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if len(state["audit_pages"]) > 1:
            st.button("Newer", icon=":material/chevron_left:", key="newer", on_click=newer)
        if before is not None:
            st.button("Older", icon=":material/chevron_right:", icon_position="right", key="older", on_click=older, args=(before,))


newest = audit.page(page.by, limit=1).rows
if not newest:
    words = "What people do here is written down as it happens: signing in, sending, importing, changing who may do what."
    empty_state("history", "Nothing has happened yet", words)
else:
    chosen = filters(people())
    audit_parts.chain(page, newest[0].sequence)
    found = audit.page(page.by, chosen, before=state["audit_pages"][-1], limit=PAGE)
    if not found.rows:
        st.info("Nothing matches. Choose somebody else, or a longer time.", icon=":material/search_off:")
    audit_parts.entries(page, found.rows)
    turn(found.before)
if (opened := dialogs.opened("entry"))[0]:
    dialogs.dialog("entry", "What happened", partial(audit_parts.details, page, opened[1]), width="medium", position="right")
