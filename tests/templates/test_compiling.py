from __future__ import annotations

import re
import time
from contextlib import suppress
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.templates.compiling.compiler import TemplateKind, compile_template, detect_kind
from core.templates.compiling.pixel import before_body_end, counting
from core.templates.rendering.renderer import render


def _mjml(column: str, head: str = "") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body><mj-section><mj-column>{column}</mj-column></mj-section></mj-body></mjml>"


def _body(html: str) -> str:
    return html[html.index("<body") : html.index("</body>")]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("<mjml><mj-body></mj-body></mjml>", TemplateKind.MJML),
        ("\ufeff\n <!-- mine -->\n<!-- <p> -->{# note #}<MJML lang='en'>", TemplateKind.MJML),
        ('<?xml version="1.0"?><mjml>', TemplateKind.MJML),
        ("<p>about <mjml></p>", TemplateKind.HTML),
        ("<!doctype html><html>", TemplateKind.HTML),
        ("just text", TemplateKind.HTML),
    ],
)
def test_the_kind_is_read_from_the_first_element(source: str, kind: TemplateKind) -> None:
    assert detect_kind(source) is kind


@pytest.mark.timeout(60)
def test_telling_the_kind_takes_no_longer_for_odd_text() -> None:
    assert detect_kind("<!--x-->" * 30_000 + "<") is TemplateKind.HTML


def test_mjml_becomes_html_with_the_merge_fields_in_place(context: dict[str, Any]) -> None:
    compiled = compile_template(_mjml('<mj-text>Hi {{ contact.first_name|default("you") }}</mj-text>'))
    assert compiled.kind is TemplateKind.MJML
    assert compiled.html.startswith("<!DOCTYPE html>")
    assert '{{ contact.first_name|default("you") }}' in compiled.html
    assert "Hi Ann</div>" in render(compiled, context).html


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_windows_and_old_mac_line_ends_compile(ends: str, context: dict[str, Any]) -> None:
    source = _mjml("\n<mj-text>\nHi {{ contact.first_name }}\n</mj-text>\n").replace("\n", ends)
    assert "Hi Ann" in render(compile_template(source), context).html


@pytest.mark.parametrize("make", [_mjml, lambda column: column.replace("mj-text", "div")], ids=["mjml", "html"])
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("<mj-text>{% if 1 < 2 and 3 > 2 %}yes{% endif %}</mj-text>", ">yes<"),
        ('<mj-text>{{ contact.none|default("a \\"b\\" <c>") }}</mj-text>', "a &#34;b&#34; &lt;c&gt;"),
        ("<mj-text><b title=\"{{ contact.none|default('it') }} {{ contact.city }}\">x</b></mj-text>", 'title="it Oslo"'),
        ('<mj-text><b title="{{ contact.none|default("quoted") }}">x</b></mj-text>', 'title="quoted"'),
        ('<mj-text><b title="{% if contact.city == "Oslo" %}N{% else %}S{% endif %}">x</b></mj-text>', 'title="N"'),
        ("<mj-text>&lt;b&gt; &amp; &nbsp;ä €</mj-text>", "&lt;b&gt; &amp; &nbsp;ä €"),
        ("<mj-text>{# never shown #}shown</mj-text>", ">shown<"),
        ("<mj-text>{{- contact.city -}} </mj-text>", ">Oslo<"),
        ("{% for x in contact.items %}<mj-text>{{ x }}!</mj-text>{% endfor %}", "b!"),
        ("{% if contact.city %}<mj-text>in</mj-text>{% else %}<mj-text>out</mj-text>{% endif %}", ">in<"),
    ],
)
def test_jinja_survives_the_tools(part: str, expected: str, make: Any, context: dict[str, Any]) -> None:
    html = render(compile_template(make(part)), context).html
    assert expected in html
    assert "out" not in re.sub(r"<[^>]*>", "", _body(html))


@pytest.mark.parametrize(
    "table",
    [
        "<table>{% for x in contact.items %}<tr><td>{{ x }}</td></tr>{% endfor %}</table>",
        "<table>\n  {% for x in contact.items %}\n  <tr><td>{{ x }}</td></tr>\n  {% endfor %}\n</table>",
        "<table><tbody>{% for x in contact.items %}<tr><td>{{ x }}</td></tr>{% endfor %}</tbody></table>",
        "<table><thead><tr><th>h</th></tr></thead>{% for x in contact.items %}<tr><td>{{ x }}</td></tr>{% endfor %}</table>",
        "<table><tr>{% for x in contact.items %}<td>{{ x }}</td>{% endfor %}</tr></table>",
        "<table>{% if contact.city %}{% for x in contact.items %}<tr><td>{{ x }}</td></tr>{% endfor %}{% endif %}</table>",
        "<ul>{% for x in contact.items %}<li>{{ x }}</li>{% endfor %}</ul>",
        "<select>{% for x in contact.items %}<option>{{ x }}</option>{% endfor %}</select>",
    ],
)
def test_a_loop_stays_inside_its_table(table: str, context: dict[str, Any]) -> None:
    html = render(compile_template(table), context).html
    body = re.sub(r"\s", "", _body(html))
    cell = re.search(r"<(td|li|option)>a</\1>(</tr><tr>)?<(td|li|option)>b</", body)
    assert cell, body
    assert body.count("<tbody>") <= 1


def test_a_loop_in_an_mj_table_stays_there(context: dict[str, Any]) -> None:
    source = _mjml("<mj-table>{% for x in contact.items %}<tr><td>{{ x }}</td></tr>{% endfor %}</mj-table>")
    assert "<tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>" in render(compile_template(source), context).html


def test_sections_and_columns_repeat(context: dict[str, Any]) -> None:
    source = (
        "<mjml><mj-body>"
        "{% for x in contact.items %}<mj-section><mj-column><mj-text>s{{ x }}</mj-text></mj-column></mj-section>{% endfor %}"
        "<mj-section>{% for x in contact.items %}<mj-column><mj-text>c{{ x }}</mj-text></mj-column>{% endfor %}</mj-section>"
        "</mj-body></mjml>"
    )
    words = re.findall(r">([sc][ab])<", render(compile_template(source), context).html)
    assert words == ["sa", "sb", "ca", "cb"]


def test_styles_are_inlined_and_kept_for_small_screens_and_dark_mode() -> None:
    html = compile_template(
        "<style>.a{color:red} .a:hover{color:blue} @media (prefers-color-scheme: dark){.a{color:white!important}}</style><p class=a>x</p>"
    ).html
    assert '<p class="a" style="color: red;">' in html
    assert "prefers-color-scheme: dark" in html and ".a:hover" in html


def test_minified_css_is_not_taken_for_a_jinja_comment() -> None:
    assert "#top" in compile_template("<style>@media screen{#top{color:red}}</style><p id=top>x</p>").html


def test_nothing_is_fetched_from_anywhere() -> None:
    html = compile_template('<link rel="stylesheet" href="http://127.0.0.1:1/x.css"><link rel="stylesheet" href="/etc/passwd">x').html
    assert "<link" not in html and "root:" not in html
    assert "fonts.googleapis" not in compile_template(_mjml("<mj-text>x</mj-text>")).html


def test_a_merge_field_may_colour_a_button(context: dict[str, Any]) -> None:
    source = _mjml('<mj-button background-color="{{ brand.primary_colour }}" href="https://a.example">Go</mj-button>')
    assert "background:#123456" in render(compile_template(source), context).html


def test_character_references_never_become_code(context: dict[str, Any]) -> None:
    source = (
        '<p title="&#123;&#123; contact.email }}">&#123;&#123; contact.email }} &#123;% if 1 %} &#123;# x &#123;{{ contact.city }}}</p>'
    )
    rendered = render(compile_template(source), context)
    assert "ann@example.com" not in rendered.html + rendered.text
    assert "{{ contact.email }} {% if 1 %} {# x {Oslo}" in rendered.html
    assert "{{ contact.email }} {% if 1 %} {# x {Oslo}" in rendered.text


def test_a_fragment_becomes_a_document() -> None:
    html = compile_template("<p>Hi</p>").html
    assert html.startswith("<!DOCTYPE html><html><head><meta charset") and html.endswith("</body></html>")


def test_a_document_keeps_its_own_head() -> None:
    html = compile_template('<html lang="nb"><head><title>T {{ contact.city }}</title></head><body class="b"><p>x</p></body></html>').html
    assert html.startswith('<!DOCTYPE html><html lang="nb"><head><title>T {{ contact.city }}</title></head><body class="b">')


def test_without_an_unsubscribe_link_a_footer_with_one_is_added(context: dict[str, Any]) -> None:
    compiled = compile_template("<p>Hi</p>")
    rendered = render(compiled, context)
    assert '<a href="https://mail.example/u/1"' in rendered.html and "1 Main Road, Town" in rendered.html
    assert "Unsubscribe <https://mail.example/u/1>" in rendered.text and "1 Main Road, Town" in rendered.text
    assert "unsubscribe_url" in compiled.fields


@pytest.mark.parametrize("behind", ["<!-- </body> -->", "<!-- a --> <!--[if mso]></body><![endif]-->", "</html>\n<!-- </body></html> -->"])
def test_what_is_added_at_the_end_is_seen_whatever_a_comment_behind_it_says(behind: str) -> None:
    html = counting(compile_template(f"<html><body><p>Hi</p></body>{behind}</html>").html)
    read = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    assert all(mark in read for mark in ("{{ unsubscribe_url }}", "{{ pw_pixel }}", "{{ pw_trap }}"))


@pytest.mark.parametrize(
    ("html", "where"),
    [
        ("</body><!--" * 20_000, 19_999 * 11),
        ("</body><!--" * 20_000 + "--></html> ", 0),
        ("</body><!--" * 20_000 + "-->x", 19_999 * 11),
        ("</body><!--x-->" * 20_000, 19_999 * 15),
        ("</body></html><!-->--></html>", 0),
        ("no body", 7),
    ],
)
def test_the_end_of_the_body_is_found_in_a_moment(html: str, where: int) -> None:
    begun = time.process_time()
    assert before_body_end(html, "here").index("here") == where
    assert time.process_time() - begun < 0.3


@pytest.mark.parametrize("words", ["Hello", "İstanbul", "İ" * 20])
def test_the_link_for_machines_is_inside_the_body_in_any_language(words: str) -> None:
    html = compile_template(f"<p>{words}</p>").html
    sent = counting(html)
    assert sent.endswith("</a></body></html>") and sent.count("</body>") == 1


def test_a_template_with_its_own_unsubscribe_link_gets_no_second_one(context: dict[str, Any]) -> None:
    rendered = render(compile_template('<p>Hi</p><a href="{{ unsubscribe_url }}">Stop</a>'), context)
    assert rendered.html.count("https://mail.example/u/1") == 1
    assert "1 Main Road" not in rendered.html


def test_the_fields_used_are_listed() -> None:
    compiled = compile_template("{{ contact.city }}<a href='{{ unsubscribe_url }}'>{{ contact.email }}</a>{{ contact.city }}")
    assert compiled.fields == ["contact.city", "unsubscribe_url", "contact.email"]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("a\x00b", "not text"),
        ("a\ud800b", "not text"),
        ("{{ contact.first_name", "mistake in line 1"),
        ("{% raw %}{{ x }}{% endraw %}", "raw"),
        ("<td {% if contact.city %}class='a'{% endif %}>x</td>", r"\{% if contact.city %\} in line 1 stands inside <td>"),
        ("<p>\n<{{ contact.city }}>x</p>", "does not fit|gets lost|stands inside"),
        ("<div>{% if contact.city %}<p>{% else %}<p class=b>{% endif %}x</p></div>", "else %} in line 1 does not fit"),
        ("<div>{% if contact.city %}</div>{% endif %}", "endif %} in line 1 does not fit"),
        ("<table><tr>{% if contact.city %}<td>a{% endif %}</td></tr></table>", "does not fit"),
        (_mjml("<mj-texd>x</mj-texd>"), "<mj-texd> in line 1 is not an MJML element"),
        (_mjml("\n<mj-text>\n<p>a<p>b\n</mj-text>"), "<p> in line 3 is not closed, but </mj-text> follows in line 4"),
        (_mjml("<mj-text>x</mj-text></mj-button>"), "<mj-column> in line 1 is not closed, but </mj-button>"),
        (_mjml("{{ contact.email\n}}\n<mj-text>1 < 2</mj-text>"), "sign < in line 3"),
        ("<mjml><mj-body>", "<mj-body> in line 1 is not closed"),
        ("</mjml><mjml></mjml>", "</mjml> in line 1 closes nothing"),
        ("<mjml><mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>", "mj-include"),
        (_mjml("<mj-text align=left>x</mj-text>"), "can't be read"),
        ("<mjml><mj-section></mj-section></mjml>", "can't be read near line 1"),
        (_mjml("<mj-image width='{{ brand.name }}' src='https://a.example/x.png' />"), "brand.name }} in line 1 gets lost"),
        (_mjml("<mj-text title='" + "x" * 2001 + "'>x</mj-text>"), "too large"),
        (_mjml("<mj-spacer />" * 3001), "too large"),
        ("<div>" * 501, "inside each other"),
        ("<div></p>" * 501, "inside each other"),
        ("<svg><title>" + "<div>" * 501, "inside each other"),
        ("<!-- --!>" + "<div>" * 501, "inside each other"),
        ("<div/>" * 501, "inside each other"),
        ("<table><tr><td>" * 200, "inside each other"),
        ("<mjml><mj-body>" + "<mj-section>" * 100 + "</mj-section>" * 100 + "</mj-body></mjml>", "nested too deeply"),
        ("".join(f"<a href='https://a.example/{number}'>x</a>" for number in range(1001)), "more than 1000 links"),
        ("{% for a in contact.x %}{% endfor %}" * 201, "more than 200 loops"),
        ("<style>" + ".a{color:red}" * 9000 + "</style>" + "<i>x</i>" * 3000, "too many styles"),
    ],
)
def test_what_can_t_be_compiled_is_explained(source: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what) as refused:
        compile_template(source)
    assert refused.value.hint


def test_an_unknown_attribute_is_refused_when_the_known_ones_are_given() -> None:
    compile_template("{{ contact.city }}", known_attributes=["city"])
    with pytest.raises(InvalidInput, match=r"contact\.town"):
        compile_template("{{ contact.town }}", known_attributes=["city"])


_values = st.sampled_from(["{{ contact.city }}", "{{ contact.email|upper }}", "{{ view_url }}", "text", "1 &lt; 2", "{# note #}", "ä<br>"])
_wraps = st.sampled_from(
    [
        "<p>%s</p>",
        "<div title=\"{{ contact.none|default('q') }}\">%s</div>",
        "{%% if contact.points > 1 %%}%s{%% endif %%}",
        "{%% for x in contact.items %%}<b>{{ x }}</b>%s{%% endfor %%}",
        "<table>{%% if 1 < 2 %%}<tr><td>%s</td></tr>{%% endif %%}</table>",
        "{%% if contact.a %%}a{%% elif contact.b %%}%s{%% else %%}c{%% endif %%}",
        "<!--[if mso]><i>{{ contact.city }}</i><![endif]-->%s",
        '<a href="https://a.example/?x={{ contact.city }}">%s</a>',
    ]
)


def _nested(parts: tuple[list[str], list[str]]) -> str:
    text = "".join(parts[0])
    for wrap in parts[1]:
        text = wrap % text
    return text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(_values, max_size=4), st.lists(_wraps, max_size=2)).map(_nested), max_size=4).map("".join))
def test_every_merge_field_and_condition_survives_as_often_as_it_was_written(source: str) -> None:
    if not source.strip():
        return
    tags = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
    written = sorted(tags.findall(source))
    body = compile_template(source + '<a href="{{ unsubscribe_url }}">x</a>').html.split("{% if pw_pixel %}")[0]
    assert sorted(tags.findall(body)) == sorted([*written, "{{ unsubscribe_url }}"])


_garbage = st.sampled_from(
    ["<p>", "</p>", "<", ">", "<!--", "-->", "<table>", "<tr>", "<td ", "'", '"', "=", "{{ contact.city }}", "{% if 1 %}", "{% endif %}",
     "&#123;",
     "<mjml>", "<mj-body>", "</mjml>", "<style>", "{", "}", "pwx0z", "<a href=", "https://a.example", "javascript:", "/", "<script>"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_garbage, st.text(max_size=3)), max_size=14).map("".join))
def test_any_text_compiles_or_is_refused_in_plain_words(source: str) -> None:
    try:
        compile_template(source)
    except InvalidInput as refused:
        assert refused.message


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<",
        "<!--",
        '<a b="',
        "<a b='",
        "<style>",
        "<a ////////",
        "{{ 1 }}",
        "{#",
        "<!-- --!",
        "<b id=1>",
        "<table>",
        "&#123;",
        "<a =",
        "<p>",
    ],
)
@pytest.mark.timeout(120)
def test_hostile_text_is_answered_and_crashes_nothing(piece: str) -> None:
    with suppress(InvalidInput):
        compile_template(piece * (100_000 // len(piece)))


@pytest.mark.parametrize(
    "words", ["C:\\\\temp", "a\u00a0b", "e\u0301", "👩\u200d👩\u200d👧", "\u202bשלום", "a\tb", "soft\u00adly", "Grüße"]
)
def test_unusual_letters_in_attributes_reach_the_mail_as_they_are(words: str) -> None:
    template = compile_template(
        _mjml(f'<mj-image src="https://a.example/a.png" alt="{words}" /><mj-text><p title="{words}">x</p></mj-text>')
    )
    assert f'alt="{words}"' in unescape(template.html)
    assert f'title="{words}"' in unescape(template.html)


def test_a_word_written_like_a_placeholder_by_references_stays_a_word() -> None:
    assert "pwx99z" in compile_template("<p>&#112;wx99z {{ contact.city }}</p>").html
