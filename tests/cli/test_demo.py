"""The demo on its own: it brings a receiver for its duration and keeps to its workspace."""

from __future__ import annotations

import pytest

from core.app import Services, build
from core.cli.demo.readers import Deed, visits
from core.cli.demo.visiting import links_in
from core.permissions import Principal, Role
from core.settings import Settings
from core.templates.blocks.document import read_document
from core.templates.blocks.translating import words_of
from core.templates.look.contrast import contrasts, dark
from tests.cli.conftest import Cli

PASSWORD = "a long pass phrase\n"


@pytest.mark.journey
def test_the_demo_sends_reads_and_reports_in_its_own_workspace(bare_cli: Cli, settings: Settings) -> None:
    bare_cli("users", "add", "ada@example.com", "--password-stdin", given=PASSWORD)
    bare_cli("users", "add", "ben@example.com", "--role", "analyst", "--password-stdin", given=PASSWORD)
    said = bare_cli("demo", "--contacts", "150", "--json")
    assert said.code == 0, said
    assert (said.facts["admins"], len(said.facts["campaigns"])) == (1, 3)
    first = bare_cli("campaigns", "report", str(said.facts["campaigns"][0]), "--workspace", "Demo", "--json").facts
    assert first["totals"]["delivered"] == 150
    assert 0 < first["totals"]["unique_opens"] < first["totals"]["unique_opens_with_machines"]
    assert 0 < first["totals"]["unique_clicks"] < first["totals"]["unique_clicks_with_machines"]
    assert bare_cli("campaigns", "list", "--json").facts["campaigns"] == []
    assert bare_cli("contacts", "export", "--json", "-o", str(settings.data_dir / "out.csv")).facts["contacts"] == 0

    services = build(settings)
    demo = services.workspaces.by_name("Demo")
    assert demo.is_demo
    members = services.people.all(Principal.system(demo.id))
    assert [(person.email, person.role) for person in members] == [("ada@example.com", Role.ADMIN)]
    looks_like_something(services, Principal.system(demo.id))
    services.close()

    again = bare_cli("demo", "--json")
    assert (again.code, len(again.facts["campaigns"])) == (0, 1)
    assert len(bare_cli("campaigns", "list", "--workspace", "Demo", "--json").facts["campaigns"]) == 5


def looks_like_something(services: Services, by: Principal) -> None:
    """Two brand kits that can be read, both worn, and a template in two languages that some of the people get in the second."""
    house, cafes = services.brand_kits.all(by)
    assert house.is_default and house.brand.logo.url == services.pictures.url_of(services.pictures.all(by)[0])
    assert all(one.passes for kit in (house, cafes) for one in [*contrasts(kit.brand), *dark(kit.brand)])
    assert all(services.brand_kits.where_used(by, kit.id) for kit in (house, cafes))
    summer = services.templates.by_name(by, "Summer blend")
    version = services.templates.latest(by, summer.id)
    german = services.translating.in_language(by, version, "de")
    words = [each.text for each in words_of(read_document(version.source)) if each.field not in {"url", "src"}]
    assert "Die Sommermischung ist wieder da" in german.html and house.brand.colours.primary in german.html
    assert not [each for each in words if len(each) > 12 and each.removeprefix("<p>").removesuffix("</p>") in german.html], "all of it"
    some = [services.contacts.find(by, f"reader-{number}@example.com") for number in range(1, 20)]
    assert {one.attributes.get("language") for one in some if one} == {"de", None}


def test_a_real_workspace_called_demo_is_never_touched(cli: Cli, settings: Settings) -> None:
    services = build(settings)
    services.workspaces.create("Demo")
    services.close()
    said = cli("demo")
    assert said.code == 1
    assert "never touches real people" in said.err
    assert cli("campaigns", "list", "--workspace", "Demo", "--json").facts["campaigns"] == []


def test_a_reader_does_the_same_every_time_and_something_else_for_another_campaign() -> None:
    def everybody(campaign: str) -> list[list[Deed]]:
        return [[visit.deed for visit in visits(f"reader-{n}@example.com", campaign, links=3, appeal=1.0)] for n in range(300)]

    assert everybody("A") == everybody("A")
    assert everybody("A") != everybody("B")


def test_readers_are_people_proxies_and_machines() -> None:
    seen = [visit for n in range(2_000) for visit in visits(f"reader-{n}@example.com", "A", links=2, appeal=1.2)]
    assert {visit.deed for visit in seen} == set(Deed)
    assert any(visit.is_head for visit in seen)
    assert len({visit.user_agent for visit in seen}) >= 7
    assert all(visit.link < 2 for visit in seen)


def test_links_are_found_in_the_order_of_the_mail() -> None:
    html = "<a href='http://h:1/c/one'>1</a><a href=\"http://h:1/c/two\">2</a><a href='http://h:1/c/one'>1</a>"
    html += '<a href="http://h:1/c/trap" aria-hidden="true"></a>'
    found = links_in(f"{html}<a href='http://h:1/u/bye'>bye</a><img src='http://h:1/o/pixel.gif'><a href='http://h:1/cat/x'>no</a>")
    assert (found.pixel, found.clicks, found.unsubscribe) == ("/o/pixel.gif", ["/c/one", "/c/two"], "/u/bye")
