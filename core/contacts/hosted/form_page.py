"""The page of a sign-up form, what it answers, and how it is put onto somebody's own site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from core.contacts.attributes import AttributeType
from core.contacts.hosted.design import FormDesign, FormField, origin
from core.contacts.hosted.markup import Frame, HostedPage, Tick, button, group, hidden, note, paragraph
from core.contacts.hosted.published import PublishedForm
from core.contacts.hosted.words import words

EMAIL, LISTS, AGREE, STAMP, TRAP, FIELD_PREFIX = "email", "lists", "agree", "stamp", "homepage", "field_"
_USUAL_LETTERS = 10_000
_AUTOCOMPLETE = {"first_name": "given-name", "last_name": "family-name"}


@dataclass(frozen=True)
class Typed:
    """What somebody has filled in, and what is wrong with it.

    Args:
        values: The values by the names of their fields.
        problems: The words of `hosted.words` that say what is wrong, by field.
        note: The word of a note on top; empty for none.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def one(self, name: str) -> str:
        """Return what stands in a field."""
        return next(iter(self.values.get(name, ())), "")


def form_page(form: PublishedForm, stamp: str, typed: Typed | None = None, *, has_gpc: bool = False, status: int = 200) -> HostedPage:
    """Return the form.

    Args:
        form: Which.
        stamp: What proves when it was shown.
        typed: What was filled in before.
        has_gpc: Whether the browser says that nothing is to be sold.
        status: The status it is answered with.
    """
    told, typed = words(form.design.language), typed or Typed()
    top = paragraph(form.design.intro)
    if typed.problems:
        top += note(told["problem_hint"], told["problem"], is_wrong=True)
    elif typed.note:
        top += note(told[typed.note], is_wrong=True)
    sale = note(told["gpc"]) if has_gpc else ""
    inside = f"{_inside(form, typed)}{hidden(STAMP, stamp)}{sale}{_button(form.design)}"
    body = f'{top}<form method="post" action="/f/{escape(form.key)}" novalidate>{inside}</form>'
    return frame_of(form).page(form.design.title, body, status)


def answer_page(form: PublishedForm) -> HostedPage:
    """Return what is said to whoever has sent the form: the same to everybody, known or not."""
    told = words(form.design.language)
    if form.design.double_opt_in:
        return frame_of(form).page(told["check_mail"], paragraph(form.design.thanks) + paragraph(told["check_mail_text"]))
    return frame_of(form).page(told["thanks"], paragraph(form.design.thanks or told["thanks_text"]))


def closed_page(form: PublishedForm) -> HostedPage:
    """Return the page of a form that takes nobody now."""
    told = words(form.design.language)
    return frame_of(form).page(told["closed"], paragraph(told["closed_text"]), 410)


def frame_of(form: PublishedForm) -> Frame:
    """Return what the form's pages have around them."""
    design = form.design
    led = urlsplit(design.redirect_url)
    leads_to = origin(f"{led.scheme}://{led.netloc}") if design.redirect_url else ""
    return Frame(form.workspace, design.language, design.accent, design.sites, leads_to)


def frame_snippet(form: PublishedForm, public_url: str) -> str:
    """Return the HTML that shows the form in a frame on one of its sites."""
    height = 500 + 92 * len(form.design.fields) + 60 * len(form.choices) + len(form.design.wording + form.design.intro) // 2
    return (
        f'<iframe src="{escape(public_url)}/f/{escape(form.key)}" title="{escape(form.design.title)}" width="100%" height="{height}" '
        'style="border:0;max-width:520px" loading="lazy"></iframe>'
    )


def plain_snippet(form: PublishedForm, public_url: str) -> str:
    """Return the form as HTML of somebody's own site, to be styled there."""
    lines = [f'<form method="post" action="{escape(public_url)}/f/{escape(form.key)}" accept-charset="utf-8">']
    lines += [f"  {line}" for line in _plain_fields(form)]
    return "\n".join([*lines, f"  {_button(form.design)}", "</form>"])


def _plain_fields(form: PublishedForm) -> list[str]:
    design = form.design
    lines = [f'<label>{escape(_email_label(design))} <input type="email" name="{EMAIL}" autocomplete="email" required></label>']
    for one in design.fields:
        kind = {AttributeType.BOOLEAN: "checkbox", AttributeType.DATE: "date"}.get(one.kind, "text")
        marks = (' value="yes"' if one.kind is AttributeType.BOOLEAN else "") + " required" * one.is_required
        lines.append(f'<label>{escape(one.label)} <input type="{kind}" name="{FIELD_PREFIX}{escape(one.name)}"{marks}></label>')
    for choice in form.choices:
        lines.append(f'<label><input type="checkbox" name="{LISTS}" value="{choice.id}"> {escape(choice.name)}</label>')
    if design.asks_consent:
        lines.append(f'<label><input type="checkbox" name="{AGREE}" value="yes" required> {escape(design.wording)}</label>')
    else:
        lines.append(f"<p>{escape(design.wording)}</p>")
    trap = f'<input type="text" name="{TRAP}" tabindex="-1" autocomplete="off" aria-hidden="true" style="position:absolute;left:-9999px">'
    return [*lines, trap]


def _inside(form: PublishedForm, typed: Typed) -> str:
    design, told = form.design, words(form.design.language)
    email = FormField(EMAIL, _email_label(design), is_required=True)
    parts = [_text_field(EMAIL, email, typed, told)]
    for one in design.fields:
        draw = _box if one.kind is AttributeType.BOOLEAN else _text_field
        parts.append(draw(f"{FIELD_PREFIX}{one.name}", one, typed, told))
    if form.choices:
        chosen = typed.values.get(LISTS, ())
        ticks = [Tick(LISTS, str(one.id), one.name, str(one.id) in chosen, one.description) for one in form.choices]
        parts.append(group(told["lists"], ticks, _problem(LISTS, typed, told)))
    parts.append(_wording(design, typed, told))
    trap = f'<label>{escape(told["trap"])} <input type="text" name="{TRAP}" tabindex="-1" autocomplete="off"></label>'
    return "".join([*parts, f'<div class="trap" aria-hidden="true">{trap}</div>'])


def _wording(design: FormDesign, typed: Typed, told: Mapping[str, str]) -> str:
    if not design.asks_consent:
        return paragraph(design.wording, "soft")
    problem = f"problem_{AGREE}" if AGREE in typed.problems else ""
    tick = Tick(AGREE, "yes", design.wording, typed.one(AGREE) == "yes", problem=problem, is_required=True)
    return f'<div class="field">{tick.html()}{_problem(AGREE, typed, told)}</div>'


def _text_field(name: str, one: FormField, typed: Typed, told: Mapping[str, str]) -> str:
    kind, more = "text", f' maxlength="{_USUAL_LETTERS}"'
    if name == EMAIL:
        kind, more = "email", ' maxlength="254" autocomplete="email" autocapitalize="off" spellcheck="false"'
    elif one.kind is AttributeType.DATE:
        kind, more = "date", ""
    elif one.kind is AttributeType.NUMBER:
        more = ' inputmode="decimal" maxlength="40"'
    elif one.name in _AUTOCOMPLETE:
        more = f' maxlength="200" autocomplete="{_AUTOCOMPLETE[one.name]}"'
    more += " required" * one.is_required + _invalid(name, typed)
    hint = "" if one.is_required else f' <span class="soft">({escape(told["optional"])})</span>'
    field_id, value, problem = escape(name), escape(typed.one(name)), _problem(name, typed, told)
    return (
        f'<div class="field"><label for="{field_id}">{escape(one.label)}{hint}</label>'
        f'<input id="{field_id}" type="{kind}" name="{field_id}" value="{value}"{more}>{problem}</div>'
    )


def _box(name: str, one: FormField, typed: Typed, told: Mapping[str, str]) -> str:
    problem = f"problem_{name}" if name in typed.problems else ""
    tick = Tick(name, "yes", one.label, typed.one(name) == "yes", problem=problem, is_required=one.is_required)
    return f'<div class="field">{tick.html()}{_problem(name, typed, told)}</div>'


def _problem(name: str, typed: Typed, told: Mapping[str, str]) -> str:
    word = typed.problems.get(name)
    return f'<p class="bad" id="problem_{escape(name)}">{escape(told[word])}</p>' if word else ""


def _invalid(name: str, typed: Typed) -> str:
    return f' aria-invalid="true" aria-describedby="problem_{escape(name)}"' if name in typed.problems else ""


def _email_label(design: FormDesign) -> str:
    return design.email_label or words(design.language)["email"]


def _button(design: FormDesign) -> str:
    return button(design.button or words(design.language)["subscribe"])
