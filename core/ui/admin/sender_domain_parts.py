"""What a sender domain looks like: its state, its records with what was found, and what that means for its mail."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.deliverability.models import Alignment, Checked, Finding, Need, SenderDomain, State
from core.deliverability.names import readable
from core.deliverability.records import zone_file
from core.ui.admin.sender_domain_words import ALIGNMENT, BULK, SOFT, STATES, SUMMARIES, VERDICTS, WHOLE_NAMES
from core.ui.page import Page
from core.ui.words import counted, plain

_NARROWEST = 320


def option(one: SenderDomain) -> str:
    """Return what a domain is called where one is chosen: its name and its state."""
    return f"{readable(one.domain)} · {VERDICTS[one.verdict][0].lower()}"


def heading(page: Page, one: SenderDomain) -> None:
    """Draw the name, the traffic light and when it was last looked at."""
    words, icon, colour = VERDICTS[one.verdict]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"### {plain(readable(one.domain))}", width="content", anchors=False)
        st.badge(words, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
    st.markdown(SUMMARIES[one.verdict])
    known = [f"`{one.domain}`"] if readable(one.domain) != one.domain else []
    known += [f"Checked {page.when(one.checked_at)}" if one.checked_at else "Never checked"]
    known += [f"Signed with {counted(len(one.signs_with), 'key')}" if one.signs_with else "Not signed here yet"]
    st.caption(" · ".join(known), help=page.exactly(one.checked_at) or None)


def records(one: SenderDomain) -> None:
    """Draw every record: what to enter where, and what was found; what is right is folded away."""
    st.markdown("#### Records", anchors=False)
    st.caption(WHOLE_NAMES)
    for number, each in enumerate(one.records):
        _record(each, key=f"record_{number}")
    if missing := zone_file(one.records):
        label = "Download what is missing as a zone file"
        st.download_button(label, missing, f"{one.domain}.zone", "text/plain", icon=":material/download:", key="zone_file")


def alignment(one: SenderDomain) -> None:
    """Draw whether what proves the mail belongs to the address people see, and why that matters."""
    st.markdown("#### Does it prove your domain?", anchors=False)
    with st.container(border=True):
        for each in one.alignment:
            _aligned(each)
    with st.expander("What alignment is", icon=":material/info:"):
        st.markdown(ALIGNMENT)
    with st.expander("What Gmail, Yahoo and Outlook ask of bulk senders", icon=":material/info:"):
        st.markdown(BULK)


def old_keys(page: Page, one: SenderDomain) -> bool:
    """Draw which keys newer ones have taken over from; return whether they are to be forgotten."""
    if not one.old_keys:
        return False
    since = max(key.retired_at for key in one.old_keys if key.retired_at)
    with st.container(border=True):
        names = ", ".join(f"`{key.selector}._domainkey`" for key in one.old_keys)
        st.markdown(f"**Old keys** since {page.when(since)}: {names}")
        st.caption("Leave their records for a week: mail they have signed may still be on its way. Then remove the records, and these.")
        return st.button("Remove old keys", key="remove_old_keys")


def _record(each: Checked, *, key: str) -> None:
    record, finding = each.record, each.finding
    words, icon, colour = STATES[each.state]
    if record.need is not Need.REQUIRED and words in SOFT:
        colour = SOFT[0]
    need = "" if record.need is Need.REQUIRED or each.state is State.OK else f", {record.need}"
    where = f" · {plain(record.host)}" if record.host else ""
    label = f":{colour}[:material/{icon}:] **{plain(record.title)}**{where} — {words}{need}"
    with st.expander(label, expanded=each.state in (None, State.MISSING, State.WRONG) and bool(record.host), key=key):
        st.markdown(plain(record.why))
        if record.host:
            _what_to_enter(each)
        elif not (finding and finding.fix):
            st.caption(plain(record.note))
        if finding:
            _what_was_found(each, finding)


def _what_to_enter(each: Checked) -> None:
    record = each.record
    with st.grid(2, min_column_width=_NARROWEST, gap="small"):
        with st.container(gap="xsmall"):
            st.caption("Host")
            st.code(record.host, language=None, wrap_lines=True)
        with st.container(gap="xsmall"):
            st.caption(f"{record.type} value" if each.value else f"{record.type} record")
            if each.value:
                st.code(each.value, language=None, wrap_lines=True)
            else:
                st.markdown(plain(record.note))
    if record.value and record.note and each.state in (None, State.MISSING):
        st.caption(plain(record.note))


def _what_was_found(each: Checked, finding: Finding) -> None:
    said = f"{plain(finding.says)} {plain(finding.fix) if finding.fix != each.record.note or not each.record.host else ''}".strip()
    if finding.state in (State.MISSING, State.WRONG):
        is_hard = each.record.need is Need.REQUIRED
        (st.error if is_hard else st.warning)(said, icon=":material/error:" if is_hard else ":material/warning:")
    else:
        st.caption(said)
    if finding.found and finding.state is not State.MISSING:
        st.caption("Found in the DNS")
        st.code("\n".join(finding.found), language=None, wrap_lines=True)


def _aligned(each: Alignment) -> None:
    icons = {True: ":green[:material/check_circle:]", False: ":orange[:material/error:]", None: ":gray[:material/help:]"}
    words = {True: "counts for your domain", False: "does not count", None: "does not count yet"}[each.aligned]
    st.markdown(f"{icons[each.aligned]} **{plain(each.name)}** · {plain(each.domain)} — {words}")
    st.caption(plain(each.words))


def named(domains: Sequence[SenderDomain], name: str | None) -> SenderDomain:
    """Return the domain of a name, else the first."""
    return next((one for one in domains if one.domain == name), domains[0])
