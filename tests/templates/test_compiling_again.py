"""Somebody goes on writing an email, and what was found out about its parts is kept: what is made is what would be made of it anew."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from core.errors import InvalidInput
from core.templates.blocks import editing
from core.templates.blocks.document import Document, Section, new_block, new_section, read_document
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import CompiledTemplate, compile_template
from core.templates.confined.process import Confined
from core.templates.look.brand import Brand, Colours, Utm
from core.templates.markup.keeping import Kept
from core.templates.markup.plain_text import to_plain_text
from core.templates.markup.stretches import _KEPT
from tests.templates.blocks.making import documents

RED = Brand(colours=Colours(primary="#aa0000"), utm=Utm(source="letter"))
SHOWN = {"conditions": [{"field": "contact.city", "operator": "is_set"}]}
_SECTION = "<mj-section><mj-column><mj-text>%s</mj-text></mj-column></mj-section>"
ODD = (
    _SECTION % "{{ contact.first_name }}",
    "{% if contact.city %}" + _SECTION % "<p>a<p>b" + "{% endif %}",
    "{% for one in contact.list %}" + _SECTION % "{{ one }}" + "{% endfor %}",
    "<mj-wrapper>" + _SECTION % '<a href="https://a.example/{{ contact.x }}">x</a>' + "</mj-wrapper>",
    _SECTION % "<ol><li>1<li>{% if contact.a %}<b>2</b>{% else %}3{% endif %}</ol><table><tr><td>4</td></tr></table>",
    '<mj-section full-width="full-width" css-class="ä"><mj-column><mj-button href="https://a.example/">Go</mj-button></mj-column></mj-section>',
    *(
        "<mj-raw><!-- <mj-section> --></mj-raw>",
        "<mj-raw><title><mj-section></title></mj-raw>",
        "<mj-section>",
        "</mj-section>",
        "{% endif %}",
    ),
)


def walk(steps: int) -> Iterator[Document]:
    """Yield an email as somebody changes it."""
    chance = random.Random(7)
    document = Document(
        preview_text="News for {{ contact.first_name }}", sections=(a_section(chance), new_section("1", new_block(BlockKind.FOOTER)))
    )
    for _ in range(steps):
        blocks = [block.id for block in document.blocks()]
        match chance.randrange(4):
            case 0:
                document = editing.add_section(document, a_section(chance), chance.randrange(len(document.sections)))
            case 1 if len(blocks) > 2:
                document = editing.remove(document, chance.choice(blocks[:-1]))
            case 2:
                document = editing.step(document, chance.choice(blocks), chance.choice([-1, 1]))
            case _:
                document, _ = editing.duplicate(document, chance.choice(blocks))
        yield document


def a_section(chance: random.Random) -> Section:
    number = chance.randrange(9)
    url = chance.choice([f"https://a.example/{number}", "https://a.example/{{ contact.city }}", "mailto:a@a.example"])
    text = new_block(BlockKind.TEXT, html=f"<p>Tea {number} for {{{{ contact.first_name|default('ä \"you\"') }}}}</p><ul><li>a</li></ul>")
    fresh = new_block(BlockKind.TEXT, html=f'<p><a href="{url}">Fresh</a> in {{{{ contact.city }}}}</p>', show_if=SHOWN)
    others = (new_block(BlockKind.BUTTON, text="Buy it", url=url), new_block(BlockKind.PRODUCTS), new_block(BlockKind.QUOTE, text="a < b"))
    return new_section(chance.choice(["1", "1-2", "1-1-1"]), text, fresh, chance.choice(others), is_wide=chance.random() < 0.3)


def outcome(source: str, brand: Brand | None = None, *, marked: bool = False) -> CompiledTemplate | str:
    try:
        return compile_template(source, brand=brand, marked=marked, known_attributes=["city", "list", "x", "a"])
    except InvalidInput as refused:
        return f"{refused.message} {refused.hint}"


@pytest.fixture
def anew() -> Iterator[Confined]:
    """A process that knows nothing of what was compiled in this one."""
    made = Confined(most=1)
    yield made
    made.close()


def test_a_document_compiles_after_each_change_to_what_it_is_anew(anew: Confined) -> None:
    sources = [document.as_json() for document in walk(25)]
    looks = [(brand, marked) for brand in (None, RED) for marked in (False, True)]
    ours = [[compile_template(source, brand=brand, marked=marked) for brand, marked in looks] for source in sources]
    # From the last to the first: what is kept there comes from other documents than what is kept here.
    for source, made in zip(reversed(sources), reversed(ours), strict=True):
        assert [anew.compile(source, brand=brand, marked=marked) for brand, marked in reversed(looks)] == made[::-1]


def test_sections_in_another_order_compile_to_what_they_are_anew(anew: Confined) -> None:
    chance = random.Random(3)
    orders = [chance.sample(ODD, chance.randint(1, 4)) for _ in range(120)]
    sources = [f"<mjml><mj-body>{''.join(order)}</mj-body></mjml>" for order in orders]
    ours = [outcome(source) for source in sources]
    assert {type(one) for one in ours} == {CompiledTemplate, str}
    for source, made in zip(reversed(sources), reversed(ours), strict=True):
        try:
            found: CompiledTemplate | str = anew.compile(source, known_attributes=["city", "list", "x", "a"])
        except InvalidInput as refused:
            found = f"{refused.message} {refused.hint}"
        assert found == made


@given(documents())
@settings(max_examples=60)
def test_a_document_is_read_by_its_sections_as_it_is_in_one(document: Document) -> None:
    written = document.as_json()
    in_one_line = json.dumps(json.loads(written), ensure_ascii=False)
    assert read_document(written) == read_document(in_one_line) == document
    assert read_document(written).as_json() == written
    assert outcome(written, RED, marked=True) == outcome(in_one_line, RED, marked=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"layout": "1"', '"layout": "1-1"'),
        ('"sections": [', '"sections": [ '),
        ('\n  },\n  {\n', '\n  },\n  {\n   "id": "other",\n'),
        ('\n  },\n  {\n', '\n  }\n  {\n'),
        ('"version": 1', '"version": 2'),
        ('"preview_text": ""', '"preview_text": "\n  },\n  {\n"'),
        ('"stacks": true', '"stacks": true, "more": 1'),
        ("\n ]\n}", '\n ],\n "sections": []\n}'),
    ],
)  # fmt: skip
def test_a_document_that_was_written_otherwise_says_the_same_however_it_is_read(old: str, new: str) -> None:
    same = new_block(BlockKind.TEXT)
    written = Document(sections=(new_section("1", same), new_section("1", new_block(BlockKind.SPACER)))).as_json()
    changed = written.replace(old, new, 1)
    assert changed != written
    read_document(written)
    assert outcome(changed) == outcome(f" {changed}")  # with a space in front it is read in one


def test_a_document_with_a_part_twice_is_refused_though_each_section_is_known() -> None:
    section = new_section("1", new_block(BlockKind.SPACER))
    written = Document(sections=(section, new_section())).as_json()
    read_document(written)
    twice = Document.model_construct(version=1, preview_text="", language="en", width=600, sections=(section, section)).as_json()
    with pytest.raises(InvalidInput, match="same id"):
        read_document(twice)


def test_a_field_that_exists_for_one_and_not_for_another_is_refused_to_the_other() -> None:
    button = new_block(BlockKind.BUTTON, text="{{ contact.rank }}", url="https://a.example/")
    source = Document(sections=(new_section("1", button), new_section("1", new_block(BlockKind.FOOTER)))).as_json()
    assert compile_template(source, known_attributes=["rank"]) == compile_template(source)
    with pytest.raises(InvalidInput, match="rank"):
        compile_template(source, known_attributes=["city"])


def test_what_is_kept_has_its_bounds_and_what_is_used_stays() -> None:
    kept: Kept[int, str] = Kept(160)
    kept.put(0, "too large", 11)
    assert kept.get(0) is None
    for number in range(1, 20):
        kept.put(number, str(number), 10)
        assert kept.get(1) == "1"
    assert [number for number in range(20) if kept.get(number)] == [1, *range(5, 20)]


def test_a_document_written_otherwise_shares_its_sections_too() -> None:
    document = next(walk(1))
    compact = read_document(document.model_dump_json())
    assert compact == document
    assert all(one is other for one, other in zip(compact.sections, read_document(document.as_json()).sections, strict=True))


def test_nothing_is_kept_of_what_is_written_for_one_person() -> None:
    opening = '<!--[if mso | IE]><table border="0" cellpadding="0" cellspacing="0" role="presentation" width="600">'
    letter = f"<p>Hi</p>{opening}<![endif]--><p>Your code is 815-221</p>"
    for keeps in (False, True):
        assert "815-221" in to_plain_text(letter, keeps=keeps)
        assert any("815-221" in text for text in _KEPT._found) is keeps
