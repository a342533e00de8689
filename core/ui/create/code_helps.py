"""What helps whoever writes the source of a template: the fields there are, and pictures with the code that shows them."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.permissions import Permission
from core.templates.compiling.compiler import TemplateKind
from core.templates.jinja.fields import BRAND_FIELDS, CONTACT_FIELDS, URL_FIELDS
from core.ui.create import picture_picker
from core.ui.create.picture_picker import Chosen
from core.ui.page import Page

_WIDEST = 600  # pixels: what every mail program has room for


def fields(page: Page) -> None:
    """Draw the merge fields a template can use."""
    own = page.services.contacts.attributes(page.by) if page.may(Permission.CONTACTS_VIEW) else ()
    groups = {
        "Of the reader": [f"contact.{name}" for name in (*CONTACT_FIELDS, *own)],
        "Of you": ["workspace.name", "workspace.postal_address", "campaign.name", "campaign.subject"],
        "Links": list(URL_FIELDS),
        "Of the brand kit": [f"brand.{name}" for name in BRAND_FIELDS],
        "Of a single message": ["data.…"],
    }
    with st.expander("Fields you can use"):
        for title, names in groups.items():
            st.markdown(f"**{title}**  \n" + "  \n".join(f"`{{{{ {name} }}}}`" for name in names))
        st.caption("For somebody whose first name you don’t know: `{{ contact.first_name | default('there') }}`")


def pictures(page: Page, kind: TemplateKind, *, key: str) -> None:
    """Draw what chooses or uploads a picture, and the code that shows the one that was chosen.

    Args:
        page: The page.
        kind: What the source is written in.
        key: Unique on the page.
    """
    # The pictures are read only while somebody chooses.
    chooser = st.popover("Choose or upload a picture", icon=":material/add_photo_alternate:", key=f"{key}_choose", on_change="rerun")
    if chooser.open:
        with chooser:
            found = picture_picker.pick(page, f"{key}_pick")
        if found:
            st.session_state[f"{key}_chosen"] = found
    chosen: Chosen | None = st.session_state.get(f"{key}_chosen")
    if chosen:
        st.caption("Copy this to where the picture is to stand:")
        st.code(markup(chosen, kind), language="html", wrap_lines=True)


def markup(one: Chosen, kind: TemplateKind) -> str:
    """Return the code that shows a picture."""
    width = min(one.width, _WIDEST)
    said = f'src="{escape(one.url)}" alt="{escape(one.alt)}"'
    return f'<mj-image {said} width="{width}px" />' if kind is TemplateKind.MJML else f'<img {said} width="{width}">'
