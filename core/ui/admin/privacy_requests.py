"""The register of requests: cards, the most urgent first, and what can be done about each."""

from __future__ import annotations

import tempfile
from datetime import date
from functools import partial
from pathlib import Path

import streamlit as st

from core.app import Services
from core.permissions import Principal
from core.privacy.due import Law, RequestKind
from core.privacy.previewing import Preview
from core.privacy.requests import PrivacyRequest, RequestState
from core.ui import dialogs, paging
from core.ui.admin.privacy_words import ASKS_FOR, LAWS, due
from core.ui.dialogs import Question
from core.ui.page import Page
from core.ui.parts import empty_state
from core.ui.words import plain

ENTER = "privacy_enter"
_EXPORT, _ERASE, _EXTEND, _NOTES, _CLOSE, _SALE = (f"privacy_{name}" for name in ("export", "erase", "extend", "notes", "close", "sale"))
_ENDS = {"Answered": RequestState.DONE, "Refused": RequestState.REFUSED}
_GOES = (
    "The profile goes at once; emails, events and files within minutes. Reports keep their numbers. The address is kept as a keyed hash "
    "alone, so that nobody writes to it again. Journals of events that were read already age out by their days, and backups as you let "
    "them."
)


def show(page: Page) -> None:
    """Draw the requests that wait, or those that are answered."""
    shown = st.segmented_control(
        "Which",
        ["Waiting", "Answered"],
        default="Waiting",
        required=True,
        key="requests_shown",
        bind="query-params",
        label_visibility="collapsed",
    )
    register, is_open = page.services.privacy_requests, shown != "Answered"
    found = paging.read(lambda limit, offset: register.page(page.by, is_open=is_open, limit=limit, offset=offset), key="requests_page")
    if not found.rows and is_open:
        words = "When somebody asks what you know about them, or to be erased, enter it here: you see by when they must have an answer."
        empty_state("contact_page", "Nobody waits for an answer", words)
    elif not found.rows:
        st.caption("No request has been answered so far.")
    for request in found.rows:
        _card(page, request)
    if found.rows:
        paging.choose(found.total, key="requests_page", what="request")
    _dialogs(page)


def _card(page: Page, request: PrivacyRequest) -> None:
    with st.container(border=True, key=f"request_{request.id}"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(gap=None, width="content"):
                st.markdown(f"**{plain(request.email) if request.email else 'Somebody who was erased'}**")
                st.caption(f"{ASKS_FOR[request.kind]} · {LAWS[request.law]}")
            words, colour = due(request)
            st.badge(words, color=colour)
        st.caption(_facts(page, request))
        if request.notes:
            st.markdown(f":gray[{plain(request.notes)}]")
        _actions(request)


def _facts(page: Page, request: PrivacyRequest) -> str:
    told = [f"Came in on {request.received_on:%Y-%m-%d}", f"due on {request.due_on:%Y-%m-%d}"]
    told += [f"extended: {plain(request.extended_because)}"] if request.extended_because else []
    told += [f"exported {page.when(request.exported_at)}"] if request.exported_at else []
    told += [f"erased {page.when(request.erased_at)}"] if request.erased_at else []
    told += [f"closed {page.when(request.closed_at)}"] if request.closed_at else []
    return " · ".join(told)


def _actions(request: PrivacyRequest) -> None:
    offered = [("Export", "download", _EXPORT), ("Erase", "person_remove", _ERASE)] if request.email else []
    if request.is_open and request.kind is RequestKind.DO_NOT_SELL and request.contact_id is not None and request.email:
        offered += [("Forbid selling", "money_off", _SALE)]
    if request.is_open:
        offered += [("Close", "task_alt", _CLOSE)]
        offered += [("Extend", "more_time", _EXTEND)] if request.can_extend else []
    offered += [("Notes", "edit_note", _NOTES)] if request.email else []
    with st.container(horizontal=True, gap="small"):
        for label, icon, name in offered:
            key = f"{name}_{request.id}"
            st.button(label, key=key, icon=f":material/{icon}:", type="tertiary", on_click=dialogs.show, args=(name, request))


def _dialogs(page: Page) -> None:
    dialogs.dialog(ENTER, "Enter a request", partial(_enter, page))
    titles = {
        _EXPORT: ("All about this person", _export),
        _EXTEND: ("Take longer", _extend),
        _NOTES: ("Notes", _notes),
        _CLOSE: ("Close", _close),
    }
    for name, (title, body) in titles.items():
        if (shown := dialogs.opened(name))[0]:
            dialogs.dialog(name, title, partial(body, page, shown[1]))
    if (shown := dialogs.opened(_ERASE))[0]:
        _erase(page, shown[1])
    if (shown := dialogs.opened(_SALE))[0]:
        _forbid_sale(page, shown[1])


def _enter(page: Page) -> None:
    with st.form("enter_request", border=False):
        email = st.text_input("Their email address", key="request_email", placeholder="name@example.com")
        asked = st.selectbox("They ask for", list(RequestKind), format_func=ASKS_FOR.__getitem__, key="request_kind") or RequestKind.ACCESS
        law = st.selectbox("By which law", list(Law), format_func=LAWS.__getitem__, key="request_law") or Law.GDPR
        today = page.services.clock.now().date()
        came = st.date_input("It came in on", today, max_value=today, key="request_day", help="The time runs from this day.")
        notes = st.text_area("Notes", key="request_notes", placeholder="How they asked, and how you know it is them")
        if st.form_submit_button("Enter request", type="primary"):
            with page.act("Entered."):
                received = came if isinstance(came, date) else today
                page.services.privacy_requests.open(page.by, email or "", asked, law, received_on=received, notes=notes or "")
                dialogs.done()


def _export(page: Page, request: PrivacyRequest) -> None:
    preview = page.services.erasures.preview(page.by, request.email)
    if not preview.is_known:
        st.markdown(f"Nothing is known about {plain(request.email)} here. That is an answer, too.")
        return
    st.markdown("A ZIP with everything, as JSON for programs and CSV for spreadsheets, and a page in words. Send it in a safe way.")
    _parts(preview)
    name, make = f"personal-data-{request.id}.zip", partial(zip_of, page.services, page.by, request)
    st.download_button("Download", make, name, "application/zip", icon=":material/download:", type="primary", key="privacy_zip")


def zip_of(services: Services, by: Principal, request: PrivacyRequest) -> bytes:
    """Return all that is known about whoever asked; the file it is written to is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=services.settings.data_dir, prefix="about-") as folder:
        return services.person_exports.export(by, request.email, Path(folder) / "about.zip", request_id=request.id).path.read_bytes()


def _erase(page: Page, request: PrivacyRequest) -> None:
    preview = page.services.erasures.preview(page.by, request.email)
    told = _told(preview) or "Nothing is known about them. They are kept out from now on."
    mentioned = (
        f"\n\nTheir address also stands in {', '.join(preview.mentions)}. That stays until you change it." if preview.mentions else ""
    )
    body = f"{told}\n\n{_GOES}{mentioned}\n\n**It can’t be undone.**"
    question = Question("Erase this person for good?", f"**{plain(request.email)}**\n\n{body}", "Erase for good", typed=preview.email)
    erase = partial(page.services.erasures.erase, page.by, request.email, confirmed=preview.email, request_id=request.id)
    dialogs.ask_first(page, question, erase, name=_ERASE, success="Erased. What lies in files follows within minutes.")


def _forbid_sale(page: Page, request: PrivacyRequest) -> None:
    who = plain(request.email)
    body = f"What is known about {who} may not be sold or shared from now on. That is kept with its proof, and the request is closed."
    question = Question("Forbid selling and sharing?", body, "Forbid")

    def forbid() -> None:
        source = f"privacy request {request.id}"
        page.services.choices.set_sale(page.by, request.contact_id or 0, forbidden=True, source=source)
        page.services.privacy_requests.close(page.by, request.id)

    dialogs.ask_first(page, question, forbid, name=_SALE, success="Noted, and closed.")


def _told(preview: Preview) -> str:
    """Return what goes and what stays without whose it was, as lists."""
    goes = [f"- {part.what} ({part.count:,})" for part in preview.parts if part.goes]
    stays = [f"- {part.what} ({part.count:,})" for part in preview.parts if not part.goes]
    stays += [f"- Events ({preview.events:,})"] if preview.events else []
    headed = (("These go:", goes), ("These stay without what is personal in them:", stays))
    return "\n\n".join("\n".join([f"{heading}\n", *lines]) for heading, lines in headed if lines)


def _parts(preview: Preview) -> None:
    counts = [f"{part.what} ({part.count:,})" for part in preview.parts]
    counts += [f"Events ({preview.events:,})"] if preview.events else []
    st.markdown("\n".join(f"- {each}" for each in counts))


def _extend(page: Page, request: PrivacyRequest) -> None:
    st.markdown("The law allows it once. Tell them before the first term ends, and why.")
    with st.form("extend_request", border=False):
        because = st.text_input("Why it takes longer", key="extend_because")
        if st.form_submit_button("Extend", type="primary"):
            with page.act("Extended."):
                page.services.privacy_requests.extend(page.by, request.id, because or "")
                dialogs.done()


def _notes(page: Page, request: PrivacyRequest) -> None:
    with st.form("note_request", border=False):
        notes = st.text_area("Notes", request.notes, key="notes_text", height=160)
        if st.form_submit_button("Save", type="primary"):
            with page.act("Saved."):
                page.services.privacy_requests.note(page.by, request.id, notes or "")
                dialogs.done()


def _close(page: Page, request: PrivacyRequest) -> None:
    with st.form("close_request", border=False):
        end = st.radio("What became of it", list(_ENDS), key="close_as")
        if st.form_submit_button("Close request", type="primary"):
            with page.act("Closed."):
                page.services.privacy_requests.close(page.by, request.id, _ENDS[end or "Answered"])
                dialogs.done()
