"""Templates of plain tags are checked without being parsed whole: what comes of it is the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError

from core.errors import InvalidInput
from core.templates.jinja import sandbox
from core.templates.jinja.fields import Vocabulary
from core.templates.jinja.plain import taken_apart
from core.templates.jinja.validating import Inspection, inspect

_PARTS = st.sampled_from(
    ["text", "{", "}", "\n", "%", "{{ contact.city }}", "{{contact['city']|upper}}", "{{ '}}' }}", '{{ "a\'b"|title }}', "{{ 1 % 2 }}",
     "{{ contact.town }}", "{{ contact }}", "{{- view_url -}}", "{# x #}", "{% if contact.city %}", "{% elif contact.points > 1 %}",
     "{% else %}", "{%else%}", "{% endif %}", "{% endif x %}", "{% for x in contact.items %}", "{{ x }}", "{{ loop.index }}",
     "{% endfor %}", "{% raw %}", "{% endraw %}", "{%+ if 1 %}", "{% if(contact.a) %}", "{{ 'x' if contact.b else contact.c }}",
     "{{ contact.email\n|default('-') }}", "{{", "}}", "{%", "%}", "\r\n", "{{ '\\\\' }}", "{% set a = 1 %}", "{{ f() }}", "{% if %}"]
)  # fmt: skip
# What is before a comment and changes nothing makes a template that is read whole.
_NOT_PLAIN = "{# #}"


def _said(source: str, vocabulary: Vocabulary) -> Inspection | tuple[str, str]:
    try:
        return inspect(source, vocabulary)
    except InvalidInput as refused:
        return re.sub(r" at \d+", "", refused.message), refused.hint


@settings(max_examples=500, deadline=None)
@given(st.lists(_PARTS, max_size=12).map("".join), st.sampled_from([None, ["city", "points"]]))
@example("{% if contact.a %}" * 6 + "x" + "{% endif %}" * 6, None)
@example("{% if contact.a %}" + "{% elif contact.b %}" * 60 + "{% endif %}", None)
@example("{{ contact.city" + "|upper" * 13 + " }}", None)
def test_a_plain_template_is_checked_as_if_it_were_parsed_whole(source: str, attributes: list[str] | None) -> None:
    vocabulary = Vocabulary(attributes)
    assert _said(source, vocabulary) == _said(_NOT_PLAIN + source, vocabulary)


@settings(max_examples=500)
@given(st.lists(_PARTS, max_size=12).map("".join))
def test_plain_tags_are_those_the_lexer_finds(source: str) -> None:
    parts = taken_apart(source)
    try:
        tokens = list(sandbox.HTML.lex(source))
    except TemplateSyntaxError:
        return
    if parts is None:
        return
    text = "".join(value for _, kind, value in tokens if kind == "data")
    assert "".join(parts[::2]) == text
    assert "".join(parts) == "".join(value for _, _, value in tokens)


@pytest.mark.parametrize("source", ["{{- contact.city }}", "{% raw %}{% endraw %}", "{# x #}", "{{{ x }}", "a\r\nb", "{{ '}}' }}", "{"])
def test_what_is_not_plain_is_left_to_the_lexer(source: str) -> None:
    assert taken_apart(source) is None
