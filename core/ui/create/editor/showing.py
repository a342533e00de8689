"""What the canvas shows: the email with every part in it, also those that only some people get or that are not finished yet."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.errors import InvalidInput, PostwrightError
from core.templates.blocks.document import LAYOUTS, Document, Section, new_section
from core.templates.blocks.kinds import Block, BlockKind, Image, RawHtml, Spacer
from core.templates.blocks.parts import NAMES, name_of, places
from core.templates.blocks.values import Condition, Operator, ShowIf
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.confined.process import SHARED
from core.templates.look.brand import Brand
from core.ui.create import language_form

LAYOUT_NAMES = {
    "1": "1 column",
    "1-1": "2 columns",
    "1-2": "1 to 2",
    "2-1": "2 to 1",
    "1-1-1": "3 columns",
    "1-1-1-1": "4 columns",
}
_SOMEWHERE = "https://example.com/"
_EVERYBODY = ShowIf()
_LINE = re.compile(r" in line \d+")
OPERATOR_WORDS = {
    Operator.EQUALS: "is",
    Operator.DIFFERS: "is not",
    Operator.CONTAINS: "contains",
    Operator.ABOVE: "is above",
    Operator.BELOW: "is below",
    Operator.IS_SET: "is known",
    Operator.IS_EMPTY: "is not known",
}


@dataclass(frozen=True)
class Shown:
    """An email as the canvas shows it.

    Args:
        compiled: The email, its parts marked.
        problems: What is not in order yet, by the part's id.
        problem: What is not in order with the email as a whole.
    """

    compiled: CompiledTemplate
    problems: Mapping[str, PostwrightError]
    problem: PostwrightError | None = None


def shown(document: Document, brand: Brand, attributes: tuple[str, ...] | None, whose: int = 0) -> Shown:
    """Return what the canvas shows of a document; what can't be used yet is replaced by words that say so.

    Args:
        document: The email.
        brand: How it looks.
        attributes: The contact attributes that exist; None takes every name.
        whose: The workspace.
    """
    complete = _everything(document)
    try:
        return Shown(_compiled(complete, brand, attributes, whose), {}, _wrong(document, attributes, whose))
    except InvalidInput as error:
        checked = {block.id: _alone(block, brand, attributes, whose) for block in complete.blocks()}
        problems = {block_id: found for block_id, (_, found) in checked.items() if found}
        usable = _mapped(complete, lambda block: checked[block.id][0])
        try:
            return Shown(_compiled(usable, brand, attributes, whose), problems, None if problems else error)
        except InvalidInput as still:
            return Shown(_compiled(Document(), brand, attributes, whose), problems, still)


def unfinished(document: Document, problems: Mapping[str, PostwrightError]) -> list[str]:
    """Return what has to be done before an email can be saved as a version, part by part."""
    where = places(document)
    return [f"{where[block.id]}: {problem_words(problems[block.id])}" for block in document.blocks() if block.id in problems]


def problem_words(error: PostwrightError) -> str:
    """Return what is wrong with a part; without the line, which is one of the MJML that nobody here sees."""
    return f"{_LINE.sub('', error.message)} {error.hint}".strip()


def outline(document: Document, problems: Mapping[str, PostwrightError], unsaid: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return the parts of a document as the canvas needs them.

    Args:
        document: The email.
        problems: What is not in order yet, by the part's id.
        unsaid: The languages in which a part has no words yet, by its id.
    """
    return [
        {
            "id": section.id,
            "name": f"Section {at}" + ("" if len(section.columns) == 1 else f" · {LAYOUT_NAMES[section.layout].lower()}"),
            "condition": condition_words(section.show_if),
            "columns": [
                {"id": column.id, "blocks": [_entry(block, problems.get(block.id), unsaid.get(block.id, ())) for block in column.blocks]}
                for column in section.columns
            ],
        }
        for at, section in enumerate(document.sections, 1)
    ]


def palette(saved: list[tuple[int, str]]) -> dict[str, Any]:
    """Return what can be put into an email.

    Args:
        saved: Numbers and names of the blocks that somebody kept.
    """
    return {
        "blocks": [{"kind": kind.value, "label": NAMES[kind.value]} for kind in BlockKind],
        "layouts": [{"layout": layout, "label": LAYOUT_NAMES[layout], "widths": list(widths)} for layout, widths in LAYOUTS.items()],
        "saved": [{"id": number, "name": name} for number, name in saved],
    }


def condition_words(show_if: ShowIf) -> str:
    """Return who gets a part, empty for everybody."""
    joined = " and " if show_if.match == "all" else " or "
    return f"Shown if {joined.join(_one_condition(one) for one in show_if.conditions)}" if show_if.conditions else ""


def _one_condition(one: Condition) -> str:
    value = "" if one.operator in (Operator.IS_SET, Operator.IS_EMPTY) else f" {one.value}"
    field = one.field.removeprefix("contact.").replace("_", " ") if one.field.startswith("contact.") else one.field
    return f"{field} {OPERATOR_WORDS[one.operator]}{value}"


def unsaid_words(languages: Sequence[str]) -> str:
    """Return that a part has no words in some languages yet."""
    return f"No words yet in {', '.join(map(language_form.name_of, languages))}"


def _entry(block: Block, problem: PostwrightError | None, unsaid: Sequence[str]) -> dict[str, Any]:
    return {
        "id": block.id,
        "kind": block.kind,
        "label": NAMES[block.kind],
        "name": name_of(block),
        "condition": condition_words(block.show_if),
        "problem": problem_words(problem) if problem else "",
        "unsaid": unsaid_words(unsaid) if unsaid else "",
        "tongues": (unsaid[0] if len(unsaid) == 1 else f"{unsaid[0]} +{len(unsaid) - 1}") if unsaid else "",
        "hint": "Choose a picture" if isinstance(block, Image) and not block.src else "",
    }


def _compiled(document: Document, brand: Brand, attributes: tuple[str, ...] | None, whose: int) -> CompiledTemplate:
    source, kind = document.as_json(), TemplateKind.BLOCKS
    return SHARED.compile(source, kind, known_attributes=attributes, brand=brand, marked=True, whose=whose)


def _wrong(document: Document, attributes: tuple[str, ...] | None, whose: int) -> PostwrightError | None:
    """Return what is wrong with conditions, which the canvas does not use."""
    parts: list[Section | Block] = []
    for section in document.sections:
        parts += (section, *(block for column in section.columns for block in column.blocks))
    for part in parts:
        if part.show_if.conditions and (found := _refused(part.show_if, attributes, whose)):
            return InvalidInput(f"{places(document)[part.id]}: {_LINE.sub('', found.message)}", hint=found.hint)
    return None


def _everything(document: Document) -> Document:
    """Return a document that everybody gets whole: who edits a part has to see it."""
    whole = _mapped(document, lambda block: block.model_copy(update={"show_if": _EVERYBODY}) if block.show_if.conditions else block)
    return whole.model_copy(update={"sections": tuple(one.model_copy(update={"show_if": _EVERYBODY}) for one in whole.sections)})


def _mapped(document: Document, change: Any) -> Document:
    def changed(section: Section) -> Section:
        columns = tuple(one.model_copy(update={"blocks": tuple(change(block) for block in one.blocks)}) for one in section.columns)
        return section.model_copy(update={"columns": columns})

    return document.model_copy(update={"sections": tuple(changed(section) for section in document.sections)})


@lru_cache(maxsize=2_000)
def _alone(block: Block, brand: Brand, attributes: tuple[str, ...] | None, whose: int) -> tuple[Block, InvalidInput | None]:
    """Return a block as it can be shown, and what is wrong with it."""
    problem = _tried(block, brand, attributes, whose)
    if problem is None:
        return block, None
    if hasattr(block, "url"):
        led = block.model_copy(update={"url": _SOMEWHERE})
        if _tried(led, brand, attributes, whose) is None:
            return led, problem
    words = f"{NAMES[block.kind]}: {problem.message}".replace("{", "(").replace("}", ")")
    style = "padding:12px 16px;border:1px dashed #b45309;border-radius:6px;color:#92400e;background:#fffbeb;font-size:14px"
    return RawHtml(id=block.id, kind="html", code=f'<div style="{style}">{html.escape(words)}</div>'), problem


@lru_cache(maxsize=1_000)
def _refused(show_if: ShowIf, attributes: tuple[str, ...] | None, whose: int) -> InvalidInput | None:
    """Return what is wrong with conditions; one block of its own tells it, the whole email would take as long as the canvas."""
    return _tried(Spacer(id="alone", kind="spacer", show_if=show_if), Brand(), attributes, whose)


def _tried(block: Block, brand: Brand, attributes: tuple[str, ...] | None, whose: int) -> InvalidInput | None:
    alone = Document(sections=(new_section("1", block),))
    try:
        _compiled(alone, brand, attributes, whose)
    except InvalidInput as error:
        # Where it is in the email, and what it is called, is said by whoever shows this.
        return InvalidInput(error.message.removeprefix(f"{places(alone)[block.id]}: "), hint=error.hint)
    return None
