"""A picture of an email, taken by a Chromium that runs nothing, reaches nothing, knows nothing, and is ended whatever it does."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from PIL import Image

from core.templates.markup.scanning import Kind, scan

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOBODY = "none"
WIDTH = 480
_WINDOW = (640, 480)
_LOOK_EVERY_SECONDS = 0.1
_MOST_PIXELS = 4_000_000
_FOLDER = "postwright-picture-"
_LEFT_BEHIND_SECONDS = 3600.0
_TRIES = 2  # a picture of one colour is taken once more: the machine may have been too busy to paint
_ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    "--disable-dev-shm-usage",
    "--no-pings",
    "--mute-audio",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    # In a process of its own the frame is often not painted yet when the picture is taken; what it may do is as little either way.
    "--disable-features=IsolateSandboxedIframes",
    # Names and addresses lead nowhere, and what would not ask for a name goes to a proxy that is not there.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    f"--window-size={_WINDOW[0]},{_WINDOW[1] + 160}",  # of its height the window takes some for itself
)
_GREY = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 600 300' preserveAspectRatio='none'%3E"
    "%3Crect width='600' height='300' fill='%23dfe3ea'/%3E%3C/svg%3E"
)
# The mail stands in a frame that may do nothing, in a page that may load nothing: no script runs, and what it names of this machine
# stays unread. Switching scripts off in Chromium itself ends its own `--screenshot` (156: the page's process is ended for a bad message).
_PAGE = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
    "<style>html,body{{margin:0;height:100%;overflow:hidden;background:#fff}}iframe{{border:0;width:100%;height:100%}}</style>"
    '<iframe sandbox srcdoc="{}"></iframe>'
)


def find_chromium(wanted: str) -> str | None:
    """Return the path of a Chromium, or None where there is none or none is wanted.

    Args:
        wanted: A path, `NOBODY`, or "" for one that is found on the machine.
    """
    if wanted:
        return None if wanted == NOBODY else shutil.which(wanted)
    return next((path for path in map(shutil.which, NAMES) if path), None)


@dataclass(frozen=True)
class Bounds:
    """What taking a picture may take.

    Args:
        seconds: How long.
        memory: How many bytes Chromium's processes hold together, each counted with what they share.
    """

    seconds: float = 20.0
    memory: int = 2_000_000_000


_USUAL = Bounds()


def photograph(chromium: str, html: str, should_stop: Callable[[], bool] = lambda: False, bounds: Bounds = _USUAL) -> bytes | None:
    """Return the top of an email as a WebP of `WIDTH` pixels; None where it could not be had in time and bounds.

    Args:
        chromium: Its path.
        html: The email; nothing in it is trusted.
        should_stop: Asked all the while; once it says yes, Chromium is ended.
        bounds: What it may take.
    """
    for _ in range(_TRIES):
        taken = _shot(chromium, html, should_stop, bounds)
        if taken is None or not _is_blank(taken):
            break
    return _webp(taken) if taken else None


def tidy(folder: str = "") -> None:
    """Delete what killed workers left behind of pictures they were taking.

    Args:
        folder: Where; by default where temporary files are.
    """
    now = time.time()  # beside times of files, not of records
    for left in Path(folder or gettempdir()).glob(f"{_FOLDER}*"):
        with contextlib.suppress(OSError):
            about = left.lstat()
            if stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and now - about.st_mtime > _LEFT_BEHIND_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _shot(chromium: str, html: str, should_stop: Callable[[], bool], bounds: Bounds) -> Image.Image | None:
    with TemporaryDirectory(prefix=_FOLDER, ignore_cleanup_errors=True) as folder:
        page, shot = Path(folder) / "mail.html", Path(folder) / "shot.png"
        page.write_text(_PAGE.format(escape(_without_pictures(html), quote=True)), "utf-8")
        places = (f"--user-data-dir={folder}/profile", f"--screenshot={shot}", page.as_uri())
        sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium's own does not run as root
        _run([*_nicely(), chromium, *_ARGUMENTS, *sandbox, *places], Path(folder), should_stop, bounds)
        return _small(shot.read_bytes()) if shot.is_file() else None


def _without_pictures(html: str) -> str:
    """Return the mail with a grey box in place of each picture that would have to be loaded, which none is."""
    written, done = [], 0
    for piece in scan(html):
        for each in piece.attributes if piece.kind is Kind.START and piece.name == "img" else ():
            if each.name == "src" and each.value and not each.value.startswith("data:"):
                quotes = html[each.start - 1] in "\"'"
                written += [html[done : each.start - quotes], f'"{_GREY}"']
                done = each.end + quotes
    return "".join([*written, html[done:]])


def _nicely() -> list[str]:
    nice = shutil.which("nice")
    return [nice, "-n", "15"] if nice else []


def _run(command: list[str], folder: Path, should_stop: Callable[[], bool], bounds: Bounds) -> None:
    """Run a command until it ends, is asked to stop, or takes more time or memory than it may; no child of it is left."""
    known = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder)}
    silent = subprocess.DEVNULL
    # A session of its own: all of it can be ended at once, and Ctrl-C in the terminal is not for it.
    process = subprocess.Popen(  # noqa: S603 - the path of whoever runs the server, and arguments of ours
        command, env=known, stdin=silent, stdout=silent, stderr=silent, cwd=folder, start_new_session=True
    )
    try:
        until = time.monotonic() + bounds.seconds
        while process.poll() is None and time.monotonic() < until and not should_stop() and _memory_of(process.pid) < bounds.memory:
            try:
                process.wait(_LOOK_EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _memory_of(session: int) -> int:
    """Return how many bytes the processes of a session hold together; 0 where the system does not tell."""
    pages = 0
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = one.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[3]) == session:  # state, parent, group, session, …; the resident pages are the 22nd after the name
            pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _small(png: bytes) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            top = image.convert("RGB").crop((0, 0, image.width, min(image.height, image.width * 3 // 4)))
    except (OSError, ValueError, SyntaxError):
        return None
    top.thumbnail((WIDTH, WIDTH))
    return top


def _is_blank(picture: Image.Image) -> bool:
    """Whether it is of one colour: nothing was painted yet, or there is nothing to see."""
    return picture.getcolors(1) is not None


def _webp(picture: Image.Image) -> bytes:
    made = io.BytesIO()
    picture.save(made, "WEBP", quality=80)
    return made.getvalue()
