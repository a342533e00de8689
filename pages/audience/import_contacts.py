"""Import: from a file to people on a list, with a look at what will happen before it does, and a way back."""

from __future__ import annotations

import streamlit as st

from core.contacts.imports.importing import Choices
from core.permissions import Permission
from core.ui import background
from core.ui.audience import import_forecast, import_history, import_steps, move_in_steps
from core.ui.audience.import_steps import Draft
from core.ui.page import open_page
from core.ui.words import counted, plain

HELP = "CSV, Excel or Parquet, with a header row. Nobody who unsubscribed is ever brought back by an import."

page = open_page("Import contacts", needs=Permission.CONTACTS_IMPORT, help=HELP)
imports, state = page.services.imports, st.session_state


def choose_file() -> None:
    import_steps.heading(0)
    file = st.file_uploader("File", type=import_steps.FORMATS, key="import_file")
    with st.expander("Umlauts or accents look wrong?"):
        words = import_steps.ENCODINGS
        encoding = st.selectbox("How a text file is written", list(words), format_func=words.__getitem__, key="import_encoding")
    if file is None:
        move_in_steps.pointer(page)
    else:
        with page.act(), st.spinner("Reading the file"):
            state["import_draft"] = import_steps.read(page, file, encoding)
            st.rerun()
    import_history.past(page, imports.all(page.by))


def match(draft: Draft) -> None:
    import_steps.heading(1)
    import_steps.introduce(draft)
    move_in_steps.pointer(page, draft.plan.columns)
    mapping, kinds = import_steps.match_columns(page, draft)
    name, rule = import_steps.ask_list(page, draft), import_steps.ask_rule(draft)
    consent_held = import_steps.ask_consent(page, draft, name)
    with st.container(horizontal=True):
        st.button("Other file", on_click=start_over)
        if st.button(f"Check {counted(draft.plan.rows, 'row')}", type="primary", key="import_check"):
            with page.act():
                draft.choices = Choices(name, mapping, kinds, rule, consent_held)
                import_steps.check_dates(draft.plan, draft.choices)
                draft.checked = import_steps.try_out(page, draft)
                st.rerun()


def check(draft: Draft) -> None:
    checked = draft.checked
    import_steps.heading(2)
    st.markdown(f"This is what happens to **{plain(draft.file_name)}**. Nothing is changed yet.")
    import_forecast.forecast(checked)
    people = checked.rows - checked.refused
    with st.container(horizontal=True):
        st.button("Back to the columns", on_click=setattr, args=(draft, "checked", None))
        label = f"Import {counted(people, 'person', 'people')}"
        if st.button(label, type="primary", key="import_run", disabled=not people, icon=":material/upload:"):
            with page.act():
                import_id = imports.start(page.by, draft.staged, draft.file_name, draft.choices)
                background.start(f"import:{import_id}", lambda progress: imports.work(import_id, progress), page.services.clock.now())
                start_over()
                st.query_params["import"] = str(import_id)
                st.rerun()


def start_over() -> None:
    if draft := state.pop("import_draft", None):
        draft.discard()
    st.query_params.clear()


@st.fragment(run_every=0.7)
def follow(import_id: int) -> None:
    one = imports.get(page.by, import_id)
    if one.state not in import_history.GOING_ON:
        st.rerun()
    import_history.progress(page, one)


def shown(import_id: int) -> None:
    one = imports.get(page.by, import_id)
    if one.state in import_history.GOING_ON:
        follow(import_id)
        return
    import_history.outcome(page, one, start_over)
    move_in_steps.pointer_to(page, one)


draft = state.get("import_draft")
if found := import_history.asked_for(page):
    shown(found.id)
elif draft and draft.checked:
    check(draft)
elif draft:
    match(draft)
else:
    choose_file()
