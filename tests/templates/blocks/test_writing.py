import time
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given

from core.errors import InvalidInput
from core.templates.blocks.document import Document, new_block, new_section, read_block, read_document
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.parts import name_of
from core.templates.blocks.rich_text import clean
from core.templates.blocks.values import ShowIf
from core.templates.blocks.writing import BlockError, to_mjml
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind, compile_template, detect_kind
from core.templates.jinja.fields import Vocabulary
from core.templates.library.previewing import preview_context
from core.templates.look.brand import Brand, Colours, SocialLink, Utm, read_brand
from core.templates.rendering.renderer import render
from tests.templates.blocks.making import WORDS, email_of

ADA = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}


def compiled(*blocks: Any, brand: Brand | None = None, marked: bool = False) -> CompiledTemplate:
    return compile_template(email_of(new_section("1", *blocks)).as_json(), brand=brand, marked=marked)


def shown(template: CompiledTemplate, data: dict[str, Any] | None = None, **attributes: Any) -> str:
    contact = SimpleNamespace(**ADA, attributes=attributes)
    sender = {"workspace": {"name": "Acme", "postal_address": "1 Road"}, "brand": {}}
    context = preview_context(sender, template.links, contact)  # type: ignore[arg-type]
    return str(render(template, {**context, "data": data or {}}).html)


@pytest.mark.parametrize("kind", BlockKind)
def test_every_kind_of_block_compiles_as_it_is_put_in(kind: BlockKind) -> None:
    values = {"url": "https://shop.example/"} if kind is BlockKind.BUTTON else {}
    block = new_block(kind, **values)
    template = compiled(block, marked=True)
    assert template.kind is TemplateKind.BLOCKS
    assert f"pwb-{block.id}" in template.html
    assert "pwb-" not in compiled(block).html
    assert read_block(block.model_dump()) == block


def test_a_document_is_known_by_what_it_looks_like() -> None:
    assert detect_kind(' {"sections": []}') is TemplateKind.BLOCKS
    assert detect_kind("{{ contact.email }}") is TemplateKind.HTML
    assert detect_kind("{% if contact.email %}<p>x</p>{% endif %}") is TemplateKind.HTML


@pytest.mark.parametrize(
    "source", ["{}x", '{"sections": [{"id": "abcd"}]}', '{"sections": 3}', '{"made_up": 1}', '{"version": 2}', '{"sections": [' * 500]
)
def test_what_is_no_document_is_refused_in_words(source: str) -> None:
    with pytest.raises(InvalidInput):
        read_document(source)


def test_the_brand_gives_the_colours_and_a_fixed_one_stays() -> None:
    blocks = new_block(BlockKind.BUTTON, url="https://shop.example/"), new_block(BlockKind.HEADING, colour="#123456")
    html = compiled(*blocks, brand=Brand(colours=Colours(primary="#aa0011"))).html
    assert "#aa0011" in html
    assert "#123456" in html
    assert "#bb2233" in compiled(*blocks, brand=Brand(colours=Colours(primary="#bb2233"))).html


def test_links_get_the_parameters_of_the_brand_unless_they_have_their_own() -> None:
    brand = Brand(
        utm=Utm(source="news letter", medium="email", campaign="a&b"), social=(SocialLink(network="x", url="https://x.com/acme"),)
    )  # type: ignore[arg-type]
    template = compiled(
        new_block(BlockKind.BUTTON, url="https://shop.example/?a=1&utm_source=own#part"),
        new_block(BlockKind.TEXT, html='<p><a href="https://shop.example/x?b=2&amp;c=3">x</a> <a href="mailto:a@b.example">m</a></p>'),
        new_block(BlockKind.BUTTON, url="https://shop.example/plain", takes_utm=False),
        new_block(BlockKind.SOCIAL),
        brand=brand,
    )
    assert template.links == [
        "https://shop.example/?a=1&utm_source=own&utm_medium=email&utm_campaign=a%26b#part",
        "https://shop.example/x?b=2&c=3&utm_source=news%20letter&utm_medium=email&utm_campaign=a%26b",
        "https://shop.example/plain",
        "https://x.com/acme",
    ]


@pytest.mark.parametrize("field", ["{{ contact.city|default('x & y') }}", '{{ contact.city|default("x") }}', "{% if 2 > 1 %}a{% endif %}"])
def test_links_with_merge_fields_stay_as_they_are_written(field: str) -> None:
    quote = "'" if '"' in field else '"'
    text = new_block(BlockKind.TEXT, html=f"<p><a href={quote}https://shop.example/{field}{quote}>x</a></p>")
    found = compiled(text, brand=Brand(utm=Utm(source="news"))).html
    assert field in found and "utm_source" not in found


@pytest.mark.parametrize(
    ("conditions", "match", "attributes", "is_there"),
    [
        ([{"field": "contact.country", "value": "DE"}], "all", {"country": "DE"}, True),
        ([{"field": "contact.country", "value": "DE"}], "all", {"country": "FR"}, False),
        ([{"field": "contact.country", "value": "DE"}], "all", {}, False),
        ([{"field": "contact.country", "operator": "differs", "value": "DE"}], "all", {}, True),
        ([{"field": "contact.city", "operator": "contains", "value": "BER"}], "all", {"city": "Bad Berka"}, True),
        ([{"field": "contact.city", "operator": "contains", "value": "x"}], "all", {"city": 5}, False),
        ([{"field": "contact.age", "operator": "above", "value": 17}], "all", {"age": 18}, True),
        ([{"field": "contact.age", "operator": "above", "value": 17}], "all", {"age": "old"}, False),
        ([{"field": "contact.since", "operator": "below", "value": "2026-01-01"}], "all", {"since": "2025-12-31"}, True),
        ([{"field": "contact.vip", "value": True}], "all", {"vip": True}, True),
        ([{"field": "contact.vip", "operator": "is_set"}], "all", {"vip": False}, True),
        ([{"field": "contact.vip", "operator": "is_empty"}], "all", {"vip": ""}, True),
        ([{"field": "contact.a", "value": 'say "hi" \\ }} %}'}], "all", {"a": 'say "hi" \\ }} %}'}, True),
        ([{"field": "contact.a", "value": 1}, {"field": "contact.b", "value": 2}], "all", {"a": 1}, False),
        ([{"field": "contact.a", "value": 1}, {"field": "contact.b", "value": 2}], "any", {"a": 1}, True),
    ],
)
def test_a_block_is_shown_to_whom_it_is_for(conditions: Any, match: Any, attributes: dict[str, Any], is_there: bool) -> None:
    show_if = ShowIf.model_validate({"match": match, "conditions": conditions})
    for where in ("block", "section"):
        block = new_block(BlockKind.HEADING, text="Only for some", **({"show_if": show_if} if where == "block" else {}))
        section = new_section("1", block, **({"show_if": show_if} if where == "section" else {}))
        template = compile_template(email_of(section).as_json())
        assert ("Only for some" in shown(template, **attributes)) is is_there


class _Seen(HTMLParser):
    """What stands in the first heading, and beside the picture."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.heading, self.alt, self.elements, self._inside = "", "", set[str](), False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._inside = self._inside or tag == "h1"
        self.alt = dict(attrs).get("alt") or self.alt if tag == "img" else self.alt

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "h1"

    def handle_data(self, data: str) -> None:
        self.heading += data if self._inside else ""


def seen_of(words: str) -> _Seen:
    return _Seen(
        shown(compiled(new_block(BlockKind.HEADING, text=words), new_block(BlockKind.IMAGE, src="https://a.example/a.png", alt=words)))
    )


@given(WORDS)
def test_what_people_write_is_what_readers_see(words: str) -> None:
    seen = seen_of(words)
    expected = words.replace("{{ contact.first_name|default('du') }}", "Ada")
    assert " ".join(seen.heading.split()) == " ".join(expected.split())
    assert seen.alt == expected
    assert not {"b", "i"} & seen.elements


def test_a_field_with_quotes_stays_whole_in_text_and_in_attributes() -> None:
    seen = seen_of('Hello {{ contact.first_name|default("you") }} & <you>')
    assert (seen.heading, seen.alt) == ("Hello Ada & <you>", "Hello Ada & <you>")


def test_formatted_text_is_cleaned() -> None:
    hostile = (
        '<p onclick="x()">Hi <b>you</b> {{ contact.first_name|default("<you>") }}<script>alert(1)</script><img src=x onerror=y>'
        '<a href="javascript:x()">j</a> <a href="https://a.example/?q={{ contact.email }}">ok</a>'
        '<span style="color:red;position:fixed">s</span><iframe src="//x"></iframe></p>{% if contact.vip %}<p>vip</p>{% endif %}'
    )
    found = clean(hostile)
    for word in ("onclick", "script", "img", "onerror", "javascript", "position", "iframe"):
        assert word not in found
    for word in (
        '{{ contact.first_name|default("<you>") }}',
        "{% if contact.vip %}<p>vip</p>{% endif %}",
        "?q={{ contact.email }}",
        "color:red",
    ):
        assert word in found


def test_products_repeat_for_each_entry_of_a_list() -> None:
    product = {"name": "{{ item.name }}", "price": "{{ item.price|number(2) }}", "url": "https://shop.example/{{ item.slug }}"}
    template = compiled(new_block(BlockKind.PRODUCTS, repeat="data.items", products=[product]))
    html = shown(template, {"items": [{"name": "A <1>", "price": 3, "slug": "a"}, {"name": "B", "price": 4.5, "slug": "b"}]})
    assert [part in html for part in ("A &lt;1&gt;", "3.00", "https://shop.example/a", "4.50")] == [True] * 4


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"kind": "heading", "text": "Hi {{ contact.fist_name }}"}, "Section 1 · Heading “Hi (fist name)”: The merge field"),
        ({"kind": "text", "html": "<p>{{ broken </p>"}, "Section 1 · Text “{{ broken”: The template has a mistake in line 1"),
        ({"kind": "text", "html": "{{ ''.__class__ }}"}, "Section 1 · Text “"),
        ({"kind": "html", "code": "<div><p>unclosed</div>"}, "Section 1 · HTML: <p> in line 1 is not closed"),
        ({"kind": "html", "code": "<script>x</script>"}, "<script>"),
        ({"kind": "mjml", "code": "<mj-texx>x</mj-texx>"}, "MJML: <mj-texx> in line 1 is not an MJML element"),
        ({"kind": "mjml", "code": '<mj-include path="/etc/passwd" />'}, "MJML: <mj-include> in line 1 is not supported"),
        ({"kind": "button", "url": "javascript:alert(1)"}, "javascript"),
        ({"kind": "image", "src": "javascript:alert(1)"}, "javascript"),
        ({"kind": "products", "products": [{"name": "{{ item.name }}"}]}, "Section 1 · Products: "),
        ({"kind": "heading", "text": "{% if contact.email %}never closed"}, "Heading"),
    ],
)
def test_a_block_that_can_not_be_used_is_named(block: dict[str, Any], message: str) -> None:
    document = email_of(new_section("1", read_block({"id": "block1", **block})))
    with pytest.raises(InvalidInput) as caught:
        compile_template(document.as_json(), known_attributes=["country"])
    assert message in caught.value.message
    if ": " in message:
        assert isinstance(caught.value, BlockError)
        assert caught.value.block_id == "block1"


def test_the_footer_says_who_sends_it_and_how_to_stop_it() -> None:
    html = shown(compiled(new_block(BlockKind.FOOTER), brand=Brand(legal="Acme GmbH\nHRB <1>")))
    assert [part in html for part in ("Acme", "1 Road", "HRB &lt;1&gt;", ">Unsubscribe<")] == [True] * 4
    assert html.count(">Unsubscribe<") == 1
    own = Brand.model_validate({"postal_address": "2 Way\nTown"})
    assert "2 Way<br" in shown(compiled(new_block(BlockKind.FOOTER), brand=own))


def test_the_preview_text_may_hold_fields_but_no_markup() -> None:
    html = shown(compile_template(Document(preview_text="Hi {{ contact.first_name }} <3", sections=(new_section(),)).as_json()))
    assert "Hi Ada &lt;3" in html


def test_a_condition_on_a_field_that_does_not_exist_is_refused() -> None:
    block = new_block(BlockKind.HEADING, show_if={"conditions": [{"field": "contact.made_up", "value": 1}]})
    with pytest.raises(BlockError, match=r"contact\.made_up"):
        to_mjml(email_of(new_section("1", block)), Brand(), Vocabulary(["country"]))


@pytest.mark.parametrize(
    "content", [{"colours": {"primary": "red"}}, {"logo": {"width": 9999}}, {"x": 1}, [], {"social": [{"network": "z"}]}]
)
def test_a_brand_that_is_none_is_refused(content: Any) -> None:
    with pytest.raises(InvalidInput, match="brand kit"):
        read_brand(content)


@pytest.mark.parametrize(("width", "is_fluid"), [(None, True), (120, False)])
def test_a_picture_without_a_width_fills_the_phone_where_columns_stand_below_each_other(width: int | None, is_fluid: bool) -> None:
    picture = new_block(BlockKind.IMAGE, src="https://shop.example/a.png", alt="Tea", width=width)
    html = compile_template(Document(sections=(new_section("1-1", picture),)).as_json()).html
    assert ('<td class="mj-full-width-mobile"' in html) is is_fluid


def test_what_a_block_is_called_is_found_in_a_moment_and_with_the_names_of_its_fields() -> None:
    long, short = (
        new_block(BlockKind.QUOTE, text="{{" + "a" * 19_900),
        new_block(BlockKind.QUOTE, text="Hi {{- contact.first_name|upper }}"),
    )
    begun = time.process_time()

    assert name_of(long) == f"Quote “{{{{{'a' * 38}…”" and name_of(short) == "Quote “Hi (first name)”"

    assert time.process_time() - begun < 0.2
