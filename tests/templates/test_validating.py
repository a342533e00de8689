from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.templates.jinja.fields import Vocabulary
from core.templates.jinja.validating import inspect


@pytest.mark.parametrize(
    "source",
    [
        "no fields at all",
        "{{ contact.first_name|default('you')|title }}",
        "{{ contact['first_name'][:1] }}",
        "{% if contact.points > 100 and not contact.city %}a{% elif contact.city in ['Oslo', 'Rome'] %}b{% else %}c{% endif %}",
        "{% for item in contact.items if item is defined %}{{ loop.index }} {{ item.name }}{% else %}none{% endfor %}",
        "{% for a in contact.items %}{% for b in a.parts %}{{ b }}{% endfor %}{% endfor %}",
        "{{ contact.points * 2 + 1 }} {{ 'a' ~ contact.city }}",
        "{{ 'yes' if contact.city else 'no' }}",
        "{{ unsubscribe_url }} {{ view_url }} {{ preferences_url }} {{ brand.primary_colour }}",
        "{# a comment with {{ nonsense }} #}",
        "{{ contact.joined|date('%d %B %Y') }} {{ contact.points|number(2) }} {{ contact.points|round(-1) }}",
    ],
)
def test_what_mail_needs_is_allowed(source: str) -> None:
    inspect(source)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{{ range(10) }}", "Calling a function"),
        ("{{ contact.email.upper() }}", "Calling a function"),
        ("{{ lipsum(n=100) }}", "Calling a function"),
        ("{{ lipsum }}", "lipsum"),
        ("{{ 'x' * 10 ** 9 }}", "two numbers"),
        ("{{ 'a' * 1000000000 }}", "two numbers"),
        ("{{ [1] * 1000000000 }}", "two numbers"),
        ("{{ '%0999999999d' % 1 }}", "two numbers"),
        ("{{ 10 ** 10 ** 7 }}", "operator \\*\\*"),
        ("{{ '{:>999999999}'.format(1) }}", "Calling a function"),
        ("{{ contact.email|center(999999999) }}", "filter “center”"),
        ("{{ contact.email|indent(999999999) }}", "filter “indent”"),
        ("{{ contact.email|replace('a', 'aaaa') }}", "filter “replace”"),
        ("{{ contact.email|safe }}", "filter “safe”"),
        ("{{ contact.email|attr('upper') }}", "filter “attr”"),
        ("{{ contact.items|join(contact.email) }}", "fixed values"),
        ("{{ contact.email|pw_url }}", "filter “pw_url”"),
        ("{{ contact.email is callable }}", "is callable"),
        ("{% set x = 1 %}", "set"),
        ("{% set x %}a{% endset %}", "set"),
        ("{% macro m() %}{% endmacro %}", "macro"),
        ("{% include 'secrets' %}", "include"),
        ("{% import 'x' as x %}", "import"),
        ("{% from 'x' import y %}", "from"),
        ("{% extends 'x' %}", "extends"),
        ("{% block b %}{% endblock %}", "block"),
        ("{% filter upper %}a{% endfilter %}", "filter"),
        ("{% with a = 1 %}{% endwith %}", "with"),
        ("\n{% autoescape false %}{{ contact.email }}{% endautoescape %}", "autoescape %} in line 2"),
        ("{{ {'a': 1} }}", "dictionary"),
        ("{{ ''.__class__.__mro__ }}", "__mro__"),
        ("{{ contact['__class__'] }}", "__class__"),
        ("{{ contact[contact.email] }}", "fixed name"),
        ("{{ self }}", "“self”"),
        ("{{ loop.index }}", "“loop"),
        ("{% for x in contact.items %}{{ loop }}{% endfor %}", "loop"),
        ("{% for x in contact.items %}{{ loop.cycle }}{% endfor %}", "loop.cycle"),
        ("{% for x in contact.items recursive %}{% endfor %}", "recursive"),
        ("{% for contact in contact.items %}{% endfor %}", "another name"),
        ("{% for a in contact.x %}{% for b in a %}{% for c in b %}{% endfor %}{% endfor %}{% endfor %}", "inside 2 others"),
        ("{% for a in [" + "1," * 201 + "] %}{% endfor %}", "more than 200"),
        ("{{ pw_links[0] }}", "pw_links"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "too deeply"),
        ("{{ " + "not " * 100 + "1 }}", "too complicated"),
        ("{{ 1" + "1" * 5000 + " }}", "too long"),
        ("{{ contact.email }}" * 20_000, "too complicated"),
        ("x" * 500_001, "larger than 500 KB"),
    ],
)
def test_everything_else_is_refused(source: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what) as refused:
        inspect(source)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("source", "line"),
    [("one\ntwo {{ contact. }}", 2), ("{% if contact.city %}\n\nnever ended", 1), ("a\nb\n{{ contact.city }", 3), ("\n{% endif %}", 2)],
)
def test_a_syntax_error_names_its_line(source: str, line: int) -> None:
    with pytest.raises(InvalidInput, match=f"in line {line}"):
        inspect(source)


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("<p>\n{% if contact.vip %}Dear\n<br>\n</p>", "{% if … %} in line 2 is not closed.", "Close it with {% endif %}."),
        ("{% if a %}\n{% if b %}x{% endif %}\n", "{% if … %} in line 1 is not closed.", "Close it with {% endif %}."),
        ("{% for a in b %}\n{% if a %}\n{% endfor %}", "{% if … %} in line 2 is not closed.", "Close it with {% endif %}."),
        ("{# {% if a %} #}\n{% for a in b -%}\n", "{% for … %} in line 2 is not closed.", "Close it with {% endfor %}."),
        ("{% if a %}\n{% if b == '{% endif %}' %}", "{% if … %} in line 2 is not closed.", "Close it with {% endif %}."),
        (
            "{% if a %}\n{% raw %}{% for a in b %}{% endraw %}{{ '{#' }}",
            "{% if … %} in line 1 is not closed.",
            "Close it with {% endif %}.",
        ),
        ("{% set a = 1 %}\n\n{%- if a\n%}{{ '#}' }}", "{% if … %} in line 3 is not closed.", "Close it with {% endif %}."),
        ("a\n{% endif %}", "{% endif %} in line 2 closes nothing.", "Take it out, or begin it with {% if … %}."),
    ],
)
def test_what_is_not_closed_is_named_with_the_line_where_it_begins(source: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        inspect(source)
    assert (refused.value.message, refused.value.hint) == (message, hint)


@pytest.mark.parametrize("words", ['{{ "' + "{#" * 100_000 + '" }}', "{% if '" + "{%aaaa" * 40_000 + "' %}"])
def test_what_is_not_closed_is_found_in_a_moment(words: str) -> None:
    begun = time.process_time()
    with pytest.raises(InvalidInput, match="in line 1 is not closed"):
        inspect("{% if a %}" + words)
    assert time.process_time() - begun < 1


def test_an_unknown_merge_field_is_named_with_its_line_and_what_exists() -> None:
    with pytest.raises(InvalidInput) as refused:
        inspect("\n{{ contact.frist_name }}", Vocabulary(["city"]))
    assert "“contact.frist_name” in line 2" in refused.value.message
    assert refused.value.hint == (
        "Did you mean contact.first_name? These exist: contact.email, contact.first_name, contact.last_name, contact.city."
    )


@pytest.mark.parametrize(
    "source", ["{{ name }}", "{{ workspace.secret }}", "{{ campaign.id }}", "{{ contact['town'] }}", "{% if town %}{% endif %}"]
)
def test_unknown_fields_are_refused_wherever_they_stand(source: str) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        inspect(source, Vocabulary(["city"]))


def test_without_a_list_any_attribute_is_taken() -> None:
    assert inspect("{{ contact.anything }}").fields == ("contact.anything",)


def test_a_group_alone_says_what_to_write() -> None:
    with pytest.raises(InvalidInput, match=r"contact\.last_name"):
        inspect("{{ contact }}")


def test_a_loop_s_name_ends_with_the_loop() -> None:
    with pytest.raises(InvalidInput, match="“item” in line 2"):
        inspect("{% for item in contact.items %}{{ item }}{% endfor %}\n{{ item }}")


def test_fields_are_listed_once_in_order() -> None:
    found = inspect("{{ view_url }}{{ contact.city }}{{ contact['city'] }}{% if contact.email %}{% endif %}")
    assert found.fields == ("view_url", "contact.city", "contact.email")


_snippets = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        " if ",
        " for x in ",
        "contact.",
        "email",
        "|",
        "default(",
        ")",
        "[",
        "]",
        "'",
        "endif",
        "1",
        "**",
        "\n",
        "<td>",
    ]
)


@settings(max_examples=300)
@given(st.lists(st.one_of(_snippets, st.text(max_size=4)), max_size=12).map("".join))
def test_any_text_is_either_fine_or_refused_in_plain_words(source: str) -> None:
    try:
        inspect(source)
    except InvalidInput as refused:
        assert refused.message
