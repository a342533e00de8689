"""Two versions side by side: what is the same is not mentioned, and every change is."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import hypothesis.strategies as st
from hypothesis import given, settings

from core.templates.blocks import editing
from core.templates.blocks.differences import Difference, differences
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.languages.variants import Variant
from core.templates.library.comparing import Compared, Sign, compare, compare_text, in_languages
from core.templates.library.models import TemplateVersion

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXTS = st.lists(st.sampled_from(["", "a", "b", "<p>", "</p>", "é"]), max_size=12).map("\n".join)


def version(source: str, text: str, kind: TemplateKind = TemplateKind.HTML) -> TemplateVersion:
    return TemplateVersion(1, 1, 1, kind, source, source, text, [], [], NOW)


def mail() -> Document:
    """Two sections: a heading, a text and a button; two columns of a picture each."""
    first = new_section("1", new_block(BlockKind.HEADING, text="News"), new_block(BlockKind.TEXT), new_block(BlockKind.BUTTON))
    second = new_section("1-1", new_block(BlockKind.IMAGE, alt="Tea"))
    return Document(sections=(first, second))


@given(TEXTS, TEXTS, st.integers(1, 3))
def test_what_is_said_of_two_texts_makes_one_of_the_other(old: str, new: str, context: int) -> None:
    lines = old.split("\n")
    hunks = compare_text(old, new, context)
    for hunk in reversed(hunks):
        start = next(line.old for line in hunk if line.old is not None) - 1
        kept = [line.text for line in hunk if line.sign is not Sign.REMOVED]
        gone = [line.text for line in hunk if line.sign is not Sign.ADDED]
        assert lines[start : start + len(gone)] == gone
        lines[start : start + len(gone)] = kept
    assert "\n".join(lines) == new
    assert bool(hunks) is (old != new)


def test_some_lines_around_a_change_are_shown_and_no_others() -> None:
    old = "\n".join(map(str, range(100)))
    (hunk,) = compare_text(old, old.replace("\n50\n", "\nfifty\n"))
    assert [(line.sign, line.text, line.old, line.new) for line in hunk[2:6]] == [
        (Sign.SAME, "49", 50, 50),
        (Sign.REMOVED, "50", 51, None),
        (Sign.ADDED, "fifty", None, 51),
        (Sign.SAME, "51", 52, 52),
    ]
    assert len(hunk) == 8


def test_links_are_told_by_where_they_lead_not_by_their_number() -> None:
    sources = [f'<p>Hello</p><p>See <a href="https://example.com/{where}">our shop</a></p>' for where in ("spring", "summer")]
    old, new = (replace(version(source, (made := compile_template(source)).text), links=made.links) for source in sources)
    assert old.text == new.text
    (hunk,) = compare(old, new).words
    assert [(line.sign, line.text) for line in hunk if line.sign is not Sign.SAME] == [
        (Sign.REMOVED, "See our shop <https://example.com/spring>"),
        (Sign.ADDED, "See our shop <https://example.com/summer>"),
    ]
    assert compare(replace(old, links=[]), new).words, "a version whose links are gone can still be compared"


def test_code_is_compared_by_line_and_documents_by_part() -> None:
    html = compare(version("<p>a</p>", "a"), version("<p>b</p>", "b"))
    assert html.parts is None and len(html.source) == len(html.words) == 1 and not html.is_same
    document = mail()
    changed = editing.change(document, document.sections[0].columns[0].blocks[0].id, text="Other news")
    found = compare(version(document.as_json(), "News", TemplateKind.BLOCKS), version(changed.as_json(), "Other news", TemplateKind.BLOCKS))
    assert found.source == () and found.words and found.parts
    assert [(one.what, one.name, one.place, one.fields[0].label) for one in found.parts] == [
        (Difference.CHANGED, "Heading “Other news”", "section 1", "text")
    ]
    mixed = compare(version(document.as_json(), "News", TemplateKind.BLOCKS), version("<p>News</p>", "News"))
    assert mixed.parts is None and mixed.source and not mixed.words


def test_nothing_is_said_of_what_is_the_same() -> None:
    document = mail()
    same = version(document.as_json(), "News", TemplateKind.BLOCKS)
    assert compare(same, replace(same, number=2)).is_same


def test_what_only_made_room_was_not_moved() -> None:
    document = mail()
    heading, text, button = (block.id for block in document.sections[0].columns[0].blocks)
    (moved,) = differences(document, editing.step(document, heading, 1))
    assert moved.what is Difference.MOVED and moved.part_id in {heading, text}
    column = document.sections[1].columns[1].id
    (moved,) = differences(document, editing.move_block(document, button, column, 0))
    assert (moved.what, moved.part_id, moved.place) == (Difference.MOVED, button, "section 2, column 2")


def test_a_section_that_is_moved_takes_its_blocks_along() -> None:
    document = mail()
    (moved,) = differences(document, editing.move_section(document, document.sections[1].id, 0))
    assert (moved.what, moved.name) == (Difference.MOVED, "Section")


def test_what_is_gone_is_named_with_where_it_was() -> None:
    document = mail()
    picture = document.sections[1].columns[0].blocks[0].id
    (gone,) = differences(document, editing.remove(document, picture))
    assert (gone.what, gone.name, gone.place) == (Difference.REMOVED, "Picture “Tea”", "section 2, column 1")


def test_a_change_is_told_in_words() -> None:
    document = mail()
    heading, text, _ = document.sections[0].columns[0].blocks
    changed = editing.change(document, heading.id, show_if={"conditions": [{"field": "contact.country", "value": "DE"}]})
    changed = editing.change(changed, text.id, html="<p><strong>Write something here.</strong></p>")
    changed = changed.model_copy(update={"preview_text": "Look inside"})
    email, shown, bold = differences(document, changed)
    assert (email.name, email.fields[0].label, email.fields[0].before, email.fields[0].after) == (
        *("Email", "preview text", "nothing", "Look inside"),
    )
    assert (shown.fields[0].label, shown.fields[0].before, shown.fields[0].after) == (
        *("when it is shown", "always", "if contact.country is DE"),
    )
    assert bold.fields[0].before != bold.fields[0].after and "<strong>" in bold.fields[0].after


@settings(max_examples=150)
@given(st.data())
def test_every_part_that_was_changed_is_named(data: st.DataObject) -> None:
    before = mail()
    document = before
    for _ in range(data.draw(st.integers(0, 5))):
        document = _edited(document, data)
    found = differences(before, document)
    old, new = _parts(before), _parts(document)
    assert {one.part_id for one in found if one.what is Difference.ADDED} == set(new) - set(old)
    assert {one.part_id for one in found if one.what is Difference.REMOVED} == set(old) - set(new)
    changed = {part_id for part_id in set(old) & set(new) if old[part_id] != new[part_id]}
    assert {one.part_id for one in found if one.what is Difference.CHANGED and one.part_id} == changed
    assert bool(found) is (before != document)
    assert all(field.before != field.after for one in found for field in one.fields)


def _parts(document: Document) -> dict[str, object]:
    sections = {section.id: section.model_dump(exclude={"columns"}) for section in document.sections}
    return {**sections, **{block.id: block.model_dump() for block in document.blocks()}}


def _edited(document: Document, data: st.DataObject) -> Document:
    columns = [column.id for section in document.sections for column in section.columns]
    blocks = [block.id for block in document.blocks()]
    match data.draw(st.sampled_from(["add", "move", "remove", "change", "section"])):
        case "move" if blocks:
            return editing.move_block(document, data.draw(st.sampled_from(blocks)), data.draw(st.sampled_from(columns)), 0)
        case "remove" if blocks:
            return editing.remove(document, data.draw(st.sampled_from(blocks)))
        case "change" if blocks:
            background = data.draw(st.sampled_from(["#ff0000", "#00ff00", "primary"]))
            return editing.change(document, data.draw(st.sampled_from(blocks)), background=background)
        case "section":
            return editing.move_section(document, data.draw(st.sampled_from([one.id for one in document.sections])), 0)
    return editing.add_block(document, new_block(data.draw(st.sampled_from(list(BlockKind)))), data.draw(st.sampled_from(columns)), 0)


def test_texts_of_very_many_lines_are_compared_in_a_moment() -> None:
    lines = [str(number * 7_919 % 100) for number in range(40_000)]
    old, new = ["head", "same", *lines, "end", "foot"], ["head", "same", *sorted(lines, reverse=True), "more", "end", "foot"]
    begun = time.process_time()

    (hunk,) = compare_text("\n".join(old), "\n".join(new), 1)

    assert time.process_time() - begun < 2
    assert [line.text for line in hunk if line.sign is not Sign.REMOVED] == ["same", *sorted(lines, reverse=True), "more", "end"]
    assert [line.text for line in hunk if line.sign is not Sign.ADDED] == ["same", *lines, "end"]
    assert all(old[line.old - 1] == line.text for line in hunk if line.old) and all(
        new[line.new - 1] == line.text for line in hunk if line.new
    )


def test_very_many_lines_are_compared_with_few_in_a_moment() -> None:
    old, new = ["a", "b", "c"] * 80_000, ["b", "a"] * 99
    begun = time.process_time()

    hunks = compare_text("\n".join(old), "\n".join(new))

    assert time.process_time() - begun < 2
    assert [line.text for line in chain.from_iterable(hunks) if line.sign is not Sign.REMOVED] == new
    assert [line.text for line in chain.from_iterable(hunks) if line.sign is not Sign.ADDED] == old


def test_texts_whose_lines_come_again_and_again_are_compared_exactly() -> None:
    old = [str(number * 7_919 % 100) for number in range(2_000)]
    new = ["new" if number % 100 == 50 else line for number, line in enumerate(old)]
    begun = time.process_time()

    hunks = compare_text("\n".join(old), "\n".join(new))

    assert time.process_time() - begun < 2
    assert len(hunks) == 20
    assert [line.old for line in chain.from_iterable(hunks) if line.sign is Sign.REMOVED] == list(range(51, 2_001, 100))


def test_texts_in_which_every_second_line_was_changed_are_compared_in_a_moment() -> None:
    old, new = ([part for number in range(8_000) for part in (f"kept {number}", f"{what} {number}")] for what in ("old", "new"))
    begun = time.process_time()

    hunks = compare_text("\n".join(old), "\n".join(new))

    assert time.process_time() - begun < 3
    assert [line.text for line in chain.from_iterable(hunks) if line.sign is not Sign.REMOVED] == new


def test_a_change_in_the_middle_of_very_many_lines_is_found_exactly() -> None:
    lines = [str(number % 500) for number in range(60_000)]
    begun = time.process_time()

    (hunk,) = compare_text("\n".join(lines), "\n".join([*lines[:30_000], "new", *lines[30_001:]]), 1)

    assert time.process_time() - begun < 2
    assert [(line.sign, line.text, line.old, line.new) for line in hunk] == [
        (Sign.SAME, lines[29_999], 30_000, 30_000),
        (Sign.REMOVED, lines[30_000], 30_001, None),
        (Sign.ADDED, "new", None, 30_001),
        (Sign.SAME, lines[30_001], 30_002, 30_002),
    ]


def test_words_made_of_beginnings_of_tags_are_compared_in_a_moment() -> None:
    quotes = [new_block(BlockKind.QUOTE) for _ in range(24)]
    old = Document(sections=(new_section("1", *quotes),))
    for one in quotes:
        old = editing.change(old, one.id, text="<" * 19_000 + "a")
    new = old
    for one in quotes:
        new = editing.change(new, one.id, text="<" * 19_000 + "b")
    begun = time.process_time()

    assert {change.what for change in differences(old, new)} == {Difference.CHANGED}

    assert time.process_time() - begun < 2


def _variant(language: str, source: str, text: str, html: str = "") -> Variant:
    return Variant(language, source, html or source, text, ())


def test_each_language_is_compared_as_its_readers_get_it() -> None:
    old, new = version("<p>a</p>", "a"), version("<p>a</p>", "a")
    had = [_variant("de", "<p>alt</p>", "alt"), _variant("fr", "<p>un</p>", "un"), _variant("it", "<p>uno</p>", "uno")]
    has = [_variant("de", "<p>neu</p>", "neu"), _variant("es", "<p>uno</p>", "uno"), _variant("fr", "<p>un</p>", "un")]

    found = {one.language: one for one in in_languages(old, new, had, has)}

    assert {language: one.what for language, one in found.items()} == {
        "": None,
        "de": Difference.CHANGED,
        "es": Difference.ADDED,
        "fr": None,
        "it": Difference.REMOVED,
    }
    assert [(line.sign, line.text) for line in compare(found["de"].old, found["de"].new).words[0]] == [
        (Sign.REMOVED, "alt"),
        (Sign.ADDED, "neu"),
    ]
    # Who read a language that is new got the main one before, and gets it again of one that is gone.
    assert (found["es"].old.text, found["es"].new.text) == ("a", "uno")
    assert (found["it"].old.text, found["it"].new.text) == ("uno", "a")


def test_words_of_a_block_in_another_language_are_told_apart_from_its_look() -> None:
    document = mail()
    heading = document.sections[0].columns[0].blocks[0].id
    restyled = editing.change(document, heading, colour="#123456")
    said = [f'{{"{heading}": {{"text": "{words}"}}}}' for words in ("Alt", "Neu")]
    old, new = (version(one.as_json(), "News", TemplateKind.BLOCKS) for one in (document, restyled))

    main, german = in_languages(old, new, [_variant("de", said[0], "Alt")], [_variant("de", said[1], "Neu")])

    def labels(compared: Compared) -> set[tuple[str, str, str]]:
        parts = compare(compared.old, compared.new).parts or ()
        return {(field.label, field.before, field.after) for part in parts for field in part.fields}

    assert labels(main) == {("colour", "text", "#123456")}
    assert labels(german) == {("colour", "text", "#123456"), ("text", "Alt", "Neu")}
    unchanged = in_languages(old, replace(old, number=2), [_variant("de", said[0], "Alt")], [_variant("de", said[1], "Neu")])
    assert [one.what for one in unchanged] == [None, Difference.CHANGED]


def test_two_versions_that_differ_by_their_brand_only_look_different() -> None:
    document = mail().as_json()
    old = version(document, "News", TemplateKind.BLOCKS)
    found = compare(old, replace(old, html="<p>In another colour</p>"))
    assert found.only_looks and not found.is_same and found.parts == found.words == ()


def test_links_of_another_language_are_no_difference_and_those_of_this_one_are() -> None:
    document = mail().as_json()
    old = replace(version(document, "News", TemplateKind.BLOCKS), html='<a href="{{ pw_links[0] }}">x</a>', links=["https://a.example/"])
    new = replace(old, links=["https://a.example/?utm_source=news"])
    assert compare(old, new).only_looks and [one.what for one in in_languages(old, new, (), ())] == [Difference.CHANGED]
    more = replace(old, links=[*old.links, "https://b.example/"])
    assert compare(old, more).is_same and [one.what for one in in_languages(old, more, (), ())] == [None]
