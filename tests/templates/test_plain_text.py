from __future__ import annotations

import pytest

from core.templates.plain_text import to_plain_text


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
        ("", "\n"),
    ],
)
def test_html_becomes_readable_text(html: str, text: str) -> None:
    assert to_plain_text(html) == text


def test_a_control_tag_on_a_line_of_its_own_leaves_no_empty_line() -> None:
    assert to_plain_text("<p>a</p><!--pwx1z--><p>b</p><!--pwx2z--><p>c</p>") == "a<!--pwx1z-->\n\nb<!--pwx2z-->\n\nc\n"
