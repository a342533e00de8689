"""Preflight on a page: a button that checks an email, and what is to be mended in it, the worst first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.campaigns.models import Campaign
from core.ids import fingerprint
from core.preflight.envelopes import Envelope, Whom
from core.preflight.findings import Finding, Report, Severity
from core.templates.compiling.compiler import CompiledTemplate
from core.templates.library.templates import TemplateVersion
from core.ui.create import language_form, link_check
from core.ui.page import Page
from core.ui.targets import wanted_id
from core.ui.words import counted, plain

# An icon and words for each, so that nobody has to tell them apart by their colour.
_HEADINGS = {
    Severity.ERROR: (":red[:material/error:]", "Mend before sending"),
    Severity.WARNING: (":orange[:material/warning:]", "Worth mending"),
    Severity.NOTE: (":blue[:material/info:]", "Worth knowing"),
}
_NOUNS = {Severity.ERROR: ("error", "errors"), Severity.WARNING: ("warning", "warnings"), Severity.NOTE: ("note", "notes")}
# What to write, as it is written: to be copied.
_CODE = re.compile(r"(<a href=.*?</a>|\{\{[^{}`]*\}\}|<mj-preview>|\b(?:alt|width)=\"[^\"`]*\")")
TEMPLATE = "pages/create/template.py"
# So many are shown at once, so that the preview stays in sight; who opens the rest sees all.
_SHOWN = {Severity.ERROR: 8, Severity.WARNING: 4, Severity.NOTE: 4}


@dataclass(frozen=True)
class _Kept:
    """A report, and what it is about."""

    about: str
    report: Report


@dataclass(frozen=True)
class Choosing:
    """What a press on the place of a finding does.

    Args:
        block: Takes the id of a block and chooses it; None where nothing can be chosen here.
        template_id: The template whose editor is opened with the block, where it can't be chosen here.
    """

    block: Callable[[str], None] | None = None
    template_id: int = 0


def draw(
    page: Page,
    version: CompiledTemplate | TemplateVersion,
    *,
    key: str,
    envelope: Envelope | None = None,
    audience: Whom | None = None,
    source: str = "",
    template_id: int | None = None,
    choosing: Choosing | None = None,
) -> None:
    """Draw the button that checks an email and, once it was pressed, what was found.

    Args:
        page: The page.
        version: What is checked.
        key: Unique on the page.
        envelope: Subject and sender, where they are known.
        audience: Whom it goes to, where that is known and may be seen.
        source: What was compiled, where that is not a saved version.
        template_id: The template it belongs to, where that is not a saved version.
        choosing: What a press on the place of a finding does.
    """
    about = fingerprint(repr((version.html, envelope, audience)))
    slot = f"{key}_preflight_{wanted_id()}"  # what was found in one draft must not stand beside the next
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Check",
            icon=":material/fact_check:",
            key=f"{key}_check",
            help="Looks at links, images, words, size and sender, in every language.",
        )
        summary = st.container()
    if pressed:
        with page.act():
            report = _checked(page, version, envelope, audience, source, template_id)
            st.session_state[slot] = _Kept(about, report)
            link_check.remember(page, version, report)
    kept: _Kept | None = st.session_state.get(slot)
    if kept is None:
        return
    with summary:
        st.caption(_summary(kept.report) if kept.about == about else ":material/history: Changed since it was checked.")
    show(kept.report, key=key, choosing=choosing)


def show(report: Report, *, key: str, choosing: Choosing | None = None) -> None:
    """Draw what was found: errors first, each with how to mend it.

    Args:
        report: What was found.
        key: Unique on the page.
        choosing: What a press on the place of a finding does.
    """
    with st.container(border=True, key=f"{key}_findings"):
        if not report.findings:
            st.markdown(":green[:material/check_circle:] **Nothing to mend.** It is ready to be sent, as far as can be told.")
        for severity in Severity:
            if found := report.of(severity):
                _group(severity, found, key, choosing or Choosing())


def before_launch(page: Page, draft: Campaign) -> str:
    """Return what is said about an email in the question whether it is to be sent; "" where there is nothing to say."""
    version = page.services.templates.latest(page.by, draft.template_id)
    report = page.services.preflight.check(page.by, version, Envelope.around(draft.headings, draft.from_email))
    if report.is_blocked:
        lines = "".join(f"\n- {plain(one.message)}{_badges(one)}" for one in report.of(Severity.ERROR)[: _SHOWN[Severity.ERROR]])
        return f"\n\n:red[:material/error: It can’t be sent as it is:]\n{lines}"
    warnings = len(report.of(Severity.WARNING))
    return f"\n\n:orange[:material/warning: {counted(warnings, 'warning')}. “Check” beside the email says what it is.]" if warnings else ""


def _checked(
    page: Page,
    version: CompiledTemplate | TemplateVersion,
    envelope: Envelope | None,
    audience: Whom | None,
    source: str,
    template_id: int | None,
) -> Report:
    progress = st.progress(0.0, "Looking at the email")

    def step(done: int, of: int) -> None:
        progress.progress(done / of, f"Asking for links and images: {done} of {of}")

    try:
        whose = {"source": source, "template_id": template_id}
        return page.services.preflight.check(page.by, version, envelope, audience=audience, fetch=True, step=step, **whose)  # type: ignore[arg-type]
    finally:
        progress.empty()


def _summary(report: Report) -> str:
    counts = [counted(len(found), *_NOUNS[severity]) for severity in Severity if (found := report.of(severity))]
    return " · ".join(counts) if counts else "Checked just now."


def _group(severity: Severity, found: tuple[Finding, ...], key: str, choosing: Choosing) -> None:
    (icon, words), shown = _HEADINGS[severity], _SHOWN[severity]
    st.markdown(f"#### {icon} {words} ({len(found)})", anchors=False)
    _lines(found[:shown], f"{key}_{severity}", choosing)
    if rest := found[shown:]:
        with st.expander(f"{len(rest)} more", key=f"{key}_more_{severity}"):
            _lines(rest, f"{key}_more_{severity}", choosing)


def _lines(found: tuple[Finding, ...], key: str, choosing: Choosing) -> None:
    """Draw findings below each other; the place of one in a block can be pressed."""
    can_choose = choosing.block is not None or choosing.template_id
    waiting: list[str] = []
    for number, one in enumerate(found):
        if not (one.block and can_choose):
            waiting.append(_line(one, _badges(one)))
            continue
        st.markdown("\n".join([*waiting, _line(one, _languages(one))]))
        waiting = []
        look: dict[str, Any] = {"icon": ":material/ads_click:", "help": "Choose it in the editor"}
        if choosing.block is not None:
            st.button(plain(one.where), key=f"{key}_{number}", type="tertiary", on_click=choosing.block, args=(one.block,), **look)
        else:
            query = {"id": str(choosing.template_id), "part": one.block}
            st.page_link(TEMPLATE, label=plain(one.where), query_params=query, **look)
    if waiting:
        st.markdown("\n".join(waiting))


def _line(one: Finding, beside: str) -> str:
    hint = "".join(f"`{part}`" if _CODE.fullmatch(part) else _with_its_spaces(part) for part in _CODE.split(one.hint))
    return f"- {plain(one.message)}{beside}  \n  :gray[{hint}]"


def _badges(one: Finding) -> str:
    return (f" :gray-badge[{plain(one.where)}]" if one.where else "") + _languages(one)


def _languages(one: Finding) -> str:
    return "".join(f" :violet-badge[{plain(language_form.name_of(tag))}]" for tag in one.languages)


def _with_its_spaces(text: str) -> str:
    """Return text that is shown as it is, next to code: with the space it begins or ends with."""
    return f"{' ' * text[:1].isspace()}{plain(text)}{' ' * (bool(text.strip()) and text[-1:].isspace())}"
