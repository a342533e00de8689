"""The form of a brand kit: logo, colours that can be read, fonts, buttons, footer, where to follow, senders, link parameters."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.templates.blocks.link_parameters import with_parameters
from core.templates.look.brand import Brand, Font, Network, Token, read_brand
from core.ui.create import brand_contrast, brand_logo
from core.ui.create.brand_rows import Rows
from core.ui.page import Page

COLOURS = {
    Token.PRIMARY: "Main colour",
    Token.BUTTON_TEXT: "On buttons",
    Token.TEXT: "Text",
    Token.MUTED: "Quiet text",
    Token.BACKGROUND: "Background",
    Token.SURFACE: "Sheet",
    Token.LINE: "Lines",
}
FONTS = {
    Font.SYSTEM: "The reader’s own",
    Font.HELVETICA: "Helvetica or Arial",
    Font.VERDANA: "Verdana",
    Font.TREBUCHET: "Trebuchet",
    Font.TAHOMA: "Tahoma",
    Font.GEORGIA: "Georgia",
    Font.TIMES: "Times",
    Font.PALATINO: "Palatino",
    Font.COURIER: "Courier",
}
_EXAMPLE = "https://www.example.com/tea"


class BrandForm:
    """Draws the fields and says what they make.

    Args:
        page: The page.
        key: What the fields' keys begin with.
        known: The brand as it is kept.
        disabled: Whether nothing may be changed.
    """

    def __init__(self, page: Page, key: str, known: Brand, *, disabled: bool) -> None:
        self._page, self._key, self._known, self._off = page, key, known, disabled

    def draw(self) -> Brand:
        """Draw everything and return what is in it.

        Raises:
            InvalidInput: If a part of it is too long; names it.
        """
        look, letters, footer, senders = st.tabs(["Logo and colours", "Fonts and buttons", "Footer", "Senders and links"])
        made: dict[str, Any] = {}
        with look:
            made |= {"logo": brand_logo.draw(self._page, self._known.logo, self._key, disabled=self._off), "colours": self._colours()}
        with letters:
            made |= {"heading_font": self._font("Headings", "heading_font"), "body_font": self._font("Text", "body_font")}
            made["button"] = self._button()
        with look:
            brand_contrast.draw(read_brand({**made, "logo": {}}), self._key, disabled=self._off)
        with footer:
            made |= self._footer()
        with senders:
            made |= {"senders": self._senders(), "utm": self._utm()}
        return read_brand(made)

    def _colours(self) -> dict[str, str]:
        st.markdown("**Colours**")
        with st.grid(min_column_width=110, gap="small"):
            return {token.value.replace("-", "_"): self._colour(token, label) for token, label in COLOURS.items()}

    def _colour(self, token: Token, label: str) -> str:
        key = brand_contrast.key_of(self._key, token)
        st.session_state.setdefault(key, self._known.colours.of(token))
        return str(st.color_picker(label, key=key, disabled=self._off) or self._known.colours.of(token))

    def _font(self, label: str, name: str) -> Font:
        known: Font = getattr(self._known, name)
        fonts = list(FONTS)
        font = st.selectbox(label, fonts, fonts.index(known), key=f"{self._key}_{name}", format_func=FONTS.__getitem__, disabled=self._off)
        chosen = font or known
        size = 24 if name == "heading_font" else 16
        st.html(f'<div style="font-family:{chosen.stack};font-size:{size}px">The quick brown fox jumps over the lazy dog, 0123456789</div>')
        if others := chosen.fallbacks:
            st.caption(f"Where a mail program does not have it: {others}.")
        return chosen

    def _button(self) -> dict[str, Any]:
        style = self._known.button
        st.markdown("**Buttons**")
        radius = st.slider("How round the corners are, in pixels", 0, 40, style.radius, key=f"{self._key}_radius", disabled=self._off)
        with st.container(horizontal=True):
            filled = st.toggle("Filled", style.is_filled, key=f"{self._key}_filled", disabled=self._off)
            bold = st.toggle("Bold words", style.is_bold, key=f"{self._key}_bold", disabled=self._off)
        return {"radius": radius, "is_filled": filled, "is_bold": bold}

    def _footer(self) -> dict[str, Any]:
        address = st.text_area(
            "Postal address",
            self._known.postal_address,
            key=f"{self._key}_address",
            height=90,
            disabled=self._off,
            placeholder=self._page.workspace.postal_address or "1 Main Street, 12345 Town",
            help="Leave this empty for the workspace’s. Every marketing email has to name one.",
        )
        legal = st.text_area(
            "Legal text",
            self._known.legal,
            key=f"{self._key}_legal",
            height=90,
            disabled=self._off,
            placeholder="Company register, VAT number",
        )
        st.markdown("**Where people can follow you**")
        rows = Rows(f"{self._key}_social", len(self._known.social), most=12, disabled=self._off)
        return {"postal_address": address or "", "legal": legal or "", "social": rows.draw(self._social, "Add a link")}

    def _social(self, place: int) -> dict[str, Any]:
        known = self._known.social[place] if place < len(self._known.social) else None
        networks = list(Network)
        network = st.selectbox(
            "Where",
            networks,
            networks.index(known.network) if known else 0,
            key=f"{self._key}_network_{place}",
            format_func=lambda one: one.label,
            disabled=self._off,
        )
        url = self._text("Address", known.url if known else "", f"social_{place}", "https://")
        return {"network": network or networks[0], "url": url.strip()}

    def _senders(self) -> list[dict[str, Any]]:
        st.markdown("**Senders**", help="Offered as From when somebody writes a campaign.")
        rows = Rows(f"{self._key}_senders", len(self._known.senders), most=20, disabled=self._off)
        return rows.draw(self._sender, "Add a sender")

    def _sender(self, place: int) -> dict[str, Any]:
        known = self._known.senders[place] if place < len(self._known.senders) else None
        name = self._text("Name", known.name if known else "", f"sender_name_{place}", self._page.workspace.name)
        email = self._text("Address", known.email if known else "", f"sender_email_{place}", "news@example.com")
        return {"name": name, "email": email.strip()}

    def _utm(self) -> dict[str, Any]:
        st.markdown(
            "**What links tell your web analytics**", help="Put on the links of every email in this look, but for those that have them."
        )
        utm = self._known.utm
        with st.grid(3, min_column_width=140, gap="small"):
            made = {
                "source": self._text("Source", utm.source, "utm_source", "newsletter"),
                "medium": self._text("Medium", utm.medium, "utm_medium", "email"),
                "campaign": self._text("Campaign", utm.campaign, "utm_campaign", "spring"),
            }
        st.code(with_parameters(_EXAMPLE, read_brand({"utm": made}).utm), language=None, wrap_lines=True)
        return made

    def _text(self, label: str, value: str, name: str, placeholder: str = "") -> str:
        return st.text_input(label, value, key=f"{self._key}_{name}", placeholder=placeholder, disabled=self._off) or ""
