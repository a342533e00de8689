"""`/f/{form_key}`: a form that anybody may send. What is answered with success is on the disk; the ingester carries it out.

What is said afterwards is the same to everybody, so nobody learns who is known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import orjson
from starlette.requests import Request
from starlette.responses import Response

from core.contacts.consent.evidence import ConsentMethod
from core.contacts.hosted.form_page import STAMP, TRAP, Typed, answer_page, closed_page, form_page, frame_of
from core.contacts.hosted.lines import Submission, evidence_of, line_of
from core.contacts.hosted.markup import paragraph
from core.contacts.hosted.published import FormState, PublishedForm
from core.contacts.hosted.reading import Filled, Wrong, read_form
from core.contacts.hosted.words import words
from core.errors import Unavailable
from tracking_receiver import pages
from tracking_receiver.answers import present, show
from tracking_receiver.asking import asker
from tracking_receiver.bodies import Malformed, TooLarge, TooSlow, WrongType, read_body, values_of
from tracking_receiver.headers import PRIVATE, as_text
from tracking_receiver.parts import Parts
from tracking_receiver.stamps import FASTEST_SECONDS, LONGEST_SECONDS

_PATIENCE_SECONDS = 3.0
_SAME_SECONDS = 600  # without a stamp, the same from the same person within about this long is one submission
_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    TooLarge: (413, "too_much"),
    TooSlow: (408, "too_slow"),
    Malformed: (400, "bad_type"),
    WrongType: (415, "bad_type"),
}


class SignUpForms:
    """Shows forms and takes what is sent by them.

    Args:
        parts: The receiver's parts.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts, self._forms = parts, parts.forms
        self._asking = ThreadPoolExecutor(2, thread_name_prefix="forms")

    async def answer(self, request: Request) -> Response:
        """Answer one request; looking changes nothing."""
        key = request.path_params["key"]
        form = self._forms.known(key)
        if form is None and (wait := self._parts.limiter.stranger(asker(dict(request.scope)).ip)):
            return _with_wait(show(pages.too_often()), wait)
        try:
            form = form or await self._look_for(key)
        except (Unavailable, TimeoutError):
            return show(pages.out_of_order())
        if form is None:
            return show(pages.no_form())
        if form.state is not FormState.LIVE:
            return present(closed_page(form))
        if request.method == "POST":
            return await self._take(request, form)
        return present(form_page(form, self._stamp(), has_gpc=has_gpc(request)))

    def close(self) -> None:
        """Let the threads go."""
        self._asking.shutdown(wait=False, cancel_futures=True)

    async def _look_for(self, key: str) -> PublishedForm | None:
        looking = asyncio.get_running_loop().run_in_executor(self._asking, self._forms.get, key)
        return await asyncio.wait_for(looking, _PATIENCE_SECONDS)

    async def _take(self, request: Request, form: PublishedForm) -> Response:
        try:
            sent = await values_of(request, await read_body(request))
        except (TooLarge, TooSlow, Malformed, WrongType) as error:
            return _refused(form, *_REFUSALS[type(error)])
        age = self._parts.stamps.age(_first(sent, STAMP), self._now)
        filled = read_form(form, sent)
        if isinstance(filled, Wrong):
            return self._once_more(request, form, sent, age, Typed(sent, filled.problems))
        if _first(sent, TRAP) or not self._is_unhurried(form, sent, age):
            return self._once_more(request, form, sent, age, Typed(sent, note="again"))
        return await self._keep(request, form, filled, _first(sent, STAMP))

    def _is_unhurried(self, form: PublishedForm, sent: Mapping[str, Sequence[str]], age: float | None) -> bool:
        """Whether it took as long as it takes a person; a form on somebody's own site has no stamp to tell."""
        if form.design.allows_plain and not _first(sent, STAMP):
            return True
        return age is not None and FASTEST_SECONDS <= age <= LONGEST_SECONDS

    def _once_more(
        self, request: Request, form: PublishedForm, sent: Mapping[str, Sequence[str]], age: float | None, typed: Typed
    ) -> Response:
        """Show the form again with what was typed; a stamp that still counts stays, so that the next press is not too early."""
        is_good = age is not None and age <= LONGEST_SECONDS
        stamp = _first(sent, STAMP) if is_good else self._stamp()
        return present(form_page(form, stamp, typed, has_gpc=has_gpc(request), status=422))

    async def _keep(self, request: Request, form: PublishedForm, filled: Filled, stamp: str) -> Response:
        who = asker(dict(request.scope))
        wait = self._parts.limiter.sign_up(filled.email, who.ip)
        if wait:
            return _with_wait(_refused(form, 429, "wait"), wait)
        wording = (form.design.wording, form.wording_version, form.design.language)
        asked = Submission(
            at=self._parts.clock.now(),
            workspace_id=form.workspace_id,
            form_id=form.id,
            key=self._key(form, filled, stamp),
            email=filled.email,
            names=filled.names,
            attributes=filled.attributes,
            list_ids=filled.list_ids,
            double_opt_in=form.design.double_opt_in,
            has_gpc=has_gpc(request),
            evidence=evidence_of(ConsentMethod.FORM, f"form:{form.id}", who.ip, who.user_agent, wording=wording),
        )
        if not await self._parts.notes.wish(line_of(asked), keep=False):
            return _refused(form, 503, "not_noted")
        if form.design.redirect_url:
            return Response(b"", 303, {**as_text(PRIVATE), "location": form.design.redirect_url})
        return present(answer_page(form))

    def _key(self, form: PublishedForm, filled: Filled, stamp: str) -> str:
        showing = stamp or str(int(self._now // _SAME_SECONDS))
        content = orjson.dumps([filled.email, filled.names, filled.attributes, sorted(filled.list_ids)], option=orjson.OPT_SORT_KEYS)
        return self._parts.stamps.key_of("submission", str(form.id), showing, content.decode())

    def _stamp(self) -> str:
        return self._parts.stamps.mint(self._now)

    @property
    def _now(self) -> float:
        return self._parts.clock.now().timestamp()


def has_gpc(request: Request) -> bool:
    """Return whether the browser sends Global Privacy Control."""
    return request.headers.get("sec-gpc", "").strip() == "1"


def _refused(form: PublishedForm, status: int, word: str) -> Response:
    told = words(form.design.language)
    return present(frame_of(form).page(told["wrong"], paragraph(told[word]), status))


def _with_wait(answer: Response, wait: int) -> Response:
    answer.headers["retry-after"] = str(wait)
    return answer


def _first(sent: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(sent.get(name, ())), "")
