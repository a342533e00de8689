"""Which pages there are, who sees them in the menu, and what stands around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from core.errors import PostwrightError
from core.permissions import Permission, Principal
from core.ui import parts
from core.ui.card import ICON, LOGO, STATIC
from core.ui.person_menu import person_menu, workspace_switcher
from core.ui.signing_in import auth, invitation, password_reset, sign_in, two_factor


@dataclass(frozen=True)
class Entry:
    """A page.

    Args:
        section: The part of the menu; "" stands on top without a heading.
        file: From the top folder.
        title: In the menu.
        icon: A material symbol.
        needs: The permission the page's guard asks for as well.
        hidden: Whether it is reached from another page only.
        all_lists: Whether nobody limited to some lists sees it, as the page's guard says as well.
    """

    section: str
    file: str
    title: str
    icon: str
    needs: Permission
    hidden: bool = False
    all_lists: bool = False

    @property
    def url_path(self) -> str:
        """The page's address: its file's name, nothing for the start page."""
        return "" if self is PAGES[0] else self.file.rsplit("/", 1)[1].removesuffix(".py")


_P = Permission
PAGES = (
    Entry("", "pages/overview/overview.py", "Overview", "space_dashboard", _P.OVERVIEW_VIEW),
    Entry("Create", "pages/create/campaigns.py", "Campaigns", "campaign", _P.CAMPAIGNS_VIEW),
    Entry("Create", "pages/create/campaign.py", "Campaign", "campaign", _P.CAMPAIGNS_VIEW, hidden=True),
    Entry("Create", "pages/create/templates.py", "Templates", "article", _P.TEMPLATES_VIEW),
    Entry("Create", "pages/create/template.py", "Template", "article", _P.TEMPLATES_VIEW, hidden=True),
    Entry("Create", "pages/create/template_languages.py", "Languages", "translate", _P.TEMPLATES_VIEW, hidden=True),
    Entry("Create", "pages/create/template_versions.py", "Versions", "history", _P.TEMPLATES_VIEW, hidden=True),
    Entry("Create", "pages/create/pictures.py", "Pictures", "image", _P.TEMPLATES_VIEW),
    Entry("Create", "pages/create/brand_kits.py", "Brand", "palette", _P.TEMPLATES_VIEW),
    Entry("Create", "pages/create/brand_kit.py", "Brand kit", "palette", _P.TEMPLATES_VIEW, hidden=True),
    Entry("Audience", "pages/audience/contacts.py", "Contacts", "group", _P.CONTACTS_VIEW),
    Entry("Audience", "pages/audience/contact.py", "Contact", "person", _P.CONTACTS_VIEW, hidden=True),
    Entry("Audience", "pages/audience/merge_contacts.py", "Merge contacts", "merge", _P.CONTACTS_EDIT, hidden=True),
    Entry("Audience", "pages/audience/import_contacts.py", "Import", "upload", _P.CONTACTS_IMPORT),
    Entry("Audience", "pages/audience/move_in.py", "Move in", "move_to_inbox", _P.CONTACTS_IMPORT, hidden=True, all_lists=True),
    Entry("Audience", "pages/audience/lists.py", "Lists", "list_alt", _P.CONTACTS_VIEW),
    Entry("Audience", "pages/audience/forms.py", "Forms", "assignment", _P.CONTACTS_VIEW, all_lists=True),
    Entry("Audience", "pages/audience/form.py", "Form", "assignment", _P.CONTACTS_VIEW, hidden=True, all_lists=True),
    Entry("Audience", "pages/audience/segments.py", "Segments", "filter_alt", _P.SEGMENTS_VIEW),
    Entry("Audience", "pages/audience/segment.py", "Segment", "filter_alt", _P.SEGMENTS_VIEW, hidden=True),
    Entry("Audience", "pages/audience/fields.py", "Fields and tags", "sell", _P.CONTACTS_VIEW),
    Entry("Audience", "pages/audience/suppressions.py", "Suppressions", "block", _P.CONTACTS_VIEW),
    Entry("Measure", "pages/measure/reports.py", "Reports", "bar_chart", _P.REPORTS_VIEW),
    Entry("Measure", "pages/measure/campaign_report.py", "Campaign report", "bar_chart", _P.REPORTS_VIEW, hidden=True),
    Entry("Measure", "pages/measure/campaign_people.py", "Who got it", "group", _P.CAMPAIGNS_VIEW, hidden=True),
    Entry("Measure", "pages/measure/outbox.py", "Outbox", "outbox", _P.OUTBOX_VIEW, all_lists=True),
    Entry("Admin", "pages/admin/people.py", "People", "badge", _P.PEOPLE_MANAGE),
    Entry("Admin", "pages/admin/roles.py", "Roles", "shield_person", _P.ROLES_MANAGE),
    Entry("Admin", "pages/admin/connections.py", "Connections", "electrical_services", _P.CONNECTIONS_MANAGE),
    Entry("Admin", "pages/admin/sender_domains.py", "Sender domains", "dns", _P.CONNECTIONS_MANAGE),
    Entry("Admin", "pages/admin/api_tokens.py", "API tokens", "key", _P.TOKENS_MANAGE),
    Entry("Admin", "pages/admin/workspace.py", "Workspace", "settings", _P.WORKSPACE_EDIT),
    Entry("Admin", "pages/admin/event_intake.py", "Event intake", "move_to_inbox", _P.INTAKE_VIEW, all_lists=True),
    Entry("Admin", "pages/admin/privacy.py", "Privacy", "privacy_tip", _P.PRIVACY_MANAGE, all_lists=True),
    Entry("Admin", "pages/admin/audit.py", "Audit log", "history", _P.AUDIT_VIEW, all_lists=True),
    Entry("", "pages/account/account.py", "Your account", "account_circle", _P.ACCOUNT_MANAGE, hidden=True),
)


def current_page() -> StreamlitPage:
    """Return the page to run: for somebody signed out the sign-in form at every address, so that a deep link survives."""
    st.set_page_config(page_title="Postwright", page_icon=str(ICON), layout="wide")
    visitor = auth.visitor()
    if visitor is None or password_reset.is_asked():  # the link of a mail counts also where somebody is still signed in
        return _everywhere(sign_in.show)
    if two_factor.is_due(visitor.principal):
        return _everywhere(partial(two_factor.show_first, visitor.principal))
    if invitation.token():
        return _everywhere(partial(sign_in.show_invitation, visitor))
    _logo()
    page = st.navigation(_menu(visitor.principal), expanded=True)
    with st.sidebar:
        workspace_switcher(visitor, start_page(visitor.principal))
        person_menu(visitor, page.url_path)
    return page


def run() -> None:
    """Run the page that was asked for; where it can't go on, say why in words.

    That may be for a permission that a part of it takes besides: roles of one's own may hold any, and who sees campaigns need
    not see the lists that the form of a draft offers. Or it is for the moment, as where too many templates are being checked.
    """
    try:
        current_page().run()
    except PostwrightError as error:
        parts.problem(error)


def start_page(by: Principal) -> StreamlitPage:
    """Return the start page as something to switch to; ask before the principal moves to another workspace."""
    return _page(PAGES[0], by)


def _everywhere(show: Callable[[], None]) -> StreamlitPage:
    """Return the page asked for, showing something else, without a menu."""
    return st.navigation([_in_place_of(entry, show) for entry in PAGES], position="hidden")


def _menu(by: Principal) -> dict[str, list[StreamlitPage]]:
    sections: dict[str, list[StreamlitPage]] = {}
    for entry in PAGES:
        sections.setdefault(entry.section, []).append(_page(entry, by))
    return sections


def _page(entry: Entry, by: Principal) -> StreamlitPage:
    if not by.may(entry.needs):
        show = partial(_begin_elsewhere, by) if entry is PAGES[0] else partial(parts.denied, entry.needs)
        return _in_place_of(entry, show, hidden=True)
    if entry.all_lists and by.lists is not None:
        return _in_place_of(entry, parts.beyond_lists, hidden=True)
    return st.Page(
        entry.file,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.url_path or None,
        default=entry is PAGES[0],
        visibility="hidden" if entry.hidden else "visible",
    )


def _begin_elsewhere(by: Principal) -> None:
    """Go to the first page of somebody's menu: who may not see the start page should not be met by a closed door."""
    for entry in PAGES:
        if not entry.hidden and by.may(entry.needs) and not (entry.all_lists and by.lists is not None):
            st.switch_page(entry.file)
    parts.denied(PAGES[0].needs)


def _in_place_of(entry: Entry, show: Callable[[], None], *, hidden: bool = False) -> StreamlitPage:
    """Return a page at the same address that shows something else."""
    return st.Page(
        show,
        title=entry.title,
        url_path=entry.url_path or "overview",
        default=entry is PAGES[0],
        visibility="hidden" if hidden else "visible",
    )


def _logo() -> None:
    st.logo(str(LOGO), icon_image=str(STATIC / "mark.svg"), size="large")
