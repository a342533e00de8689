"""The house rules, each proven by breaking it: imports, sizes, and that every folder is on the map."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "pages", "tracking_receiver")
LIMITS = {"pages": 120, "core": 300, "tracking_receiver": 300}
FUNCTION_LINES = 30


def _sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "versions" not in path.parts]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts on a copy of the house."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--no-cache"], cwd=folder, capture_output=True, text=True, env={"PATH": "", "PYTHONPATH": str(folder)}
    )


@pytest.fixture
def copy_of_the_house(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


BREACHES = [
    pytest.param("core/storage/breach.py", "import core.contacts.tables", "Imports in core point down", id="an import that points up"),
    pytest.param("core/unmapped/__init__.py", "", "Imports in core point down", id="a folder that is not on the map"),
    pytest.param("core/links/breach.py", "import core.providers.tables", "Imports in core point down", id="a sibling's import"),
    pytest.param("core/storage/breach.py", "import tracking_receiver", "Nothing in core knows pages", id="core that knows the receiver"),
    pytest.param(
        "core/templates/jinja/breach.py", "import core.templates.library.models", "The rooms of templates", id="a room of templates"
    ),
    pytest.param("core/segments/breach.py", "import streamlit", "Streamlit and Plotly stay", id="streamlit in a domain"),
    pytest.param("core/analytics/breach.py", "import plotly", "Streamlit and Plotly stay", id="plotly in a domain"),
    pytest.param("core/campaigns/breach.py", "import huey", "Huey stays", id="a queue in a domain"),
    pytest.param("core/messages/breach.py", "import starlette", "Starlette stays", id="http in a domain"),
    pytest.param("tracking_receiver/breach.py", "import core.events.ingester", "The receiver stays light", id="duckdb by a detour"),
    pytest.param("tracking_receiver/breach.py", "import core.app", "The receiver stays light", id="a receiver that builds everything"),
    pytest.param("pages/admin/breach.py", "import pages.admin.people", "Pages never import each other", id="a page that imports a page"),
]


def test_the_house_keeps_its_contracts(copy_of_the_house: Path) -> None:
    result = _lint(copy_of_the_house)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("path", "line", "contract"), BREACHES)
def test_a_broken_contract_is_caught(copy_of_the_house: Path, path: str, line: str, contract: str) -> None:
    breach = copy_of_the_house / path
    breach.parent.mkdir(exist_ok=True)
    breach.write_text(line + "\n")

    result = _lint(copy_of_the_house)

    assert result.returncode == 1
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), result.stdout


def test_every_contract_is_broken_by_a_case() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    prefixes = {str(case.values[2]) for case in BREACHES}
    assert all(any(contract["name"].startswith(prefix) for prefix in prefixes) for contract in contracts)


def test_contracts_with_lists_name_every_part_of_core() -> None:
    """A new folder must be put on these lists too, or nothing would keep it clean."""
    parts = {f"core.{path.stem}" for path in (ROOT / "core").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    parts -= {"core.__init__"}
    allowed_out = {"streamlit": {"core.ui"}, "huey": {"core.jobs"}, "http": {"core.ui", "core.api", "core.http_bounds"}}
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]:
        if contract["id"] in allowed_out:
            assert parts - set(contract["source_modules"]) <= allowed_out[contract["id"]], contract["id"]


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    limit = LIMITS[path.relative_to(ROOT).parts[0]]
    assert text.count("\n") <= limit, f"split {path.name}: it passed {limit} lines"
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1})"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _body_lines(node) > FUNCTION_LINES
    ]
    assert not long, f"split {', '.join(long)}"


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines that do something: the signature and the docstring are reading matter."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or node.lineno) - first.lineno + 1


def test_the_map_names_every_folder() -> None:
    words = set(re.findall(r"`?core/(\w+)", (ROOT / "core/README.md").read_text()))
    folders = {path.name for path in (ROOT / "core").iterdir() if (path / "__init__.py").exists()}
    assert folders <= words, folders - words


def test_nothing_committed_pins_an_address() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[A-Za-z0-9.+!]+", line), line


@pytest.mark.xdist_group("groups")
def test_groups_of_tests_stay_together_where_several_processes_share_them(request: pytest.FixtureRequest) -> None:
    is_shared = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@groups") == is_shared, "each process would start a product of its own for the same tests"
