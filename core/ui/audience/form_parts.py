"""What the pages of sign-up forms share: where a form stands, how it gets onto a site, and how many came in."""

from __future__ import annotations

from datetime import UTC, datetime, time

import streamlit as st

from core.contacts.forms import SignUpForm
from core.contacts.hosted.form_page import form_page, frame_snippet, plain_snippet
from core.contacts.hosted.published import FormState, PublishedForm
from core.ui import charts
from core.ui.charts import Series
from core.ui.page import Page
from core.ui.palette import Meaning
from core.ui.parts import email_frame
from core.ui.words import counted

DAYS = 30
_STATES = {FormState.LIVE: ("Takes people", "check_circle", "green"), FormState.PAUSED: ("Paused", "pause_circle", "orange")}


def badge(form: PublishedForm) -> None:
    """Draw whether a form takes anybody."""
    words, icon, colour = _STATES[form.state]
    st.badge(words, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def share(page: Page, one: SignUpForm) -> None:
    """Draw the address of a form and what puts it onto a site."""
    url = page.services.settings.public_url
    st.markdown("**Link** – for a button, a social profile or a QR code", width="stretch")
    st.code(f"{url}/f/{one.form.key}", language=None, wrap_lines=True)
    st.markdown("**In a frame** – it looks as it does here and keeps all its guards")
    if one.form.design.sites:
        st.code(frame_snippet(one.form, url), language="html", wrap_lines=True)
    else:
        st.caption("Name the sites that may show it first, under “Look and place”.")
    st.markdown("**As your own HTML** – you style it, people land on our answer")
    if one.form.design.allows_plain:
        st.code(plain_snippet(one.form, url), language="html", wrap_lines=True)
    else:
        st.caption("Switch on “Let my own HTML send to it” first, under “Look and place”.")


def preview(form: PublishedForm, *, key: str) -> None:
    """Draw a form as people see it; nothing in it can be sent."""
    height = 520 + 92 * len(form.design.fields) + 60 * len(form.choices) + len(form.design.wording + form.design.intro) // 2
    email_frame(form_page(form, "").html, title="Preview of the form", height=height, key=key)


def per_day(page: Page, one: SignUpForm) -> None:
    """Draw how many came in on each of the last days."""
    found = page.services.forms.received(page.by, one.id, DAYS)
    moments = [datetime.combine(day, time(), UTC) for day in found]
    series = [Series("Sign-ups", Meaning.CONVERTED, list(found.values()))]
    rows = [{"Day": day, "Sign-ups": number} for day, number in found.items()]
    alt = f"{counted(sum(found.values()), 'sign-up', 'sign-ups')} in the last {DAYS} days."
    charts.card(f"Sign-ups per day, last {DAYS} days", lambda: charts.over_time(moments, series), rows, key="form_days", alt=alt)
