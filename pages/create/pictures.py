"""Pictures: what emails show; uploaded, named, told what they show, deleted where nothing names them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.permissions import Permission
from core.templates.images.picture import Picture
from core.ui import dialogs
from core.ui.create import picture_picker
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import counted, plain

PAGE = 24

page = open_page("Pictures", needs=Permission.TEMPLATES_VIEW)
pictures, may_edit = page.services.pictures, page.may(Permission.TEMPLATES_EDIT)


def upload() -> None:
    if picture_picker.upload(page, "new_picture"):
        dialogs.done()


def open_button(one: Picture) -> bool:
    st.button("Details", key=f"open_{one.id}", width="stretch", on_click=dialogs.show, args=("picture", one.id))
    return False


def details(one: Picture) -> None:
    st.image(pictures.content(page.by, one.id), alt=one.alt or one.name)
    st.caption(f"{picture_picker.facts(one)} · uploaded {page.when(one.created_at)}")
    if may_edit:
        describe(one)
    else:
        st.markdown(plain(one.alt) if one.alt else ":gray[No alt text yet.]")
    st.caption("Its address")
    st.code(pictures.url_of(one), language=None, wrap_lines=True)
    uses = pictures.where_used(page.by, one.id)
    st.caption("Used by " + ", ".join(f"{use.kind} “{plain(use.name)}”" for use in uses) if uses else "Nothing uses it.")
    if may_edit and not uses and st.button("Delete picture", key="delete_picture", type="tertiary", icon=":material/delete:"):
        dialogs.show("delete", one)
        st.rerun()


def describe(one: Picture) -> None:
    with st.form("describe_picture", border=False):
        name = st.text_input("Name", one.name, key=f"name_{one.id}", max_chars=200)
        alt = st.text_input("What it shows", one.alt, key=f"alt_{one.id}", max_chars=500)
        st.caption(picture_picker.WHY_ALT)
        if not st.form_submit_button("Save", type="primary"):
            return
    with page.act("Saved. Emails that name it already keep the words they have."):
        pictures.describe(page.by, one.id, name or "", alt or "")
        dialogs.done()


def delete(one: Picture) -> None:
    body = f"“{plain(one.name)}” is gone for good. No template, draft or brand kit names it."
    question = dialogs.Question("Delete this picture?", body, "Delete picture")
    dialogs.ask_first(page, question, partial(pictures.delete, page.by, one.id), name="delete", success="Picture deleted.")


if may_edit and page.header("Upload picture", icon="upload"):
    dialogs.show("upload")
total = pictures.count(page.by)
if total:
    room = pictures.room(page.by)
    most = picture_picker.size_in_words(room.most)
    st.caption(f"{counted(total, 'picture')} · {picture_picker.size_in_words(room.used)} of {most}")
    picture_picker.grid(page, "pictures", open_button, size=PAGE)
else:
    words = "Pictures you upload are made ready for email: upright, not too large, without the place where they were taken."
    if empty_state("image", "No pictures yet", words, "Upload picture" if may_edit else ""):
        dialogs.show("upload")
dialogs.dialog("upload", "Upload picture", upload, width="medium")
is_open, which = dialogs.opened("picture")
if is_open:
    with page.act():
        dialogs.dialog("picture", "Picture", partial(details, pictures.get(page.by, which)), width="medium", position="right")
is_open, which = dialogs.opened("delete")
if is_open:
    delete(which)
