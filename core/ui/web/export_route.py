"""The route that sends people as a file while they are read: `/exports/<name>`, for the session that asked on a page."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from core.contacts.exporting import Export
from core.errors import Denied, PostwrightError
from core.permissions import Permission, Principal
from core.ui.services import services
from core.ui.web.cookies import token_among
from core.ui.web.downloads import DOWNLOADS, Wanted

# Without it Excel takes UTF-8 for the encoding of its own language; our import reads over it.
_MARK = b"\xef\xbb\xbf"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # a proxy in front must not hold it back either


async def export(request: Request) -> Response:
    """Send what was asked for on a page, once."""
    token = token_among(request.cookies, request.headers.get("origin", ""))
    known = await run_in_threadpool(services().sessions.resolve, token) if token else None
    if known is None or known.needs_two_factor:
        return PlainTextResponse("Sign in first.", status_code=401, headers=_HEADERS)
    wanted = DOWNLOADS.take(token, request.path_params["name"], services().clock.now())
    if wanted is None:
        return PlainTextResponse("This download is no longer there. Start the export again.", status_code=404, headers=_HEADERS)
    try:
        found = await run_in_threadpool(_begin, known, wanted)
    except PostwrightError as error:
        return PlainTextResponse(str(error), status_code=403 if isinstance(error, Denied) else 400, headers=_HEADERS)
    day = services().clock.now().date().isoformat()
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="contacts-{day}.{wanted.format}"'}
    return StreamingResponse(_marked(found, wanted), media_type=found.media_type, headers=headers)


def _begin(by: Principal, wanted: Wanted) -> Export:
    by.require(Permission.CONTACTS_EXPORT)
    here, ids = services(), wanted.contact_ids
    if wanted.segment_id is not None:
        ids = here.segments.contact_ids(by, here.segments.get(by, wanted.segment_id).rules)
    return here.exports.stream(by, format=wanted.format, columns=wanted.columns, contact_ids=ids, choice=wanted.choice)


def _marked(found: Export, wanted: Wanted) -> Iterator[bytes]:
    if wanted.format == "csv":
        yield _MARK
    yield from found
