"""Two versions of a template beside each other: what their readers see, and what is different in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import InvalidInput
from core.preflight.findings import MAIN
from core.templates.blocks.differences import Difference, PartChange
from core.templates.blocks.writing import MARK
from core.templates.library.comparing import Compared, Comparison, Hunk, Line, Sign, compare
from core.templates.library.models import TemplateVersion
from core.ui.create import language_form
from core.ui.create.template_preview import as_on_light
from core.ui.page import Page
from core.ui.parts import email_frame
from core.ui.words import counted, plain

_LANGUAGE = "language"
_OF_LANGUAGE = {Difference.ADDED: "added", Difference.REMOVED: "taken out", Difference.CHANGED: "changed"}
_LACKING = frozenset({Difference.ADDED, Difference.REMOVED})
_HEIGHT, _MOST_LINES = 640, 600
SIDE_BY_SIDE, CHANGES = "Side by side", "What changed"
# How a part is outlined in a mail, and said in words: a style of line for each, so that nobody needs to see the colour.
_OUTLINES = {
    Difference.ADDED: ("3px solid #15803d", "Added", "add_box", "green", "solid green"),
    Difference.REMOVED: ("3px dotted #b91c1c", "Removed", "indeterminate_check_box", "red", "dotted red"),
    Difference.MOVED: ("3px double #4338ca", "Moved", "swap_vert", "violet", "double blue"),
    Difference.CHANGED: ("3px dashed #b45309", "Changed", "edit", "orange", "dashed orange"),
}


def choose(languages: Sequence[Compared]) -> Compared:
    """Draw the choice of a language, where there is one, and return two versions in the one that was chosen; the address keeps it."""
    by_language = {one.language or MAIN: one for one in languages}
    if len(languages) == 1:
        return languages[0]
    if st.session_state.get(_LANGUAGE) not in by_language:  # the first time, or it is another template's
        asked = st.query_params.get(_LANGUAGE, "")
        st.session_state[_LANGUAGE] = asked if asked in by_language else MAIN
    said = {tag: language_form.name_of(tag) + (f" · {_OF_LANGUAGE[one.what]}" if one.what else "") for tag, one in by_language.items()}
    how = {"required": True, "format_func": said.__getitem__, "key": _LANGUAGE}
    chosen = st.segmented_control("As readers get it of", list(by_language), **how)  # type: ignore[call-overload]
    st.query_params[_LANGUAGE] = chosen
    return by_language[chosen]


def draw(page: Page, compared: Compared) -> None:
    """Draw the comparison.

    Args:
        page: The page.
        compared: The two versions, in one language.
    """
    old, new = compared.old, compared.new
    found = compare(old, new)
    if compared.what in _LACKING:
        without = old if compared.what is Difference.ADDED else new
        name = language_form.name_of(compared.language)
        st.info(f"Version {without.number} has no {plain(name)}: its readers get the main language.", icon=":material/translate:")
    elif found.only_looks:
        same = f"Version {old.number} and version {new.number} say the same."
        words = f"{same} How they look, or where their links lead, is not the same: the brand was changed between them."
        st.info(words, icon=":material/palette:")
    elif found.is_same:
        st.info(f"Version {old.number} and version {new.number} say the same.", icon=":material/check:")
    view = st.segmented_control(
        "Comparison",
        [SIDE_BY_SIDE, CHANGES],
        default=SIDE_BY_SIDE,
        required=True,
        key="comparison",
        bind="query-params",
        label_visibility="collapsed",
    )
    if view == CHANGES:
        _changes(found)
    else:
        _mails(page, old, new, found)


def _mails(page: Page, old: TemplateVersion, new: TemplateVersion, found: Comparison) -> None:
    parts = found.parts or ()
    if kinds := list(dict.fromkeys(part.what for part in parts if part.part_id)):
        st.caption("Outlined: " + ", ".join(f"{_OUTLINES[kind][1].lower()} ({_OUTLINES[kind][4]})" for kind in kinds))
    before = {part.part_id: part.what for part in parts if part.what is not Difference.ADDED}
    after = {part.part_id: part.what for part in parts if part.what is not Difference.REMOVED}
    with st.grid(2, min_column_width=320, gap="medium"):
        for version, marks, which in ((old, before, "old"), (new, after, "new")):
            with st.container(gap="small"):
                st.markdown(f"**Version {version.number}**")
                with page.act():
                    title = f"Version {version.number} of the email"
                    email_frame(as_on_light(_outlined(page, version, marks)), title=title, height=_HEIGHT, key=f"compared_{which}")


def _outlined(page: Page, version: TemplateVersion, marks: Mapping[str, Difference]) -> str:
    """Return the mail as its reader sees it, with an outline around each of these parts."""
    templates = page.services.templates
    if not any(marks):
        return templates.preview(page.by, version).html
    try:
        html = templates.preview(page.by, templates.marked(page.by, version)).html
    except InvalidInput:  # a field it names is gone: it is shown as it was, without outlines
        return templates.preview(page.by, version).html
    rules = "".join(f".{MARK}{part_id}{{outline:{_OUTLINES[what][0]};outline-offset:-3px}}" for part_id, what in marks.items() if part_id)
    end = html.rfind("</head>")
    return f"{html[:end]}<style>{rules}</style>{html[end:]}" if end >= 0 else f"<style>{rules}</style>{html}"


def _changes(found: Comparison) -> None:
    if found.parts:
        with st.container(border=True, gap="small"):
            st.markdown("#### Blocks", anchors=False)
            for part in found.parts:
                _part(part)
    for title, hunks in (("Source", found.source), ("Words, as in the plain-text part", found.words)):
        if hunks:
            with st.container(border=True, gap="small"):
                st.markdown(f"#### {title}", anchors=False)
                _text(hunks)


def _part(part: PartChange) -> None:
    _, word, icon, colour, _ = _OUTLINES[part.what]
    place = f" :gray[in {part.place}]" if part.place else ""
    st.markdown(f":{colour}-badge[:material/{icon}: {word}] **{plain(part.name)}**{place}")
    said = [f"- {plain(field.label).capitalize()}: “{plain(field.before)}” became “{plain(field.after)}”" for field in part.fields]
    if said:
        st.markdown("\n".join(said))


def _text(hunks: tuple[Hunk, ...]) -> None:
    lines = [line for hunk in hunks for line in hunk]
    added, removed = (sum(line.sign is sign for line in lines) for sign in (Sign.ADDED, Sign.REMOVED))
    st.caption(f"{counted(added, 'line')} added (+), {counted(removed, 'line')} removed (-).")
    shown = "\n⋯\n".join("\n".join(_line(line) for line in hunk) for hunk in hunks).split("\n")
    st.code("\n".join(shown[:_MOST_LINES]), language="diff", wrap_lines=True)
    if len(shown) > _MOST_LINES:
        st.caption(f"{counted(len(shown) - _MOST_LINES, 'more line')} can be seen in the exported files.")


def _line(line: Line) -> str:
    return f"{line.sign}{line.text}"
