"""Import: from a file to people on a list, with a look at what will happen before it does."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.contacts.importing import Encoding, ImportResult
from core.permissions import Permission, Principal
from core.ui import background, import_steps, move_in_steps
from core.ui.import_steps import Draft
from core.ui.page import open_page
from core.ui.parts import problem
from core.ui.words import counted, plain

HELP = "A CSV file with a header row. Nobody who unsubscribed is ever brought back by an import."
ENCODINGS = {Encoding.UTF_8: "UTF-8 (usual)"}

page = open_page("Import contacts", needs=Permission.CONTACTS_IMPORT, help=HELP)
imports, state = page.services.imports, st.session_state
work_name = f"import:{page.by.workspace_id}:{page.by.person_id}"


def choose_file() -> None:
    import_steps.heading(0)
    file = st.file_uploader("CSV file", type=["csv", "txt", "tsv"], key="import_file")
    with st.expander("Umlauts or accents look wrong?"):
        encoding = st.selectbox("Encoding of the file", list(Encoding), format_func=lambda one: ENCODINGS.get(one, one.value.upper()))
    if file is None:
        move_in_steps.pointer(page)
        return
    with page.act(), st.spinner("Reading the file"):
        data = file.getvalue()
        plan = imports.inspect(page.by, data, encoding=encoding)
        state["import_draft"] = Draft(data, file.name, plan, encoding)
        st.rerun()


def match(draft: Draft) -> None:
    import_steps.heading(1)
    st.markdown(f"**{plain(draft.file_name)}** has {counted(draft.plan.rows, 'row')}. What is in its columns?")
    move_in_steps.pointer(page, draft.plan.columns)
    mapping = import_steps.match_columns(draft.plan)
    known, may_name = [one.name for one in page.services.lists.all(page.by)], page.sees_all_lists
    hint = "Choose or type a name" if may_name else "Choose a list"
    name = st.selectbox("Put everybody on the list", known, index=None, accept_new_options=may_name, placeholder=hint, key="import_list")
    with st.container(horizontal=True):
        st.button("Other file", on_click=start_over)
        if st.button(f"Check {counted(draft.plan.rows, 'row')}", type="primary", key="import_check"):
            with page.act(), st.spinner("Checking every row; nothing is changed yet"):
                draft.checked = run(page.by, draft, mapping, name or "", dry_run=True)
                draft.mapping, draft.list_name = mapping, name or ""
                st.rerun()


def check(draft: Draft, checked: ImportResult) -> None:
    import_steps.heading(2)
    st.markdown(f"This is what happens to **{plain(draft.file_name)}**. Nothing is changed yet.")
    import_steps.summary(checked, dry=True)
    import_steps.refusals(checked)
    people = checked.rows - checked.refused
    with st.container(horizontal=True):
        st.button("Back to the columns", on_click=setattr, args=(draft, "checked", None))
        label = f"Import {counted(people, 'person', 'people')}"
        if st.button(label, type="primary", key="import_run", disabled=not people, icon=":material/upload:"):
            job = partial(run, page.by, draft, draft.mapping, draft.list_name)
            background.start(work_name, lambda progress: job(progress=progress), page.services.clock.now())
            state["import_name"] = draft.file_name
            start_over()
            st.rerun()


def run(by: Principal, draft: Draft, mapping: dict[str, str], list_name: str, **how: object) -> ImportResult:
    given = {"list_name": list_name, "mapping": mapping, "encoding": draft.encoding}
    return imports.run(by, draft.data, draft.file_name, **given, **how)


def start_over() -> None:
    state.pop("import_draft", None)


@st.fragment(run_every=0.7)
def follow() -> None:
    running = background.find(work_name)
    if running is None or running.finished:
        st.rerun()
    import_steps.progress(page, running, state.get("import_name", "The file"))


def finished(result: ImportResult) -> None:
    people = result.created + result.updated + result.unchanged
    st.success(f"{counted(people, 'person is', 'people are')} on the list.", icon=":material/check_circle:")
    import_steps.summary(result, dry=False)
    import_steps.refusals(result)
    with st.container(horizontal=True):
        if st.button("Import another file", key="import_again"):
            background.forget(work_name)
            st.rerun()
        if result.refused and result.import_id:
            refused = partial(imports.refused_rows, page.by, result.import_id)
            st.download_button(f"Download {counted(result.refused, 'left-out row')}", refused, "left-out-rows.csv", "text/csv")
        if st.button("Show contacts", type="primary", key="import_show"):
            background.forget(work_name)
            st.switch_page("pages/audience/contacts.py")


work = background.find(work_name)
draft = state.get("import_draft")
if work and not work.finished:
    follow()
elif work and work.result:
    finished(work.result)
elif draft and draft.checked:
    check(draft, draft.checked)
else:
    if work and work.error:
        problem(work.error)
        background.forget(work_name)
    match(draft) if draft else choose_file()
