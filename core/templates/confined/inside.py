"""What runs in the confined process: limits first, then one question after another until nobody is at the other end.

It is begun by `confined` with an empty environment and one open file, the socket its questions come through. It imports what
compiling and rendering need and nothing that knows a database, a key or a setting.
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import json
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2.debug  # noqa: F401 - Jinja imports it with the first error, and by then no file can be opened

from core.errors import InvalidInput
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.look.brand import Brand, read_brand
from core.templates.rendering.renderer import Renderer

FRAME = struct.Struct(">I")
_EXAMPLE = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>{% if contact.email %}Hi {{ contact.email|title|default('you') }}{% endif %}"
    "{{ contact.since|date }}</mj-text>"
    '<mj-button href="https://example.com">Go</mj-button></mj-column></mj-section></mj-body></mjml>'
)


def serve(descriptor: int = 0) -> None:
    """Answer what comes through a socket, until its other end is closed: also when that happened because its process was killed."""
    with socket.socket(fileno=descriptor) as channel:
        limits = json.loads(_received(channel) or b"{}")
        if not limits:
            return
        _heed_signals()
        _warm_up()
        _limit_memory(int(limits["memory"]))
        _send(channel, b"{}")
        while (question := _received(channel)) is not None:
            # Processor time and not the clock's: on a busy machine nobody's template is refused for what others do. It ends
            # the process wherever it is, in a loop of the CSS inliner as well.
            signal.setitimer(signal.ITIMER_PROF, float(limits["seconds"]))
            answer = _answered(question, int(limits["output"]))
            _send(channel, json.dumps(answer).encode())
            signal.setitimer(signal.ITIMER_PROF, 0)
            if "over" in answer:
                return  # what filled the memory may not all be given back


def _answered(question: bytearray, most: int) -> dict[str, Any]:
    try:
        asked = json.loads(question)
        answer = _WORK[asked["work"]](**asked["given"])
        if sum(len(part.encode("utf-8", "surrogatepass")) for part in answer.values() if isinstance(part, str)) > most:
            return {"over": "output"}
        return {"answer": answer}
    except InvalidInput as refused:
        return {"refused": refused.message, "hint": refused.hint, "block_id": getattr(refused, "block_id", None)}
    except MemoryError:
        return {"over": "memory"}
    except RecursionError:
        return {"over": "depth"}
    except BaseException as error:  # also what Rust's panics become
        return {"failed": f"{type(error).__name__} in {_place_of(error)}"}  # not what it says: that may be what somebody wrote


def _compiled(
    source: str,
    kind: str | None,
    known_attributes: Collection[str] | None,
    brand: Mapping[str, Any] | None,
    marked: bool,
    links: Sequence[str],
) -> dict[str, Any]:
    made = compile_template(
        source,
        TemplateKind(kind) if kind else None,
        known_attributes=known_attributes,
        brand=read_brand(brand) if brand else None,
        marked=marked,
        links=links,
    )
    return {"kind": str(made.kind), "html": made.html, "text": made.text, "links": made.links, "fields": made.fields}


def _rendered(html: str, text: str, context: Mapping[str, Any]) -> dict[str, Any]:
    mail = _renderer(html, text).fill(context)
    return {"html": str(mail.html), "text": str(mail.text)}


_WORK: dict[str, Callable[..., dict[str, Any]]] = {"compile": _compiled, "render": _rendered}


class _Parts:
    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text


@lru_cache(maxsize=4)
def _renderer(html: str, text: str) -> Renderer:
    """Return the renderer of a template; whoever looks at one contact often looks at the next."""
    return Renderer(_Parts(html, text))


def _heed_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; its end is ours
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF, signal.SIGXCPU})


def _warm_up() -> None:
    """Load all that is loaded late, so that the first person does not wait for it."""
    for name in ("unicode-escape", "ascii", "latin-1", "idna", "punycode"):
        codecs.lookup(name)
    made = compile_template(_EXAMPLE)
    for wrong in ("<p>{{ contact.town|upper }}", "{{ 'x", '{"sections": 1}'):
        with contextlib.suppress(InvalidInput):
            compile_template(wrong, known_attributes=["city"])
    every_kind = [new_block(kind) for kind in BlockKind]
    with contextlib.suppress(InvalidInput):  # a new button leads nowhere yet
        compile_template(Document(sections=(new_section("1", *every_kind),)).as_json(), brand=Brand())
    context = {"contact": {"email": "a@example.com"}, "workspace": {}, "pw_links": ["#"], "unsubscribe_url": "#", "pw_pixel": ""}
    _rendered(made.html, made.text, context)
    _renderer.cache_clear()
    gc.collect()
    gc.freeze()


def _limit_memory(most: int) -> None:
    """Limit what is taken on top of what is there now; and files, which nothing needs from here on: no key can be read."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    with contextlib.suppress(OSError, ValueError):  # macOS tells neither and often takes no limit of this kind
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + most)
    if hasattr(resource, "RLIMIT_NPROC"):
        _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 0)


def _limit(what: int, most: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (most, most))


def _place_of(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"


def _received(channel: socket.socket) -> bytearray | None:
    """Return the next message, or None where the other end is closed."""
    head = _exactly(channel, FRAME.size)
    return _exactly(channel, FRAME.unpack(head)[0]) if head else None


def _exactly(channel: socket.socket, size: int) -> bytearray | None:
    parts = bytearray(size)
    view, have = memoryview(parts), 0
    while have < size:
        read = channel.recv_into(view[have:])
        if not read:
            return None
        have += read
    return parts


def _send(channel: socket.socket, body: bytes) -> None:
    try:
        channel.sendall(FRAME.pack(len(body)) + body)
    except OSError:
        sys.exit(0)  # nobody is there any more
