"""The versions of a template, with who made them and why, and what uses which."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.campaigns.states import CampaignState
from core.permissions import Permission
from core.templates.library.models import Template
from core.templates.library.versions import Use, UsedBy, VersionLine
from core.ui import dialogs, rows
from core.ui.create import campaign_words
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.targets import wanted_id
from core.ui.words import counted, plain

CAMPAIGN = "pages/create/campaign.py"
RESTORE = "restore_version"
_PAGE = 50


def choose_two(kept: Sequence[VersionLine]) -> tuple[int, int]:
    """Draw the choice of two versions, which the address keeps; return their numbers, the older first."""
    numbers = [one.number for one in kept]
    said = {one.number: f"Version {one.number}" + (f" · {one.note}" if one.note else "") for one in kept}
    chosen = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, usual, key in (("Compare", numbers[1], "from"), ("with", numbers[0], "to")):
            asked = wanted_id(key)
            if st.session_state.get(key) not in numbers:  # the first time, or it is another template's
                st.session_state[key] = asked if asked in numbers else usual
            number = st.selectbox(label, numbers, format_func=lambda one: said.get(one, str(one)), key=key, width=300)
            st.query_params[key] = str(number)
            chosen.append(int(number))
    return min(chosen), max(chosen)


def draw(page: Page, template: Template, uses: Sequence[Use]) -> None:
    """Draw the versions, newest first.

    Args:
        page: The page.
        template: The template.
        uses: What uses it.
    """
    shown = int(st.session_state.get("versions_shown", _PAGE))
    kept = page.services.template_versions.page(page.by, template.id, shown + 1)
    for one in kept[:shown]:
        _version(page, template, one, [use for use in uses if use.number == one.number])
    if len(kept) > shown:
        st.button("Show earlier versions", key="more_versions", on_click=_show_more, args=(shown + _PAGE,))


def _show_more(count: int) -> None:
    st.session_state["versions_shown"] = count


def _version(page: Page, template: Template, one: VersionLine, uses: Sequence[Use]) -> None:
    is_newest = one.number == template.latest_number
    with st.container(
        border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key=f"version_{one.number}"
    ):
        with st.container(gap="xsmall", width="stretch"):
            newest = " :green-badge[Newest]" if is_newest else ""
            used = f" :blue-badge[{_used(uses)}]" if uses else ""
            st.markdown(f"**Version {one.number}**{newest}{used}" + (f"  \n{plain(one.note)}" if one.note else ""))
            st.caption(f"{plain(one.author)}, {page.when(one.created_at)}", help=page.exactly(one.created_at))
        if page.may(Permission.TEMPLATES_EDIT) and not is_newest:
            st.button(
                "Restore",
                key=f"restore_{one.number}",
                icon=":material/settings_backup_restore:",
                on_click=dialogs.show,
                args=(RESTORE, one.number),
            )


def ask(page: Page, template: Template) -> None:
    """Ask before a version is restored."""
    number = dialogs.opened(RESTORE)[1]
    body = (
        f"What version {number} said becomes version {template.latest_number + 1}. Every version stays,"
        " and campaigns that were launched keep theirs. A draft of yours is dropped."
    )
    question = Question(f"Restore version {number}?", body, f"Restore version {number}")
    action = page.services.template_versions.restore
    dialogs.ask_first(
        page, question, lambda: action(page.by, template.id, int(number)), name=RESTORE, success=f"Version {number} restored."
    )


def where_used(page: Page, uses: Sequence[Use]) -> None:
    """Draw what uses the template and which version each holds on to."""
    if not uses:
        st.caption("No campaign uses it, and no single message was written by it.")
    for use in uses:
        version = f"version {use.number}" if use.number else "takes the newest version when it is launched"
        if use.by is UsedBy.MESSAGES:
            st.markdown(f":material/forward_to_inbox: **{counted(use.count, 'single message')}** · {version} · last {page.when(use.at)}")
            continue
        with st.container(border=True, gap="xsmall", key=f"use_{use.id}"):
            rows.title(use.name, CAMPAIGN, {"id": str(use.id)}, key=f"open_use_{use.id}")
            with st.container(horizontal=True, vertical_alignment="center"):
                campaign_words.badge(CampaignState(use.state))
                st.caption(version + (f" · launched {page.when(use.at)}" if use.at else ""), width="content")


def _used(uses: Sequence[Use]) -> str:
    campaigns, messages = sum(use.by is UsedBy.CAMPAIGN for use in uses), sum(use.count for use in uses)
    said = [counted(campaigns, "campaign")] if campaigns else []
    return ", ".join([*said, *([counted(messages, "single message")] if messages else [])])
