"""What is taken apart once for all pieces that read the same is what is found by walking through the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.templates.markup.marks import Marked, too_deep
from core.templates.markup.scanning import scan, shifted

_PARTS = st.sampled_from(
    ["<p>", "</p>", "<P CLASS='a'>", '<a href="https://a.example">', "<br/>", "<title>", "</title>", "<style>", "</STYLE >", "</ſtyle>",
     "<mj-style/>", "<!--", "-->", "--!>", "<!-->", "<!doctype html>", "<?x", "<", ">", "</", '"', "'", "=", " ", "/", "x", "é", "\n",
     "<script>", "<td a=b c>", "<a <b", "<!--[if mso]><i><![endif]-->", "</p></td></tr>", "&amp;", "<1", "<p/ >",
     "<mj-section>", "</mj-section>", "<!--pwx1z-->",
     '<!--[if mso | IE]><table border="0" cellpadding="0" cellspacing="0" role="presentation" align="center"><tr><td><![endif]-->']
)  # fmt: skip


@settings(max_examples=500)
@given(st.lists(st.one_of(_PARTS, st.text(max_size=3)), max_size=16).map("".join))
@example("<style><p x='</style>'>y")
def test_the_pieces_are_those_of_a_walk(text: str) -> None:
    found = [shifted(mark.piece, start) for start, mark in Marked(text)]
    walked = list(scan(text))
    as_values = [(one.kind, one.start, one.end, one.name, one.is_closed, one.attributes) for one in found]
    assert as_values == [(one.kind, one.start, one.end, one.name, one.is_closed, one.attributes) for one in walked]
    assert "".join(mark.text for mark in Marked(text).marks) == text


def test_pieces_that_read_the_same_share_what_is_known() -> None:
    marks = Marked("<p>a<p>a").marks
    assert marks[0] is marks[2] and marks[1] is marks[3]


@pytest.mark.parametrize("part", ["<a ", "<", "<!--", '<a b="', "<title>", "<style x", "</title", "<!", "<xmp><a "])
def test_the_time_grows_as_the_text_does(part: str) -> None:
    began = time.process_time()
    assert len(Marked(part * 20_000)) > 0
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "where"), [("<div>" * 3, None), ("<div>" * 4, 15), ("<p>" * 9, None), ("<svg><title><a><b><c>", 12), ("</b>" * 9, None)]
)
def test_what_is_too_deep_says_where(text: str, where: int | None) -> None:
    assert too_deep(Marked(text), 3) == where
