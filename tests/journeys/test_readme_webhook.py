"""README's signed report, pasted as it stands: within seconds the campaign's report shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.packages import apt_get
from tests.support.product import POSTWRIGHT, Product, running
from tests.support.waiting import wait_for

pytestmark = pytest.mark.journey

README = Path(__file__).parents[2] / "README.md"
TEMPLATE = '<html><body><p>Hello {{ contact.email }}</p><a href="{{ unsubscribe_url }}">Unsubscribe</a></body></html>'


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    for program in ("curl", "openssl"):
        assert shutil.which(program) or apt_get(program), f"README's example needs {program}: install it"
    with running(tmp_path_factory.mktemp("readme") / "data") as started:
        started.run("users", "add", "ada@example.com", "--role", "admin", "--password-stdin", given="correct horse battery\n")
        yield started


def test_a_signed_report_is_in_the_campaigns_report_within_three_seconds(product: Product, tmp_path: Path) -> None:
    _send_a_campaign(product, tmp_path)
    [example] = re.findall(r"```sh\n([^`]*?openssl.*?)```", README.read_text(), re.DOTALL)
    lines = example.replace(".venv/bin/postwright", str(POSTWRIGHT))
    done = subprocess.run(["sh", "-eu", "-c", lines], env=product.environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: product.run("campaigns", "report", "1")["totals"]["unique_opens"] == 1, "the open in the report", seconds=3, every=0.1)


def _send_a_campaign(product: Product, folder: Path) -> None:
    (folder / "people.csv").write_text("email\nada@example.com\n")
    (folder / "template.html").write_text(TEMPLATE)
    product.run("contacts", "import", str(folder / "people.csv"), "--list", "Readers")
    product.run("templates", "import", str(folder / "template.html"), "--name", "Plain")
    options = ("--subject", "News", "--template", "Plain", "--to", "list:Readers", "--from", "news@example.com")
    product.run("campaigns", "create", "--name", "News", *options)
    product.run("campaigns", "send", "1", "--wait")
