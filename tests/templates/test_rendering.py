from __future__ import annotations

import resource
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.templates.compiling.compiler import compile_template
from core.templates.rendering.renderer import MAX_OUTPUT, check_subject, render, render_text


def _html(source: str, context: dict[str, Any]) -> str:
    return render(compile_template(source), context).html


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hi {{ contact.first_name }}", "Hi Ann"),
        ("Hi {{ contact.nothing }}!", "Hi !"),
        ("Hi {{ contact.nothing|default('you') }}", "Hi you"),
        ("Hi {{ contact.empty|default('you') }}", "Hi you"),
        ("Hi {{ contact.none|default('you') }}", "Hi you"),
        ("{{ contact.zero|default(5) }}", "0"),
        ("{{ contact.nothing.deeper.still }}.", "."),
        ("{{ contact.points + 1 }} {{ contact.points / 2 }}", "121 60"),
        ("{{ contact.nothing + 1 }}.", "."),
        ("{{ 'many' if contact.points > 100 else 'few' }}", "many"),
        ("{{ 'many' if contact.nothing > 100 else 'few' }}", "few"),
        ("{{ 'none' if contact.nothing == '' else 'some' }}", "none"),
        ("{{ contact.items }}", "a, b"),
        ("{{ contact.first_name[:1] }}.", "A."),
        ("{{ contact.items[1] }}{{ contact.items[9] }}", "b"),
        ("{{ contact.amount }} {{ contact.amount|number(2) }}", "1234.5 1,234.50"),
        ("{{ contact.big|number }}", "1,000,000"),
        ("{{ contact.joined|date }}", "22 November 2026"),
        ("{{ contact.joined|date('%Y') }}", "2026"),
        ("{{ contact.joined|date('%1000000000d') }}", "2026-11-22"),
        ("{{ contact.first_name|date }}", "Ann"),
        ("{% for c in contact.first_name %}{{ c }}{% else %}no list{% endfor %}", "no list"),
        ("{{ contact.first_name.__class__ or contact.first_name.upper }}.", None),
        ("{{ contact.first_name.upper }}.", "."),
    ],
)
def test_values_come_out_as_people_expect(source: str, expected: str | None, context: dict[str, Any]) -> None:
    context["contact"] |= {"empty": "", "none": None, "zero": 0, "amount": 1234.5, "big": 1e6, "joined": "2026-11-22"}
    if expected is None:
        with pytest.raises(InvalidInput):
            render_text(source, context)
    else:
        assert render_text(source, context) == expected


def test_a_contact_s_values_are_escaped_in_html_and_not_in_text(context: dict[str, Any]) -> None:
    context["contact"]["first_name"] = '<script>alert("x")</script> & co'
    rendered = render(compile_template('<p title="{{ contact.first_name }}">{{ contact.first_name }}</p>'), context)
    assert "<script>" not in rendered.html
    assert rendered.html.count("&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; co") == 2
    assert rendered.text.startswith('<script>alert("x")</script> & co')


def test_jinja_in_a_contact_s_value_is_only_text(context: dict[str, Any]) -> None:
    context["contact"]["first_name"] = "{{ workspace.name }}{% if 1 %}"
    rendered = render(compile_template("<p>{{ contact.first_name }}</p>"), context)
    assert "{{ workspace.name }}{% if 1 %}" in rendered.html
    assert "{{ workspace.name }}{% if 1 %}" in rendered.text


def test_a_template_can_t_change_what_others_see(context: dict[str, Any]) -> None:
    for source in ("{{ contact.update({'a': 1}) }}", "{{ contact.items.append(1) }}", "{% set contact = 1 %}"):
        with pytest.raises(InvalidInput):
            compile_template(source)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example", "evil", ""]
)
def test_a_contact_s_address_can_t_run_code(address: str, context: dict[str, Any]) -> None:
    context["contact"]["site"] = address
    assert '<a href="#">me</a>' in _html('<a href="{{ contact.site }}">me</a>', context)


@pytest.mark.parametrize("address", ["https://ann.example/?a=1&b=2", "HTTP://ann.example", "mailto:ann@example.com"])
def test_a_contact_s_own_address_stays_a_link(address: str, context: dict[str, Any]) -> None:
    context["contact"]["site"] = address
    assert f'<a href="{address.replace("&", "&amp;")}">me</a>' in _html('<a href="{{ contact.site }}">me</a>', context)


def test_the_pixel_is_there_only_when_its_url_is(context: dict[str, Any]) -> None:
    version = compile_template("<p>x</p>")
    assert '<img src="https://mail.example/o/1.gif"' in render(version, context).html
    assert "<img" not in render(version, context | {"pw_pixel": ""}).html


def test_fewer_links_than_the_template_has_are_refused(context: dict[str, Any]) -> None:
    version = compile_template('<a href="https://a.example">a</a><a href="https://b.example">b</a>')
    with pytest.raises(InvalidInput, match="more links"):
        render(version, context | {"pw_links": ["https://mail.example/c/1"]})


def test_a_mail_that_grows_without_end_is_stopped(context: dict[str, Any]) -> None:
    context["contact"]["items"] = list(range(100_000))
    source = "{% for a in contact.items %}{% for b in contact.items %}" + "x" * 1000 + "{% endfor %}{% endfor %}"
    with pytest.raises(InvalidInput, match="larger than 2 MB"):
        _html(source, context)


def test_a_long_list_is_cut_at_a_thousand_items(context: dict[str, Any]) -> None:
    context["contact"]["items"] = list(range(100_000))
    assert render_text("{% for a in contact.items %}{{ '' if not loop.last else loop.index }}{% endfor %}", context) == "1000"
    assert MAX_OUTPUT == 2_000_000


LOOPS, ENDS = "{% for a in data.many %}{% for b in data.many %}", "{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    "source",
    [
        LOOPS + "{% if data.long|title == 'x' %}a{% endif %}" + ENDS,
        LOOPS + "{% if data.long == data.same %}{% endif %}" + ENDS,
        LOOPS + "{% if a == b and a > 5 or b < 3 %}{% endif %}" * 20 + ENDS,
        "{% if " + " or ".join(f"data.long|title == {number}" for number in range(25)) + " %}{% endif %}",
    ],
)
def test_a_mail_that_takes_too_much_work_is_refused_soon(source: str, context: dict[str, Any]) -> None:
    context["data"] = {"many": list(range(1_000)), "long": "ab " * 30_000, "same": "ab " * 30_000}
    began = time.thread_time()
    with pytest.raises(InvalidInput, match="does too much with this data"):
        render_text(source, context)
    assert time.thread_time() - began < 10


def test_what_stands_in_many_places_is_worked_out_once(context: dict[str, Any]) -> None:
    context["data"] = {"long": "ab " * 30_000}
    assert render_text("{% if data.long|title %}a{% endif %}" * 25, context) == "a" * 25


def test_a_long_list_of_things_is_no_work(context: dict[str, Any]) -> None:
    rows = [{"name": f"Tea {number}", "notes": ["fresh", "loose"], "price": number} for number in range(1_000)]
    context["data"] = {"rows": rows}
    row = "{{ row.name|title }} {{ row.price|number(2) }}{% for note in row.notes %} {{ note|upper }}{% endfor %};"
    assert render_text(f"{{% for row in data.rows %}}{row}{{% endfor %}}", context).endswith("Tea 999 999.00 FRESH LOOSE;")


@pytest.mark.parametrize("test", ["odd", "even", "divisibleby(3)", "divisibleby(contact.first_name)"])
def test_only_a_number_is_odd_or_even(test: str, context: dict[str, Any]) -> None:
    """Python's `%` fills in a text: “%0299999999d” would become one of 300 MB, and it is its reader who writes it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for value in ("%0299999999d", "3", "", None, [1], {}, True):
        context["contact"]["points"] = value
        assert render_text(f"{{% if contact.points is {test} %}}yes{{% endif %}}no", context) == "no"
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_numbers_are_odd_or_even(context: dict[str, Any]) -> None:
    said = "{% for a in contact.items %}{{ a is odd }} {{ a is even }} {{ a is divisibleby(3) }} {{ a is divisibleby(0) }};{% endfor %}"
    context["contact"]["items"] = [3, 4, 6.0]
    assert render_text(said, context) == "True False True False;False True False False;False True True False;"


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ("9", "Anneli..."),
        ("4, true", "A..."),
        ("3, true", "Ann"),
        ("2", "An"),
        ("2, false, '.'", "A."),
        ("1, false, '.'", "A"),
        ("0", ""),
        ("-7", ""),
        ("6, true, '…'", "Annel…"),
        ("6, true, '…', -9", "Annel…"),
    ],
)
def test_a_text_is_cut_however_short_it_has_to_be(how: str, found: str, context: dict[str, Any]) -> None:
    context["contact"]["first_name"] = "Anneliese-Katharina"
    assert render_text(f"{{{{ contact.first_name|truncate({how}) }}}}!", context) == f"{found}!"
    assert f"<p>{found}</p>" in _html(f"<p>{{{{ contact.first_name|truncate({how}) }}}}</p>", context)


def test_text_is_not_escaped_where_there_is_no_html(context: dict[str, Any]) -> None:
    context["contact"]["city"] = "O'Neil & <Co>"
    mail = render(compile_template("<p>{{ contact.city|e }} {{ contact.city|escape|upper }}</p>"), context)
    assert "<p>O&#39;Neil &amp; &lt;Co&gt; O&#39;NEIL &AMP; &LT;CO&GT;</p>" in mail.html
    assert mail.text.startswith("O'Neil & <Co> O'NEIL & <CO>\n")
    assert render_text("To {{ contact.city|e }}", context) == "To O'Neil & <Co>"


@pytest.mark.parametrize("end", ["{", "{\n", " {\n\n", "{# aside #}{"])
def test_a_brace_at_the_end_is_a_brace(end: str, context: dict[str, Any]) -> None:
    assert render_text(f"Look {{{{ contact.first_name }}}} {end.strip()}", context) == "Look Ann {"
    mail = render(compile_template(f"{{% if contact.first_name %}}<p>Look</p>{{% endif %}}<p>{{{{ unsubscribe_url }}}} {end}</p>"), context)
    assert mail.text.endswith(" {\n")


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.first_name > 5 }}",
        "{{ contact.first_name + 1 }}",
        "{{ 1 / 0 }}",
        "{{ contact.points|length }}",
        "{{ contact.huge * 2 }}",
    ],
)
def test_a_value_that_does_not_fit_is_one_plain_message(source: str, context: dict[str, Any]) -> None:
    context["contact"]["huge"] = 10**400
    with pytest.raises(InvalidInput, match="can't be rendered") as refused:
        render_text(source, context)
    assert "Ann" not in str(refused.value)


def test_the_text_part_has_no_empty_stretches(context: dict[str, Any]) -> None:
    source = "<p>a</p>{% if contact.nothing %}<p>never</p>{% endif %}{% for x in contact.items %}<div>{{ x }}</div>{% endfor %}<p>z</p>"
    assert render(compile_template(source), context).text.startswith("a\na\nb\n\nz\n")


@pytest.mark.parametrize(
    ("subject", "what"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a\r\nBcc: x@example.com", "one line"),
        ("a\u2028b", "one line"),
        ("{{ contact.nope }}", "does not exist"),
        ("{{ nope }}", "does not exist"),
        ("{{ contact.first_name", "mistake in line 1"),
        ("x" * 1001, "longer"),
    ],
)
def test_a_bad_subject_is_refused(subject: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        check_subject(subject, ["city"])


def test_a_subject_is_not_escaped_for_html(context: dict[str, Any]) -> None:
    context["contact"]["first_name"] = "Tom & Ann"
    assert render_text("{{ contact.first_name }}’s <news>", context) == "Tom & Ann’s <news>"


@given(st.text())
def test_no_contact_value_can_begin_another_header(value: str) -> None:
    line = render_text("Hi {{ contact.first_name }}!", {"contact": {"first_name": value}})
    assert not set(line) & set("\r\n\x00\x0b\x0c\x85\u2028\u2029")


class _Odd:
    def __str__(self) -> str:
        raise RuntimeError("nobody thought of this")


def test_whatever_a_value_does_is_told_as_what_does_not_fit(context: dict[str, Any]) -> None:
    context["contact"]["city"] = _Odd()
    with pytest.raises(InvalidInput, match="a value does not fit"):
        render(compile_template("<p>{% if contact.points > 1 %}{{ contact.city|title }}{% endif %}</p>"), context)
