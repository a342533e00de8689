"""Taking a template apart must not change what comes out of it."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.templates.jinja import sandbox
from core.templates.rendering.renderer import _run
from core.templates.rendering.slots import BLANK_LINES, Slots

_LONG, _OTHER = "fixed words, of which there are many more than a few, ", "and others that are not the same, but long as well \n\n"
PIECES = st.sampled_from(
    [
        "Hello ", "\n", "\n\n", "  \n \n", " ", "end", ".\n", "<p>", "</p>", "ü", "{{ contact.first_name }}", "{{ contact.nothing }}",
        "{{ contact.points }}", "{{ contact.first_name|upper }}", "{{ pw_links[0] }}", "{{ pw_links[3] }}", "{{ unsubscribe_url }}",
        "{% if contact.points > 100 %}\n\nmany {{ contact.first_name }}\n{% endif %}", 
        "{% if pw_pixel %}<img src='{{ pw_pixel }}'>{% endif %}",
        "{% for item in contact.items %}- {{ item }}\n{% endfor %}", "{{ workspace.name }}", "{{ campaign.subject }}", "{{ 1 + 1 }}",
        *(f"{{% if contact.points > 100 %}}{words}{{{{ contact.first_name|upper }}}}{more}{{% else %}}no{{% endif %}}"
          for words in (_LONG, _OTHER) for more in (_LONG, "", "\n")),
        *(f"{{% for item in contact['items'] %}}{words}{{{{ loop.index }}}}. {{% if loop.first %}}{words}{{% endif %}}{_LONG}{{% endfor %}}"
          for words in (_LONG, _OTHER)),
        *(f"{{% filter pw_url %}}{words}{{{{ contact.first_name }}}}{{% endfilter %}}" for words in (_LONG, "https://a.example/")),
        *(f"{{%- if contact.first_name -%}} \n{words}{{%- endif %}}  " for words in (_LONG, _OTHER)), "{# said aside #}", '{{ "{" }}',
        "{{- contact.first_name -}}", "{% raw %}{{ x }}{% endraw %}", _LONG,
    ]
)  # fmt: skip
# A brace at the end begins no tag.
SOURCES = st.builds(lambda pieces, end: "".join(pieces) + end, st.lists(PIECES, max_size=12), st.sampled_from(["", " {", " {\n"]))
NAMES = st.sampled_from(["Ann", "", "<b>&\"'", "two\n\n\nlines", " spaced ", "a\x1eb", None, 7, 1.0, True, ["x", "y"]])


@given(SOURCES, NAMES)
def test_html_comes_out_as_if_it_were_rendered_whole(source: str, name: Any) -> None:
    context = _context(name)
    filled = Slots(source, sandbox.HTML, _run).fill(context)
    whole = _run(sandbox.HTML.template_of(source), context)
    assert filled is None or str(filled) == whole
    assert filled is not None or "\x1e" in whole


@given(SOURCES, NAMES)
@example("{{ contact.first_name }}", "two\n\n\nlines")
def test_text_comes_out_as_if_it_were_rendered_whole(source: str, name: Any) -> None:
    context = _context(name)
    filled = Slots(source, sandbox.TEXT, _run, is_text=True).fill(context)
    whole = BLANK_LINES.sub("\n\n", _run(sandbox.TEXT.template_of(source), context)).strip() + "\n"
    assert filled is None or str(filled) == whole


def test_a_value_of_spaces_does_not_hold_up_whoever_sends() -> None:
    slots = Slots("{{ contact.first_name }} and {{ contact.first_name|upper }}", sandbox.TEXT, _run, is_text=True)
    begun = time.process_time()
    assert slots.fill(_context(f"a\n{' ' * 90_000}b"))
    assert time.process_time() - begun < 1


@given(st.lists(st.sampled_from([" ", "\t", "\n", "\r", "x"]), max_size=14).map("".join))
def test_blank_lines_are_those_with_nothing_in_them(text: str) -> None:
    assert BLANK_LINES.sub("|", text) == re.sub(r"[ \t]*\n(?:[ \t]*\n)+", "|", text)


def test_all_mails_of_a_template_share_one_layout() -> None:
    slots = Slots("<p>Dear {{ contact.first_name }}, see {{ pw_links[1] }}</p>", sandbox.HTML, _run)
    first, second = slots.fill(_context("Ann")), slots.fill(_context("Bob"))
    assert first and second
    assert first.layout is second.layout
    assert (first.values[0], second.values[0]) == ("Ann", "Bob")


def test_what_is_the_same_in_many_places_counts_as_often_as_it_is_there() -> None:
    slots = Slots("-".join([f"{{% if contact.points %}}{_LONG * 20}{{{{ contact.first_name }}}}{{% endif %}}"] * 400), sandbox.HTML, _run)
    assert len(str(slots.fill(_context("Ann")))) == 400 * (20 * len(_LONG) + 3) + 399
    with pytest.raises(InvalidInput, match="larger than 2 MB"):
        slots.fill(_context("x" * 5_000))


def test_long_words_in_a_loop_are_counted_before_they_are_written() -> None:
    row = f"{{% for one in contact['items'] %}}{{% for two in contact['items'] %}}{_LONG * 2_000}{{% endfor %}}{{% endfor %}}"
    slots = Slots(f"{row} and {row}", sandbox.HTML, _run)
    begun = time.process_time()
    with pytest.raises(InvalidInput, match="larger than 2 MB"):
        slots.fill(_context("Ann") | {"contact": {"items": ["x"] * 250}})
    assert time.process_time() - begun < 1


def test_a_long_email_of_the_same_conditions_is_prepared_soon() -> None:
    source = "".join(
        f"{{% if contact.first_name == 'Ann' %}}{_LONG}{number} {{{{ contact.points }}}}{_OTHER}{{% endif %}}" for number in range(900)
    )
    begun = time.process_time()
    filled = Slots(source, sandbox.HTML, _run).fill(_context("Ann"))
    assert time.process_time() - begun < 0.25
    assert str(filled) == "".join(f"{_LONG}{number} 120{_OTHER}" for number in range(900))


def _context(name: Any) -> dict[str, Any]:
    return {
        "contact": {"first_name": name, "points": 120, "items": ["a", "b"]},
        "workspace": {"name": "Acme & Co"},
        "campaign": {"name": "Spring", "subject": "Hi"},
        "brand": {},
        "unsubscribe_url": "https://mail.example/u/1?a=1&b=2",
        "pw_links": [f"https://mail.example/c/{number}?x=1&y=2" for number in range(5)],
        "pw_pixel": "https://mail.example/o/1.gif",
    }
