"""The panel beside the canvas: every value of the chosen part, or of the email as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.contacts.attributes import AttributeType
from core.errors import PostwrightError
from core.templates.blocks import editing
from core.templates.blocks.document import LAYOUTS, Document, Section, checked
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.parts import NAMES
from core.templates.blocks.translating import PREVIEW
from core.templates.jinja.fields import Vocabulary
from core.templates.look.brand import Brand
from core.ui.create import brand_choice
from core.ui.create.editor import conditions, kept_blocks, lists, merge_fields, pictures
from core.ui.create.editor.fields import Fields
from core.ui.create.editor.session import Editing
from core.ui.create.editor.showing import LAYOUT_NAMES, problem_words, unsaid_words
from core.ui.page import Page
from core.ui.parts import problem, remark
from core.ui.words import harmless

_SIZES = {1: "Large", 2: "Medium", 3: "Small"}
_LAYOUT_LABELS = {name: LAYOUT_NAMES[name] for name in LAYOUTS}


def draw(page: Page, now: Editing, brand: Brand, attributes: Mapping[str, AttributeType], problems: Mapping[str, PostwrightError]) -> None:
    """Draw the panel and take what somebody changed in it.

    Args:
        page: The page.
        now: What is edited.
        brand: How the email looks.
        attributes: The contact attributes that exist.
        problems: What was not in order yet when the email was shown last, by the part's id.
    """
    part: Any = (editing.find(now.document, now.selected) if now.selected else None) or now.document
    fields = Fields(
        now, part, brand, merge_fields.choices(attributes), Vocabulary(merge_fields.vocabulary(page, attributes)), now.facts["may_edit"]
    )
    st.markdown(f"#### {_title(part)}", anchors=False)
    if found := problems.get(getattr(part, "id", "")):
        remark(harmless(problem_words(found)))
    if unsaid := now.facts["unsaid"].get(getattr(part, "id", PREVIEW)):
        st.caption(f":material/translate: {harmless(unsaid_words(unsaid))}")
    if isinstance(part, Document):
        _email(page, fields)
    elif isinstance(part, Section):
        _section(fields)
    else:
        _OF_KIND[BlockKind(part.kind)](page, fields)
    if not isinstance(part, Document):
        with st.expander("Space and background", icon=":material/padding:"):
            fields.space()
            fields.colour("background", "Background", nothing="None")
        with st.expander("Who sees it", icon=":material/visibility:", expanded=bool(part.show_if.conditions)):
            conditions.draw(fields, attributes)
    if fields.enabled:
        kept_blocks.draw(page, now, part)
        _take(now, part, fields.values | fields.given, redraw=bool(fields.given))


def _take(now: Editing, part: Any, values: dict[str, Any], *, redraw: bool) -> None:
    """Give the part the values of the fields; what does not fit changes nothing and says why."""
    try:
        if isinstance(part, Document):
            document = checked(lambda: Document.model_validate(now.document.model_dump() | values))
        else:
            layout = values.pop("layout", None)
            document = editing.change(now.document, part.id, **values)
            if isinstance(part, Section) and layout and layout != part.layout:
                document = editing.set_layout(document, part.id, layout)
        now.change(document, redraw=redraw)
    except PostwrightError as error:
        problem(error)
        return
    if redraw:
        st.rerun()  # the fields on show still have what they had


def _title(part: Any) -> str:
    if isinstance(part, Document):
        return "Email"
    return "Section" if isinstance(part, Section) else NAMES[part.kind]


def _email(page: Page, fields: Fields) -> None:
    st.caption("Choose a part of the email to change it.")
    brand_choice.draw(page, fields.now.template_id)
    fields.line("preview_text", "Preview text", picks=True, help="What inboxes show beside the subject.")
    fields.line("language", "Language", help="Two letters, for example en or de; it tells screen readers how to read.")
    fields.number("width", "Width", 320, 800)


def _section(fields: Fields) -> None:
    fields.one_of_many("layout", "Layout", _LAYOUT_LABELS)
    fields.switch("stacks", "Stack columns on a phone")
    fields.switch("is_wide", "Background over the whole window")


def _heading(_page: Page, fields: Fields) -> None:
    fields.line("text", "Text", picks=True)
    fields.one_of("level", "Size", _SIZES)
    fields.align()
    fields.colour("colour", "Colour")


def _text(_page: Page, fields: Fields) -> None:
    fields.rich("html", "Text")
    fields.number("size", "Size", 10, 32)
    fields.align()
    fields.colour("colour", "Colour")


def _button(_page: Page, fields: Fields) -> None:
    fields.line("text", "Words", picks=True)
    fields.link()
    fields.align()
    fields.switch("is_wide", "As wide as its column")
    fields.colour("colour", "Colour")
    fields.colour("text_colour", "Colour of the words")


def _image(page: Page, fields: Fields) -> None:
    pictures.draw(page, fields)
    fields.line("alt", "What it shows", help="Read out, and shown while pictures are blocked.")
    fields.switch("is_decorative", "It is only decoration")
    lists.width(fields)
    fields.link(label="A click leads to", optional=True)
    fields.align()
    fields.number("radius", "Round corners", 0, 100)


def _divider(_page: Page, fields: Fields) -> None:
    fields.number("thickness", "Thickness", 1, 10)
    fields.colour("colour", "Colour")


def _spacer(_page: Page, fields: Fields) -> None:
    fields.number("height", "Height", 4, 200)


def _social(_page: Page, fields: Fields) -> None:
    lists.social(fields)
    fields.align()


def _products(page: Page, fields: Fields) -> None:
    lists.products(page, fields)


def _quote(_page: Page, fields: Fields) -> None:
    fields.words("text", "What was said")
    fields.line("author", "By whom")
    fields.colour("colour", "Colour")


def _header(_page: Page, fields: Fields) -> None:
    st.caption("Shows the brand’s logo, or your workspace’s name where there is none.")
    fields.link(label="A click leads to", optional=True)
    fields.align()
    fields.switch("shows_view_link", "Link to the email in the browser")
    if fields.values["shows_view_link"]:
        fields.line("view_text", "Words of that link")


def _footer(_page: Page, fields: Fields) -> None:
    st.caption("Says who sends this and from where, and how to stop it; the address comes from the brand, or the workspace.")
    fields.line("reason", "Why people get it", picks=True)
    fields.line("unsubscribe_text", "Words of the unsubscribe link")
    fields.line("preferences_text", "Words of the preferences link", placeholder="none")
    fields.switch("shows_social", "Show the brand’s social links")
    fields.align()


def _mjml(_page: Page, fields: Fields) -> None:
    fields.code("code", "MJML", "What may stand in a column. Leave the field to see the change.")


def _html(_page: Page, fields: Fields) -> None:
    fields.code("code", "HTML", "Leave the field to see the change. Scripts and forms are refused.")


_OF_KIND: Mapping[BlockKind, Callable[[Page, Fields], None]] = {
    BlockKind.HEADING: _heading,
    BlockKind.TEXT: _text,
    BlockKind.BUTTON: _button,
    BlockKind.IMAGE: _image,
    BlockKind.DIVIDER: _divider,
    BlockKind.SPACER: _spacer,
    BlockKind.SOCIAL: _social,
    BlockKind.PRODUCTS: _products,
    BlockKind.QUOTE: _quote,
    BlockKind.HEADER: _header,
    BlockKind.FOOTER: _footer,
    BlockKind.MJML: _mjml,
    BlockKind.HTML: _html,
}
