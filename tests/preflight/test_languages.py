"""An email in several languages is looked at in each, by one door, and what is found says where it is and in which language."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.app import Services
from core.campaigns.models import Audience
from core.contacts.attributes import AttributeType
from core.errors import Conflict
from core.permissions import Principal
from core.preflight.envelopes import Envelope
from core.preflight.findings import Finding, Report, Rule
from core.preflight.preflight import must_be_sendable
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import Block, BlockKind
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.languages.choice import chosen
from core.templates.library.previewing import preview_context
from core.templates.library.templates import TemplateVersion
from core.templates.rendering.renderer import render

STOP = '<a href="{{ unsubscribe_url }}">Stop</a>'


def _of(report: Report, *rules: Rule) -> list[Finding]:
    return [one for one in report.findings if one.rule in rules]


def _in_german(services: Services, by: Principal, source: str, german: str) -> TemplateVersion:
    version = services.templates.save(by, "Letter", source)
    return services.translating.put(by, version.template_id, "de", german)


def test_what_is_wrong_in_one_language_is_found_and_says_which(services: Services, workspace: Principal) -> None:
    version = _in_german(
        services, workspace, f"<p>Hi</p>{STOP}", f'<p>Hallo</p>\n<a href="#">Tee</a>\n{{% if contact.last_name %}}{STOP}{{% endif %}}'
    )

    report = services.preflight.check(workspace, version)

    assert [(one.rule, one.languages, one.where, one.line) for one in _of(report, Rule.UNSUBSCRIBE_SOMETIMES, Rule.LINK_EMPTY)] == [
        (Rule.UNSUBSCRIBE_SOMETIMES, ("de",), "Line 3", 3),
        (Rule.LINK_EMPTY, ("de",), "Line 2", 2),
    ]
    assert report.is_blocked


def test_what_is_the_same_in_every_language_is_said_once(services: Services, workspace: Principal) -> None:
    faint = '<p style="color:#bbb">{}</p>'
    version = _in_german(
        services, workspace, f'{faint.format("Some tea")}<a href="#">x</a>{STOP}', f'\n{faint.format("Ein Tee")}\n<a href="#">x</a>{STOP}'
    )

    report = services.preflight.check(workspace, version, Envelope(("Re: tea",)))

    found = _of(report, Rule.LINK_EMPTY, Rule.LOW_CONTRAST, Rule.SUBJECT_FAKE_REPLY)
    assert [(one.rule, one.languages, one.where) for one in found] == [
        (Rule.SUBJECT_FAKE_REPLY, (), "Subject"),
        (Rule.LINK_EMPTY, (), "Line 1 (main), Line 3 (de)"),
        (Rule.LOW_CONTRAST, (), "Line 1 (main), Line 2 (de)"),
    ]


def test_what_is_wrong_in_several_places_is_told_of_each(services: Services, workspace: Principal) -> None:
    image, rest = '<img src="" alt="x" width="50">', f"<p>Hi</p>{STOP}"
    version = _in_german(services, workspace, f"{image}\n{image}\n{rest}", f"{rest}\n{image}")

    found = _of(services.preflight.check(workspace, version), Rule.IMAGE_ADDRESS)

    assert [(one.where, one.languages) for one in found] == [("Line 1 (main), Line 2 (de)", ()), ("Line 2", ("main",))]


def test_a_launch_goes_through_the_same_door(services: Services, workspace: Principal) -> None:
    version = _in_german(services, workspace, f"<p>Hi</p>{STOP}", f'<p>Hallo</p>\n<a href="http://a b.de/">x</a>{STOP}')
    report = services.preflight.check(workspace, version, Envelope(("Hello",)))
    (error,) = _of(report, Rule.LINK_MALFORMED)

    with services.db.read() as connection, pytest.raises(Conflict) as refused:
        must_be_sendable(connection, workspace.workspace_id, version, Envelope(("Hello",)))

    assert refused.value.message == f"This email can’t be sent as it is. In the language de: Line 2: {error.message}"


def test_warnings_do_not_keep_an_email_from_being_sent(services: Services, workspace: Principal) -> None:
    version = _in_german(services, workspace, f"<p>Hi</p>{STOP}", f'<p>Hallo</p><a href="#">x</a>{STOP}')
    assert _of(services.preflight.check(workspace, version), Rule.LINK_EMPTY)
    with services.db.read() as connection:
        must_be_sendable(connection, workspace.workspace_id, version, Envelope(("Re: HELLO WORLD!!",)))


def test_what_is_being_written_is_looked_at_in_the_languages_it_has(services: Services, workspace: Principal) -> None:
    button = new_block(BlockKind.BUTTON, text="Shop now", url="https://tea.garden/")
    saved = Document(sections=(new_section("1", button), new_section("1", new_block(BlockKind.FOOTER))))
    version = services.templates.save(workspace, "Letter", saved.as_json())
    words = {button.id: {"text": "Jetzt kaufen", "url": "#"}}
    services.translating.put(workspace, version.template_id, "de", json.dumps(words))
    heading = new_block(BlockKind.HEADING, text="News", colour="#dddddd")
    draft = Document(sections=(new_section("1", heading, button), saved.sections[1]))
    made = services.templates.try_out(workspace, draft.as_json(), TemplateKind.BLOCKS, template_id=version.template_id)

    report = services.preflight.check(workspace, made, source=draft.as_json(), template_id=version.template_id)

    (empty,) = _of(report, Rule.LINK_EMPTY)
    assert (empty.where, empty.block, empty.languages) == ("Section 1 · Button “Shop now”", button.id, ("de",))
    (faint,) = _of(report, Rule.LOW_CONTRAST)
    assert (faint.where, faint.block, faint.line, faint.languages) == ("Section 1 · Heading “News”", heading.id, None, ())
    (partly,) = _of(report, Rule.LANGUAGE_PARTLY)
    assert (partly.message, partly.languages, partly.block) == ("4 texts have no words in this language yet.", ("de",), heading.id)


def test_a_language_that_does_not_fit_what_is_being_written_is_an_error(services: Services, workspace: Principal) -> None:
    services.fields.add(workspace, "city", AttributeType.TEXT)
    button = new_block(BlockKind.BUTTON, text="Shop now", url="https://tea.garden/")
    document = Document(sections=(new_section("1", button), new_section("1", new_block(BlockKind.FOOTER))))
    version = services.templates.save(workspace, "Letter", document.as_json())
    services.translating.put(workspace, version.template_id, "de", json.dumps({button.id: {"text": "{{ contact.city }}"}}))
    services.fields.delete(workspace, "city")
    made = services.templates.try_out(workspace, document.as_json(), TemplateKind.BLOCKS, template_id=version.template_id)

    report = services.preflight.check(workspace, made, source=document.as_json(), template_id=version.template_id)

    (unusable,) = _of(report, Rule.LANGUAGE_UNUSABLE)
    assert "contact.city" in unusable.message and unusable.languages == ("de",)
    assert report.is_blocked


def _everything() -> list[Block]:
    """One block of every kind, each with something to be found in it."""
    faint = {"colour": "#dddddd"}
    return [
        new_block(BlockKind.HEADING, text="One", **faint),
        new_block(BlockKind.TEXT, html="<p>Two</p>", colour="#d0d0d0"),
        new_block(BlockKind.BUTTON, text="Three", url="#", takes_utm=False),
        new_block(BlockKind.IMAGE, src="https://tea.garden/four.png", alt="", width=50),
        new_block(BlockKind.DIVIDER),
        new_block(BlockKind.MJML, code='<mj-text><span style="color:#cccccc">Five</span></mj-text>'),
        new_block(BlockKind.HTML, code='<p style="font-size:9px">Six</p>'),
        new_block(BlockKind.QUOTE, text="Seven", colour="#c0c0c0"),
        new_block(BlockKind.PRODUCTS, products=[{"name": "Eight", "url": "http://localhost/x", "button": "Buy"}], takes_utm=False),
        new_block(BlockKind.HEADER, url="http://wiki/start"),
    ]


def test_every_block_is_named_by_what_is_found_in_it(services: Services, workspace: Principal) -> None:
    heading, text, button, image, divider, mjml, code, quote, products, header = blocks = _everything()
    columns = new_section("1-1", heading, text)
    columns = columns.model_copy(
        update={"columns": (columns.columns[0], columns.columns[1].model_copy(update={"blocks": (button, image)}))}
    )
    document = Document(sections=(columns, new_section("1", *blocks[4:]), new_section("1", new_block(BlockKind.FOOTER))))
    version = services.templates.save(workspace, "Letter", document.as_json())

    report = services.preflight.check(workspace, version)

    found = {one.about or one.message: one.block for one in report.findings if one.block}
    assert found == {
        "#dddddd on #ffffff": heading.id,
        "#d0d0d0 on #ffffff": text.id,
        "The link “#” leads nowhere.": button.id,
        "The picture “four.png” says nothing to those who don’t see it.": image.id,
        "#cccccc on #ffffff": mjml.id,
        "9 px": code.id,
        "#c0c0c0 on #ffffff": quote.id,
        "The link “http://localhost/x” leads to a host that only your own network knows.": products.id,
        "The link “http://wiki/start” leads to a host that only your own network knows.": header.id,
    }
    assert {one.where for one in report.findings if one.block == mjml.id} == {"Section 2 · MJML"}
    assert divider.id not in found.values()


def test_a_block_that_only_some_get_is_named_where_the_unsubscribe_link_is_in_it(services: Services, workspace: Principal) -> None:
    footer = new_block(BlockKind.FOOTER, show_if={"conditions": [{"field": "contact.first_name", "operator": "is_set"}]})
    document = Document(sections=(new_section("1", new_block(BlockKind.TEXT)), new_section("1", footer)))
    version = services.templates.save(workspace, "Letter", document.as_json())

    (error,) = _of(services.preflight.check(workspace, version), Rule.UNSUBSCRIBE_SOMETIMES)

    assert (error.where, error.block) == ("Section 2 · Footer", footer.id)
    with services.db.read() as connection, pytest.raises(Conflict, match="Section 2 · Footer: The unsubscribe link"):
        must_be_sendable(connection, workspace.workspace_id, version, Envelope(("Hello",)))


def test_of_two_links_to_the_same_place_the_one_that_is_meant_is_named(services: Services, workspace: Principal) -> None:
    source = '<p>Hi</p>\n<img src="https://tea.garden/a.png" alt="Tea" width="50">\n<img src="https://tea.garden/a.png" width="50">'

    (finding,) = _of(services.preflight.check(workspace, compile_template(source), source=source), Rule.IMAGE_NO_ALT)

    assert finding.line == 3


PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "first_name": st.sampled_from(["", "Ann", "Bo"]),
            "city": st.sampled_from([None, "", " ", "Oslo", "  Bonn "]),
            "points": st.sampled_from([None, 0, 3]),
            "vip": st.sampled_from([None, False, True]),
            "language": st.sampled_from([None, "", "de", "DE_at", " fr-CA", "fr", "pt-BR", "PT_br_SP", "pt-b", "pt", "it"]),
        }
    ),
    min_size=1,
    max_size=8,
)
FIELDS = ("first_name", "city", "points", "vip")
SHAPES = (
    "{{{{ contact.{} }}}}",
    "{{{{ contact.{}|default('x') }}}}",
    "{{% if contact.{0} %}}{{{{ contact.{0} }}}}{{% else %}}x{{% endif %}}",
    "x",
)
TEXTS = st.tuples(*[st.sampled_from(SHAPES)] * len(FIELDS))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, main=TEXTS, german=TEXTS, brazilian=TEXTS)
def test_for_how_many_a_field_is_empty_is_what_writing_every_email_shows(
    services: Services,
    workspace: Principal,
    people: list[dict[str, object]],
    main: tuple[str, ...],
    german: tuple[str, ...],
    brazilian: tuple[str, ...],
) -> None:
    types = {"city": AttributeType.TEXT, "points": AttributeType.NUMBER, "vip": AttributeType.BOOLEAN, "language": AttributeType.TEXT}
    for name, kind in types.items():
        if name not in services.contacts.attributes(workspace):
            services.fields.add(workspace, name, kind)
    number = len(services.lists.all(workspace))
    readers = services.lists.create(workspace, f"Readers {number}")
    for at, one in enumerate(people):
        known = {name: one[name] for name in types if one[name] is not None}
        who = f"{number}-{at}@example.com"
        services.contacts.save(workspace, who, first_name=str(one["first_name"]), attributes=known, list_ids=[readers.id])
    said = {"": main, "de": german, "pt-br": brazilian}
    sources = {
        tag: "<p>" + "|".join(shape.format(name) for shape, name in zip(shapes, FIELDS, strict=True)) + "</p>"
        for tag, shapes in said.items()
    }
    version = services.templates.save(workspace, f"Letter {number}", sources[""])
    for tag in ("de", "pt-br"):
        version = services.translating.put(workspace, version.template_id, tag, sources[tag])

    report = services.preflight.check(workspace, version, audience=Audience("list", readers.id))

    counted = {
        one.message.split("”")[0][1:]: int(one.message.split("is empty for ")[1].split(" of")[0]) for one in _of(report, Rule.FIELD_EMPTY)
    }
    naive = dict.fromkeys(FIELDS, 0)
    for at in range(len(people)):
        contact = services.contacts.find(workspace, f"{number}-{at}@example.com")
        assert contact is not None
        source = chosen(contact.attributes.get("language"), sources[""], {tag: sources[tag] for tag in ("de", "pt-br")})
        sender = {"workspace": {"name": "", "postal_address": ""}, "brand": {}}
        compiled = compile_template(source)
        text = render(compiled, preview_context(sender, [""] * len(compiled.links), contact)).html
        cells = text.split("<p>")[1].split("</p>")[0].split("|")
        for name, cell in zip(FIELDS, cells, strict=True):
            naive[name] += not cell.strip()
    assert counted == {name: count for name, count in naive.items() if count}
