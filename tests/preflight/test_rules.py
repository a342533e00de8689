"""Each rule, by an email that breaks it and one that does not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.preflight import checks, looks
from core.preflight.catalogue import CATALOGUE
from core.preflight.colours import BLACK, WHITE, Colour, colour, contrast
from core.preflight.emails import Email
from core.preflight.envelopes import Envelope
from core.preflight.findings import Rule, Severity
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import compile_template
from core.templates.look.brand import Brand, Colours
from core.templates.starters import STARTERS
from tests.preflight.conftest import Found

UNSUBSCRIBE = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'
FOOTER = f"<p>{{{{ workspace.postal_address }}}} {UNSUBSCRIBE}</p>"
MJML = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
GOOD = {"subjects": ("News from the tea garden",), "preview_text": "What grows this spring, and what we drink with it."}


def _page(body: str, footer: str = FOOTER) -> str:
    return f"<html><body>\n{body}\n{footer}\n</body></html>"


def test_the_catalogue_has_every_rule_with_a_way_to_mend_it() -> None:
    assert set(CATALOGUE) == set(Rule)
    assert all(entry.hint.endswith(".") and "!" not in entry.hint for entry in CATALOGUE.values())
    blocking = {rule.value for rule, entry in CATALOGUE.items() if entry.severity is Severity.ERROR}
    assert blocking == {
        *("no_unsubscribe", "unsubscribe_sometimes", "no_postal_address", "postal_address_sometimes", "link_malformed", "subject_empty"),
        "language_unusable",
    }


def test_nothing_is_found_in_a_good_email(found: Found) -> None:
    body = '<p>Spring is here. <a href="https://tea.garden/spring">See what grows</a></p>'

    assert found(_page(body), address="1 Tea Street, Hamburg", **GOOD) == {}


@pytest.mark.parametrize("starter", STARTERS, ids=lambda one: one.name)
def test_starters_have_what_they_must_have(found: Found, starter: object) -> None:
    findings = found(starter.source, address="1 Tea Street", **GOOD)  # type: ignore[attr-defined]

    assert [one for one in findings.values() if one.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    ("footer", "rule"),
    [
        ("<p>{{ workspace.postal_address }}</p><!-- {{ unsubscribe_url }} -->", "no_unsubscribe"),
        ("<p>{{ workspace.postal_address }}</p>{% if unsubscribe_url %}<p>Bye</p>{% endif %}", "no_unsubscribe"),
        (f"<p>{{{{ workspace.postal_address }}}}</p>{{% if contact.vip %}}{UNSUBSCRIBE}{{% endif %}}", "unsubscribe_sometimes"),
        (f"<p>{{{{ workspace.postal_address }}}}</p>{{% for one in contact.all %}}{UNSUBSCRIBE}{{% endfor %}}", "unsubscribe_sometimes"),
        (UNSUBSCRIBE, "no_postal_address"),
        (f"{{% if contact.vip %}}<p>{{{{ workspace.postal_address }}}}</p>{{% endif %}}{UNSUBSCRIBE}", "postal_address_sometimes"),
        (f"<p>{{{{ workspace.postal_address if contact.vip else '' }}}}</p>{UNSUBSCRIBE}", "postal_address_sometimes"),
        (f"{{% if contact.vip %}}<p>12 Harbour Road, Leith</p>{{% endif %}}{UNSUBSCRIBE}", "postal_address_sometimes"),
        (f"{{% if contact.vip %}}<p>1 Tea Street,<br>Hamburg</p>{{% endif %}}{UNSUBSCRIBE}", "postal_address_sometimes"),
    ],
)
def test_what_every_email_must_have_blocks_where_it_is_missing_or_sometimes_is(found: Found, footer: str, rule: str) -> None:
    findings = found(_page("<p>Hi</p>", footer), address="1 Tea Street, Hamburg")

    assert [one for one in findings if findings[one].severity is Severity.ERROR] == [rule]


@pytest.mark.parametrize(
    "footer",
    [
        f"{{% if contact.vip %}}{UNSUBSCRIBE}{{% else %}}{UNSUBSCRIBE}{{% endif %}}<p>{{{{ workspace.postal_address }}}}</p>",
        f"{UNSUBSCRIBE}<p>{{{{ brand.postal_address }}}}</p>",
        f"{UNSUBSCRIBE}<p>Tea Ltd, 12 Harbour Road, Leith EH6 6QQ</p>",
        f"{UNSUBSCRIBE}<p>Teegarten GmbH, Hafenstraße 3, 20457 Hamburg</p>",
        f"{UNSUBSCRIBE}{{% if contact.vip %}}<p>12 Harbour Road</p>{{% else %}}<p>Hafenstraße 3</p>{{% endif %}}",
        f"{UNSUBSCRIBE}{{% if contact.vip %}}<p>12 Harbour Road</p>{{% endif %}}{{{{ workspace.postal_address }}}}",
        f"{UNSUBSCRIBE}<p>{{{{ workspace.name }}}}, <b>Hafenstraße</b> <i>3</i></p>",
        "",  # the one that compiling adds
    ],
)
def test_what_every_email_must_have_may_be_written_in_several_ways(found: Found, footer: str) -> None:
    wrong = {"no_unsubscribe", "unsubscribe_sometimes", "no_postal_address", "postal_address_sometimes"}
    assert not wrong & found(_page("<p>Hi</p>", footer), address="Box 1").keys()


def test_a_workspace_without_an_address_is_told_but_not_kept_from_sending(found: Found) -> None:
    named, not_named = found(_page("<p>Hi</p>")), found(_page("<p>Hi</p>", UNSUBSCRIBE))
    of_brand = found(_page("<p>Hi</p>", f"{UNSUBSCRIBE}{{{{ brand.postal_address }}}}"))

    assert named["postal_address_empty"].severity is of_brand["postal_address_empty"].severity is Severity.WARNING
    assert not_named["postal_address_unseen"].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("http://exa mple.com/x", "link_malformed"),
        ("https://http://tea.garden", "link_malformed"),
        ("https://tea..garden/", "link_malformed"),
        ("https://tea.garden:80000/", "link_malformed"),
        ("https://tea!.garden/", "link_malformed"),
        ("mailto:", "link_malformed"),
        ("https://example.com/tea", "link_placeholder"),
        ("https://www.yourcompany.com/", "link_placeholder"),
        ("https://example.org/{{ contact.id }}", "link_placeholder"),
        ("#", "link_empty"),
        ("", "link_empty"),
        ("http://localhost:3000/x", "link_private"),
        ("http://wiki/start", "link_private"),
        ("http://192.168.0.4/x", "link_private"),
        ("http://[::1]/", "link_private"),
        ("https://printer.local/", "link_private"),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_its_line(found: Found, address: str, rule: str) -> None:
    findings = found(_page(f'<p>Hello</p>\n<a href="{address}">Look</a>'), address="Box 1")

    assert {name for name in findings if name.startswith("link")} == {rule}
    assert findings[rule].where == "Line 3"


@pytest.mark.parametrize(
    "address",
    [
        *("https://tea.garden/a?b=c#d", "https://tea.garden:8443/", "https://bücher.de/", "https://xn--bcher-kva.de/", "http://8.8.8.8/"),
        *("mailto:ann@tea.garden", "tel:+491234", "sms:123", "#part", "{{ contact.page }}", "https://{{ contact.shop }}.tea.garden/"),
        *(
            "https://tea.garden/{{ contact.id }}",
            "{{ view_url }}",
            "https://a_b.tea.garden/",
            "https://i❤tea.garden/",
            "https://tea-.garden/",
        ),
    ],
)
def test_a_link_that_leads_somewhere_is_let_be(found: Found, address: str) -> None:
    assert not [name for name in found(_page(f'<a href="{address}">Look</a>'), address="Box 1") if name.startswith("link")]


@pytest.mark.parametrize(
    ("image", "rules"),
    [
        ('<img src="https://tea.garden/a.png" alt="Tea" width="200">', set()),
        ('<img src="https://tea.garden/a.png" alt="" style="width:200px">', set()),
        ('<img src="https://tea.garden/a.png" width="1" height="1">', set()),
        ('<img src="{{ contact.picture }}" alt="You" width="200">', set()),
        ('<img src="https://tea.garden/a.png" width="200">', {"image_no_alt"}),
        ('<img src="https://tea.garden/a.png" alt="Tea">', {"image_no_width", "all_images"}),
        ('<img src="a.png" alt="Tea" width="200">', {"image_address"}),
        ('<img src="" alt="Tea" width="200">', {"image_address"}),
        ('<img src="http://localhost/a.png" alt="Tea" width="200">', {"image_address"}),
        ('<img src="data:image/png;base64,AAAA" alt="Tea" width="200">', {"image_embedded"}),
        ('<img src="https://tea.garden/a.png" alt="Tea" width="600">', {"all_images"}),
    ],
)
def test_images(found: Found, image: str, rules: set[str]) -> None:
    assert {name for name in found(_page(f"<p>Short.</p>{image}"), address="Box 1") if "image" in name} == rules


def test_pictures_that_stand_here_are_told_once_where_readers_can_not_reach_them() -> None:
    here = "http://127.0.0.1:8510"
    pictures = "".join(f'<img src="{here}/i/1/{name}.png" alt="Tea" width="100">' for name in "ab")
    version = compile_template(_page(f"<p>Hi</p>\n{pictures}"))

    told = [one for one in checks.run(Email(version, receiver=here)) if one.rule is Rule.IMAGE_ADDRESS]

    assert [one.message for one in told] == [f"Pictures that you uploaded stand at {here}/, where only your own network sees them."]
    assert "POSTWRIGHT_PUBLIC_URL" in told[0].hint


def test_an_image_of_mjml_is_found_in_its_line(found: Found) -> None:
    source = (
        '<mjml><mj-body><mj-section><mj-column>\n<mj-image src="https://tea.garden/a.png" />\n</mj-column></mj-section></mj-body></mjml>'
    )

    assert found(source, address="Box 1")["image_no_alt"].where == "Line 2"


def test_what_gmail_cuts_off_is_measured_as_it_is_sent(found: Found) -> None:
    line = '<p>Something about tea. <a href="https://tea.garden/{n}">More</a></p>\n'

    assert "html_clipped" in found(_page("".join(line.format(n=n) for n in range(900))))
    assert "html_nearly_clipped" in found(_page("x" * 92 * 1024))
    assert not [name for name in found(_page("x" * 80 * 1024)) if name.startswith("html")]


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ('<p style="color:#bbb">Faint</p>', "“Faint” is hard to read: #bbbbbb on #ffffff has a contrast of 1.9 to 1."),
        (
            '<table bgcolor="#000080"><tr><td>Night</td></tr></table>',
            "“Night” is hard to read: #000000 on #000080 has a contrast of 1.3 to 1.",
        ),
        ('<div style="background:#eee url(a.png)"><p style="color:#fff">x</p></div>', ""),
        ('<p style="color:#949494;font-size:24px">Large text</p>', ""),
        ('<p style="color:#949494;font-size:14pt"><b>Large and bold</b></p>', ""),
        ('<p style="color:rgba(0,0,0,.3)">Glass</p>', "“Glass” is hard to read: #b2b2b2 on #ffffff has a contrast of 2.1 to 1."),
        ('<p style="color:#bbb;display:none">Hidden</p>', ""),
        ('<p style="color:#bbb"> · </p>', ""),
        ('<a href="https://tea.garden" style="color:white;background:navy">Button</a>', ""),
        ('<p style="color:#bbb">{{ contact.city }}</p>', "“…” is hard to read: #bbbbbb on #ffffff has a contrast of 1.9 to 1."),
    ],
)
def test_contrast(found: Found, html: str, message: str) -> None:
    finding = found(_page(html), address="Box 1").get("low_contrast")

    assert (finding.message if finding else "") == message


DARK = "@media (prefers-color-scheme: dark){{{}}}"


@pytest.mark.parametrize(
    ("rules", "html", "message"),
    [
        ("", '<div class="a" style="color:#222;background:#fff">Night</div>', ""),
        (".a{background-color:#111 !important}", '<div class="a" style="color:#222;background:#fff">Night</div>', "#222222 on #111111"),
        (".a{background:#111 !important;color:#eee !important}", '<div class="a" style="color:#222;background-color:#fff">x</div>', ""),
        (".a{background-color:#111}", '<div class="a" style="color:#222;background-color:#fff">Night</div>', ""),  # the inline style holds
        ("body,.b{background-color:#111 !important} .a p{color:#eee !important}", '<div class="a"><p style="color:#222">x</p></div>', ""),
        ("body{background:#111 !important} .a>p{color:#eee !important}", '<i class="a"><b><p style="color:#222">x</p></b></i>', "#222222"),
        ("body{background:#111 !important} .a p{color:#222 !important}.c.a p{color:#eee !important}", '<i class="c a"><p>x</p></i>', ""),
        ("body{background:#111 !important}", "<p>Whatever the mail program makes of it</p>", ""),
        (".a:hover{background-color:#111 !important}", '<div class="a" style="color:#222;background:#fff">Night</div>', ""),
        ("body{background:#ccc !important}", '<p style="color:#bbb;background:#fff">Faint everywhere: said once</p>', ""),
    ],
)
def test_contrast_on_dark_screens(found: Found, rules: str, html: str, message: str) -> None:
    page = f"<html><head><style>{DARK.format(rules)}</style></head><body>\n{html}\n{FOOTER}</body></html>"

    finding = found(page, address="Box 1").get("dark_contrast")

    assert message in finding.message if finding and message else not (finding or message)


def test_a_fixed_colour_of_a_block_is_looked_at_on_dark_screens(found: Found) -> None:
    def made(colour: str) -> str:
        return Document(sections=(new_section("1", new_block(BlockKind.HEADING, text="News", colour=colour)),)).as_json()

    fixed, of_brand = found(made("#1f2433"), address="Box 1"), found(made("text"), address="Box 1")

    assert fixed["dark_contrast"].where == "Section 1 · Heading “News”"
    assert not {"low_contrast"} & (fixed.keys() | of_brand.keys()), "nor is anything wrong with the footer that is added"
    assert fixed["dark_contrast"].message.startswith("“News” is hard to read on a dark screen: #1f2433 on #1c1f28")
    assert "dark_contrast" not in of_brand


@pytest.mark.parametrize("kind", sorted(set(BlockKind) - {BlockKind.MJML}), ids=str)  # MJML of one's own has colours of its own
@pytest.mark.parametrize("primary", ["#4f46e5", "#0f172a", "#b91c1c", "#047857"])
def test_what_blocks_say_in_the_colours_of_the_brand_is_readable_on_any_screen(kind: BlockKind, primary: str) -> None:
    row = {"products": [{"name": "Tea", "text": "Green", "price": "9 €", "url": "https://tea.garden/", "button": "Buy"}]}
    block = new_block(kind, **(row if kind is BlockKind.PRODUCTS else {}))
    source = Document(sections=(new_section("1", block), new_section("1", new_block(BlockKind.FOOTER)))).as_json()
    email = Email(compile_template(source, brand=Brand(colours=Colours(primary=primary))))

    assert email.shown_on_dark
    assert [one.message for one in (*looks.contrasts(email), *looks.dark_contrasts(email))] == []


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        ('<p style="font-size:11px">Small</p>', "small_text"),
        ('<p style="font-size:8pt">Small</p>', "small_text"),
        ('<div style="font-size:20px"><p style="font-size:0.5em">Small</p></div>', "small_text"),
        ('<table width="900"><tr><td>Wide</td></tr></table>', "wide_table"),
        ('<table style="width:720px"><tr><td>Wide</td></tr></table>', "wide_table"),
    ],
)
def test_letters_and_tables(found: Found, html: str, rule: str) -> None:
    assert rule in found(_page(f"<p>Hi</p>\n{html}"), address="Box 1")


def test_what_mjml_makes_is_readable(found: Found) -> None:
    source = MJML.format("<mj-text>Hello</mj-text>")

    assert not {"small_text", "wide_table", "low_contrast"} & found(source, address="Box 1").keys()


@pytest.mark.parametrize(
    ("subject", "rule"),
    [
        *(
            ("", "subject_empty"),
            ("  ", "subject_empty"),
            ("x" * 61, "subject_long"),
            ("x" * 91, "subject_very_long"),
            ("🍵🍵", "subject_only_emoji"),
        ),
        *(("Re: your order", "subject_fake_reply"), ("FWD: tea", "subject_fake_reply"), ("AW: Tee", "subject_fake_reply")),
        *(
            ("BIG TEA SALE", "shouting"),
            ("Tea! Now!", "exclaiming"),
            ("Act now and save", "spam_phrase"),
            ("Jetzt zugreifen", "spam_phrase"),
        ),
    ],
)
def test_subjects(found: Found, subject: str, rule: str) -> None:
    findings = found(_page("<p>Hi</p>"), address="Box 1", subjects=(subject,), preview_text="x" * 50)

    assert findings[rule].where == "Subject"
    assert set(findings) == {rule}


@pytest.mark.parametrize("subject", ["Report on tea", "{{ contact.first_name | default('Hello') }} 🍵", "FAQ about tea", "Regards", "Tea!"])
def test_subjects_that_are_fine(found: Found, subject: str) -> None:
    assert found(_page("<p>Hi</p>"), address="Box 1", subjects=(subject,), preview_text="x" * 50) == {}


def test_a_second_subject_is_looked_at_too(found: Found) -> None:
    assert "subject_very_long" in found(_page("<p>Hi</p>"), address="Box 1", subjects=("Tea", "x" * 91), preview_text="y" * 50)


@pytest.mark.parametrize(
    ("preview", "rule"),
    [("", "preview_missing"), ("Short", "preview_short"), ("News — from the tea garden!", "preview_same"), ("x" * 40, None)],
)
def test_the_text_beside_the_subject(found: Found, preview: str, rule: str | None) -> None:
    hidden = f'<div style="display:none;font-size:1px">{preview}</div><p>Hello</p>'

    for findings in (
        found(_page(hidden), address="Box 1", subjects=("News from the tea garden",)),
        found(_page("<p>Hello</p>"), address="Box 1", subjects=("News from the tea garden",), preview_text=preview),
    ):
        assert {name for name in findings if name.startswith("preview")} == ({rule} if rule else set())


def test_the_text_is_read_for_words_too(found: Found) -> None:
    text = "THIS IS THE VERY BEST TEA THAT MONEY CAN BUY TODAY WITH LOVE FROM ALL OF OUR GARDENS IN THE HILLS!! Click here"

    findings = found(_page(f"<p>Hi</p>\n<p>{text}</p>"), address="Box 1")

    assert {"shouting", "exclaiming", "spam_phrase"} <= findings.keys()
    assert findings["spam_phrase"].message == "“click here” is a phrase of spam."
    assert findings["spam_phrase"].where == "Line 3"


@pytest.mark.parametrize(
    "text",
    [
        "Buy now and get it tomorrow. Order now, pay later. Our lowest price this year, last chance for the old one.",
        "We work from home on Fridays, so answers take a day. There is no obligation to answer.",
        "Double your points until Sunday. Free shipping, free returns, and a gift for the first hundred.",
        "Jetzt kaufen und morgen haben. Letzte Chance, nur noch heute zum alten Preis. Kostenlose Lieferung, unverbindlich.",
        "A guarantee of five years. Win tickets. Cash or card. Your trial is over, and your invoice is here.",
        "Dear friends of the tea garden, the weight of a parcel is now 2 kg at most. Click the picture to see more.",
    ],
)
def test_ordinary_words_raise_no_alarm(found: Found, text: str) -> None:
    subject = text.partition(".")[0][:60]
    assert found(_page(f"<p>{text}</p>"), address="Box 1", subjects=(subject,), preview_text="x" * 50) == {}


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("*|FNAME|*", "{{ contact.first_name }}"),
        ("*|LIST:ADDRESS|*", "{{ workspace.postal_address }}"),
        ("*|COMPANY|*", "such as {{ contact.first_name }}"),  # the reader's
        ("*|IF:MEMBER|*", "such as {{ contact.first_name }}"),
        ("%%emailaddr%%", "{{ contact.email }}"),
        ("%FIRSTNAME%", "{{ contact.first_name }}"),
        ("{$name}", "{{ contact.first_name }}"),
    ],
)
def test_a_merge_field_of_another_program_is_named_with_what_to_write_instead(found: Found, written: str, ours: str) -> None:
    in_text = found(_page(f"<p>Hi</p>\n<p>Dear {written}, dear {written},</p>"), address="Box 1")
    in_link = found(_page(f'<p>Hi</p>\n<a href="https://tea.garden/?who={written}">Tea</a>'), address="Box 1")
    in_subject = found(_page("<p>Hi</p>"), address="Box 1", subjects=(f"Spring teas for {written}",), preview_text="y" * 50)

    for findings, where in ((in_text, "Line 3"), (in_link, "Line 3"), (in_subject, "Subject")):
        assert findings["field_foreign"].message == f"“{written}” is a merge field of another program: readers would see it as it stands."
        assert ours in findings["field_foreign"].hint
        assert findings["field_foreign"].where == where


@pytest.mark.parametrize("words", ["Only%20%E2%82%AC20%20off", "Save%20%C2%A310%20now", "caf%C3%A92024%20", "%C3%9CBER%20", "%E2%82%AC%20"])
def test_letters_written_with_per_cents_in_a_link_are_no_merge_fields(found: Found, words: str) -> None:
    page = _page(f'<a href="https://wa.me/?text={words}">Tea</a>')
    assert "field_foreign" not in found(page, address="Box 1")
    assert "“%LASTNAME%”" in found(page.replace(words, f"{words}%LASTNAME%"), address="Box 1")["field_foreign"].message


def test_ordinary_per_cents_stars_and_braces_are_no_merge_fields(found: Found) -> None:
    text = "From 20% TO 30% off, 100%* SAFE, 5 * 3 | 2 * 4, {price} and $5, {{ contact.first_name | default('you') }}, 10%%20%%"
    assert "field_foreign" not in found(_page(f"<p>{text}</p>"), address="Box 1")


def test_colours_are_compared_as_the_standard_says() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(Colour(0x76, 0x76, 0x76), WHITE) == pytest.approx(4.54, abs=0.01)
    assert colour("#fff") == colour("WHITE") == colour("rgb(255, 255, 255)") == colour("#ffffffff") == WHITE
    assert colour("transparent", None) is colour("var(--ink)") is colour("") is None


@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_contrast_is_the_same_both_ways_and_never_out_of_bounds(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    first, second = Colour(*one), Colour(*other)

    assert contrast(first, second) == contrast(second, first)
    assert 1 <= contrast(first, second) <= 21.0001
    assert colour(str(first)) == first


FRAGMENTS = (
    *("<p style='color:#", "font-size:", "9px;", "'>", "</p>", "<table width='", "<td>", "</td></tr></table>", "<img src=", "é"),
    *('<a href="', "https://", "example.com", "[", ":", "%", '">', "</a>", "{{ contact.city }}", "{% if contact.city %}", "url("),
    *("{{ unsubscribe_url }}", "<!--", "-->", "rgba(1,2", ")", "background:", "{% endif %}", "&#", "\u200b", "BUY NOW", " ", "\n"),
    *("'data:image/png", "!", "<", ">", ";"),
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join), st.text(max_size=20))
def test_whatever_can_be_compiled_can_be_looked_at(html: str, subject: str) -> None:
    try:
        version = compile_template(f"<p>Hi</p>{html}")
    except InvalidInput:  # refused on saving, so nobody looks at it
        return
    for finding in checks.run(Email(version, html, Envelope((subject,), None, "x"))):
        assert finding.message and finding.hint


@pytest.mark.parametrize(
    "piece",
    [
        *("x", "1 ", "12 a ", "<!--", "url(", "rgba(", "<p style='background:url(", "<td>", "A1 ", "{", "&#", "a!", "click here ", "<img>"),
        *("<a href='http://a'>", "<p style='color:#bbb'>x", "{{ contact.a }}", "{% if contact.a %}x{% endif %}"),
    ],
)
def test_the_time_it_takes_grows_as_the_email_does(piece: str) -> None:
    try:
        version = compile_template(f"<p>Hi</p>{piece * min(150_000 // len(piece), 1_500 if '{' in piece else 150_000)}")
    except InvalidInput:  # refused on saving, so nobody looks at it
        return
    began = time.monotonic()

    list(checks.run(Email(version, version.html, Envelope(("Tea",)))))

    assert time.monotonic() - began < 10


@pytest.mark.parametrize("inside", ["{}", "1{}x", "1 {}x", "1 1{}x", "1,1,1{}x", "1 1 1/{}x", "1 1 1 / {}%"])
@pytest.mark.parametrize("filling", [" ", "1", "1 ", ", ", "."])
def test_a_colour_of_any_length_is_looked_at_once(inside: str, filling: str) -> None:
    version = compile_template(f'<p style="color:rgb({inside.format(filling * 40_000)})">Hi</p>')
    began = time.process_time()

    list(checks.run(Email(version, version.html, Envelope(("Tea",)))))

    assert time.process_time() - began < 2


@pytest.mark.parametrize("text", ["rgb(1,2,3)", "rgb( 1 , 2 ,3 )", "rgba(1 2  3)", "rgb(1 2 3 / 100%)", "rgba(1,2,3, 1 )", "rgb(1\t2\t3)"])
def test_colours_are_read_however_they_are_spaced(text: str) -> None:
    assert colour(text) == Colour(1, 2, 3)
