"""A command line in this process, on a data folder of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.settings import Settings


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out + self.err
        answer: dict[str, Any] = json.loads(lines[0])
        return answer


Cli = Callable[..., Said]


@pytest.fixture
def bare_cli(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line on an empty data folder."""
    from core.cli.main import postwright

    monkeypatch.setenv("POSTWRIGHT_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("POSTWRIGHT_SECRET_KEY", "a-key-for-tests-only")

    def run(*arguments: str | Path, given: str | None = None) -> Said:
        result = CliRunner().invoke(postwright, [str(argument) for argument in arguments], input=given)
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def cli(bare_cli: Cli, settings: Settings, migrated_file: Path) -> Cli:
    """The command line on an installation that has the workspace “Acme” and nobody in it."""
    from core.accounts.workspaces import Workspaces
    from core.clock import SystemClock
    from core.storage.database import Database

    shutil.copy(migrated_file, settings.data_dir / "app.db")
    database = Database(settings.resolved_database_url)
    Workspaces(database, SystemClock()).create("Acme")
    database.close()
    return bare_cli


@pytest.fixture
def shop(cli: Cli, tmp_path: Path) -> Cli:
    """The same with 40 people on the list “Readers” and the template “News”."""
    people, template = tmp_path / "people.csv", tmp_path / "news.html"
    people.write_text("Mail,first_name,city\n" + "".join(f"p{n}@example.com,Per{n},{'Rome' if n % 2 else 'Oslo'}\n" for n in range(40)))
    template.write_text("<html><body><p>Hi {{ contact.first_name }}</p><a href='https://example.com/a'>Go</a></body></html>")
    for arguments in (
        ("contacts", "import", people, "--list", "Readers", "--map", "Mail=email", "--map", "city=attribute.city"),
        ("templates", "import", template, "--name", "News"),
    ):
        said = cli(*arguments)
        assert said.code == 0, said
    return cli
