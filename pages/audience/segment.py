"""One segment: its rules, how many people they choose right now, and who."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import InvalidInput
from core.permissions import Permission
from core.ui.audience import people_table
from core.ui.audience.rule_builder import RuleBuilder
from core.ui.page import open_page
from core.ui.targets import find
from core.ui.words import number, plain

LIST = ("Segments", "pages/audience/segments.py")

page = open_page("Segment", needs=Permission.SEGMENTS_VIEW, back=LIST)
segments = page.services.segments
is_new = "id" not in st.query_params
segment = None if is_new else find(page, segments.get, what="segment", back=LIST)
may_edit = page.may(Permission.SEGMENTS_EDIT) and (segment is None or segment.may_be_changed_by(page.by))
builder = RuleBuilder(f"rules_{segment.id if segment else 'new'}", segments.available_fields(page.by))


@st.fragment
def edit() -> None:
    name = st.text_input(
        "Name", segment.name if segment else "", key="segment_name", placeholder="Readers from Berlin", disabled=not may_edit
    )
    builder.draw()
    rules = builder.rules()
    is_complete = chosen(rules)
    if may_edit and st.button("Save segment", type="primary", key="segment_save", disabled=not is_complete):
        with page.act("Saved."):
            save(name or "", rules)


def save(name: str, rules: dict[str, Any]) -> None:
    kept = segments.update(page.by, segment.id, name=name, rules=rules) if segment else segments.create(page.by, name, rules)
    builder.forget()
    st.switch_page("pages/audience/segment.py", query_params={"id": str(kept.id)})


def chosen(rules: dict[str, Any]) -> bool:
    """Draw how many people the rules choose, and some of them; return whether the rules are complete."""
    with st.container(border=True):
        try:
            with st.skeleton(height=90):
                words, count = segments.describe(page.by, rules), segments.count(page.by, rules)
                mailable = segments.mailable_count(page.by, rules)
        except InvalidInput as error:
            st.markdown(f":material/edit_note: **Not complete yet.** {plain(error.message)}")
            st.caption(plain(error.hint))
            return False
        st.metric("People right now", number(count))
        st.caption(f"{plain(words[:1].upper() + words[1:])}. {number(mailable)} of them may be mailed.")
        if count and page.may(Permission.CONTACTS_VIEW):
            preview(rules, count)
    return True


def preview(rules: dict[str, Any], count: int) -> None:
    with st.expander(f"Show some of them ({min(20, count)})", on_change="rerun", key="segment_preview") as some:
        if some.open:
            people = segments.preview(page.by, rules, 20)
            shown = [
                {
                    "Open": people_table.OPEN,
                    "Address": one.email,
                    "Name": f"{one.first_name} {one.last_name}".strip(),
                    "Consent": one.consent.capitalize(),
                    **one.attributes,
                }
                for one in people
            ]
            columns = {"Open": people_table.open_column([one.id for one in people])}
            st.dataframe(shown, column_config=columns, hide_index=True, alt="Some people in this segment")
            people_table.go_where_opened()


page.title(segment.name if segment else "New segment")
page.say_lists()
builder.load(segment.rules if segment else None)
edit()
