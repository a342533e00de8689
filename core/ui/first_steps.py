"""The first steps of a new workspace: what is done is read from what is there, so nobody ticks boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.permissions import Permission
from core.ui.page import Page


@dataclass(frozen=True)
class Step:
    """One of the first steps.

    Args:
        title: What to do, a verb first.
        why: One sentence.
        file: The page where it is done.
        needs: The permission it takes.
        is_done: Whether it is done.
    """

    title: str
    why: str
    file: str
    needs: Permission
    is_done: bool


def steps(page: Page, *, opened: bool) -> list[Step]:
    """Return the first steps and which of them are done.

    Args:
        page: The page.
        opened: Whether any email was opened yet.
    """
    services, by = page.services, page.by
    has_people, has_template = bool(services.contacts.count(by)), bool(services.templates.all(by))
    has_campaign = bool(services.campaigns.all(by))
    address = bool(page.workspace.postal_address)
    return [
        Step("Say who you are", "The law wants your postal address in every email.", _ADMIN, Permission.WORKSPACE_EDIT, address),
        Step("Bring your people", "A CSV file; you see what will happen before it does.", _IMPORT, Permission.CONTACTS_IMPORT, has_people),
        Step("Make a template", "Start from one of ours, or bring MJML or HTML.", _TEMPLATES, Permission.TEMPLATES_EDIT, has_template),
        Step(
            "Write a campaign",
            "Pick people and a template, then look before you send.",
            _CAMPAIGNS,
            Permission.CAMPAIGNS_EDIT,
            has_campaign,
        ),
        Step(
            "Open your first email",
            "Send it into the sandbox, open it there, and see the open arrive.",
            _OUTBOX,
            Permission.OUTBOX_VIEW,
            opened,
        ),
    ]


_ADMIN, _IMPORT = "pages/admin/workspace.py", "pages/audience/import_contacts.py"
_TEMPLATES, _CAMPAIGNS, _OUTBOX = "pages/create/templates.py", "pages/create/campaigns.py", "pages/measure/outbox.py"


def draw(page: Page, found: list[Step]) -> None:
    """Draw the steps while some are left; nothing once all are done."""
    left = [step for step in found if not step.is_done]
    if not left:
        return
    with st.container(border=True, key="first_steps"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("#### Your first campaign", anchors=False, width="content")
            st.caption(f"{len(found) - len(left)} of {len(found)} steps done", width="content")
        for step in found:
            _draw_step(page, step, is_next=step is left[0])
        st.caption("Rather look around first? `postwright demo` fills a separate demo workspace with people, campaigns, opens and clicks.")


def _draw_step(page: Page, step: Step, *, is_next: bool) -> None:
    icon = ":green[:material/check_circle:]" if step.is_done else ":primary[:material/radio_button_unchecked:]"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"{icon} {f':gray[{step.title}]' if step.is_done else f'**{step.title}**'}")
            if not step.is_done:
                st.caption(step.why)
        kind: Literal["primary", "secondary"] = "primary" if is_next else "secondary"
        offered = not step.is_done and page.may(step.needs)
        if offered and st.button("Start", key=f"step_{step.title}", type=kind, help=step.title):
            st.switch_page(step.file)
