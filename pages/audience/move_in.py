"""Move in: the export of another tool, with who had agreed, who had said no, and what people did."""

from __future__ import annotations

import streamlit as st

from core.contacts.imports.importing import ImportState, PastImport
from core.permissions import Permission
from core.ui import background
from core.ui.audience import import_history, move_in_steps
from core.ui.audience.move_in_steps import Draft
from core.ui.page import open_page
from core.ui.words import counted

HELP = "The export of Mailchimp, Klaviyo, Brevo or listmonk as you downloaded it. Who had said no there gets no email from here either."

page = open_page(
    "Move in",
    needs=Permission.CONTACTS_IMPORT,
    all_lists=True,
    help=HELP,
    back=("Import contacts", "pages/audience/import_contacts.py"),
)
imports, state = page.services.imports, st.session_state


def choose_file() -> None:
    file = st.file_uploader("Export", type=["zip", "csv"], key="move_in_file")
    move_in_steps.where_to_find()
    if file is not None:
        with page.act(), st.spinner("Reading the export"):
            if draft := move_in_steps.read(page, file):
                state["move_in_draft"] = draft
                st.rerun()
            st.info("This is from no tool whose exports are known. Import it as a plain file instead.", icon=":material/help:")
    import_history.past(page, [one for one in imports.all(page.by) if one.moved_in_from], "Exports so far")


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
            with page.act(), st.spinner("Putting the export aside"):
                import_id = move_in_steps.start(page, draft, name)
                background.start(f"import:{import_id}", lambda progress: imports.work(import_id, progress), page.services.clock.now())
                start_over()
                st.query_params["import"] = str(import_id)
                st.rerun()


def start_over() -> None:
    if draft := state.pop("move_in_draft", None):
        draft.discard()
    st.query_params.clear()


@st.fragment(run_every=0.7)
def follow(import_id: int) -> None:
    one = imports.get(page.by, import_id)
    if one.state not in import_history.GOING_ON:
        st.rerun()
    import_history.progress(page, one)


def shown(one: PastImport) -> None:
    if one.state in import_history.GOING_ON:
        follow(one.id)
        return
    result = page.services.move_ins.outcome(page.by, one.id) if one.state is ImportState.DONE else None
    if result is None:
        import_history.outcome(page, one, start_over)
    else:
        move_in_steps.outcome(page, one, result, start_over)


draft = state.get("move_in_draft")
if found := import_history.asked_for(page):
    shown(found)
elif draft:
    check(draft)
else:
    choose_file()
