"""One brand kit: its parts beside a small email that wears it."""

from __future__ import annotations

import streamlit as st

from core.errors import InvalidInput
from core.permissions import Permission
from core.templates.look.brand import Brand
from core.ui.create import brand_following, brand_preview, brand_words
from core.ui.create.brand_form import BrandForm
from core.ui.page import open_page
from core.ui.parts import problem
from core.ui.rows import title
from core.ui.targets import find
from core.ui.words import counted

LIST = ("Brand", "pages/create/brand_kits.py")
HERE = "pages/create/brand_kit.py"
MOST_NAMED = 30

page = open_page("Brand kit", needs=Permission.TEMPLATES_VIEW, back=LIST)
kits, may_edit = page.services.brand_kits, page.may(Permission.TEMPLATES_EDIT)
kit = find(page, kits.get, what="brand kit", back=LIST) if "id" in st.query_params else None
KEY = f"brand_{kit.id if kit else 'new'}"


def save(name: str, brand: Brand) -> None:
    saved = None
    with page.act(), brand_following.bar() as told:
        saved = kits.save(page.by, name, brand, kit.id if kit else None, told)
    if saved:
        with page.act(brand_words.followed("Saved." if kit else "Brand kit made.", saved.restyled)):
            st.switch_page(HERE, query_params={"id": str(saved.kit.id)})


def used() -> None:
    if kit is None:
        return
    worn = kits.where_used(page.by, kit.id)
    brand_following.problems(worn)
    if not worn:
        st.caption("No template wears it yet. Choose it under “Brand” on the page of a template.")
        return
    with st.expander(f"{counted(len(worn), 'template wears', 'templates wear')} it", icon=":material/article:"):
        for one in worn[:MOST_NAMED]:
            title(one.name, "pages/create/template.py", {"id": str(one.template_id)}, key=f"worn_{one.template_id}")
        if len(worn) > MOST_NAMED:
            st.caption(f"and {counted(len(worn) - MOST_NAMED, 'more', 'more')}")


page.title(kit.name if kit else "New brand kit")
wants = may_edit and page.header("Save kit" if kit else "Make kit", icon="save")
if kit:
    brand_following.follow(page, [kit.id])
fields, seen = st.columns([1, 1], gap="medium")
made: Brand | None = None
with fields:
    known = kit.name if kit else page.workspace.name if not kits.all(page.by) else ""
    called = st.text_input("Name", known, key=f"{KEY}_name", placeholder="Shop", disabled=not may_edit)
    try:
        made = BrandForm(page, KEY, kit.brand if kit else Brand(), disabled=not may_edit).draw()
    except InvalidInput as error:
        problem(error)
    used()
with seen:
    if made:
        brand_preview.draw(page, made, key="brand_preview")
if wants and made:
    save(called or "", made)
