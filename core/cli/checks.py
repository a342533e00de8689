"""What `doctor` looks at: each check gives one finding, in words that say what to do."""

from __future__ import annotations

import os
import shutil
import stat

import sqlalchemy as sa

from core.cli import running
from core.cli.addresses import LOOPBACK, choose, is_here
from core.cli.checks_on_data import look_at_data
from core.cli.findings import Finding, Level
from core.cli.supervisor import is_healthy, port_problem
from core.errors import PostwrightError
from core.settings import Settings
from core.storage.database import Database

_LITTLE_SPACE = 1024**3


def examine(settings: Settings) -> list[Finding]:
    """Return the findings of every check; nothing is changed or made."""
    found = [check(settings) for check in (_data_folder, _pictures_folder, _key, _addresses, _servers)]
    found.append(_database(settings))
    if found[-1].level is not Level.OK:
        return found
    database = Database(settings.resolved_database_url)
    try:
        return [*found, *look_at_data(settings, database)]
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


def _pictures_folder(settings: Settings) -> Finding:
    folder = settings.pictures_dir
    if not folder.exists():
        return Finding("pictures", Level.OK, "none were uploaded yet")
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("pictures", Level.FAIL, f"“{folder}” can't be written. Give this user the right, so that pictures can be uploaded.")
    return Finding("pictures", Level.OK, f"“{folder}” can be written")


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
