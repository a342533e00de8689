"""The editor itself: the canvas and the panel of what is chosen, in one fragment, so that a change draws nothing else anew."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.contacts.attributes import AttributeType
from core.errors import PostwrightError, Unavailable
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.library.models import Template, TemplateVersion
from core.templates.look.brand import Brand
from core.ui.create import canvas, draft_words, preflight_panel, template_preview
from core.ui.create.editor import kept_blocks, languages, merge_fields, panel, session, showing, steps
from core.ui.create.editor.session import Editing
from core.ui.page import Page
from core.ui.parts import problem
from core.ui.words import harmless

DISCARD = "discard_draft"


@st.fragment
def draw(page: Page, template: Template, latest: TemplateVersion, *, may_edit: bool) -> None:
    """Draw the canvas and the panel.

    Args:
        page: The page.
        template: What is edited.
        latest: Its newest version.
        may_edit: Whether the person may change it.
    """
    now = session.current(page, latest, may_edit=may_edit)
    now.facts["may_edit"] = may_edit and not now.in_conflict
    key = f"canvas_{template.id}"
    fresh = canvas.steps(key, now.tab, now.steps_taken)
    if fresh:
        now.trouble = now.trouble if now.in_conflict else None
        steps.take(page, now, fresh)
    now.facts["unsaid"] = languages.unsaid_in(page, now, latest)
    brand, attributes = brand_of(page, template), merge_fields.known_attributes(page)
    above = st.container()
    left, right = st.columns([2.4, 1], gap="medium")
    with right:
        status = st.container()
        with st.container(key=f"panel_{now.selected or 'email'}"):  # where the canvas finds the fields of what was chosen
            panel.draw(page, now, brand, attributes, now.facts.get("problems", {}))
    now.facts["unshown"] = None  # why the canvas does not show the email as it is now
    found = _shown(page, now, brand, attributes)
    now.facts["problems"] = found.problems
    with left:
        canvas.draw(_data(page, now, found), key=key)
    if now.facts["may_edit"]:
        session.keep(page, now)  # once the email is on its way to the browser
        with status:
            _say_saved(page, now)
    with above:
        _troubles(page, now, latest, found)


def _say_saved(page: Page, now: Editing) -> None:
    age = None if now.kept_at is None else max(0.0, (page.services.clock.now() - now.kept_at).total_seconds())
    if now.document != now.kept:
        words, age = "The draft is not saved", None
    else:
        words = "Draft saved" if now.kept_at else "Nothing changed yet"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        canvas.say_saved(words, age, key=f"saved_{now.template_id}")
        if now.revision:
            draft_words.discard_button(DISCARD, key="discard")


def _data(page: Page, now: Editing, found: showing.Shown) -> dict[str, Any]:
    return {
        "frame": canvas.frame_of(now.facts),
        "html": _html(page, now, found.compiled),
        "tab": now.tab,
        "acked": now.steps_taken,
        "selected": now.selected,
        "outline": showing.outline(now.document, found.problems, now.facts["unsaid"]),
        "palette": showing.palette(kept_blocks.names(page) if now.facts["may_edit"] else []),
        "editable": now.facts["may_edit"],
        "canUndo": bool(now.history.before),
        "canRedo": bool(now.history.after),
        "said": now.said,
    }


def _html(page: Page, now: Editing, compiled: CompiledTemplate) -> str:
    """Return the email for a made-up reader; the last one that could be drawn where this one can't."""
    try:
        now.facts["html"] = template_preview.as_on_light(page.services.templates.preview(page.by, compiled, brand_of=now.template_id).html)
    except PostwrightError as error:
        now.facts["unshown"] = error
    return str(now.facts.get("html", ""))


def _troubles(page: Page, now: Editing, latest: TemplateVersion, found: showing.Shown) -> None:
    if now.in_conflict and now.trouble:
        draft_words.say_conflict(now.trouble, session.load_theirs, session.write_over, (page, now))
    elif now.trouble:
        problem(now.trouble)
    elif now.resumed:
        draft_words.say_resumed(page, now.resumed, latest.number)
    if one := now.facts.get("unshown") or found.problem:
        problem(one)


def preview(page: Page, template: Template, latest: TemplateVersion, *, may_edit: bool) -> None:
    """Draw what readers get of the document as it is now; where it can't be sent yet, say why.

    Args:
        page: The page.
        template: What is edited.
        latest: Its newest version.
        may_edit: Whether the person may change it.
    """
    now = session.current(page, latest, may_edit=may_edit)
    with page.act():
        if todo := todos(page, template, now):
            st.warning(_listed("Some parts are not finished. This is the email as far as it is, as everybody would get it.", todo))
            found = _shown_now(page, template, now).compiled
        else:
            source = now.document.as_json()
            found = page.services.templates.try_out(page.by, source, TemplateKind.BLOCKS, template_id=template.id)
            choosing = preflight_panel.Choosing(partial(_choose, now))
            preflight_panel.draw(page, found, key="template", source=source, template_id=template.id, choosing=choosing)
        template_preview.draw(page, found, key="template", height=760, template_id=template.id)


def _choose(now: Editing, part_id: str) -> None:
    """Choose a part on the canvas; for the press of a button."""
    now.selected, st.session_state[f"way_{now.template_id}"] = part_id, "edit"


def todos(page: Page, template: Template, now: Editing) -> list[str]:
    """Return what has to be done before the email can be saved as a version, part by part."""
    return showing.unfinished(now.document, _shown_now(page, template, now).problems)


def say_todos(todo: list[str]) -> None:
    """Draw what has to be done before the email can be saved as a version."""
    st.warning(_listed("Finish these parts first. The draft is kept meanwhile.", todo))


def _listed(words: str, todo: list[str]) -> str:
    return "\n".join([words, "", *(f"- {harmless(one)}" for one in todo)])


def _shown(page: Page, now: Editing, brand: Brand, attributes: Mapping[str, AttributeType]) -> showing.Shown:
    """Return what the canvas shows; choosing another part of the same email compiles nothing.

    While nothing can be compiled it shows what it did.
    """
    wanted = (brand, merge_fields.vocabulary(page, attributes), page.by.workspace_id)
    document, last = now.facts.get("shown_of", (None, None))
    if document is not now.document or last != wanted:
        try:
            now.facts["shown"] = showing.shown(now.document, *wanted)
            now.facts["shown_of"] = (now.document, wanted)
        except Unavailable as error:
            if "shown" not in now.facts:
                raise
            now.facts["unshown"] = error
    found: showing.Shown = now.facts["shown"]
    return found


def _shown_now(page: Page, template: Template, now: Editing) -> showing.Shown:
    return _shown(page, now, brand_of(page, template), merge_fields.known_attributes(page))


def brand_of(page: Page, template: Template) -> Brand:
    """Return how a template looks."""
    kits = page.services.brand_kits
    return kits.brand_of(page.by.workspace_id, kits.chosen_for(page.by, template.id))
