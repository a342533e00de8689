"""A body that is a file: it goes to the disk as it comes, whatever its size, and is gone once the request is answered."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from core.api.problems import Refusal
from core.errors import StorageFull

LARGEST_FILE = 512 << 20
_SECONDS, _LONGEST_SECONDS = 10.0, 900.0
# Slower than this over its whole length, and the sender takes a place from others for too long.
_SLOWEST_BYTES = 128 * 1024
_BLOCK = 1 << 20


async def receive(request: Request, folder: Path) -> None:
    """Keep the body of a request as a file, for the route to take (`Upload`).

    Args:
        request: Whose body; from then on its digest stands for it, which is enough to tell whether it was sent before.
        folder: Where to.

    Raises:
        Refusal: If it is too large, too slow, or none.
        StorageFull: If there is no room for it.
    """
    path, digest, size, waiting = folder / "body", hashlib.sha256(), 0, bytearray()
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(_SECONDS) as limit:
            with path.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > LARGEST_FILE:
                        raise too_large()
                    limit.reschedule(began + min(_LONGEST_SECONDS, _SECONDS + size / _SLOWEST_BYTES))
                    digest.update(chunk)
                    waiting += chunk
                    if len(waiting) >= _BLOCK:
                        await run_in_threadpool(file.write, bytes(waiting))
                        waiting.clear()
                file.write(waiting)
    except TimeoutError:
        raise Refusal("timeout", "The file did not arrive in time.", hint="Send it again.") from None
    except OSError as error:
        raise StorageFull("There is no room for the file.", hint="Free some disk space and try again.") from error
    request.state.upload = path
    request._body = digest.hexdigest().encode()


def too_large() -> Refusal:
    """Return what refuses a file that is larger than any may be."""
    hint = "Split it, or pack it as .gz or .zip."
    return Refusal("too-large", f"A file can have {LARGEST_FILE >> 20} MiB.", hint=hint, headers={"Connection": "close"})


def _uploaded(request: Request) -> Path:
    path: Path = request.state.upload
    return path


# The file that came with the request; for routes whose `openapi_extra` says `A_FILE`.
Upload = Annotated[Path, Depends(_uploaded)]
A_FILE = {
    "x-file": True,
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
}
