"""What a connection's card says: what it is, what it can, and where its provider reports to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import streamlit as st

from core.providers.base import ProviderField, ProviderKind
from core.providers.bounce_mailboxes import MailboxState
from core.providers.catalogue import CATALOGUE
from core.providers.connections import Connection
from core.providers.smtp.account import MailboxProtocol, protocol_of
from core.settings import LOOPBACK
from core.ui.words import plain, when

_SHORT = 60


def kinds() -> list[ProviderKind]:
    """Return every kind one can add: first those that send, then by name."""
    return sorted(CATALOGUE.values(), key=lambda kind: (not kind.sends, kind.label.lower() if not kind.sends else ""))


def name_of(kind: ProviderKind) -> str:
    """Return what a kind is called where one is chosen."""
    return kind.label if kind.sends else f"{kind.label} (reports only)"


def heading(one: Connection) -> None:
    """Draw the name, and what sets the connection apart."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(one.name)}**", width="content")
        if one.is_default:
            st.badge("Default", icon=":material/star:", color="primary")
        if not one.sends:
            st.badge("Receives events only", icon=":material/move_to_inbox:", color="gray")


def facts(one: Connection) -> None:
    """Draw the kind and what was entered, without secrets and what is as it usually is."""
    kind = CATALOGUE[one.kind]
    told = [item for item in _shown(kind) if one.settings.get(item.name) and (item.required or one.settings[item.name] != item.default)]
    known = [f"{item.label}: {plain(_said(item, one.settings[item.name]))}" for item in told]
    st.caption(" · ".join([kind.label, *known]))


def bounces(one: Connection, state: MailboxState | None, now: datetime) -> None:
    """Draw where mail comes back to, and what came of reading the mailbox there; nothing where neither was entered."""
    address, is_read = one.settings.get("return_path"), protocol_of(one.settings) is not MailboxProtocol.NONE
    if not address and not is_read:
        return
    where = f"Bounces come back to {plain(str(address))}" if address else "Bounces come back to the sender’s address"
    if not is_read:
        st.caption(f"{where}. The mailbox there is not read.")
        return
    last = f"last {when(state.read_at, now)}" if state is not None and state.read_at is not None else "not read so far"
    st.caption(f"{where}. The mailbox there is read every minute; {last}.")
    if state is not None and state.problem:
        st.warning(plain(state.problem), icon=":material/unsubscribe:")


def reports(one: Connection, public_url: str) -> None:
    """Draw where the provider reports to and how it is told so; nothing where it does not report."""
    url, webhook = one.webhook_url(public_url), CATALOGUE[one.kind].webhook
    if url is None or webhook is None:
        return
    st.caption("**Webhook address**")
    st.code(url, language=None, wrap_lines=True)
    st.caption(webhook.guide)


def say_unreachable(shown: Sequence[Connection], public_url: str) -> None:
    """Say it where a provider is to report to an address that only exists on this machine."""
    if (urlsplit(public_url).hostname or "") in LOOPBACK and any(one.webhook_url(public_url) for one in shown):
        st.info(
            "Providers can’t reach the webhook addresses below: they lead to this machine only. Set POSTWRIGHT_PUBLIC_URL to the address "
            "the receiver has on the internet.",
            icon=":material/public_off:",
        )


def _shown(kind: ProviderKind) -> list[ProviderField]:
    return [item for item in kind.fields if not item.group]


def _said(item: ProviderField, value: object) -> str:
    if item.is_wrapped:
        return "entered"  # a key: nobody reads it
    text = item.in_words(str(value)).partition(" (")[0].partition(": ")[0] if item.choices else str(value)  # the rest helps to choose
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
