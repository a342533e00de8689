from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest

from core.errors import InvalidInput
from core.templates.markup.plain_text import MOST_PIECES, to_plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Title</h1><p>One\n  two</p><p>Three</p>", "Title\n\nOne two\n\nThree\n"),
        ("<div>a</div><div>b</div>", "a\nb\n"),
        ("a<br>b<br><br>c", "a\nb\n\nc\n"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "- a\n- b\n"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n"),
        ("<p>a</p><hr><p>b</p>", "a\n\n---\n\nb\n"),
        ('<a href="https://a.example">Go</a> now', "Go <https://a.example> now\n"),
        ('<a href="https://a.example">https://a.example</a>', "https://a.example\n"),
        ('<a href="https://t.example/c/1">www.a.example</a>', "https://t.example/c/1\n"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example\n"),
        ('<a href="#top">Top</a>', "Top\n"),
        ('<a href="https://a.example"><img src="x" alt="Shop"></a>', "Shop <https://a.example>\n"),
        ('<a href="https://a.example"><img src="x"></a>', "https://a.example\n"),
        ("<table><tr><th>Item</th><th>Price</th></tr><tr><td>Tea</td><td>5</td></tr></table>", "Item  Price\nTea  5\n"),
        ('<table role="presentation"><tr><td>a</td><td>b</td></tr></table>', "a\n\nb\n"),
        ('<div style="display: none">preview</div><p>a</p>', "a\n"),
        ("<head><title>T</title></head><style>p{}</style><p>a</p><script>x</script>", "a\n"),
        ("<!--[if mso]><p>Outlook</p><![endif]--><p>a</p>", "a\n"),
        ("&lt;b&gt; &amp; &nbsp;&euro;", "<b> & \u00a0€\n"),
        ("<p>a\u200c\u034f </p>", "a\n"),
        ("a<br/>b<br />c", "a\nb\nc\n"),
        ('<a href="https://a.example">one<a href="https://b.example">two</a>', "one <https://a.example>two <https://b.example>\n"),
        ("1 < 2 <3", "1 < 2 <3\n"),
        (f"<a href='&#{'9' * 5_000};'>&#{'9' * 5_000};</a>", f"&#{'9' * 5_000};\n"),
        ("<p>a\u00a0\u00a0b \u00a0\n\u00a0c</p>", "a\u00a0\u00a0b \u00a0 \u00a0c\n"),
        ("", "\n"),
    ],
)
def test_html_becomes_readable_text(html: str, text: str) -> None:
    assert to_plain_text(html) == text


def test_a_control_tag_on_a_line_of_its_own_leaves_no_empty_line() -> None:
    assert to_plain_text("<p>a</p><!--pwx1z--><p>b</p><!--pwx2z--><p>c</p>") == "a<!--pwx1z-->\n\nb<!--pwx2z-->\n\nc\n"


LENGTH = 500_000  # as much as a request may bring
HOSTILE = {
    "blank": "x" + "\u00a0" * LENGTH + "y",
    "blank before a tab": "x<table><td>" + " \u00a0" * (LENGTH // 2) + "y",
    "line ends": "x" + " \n" * (LENGTH // 2) + "<br>" + "\u00a0" * LENGTH,
    "less": "<" * LENGTH,
    "open values": "<a href='" * (LENGTH // 9),
    "open comments": "<!--" * (LENGTH // 4),
    "open marks": "<![" * (LENGTH // 3),
    "instructions": "<?" * (LENGTH // 2),
    "open ends": "</" * (LENGTH // 2),
    "slashes": "<a/" * (LENGTH // 3),
    "attributes": "<a " + "b " * (LENGTH // 2),
    "raw": "<title>" + "</titl" * (LENGTH // 6),
    "elements": "<li>" * (LENGTH // 4),
    "links": "<a href=x>b" * 20_000 + "</a>" * 20_000,
    "controls": "<p><!--x--></p>" * 15_000 + "<br>",
    "references": "&#" * (LENGTH // 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_html_takes_long(name: str) -> None:
    started = process_time()
    with suppress(InvalidInput):
        to_plain_text(HOSTILE[name], most_pieces=MOST_PIECES)
    assert process_time() - started < 2  # some tenths


@pytest.mark.parametrize("html", ["<![<![<![", "<p>a</p><a href='", "a</p", "a<!-- b"])
def test_html_that_is_cut_off_is_refused(html: str) -> None:
    with pytest.raises(InvalidInput, match="ends inside"):
        to_plain_text(html)


def test_more_elements_than_any_mail_has_are_refused() -> None:
    with pytest.raises(InvalidInput, match="too many elements"):
        to_plain_text("<b>" * (MOST_PIECES + 1), most_pieces=MOST_PIECES)
