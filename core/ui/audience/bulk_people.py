"""Doing something to many people: who was chosen, what is to be done, the question before, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.contacts.bulk import BulkAction, BulkChange, BulkResult
from core.contacts.choosing import Choice
from core.ui import background, dialogs
from core.ui.page import Page
from core.ui.parts import problem
from core.ui.words import counted, number

MERGE = "pages/audience/merge_contacts.py"
MOST_MERGED = 20
_DIALOG = "bulk_people"
_ALL, _ACTION = "people_all", "people_action"
_A = BulkAction
_NAMES = {
    _A.ADD_TO_LIST: "Put on a list",
    _A.REMOVE_FROM_LIST: "Take off a list",
    _A.TAG: "Add a tag",
    _A.UNTAG: "Take a tag off",
    _A.UNSUBSCRIBE: "Unsubscribe",
    _A.SUPPRESS: "Suppress",
    _A.DELETE: "Delete",
}
_HAPPENS = {
    _A.UNSUBSCRIBE: "{who} get no campaigns any more. Only they themselves, or you with their word for it, can change that back.",
    _A.SUPPRESS: "No campaign reaches the addresses of {who}, whatever list they are on. You can lift this under Suppressions.",
    _A.DELETE: "Addresses, names, fields, lists, tags and notes of {who} go for good. Those who had unsubscribed stay suppressed.",
}
_YES = {
    _A.ADD_TO_LIST: "Put {who} on the list",
    _A.REMOVE_FROM_LIST: "Take {who} off the list",
    _A.TAG: "Tag {who}",
    _A.UNTAG: "Take the tag off {who}",
    _A.UNSUBSCRIBE: "Unsubscribe {who}",
    _A.SUPPRESS: "Suppress {who}",
    _A.DELETE: "Delete {who}",
}


def bar(page: Page, chosen: Sequence[int], choice: Choice, total: int) -> None:
    """Draw who is chosen and what can be done with them.

    Args:
        page: The page.
        chosen: Who was chosen in the table.
        choice: What is looked for.
        total: How many match that.
    """
    if st.session_state.get(_ALL) != choice:
        st.session_state.pop(_ALL, None)  # what was looked for is not what it was
    is_all = _ALL in st.session_state
    count = total if is_all else len(chosen)
    with st.container(horizontal=True, vertical_alignment="center", key="people_bar"):
        if count:
            st.markdown(f"**{_who(count)} chosen**", width="content")
            _what_to_do(list(chosen), choice if is_all else None, count)
        if is_all:
            st.button("Choose nobody", key="people_choose_none", type="tertiary", on_click=_choose_all, args=(None,))
        elif total > count:
            label, how = f"Choose all {number(total)}", "Or choose some in the table; then say what to do with them."
            look: dict[str, Any] = {"type": "tertiary", "icon": ":material/done_all:", "help": how}
            st.button(label, key="people_choose_all", on_click=_choose_all, args=(choice,), **look)
    if merged := st.session_state.pop("people_merge", None):
        st.switch_page(MERGE, query_params={"id": str(merged[0]), "with": ",".join(map(str, merged[1:]))})


def _what_to_do(ids: list[int], choice: Choice | None, count: int) -> None:
    options = [action.value for action in _NAMES] + (["merge"] if 2 <= count <= MOST_MERGED and choice is None else [])
    st.selectbox(
        "What to do",
        options,
        index=None,
        key=_ACTION,
        placeholder="What to do with them",
        format_func=lambda one: "Merge into one" if one == "merge" else _NAMES[_A(one)],
        label_visibility="collapsed",
        width=220,
        on_change=_asked,
        args=(ids, choice, count),
    )


def question(page: Page) -> None:
    """Draw the question before something is done, if it is asked."""
    is_open, asked = dialogs.opened(_DIALOG)
    if is_open:
        action, ids, choice, count = asked
        dialogs.dialog(_DIALOG, f"{_NAMES[action]}?", partial(_ask, page, action, ids, choice, count))


def progress(page: Page) -> None:
    """Draw how far the last change is, and once what came of it."""
    work = background.find(_work_name(page))
    if work is None:
        return
    if not work.finished:
        _follow(page)
        return
    background.forget(_work_name(page))
    if work.error:
        problem(work.error)
    elif isinstance(work.result, BulkResult):
        st.success(_done(work.result), icon=":material/check_circle:")


@st.fragment(run_every=0.7)
def _follow(page: Page) -> None:
    work = background.find(_work_name(page))
    if work is None or work.finished:
        st.rerun()
    left = work.seconds_left(page.services.clock.now())
    words = f"{number(work.done)} of {number(work.total)} people" if work.total else "Looking for everybody"
    st.progress(work.done / work.total if work.total else 0.0, text=words + (f" · about {max(1, round(left))} s left" if left else ""))
    st.caption("You can close this page; it goes on.")


def _ask(page: Page, action: BulkAction, ids: list[int], choice: Choice | None, count: int) -> None:
    who = _who(count)
    change = _change(page, action)
    if action in _HAPPENS:
        st.markdown(_HAPPENS[action].format(who=f"**{who}**"))
    typed = st.text_input("Type “delete” to go on", key="bulk_typed") if action is _A.DELETE else ""
    is_ready = change is not None and (action is not _A.DELETE or (typed or "").strip() == "delete")
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Go back", key="bulk_no", on_click=dialogs.hide)
        yes = st.button(_YES[action].format(who=who), type="primary", key="bulk_yes", disabled=not is_ready)
    if yes and change:
        with page.act():
            _start(page, change, ids, choice)
            st.session_state.pop(_ALL, None)
            dialogs.done()
    if not dialogs.opened(_DIALOG)[0]:
        st.rerun()


def _start(page: Page, change: BulkChange, ids: list[int], choice: Choice | None) -> None:
    by, services = page.by, page.services

    def job(step: background.Progress) -> BulkResult:
        everybody = ids if choice is None else services.directory.ids(by, choice)
        return services.bulk_changes.run(by, everybody, change, step)

    work = background.start(_work_name(page), job, services.clock.now())
    if len(ids) <= 500 and choice is None and work.thread:  # over before anybody could look
        work.thread.join(timeout=5)


def _change(page: Page, action: BulkAction) -> BulkChange | None:
    """Draw what has to be said besides, and return what is to be done once it is."""
    if action in {_A.ADD_TO_LIST, _A.REMOVE_FROM_LIST}:
        lists = page.services.lists.names(page.by)
        chosen = st.selectbox("List", list(lists), index=None, format_func=lists.__getitem__, key="bulk_list", placeholder="Choose a list")
        return BulkChange(action, list_id=chosen) if chosen is not None else None
    tags = page.services.tags.names(page.by) if action in {_A.TAG, _A.UNTAG} else {}
    if action is _A.TAG:
        more = {"accept_new_options": page.sees_all_lists}
        name = st.selectbox("Tag", list(tags.values()), index=None, key="bulk_tag", placeholder="Choose one or type a new one", **more)  # type: ignore[call-overload]
        return BulkChange(action, tag=name) if name else None
    if action is _A.UNTAG:
        tag_id = st.selectbox("Tag", list(tags), index=None, format_func=tags.__getitem__, key="bulk_untag", placeholder="Choose a tag")
        return BulkChange(action, tag_id=tag_id) if tag_id is not None else None
    return BulkChange(action)


def _choose_all(choice: Choice | None) -> None:
    if choice is None:
        st.session_state.pop(_ALL, None)
    else:
        st.session_state[_ALL] = choice


def _asked(ids: list[int], choice: Choice | None, count: int) -> None:
    action = st.session_state.pop(_ACTION, None)
    if action == "merge":
        st.session_state["people_merge"] = ids
    elif action:
        dialogs.show(_DIALOG, (_A(action), ids, choice, count))


def _done(result: BulkResult) -> str:
    rest = result.asked - result.changed
    words = f"Done for {_who(result.changed)}."
    return words + (f" {_who(rest)} needed no change, or were not yours to change." if rest else "")


def _who(count: int) -> str:
    return counted(count, "person", "people")


def _work_name(page: Page) -> str:
    return f"people:{page.by.workspace_id}:{page.by.label}"
