"""Segments: rules that choose people anew every time they are asked."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.errors import InvalidInput
from core.permissions import Permission
from core.segments.segments import Segment
from core.ui import dialogs, rows
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import number, plain

EDITOR = "pages/audience/segment.py"

page = open_page("Segments", needs=Permission.SEGMENTS_VIEW)
segments, may_edit = page.services.segments, page.may(Permission.SEGMENTS_EDIT)


def draw(one: Segment) -> None:
    try:
        words, count = segments.describe(page.by, one.rules), number(segments.count(page.by, one.rules))
    except InvalidInput as error:  # a list or attribute it names is gone
        words, count = f":red[{plain(error.message)}]", "–"
    else:
        words = plain(words)
    actions = partial(delete_button, one) if may_edit and one.may_be_changed_by(page.by) else None
    figures = [(count, "people")]
    rows.row(one.name, EDITOR, {"id": str(one.id)}, caption=words, figures=figures, actions=actions, key=f"segment_{one.id}")


def delete_button(one: Segment) -> None:
    st.button("Delete", key=f"delete_{one.id}", type="tertiary", on_click=dialogs.show, args=("delete", one))


def delete(one: Segment) -> None:
    body = f"The rules of “{plain(one.name)}” go. The people stay, and campaigns that were sent keep their figures."
    question = Question("Delete this segment?", body, "Delete segment")
    dialogs.ask_first(page, question, partial(segments.delete, page.by, one.id), name="delete", success="Segment deleted.")


if may_edit and page.header("New segment"):
    st.switch_page(EDITOR)
page.say_lists()
found = segments.all(page.by)
if not found:
    words = "A segment is a question about your people: who opened lately, who lives in Berlin, who never clicked."
    if empty_state("filter_alt", "No segments yet", words, "New segment" if may_edit else ""):
        st.switch_page(EDITOR)
for one in found:
    draw(one)
if (opened := dialogs.opened("delete"))[0]:
    delete(opened[1])
