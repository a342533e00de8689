"""Preflight on pages: checking a template, checking a draft, and what the question before a launch says."""

from __future__ import annotations

import json

from core.campaigns.states import CampaignState
from core.permissions import Role
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from tests.pages import given
from tests.pages.conftest import words_on

TEMPLATE, CAMPAIGN = "pages/create/template.py", "pages/create/campaign.py"
SOMETIMES = '<p>Hi</p>\n{% if contact.first_name %}<a href="{{ unsubscribe_url }}">Stop</a>{% endif %}'
GOOD = '<div style="display:none">Everything about the first flush of this year.</div><p>Hello, the tea is here.</p>'


def test_a_template_is_checked_and_the_worst_stands_first(app_as, shared, admin):
    version = given.template(shared, admin, source=SOMETIMES + '<p style="color:#ccc">Faint</p>')
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id)
    assert "Mend before sending" not in words_on(app)

    app.button(key="template_check").click().run()

    words = words_on(app)
    assert words.index("Mend before sending") < words.index("stands inside a condition") < words.index("Worth mending")
    assert "Line 2" in words
    assert "1 error" in words


def test_a_template_with_nothing_to_mend_says_so(app_as, shared, admin):
    shared.workspaces.update(admin, postal_address="1 Tea Street, Hamburg")
    version = given.template(shared, admin, source=GOOD)
    app = app_as(Role.ANALYST)(TEMPLATE, id=version.template_id)
    app.button(key="template_check").click().run()
    assert "Nothing to mend" in words_on(app)


def test_what_was_changed_since_is_not_called_checked(app_as, shared, admin):
    version = given.template(shared, admin, source=GOOD)
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id)
    app.button(key="template_check").click().run()
    app.text_area(key=f"source_{version.template_id}").set_value("<p>Changed</p>").run()
    assert "Changed since it was checked" in words_on(app)


def test_what_was_found_in_one_draft_does_not_stand_beside_the_next(app_as, shared, admin):
    first = given.draft(shared, admin, subject="Re: tea")
    same = {"template_id": first.template_id, "audience": first.audience}
    second = shared.campaigns.create(admin, name="Second", subject="Fresh tea", from_email="tea@example.com", **same)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=first.id)
    app.button(key="campaign_check").click().run()
    assert "answers nobody" in words_on(app)

    app.query_params["id"] = str(second.id)
    app.run()
    assert "Second" in words_on(app)
    assert "answers nobody" not in words_on(app)

    app.query_params["id"] = str(first.id)
    app.run()
    assert "answers nobody" in words_on(app)


def test_a_draft_is_checked_with_its_subject_its_sender_and_its_people(app_as, shared, admin):
    version = given.template(shared, admin, name="Bare", source="<p>Hello {{ contact.last_name }}</p>")
    draft = given.draft(shared, admin, subject="Re: tea", from_email="ann@gmail.com", template_id=version.template_id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)

    app.button(key="campaign_check").click().run()

    words = words_on(app)
    assert "but answers nobody" in words
    assert "whose owner asks other servers to refuse mail" in words
    assert "is empty for 3 of 3 people" in words


def test_the_question_before_a_launch_says_what_keeps_it_from_being_sent(app_as, shared, admin):
    version = given.template(shared, admin, name="Sometimes", source=SOMETIMES)
    draft = given.draft(shared, admin, template_id=version.template_id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)

    app.button(key="launch").click().run()
    assert "sent as it is" in words_on(app)
    app.button(key="launch-yes").click().run()

    assert "stands inside a condition" in app.error[0].value
    assert shared.campaigns.get(admin, draft.id).state is CampaignState.DRAFT


def test_a_press_on_the_place_of_a_finding_chooses_its_block(app_as, shared, admin):
    faint = new_block(BlockKind.HEADING, text="Spring teas", colour="#dddddd")
    document = Document(sections=(new_section("1", new_block(BlockKind.TEXT)), new_section("1", faint, new_block(BlockKind.FOOTER))))
    version = shared.templates.save(admin, "Spring", document.as_json())
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id)
    app.session_state[f"way_{version.template_id}"] = "preview"
    app.run()
    app.button(key="template_check").click().run()

    next(one for one in app.button if one.label == "Section 2 · Heading “Spring teas”").click().run()

    canvas = next(one for one in app.get("bidi_component") if one.proto.component_name == "postwright_canvas")
    assert json.loads(canvas.proto.mixed.json or canvas.proto.json)["selected"] == faint.id


def test_what_a_block_says_is_no_picture_on_the_button_that_leads_to_it(app_as, shared, admin):
    faint = new_block(BlockKind.HEADING, text="![x](https://evil.example/a.png)", colour="#dddddd")
    version = shared.templates.save(admin, "Spring", Document(sections=(new_section("1", faint, new_block(BlockKind.FOOTER)),)).as_json())
    draft = given.draft(shared, admin, template_id=version.template_id)
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id)
    app.session_state[f"way_{version.template_id}"] = "preview"
    app.run()
    app.button(key="template_check").click().run()
    beside = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)
    beside.button(key="campaign_check").click().run()

    labels = [one.label for one in app.button] + [one.proto.label for one in beside.get("page_link")]
    said = [label for label in labels if "Section 1 " in label]
    assert len(said) >= 2
    assert not [label for label in said if "![" in label]


def test_the_address_of_the_editor_can_name_a_block(app_as, shared, admin):
    heading = new_block(BlockKind.HEADING, text="Spring teas")
    version = shared.templates.save(admin, "Spring", Document(sections=(new_section("1", heading),)).as_json())
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id, part=heading.id)
    canvas = next(one for one in app.get("bidi_component") if one.proto.component_name == "postwright_canvas")
    assert json.loads(canvas.proto.mixed.json or canvas.proto.json)["selected"] == heading.id


def test_a_finding_says_in_which_language_it_is(app_as, shared, admin):
    version = given.template(shared, admin, source=GOOD)
    shared.translating.put(admin, version.template_id, "de", f'{GOOD}<a href="#">x</a>')
    app = app_as(Role.MARKETER)(TEMPLATE, id=version.template_id)
    app.button(key="template_check").click().run()
    said = next(one.value for one in app.markdown if "leads nowhere" in one.value)
    assert "Deutsch" in said and "Line 1" in said


def test_the_question_before_a_launch_says_when_links_were_checked_and_asks_for_them(app_as, shared, admin):
    version = given.template(shared, admin, name="Linked", source=f'{GOOD}<a href="https://no-such-host.garden/">x</a>')
    draft = given.draft(shared, admin, template_id=version.template_id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)
    app.button(key="launch").click().run()
    assert "Nobody has looked yet whether its links and images are there" in words_on(app)

    app.button(key="launch_links").click().run()

    words = words_on(app)
    assert "Links and images, checked" in words and "such\\-host" in words
    assert shared.campaigns.get(admin, draft.id).state is CampaignState.DRAFT


def test_what_check_found_out_about_links_is_known_before_a_launch(app_as, shared, admin):
    version = given.template(shared, admin, name="Bare", source=GOOD)
    draft = given.draft(shared, admin, template_id=version.template_id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)
    app.button(key="campaign_check").click().run()
    app.button(key="launch").click().run()
    assert "no link or image to ask for" in words_on(app)
    shared.templates.save(admin, "Bare", f"{GOOD}<p>More</p>")
    app.run()
    assert "Nobody has looked yet" in words_on(app)


def test_beside_a_draft_the_place_of_a_finding_leads_to_the_block_in_the_editor(app_as, shared, admin):
    faint = new_block(BlockKind.HEADING, text="Spring teas", colour="#dddddd")
    document = Document(sections=(new_section("1", faint, new_block(BlockKind.FOOTER)),))
    version = shared.templates.save(admin, "Spring", document.as_json())
    draft = given.draft(shared, admin, template_id=version.template_id)
    app = app_as(Role.MARKETER)(CAMPAIGN, id=draft.id)
    app.button(key="campaign_check").click().run()
    links = {link.proto.label: link.proto.query_string for link in app.get("page_link")}
    assert links["Section 1 · Heading “Spring teas”"] == f"id={version.template_id}&part={faint.id}"
