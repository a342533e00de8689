"""The form of a draft: what it is called, what it says, who sends it, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.campaigns.drafts import DraftFields
from core.campaigns.models import Audience, Campaign
from core.errors import InvalidInput, PostwrightError
from core.permissions import Permission
from core.ui.admin import sender_warning
from core.ui.create import brand_choice, campaign_lines, campaign_routes, campaign_timing
from core.ui.page import Page
from core.ui.words import number, plain


def draw(page: Page, draft: Campaign | None) -> DraftFields:
    """Draw the form and return what is in it; call `complete` before keeping it.

    Args:
        page: The page.
        draft: What is filled in; None for a new campaign.
    """
    key = f"campaign_{draft.id if draft else 'new'}"
    fields: DraftFields = {}
    with st.container(border=True):
        st.markdown("#### Message", anchors=False)
        _message(page, draft, key, fields)
    with st.container(border=True):
        st.markdown("#### Sender and people", anchors=False)
        _sender(page, draft, key, fields)
        _people(page, draft, key, fields)
        fields["track_conversions"] = st.toggle(
            "Count purchases",
            draft.track_conversions if draft else False,
            key=f"{key}_conversions",
            help="Links carry a token (pw=…) that your landing page can report a purchase with.",
        )
    campaign_timing.draw(page, draft, key, fields)
    return fields


def complete(fields: DraftFields) -> DraftFields:
    """Return the fields if everything a draft needs was chosen.

    Raises:
        InvalidInput: If something is missing; names it.
    """
    needed = {"template_id": "a template", "audience": "whom it goes to"}
    missing = [words for name, words in needed.items() if name not in fields]
    if missing:
        raise InvalidInput(f"Choose {' and '.join(missing)} first.")
    return fields


def audience_words(page: Page, audience: Audience) -> str:
    """Return how many people an audience has right now, in words."""
    try:
        size = page.services.campaigns.audience_size(page.by, audience)
    except PostwrightError as error:
        return f":red[{plain(str(error))}]"
    return f"{number(size)} people right now; who unsubscribed or is suppressed is left out when it is sent."


def _message(page: Page, draft: Campaign | None, key: str, fields: DraftFields) -> None:
    fields["name"] = st.text_input("Campaign name", draft.name if draft else "", key=f"{key}_name", help="Only your team sees it.") or ""
    campaign_lines.draw(draft, key, fields)
    templates = {one.id: one.name for one in page.services.templates.all(page.by)}
    if draft and draft.template_id not in templates:  # it was put away since: what uses it goes on
        templates[draft.template_id] = f"{page.services.templates.get(page.by, draft.template_id).name} (in the archive)"
    chosen = _choose("Template", templates, draft.template_id if draft else None, f"{key}_template", "Choose a template")
    if chosen is not None:
        fields["template_id"] = chosen
    if not templates:
        st.page_link("pages/create/templates.py", label="Make a template first", icon=":material/arrow_forward:")
    campaign_lines.draw_languages(page, draft, key, fields)


def _people(page: Page, draft: Campaign | None, key: str, fields: DraftFields) -> None:
    audiences = _audiences(page)
    chosen = _choose("Send to", audiences, draft.audience if draft else None, f"{key}_audience", "Choose a list or segment")
    if chosen is not None:
        fields["audience"] = chosen
        st.caption(audience_words(page, chosen))
    if not audiences and page.may(Permission.CONTACTS_IMPORT):
        st.page_link("pages/audience/import_contacts.py", label="Import people first", icon=":material/arrow_forward:")


def _sender(page: Page, draft: Campaign | None, key: str, fields: DraftFields) -> None:
    before = draft or next(iter(page.services.campaigns.all(page.by)), None)
    brand_choice.senders(page, key)
    name, address = st.columns(2)
    with name:
        fields["from_name"] = st.text_input("From name", before.from_name if before else page.workspace.name, key=f"{key}_from_name") or ""
    with address:
        fields["from_email"] = (
            st.text_input("From address", before.from_email if before else "", key=f"{key}_from_email", placeholder="news@example.com")
            or ""
        )
    through = campaign_routes.draw(page, draft, key, fields)
    sender_warning.draw(page, fields["from_email"], through)


def _choose(label: str, options: Mapping[Any, str], chosen: Any, key: str, placeholder: str) -> Any:
    """Draw a choice among things with names; returns None while nothing is chosen."""
    known = list(options)
    index = known.index(chosen) if chosen in options else None
    return st.selectbox(
        label, known, index=index, format_func=options.__getitem__, key=key, placeholder=placeholder if known else "None yet"
    )


def _audiences(page: Page) -> dict[Audience, str]:
    found = {Audience("list", one.id): f"{one.name} (list, {number(one.size)})" for one in page.services.lists.all(page.by)}
    if page.may(Permission.SEGMENTS_VIEW):
        found |= {Audience("segment", one.id): f"{one.name} (segment)" for one in page.services.segments.all(page.by)}
    return found
