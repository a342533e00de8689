"""Compiles and renders what nobody has checked yet, in a process of its own that can be killed.

A template is written by anybody. Its syntax is checked first and what it does is counted (`validating`, `budget`), but the tools
that read its markup and its styles are programs like others, and one trap in one of them must not stop the app. So a template
that is being written is compiled and previewed in a helper with limits on time, memory and output. Sending is not done here: a
version was compiled in here when it was saved, and what it may do for each reader is bounded by `budget`.

Helpers are begun when first needed, kept warm, and end when this process does, however it ends: they read from a socket
whose other end nobody else has. They have no environment, no open file, no database. What they say is read as JSON and
taken apart field by field: it could be the words of somebody who found a hole.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from core.errors import InvalidInput, Unavailable
from core.templates.blocks.writing import BlockError
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.confined.helper import End, Ended, Helper, Limits
from core.templates.jinja.validating import check_bytes
from core.templates.look.brand import Brand
from core.templates.rendering.renderer import Compiled, Rendered

_T = TypeVar("_T")
_TURN_SECONDS = 30.0
# A source is at most 0.5 MB and a compiled template 2 MB; the rest is what somebody sends along to be shown in it.
_LARGEST_QUESTION = 16_000_000
# A helper is replaced after so many templates: what the tools in it may leave behind does not add up.
_MOST_QUESTIONS = 1_000


class Confined:
    """A few helpers, each with one template at a time; safe to share between threads.

    Of one workspace only as many wait for a helper as there are helpers, and the others behind those: whoever has very many
    templates checked, or very slow ones, holds up the own workspace and nobody else.

    Args:
        limits: What one template may take.
        most: How many helpers there are at most.
    """

    def __init__(self, limits: Limits | None = None, *, most: int = 2) -> None:
        self._limits = limits or Limits()
        self._most = most
        self._idle: list[Helper] = []
        self._begin()

    def compile(
        self,
        source: str,
        kind: TemplateKind | None = None,
        *,
        known_attributes: Collection[str] | None = None,
        brand: Brand | None = None,
        marked: bool = False,
        links: Sequence[str] = (),
        whose: int = 0,
    ) -> CompiledTemplate:
        """Check and compile a template of the workspace `whose`; see `compiling.compile_template`.

        Raises:
            InvalidInput: If it can't be used, or takes too much to find out.
            Unavailable: If no helper has time or none can be started.
        """
        check_bytes(source)
        attributes = None if known_attributes is None else list(known_attributes)
        look = brand and brand.model_dump(mode="json")
        given = {"source": source, "kind": kind and str(kind), "known_attributes": attributes, "brand": look}
        return self._ask(_compiled, "compile", whose, **given, marked=marked, links=list(links))

    def render(self, version: Compiled, context: Mapping[str, Any], *, whose: int = 0) -> Rendered:
        """Return the mail for one contact of the workspace `whose`; see `rendering.render`.

        Raises:
            InvalidInput: If it can't be rendered, or takes too much.
            Unavailable: If no helper has time or none can be started.
        """
        return self._ask(_rendered, "render", whose, html=version.html, text=version.text, context=context)

    def close(self) -> None:
        """End every helper that has nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.end()

    def forget(self) -> None:
        """Begin with no helper: for a new process, whose parent's helpers are not its own."""
        for helper in self._idle:
            helper.let_go()
        self._idle = []
        self._begin()

    def _begin(self) -> None:
        self._lock, self._turns = threading.Lock(), threading.BoundedSemaphore(self._most)
        self._turns_of: dict[int, threading.BoundedSemaphore] = {}

    @contextlib.contextmanager
    def _turn(self, whose: int) -> Iterator[None]:
        """Wait for a turn.

        Raises:
            Unavailable: If there is none in time.
        """
        until = time.monotonic() + _TURN_SECONDS
        with self._lock:
            mine = self._turns_of.setdefault(whose, threading.BoundedSemaphore(self._most))
        with contextlib.ExitStack() as taken:
            for turn in (mine, self._turns):
                if not turn.acquire(timeout=max(0.0, until - time.monotonic())):
                    raise Unavailable("Too many templates are being checked at this moment.", hint="Try again in a minute.")
                taken.callback(turn.release)
            yield

    def _ask(self, take: Callable[[Mapping[str, Any]], _T], work: str, whose: int, **given: Any) -> _T:
        question = json.dumps({"work": work, "given": given}, default=str).encode()
        if len(question) > _LARGEST_QUESTION:
            raise self._words(End.MEMORY)
        with self._turn(whose):
            try:
                return take(self._answer(question))
            except Ended as ended:
                raise self._words(ended.why) from ended

    def _answer(self, question: bytes) -> Mapping[str, Any]:
        try:
            return _taken(self._said(question))
        except Ended as ended:
            # What a helper keeps of others' templates must not count against this one.
            if ended.why is not End.LOST and not (ended.why is End.MEMORY and ended.had_others):
                raise
        return _taken(self._said(question))

    def _said(self, question: bytes) -> Mapping[str, Any]:
        with self._lock:
            helper = self._idle.pop() if self._idle else None
        helper = helper or Helper(self._limits)
        try:
            said = helper.ask(question)
        except BaseException as error:
            helper.end()
            if isinstance(error, Ended):
                error.had_others = helper.asked > 1
                with contextlib.suppress(Unavailable):
                    self._keep(Helper(self._limits))  # warm for whoever corrects the template
            raise
        if helper.asked < _MOST_QUESTIONS:
            self._keep(helper)
        else:
            helper.end()
        return said

    def _keep(self, helper: Helper) -> None:
        with self._lock:
            self._idle.append(helper)

    def _words(self, why: End) -> InvalidInput:
        seconds, megabytes = f"{self._limits.seconds:g}", self._limits.memory // 1_000_000
        words = {
            End.TIME: (f"The template takes more than {seconds} seconds to work out.", "Check its loops and its styles, and shorten it."),
            End.MEMORY: (f"The template needs more than {megabytes} MB of memory.", "Check its loops, and shorten it."),
            End.OUTPUT: (f"The mail gets larger than {self._limits.output // 1_000_000} MB.", "Check the loops in the template."),
            End.DEPTH: ("The template is nested too deeply.", "Use fewer elements and brackets inside each other."),
        }
        message, hint = words.get(
            why, ("The template can't be read by the tools that make mail of it.", "Simplify its elements and its styles.")
        )
        return InvalidInput(message, hint=hint)


def _taken(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answer in what a helper said.

    Raises:
        InvalidInput: If the helper refuses the template.
        Ended: If what it said makes no sense.
    """
    if "refused" in said:
        refusal = InvalidInput(_text(said, "refused"), hint=_text(said, "hint"))
        raise refusal if said.get("block_id") is None else BlockError(_text(said, "block_id"), refusal)
    if "failed" in said:
        raise RuntimeError(f"A template could not be worked out: {_text(said, 'failed')}")
    answer = said.get("answer")
    if not isinstance(answer, dict):
        raise Ended(End.CRASH)
    return answer


def _compiled(said: Mapping[str, Any]) -> CompiledTemplate:
    if said.get("kind") not in list(TemplateKind):
        raise Ended(End.CRASH)
    return CompiledTemplate(
        TemplateKind(said["kind"]), _text(said, "html"), _text(said, "text"), _texts(said, "links"), _texts(said, "fields")
    )


def _rendered(said: Mapping[str, Any]) -> Rendered:
    return Rendered(_text(said, "html"), _text(said, "text"))


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise Ended(End.CRASH)
    return value


def _texts(said: Mapping[str, Any], name: str) -> list[str]:
    value = said.get(name)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Ended(End.CRASH)
    return value


SHARED = Confined()
atexit.register(SHARED.close)
os.register_at_fork(after_in_child=SHARED.forget)
