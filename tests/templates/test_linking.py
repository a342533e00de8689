from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput
from core.templates.compiling.compiler import compile_template
from core.templates.rendering.renderer import render


def test_each_address_is_one_link_however_often_it_is_used(context: dict[str, Any]) -> None:
    compiled = compile_template('<a href="https://a.example/1">x</a><a href="https://a.example/2">y</a><a href="https://a.example/1">z</a>')
    assert compiled.links == ["https://a.example/1", "https://a.example/2"]
    assert render(compiled, context).html.count('href="https://mail.example/c/0"') == 2


def test_character_references_in_an_address_are_resolved() -> None:
    assert compile_template('<a href="https://a.example/?a=1&amp;b=%C3%A4#x">x</a>').links == ["https://a.example/?a=1&b=%C3%A4#x"]


def test_a_space_in_an_address_is_encoded() -> None:
    assert compile_template('<a href=" https://a.example/a b ">x</a>').links == ["https://a.example/a%20b"]


def test_buttons_images_and_areas_are_tracked_too() -> None:
    source = (
        '<mjml><mj-body><mj-section><mj-column><mj-button href="https://a.example/b">x</mj-button>'
        '<mj-image href="https://a.example/i" src="https://a.example/i.png" alt="i" /></mj-column></mj-section></mj-body></mjml>'
    )
    assert compile_template(source).links == ["https://a.example/b", "https://a.example/i"]
    assert compile_template('<map><area href="https://a.example/m"></map>').links == ["https://a.example/m"]


def test_outlook_s_own_buttons_are_tracked(context: dict[str, Any]) -> None:
    compiled = compile_template('<!--[if mso]><v:roundrect href="https://a.example/o"><i>x</i></v:roundrect><![endif]--><p>x</p>')
    assert compiled.links == ["https://a.example/o"]
    assert 'href="https://mail.example/c/0"' in render(compiled, context).html


@pytest.mark.parametrize(
    "source", ['<form action="{}"></form>', '<button formaction="{}">x</button>', '<svg><a xlink:href="{}">x</a></svg>']
)
def test_a_merge_field_runs_no_code_wherever_an_address_is_followed(context: dict[str, Any], source: str) -> None:
    compiled = compile_template(source.format("{{ contact.site }}"))
    assert compiled.links == []
    context["contact"]["site"] = "javascript:alert(1)"
    assert "javascript" not in render(compiled, context).html
    context["contact"]["site"] = "https://a.example/"
    assert source.format("https://a.example/") in render(compiled, context).html


@pytest.mark.parametrize("address", ["mailto:a@b.example?subject=x", "tel:+4712345678", "#top", ""])
def test_other_addresses_stay_as_they_are(address: str) -> None:
    compiled = compile_template(f'<a href="{address}">x</a>')
    assert compiled.links == []
    assert f'<a href="{address}">x</a>' in compiled.html


def test_images_and_style_sheets_are_not_links() -> None:
    assert compile_template('<img src="https://a.example/x.png" alt="x">').links == []


def test_an_address_with_a_merge_field_is_rendered_for_each_contact_and_not_counted(context: dict[str, Any]) -> None:
    compiled = compile_template('<a href="https://a.example/?city={{ contact.city|urlencode }}">x</a>')
    context["contact"]["city"] = "Å & B"
    assert compiled.links == []
    assert 'href="https://a.example/?city=%C3%85%20%26%20B"' in render(compiled, context).html


def test_the_same_address_may_be_written_with_a_condition(context: dict[str, Any]) -> None:
    source = '<a href="{% if contact.city %}https://a.example/{{ contact.city }}{% else %}{{ contact.site }}{% endif %}">x</a>'
    assert 'href="https://a.example/Oslo"' in render(compile_template(source), context).html
    context["contact"] |= {"city": "", "site": "javascript:alert(1)"}
    assert 'href="#"' in render(compile_template(source), context).html


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ('\n<a href="javascript:alert(1)">x</a>', "“javascript:alert\\(1\\)” in line 2"),
        ('<a href="&#106;ava&#10;script:alert(1)">x</a>', "javascript"),
        ('<a href="java\tscript:alert(1)">x</a>', "javascript"),
        ('<a href=" data:text/html,<b>">x</a>', "data:text/html"),
        ('<a href="data:image/svg+xml,x">x</a>', "data:image"),
        ('<a href="vbscript:x">x</a>', "vbscript"),
        ('<img src="javascript:x">', "javascript"),
        ('<form action="javascript:x"></form>', "javascript"),
        ('<svg><a xlink:href="javascript:x">x</a></svg>', "javascript"),
        ('<a href="javascript:{{ contact.city }}">x</a>', "javascript"),
        ('<a href="file:///etc/passwd">x</a>', "file:"),
        ("<script>alert(1)</script>", "<script>"),
        ("<ScRiPt src='https://a.example/x.js'></sCrIpT>", "<script>"),
        ("<iframe src='https://a.example'></iframe>", "<iframe>"),
        ("<object data='x'></object>", "<object>"),
        ("<base href='https://evil.example'>", "<base>"),
        ('<meta http-equiv="refresh" content="0;url=https://evil.example">', "refresh"),
        ("""<meta http-equiv="{{ 'refresh' }}" content="0;url=https://evil.example">""", "refresh"),
        ('<meta http-equiv="{{ contact.city }}" content="0;url=https://evil.example">', "refresh"),
        ('<p onclick="x()">x</p>', "onclick"),
        ("<svg/onload=alert(1)>", "onload"),
        ("<!--[if mso]><a href='javascript:x'>x</a><![endif]-->", "javascript"),
        ('<mjml><mj-body><mj-section><mj-column><mj-image href="javascript:x" /></mj-column></mj-section></mj-body></mjml>', "javascript"),
        ("<mjml><mj-body><mj-raw><script>x</script></mj-raw></mj-body></mjml>", "<script>"),
    ],
)  # fmt: skip
def test_code_in_a_template_is_refused(source: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        compile_template(source)


@pytest.mark.parametrize(
    "address", ["/shop", "www.example.com", "//a.example", "https://", "htp://a.example", "shop.html", "/{{ contact.city }}"]
)
def test_an_address_that_leads_nowhere_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="not a complete address"):
        compile_template(f'<a href="{address}">x</a>')


def test_a_loop_inside_an_address_is_refused() -> None:
    with pytest.raises(InvalidInput, match="inside a link"):
        compile_template('<a href="{% for x in contact.items %}{{ x }}{% endfor %}">x</a>')


def test_links_inside_a_loop_are_tracked(context: dict[str, Any]) -> None:
    compiled = compile_template('{% for x in contact.items %}<a href="https://a.example">{{ x }}</a>{% endfor %}')
    assert compiled.links == ["https://a.example"]
    assert render(compiled, context).html.count("https://mail.example/c/0") == 2


def test_a_field_of_another_program_in_place_of_a_link_is_told_as_that() -> None:
    with pytest.raises(InvalidInput, match="in line 2 is not a complete address") as refused:
        compile_template('<p>Hello</p>\n<a href="*|UNSUB|*">Unsubscribe</a>')
    assert refused.value.hint == "“*|UNSUB|*” is a field of another program. Write {{ unsubscribe_url }} in its place."
