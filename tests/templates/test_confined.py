"""The process that compiles and renders what nobody has checked: its limits, its death, its parent's death. Reads `/proc`, so on Linux."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.templates.blocks.document import Document, new_block, new_section, read_block
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.confined.helper import Limits
from core.templates.confined.process import Confined
from core.templates.look.brand import Brand
from core.templates.rendering.renderer import render

SOURCE = "<p>Hi {{ contact.first_name|default('you') }}</p><a href='https://a.example/'>Go</a>"
SLOW = "{{ 9 ** (9 ** 9) }}"  # no source with ** passes, so this stands for a trap nobody knows yet
FEW = Limits(seconds=0.2, memory=256_000_000)


class Parts:
    def __init__(self, html: str) -> None:
        self.html, self.text = html, "x"


@pytest.fixture
def confined() -> Iterator[Confined]:
    made = Confined(FEW)
    yield made
    made.close()


def _children() -> set[int]:
    return {int(each) for each in Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()}


@pytest.fixture
def helper(confined: Confined) -> int:
    """The process id of the one helper there is."""
    before = _children()
    confined.compile("<p>x</p>")
    [found] = _children() - before
    return found


def test_it_makes_what_compiling_and_rendering_here_make(confined: Confined, context: dict[str, Any]) -> None:
    made = confined.compile(SOURCE, known_attributes=["city"])
    assert made == compile_template(SOURCE, known_attributes=["city"])
    assert confined.render(made, context) == render(made, context)


@pytest.mark.parametrize("kind", BlockKind)
def test_a_block_document_in_its_brand_is_the_same_there(kind: BlockKind, confined: Confined) -> None:
    values = {"url": "https://shop.example/"} if kind is BlockKind.BUTTON else {}
    source = Document(sections=(new_section("1", new_block(kind, **values)),)).as_json()
    brand = Brand.model_validate({"legal": "Acme GmbH", "postal_address": "2 Way"})
    made = confined.compile(source, known_attributes=[], brand=brand, marked=True)
    assert made == compile_template(source, known_attributes=[], brand=brand, marked=True)
    assert made.kind is TemplateKind.BLOCKS


@pytest.mark.parametrize(
    "block",
    [
        {"kind": "heading", "text": "Hi {{ contact.fist_name }}"},
        {"kind": "text", "html": "{{ ''.__class__ }}"},
        {"kind": "mjml", "code": '<mj-include path="/etc/passwd" />'},
        {"kind": "button", "url": "javascript:alert(1)"},
    ],
)
def test_the_block_that_can_not_be_used_is_named(block: dict[str, Any], confined: Confined) -> None:
    source = Document(sections=(new_section("1", read_block({"id": "block1", **block})),)).as_json()
    refusals = []
    for compile_it in (confined.compile, compile_template):
        with pytest.raises(InvalidInput) as refused:
            compile_it(source, known_attributes=["city"])
        refusals.append((type(refused.value), refused.value.message, refused.value.hint, getattr(refused.value, "block_id", None)))
    assert refusals[0] == refusals[1]


@pytest.mark.parametrize(
    "source", ['{"sections": 1}', '{"', "{}", '{"sections": [{"columns": []}]}', '{"a": ' + "[" * 5_000 + "]" * 5_000 + "}"]
)
def test_a_document_that_is_none_is_refused_in_the_same_words(source: str, confined: Confined) -> None:
    said = []
    for compile_it in (confined.compile, compile_template):
        try:
            said.append(compile_it(source, TemplateKind.BLOCKS).html)
        except InvalidInput as refused:
            said.append(str(refused))
    assert said[0] == said[1]


def test_a_refusal_keeps_its_words_and_its_process(confined: Confined, helper: int) -> None:
    with pytest.raises(InvalidInput, match=r"contact\.town” in line 2 does not exist") as refused:
        confined.compile("<p>\n{{ contact.town }}</p>", known_attributes=["city", "towns"])
    assert "contact.towns" in refused.value.hint
    assert helper in _children()


def test_what_takes_too_long_is_stopped_and_the_next_one_is_answered(confined: Confined, context: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"more than 0\.2 seconds") as refused:
        confined.render(Parts(SLOW), context)
    assert "loops" in refused.value.hint
    assert "Hi Ann" in confined.render(confined.compile(SOURCE), context).html


def test_what_takes_too_much_memory_is_stopped_and_the_next_one_is_answered(context: dict[str, Any]) -> None:
    confined = Confined(Limits(memory=8_000_000))
    large = context | {"data": {"city": "x" * 4_000_000}}
    with pytest.raises(InvalidInput, match=r"more than 8 MB of memory"):
        confined.render(Parts("{{ data.city }}"), large)
    assert confined.render(Parts("{{ contact.first_name }}"), context).html == "Ann"
    confined.close()


def test_what_crashes_the_process_is_a_refusal(context: dict[str, Any]) -> None:
    """A tool written in another language aborts where there is no more memory; so does this signal."""
    confined = Confined(Limits(seconds=30))
    before = _children()
    confined.compile("<p>x</p>")
    [helper] = _children() - before
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(_refusal, confined, SLOW)
        while int(Path(f"/proc/{helper}/stat").read_text().split()[13]) < 50 and not answer.done():
            pass  # until it has worked on it for half a second
        os.kill(helper, signal.SIGABRT)
        assert "can't be read by the tools" in answer.result()
    assert confined.compile(SOURCE).links
    confined.close()


def _refusal(confined: Confined, source: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        confined.render(Parts(source), {"pw_links": []})
    return refused.value.message


def test_what_makes_too_much_is_refused(confined: Confined, context: dict[str, Any]) -> None:
    context["contact"]["city"] = "ä" * 700_000
    with pytest.raises(InvalidInput, match="larger than 2 MB"):
        confined.render(Parts("{{ contact.city }}{{ contact.city }}"), context)


def test_a_helper_that_was_killed_is_replaced_without_a_word(confined: Confined, helper: int) -> None:
    os.kill(helper, signal.SIGKILL)
    assert confined.compile(SOURCE).links == ["https://a.example/"]
    assert helper not in _children()


def test_a_helper_holds_no_secrets_no_files_and_little_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSTWRIGHT_SECRET_KEY", "not-for-helpers")
    with (tmp_path / "open.db").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        before = _children()
        made = Confined(FEW)
        made.compile("<p>x</p>")
        [found] = _children() - before
    process = Path(f"/proc/{found}")
    assert process.joinpath("environ").read_bytes() == b""
    opened = {str(each.readlink()).split(":")[0] for each in process.joinpath("fd").iterdir()}
    assert opened == {"socket", "/dev/null"}
    assert resource.prlimit(found, resource.RLIMIT_NOFILE) == (0, 0)
    loaded = process.joinpath("maps").read_text()
    assert not any(name in loaded for name in ("duckdb", "_sqlite3", "psycopg", "sqlalchemy"))
    made.close()
    assert found not in _children()


def test_a_helper_ends_when_its_parent_is_killed() -> None:
    program = (
        "from core.templates.confined.process import SHARED; import sys\n"
        "SHARED.compile('<p>x</p>')\n"
        "from pathlib import Path\n"
        "print(Path('/proc/self/task/%d/children' % __import__('os').getpid()).read_text(), flush=True)\n"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin and parent.stdout
    [helper] = [os.pidfd_open(int(each)) for each in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    ended, _, _ = select.select([helper], [], [], 20)
    os.close(helper)
    parent.stdin.close()
    parent.stdout.close()
    assert ended


def test_many_threads_get_their_own_answers(confined: Confined) -> None:
    def links(number: int) -> list[str]:
        return confined.compile(f"<a href='https://a.example/{number}'>x</a>").links

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(links, range(60))) == [[f"https://a.example/{number}"] for number in range(60)]


def test_threads_whose_templates_are_stopped_do_not_disturb_the_others(confined: Confined, context: dict[str, Any]) -> None:
    def one(number: int) -> str:
        try:
            return confined.render(Parts(SLOW if number % 3 == 0 else "{{ contact.first_name }}"), context).html
        except InvalidInput as refused:
            return refused.message.split()[-1]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(9))) == ["out.", "Ann", "Ann"] * 3


def test_one_workspace_does_not_hold_up_another(confined: Confined, context: dict[str, Any]) -> None:
    asking = threading.Semaphore(0)
    answered: list[str] = []

    def ask(name: str, whose: int, html: str) -> None:
        asking.release()
        with suppress(InvalidInput):
            confined.render(Parts(html), context, whose=whose)
        answered.append(name)

    with ThreadPoolExecutor(7) as pool:
        slow = [pool.submit(ask, "slow", 1, SLOW) for _ in range(6)]
        for _ in slow:
            asking.acquire()
        pool.submit(ask, "quick", 2, "x")
    assert answered.index("quick") <= 4


def test_a_forked_process_has_helpers_of_its_own(confined: Confined, helper: int) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            confined.forget()
            os.write(writing, confined.compile(SOURCE).links[0].encode())
            confined.close()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "https://a.example/"
    os.waitpid(child, 0)
    assert confined.compile(SOURCE).links and helper in _children()
