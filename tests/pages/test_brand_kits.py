"""The pages of brand kits: made with a preview, changed, made the default, deleted; chosen by a template and by a campaign."""

from __future__ import annotations

import pytest

from core.permissions import Role
from core.templates.brands.kits import BrandKits
from core.templates.look.brand import Brand, Colours, Network, Sender, SocialLink
from core.templates.tables import template_versions
from core.ui import background
from core.ui.create.brand_preview import in_scheme
from tests.pages.conftest import words_on
from tests.templates.brands.conftest import letter
from tests.templates.images.making import photo, saved

LIST, EDITOR, TEMPLATE = "pages/create/brand_kits.py", "pages/create/brand_kit.py", "pages/create/template.py"
GREEN = Brand(
    colours=Colours(primary="#0a7d4f"),
    social=(SocialLink(network=Network.LINKEDIN, url="https://www.linkedin.com/company/a"),),
    senders=(Sender(name="Shop", email="shop@example.com"), Sender(name="Ada", email="ada@example.com")),
)


@pytest.fixture
def house(shared, admin):
    return shared.brand_kits.save(admin, "House", GREEN).kit


def test_an_empty_workspace_says_what_kits_are_for(app_as):
    assert "No brand kits yet" in words_on(app_as(Role.MARKETER)(LIST))


def test_a_kit_is_made_and_seen_before_it_is(app_as, shared, admin):
    app = app_as(Role.MARKETER)(EDITOR)
    assert app.text_input(key="brand_new_name").value == "Aurora"
    app.color_picker(key="brand_new_colour_primary").set_value("#0a7d4f").run()
    app.selectbox(key="brand_new_heading_font").set_value("georgia").run()
    app.button(key="brand_new_senders_add").click().run()
    app.text_input(key="brand_new_sender_email_0").set_value("News@Example.com").run()
    app.button(key="brand_new_social_add").click().run()
    assert "Not complete yet" in words_on(app)
    app.text_input(key="brand_new_social_0").set_value("https://www.facebook.com/aurora").run()
    assert "Not complete yet" not in words_on(app)
    assert not shared.brand_kits.all(admin)
    app.button(key="primary_action").click().run()
    [kit] = shared.brand_kits.all(admin)
    assert (kit.name, kit.is_default, kit.brand.colours.primary, kit.brand.heading_font) == ("Aurora", True, "#0a7d4f", "georgia")
    assert [one.email for one in kit.brand.senders] == ["news@example.com"]
    assert [one.network for one in kit.brand.social] == [Network.FACEBOOK]


def test_colours_that_can_not_be_read_are_named_and_put_right(app_as, house):
    app = app_as(Role.MARKETER)(EDITOR, id=str(house.id))
    assert "Everything can be read" in words_on(app)
    app.color_picker(key=f"brand_{house.id}_colour_text").set_value("#bbbbbb").run()
    assert "1 of 6 can be hard to see" in words_on(app)
    app.button(key=f"brand_{house.id}_use_Text on the sheet").click().run()
    assert "Everything can be read" in words_on(app)
    assert app.color_picker(key=f"brand_{house.id}_colour_text").value != "#bbbbbb"


def test_a_main_colour_that_vanishes_on_a_dark_screen_is_named_and_put_right(app_as, house):
    app = app_as(Role.MARKETER)(EDITOR, id=str(house.id))
    app.color_picker(key=f"brand_{house.id}_colour_primary").set_value("#0b1f3a").run()
    assert "1 of 6 can be hard to see" in words_on(app)
    app.button(key=f"brand_{house.id}_use_Buttons on a dark screen").click().run()
    assert "Everything can be read" in words_on(app)


def test_a_change_says_how_many_templates_followed(app_as, shared, admin, house):
    version = letter(shared.templates, admin)
    app = app_as(Role.MARKETER)(EDITOR, id=str(house.id))
    app.text_area(key=f"brand_{house.id}_legal").set_value("Register no. 1").run()
    app.button(key="primary_action").click().run()
    assert "1 template has a new version" in "".join(toast.value for toast in app.toast)
    assert shared.templates.latest(admin, version.template_id).number == 2
    assert shared.brand_kits.get(admin, house.id).brand.senders == GREEN.senders


def test_many_templates_follow_by_themselves_and_the_page_says_how_far_they_are(app_as, shared, admin, house):
    versions = [letter(shared.templates, admin, f"Letter {number}") for number in range(3)]
    hurried = BrandKits(shared.db, shared.clock, patience=0)
    hurried.save(admin, "House", Brand(colours=Colours(primary="#b3261e")), house.id)
    app = app_as(Role.ANALYST)(EDITOR, id=str(house.id))
    assert "0 of 3" in "".join(one.proto.text for one in app.get("progress")), "who may only look starts nothing"
    assert [one.is_due for one in shared.brand_kits.where_used(admin, house.id)] == [True] * 3
    app = app_as(Role.MARKETER)(LIST)
    work = background.find(f"restyle:{admin.workspace_id}")
    assert work and work.thread
    work.thread.join()
    assert not app.run().get("progress") and not app.error
    assert all("#b3261e" in shared.templates.latest(admin, one.template_id).html for one in versions)


def test_a_template_that_could_not_follow_is_named_whenever_the_page_is_opened(app_as, shared, admin, house):
    broken = letter(shared.templates, admin, "Broken")
    with shared.db.transaction() as connection:  # as an earlier version of the product may have left it
        source = broken.source.replace("https://shop", "javascript:shop")
        connection.execute(template_versions.update().where(template_versions.c.id == broken.id).values(source=source))
    shared.brand_kits.save(admin, "House", Brand(), house.id)
    for _ in range(2):
        said = "".join(one.value for one in app_as(Role.ANALYST)(EDITOR, id=str(house.id)).warning)
        assert "1 template keeps the look it had" in said and "Broken" in said


def test_a_row_is_taken_out_and_the_others_stay(app_as, shared, admin, house):
    app = app_as(Role.MARKETER)(EDITOR, id=str(house.id))
    app.button(key=f"brand_{house.id}_senders_remove_0").click().run()
    app.button(key=f"brand_{house.id}_senders_add").click().run()
    assert app.text_input(key=f"brand_{house.id}_sender_email_2").value == "", "a new row does not show what stood in another"
    app.text_input(key=f"brand_{house.id}_sender_email_2").set_value("third@example.com").run()
    app.button(key="primary_action").click().run()
    assert [one.email for one in shared.brand_kits.get(admin, house.id).brand.senders] == ["ada@example.com", "third@example.com"]


def test_an_address_that_is_none_is_said_and_nothing_is_lost(app_as, shared, admin, house):
    app = app_as(Role.MARKETER)(EDITOR, id=str(house.id))
    app.text_input(key=f"brand_{house.id}_sender_email_0").set_value("nobody").run()
    app.button(key="primary_action").click().run()
    assert "no @" in "".join(one.value for one in app.error)
    assert app.text_input(key=f"brand_{house.id}_sender_email_0").value == "nobody"
    assert shared.brand_kits.get(admin, house.id).brand == GREEN


def test_the_list_makes_default_and_deletes(app_as, shared, admin, house):
    shop = shared.brand_kits.save(admin, "Shop", Brand()).kit
    letter(shared.templates, admin)
    app = app_as(Role.MARKETER)(LIST)
    app.button(key=f"default_{shop.id}").click().run()
    assert "1 template that has no brand of their own" in words_on(app)
    app.button(key="default-yes").click().run()
    assert shared.brand_kits.default(admin).id == shop.id
    app.button(key=f"delete_{house.id}").click().run()
    app.button(key="delete-yes").click().run()
    assert [kit.id for kit in shared.brand_kits.all(admin)] == [shop.id]


def test_who_may_only_look_finds_no_buttons(app_as, house):
    app = app_as(Role.ANALYST)(LIST)
    assert "House" in "".join(one.label for one in app.button)
    assert not [one for one in app.button if one.key in {"primary_action", f"delete_{house.id}"}]
    app = app_as(Role.ANALYST)(EDITOR, id=str(house.id))
    assert app.text_input(key=f"brand_{house.id}_name").disabled
    assert all(one.disabled for one in app.color_picker)


def test_the_preview_is_dark_wherever_it_is_looked_at():
    html = '<meta name="color-scheme" content="light dark"><style>@media (prefers-color-scheme: dark){a{color:red}}</style>'
    assert in_scheme(html, "dark") == '<meta name="color-scheme" content="dark"><style>@media (min-width:0){a{color:red}}</style>'
    assert in_scheme(html, "light") == '<meta name="color-scheme" content="light"><style>@media (max-width:0){a{color:red}}</style>'


def test_a_template_of_blocks_chooses_its_brand(app_as, shared, admin, house):
    shop = shared.brand_kits.save(admin, "Shop", Brand(colours=Colours(primary="#b3261e"))).kit
    version = letter(shared.templates, admin)
    app = app_as(Role.MARKETER)(TEMPLATE, id=str(version.template_id))
    choice = app.selectbox(key=f"brand_of_{version.template_id}")
    assert choice.options == ["The default (House)", "House", "Shop"]
    choice.set_value(shop.id).run()
    assert shared.brand_kits.chosen_for(admin, version.template_id) == shop.id
    newest = shared.templates.latest(admin, version.template_id)
    assert newest.number == 2 and "#b3261e" in newest.html


def test_a_tab_that_was_open_does_not_undo_what_was_chosen_elsewhere(app_as, shared, admin, house):
    shop, office = (shared.brand_kits.save(admin, name, Brand()).kit for name in ("Shop", "Office"))
    template_id = letter(shared.templates, admin).template_id
    shared.brand_kits.wear(admin, template_id, shop.id)
    app = app_as(Role.MARKETER)(TEMPLATE, id=str(template_id))
    shared.brand_kits.wear(admin, template_id, office.id)
    app.run()
    assert shared.brand_kits.chosen_for(admin, template_id) == office.id
    assert app.selectbox(key=f"brand_of_{template_id}").value == office.id
    app.selectbox(key=f"brand_of_{template_id}").set_value(0).run()
    assert shared.brand_kits.chosen_for(admin, template_id) is None


def test_choosing_a_part_and_none_again_leaves_the_brand_as_it_is(app_as, shared, admin, house):
    shop = shared.brand_kits.save(admin, "Shop", Brand()).kit
    version = letter(shared.templates, admin)
    shared.brand_kits.wear(admin, version.template_id, shop.id)
    app = app_as(Role.MARKETER)(TEMPLATE, id=str(version.template_id))
    now = app.session_state[f"editing_{version.template_id}"]
    now.selected = now.document.sections[0].id
    app.run()
    assert "Brand" not in [one.label for one in app.selectbox]
    now.selected = ""
    app.run()
    assert app.selectbox(key=f"brand_of_{version.template_id}").value == shop.id
    assert shared.brand_kits.chosen_for(admin, version.template_id) == shop.id


def test_a_template_of_html_has_no_brand_to_choose(app_as, shared, admin, house):
    version = shared.templates.save(admin, "Code", "<p>Hello</p>")
    app = app_as(Role.MARKETER)(TEMPLATE, id=str(version.template_id))
    assert "Brand" not in [one.label for one in app.selectbox]


def test_the_senders_of_brands_are_offered_as_from(app_as, shared, admin, house):
    app = app_as(Role.MARKETER)("pages/create/campaign.py")
    choice = app.selectbox(key="campaign_new_sender")
    assert choice.options == ["Shop <shop@example.com>", "Ada <ada@example.com>"]
    choice.set_value(GREEN.senders[1]).run()
    assert app.text_input(key="campaign_new_from_name").value == "Ada"
    assert app.text_input(key="campaign_new_from_email").value == "ada@example.com"


def test_the_logo_is_one_of_the_pictures(app_as, shared, admin, house):
    lake = shared.pictures.add(admin, saved(photo(), "JPEG"), "lake.jpg", "A lake")
    app = app_as(Role.MARKETER)(EDITOR, id=str(house.id))
    app.button(key=f"brand_{house.id}_logo_pick").click().run()
    app.button(key=f"brand_{house.id}_logo_picture_choose_{lake.id}").click().run()
    assert app.text_input(key=f"brand_{house.id}_logo_url").value == shared.pictures.url_of(lake)
    app.button(key="primary_action").click().run()
    logo = shared.brand_kits.get(admin, house.id).brand.logo
    assert (logo.url, logo.alt, logo.width) == (shared.pictures.url_of(lake), "A lake", 200)
