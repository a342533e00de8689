"""`/p/{token}`: somebody sees what they get and changes it; looking changes nothing, and a "no" needs neither database nor body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from core.contacts.consent.evidence import ConsentMethod
from core.contacts.consent.records import ConsentStatus
from core.contacts.hosted import preference_page as fields
from core.contacts.hosted.lines import Choices, Preferences, evidence_of, line_of
from core.contacts.hosted.preference_page import preference_page, wording_of_return
from core.contacts.hosted.preferences import Standing, pace_after
from core.contacts.hosted.words import preferred
from core.contacts.lookup import Frequency
from core.links.tokens import Purpose
from core.storage.event_words import EventKind
from tracking_receiver import pages
from tracking_receiver.answers import present, show
from tracking_receiver.asking import asker, seen
from tracking_receiver.bodies import Malformed, TooLarge, TooSlow, WrongType, read_body, values_of
from tracking_receiver.forms import has_gpc
from tracking_receiver.parts import Parts

_MOST_LISTS = 1000
_MOST_FIELDS = 2 * _MOST_LISTS + 20  # pages that were open before `shown` became one field have two for each list


def preferring(parts: Parts) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler. A genuine POST that does not say what is wanted unsubscribes: no odd spelling may keep anybody subscribed.

    A form that can't be read is answered with the page again: it may have said “save”, and nobody leaves by that.
    """

    async def handle(request: Request) -> Response:
        claims = parts.signer.verify(request.path_params["token"], Purpose.PREFERENCES)
        if claims is None:
            return show(pages.broken_link())
        try:
            sent = await _sent(request)
        except (TooLarge, TooSlow) as error:
            return show(pages.too_large() if isinstance(error, TooLarge) else pages.too_slow())
        standing = await parts.lookups.standing(claims.message_id)
        if sent is None:
            return _again(parts, request, standing)
        wants = _first(sent, fields.DO)
        if request.method == "POST" and wants not in (fields.SAVE, fields.COME_BACK):
            return await _leave(parts, request, claims.message_id, standing)
        if request.method == "POST":
            return await _choose(parts, request, claims.message_id, sent, standing)
        if standing is None:
            return show(pages.ask_to_unsubscribe(await parts.lookups.workspace_name(claims.message_id)))
        return present(preference_page(standing, _language(request), parts.clock.now(), has_gpc=has_gpc(request)))

    return handle


async def _sent(request: Request) -> Mapping[str, Sequence[str]] | None:
    """Return what a form says, nothing where there is none, None for one that can't be read."""
    if request.method != "POST":
        return {}
    body = await read_body(request)
    try:
        return await values_of(request, body, _MOST_FIELDS)
    except WrongType:
        return {}
    except Malformed:
        return None if body.strip() else {}


def _again(parts: Parts, request: Request, standing: Standing | None) -> Response:
    if standing is None:
        return show(pages.not_understood())
    page = preference_page(standing, _language(request), parts.clock.now(), has_gpc=has_gpc(request))
    return present(replace(page, status=400))


async def _leave(parts: Parts, request: Request, message_id: int, standing: Standing | None) -> Response:
    record = seen(parts, EventKind.UNSUBSCRIBED, dict(request.scope), message_id, reason=ConsentMethod.PREFERENCES.value)
    if not await parts.notes.wish(record):
        return show(pages.not_noted())
    await parts.stopping.reader_of(message_id, datetime.fromisoformat(record["at"]))
    if standing is None:
        return show(pages.unsubscribed(await parts.lookups.workspace_name(message_id)))
    now_out = replace(standing, consent=ConsentStatus.UNSUBSCRIBED)
    return present(preference_page(now_out, _language(request), parts.clock.now(), says="left_all"))


async def _choose(
    parts: Parts, request: Request, message_id: int, sent: Mapping[str, Sequence[str]], standing: Standing | None
) -> Response:
    choices, language, who = chosen(sent), _language(request), asker(dict(request.scope))
    if standing is not None and not standing.may_agree:
        choices = choices.without_yes()
    words = (wording_of_return(standing, language), 1, language) if choices.comes_back else ("", 0, language)
    evidence = evidence_of(ConsentMethod.PREFERENCES, f"message:{message_id}", who.ip, who.user_agent, wording=words)
    asked = Preferences(parts.clock.now(), message_id, has_gpc(request), evidence, choices)
    if not await parts.notes.wish(line_of(asked)):
        return show(pages.not_noted())
    if standing is None:
        return show(pages.choices_noted())
    says = "came_back" if choices.comes_back else "saved"
    return present(preference_page(_after(standing, asked), language, parts.clock.now(), has_gpc=has_gpc(request), says=says))


def chosen(sent: Mapping[str, Sequence[str]]) -> Choices:
    """Return what somebody chose; what can't be understood changes nothing."""
    if _first(sent, fields.DO) == fields.COME_BACK:
        return Choices(comes_back=True)
    shown, ticked = _numbers(sent, fields.SHOWN), _numbers(sent, fields.LISTS)
    frequency, pause, sale = _first(sent, fields.FREQUENCY), _first(sent, fields.PAUSE), sent.get(fields.SALE, ())
    return Choices(
        joined=tuple(sorted(ticked & shown)),
        left=tuple(sorted(shown - ticked)),
        frequency=frequency if frequency in set(Frequency) else "",
        pause_days=int(pause) if pause in {"0", *map(str, fields.PAUSES)} else None,
        do_not_sell="yes" in sale if sale else None,
    )


def _after(standing: Standing, asked: Preferences) -> Standing:
    """Return where somebody stands once what they chose is carried out, which is within a second or so."""
    choices, only_less = asked.choices, not standing.may_agree
    frequency, until = pace_after(choices, asked.at, standing.frequency, standing.paused_until, only_less=only_less)
    known = {each.id for each in standing.lists}
    return replace(
        standing,
        consent=ConsentStatus.SUBSCRIBED if choices.comes_back else standing.consent,
        on=frozenset((standing.on | set(choices.joined)) - set(choices.left)) & known,
        frequency=frequency,
        paused_until=until,
        do_not_sell=asked.has_gpc or (standing.do_not_sell if choices.do_not_sell is None else choices.do_not_sell),
        asked=standing.asked - set(choices.joined) - set(choices.left),
    )


def _numbers(sent: Mapping[str, Sequence[str]], name: str) -> set[int]:
    parts = ",".join(sent.get(name, ())).split(",", _MOST_LISTS)[:_MOST_LISTS]
    return {int(each) for each in parts if each.isascii() and each.isdigit() and len(each) < 19}


def _language(request: Request) -> str:
    return preferred(request.headers.get("accept-language", ""))


def _first(sent: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(sent.get(name, ())), "")
