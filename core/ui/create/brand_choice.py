"""Which brand a template wears, chosen on its page; and whom a campaign is from, out of the senders of the brands."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.templates.look.brand import Sender
from core.ui.create import brand_words
from core.ui.page import Page

_DEFAULT = 0  # in place of a kit's number


def draw(page: Page, template_id: int) -> None:
    """Draw which brand a template wears, where there is a choice.

    Args:
        page: The page.
        template_id: The template, one of blocks.
    """
    services = page.services
    kits = {one.id: one for one in services.brand_kits.all(page.by)}
    worn = services.brand_kits.chosen_for(page.by, template_id)
    default = next((one for one in kits.values() if one.is_default), None)
    if default is None:
        return
    brand_words.kept()
    key = f"brand_of_{template_id}"
    # Where it was chosen elsewhere meanwhile, what this tab shows must not undo that.
    if key not in st.session_state or st.session_state.get(f"{key}_worn") != worn:
        st.session_state[key] = worn or _DEFAULT
    st.session_state[f"{key}_worn"] = worn
    chosen = st.selectbox(
        "Brand",
        [_DEFAULT, *kits],
        format_func=lambda one: kits[one].name if one else f"The default ({default.name})",
        key=key,
        disabled=not page.may(Permission.TEMPLATES_EDIT),
        width=280,
    )
    if chosen != (worn or _DEFAULT):
        restyled = None
        with page.act():
            restyled = services.brand_kits.wear(page.by, template_id, chosen or None)
        if restyled:
            with page.act(brand_words.done("Brand changed.", restyled)):
                st.rerun()


def senders(page: Page, key: str) -> None:
    """Draw the senders of the brands; choosing one fills in the fields `{key}_from_name` and `{key}_from_email`."""
    if not page.may(Permission.TEMPLATES_VIEW):
        return
    known = list(dict.fromkeys(one for kit in page.services.brand_kits.all(page.by) for one in kit.brand.senders))
    if known:
        st.selectbox(
            "Sender of a brand",
            known,
            index=None,
            format_func=_shown,
            key=f"{key}_sender",
            placeholder="Choose one, or type another below",
            on_change=_fill,
            args=(key,),
        )


def _shown(one: Sender) -> str:
    return f"{one.name} <{one.email}>" if one.name else one.email


def _fill(key: str) -> None:
    chosen: Sender | None = st.session_state[f"{key}_sender"]
    if chosen:
        st.session_state[f"{key}_from_name"], st.session_state[f"{key}_from_email"] = chosen.name, chosen.email
