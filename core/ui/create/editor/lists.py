"""Fields of the panel that hold several things: links to networks, products, a width that may be left open."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.templates.blocks.kinds import Product
from core.templates.look.brand import Network, SocialLink
from core.ui.create import picture_picker
from core.ui.create.editor import pictures
from core.ui.create.editor.fields import Fields, link_complaint
from core.ui.page import Page
from core.ui.parts import remark
from core.ui.words import plain

MOST_LINKS, MOST_PRODUCTS = 12, 4
_PRODUCT_FIELDS = {
    "name": "Name",
    "src": "Address of its picture",
    "alt": "What the picture shows",
    "text": "A line about it",
    "price": "Price",
    "url": "Where it is sold",
    "button": "Words of its button",
}


def width(fields: Fields) -> None:
    """Draw the width of a picture: all there is, or so many pixels."""
    was = fields.part.width
    whole = st.toggle("As wide as its column", was is None, key=fields.key("whole"), disabled=not fields.enabled)
    fields.values["width"] = None
    if not whole:
        how: dict[str, Any] = {"disabled": not fields.enabled, "step": 10}
        fields.values["width"] = int(st.number_input("Width (px)", 1, 1_200, was or 300, key=fields.key("width"), **how))


def social(fields: Fields) -> None:
    """Draw links to networks."""
    rows = fields.rows("links", fields.part.links)
    if not rows:
        st.caption("Shows the brand’s links." if fields.brand.social else "The brand has no links yet. Add some here, or to the brand kit.")
    found = []
    for row, one in rows:
        with st.container(border=True, gap="xsmall"):
            how: dict[str, Any] = {"label_visibility": "collapsed", "disabled": not fields.enabled}
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                options = list(Network)
                label = _label
                network = st.selectbox("Network", options, options.index(one.network), format_func=label, key=f"{row}_network", **how)
                _drop(fields, "links", row, "Remove this link")
            url = (st.text_input("Page there", one.url, key=f"{row}_url", placeholder="https://", **how) or "").strip()
            if complaint := link_complaint(url, optional=False):
                remark(complaint)
        found.append({"network": network, "url": url})
    fields.values["links"] = found
    if fields.enabled and len(rows) < MOST_LINKS:
        _add(fields, "links", SocialLink(network=Network.INSTAGRAM, url="https://"), "Add a link")


def products(page: Page, fields: Fields) -> None:
    """Draw products, and the list that they are repeated for."""
    rows = fields.rows("products", fields.part.products)
    found: list[dict[str, str]] = []
    chosen: dict[int, picture_picker.Chosen] = {}
    for at, (row, one) in enumerate(rows):
        with st.expander(plain(one.name) or f"Product {at + 1}", expanded=at == 0):
            values, picture = _product(page, fields, row, one)
            if picture:
                chosen[at] = picture
            if len(rows) > 1:
                _drop(fields, "products", row, "Remove this product", label="Remove")
        found.append(values)
    fields.values["products"] = found
    for at, picture in chosen.items():
        found[at] |= {"src": picture.url, "alt": picture.alt or found[at]["alt"]}
        fields.takes(products=found)
    if fields.enabled and len(rows) < MOST_PRODUCTS and not fields.part.repeat:
        _add(fields, "products", Product(), "Add a product")
    if fields.brand.utm != type(fields.brand.utm)():
        fields.switch("takes_utm", "Add the brand’s utm parameters")
    fields.line(
        "repeat", "Repeat for each of", placeholder="data.items", help="A list that comes with a message of the API; its fields are item.…"
    )


def _product(page: Page, fields: Fields, row: str, one: Product) -> tuple[dict[str, str], picture_picker.Chosen | None]:
    """Draw the fields of a product; return what is in them, and the picture that was chosen in this run."""
    values, chosen = {}, None
    for name, label in _PRODUCT_FIELDS.items():
        values[name] = st.text_input(label, getattr(one, name), key=f"{row}_{name}", disabled=not fields.enabled) or ""
        if name == "src":
            if said := pictures.complaint(values[name]):
                remark(said)
            chosen = pictures.choose(page, f"{row}_src") if fields.enabled else None
    return values, chosen


def _label(network: Network) -> str:
    return network.label


def _add(fields: Fields, name: str, value: Any, label: str) -> None:
    st.button(label, icon=":material/add:", key=fields.key(f"{name}_add"), on_click=fields.add_row, args=(name, value))


def _drop(fields: Fields, name: str, row: str, help: str, label: str = ":material/close:") -> None:
    how: dict[str, Any] = {"on_click": fields.drop_row, "args": (name, row), "type": "tertiary", "disabled": not fields.enabled}
    st.button(label, key=f"{row}_drop", help=help, **how)
