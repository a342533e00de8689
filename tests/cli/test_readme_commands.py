"""The README names every command there is, and none that is not."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from core.cli.main import postwright

README = Path(__file__).parents[2] / "README.md"


def test_readme_lists_the_commands() -> None:
    text = README.read_text()
    listed = text.partition("### The command line")[2].partition("```\n")[2].partition("```")[0]
    named: set[str] = set()
    for part in re.split(r"\n| {3,}", listed):
        words = re.findall(r"^(?:postwright )?(.+?)(?::|$)", part.strip())
        first, *rest = (words or [""])[0].split(" ")
        if rest[:1] == ["|"]:
            named.update(word for word in (first, *rest) if word != "|")
        elif first in NOUNS and rest:
            named.update(f"{first} {verb}" for verb in rest[0].split("|"))
    assert named == set(all_commands())


def all_commands() -> list[str]:
    """Return every command as it is typed after `postwright`."""
    top = [str(each.name) for each in postwright.registered_commands]
    return top + [
        f"{noun.typer_instance.info.name} {each.name}"
        for noun in postwright.registered_groups
        if isinstance(noun.typer_instance, typer.Typer)
        for each in noun.typer_instance.registered_commands
    ]


NOUNS = {command.partition(" ")[0] for command in all_commands() if " " in command}
