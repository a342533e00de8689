"""Sending a test of a template as it is in the editor: what is asked, how far it is, and what became of each copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from core.permissions import Permission
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.models import Template
from core.ui import background, dialogs
from core.ui.create import campaign_test, language_form
from core.ui.page import Page
from core.ui.words import harmless

_DIALOG = "test_template"
_NEEDED = (Permission.TEMPLATES_EDIT, Permission.CAMPAIGNS_SEND, Permission.CAMPAIGNS_VIEW, Permission.CONTACTS_VIEW)
_READERS, _MAIN = "The one the reader reads", "The main one"


@dataclass(frozen=True)
class InEditor:
    """What is in the editor.

    Args:
        source: As it would be saved now.
        kind: What it is written in.
        todo: What has to be done before it can be sent.
    """

    source: str
    kind: TemplateKind
    todo: list[str] = field(default_factory=list)


def button(page: Page) -> None:
    """Draw the button beside the page's primary action, for whoever may send what they may write."""
    if all(page.may(one) for one in _NEEDED):
        with page.actions:
            st.button("Send a test", icon=":material/outgoing_mail:", key="test_template", on_click=dialogs.show, args=(_DIALOG,))


def ask(page: Page, template: Template, in_editor: Callable[[], InEditor]) -> None:
    """Draw the dialog if it is open.

    Args:
        page: The page.
        template: The template.
        in_editor: Returns what is in the editor now.
    """
    dialogs.dialog(_DIALOG, "Send a test", partial(_body, page, template, in_editor), width="medium")


def _body(page: Page, template: Template, in_editor: Callable[[], InEditor]) -> None:
    name = f"test_template:{page.by.workspace_id}:{page.by.label}:{template.id}"
    if campaign_test.may_begin(name):
        with page.act():
            _form(page, template, in_editor(), name)


def _form(page: Page, template: Template, now: InEditor, name: str) -> None:
    if now.todo:
        st.warning("\n".join(["Finish these parts first.", "", *(f"- {harmless(one)}" for one in now.todo)]))
    seeds = page.services.seed_addresses.all(page.by)
    with st.form("send_template_test", border=False):
        st.caption("What is in the editor now, also what is not saved yet. It is marked as a test and counts nowhere.")
        chosen = campaign_test.chosen(seeds) if seeds else []
        other = campaign_test.other(seeds)
        how: dict[str, Any] = {"subject": st.text_input("Subject", key="test_subject", placeholder="As your readers will see it") or ""}
        how |= _sender(page, template) | _as_whom(page, template)
        pressed = st.form_submit_button("Send test", type="primary", disabled=bool(now.todo))
    if pressed:
        _start(page, template, now, name, [*chosen, other], how)


def _sender(page: Page, template: Template) -> dict[str, Any]:
    """Ask whom it is from and, where there are several ways, what it goes through."""
    usual = page.services.template_trying.sender(page.by, template.id)
    left, right = st.columns(2)
    from_name = left.text_input("From name", usual.name if usual else page.workspace.name, key="test_from_name") or ""
    from_email = right.text_input("From address", usual.email if usual else "", key="test_from_email", placeholder="news@example.com") or ""
    names = {one.id: one.name for one in page.services.connections.all(page.by) if one.sends}
    through = page.services.connections.default(page.by).id
    if len(names) > 1:
        options = list(names)
        through = st.selectbox("Send through", options, options.index(through), format_func=names.__getitem__, key="test_connection")
    return {"from_name": from_name, "from_email": from_email, "connection_id": through}


def _as_whom(page: Page, template: Template) -> dict[str, Any]:
    """Ask as whom it is written and, where there are several, in which language."""
    reader = st.text_input("Written for", key="test_reader", placeholder="Address of a contact; else whoever it goes to") or ""
    languages = list(page.services.translating.languages(page.by, template.id))
    if not languages:
        return {"reader": reader}
    names: dict[str | None, str] = {None: _READERS, "": _MAIN, **{tag: language_form.name_of(tag) for tag in languages}}
    language = st.selectbox("Language", list(names), format_func=names.__getitem__, key="test_language")
    if drafts := [language_form.name_of(one) for one in page.services.template_drafts.languages(page.by, template.id) if one in names]:
        st.caption(f"{' and '.join(drafts)} as last saved: what is still a draft there is not in the test.")
    return {"reader": reader, "language": language}


def _start(page: Page, template: Template, now: InEditor, name: str, addresses: list[str], how: dict[str, Any]) -> None:
    by, services = page.by, page.services

    def job(step: background.Progress) -> object:
        return services.template_trying.send(by, template.id, now.source, addresses=addresses, kind=now.kind, step=step, **how)

    campaign_test.start(page, name, job)
