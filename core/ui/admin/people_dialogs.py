"""What is asked and told about people: the invitation and its link, roles, limits, and what takes access away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.accounts.invitation_rows import Invited
from core.accounts.roles import RoleDefinition
from core.permissions import Permission, Role
from core.ui import dialogs
from core.ui.admin.role_words import described, within_reach
from core.ui.page import Page
from core.ui.words import plain

INVITED = "invited"  # the dialog that shows a new link


def draw(page: Page, roles: Sequence[RoleDefinition]) -> None:
    """Draw whichever dialog is open."""
    dialogs.dialog("invite_person", "Invite somebody", lambda: _invite(page, roles))
    told, invited = dialogs.opened(INVITED)
    if told:
        dialogs.dialog(INVITED, "Invitation sent" if invited.mailed else "The mail could not be sent", lambda: _link(invited))
    changing, person_id = dialogs.opened("change_role")
    if changing:
        dialogs.dialog("change_role", "Change role", lambda: _change_role(page, person_id, roles))
    limiting, person_id = dialogs.opened("limit_lists")
    if limiting:
        dialogs.dialog("limit_lists", "Limit to lists", lambda: _limit(page, person_id))
    _ask_about_person(page)
    _ask_about_invitation(page)


def _invite(page: Page, roles: Sequence[RoleDefinition]) -> None:
    reach = within_reach(page, roles)
    with st.form("invite_form", border=False):
        email = st.text_input("Email", key="invite_email", autocomplete="off")
        name = st.text_input("Name", key="invite_name", placeholder="Optional", autocomplete="off")
        role = _choose_role(reach, Role.MARKETER, key="invite_role")
        names = _list_names(page)
        chosen = st.multiselect(
            "Only some lists",
            list(names),
            format_func=names.__getitem__,
            placeholder="All lists",
            key="invite_lists",
            help="They see only the contacts of these lists. An admin always sees everything.",
        )
        pressed = st.form_submit_button("Send invitation", type="primary", key="invite_submit", disabled=not reach)
    if pressed and role:
        with page.act():
            dialogs.show(INVITED, page.services.invitations.invite(page.by, email, name, role, chosen or None))
            st.rerun()


def _link(invited: Invited) -> None:
    to = plain(invited.invitation.email)
    if invited.mailed:
        st.markdown(f"The link is on its way to {to}. It works once, for seven days.")
        st.caption("You can also hand it over yourself:")
    else:
        st.warning(f"Hand this link to {to} yourself. It works once, for seven days.", icon=":material/link:")
    st.code(invited.link, language=None, wrap_lines=True)
    st.caption("It is shown only now. Whoever has it can make the account, so give it to nobody else.")
    st.button("Done", type="primary", key="invited_done", on_click=dialogs.hide)
    if not dialogs.opened(INVITED)[0]:
        st.rerun()


def _change_role(page: Page, person_id: int, roles: Sequence[RoleDefinition]) -> None:
    person, reach = page.services.people.get(page.by, person_id), within_reach(page, roles)
    role = _choose_role(reach, person.role, key="new_role")
    if st.button(f"Change {plain(person.name)}’s role", type="primary", key="set_role", disabled=role in (None, person.role)) and role:
        with page.act("Changed. It counts from their next click."):
            page.services.people.set_role(page.by, person_id, role)
            dialogs.done()


def _limit(page: Page, person_id: int) -> None:
    person, names = page.services.people.get(page.by, person_id), _list_names(page)
    kinds = ["All lists", "Only some lists"]
    kind = st.radio(f"What {plain(person.name)} sees", kinds, index=int(person.lists is not None), horizontal=True, key="limit_kind")
    only: list[int] | None = None
    if kind == kinds[1]:
        now = [one for one in names if one in (person.lists or ())]
        only = st.multiselect("Lists", list(names), now, format_func=names.__getitem__, placeholder="None yet", key="limit_lists")
        st.caption("They see only the contacts of these lists, and write only to them. Lists made later are not among them.")
    if st.button("Save", type="primary", key="limit_save"):
        with page.act("Changed. It counts from their next click."):
            page.services.people.set_lists(page.by, person_id, only)
            dialogs.done()


def _choose_role(reach: dict[str, RoleDefinition], current: str, *, key: str) -> str | None:
    keys = list(reach)
    return st.radio(
        "Role",
        keys,
        index=keys.index(current) if current in reach else 0,
        format_func=lambda one: plain(reach[one].name),
        captions=[described(role) for role in reach.values()],
        key=key,
    )


def _list_names(page: Page) -> dict[int, str]:
    return page.services.lists.names(page.by) if page.may(Permission.CONTACTS_VIEW) else {}


def _ask_about_person(page: Page) -> None:
    people = page.services.people
    asked, person_id = dialogs.opened("disable_person")
    if asked:
        question = dialogs.Question(
            title=f"Disable {plain(page.services.people.get(page.by, person_id).name)}?",
            body="They are signed out now and can’t sign in to this workspace. What they made stays. You can let them in again any time.",
            yes="Disable",
        )
        done = "They can no longer sign in."
        dialogs.ask_first(page, question, lambda: people.disable(page.by, person_id), name="disable_person", success=done)
    asked, person_id = dialogs.opened("sign_out_person")
    if asked:
        question = dialogs.Question(
            title=f"Sign {plain(page.services.people.get(page.by, person_id).name)} out everywhere?",
            body="All their sessions in this workspace end now, on every device. They can sign in again at once.",
            yes="Sign out",
        )
        done = "They are signed out of this workspace."
        dialogs.ask_first(page, question, lambda: people.sign_out(page.by, person_id), name="sign_out_person", success=done)


def _ask_about_invitation(page: Page) -> None:
    asked, invitation_id = dialogs.opened("cancel_invitation")
    if asked:
        question = dialogs.Question(
            title="Cancel this invitation?", body="Its link stops working now. You can invite them again any time.", yes="Cancel invitation"
        )
        cancel = page.services.invitations.cancel
        dialogs.ask_first(page, question, lambda: cancel(page.by, invitation_id), name="cancel_invitation", success="Cancelled.")
