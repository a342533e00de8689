"""A template goes into a file with its pictures and its brand, and comes into another workspace, which has its own of both."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from core.app import Services
from core.errors import Conflict, InvalidInput
from core.permissions import Principal
from core.templates.exchange.brand import BrandChoice
from core.templates.exchange.files import ExportedFile
from core.templates.exchange.packing import packed, unpacked
from core.templates.look.brand import Brand, ButtonStyle, Colours, Font, Logo, Network, Sender, SocialLink, Utm
from tests.templates.brands.conftest import letter


def test_the_picture_comes_along(services: Services) -> None:
    here, there = (Principal.system(services.workspaces.create(name).id) for name in ("Here", "There"))
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "#00ff00").save(made, "PNG")
    picture = services.pictures.add(here, made.getvalue(), "leaf.png", "A leaf")
    url = services.pictures.url_of(picture)
    template_id = services.templates.save(here, "Tea", f'<p>Hello <img src="{url}" alt="A leaf"></p>').template_id
    file = services.template_exchange.export(here, template_id)
    assert file.name == "Tea.template.zip"
    loaded = services.template_exchange.load(there, file.data, file.name)
    (kept,) = services.pictures.all(there)
    assert (kept.name, kept.alt) == (picture.name, "A leaf")
    assert services.pictures.url_of(kept) in loaded.version.source and url not in loaded.version.source


def logo(services: Services, by: Principal) -> str:
    made = io.BytesIO()
    Image.effect_noise((120, 40), 90).convert("RGB").save(made, "JPEG")
    return services.pictures.url_of(services.pictures.add(by, made.getvalue(), "logo.jpg", "Leaf & Co"))


def leaf(services: Services, by: Principal) -> Brand:
    """Return a brand in which every part is said."""
    return Brand(
        logo=Logo(url=logo(services, by), alt="Leaf & Co", width=120),
        colours=Colours(primary="#0a7d4f"),
        heading_font=Font.GEORGIA,
        button=ButtonStyle(radius=20, is_filled=False),
        postal_address="2 Side Street",
        legal="Register no. 7",
        social=(SocialLink(network=Network.MASTODON, url="https://social.example/@leaf"),),
        senders=(Sender(name="Leaf", email="news@leaf.example"),),
        utm=Utm(source="news"),
    )


@pytest.fixture
def here(services: Services) -> Principal:
    return Principal.system(services.workspaces.create("Here").id)


@pytest.fixture
def there(services: Services) -> Principal:
    return Principal.system(services.workspaces.create("There").id)


@pytest.fixture
def file(services: Services, here: Principal) -> ExportedFile:
    """A template in the brand of Leaf, in a file."""
    services.brand_kits.save(here, "House", Brand())
    kit = services.brand_kits.save(here, "Leaf", leaf(services, here)).kit
    version = letter(services.templates, here)
    services.brand_kits.wear(here, version.template_id, kit.id)
    return services.template_exchange.export(here, version.template_id)


def test_the_whole_kit_comes_along_and_is_made_where_none_says_the_same(
    services: Services, there: Principal, here: Principal, file: ExportedFile
) -> None:
    services.brand_kits.save(there, "House", Brand())
    taken = services.brand_kits.save(there, "LEAF", Brand(legal="Another Leaf")).kit
    loaded = services.template_exchange.load(there, file.data, file.name, brand=BrandChoice.NEW)
    assert loaded.made and loaded.kit and (loaded.kit.name, loaded.kit.is_default) == ("Leaf 2", False)
    given = services.brand_kits.all(here)[1].brand
    assert loaded.kit.brand.model_copy(update={"logo": given.logo}) == given, "all of it"
    [picture] = services.pictures.all(there)
    assert (loaded.kit.brand.logo.url, loaded.kit.brand.logo.alt) == (services.pictures.url_of(picture), "Leaf & Co")
    assert services.brand_kits.chosen_for(there, loaded.template_id) == loaded.kit.id
    assert (loaded.version.number, "Register no. 7" in loaded.version.html) == (1, True), "in its look from the first version on"
    assert services.brand_kits.get(there, taken.id) == taken
    again = services.template_exchange.load(there, file.data, file.name, brand=BrandChoice.NEW)
    assert again.made is None and again.kit == loaded.kit, "the second one finds it"
    assert len(services.pictures.all(there)) == 1


def test_a_kit_that_says_the_same_is_worn_and_no_other_is_made_unasked(
    services: Services, there: Principal, here: Principal, file: ExportedFile
) -> None:
    loaded = services.template_exchange.load(there, file.data, file.name)
    assert (loaded.kit, loaded.made, services.brand_kits.all(there), services.pictures.all(there)) == (None, None, [], [])
    back = services.template_exchange.load(here, file.data, file.name)
    assert back.kit and (back.kit.name, back.made) == ("Leaf", None)
    assert services.brand_kits.chosen_for(here, back.template_id) == back.kit.id
    assert len(services.pictures.all(here)) == 1, "a picture that is there is not made once more, and a little worse"


def test_a_kit_that_is_the_default_here_is_not_chosen_but_worn(services: Services, there: Principal, file: ExportedFile) -> None:
    first = services.template_exchange.load(there, file.data, file.name, brand=BrandChoice.NEW)
    assert first.kit and first.kit.is_default
    assert services.brand_kits.chosen_for(there, first.template_id) is None
    assert "Register no. 7" in first.version.html


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("source", "javascript:alert(1)"),
        ("languages", {"de": '{"heading": 7}'}),
        ("languages", {"german": "{}"}),
        ("name", "x" * 300),
        ("folder", "x" * 300),
        ("tags", ["x" * 300]),
        ("note", "x" * 600),
    ],
)
def test_no_kit_is_made_for_a_template_that_can_not_be_used(
    services: Services, there: Principal, file: ExportedFile, part: str, value: Any
) -> None:
    files = unpacked(file.data)
    form = json.loads(files["template.json"])
    form[part] = form["source"].replace("https://shop.example.com/", value) if part == "source" else value
    files["template.json"] = json.dumps(form).encode()
    with pytest.raises(InvalidInput):
        services.template_exchange.load(there, packed(files), file.name, brand=BrandChoice.NEW)
    assert services.brand_kits.all(there) == [] and services.templates.all(there) == []


def test_no_kit_is_made_where_the_name_is_taken(services: Services, there: Principal, file: ExportedFile) -> None:
    services.templates.save(there, "Tea", "<p>Tea</p>")
    with pytest.raises(Conflict, match="called “Tea” already"):
        services.template_exchange.load(there, file.data, file.name, name=" Tea ", brand=BrandChoice.NEW)
    assert services.brand_kits.all(there) == [] and services.pictures.all(there) == []


@pytest.mark.parametrize(
    ("name", "brand", "words"),
    [
        ("Leaf", {"colours": {"primary": "green"}}, "colours.primary"),
        ("Leaf", {"logo": {"url": "javascript:alert(1)"}}, "logo"),
        ("Leaf", {"legal": "{{ ''.__class__ }}"}, "merge fields"),
        ("Leaf", {"legal": "x" * 3_000}, "legal"),
        ("  ", {}, "name"),
    ],
)
def test_a_kit_that_would_do_harm_is_refused_in_words(
    services: Services, there: Principal, name: str, brand: dict[str, Any], words: str
) -> None:
    form: dict[str, Any] = {"postwright": "template", "version": 1, "name": "Tea", "kind": "html", "source": "<p>Tea</p>"}
    data = json.dumps({**form, "brand_kit": {"name": name, "brand": brand}}).encode()
    with pytest.raises(InvalidInput, match=words):
        services.template_exchange.load(there, data, "f.json", brand=BrandChoice.NEW)
    assert services.brand_kits.all(there) == [] and services.templates.all(there) == []


def test_a_kit_of_a_later_release_is_read_as_far_as_it_is_known(services: Services, there: Principal) -> None:
    form: dict[str, Any] = {"postwright": "template", "version": 1, "name": "Tea", "kind": "html", "source": "<p>Tea</p>"}
    data = json.dumps({**form, "brand_kit": {"name": "Leaf", "brand": {"legal": "No. 7", "sound": "gong"}, "since": 3}}).encode()
    loaded = services.template_exchange.load(there, data, "f.json", brand=BrandChoice.NEW)
    assert loaded.kit and loaded.kit.brand == Brand(legal="No. 7")


def test_pictures_of_other_languages_come_along_too(services: Services, here: Principal, there: Principal) -> None:
    url = logo(services, here)
    version = services.templates.save(here, "Tea", "<p>Tea</p>", languages={"de": f'<p>Tee <img src="{url}" alt="Tee"></p>'})
    file = services.template_exchange.export(here, version.template_id)
    loaded = services.template_exchange.load(there, file.data, file.name)
    [picture] = services.pictures.all(there)
    said = services.translating.languages(there, loaded.template_id)["de"]
    assert services.pictures.url_of(picture) in said and url not in said
