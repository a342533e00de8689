"""Templates somebody made to hurt: each is refused within a second of a processor, in words, with its line where that can be known."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.errors import InvalidInput
from core.templates.compiling.compiler import compile_template
from core.templates.confined.helper import Limits
from core.templates.confined.process import Confined
from core.templates.rendering.renderer import check_subject, render, render_text
from tests.benchmarks.measure import most_memory

# What takes longer is refused as well, but not with the words expected here.
SECOND = Limits(seconds=1.0)
MEGABYTES = 40


def _mjml(column: str, head: str = "") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body><mj-section><mj-column>{column}</mj-column></mj-section></mj-body></mjml>"


@pytest.fixture(scope="module")
def confined() -> Iterator[Confined]:
    made = Confined(SECOND)
    yield made
    made.close()


_UNSURE = "would not agree where it ends"
REFUSED = {
    # Reading what is not theirs.
    "class of a text": ("<p>\n{{ ''.__class__ }}</p>", "“__class__” in line 2"),
    "class by brackets": ("\n\n{{ ''['__class__'] }}", "“__class__” in line 3"),
    "class by a filter": ("{{ ''|attr('__class__') }}", "filter “attr” in line 1"),
    "class by a map": ("{{ [1]|map(attribute='__class__') }}", "filter “map” in line 1"),
    "globals": ("{{ contact.__init__.__globals__ }}", "“__globals__” in line 1|“__init__” in line 1"),
    "a function": ("\n{{ lipsum(n=99999999) }}", "Calling a function in line 2"),
    "a range": ("{% for a in range(10**9) %}x{% endfor %}", "in line 1"),
    "a cycler": ("{{ cycler('a') }}", "in line 1"),
    "a namespace": ("{% set n = namespace(a='x') %}", "in line 1"),
    "a format": ("{{ '{:>999999999}'.format(1) }}", "Calling a function in line 1"),
    "its own name": ("{{ self._TemplateReference__context }}", "“self” in line 1"),
    "config": ("{{ config.SECRET_KEY }}", "“config” in line 1"),
    "include": ("x\n{% include '/etc/passwd' %}", "include %} in line 2"),
    "import": ("{% import 'os' as os %}", "import %} in line 1"),
    "extends": ("{% extends 'x' %}", "extends %} in line 1"),
    "a macro": ("{% macro a() %}{{ a() }}{% endmacro %}", "macro %} in line 1"),
    "mj-include": ("<mjml>\n<mj-body>\n<mj-include path='/etc/passwd' /></mj-body></mjml>", "mj-include> in line 3"),
    "mj-include in capitals": ("<mjml><mj-body><MJ-INCLUDE path='/etc/passwd' /></mj-body></mjml>", "mj-include> in line 1"),
    "mj-include of styles": (_mjml("", "<mj-include type='css' path='/etc/passwd' />"), "mj-include> in line 1"),
    "mj-include with CRLF": ("<mjml>\r\n<mj-body>\r\n<mj-include path='x' />\r\n</mj-body></mjml>", "mj-include> in line 3"),
    "an entity from a file": ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _mjml("<mj-text>&x;</mj-text>"), "near line 1"),
    # Numbers, texts and lists that grow.
    "a power": ("<p>\n{{ 9 ** 9 ** 9 }}</p>", r"operator \*\* in line 2"),
    "a long text": ("{{ 'a' * 10**9 }}", "in line 1"),
    "a long list": ("{{ [1] * 10000 }}", "needs two numbers"),
    "a percent sign": ("{{ '%0999999999d' % 1 }}", "“%” in line 1|“mod” in line 1"),
    "a wide centre": ("{{ 'a'|center(999999999) }}", "filter “center” in line 1"),
    "an indent": ("{{ 'a'|indent(999999999) }}", "filter “indent” in line 1"),
    "a replacement": ("{{ 'a'|replace('a', 'aa') }}", "filter “replace” in line 1"),
    "a wide date": ("{{ contact.since|date(contact.form) }}", "fixed values"),
    "a doubling": ("{% set a = a ~ a %}", "set %} in line 1"),
    "three loops": ("{% for a in contact.x %}\n{% for b in contact.x %}\n{% for c in contact.x %}", "line 3 is not closed|loop in line 3"),
    "a recursive loop": ("{% for a in contact.x recursive %}{% endfor %}", "“recursive” in line 1"),
    "many loops": ("{% for a in contact.x %}{% endfor %}" * 300, "more than 200 loops"),
    # Brackets, conditions and numbers no parser likes.
    "brackets": ("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "nested too deeply"),
    "lists in lists": ("{{ " + "[" * 3_000 + "]" * 3_000 + " }}", "nested too deeply"),
    "not not": ("{{ " + "not " * 5_000 + "1 }}", "nested too deeply"),
    "filters": ("\n{{ contact.city" + "|upper" * 5_000 + " }}", r"too complicated \(line 2\)"),
    "dots": ("{{ contact" + ".a" * 5_000 + " }}", "too complicated"),
    "conditions in each other": ("{% if 1 %}" * 5_000 + "{% endif %}" * 5_000, "nested too deeply"),
    "ternaries": ("{{ 1" + " if 1 else 1" * 3_000 + " }}", "nested too deeply"),
    "branches": ("{% if 1 %}" + "{% elif 1 %}x" * 5_000 + "{% endif %}", "nested too deeply|too complicated"),
    "fields without end": ("{{ contact.city }}" * 25_000, "too complicated"),
    "a number": ("{{ " + "9" * 100_000 + " }}", "number that is too long"),
    "an escape": ("{{ '\\x' }}", "mistake in line 1"),
    "open braces": ("{{" * 50_000, "nested too deeply|mistake in line 1"),
    "open tags of Jinja": ("\n" + "{%" * 50_000, "mistake in line 2"),
    "open comments of Jinja": ("{#" * 50_000, "mistake in line 1"),
    "no end": ("<p>\n{% if contact.city %}</p>", "line 2 is not closed"),
    "an end too many": ("\n\n{% endif %}", "line 3 closes nothing"),
    "raw": ("\n{% raw %}{{ x }}{% endraw %}", "in line 2"),
    # Markup.
    "5 MB": ("x" * 5_000_000, "larger than 500 KB"),
    "5 MB of tags": ("<b></b>" * 700_000, "larger than 500 KB"),
    "two bytes each": ("ä" * 300_000, "larger than 500 KB"),
    "signs": ("\n" + "<" * 400_000, "too many elements from line 2 on"),
    "comments": ("<!--x-->\n" * 50_000, r"too many elements from line \d+ on"),
    "deep": ("<div>\n" * 1_000, "in line 501 are too many inside each other"),
    "deep in SVG": ("<svg><title>" + "<div>" * 9_000, "in line 1 are too many inside each other"),
    "deep MJML": ("<mjml><mj-body>\n" + "<mj-section>" * 3_000, "in line 2 are nested too deeply"),
    "deep in CDATA": (_mjml("<mj-text><![CDATA[" + "<b>" * 30_000 + "]]></mj-text>"), "in line 1 are nested too deeply"),
    "selects": ("<select>" * 20_000, "too many inside each other"),
    "links": ("".join(f"<a href='https://a.example/{number}'>x</a>" for number in range(5_000)), "more than 1000 links"),
    "one link": ("<a href='https://a.example/'>x</a>" * 9_000, "more than 4000 links"),
    "links for Outlook": ("<!--[if mso]><a href='https://a.example'><![endif]-->" * 9_000, "more than 4000 links"),
    "a long attribute": (_mjml("\n<mj-text title='" + "x" * 3_000 + "'>x</mj-text>"), r"too large \(line 2\)"),
    "elements": (_mjml("<mj-spacer />" * 5_000), r"too large \(line 1\)"),
    "a carousel": (
        _mjml("<mj-carousel>\n" + "<mj-carousel-image src='https://a.example/x.png' />" * 2_900 + "</mj-carousel>"),
        "carousel in line 2",
    ),
    "an accordion": (_mjml("<mj-accordion>" + "<mj-accordion-element />" * 2_900 + "</mj-accordion>"), "too many|larger than|too large"),
    "a menu": (
        _mjml("<mj-navbar>" + "<mj-navbar-link href='https://a.example'>x</mj-navbar-link>" * 2_900 + "</mj-navbar>"),
        "larger than 1 MB",
    ),
    "unclosed": ("<mjml>\n<mj-body>\n<mj-section>", "<mj-section> in line 3 is not closed"),
    "crossed": (_mjml("\n<mj-text><b><i>x</b></i></mj-text>"), "<i> in line 2 is not closed"),
    "unknown": (_mjml("\n\n<mj-txt>x</mj-txt>"), "<mj-txt> in line 3"),
    "an entity bomb": (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>' + _mjml("<mj-text>&b;</mj-text>"),
        "line 1",
    ),
    "instructions": ("<?php echo 1 ?>" * 1_000 + _mjml("<mj-text>x</mj-text>"), "near line 1"),
    # Styles.
    "selectors": (
        "<style>" + ",".join(f".a{n} .b{n}>.c{n}" for n in range(9_000)) + "{color:red}</style>" + "<p>x</p>" * 300,
        "too many styles",
    ),
    "siblings": ("<style>" + ("p ~ " * 30 + "b{color:red}") * 200 + "</style>" + "<p>a</p>" * 2_500, "too many styles"),
    "counting": ("<style>" + "p:nth-last-child(2n+1){color:red}" * 1_000 + "</style>" + "<p>a</p>" * 2_000, "too many styles"),
    "variables": ("<style>p{" + ";".join(f"--v{n}:red" for n in range(3_000)) + "}</style>" + "<p>a</p>" * 2_000, "too many styles"),
    # Code.
    "a script": ("<p>\n</p><script>alert(1)</script>", "<script> in line 2"),
    "a script in SVG": ("<svg>\n<SCRIPT>alert(1)</SCRIPT></svg>", "<script> in line 2"),
    "a handler": ("<p>\n\n<img src=x onerror=alert(1)>", "“onerror” in line 3"),
    "a handler after a slash": ("<svg/onload=alert(1)>", "“onload” in line 1"),
    "a handler after a quote": ('<a title="x"onclick=alert(1)>', "“onclick” in line 1"),
    "a handler behind what is no markup to some": ("\n<noembed><p title='</noembed><img src=x onerror=alert(1)>'>", "<noembed> in line 2"),
    "a handler behind what is markup to none": ("<xmp><p title='</xmp><img src=x onerror=alert(1)>'>", "<xmp> in line 1"),
    "a handler behind all that is text": ("<plaintext><p title='<img src=x onerror=1>'>", "<plaintext> in line 1"),
    "a handler behind what browsers read as text": (
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>hi</p></noscript>",
        _UNSURE,
    ),
    "a handler behind that in the head": ("<head><NOSCRIPT><p title='</NoScript><img src=x onerror=1>'></noscript></head>x", _UNSURE),
    "a handler behind a comment in that": ("<noscript><!-- </noscript><img src=x onerror=alert(1)> --></noscript>", _UNSURE),
    "a handler behind styles in that": ("<noscript><style></noscript><img src=x onerror=1></style></noscript>", _UNSURE),
    "a handler behind an odd end": ("<noscript><p>x</p title='><!--'><img src=x onerror=alert(1)>--></noscript>", _UNSURE),
    "a handler behind an end that may be left out": (
        "<noscript>{% if contact.a %}</noscript><noscript>{% endif %}</noscript><b title='</noscript><img src=x onerror=1>'></b>",
        "does not fit the HTML",
    ),
    "a handler behind a title of SVG": ("<svg><title><g><!--</title><img title='--><img src=1 onerror=1>'>", "< inside <title>"),
    "a handler behind a field of SVG": ("<svg><textarea><g><!-- </textarea> <img title='--><img src=1 onerror=1>'>", "< inside <textarea>"),
    "a handler behind styles of SVG": (
        '<svg><style><a title="--></style>"><!--"></a></style><img src=x onerror=1>--></svg>',
        "< inside <style>",
    ),
    "a handler behind styles of MathML": (
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        "< inside <style>",
    ),
    "a handler for Outlook": ("<!--[if mso]>\n<i onclick=x><![endif]-->", "“onclick” in line 2"),
    "a script for Outlook": ("<!--[if mso]><script>x</script><![endif]-->", "<script> in line 1"),
    "a scheme": ("\n<a href=' java\tscript:alert(1)'>x</a>", "“javascript:alert.*” in line 2"),
    "a scheme in references": ("<a href='&#106;avascript&colon;alert(1)'>x</a>", "“javascript:alert.*” in line 1"),
    "data": ("\n<a href='data:text/html,x'>x</a>", "“data:text/html,x” in line 2"),
    "a refresh": ("<meta content='0;url=https://a.example' http-equiv=refresh>", "refresh> in line 1"),
    "a frame": ("\n<iframe src='https://a.example'></iframe>", "<iframe> in line 2"),
    "a base": ("<base href='https://a.example'>", "<base> in line 1"),
    "a link to nowhere": ("<p>\n<a href='//a.example'>x</a>", "“//a.example” in line 2"),
    # Not text.
    "nothing": (" \r\n ", "empty"),
    "a zero": ("a\x00b", "not text"),
    "half a letter": ("a\ud800b", "not text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_template_is_refused_in_words(name: str, confined: Confined) -> None:
    source, words = REFUSED[name]
    with pytest.raises(InvalidInput, match=words) as refused:
        confined.compile(source)
    assert refused.value.hint and len(str(refused.value)) < 1_000


HARMLESS = {
    "entities": '<!DOCTYPE a [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY b{n} "&b{n - 1};&b{n - 1};">' for n in range(1, 60))
    + "]><p>&b59;</p>",
    "a long reference": "<p>&#" + "9" * 100_000 + ";</p>",
    "references": "<p>" + "&lt;" * 100_000 + "</p>",
    "selectors in each other": "<style>" + ":is(" * 20_000 + "a" + ")" * 20_000 + "{color:red}</style><p>x</p>",
    "blocks in each other": "<style>" + "@media screen{" * 20_000 + "}" * 20_000 + "</style><p>x</p>",
    "descendants": "<style>" + ("div " * 60 + "p{color:red}\n") * 300 + "</style>" + "<div>" * 450 + "x" + "</div>" * 450,
    "has": "<style>" + "div:has(p ~ p ~ p ~ b) p{color:red}" * 100 + "</style><div>" + "<p>a</p>" * 2_000 + "</div>",
    "brackets in styles": "<style>p{width:calc(" + "(" * 40_000 + "1" + ")" * 40_000 + ")}</style><p>x</p>",
    "comments in styles": "<style>" + "/*" * 50_000 + "</style><p>x</p>",
    "sheets from elsewhere": "<style>" + "@import url(http://127.0.0.1:1/x.css);" * 3_000 + "</style><p>x</p>",
    "attributes": _mjml("<mj-text " + " ".join(f"a{number}='1'" for number in range(20_000)) + ">x</mj-text>"),
    "numbers": _mjml(
        "<mj-divider width='NaN%' padding='NaNpx' /><mj-spacer height='infpx' /><mj-image width='-1e309px' src='https://a.example/x' />"
    ),
    "half closed": "<b><i><u><a>" * 100 + "<p>x" * 300,
    "half closed across": "<b>" * 480 + "<p>" + "</b>" * 480,
    "tables": "<table>" * 300 + "x",
    "a drawing": "<style>p > b{color:red}</style><svg viewBox='0 0 9 9'><title>A circle</title><circle r='3'/></svg><math></math>",
    "what MJML tools write for Outlook": "<!--[if mso]><noscript><xml><a></a></xml></noscript><![endif]--><p>x</p>",
    "what is shown where no scripts are": "<head><noscript><style>a{color:red}</style></noscript></head>"
    "<noscript><a href='https://a.example'><img src='https://a.example/x.png' alt='{{ contact.city }}' /></a></noscript>"
    "<!--[if mso]><noscript><b title='x'>x</b></noscript><![endif]--><!-- <noscript>x</noscript> --><p>x</p>",
    "a drawing in a comment": "<!-- <svg> <math> --><style><!-- a{color:red} --></style><p>x</p>",
    "white space": "\n \t" * 100_000 + "{{- 1 -}}",
    "the word placeholders begin with": "pwx" + "".join("pwx" + "q" * number + " " for number in range(500)),
    "a brace before a field": "{&#123;{{ contact.first_name }}} &lbrace;% if 1 %&rbrace;",
    "the end of the body in a field": "<p>{{ contact.none|default('</body>') }}</p>",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_hostile_is_no_work_and_renders(name: str, confined: Confined, context: dict[str, Any]) -> None:
    made = confined.compile(HARMLESS[name])
    assert confined.render(made, context) == render(made, context)


def test_what_this_process_and_the_confined_one_say_is_the_same(confined: Confined) -> None:
    """Also where the other one would have to load something late: it can open no file any more."""
    for source, _ in REFUSED.values():
        if len(source) < 5_000:
            assert _said(lambda source=source: confined.compile(source)) == _said(lambda source=source: compile_template(source))


def _said(work: Any) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as refused:
        work()
    return refused.value.message, refused.value.hint


def test_the_parent_s_memory_does_not_grow(confined: Confined) -> None:
    sources = [source for source, _ in REFUSED.values()]
    before = most_memory()
    for source in sources:
        with pytest.raises(InvalidInput):
            confined.compile(source)
    assert most_memory() - before < MEGABYTES


@pytest.mark.parametrize(
    "source", ["{% if " + " ~ ".join(["data.long"] * 3_000) + " %}x{% endif %}", "{{ " + " ~ ".join(["data.long"] * 3_000) + " }}"]
)
def test_joining_a_long_text_with_itself_is_counted(source: str, context: dict[str, Any]) -> None:
    context["data"] = {"long": "ab " * 30_000}
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    with pytest.raises(InvalidInput, match=r"does too much with this data|larger than 2 MB"):
        render(compile_template(source), context)
    assert time.thread_time() - began < 5
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024


_NEEDLE = "b" + "a" * 94
_LONG = "ab" * 100_000
_LOOPS, _ENDS = "{% for a in data.many %}{% for b in data.many %}", "{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    "source",
    [
        *("".join(f"{{% if '{n}{_NEEDLE}' {op} data.long %}}x{{% endif %}}" for n in range(2_000)) for op in ("in", "not in", "is in")),
        f"{_LOOPS}{{% if data.few in '{_LONG}' %}}x{{% endif %}}{_ENDS}",
        f"{_LOOPS}{{% if data.none|default('{_LONG}') == '{_LONG[:-1]}c' %}}x{{% endif %}}{_ENDS}",
        f"{_LOOPS}{{% if '{_NEEDLE}' in data.few %}}x{{% endif %}}{_ENDS}",
    ],
    ids=["in", "not in", "is in", "in a text of the template", "equal to a text of the template", "in short texts"],
)
def test_looking_for_a_text_in_another_is_counted(source: str, context: dict[str, Any]) -> None:
    context["data"] = {"long": "a" * 200_000, "few": "a" * 199, "many": [1] * 1_000}
    made = compile_template(source)
    began = time.thread_time()
    with pytest.raises(InvalidInput, match="does too much with this data"):
        render(made, context)
    assert time.thread_time() - began < 5


def test_what_people_look_for_is_no_work(context: dict[str, Any]) -> None:
    context["data"] = {"many": [{"name": f"Green tea {number}"} for number in range(1_000)], "own": [f"Green tea {n}" for n in range(50)]}
    source = "{% for one in data.many %}{% if 'tea' in one.name and one.name in data.own %}{{ loop.index }} {% endif %}{% endfor %}"
    assert render_text(source, context) == " ".join(str(number) for number in range(1, 51))


def test_joining_escapes_as_it_did(context: dict[str, Any]) -> None:
    context["contact"]["city"] = "<Oslo>"
    html = render(compile_template("<p>{{ 'a&' ~ contact.city ~ contact.none ~ 2 ~ contact.city|e }}</p>"), context).html
    assert "a&amp;&lt;Oslo&gt;2&lt;Oslo&gt;" in html
    assert render_text("{{ contact.city ~ '&' ~ 2 }}", context) == "<Oslo>&2"


@pytest.mark.parametrize(
    "subject",
    [
        "Hi\r\nBcc: a@example.com",
        "Hi\nBcc: a",
        "Hi\x0bthere",
        "Hi\u2028there",
        "Hi\x85",
        "{{ contact.city\n}}",
        "{{ ''.__class__ }}",
        "x" * 5_000_000,
    ],
)
def test_a_subject_that_would_begin_another_header_is_refused(subject: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_subject(subject)
    assert refused.value.hint


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.com", "a\u2028b", "a\x00b", "\r\n\r\n<p>"])
def test_a_value_can_t_begin_another_header(value: str) -> None:
    line = render_text("Hi {{ contact.first_name ~ '\\r\\nX: y' }}", {"contact": {"first_name": value}})
    assert not set(line) & set("\r\n\x00\x85\u2028")
