"""The editor of a sign-up form: what it asks for, what people agree to, what they read, and where it may stand."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.contacts.hosted.design import OWN_FIELDS, FormDesign, FormField
from core.contacts.hosted.words import LANGUAGES
from core.contacts.lists import ContactList
from core.ui.page import Page

LABELS = {"first_name": "First name", "last_name": "Last name"}


def new_design(page: Page) -> FormDesign:
    """Return what a new form begins with."""
    wording = f"I agree to get marketing email from {page.workspace.name}. I can take this back at any time."
    return FormDesign("Get our newsletter", wording, fields=(FormField("first_name", LABELS["first_name"]),))


class FormEditor:
    """Draws the fields and says what they make.

    Args:
        page: The page.
        key: What the fields' keys begin with.
        known: The form as it is kept.
        disabled: Whether nothing may be changed.
    """

    def __init__(self, page: Page, key: str, known: FormDesign, *, disabled: bool) -> None:
        self._page, self._key, self._known, self._off = page, key, known, disabled
        self._lists: dict[int, ContactList] = {one.id: one for one in page.services.lists.all(page.by)}

    def draw(self) -> FormDesign:
        """Draw everything and return what is in it, unchecked."""
        tabs = st.tabs(["Contents", "Consent", "Afterwards", "Look and place"])
        made = self._known
        for tab, part in zip(tabs, (self._contents, self._consent, self._afterwards, self._place), strict=True):
            with tab:
                made = part(made)
        return made

    def _contents(self, made: FormDesign) -> FormDesign:
        title = self._text("Heading", made.title, "title")
        intro = st.text_area("Text under it", made.intro, key=f"{self._key}_intro", height=90, disabled=self._off)
        fixed = self._several("Everybody gets onto these lists", made.list_ids, "lists", "Choose lists")
        help_words = "People tick which they want. They read each list’s name and description; set those on the page Lists."
        choices = self._several("People may choose from these lists", made.choices, "choices", "None", help_words)
        return replace(made, title=title, intro=intro or "", list_ids=fixed, choices=choices, fields=self._fields(made))

    def _fields(self, made: FormDesign) -> tuple[FormField, ...]:
        known = {one.name: one for one in made.fields}
        offered = [*OWN_FIELDS, *self._page.services.contacts.attributes(self._page.by)]
        there = [name for name in known if name in offered]
        chosen = st.multiselect(
            "Ask for, besides the address", offered, there, key=f"{self._key}_fields", format_func=_label, disabled=self._off
        )
        return tuple(self._field(known.get(name) or FormField(name, _label(name))) for name in chosen)

    def _field(self, one: FormField) -> FormField:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = self._text(f"Label of {_label(one.name)}", one.label, f"label_{one.name}")
            required = st.checkbox("Required", one.is_required, key=f"{self._key}_required_{one.name}", disabled=self._off, width=110)
        return FormField(one.name, label, one.kind, required)

    def _consent(self, made: FormDesign) -> FormDesign:
        wording = st.text_area(
            "What people agree to",
            made.wording,
            key=f"{self._key}_wording",
            height=110,
            disabled=self._off,
            help="Kept word for word with every consent. Changing it makes a new version; earlier consents keep theirs.",
        )
        ticked = st.toggle("People tick a box to agree", made.asks_consent, key=f"{self._key}_asks", disabled=self._off)
        double = st.toggle(
            "Ask by mail before anybody is signed up",
            made.double_opt_in,
            key=f"{self._key}_double",
            disabled=self._off,
            help="Double opt-in: proves that the address belongs to whoever typed it. Whoever had unsubscribed is always asked by mail.",
        )
        return replace(made, wording=wording or "", asks_consent=ticked, double_opt_in=double)

    def _afterwards(self, made: FormDesign) -> FormDesign:
        usual = "Leave this empty for the usual words."
        thanks = st.text_area(
            "What people read afterwards", made.thanks, key=f"{self._key}_thanks", height=90, disabled=self._off, help=usual
        )
        redirect = self._text("Or lead them to this page", made.redirect_url, "redirect", "https://www.example.com/thanks")
        return replace(made, thanks=thanks or "", redirect_url=redirect)

    def _place(self, made: FormDesign) -> FormDesign:
        language = st.selectbox(
            "Language of the usual words",
            list(LANGUAGES),
            list(LANGUAGES).index(made.language),
            key=f"{self._key}_language",
            format_func=LANGUAGES.__getitem__,
            disabled=self._off,
        )
        button = self._text("Words on the button", made.button, "button", "The language’s usual word")
        accent = st.color_picker("Colour of the button", made.accent, key=f"{self._key}_accent", disabled=self._off)
        sites = st.text_area(
            "Sites that may show it in a frame",
            "\n".join(made.sites),
            key=f"{self._key}_sites",
            height=90,
            disabled=self._off,
            placeholder="https://www.example.com",
            help="One a line. Nobody else can put the form into a page.",
        )
        plain = st.toggle(
            "Let my own HTML send to it",
            made.allows_plain,
            key=f"{self._key}_plain",
            disabled=self._off,
            help="For a form you style yourself. It goes without one of the traps for machines, so keep asking by mail.",
        )
        told = tuple(line.strip() for line in (sites or "").splitlines() if line.strip())
        return replace(made, language=language, button=button, accent=accent, sites=told, allows_plain=plain)

    def _text(self, label: str, value: str, name: str, placeholder: str = "") -> str:
        return st.text_input(label, value, key=f"{self._key}_{name}", placeholder=placeholder, disabled=self._off) or ""

    def _several(self, label: str, chosen: tuple[int, ...], name: str, placeholder: str, help_words: str = "") -> tuple[int, ...]:
        there = [one for one in chosen if one in self._lists]
        found = st.multiselect(
            label,
            list(self._lists),
            there,
            key=f"{self._key}_{name}",
            format_func=lambda one: self._lists[one].name,
            placeholder=placeholder,
            disabled=self._off,
            help=help_words or None,
        )
        return tuple(found)


def _label(name: str) -> str:
    return LABELS.get(name) or name.replace("_", " ").capitalize()
