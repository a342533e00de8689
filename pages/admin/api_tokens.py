"""API tokens: what programs prove themselves with, made, looked after and ended here."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.accounts.api_tokens import ApiToken
from core.permissions import ALLOWS, Permission
from core.ui import dialogs, parts
from core.ui.admin import token_form
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.words import counted, number, plain

HELP = "A program with a token acts for whoever made it, with what you allow it here and never with more than they may do."
DOCS = "/api/v1/docs"

page = open_page("API tokens", needs=Permission.TOKENS_MANAGE, help=HELP)
tokens = page.services.api_tokens


def add() -> None:
    wanted = token_form.draw(page.by)
    if wanted is not None:
        with page.act():
            made, text = tokens.create(
                page.by, wanted.name, wanted.scopes, expires_in_days=wanted.days, requests_per_minute=wanted.per_minute
            )
            dialogs.show("made", (made.name, text))
            st.rerun()


def show_once(name: str, text: str) -> None:
    st.markdown(f"**{plain(name)}** is ready. Copy it now: it is shown this once, and nobody can read it again.")
    st.code(text, language=None, wrap_lines=True)
    st.caption("Try it in a terminal:")
    st.code(f'curl "{page.services.settings.app_url}/api/v1/me" \\\n  -H "Authorization: Bearer {text}"', language="bash", wrap_lines=True)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"[How to use it]({DOCS})", width="content")
        st.button("I have copied it", type="primary", key="copied", on_click=dialogs.hide)
    if not dialogs.opened("made")[0]:
        st.rerun()


def draw(token: ApiToken) -> None:
    with st.container(
        border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key=f"token_{token.id}"
    ):
        with st.container(width=360, gap=None):
            st.markdown(f"**{plain(token.name)}** {badge(token)}")
            st.caption(f"`pw_{token.id}_…` · for {plain(token.person_name)} · {number(token.requests_per_minute)} requests a minute")
        with st.container(width=220, gap=None):
            used = "Never used" if token.last_used_at is None else f"Used {page.when(token.last_used_at)}"
            st.caption(used, help=page.exactly(token.last_used_at) or None)
            ends = "Never ends" if token.expires_at is None else f"Ends {page.exactly(token.expires_at)}"
            st.caption(ends)
        with st.container(horizontal=True, width="content"):
            with st.popover(counted(len(token.scopes), "scope"), key=f"scopes_{token.id}", type="tertiary"):
                for scope in Permission:
                    if scope in token.scopes:
                        st.markdown(f"{ALLOWS[scope]}  \n:small[:gray[`{scope.value}`]]")
            st.button("Revoke", key=f"revoke_{token.id}", type="tertiary", on_click=dialogs.show, args=("revoke", token))


def badge(token: ApiToken) -> str:
    return ":orange-badge[Expired]" if token.expires_at is not None and token.expires_at <= page.services.clock.now() else ""


def ask_before_revoking(token: ApiToken) -> None:
    body = f"What uses “{plain(token.name)}” is refused from now on. This can’t be undone; a new token takes its place."
    question = Question("Revoke this token?", body, "Revoke token")
    dialogs.ask_first(page, question, partial(tokens.revoke, page.by, token.id), name="revoke", success="It is refused from now on.")


if page.header("Create token"):
    dialogs.show("add_token")
found = tokens.all(page.by)
if not found:
    text = "A token lets your shop, your website or a script add contacts, send campaigns and read figures."
    if parts.empty_state("key", "No program has access yet", text, "Create the first token"):
        dialogs.show("add_token")
for one in found:
    draw(one)
st.link_button("API documentation", DOCS, icon=":material/menu_book:", type="tertiary")
dialogs.dialog("add_token", "Create an API token", add)
if (opened := dialogs.opened("made"))[0]:
    dialogs.dialog("made", "Your new token", partial(show_once, *opened[1]))
if (opened := dialogs.opened("revoke"))[0]:
    ask_before_revoking(opened[1])
