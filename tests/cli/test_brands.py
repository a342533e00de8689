"""`postwright brands`: written out, changed in a file, read in again."""

from __future__ import annotations

import json
from pathlib import Path

from core.templates.brands.sample import sample_document
from tests.cli.conftest import Cli


def test_a_brand_is_made_written_out_and_changed(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "brand.json"
    file.write_text('{"colours": {"primary": "#0a7d4f"}}')
    made = cli("brands", "set", "Shop", file, "--json").facts
    assert (made["name"], made["is_default"], made["template_ids"], made["kept"]) == ("Shop", True, [], [])
    shown = json.loads(cli("brands", "show", "shop").out)
    assert shown["colours"]["primary"] == "#0a7d4f"
    file.write_text(json.dumps({**shown, "legal": "Register no. 1"}))
    changed = cli("brands", "set", "SHOP", file)
    assert changed.code == 0 and "“Shop” is kept. 0 templates have a new version." in changed.out
    assert cli("brands", "show", "Shop", "--json").facts["brand"]["legal"] == "Register no. 1"
    [listed] = cli("brands", "list", "--json").facts["brands"]
    assert (listed["name"], listed["templates"]) == ("Shop", 0)
    assert "Shop" in cli("brands", "list").out


def test_the_default_is_chosen_worn_and_what_nothing_wears_is_deleted(cli: Cli, tmp_path: Path) -> None:
    letter = tmp_path / "letter.json"
    letter.write_text(sample_document().as_json())
    cli("templates", "import", letter, "--name", "Letter")
    for name, colour in (("House", "#0a7d4f"), ("Shop", "#b3261e")):
        (tmp_path / "brand.json").write_text(json.dumps({"colours": {"primary": colour}}))
        cli("brands", "set", name, tmp_path / "brand.json")
    chosen = cli("brands", "default", "shop", "--json").facts
    assert (chosen["name"], chosen["is_default"], len(chosen["template_ids"]), chosen["waiting"]) == ("Shop", True, 1, 0)
    assert "“Letter” wears “House”. 1 template has a new version." in cli("brands", "wear", "House", "Letter").out
    refused = cli("brands", "delete", "House")
    assert refused.code == 1 and "1 template wears" in refused.err
    assert "“Letter” wears the default again. 1 template has a new version." in cli("brands", "wear", "House", "Letter", "--off").out
    again = cli("brands", "wear", "House", "Letter", "--off")
    assert again.code == 1 and "has not chosen “House”" in again.err
    assert "“House” is deleted." in cli("brands", "delete", "House").out
    assert [one["name"] for one in cli("brands", "list", "--json").facts["brands"]] == ["Shop"]
    assert cli("brands", "default", "House").code == 1


def test_a_template_takes_its_brand_along_in_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "letter.json").write_text(sample_document().as_json())
    (tmp_path / "brand.json").write_text('{"legal": "Register no. 7"}')
    cli("brands", "set", "House", tmp_path / "brand.json")
    cli("templates", "import", tmp_path / "letter.json", "--name", "Letter")
    cli("templates", "export", "Letter", "-o", tmp_path / "file.json")
    same = cli("templates", "import", tmp_path / "file.json", "--name", "Same")
    assert "It wears the brand kit “House”, which says the same" in same.out
    (tmp_path / "brand.json").write_text('{"legal": "Register no. 8"}')
    cli("brands", "set", "House", tmp_path / "brand.json")
    made = cli("templates", "import", tmp_path / "file.json", "--name", "Made", "--brand", "new")
    assert "The brand kit “House 2” was made for it." in made.out
    assert [one["templates"] for one in cli("brands", "list", "--json").facts["brands"]] == [2, 1]
    cli("brands", "wear", "House", "Made")
    cli("brands", "delete", "House 2")
    assert "brand" not in cli("templates", "import", tmp_path / "file.json", "--name", "Here").out
    assert cli("templates", "import", tmp_path / "file.json", "--brand", "any").code == 2


def test_what_is_no_brand_is_refused_in_words(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "brand.json"
    for content, words in (("{", "no JSON"), ('{"colours": {"primary": "green"}}', "colours.primary"), ('{"logo": {"url": "x"}}', "logo")):
        file.write_text(content)
        refused = cli("brands", "set", "Shop", file)
        assert refused.code == 1 and words in refused.err
    assert cli("brands", "show", "Shop").code == 1
