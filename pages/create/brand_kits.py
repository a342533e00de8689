"""Brand kits: how emails look, one for each sender."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.permissions import Permission
from core.templates.brands.kits import BrandKit
from core.ui import dialogs, rows
from core.ui.create import brand_following, brand_words
from core.ui.dialogs import Question
from core.ui.page import open_page
from core.ui.parts import empty_state
from core.ui.words import counted, number, plain

EDITOR = "pages/create/brand_kit.py"

page = open_page("Brand", needs=Permission.TEMPLATES_VIEW)
kits, may_edit = page.services.brand_kits, page.may(Permission.TEMPLATES_EDIT)


def draw(kit: BrandKit) -> None:
    worn = len(kits.where_used(page.by, kit.id))
    figures = [(number(worn), "template" if worn == 1 else "templates")]
    caption, query = f"changed {page.when(kit.updated_at)}", {"id": str(kit.id)}
    badge, actions = partial(look, kit), partial(buttons, kit) if may_edit else None
    rows.row(kit.name, EDITOR, query, caption=caption, badge=badge, figures=figures, actions=actions, key=f"kit_{kit.id}")


def look(kit: BrandKit) -> None:
    brand_words.swatches(kit.brand)
    if kit.is_default:
        st.badge("Default", icon=":material/star:", color="primary")


def buttons(kit: BrandKit) -> None:
    if not kit.is_default:
        st.button("Make default", key=f"default_{kit.id}", type="tertiary", on_click=dialogs.show, args=("default", kit))
    if not kit.is_default or len(found) == 1:
        st.button("Delete", key=f"delete_{kit.id}", type="tertiary", on_click=dialogs.show, args=("delete", kit))


def ask_default(kit: BrandKit) -> None:
    before = next((each for each in found if each.is_default), None)
    unchosen = sum(not one.is_chosen for one in kits.where_used(page.by, before.id)) if before else 0
    them = counted(unchosen, "template that has", "templates that have")
    body = f"The {them} no brand of their own get a new version in its look. Campaigns that were launched keep theirs."
    question = Question(f"Make “{plain(kit.name)}” the default?", body, "Make default")
    dialogs.ask_first(page, question, lambda: brand_words.done("", kits.make_default(page.by, kit.id)), name="default", success="Done.")


def ask_delete(kit: BrandKit) -> None:
    body = f"“{plain(kit.name)}” is gone then. Emails keep the look they have."
    if kit.is_default:
        body = "It is the last one. Templates get a new version in a plain look; campaigns that were launched keep theirs."
    question = Question("Delete this brand kit?", body, "Delete brand kit")
    dialogs.ask_first(page, question, lambda: brand_words.done("", kits.delete(page.by, kit.id)), name="delete", success="Deleted.")


if may_edit and page.header("New brand kit"):
    st.switch_page(EDITOR)
brand_words.kept()
found = kits.all(page.by)
brand_following.follow(page, [kit.id for kit in found])
if not found:
    words = "A brand kit holds your logo, colours, fonts and footer, so that every email looks like yours without a thought."
    if empty_state("palette", "No brand kits yet", words, "New brand kit" if may_edit else ""):
        st.switch_page(EDITOR)
for each in found:
    draw(each)
for name, ask in (("default", ask_default), ("delete", ask_delete)):
    is_open, chosen = dialogs.opened(name)
    if is_open:
        ask(chosen)
