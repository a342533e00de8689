"""What `doctor` looks at in the database and beside it: the lake, the journal, the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from core.audit.verifying import Verdict, verify
from core.cli.findings import Finding, Level
from core.clock import SystemClock
from core.errors import PostwrightError
from core.settings import Settings
from core.storage.database import Database
from core.storage.journal import JournalReader
from core.storage.tables import journal_offsets, lake_files

_UNSEALED = timedelta(hours=1)


def look_at_data(settings: Settings, database: Database) -> list[Finding]:
    """Return the findings of every check that needs the database."""
    return [_guarded(name, check, settings, database) for name, check in _CHECKS]


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


def _audit(settings: Settings, database: Database) -> Finding:
    verdict = verify(database, key_at_hand(settings), previous=settings.previous_keys)
    if not verdict.is_whole:
        first = verdict.flaws[0]
        words = f"is not what was written: {first.words} (workspace {first.workspace_id}), {len(verdict.flaws)} findings in all."
        return Finding("audit log", Level.FAIL, f"{words} Run `postwright audit verify` and look for who can write the database.")
    words = f"{counted(verdict)}, unbroken"
    warnings = seal_warnings(verdict)
    return Finding("audit log", Level.WARN if warnings else Level.OK, ". ".join([words, *warnings]))


def counted(verdict: Verdict) -> str:
    """Return how much there is, in words."""
    entries = f"{verdict.entries:,} {'entry' if verdict.entries == 1 else 'entries'}"
    return f"{entries} in {verdict.chains:,} {'chain' if verdict.chains == 1 else 'chains'}"


def key_at_hand(settings: Settings) -> bytes | None:
    """Return the installation's secret key, or None where there is none yet: whoever only looks must not make one."""
    if settings.secret_key.get_secret_value() or (settings.data_dir / "secret.key").exists():
        return settings.key
    return None


def seal_warnings(verdict: Verdict) -> list[str]:
    """Return what the seals leave open, in words; nothing where all is sealed in time."""
    warnings = []
    if not verdict.seals_checked:
        warnings.append("The seals were not checked: the secret key is not here")
    if verdict.unsealed_since and SystemClock().now() - verdict.unsealed_since > _UNSEALED:
        since = f"the oldest of {verdict.unsealed_since:%Y-%m-%d}"
        warnings.append(f"Not sealed yet: {verdict.unsealed:,}, {since}; the worker of `postwright up` does that")
    if verdict.late:
        warnings.append(f"Sealed over a day late: {verdict.late:,}; the worker did not run then, or seals were taken away")
    return warnings


_CHECKS: list[tuple[str, Callable[[Settings, Database], Finding]]] = [("lake", _lake), ("journal", _journal), ("audit log", _audit)]


def _guarded(name: str, check: Callable[[Settings, Database], Finding], settings: Settings, database: Database) -> Finding:
    try:
        return check(settings, database)
    except (OSError, PostwrightError, sa.exc.SQLAlchemyError) as error:
        return Finding(name, Level.FAIL, f"could not be looked at: {type(error).__name__}.")
