"""Which fields are printed with nothing to stand in for them, and what everybody gets."""

from __future__ import annotations

import pytest
from jinja2 import nodes

from core.preflight.branches import always_printed, name_of, parsed, uncovered


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("{{ contact.a }} {{ contact.b|upper }} {{ contact.a }}", ("a", "b")),
        ("{{ contact['a'] }} {{ contact.a ~ contact.b }} {{ contact.c + 1 }}", ("a", "b", "c")),
        ("{{ contact.a|default('x') }} {{ contact.a|d('x')|upper }} {{ contact.a|trim|default('x') }}", ()),
        ("{{ contact.a|default(contact.b) }}", ("b",)),
        ("{{ contact.a or 'x' }} {{ contact.a or contact.b }}", ("b",)),
        ("{% if contact.a %}{{ contact.a }}{% else %}{{ contact.b }}{% endif %}", ("b",)),
        ("{% if not contact.a %}x{% else %}{{ contact.a }}{% endif %}", ()),
        ("{% if contact.a %}x{% elif contact.b %}{{ contact.b }}{{ contact.c }}{% endif %}", ("c",)),
        ("{% if contact.a and contact.b %}{{ contact.a }}{{ contact.b }}{% endif %}", ()),
        ("{% if contact.a or contact.b %}{{ contact.a }}{{ contact.b }}{% endif %}", ("a", "b")),
        ("{% if contact.a is defined %}{{ contact.a }}{% endif %}", ()),
        ("{% if contact.first_name is defined %}{{ contact.first_name }}{% endif %}", ("first_name",)),
        ("{% if contact.a is undefined %}x{% else %}{{ contact.a }}{% endif %}", ()),
        ("{% if contact.a is none %}x{% else %}{{ contact.a }}{% endif %}", ("a",)),  # what is missing is not none
        ("{% if contact.a == 'DE' %}{{ contact.a }}{% endif %}", ()),
        ("{% if contact.a != '' %}{{ contact.a }}{% endif %}{% if contact.b == '' %}{{ contact.b }}{% endif %}", ("b",)),
        ("{% if contact.a != 'DE' %}{{ contact.a }}{% endif %}", ("a",)),
        ("{% if contact.a > 3 %}{{ contact.a }}{% endif %}", ()),
        ("{{ contact.a if contact.a else 'x' }} {{ 'x' if contact.b else contact.c }}", ("c",)),
        ("{% for one in contact.a %}{{ one }} {{ contact.b }}{% endfor %}", ("b",)),
        ("{{ contact.a == 'x' }} {{ workspace.name }} {{ unsubscribe_url }} {% if contact.c %}x{% endif %}", ()),
        ("<!-- {{ contact.a }} --><!--[if mso]>{{ contact.b }}<![endif]-->", ("b",)),
    ],
)
def test_what_may_come_out_empty(source: str, fields: tuple[str, ...]) -> None:
    tree = parsed(source)

    assert tree is not None
    assert uncovered([tree]) == fields


@pytest.mark.parametrize(
    ("source", "always"),
    [
        ("{{ view_url }}", True),
        ("<a href='{{ view_url | upper }}'>", True),
        ("{% if contact.a %}{{ view_url }}{% endif %}", False),
        ("{% if contact.a %}{{ view_url }}{% else %}x{{ view_url }}{% endif %}", True),
        ("{% if contact.a %}{{ view_url }}{% elif contact.b %}x{% else %}{{ view_url }}{% endif %}", False),
        ("{% for x in contact.a %}{{ view_url }}{% endfor %}", False),
        ("{{ view_url if contact.a else 'x' }}", False),
        ("{{ view_url if contact.a else view_url }}", True),
        ("{% filter upper %}{{ view_url }}{% endfilter %}", True),
        ("<!-- {{ view_url }} -->", False),
    ],
)
def test_what_everybody_gets(source: str, always: bool) -> None:
    def is_view(node: nodes.Node) -> bool:
        return name_of(node) == "view_url"

    tree = parsed(source)

    assert tree is not None
    assert always_printed(tree, is_view) is always


def test_what_is_no_template_has_no_tree() -> None:
    assert parsed("{{ contact.a") is None
