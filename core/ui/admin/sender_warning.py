"""What is said beside a From address whose domain can't prove yet that mail from it is yours."""

from __future__ import annotations

import streamlit as st

from core.contacts.addresses import comparable, domain_of
from core.deliverability.models import Verdict
from core.deliverability.names import belongs_to, readable
from core.permissions import Permission
from core.ui.page import Page
from core.ui.words import plain

_UNKNOWN = "**{domain} is not set up as a sender domain.** Mailbox providers may refuse mail from it, or call it spam."
_NOT_READY = "**{domain} is not ready to send from:** records are missing or wrong in its DNS. Mail from it may be refused or go to spam."


def draw(page: Page, from_email: str, connection_id: int | None) -> None:
    """Draw a warning where mail leaves from a domain that is not set up; nothing while the outbox keeps it or no address is entered."""
    domain = domain_of(comparable(from_email)) if "@" in from_email else ""
    if "." not in domain or connection_id is None or page.services.connections.get(page.by, connection_id).kind == "outbox":
        return
    known = {one.domain: one for one in page.services.sender_domains.all(page.by)}
    nearest = max((name for name in known if belongs_to(domain, name)), key=len, default=None)
    if nearest is not None and known[nearest].verdict is not Verdict.NOT_READY:
        return
    words = _UNKNOWN if nearest is None else _NOT_READY
    st.warning(words.format(domain=plain(readable(nearest or domain))), icon=":material/gpp_maybe:")
    if page.may(Permission.CONNECTIONS_MANAGE):
        st.page_link("pages/admin/sender_domains.py", label="Sender domains", icon=":material/arrow_forward:")
