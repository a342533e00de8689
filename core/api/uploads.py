"""A body that is a file: it goes to the disk as it comes, whatever its size, and is gone once the request is answered."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from core.api.forms import FormWithFile
from core.api.problems import Refusal
from core.errors import StorageFull

LARGEST_FILE = 512 << 20
_SECONDS, _LONGEST_SECONDS = 10.0, 900.0
# Slower than this over its whole length, and the sender takes a place from others for too long.
_SLOWEST_BYTES = 128 * 1024
_BLOCK = 1 << 20


async def receive(request: Request, folder: Path, *, takes_form: bool = False) -> None:
    """Keep the body of a request as a file, for the route to take (`Upload`).

    Args:
        request: Whose body; from then on its digest stands for it, which is enough to tell whether it was sent before.
        folder: Where to.
        takes_form: Whether the file may also be the one file of a form.

    Raises:
        Refusal: If it is too large, too slow, or none, or a form that can't be used.
        StorageFull: If there is no room for it.
    """
    path, digest, size, waiting = folder / "body", hashlib.sha256(), 0, bytearray()
    kind = request.headers.get("content-type", "")
    form = FormWithFile(kind) if takes_form and kind.partition(";")[0].strip().lower() == "multipart/form-data" else None
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(_SECONDS) as limit:
            with path.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > LARGEST_FILE:
                        raise too_large()
                    limit.reschedule(began + min(_LONGEST_SECONDS, _SECONDS + size / _SLOWEST_BYTES))
                    piece = chunk if form is None or not chunk else form.feed(chunk)
                    digest.update(piece)
                    waiting += piece
                    if len(waiting) >= _BLOCK:
                        await run_in_threadpool(file.write, bytes(waiting))
                        waiting.clear()
                file.write(waiting)
    except TimeoutError:
        raise Refusal("timeout", "The file did not arrive in time.", hint="Send it again.") from None
    except OSError as error:
        raise StorageFull("There is no room for the file.", hint="Free some disk space and try again.") from error
    if form:
        form.close()
        digest.update(form.file_name.encode())  # not the boundary, which is another one each time
    request.state.upload, request.state.file_name = path, form.file_name if form else ""
    request._body = digest.hexdigest().encode()


def too_large() -> Refusal:
    """Return what refuses a file that is larger than any may be."""
    hint = "Split it, or pack it as .gz or .zip."
    return Refusal("too-large", f"A file can have {LARGEST_FILE >> 20} MiB.", hint=hint, headers={"Connection": "close"})


def _uploaded(request: Request) -> Path:
    path: Path = request.state.upload
    return path


def _named(request: Request) -> str:
    name: str = request.state.file_name
    return name


# The file that came with the request; for routes whose `openapi_extra` says `A_FILE`.
Upload = Annotated[Path, Depends(_uploaded)]
# What the file of a form is called; "" where the body is the file.
UploadName = Annotated[str, Depends(_named)]
_BODY: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FILE = {"type": "string", "format": "binary", "description": "The file; the form may hold nothing else."}
_FORM: dict[str, Any] = {"multipart/form-data": {"schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}}}
A_FILE: dict[str, Any] = {"x-file": True, "requestBody": {"required": True, "content": _BODY}}
A_FILE_OR_FORM: dict[str, Any] = {"x-file": True, "x-form": True, "requestBody": {"required": True, "content": {**_BODY, **_FORM}}}
