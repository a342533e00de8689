"""`postwright brands`: written out, changed in a file, read in again."""

from __future__ import annotations

import json
from pathlib import Path

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


def test_what_is_no_brand_is_refused_in_words(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "brand.json"
    for content, words in (("{", "no JSON"), ('{"colours": {"primary": "green"}}', "colours.primary"), ('{"logo": {"url": "x"}}', "logo")):
        file.write_text(content)
        refused = cli("brands", "set", "Shop", file)
        assert refused.code == 1 and words in refused.err
    assert cli("brands", "show", "Shop").code == 1
