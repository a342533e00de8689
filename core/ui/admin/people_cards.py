"""The people of a workspace and those on their way into it, one card each."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.accounts.invitation_rows import Invitation
from core.accounts.people import Person
from core.accounts.roles import RoleDefinition
from core.permissions import Permission, Role
from core.ui import dialogs
from core.ui.admin.people_dialogs import INVITED
from core.ui.admin.role_words import badge
from core.ui.page import Page
from core.ui.words import counted, plain


def draw_person(page: Page, person: Person, reach: Mapping[str, RoleDefinition]) -> None:
    """Draw somebody who can sign in; what can be done about them only where this person may decide about their role."""
    with _card():
        with st.container(width=360, gap=None):
            you = " :blue-badge[You]" if person.id == page.by.person_id else ""
            disabled = " :orange-badge[Disabled]" if person.disabled_at else ""
            st.markdown(f"**{plain(person.name)}** {badge(person.role, person.role_name)}{_limit(person.lists)}{you}{disabled}")
            st.text(person.email)
        seen = "Never signed in" if person.last_seen_at is None else f"Seen {page.when(person.last_seen_at)}"
        st.caption(seen, width="content", help=page.exactly(person.last_seen_at) or None)
        if person.role in reach:
            with st.popover("Manage", key=f"manage_{person.id}", type="tertiary"):
                _manage_person(page, person)


def draw_invitation(page: Page, invitation: Invitation, reach: Mapping[str, RoleDefinition]) -> None:
    """Draw somebody who was invited and is not in yet."""
    with _card():
        with st.container(width=360, gap=None):
            name = plain(invitation.name or invitation.email)
            st.markdown(f"**{name}** {badge(invitation.role, invitation.role_name)}{_limit(invitation.lists)}")
            if invitation.name:
                st.text(invitation.email)
        over = invitation.expires_at <= page.services.clock.now()
        by = f" by {plain(invitation.invited_by)}" if invitation.invited_by else ""
        words = f"Expired {page.when(invitation.expires_at)}" if over else f"Invited {page.when(invitation.created_at)}{by}"
        st.caption(words, width="content", help=f"The link works until {page.exactly(invitation.expires_at)}.")
        if invitation.role in reach:
            with st.popover("Manage", key=f"manage_invitation_{invitation.id}", type="tertiary"):
                _manage_invitation(page, invitation)


def _card() -> st.delta_generator.DeltaGenerator:
    return st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")


def _limit(lists: frozenset[int] | None) -> str:
    return "" if lists is None else f" :blue-badge[:material/list_alt: {counted(len(lists), 'list') if lists else 'No lists'}]"


def _manage_person(page: Page, person: Person) -> None:
    if person.disabled_at:
        if st.button("Let in again", icon=":material/lock_open:", key=f"enable_{person.id}", width="stretch"):
            with page.act(f"{plain(person.name)} can sign in again."):
                page.services.people.enable(page.by, person.id)
                st.rerun()
        return
    _opener("Change role", "badge", "role", "change_role", person.id)
    if person.role != Role.ADMIN and page.may(Permission.CONTACTS_VIEW) and page.by.lists is None:
        _opener("Limit to lists", "list_alt", "lists", "limit_lists", person.id)
    _opener("Sign out everywhere", "logout", "sign_out", "sign_out_person", person.id)
    _opener("Disable", "block", "disable", "disable_person", person.id)


def _manage_invitation(page: Page, invitation: Invitation) -> None:
    if page.by.lists is None and st.button(
        "Send again", icon=":material/forward_to_inbox:", key=f"resend_{invitation.id}", width="stretch"
    ):
        with page.act():
            dialogs.show(INVITED, page.services.invitations.resend(page.by, invitation.id))
            st.rerun()
    _opener("Cancel invitation", "close", "cancel", "cancel_invitation", invitation.id)


def _opener(label: str, icon: str, key: str, dialog: str, about: int) -> None:
    st.button(label, icon=f":material/{icon}:", key=f"{key}_{about}", width="stretch", on_click=dialogs.show, args=(dialog, about))
