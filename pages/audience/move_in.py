"""Move in: the export of another tool, with who had agreed, who had said no, and what people did."""

from __future__ import annotations

import streamlit as st

from core.contacts.move_in.moving_in import MoveInResult
from core.permissions import Permission
from core.ui import background
from core.ui.audience import move_in_steps
from core.ui.audience.move_in_steps import Draft
from core.ui.page import open_page
from core.ui.parts import problem
from core.ui.words import counted, plain

HELP = "The export of Mailchimp, Klaviyo, Brevo or listmonk as you downloaded it. Who had said no there gets no email from here either."

page = open_page(
    "Move in",
    needs=Permission.CONTACTS_IMPORT,
    all_lists=True,
    help=HELP,
    back=("Import contacts", "pages/audience/import_contacts.py"),
)
state = st.session_state
work_name = f"move_in:{page.by.workspace_id}:{page.by.person_id}"


def choose_file() -> None:
    file = st.file_uploader("Export", type=["zip", "csv"], key="move_in_file")
    move_in_steps.where_to_find()
    if file is None:
        return
    with page.act(), st.spinner("Reading the export"):
        draft = move_in_steps.read(page, file)
        if draft is None:
            st.info("This is from no tool whose exports are known. Import it as a plain file instead.", icon=":material/help:")
            return
        state["move_in_draft"] = draft
        st.rerun()


def check(draft: Draft) -> None:
    move_in_steps.forecast(draft.plan, draft.file_name)
    known = list(page.services.lists.names(page.by).values())
    look = {"index": None, "accept_new_options": True, "placeholder": "Choose or type a name", "key": "move_in_list"}
    name = st.selectbox("Put everybody on the list", known, **look)
    people = sum(draft.plan.standings.values())
    with st.container(horizontal=True):
        st.button("Other file", on_click=start_over)
        label = f"Move in {counted(people, 'person', 'people')}"
        if st.button(label, type="primary", key="move_in_run", disabled=not people or not name, icon=":material/move_to_inbox:"):
            background.start(work_name, lambda _progress: move_in_steps.run(page, draft, name), page.services.clock.now())
            state.pop("move_in_draft", None)
            st.rerun()


def start_over() -> None:
    if draft := state.pop("move_in_draft", None):
        draft.discard()


@st.fragment(run_every=0.7)
def follow() -> None:
    running = background.find(work_name)
    if running is None or running.finished:
        st.rerun()
    st.progress(0.0, text="Moving in: the people as they stood there, then what they did")
    st.caption("You can close this page; it goes on. People come in as a whole, or not at all.")


def finished(result: MoveInResult) -> None:
    people = result.people.created + result.people.updated + result.people.unchanged
    st.success(f"{counted(people, 'person', 'people')} moved in from {plain(result.plan.label)}.", icon=":material/check_circle:")
    move_in_steps.outcome(result)
    with st.container(horizontal=True):
        if st.button("Move in another export", key="move_in_again"):
            background.forget(work_name)
            st.rerun()
        if st.button("Show contacts", type="primary", key="move_in_show"):
            background.forget(work_name)
            st.switch_page("pages/audience/contacts.py")


work = background.find(work_name)
draft = state.get("move_in_draft")
if work and not work.finished:
    follow()
elif work and work.result:
    finished(work.result)
else:
    if work and work.error:
        problem(work.error)
        background.forget(work_name)
    check(draft) if draft else choose_file()
