"""README's lines for a terminal, pasted as they stand: only the address and the program's place are this product's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.packages import apt_get
from tests.support.product import POSTWRIGHT, Product, running

pytestmark = pytest.mark.journey

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    if not shutil.which("curl"):
        assert apt_get("curl"), "README's example needs curl: install it"
    with running(tmp_path_factory.mktemp("readme") / "data") as started:
        started.run("users", "add", "ada@example.com", "--role", "admin", "--password-stdin", given="correct horse battery\n")
        yield started


def test_the_example_of_the_api_works_when_pasted(product: Product) -> None:
    [example] = re.findall(r"```sh\n([^`]*?/api/v1/[^`]*?)```", README.read_text(), re.DOTALL)
    lines = example.replace("http://127.0.0.1:8501", product.app_url).replace(".venv/bin/postwright", str(POSTWRIGHT))
    done = subprocess.run(["sh", "-eu", "-c", lines], env=product.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    made, end = json.JSONDecoder().raw_decode(done.stdout)
    listed = json.loads(done.stdout[end:])
    assert (made["email"], made["first_name"], made["consent"]) == ("grace@example.com", "Grace", "subscribed")
    assert [one["id"] for one in listed["data"]] == [made["id"]]
