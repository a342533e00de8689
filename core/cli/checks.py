"""What `doctor` looks at: each check gives one finding, in words that say what to do."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from core.cli import running
from core.cli.addresses import LOOPBACK, choose, is_here
from core.cli.supervisor import is_healthy, port_problem
from core.errors import PostwrightError
from core.settings import Settings
from core.storage.database import Database
from core.storage.journal import JournalReader
from core.storage.tables import journal_offsets, lake_files

_LITTLE_SPACE = 1024**3


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Args:
        check: What was looked at.
        level: How bad it is.
        words: What was found and, where something is wrong, what to do.
    """

    check: str
    level: Level
    words: str


def examine(settings: Settings) -> list[Finding]:
    """Return the findings of every check; nothing is changed or made."""
    found = [check(settings) for check in (_data_folder, _key, _addresses, _servers)]
    found.append(_database(settings))
    if found[-1].level is not Level.OK:
        return found
    database = Database(settings.resolved_database_url)
    try:
        return [*found, *(_guarded(name, check, settings, database) for name, check in _ON_DATABASE)]
    finally:
        database.close()


def _data_folder(settings: Settings) -> Finding:
    folder, probe = settings.data_dir, settings.data_dir / f".doctor-{os.getpid()}"
    try:
        probe.write_bytes(b"postwright")
        probe.unlink()
    except OSError as error:
        words = f"“{folder}” can't be written: {error.strerror}. Give this user the right, or free some space."
        return Finding("data folder", Level.FAIL, words)
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        return Finding("data folder", Level.WARN, f"only {free / _LITTLE_SPACE:.1f} GB are free. Make room before the next campaign.")
    return Finding("data folder", Level.OK, f"“{folder}” can be written, {free / _LITTLE_SPACE:.0f} GB free")


def _key(settings: Settings) -> Finding:
    if settings.secret_key.get_secret_value():
        return Finding("secret key", Level.OK, "comes from POSTWRIGHT_SECRET_KEY")
    path = settings.data_dir / "secret.key"
    if not path.exists():
        return Finding("secret key", Level.WARN, "is not made yet; the first `postwright up` makes it")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding("secret key", Level.FAIL, f"can be read by others (mode {mode:04o}). Run: chmod 600 {path}")
    return Finding("secret key", Level.OK, "can be read by its owner only")


def _addresses(settings: Settings) -> Finding:
    if is_here(settings.public_url):
        return Finding(
            "public URL", Level.WARN, f"{settings.public_url} works on this machine only. Set POSTWRIGHT_PUBLIC_URL to send to others."
        )
    if not settings.public_url.startswith("https://"):
        return Finding("public URL", Level.WARN, f"{settings.public_url} is not https. Mail programs may warn of such links.")
    return Finding("public URL", Level.OK, settings.public_url)


def _servers(settings: Settings) -> Finding:
    up = running.find(settings)
    if up is None:
        return _ports(settings)
    silent = [url for url in (up.app_url, up.receiver_url) if not is_healthy(f"{url}/healthz")]
    if silent:
        return Finding("servers", Level.FAIL, f"process {up.pid} runs, but {' and '.join(silent)} does not answer. Look at its log.")
    return Finding("servers", Level.OK, f"process {up.pid} runs; {up.app_url} and {up.receiver_url} answer")


def _ports(settings: Settings) -> Finding:
    addresses = choose(settings, LOOPBACK, 0, 0)
    taken = [str(port) for port in (addresses.app_port, addresses.receiver_port) if port_problem(LOOPBACK, port)]
    if taken:
        words = f"`postwright up` does not run, and another program uses port {' and '.join(taken)}."
        return Finding("servers", Level.WARN, f"{words} Choose others with --app-port and --receiver-port.")
    return Finding("servers", Level.WARN, "`postwright up` does not run; its ports are free")


def _database(settings: Settings) -> Finding:
    if not settings.database_url and not (settings.data_dir / "app.db").exists():
        return Finding("database", Level.WARN, "is not made yet; the first `postwright up` makes it")
    from core.storage.migrate import is_current  # Alembic: only who needs it waits for it

    database = Database(settings.resolved_database_url)
    try:
        if is_current(database):
            return Finding("database", Level.OK, f"{database.dialect}, up to date")
        return Finding("database", Level.FAIL, "is older than this program. Run `postwright migrate`.")
    except (PostwrightError, sa.exc.SQLAlchemyError):
        return Finding("database", Level.FAIL, "does not answer or is damaged. Check POSTWRIGHT_DATABASE_URL, or restore a backup.")
    finally:
        database.close()


def _lake(settings: Settings, database: Database) -> Finding:
    with database.read() as connection:
        listed = connection.execute(sa.select(lake_files.c.path, lake_files.c.bytes, lake_files.c.dead_at)).all()
    live = [(settings.lake_dir / row.path, row.bytes) for row in listed if row.dead_at is None]
    missing = [path for path, size in live if not path.is_file() or path.stat().st_size != size]
    if missing:
        return Finding(
            "lake", Level.FAIL, f"{len(missing)} of {len(live)} listed files are missing or cut off. Restore them from a backup."
        )
    known = {settings.lake_dir / row.path for row in listed}
    strays = sum(1 for path in settings.lake_dir.rglob("*.parquet") if path not in known)
    extra = f", {strays} not listed (swept later)" if strays else ""
    return Finding("lake", Level.OK, f"{len(live)} files, all there{extra}")


def _journal(settings: Settings, database: Database) -> Finding:
    with database.read() as connection:
        offsets = {row.file: row for row in connection.execute(sa.select(journal_offsets))}
    torn = sum(row.torn_bytes for row in offsets.values())
    waiting = 0
    for path in JournalReader(settings.journal_dir).files():
        known = offsets.get(path.name)
        waiting += max(0, path.stat().st_size - (known.offset + known.torn_bytes if known else 0))
    if torn:
        return Finding(
            "journal", Level.WARN, f"{torn} bytes of unfinished lines were left by crashes (never acknowledged); {waiting} bytes wait"
        )
    return Finding("journal", Level.OK, f"no torn lines; {waiting} bytes wait for the ingester")


_ON_DATABASE: list[tuple[str, Callable[[Settings, Database], Finding]]] = [("lake", _lake), ("journal", _journal)]


def _guarded(name: str, check: Callable[[Settings, Database], Finding], settings: Settings, database: Database) -> Finding:
    try:
        return check(settings, database)
    except (OSError, PostwrightError, sa.exc.SQLAlchemyError) as error:
        return Finding(name, Level.FAIL, f"could not be looked at: {type(error).__name__}.")
