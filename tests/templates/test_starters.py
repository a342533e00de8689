from __future__ import annotations

from typing import Any

import pytest

from core.templates.compiling.compiler import compile_template
from core.templates.rendering.renderer import render
from core.templates.starters import STARTERS, Starter


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_a_starter_needs_nothing_but_what_every_contact_has(starter: Starter, context: dict[str, Any]) -> None:
    compiled = compile_template(starter.source, known_attributes=[])
    rendered = render(compiled, context)
    assert {"unsubscribe_url", "view_url", "workspace.postal_address", "contact.first_name"} <= set(compiled.fields)
    assert "Ann" in rendered.html and "Ann" in rendered.text
    assert starter.description
    for part in (rendered.html, rendered.text):
        assert all(context[name] in part for name in ("unsubscribe_url", "view_url", "preferences_url"))


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_a_starter_reads_well_without_a_name(starter: Starter, context: dict[str, Any]) -> None:
    context["contact"] = {"email": "x@example.com", "first_name": ""}
    text = render(compile_template(starter.source), context).text
    assert not any(broken in text for broken in (" ,", ", .", "  .", "for \n"))


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_a_starter_loads_nothing_from_anywhere(starter: Starter) -> None:
    html = compile_template(starter.source).html
    assert "<link" not in html and "@import" not in html and 'src="http' not in html and "url(" not in html


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_a_starter_has_a_dark_side(starter: Starter) -> None:
    html = compile_template(starter.source).html
    assert "prefers-color-scheme: dark" in html and '<meta name="color-scheme" content="light dark">' in html


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_a_starter_is_far_from_where_mail_programs_cut_mail_off(starter: Starter, context: dict[str, Any]) -> None:
    assert len(render(compile_template(starter.source), context).html.encode()) < 50_000


def test_there_is_one_for_each_first_occasion() -> None:
    names = {starter.name for starter in STARTERS}
    assert len(names) == len(STARTERS) >= 12
    assert {"Welcome", "Newsletter", "Product", "Sale", "Event invitation", "Receipt", "Win-back", "Survey", "Digest"} < names
    assert {"Announcement", "Re-permission", "Plain and personal"} < names
    assert all(starter.subject and starter.source != starter.source for starter in STARTERS), "each has ids of its own"
