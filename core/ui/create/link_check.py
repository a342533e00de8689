"""When the links and images of an email were asked for last, and asking for them once more before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core.campaigns.models import Campaign
from core.preflight.findings import Report
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.library.templates import TemplateVersion
from core.ui.page import Page
from core.ui.words import counted, plain

_SHOWN = 6


@dataclass(frozen=True)
class _Asked:
    """What asking for a version's links and images came to, and when."""

    at: datetime
    report: Report


def remember(page: Page, version: CompiledTemplate | TemplateVersion, report: Report) -> None:
    """Remember in this session that the links of a saved version were asked for; of what is being written there is nothing to remember."""
    if isinstance(version, TemplateVersion) and report.fetched:
        st.session_state[_slot(version)] = _Asked(page.services.clock.now(), report)


def before_launch(page: Page, draft: Campaign) -> None:
    """Draw when the links of a draft's email were asked for last, what came of it, and the button that asks now."""
    version = page.services.templates.latest(page.by, draft.template_id)
    asked: _Asked | None = st.session_state.get(_slot(version))
    said = st.empty()
    label = "Check links again" if asked else "Check links now"
    if st.button(label, icon=":material/link:", key="launch_links", type="tertiary", help="Takes ten seconds at most."):
        with page.act(), st.spinner("Asking for links and images"):
            remember(page, version, page.services.preflight.check(page.by, version, fetch=True))
        asked = st.session_state.get(_slot(version))
    said.markdown(_words(page, asked))


def _slot(version: TemplateVersion) -> str:
    return f"_links_asked_{version.id}"


def _words(page: Page, asked: _Asked | None) -> str:
    if asked is None:
        return ":gray[:material/link: Nobody has looked yet whether its links and images are there.]"
    when, bad = page.when(asked.at), asked.report.of_fetching
    if not bad:
        count = asked.report.asked
        there = f"{counted(count, 'link or image is', 'links and images are')} there" if count else "it has no link or image to ask for"
        return f":green[:material/check_circle:] Checked {when}: {there}."
    lines = [f"- {plain(one.message)}" for one in bad[:_SHOWN]]
    lines += [f"- {len(bad) - _SHOWN} more"] if len(bad) > _SHOWN else []
    return "\n".join([f":orange[:material/warning: Links and images, checked {when}:]", "", *lines])
