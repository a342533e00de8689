"""What a file's own columns `consent` and `suppressed`, as our export writes them, say about people: they take away, and never give."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import sqlalchemy as sa

from core.contacts.consent.records import ConsentStatus
from core.contacts.imports.judging import Judged, chosen
from core.contacts.imports.mapping import OURS
from core.contacts.imports.staged import Staged
from core.contacts.tables import contacts
from core.storage.database import among, chunked

CONSENT, SUPPRESSED = "consent", "suppressed"
_CHUNK = 10_000
_YES = ("true", "yes", "1")
_LESS = tuple(state for state in ConsentStatus if state is not ConsentStatus.SUBSCRIBED)
Stands = dict[ConsentStatus, list[str]]


def own_words(staged: Staged, judged: Judged) -> tuple[Stands, list[str]]:
    """Return how people stand by the file who may not come in as subscribed, by state, and who of them had said no.

    Whoever was suppressed may come in as unsubscribed only; of known people that column says nothing, as theirs is on record here.
    """
    stands: Stands = {state: [] for state in _LESS}
    noes: list[str] = []
    for rows in _said(staged, judged):
        noes += rows.filter(pl.col(CONSENT) == ConsentStatus.UNSUBSCRIBED.value)["email"].to_list()
        stopped = pl.col(SUPPRESSED).is_in(_YES)
        said = rows.with_columns(pl.when(stopped).then(pl.lit(ConsentStatus.UNSUBSCRIBED.value)).otherwise(CONSENT).alias(CONSENT))
        for state, addresses in stands.items():
            addresses += said.filter(pl.col(CONSENT) == state.value)["email"].to_list()
    return {state: addresses for state, addresses in stands.items() if addresses}, noes


def ids_of(connection: sa.Connection, workspace_id: int, addresses: list[str]) -> list[int]:
    """Return the numbers of the contacts with these addresses."""
    wanted = sa.select(contacts.c.id).where(contacts.c.workspace_id == workspace_id)
    found: list[int] = []
    for chunk in chunked(addresses, _CHUNK):
        found += connection.execute(wanted.where(contacts.c.email.in_(among(connection, chunk)))).scalars()
    return found


def stand(connection: sa.Connection, workspace_id: int, change: int, source: str, stands: Stands) -> None:
    """Let those of them whom this import has just made stand as they did, before that is put on record."""
    made = (contacts.c.workspace_id == workspace_id, contacts.c.updated_seq == change, contacts.c.source == source)
    for state, addresses in stands.items():
        for chunk in chunked(addresses, _CHUNK):
            mine = sa.update(contacts).where(*made, contacts.c.email.in_(among(connection, chunk)))
            connection.execute(mine.values(consent=state.value))


def no_column(staged: Staged) -> str | None:
    """Return the key of the column in which a file says how people stand, None where it does not."""
    return _own_keys(staged).get(CONSENT)


def says_no(key: str) -> pl.Expr:
    """Return whether each row of such a column says that somebody unsubscribed."""
    return _plain(pl.col(key)) == ConsentStatus.UNSUBSCRIBED.value


def _own_keys(staged: Staged) -> dict[str, str]:
    headings = {CONSENT: CONSENT, OURS + SUPPRESSED: SUPPRESSED}
    return {headings[name]: staged.key(column) for column in staged.columns if (name := column.strip().lower()) in headings}


def _plain(text: pl.Expr) -> pl.Expr:
    return text.fill_null("").str.strip_chars().str.to_lowercase()


def _said(staged: Staged, judged: Judged) -> Iterator[pl.DataFrame]:
    """Yield `email`, `consent` and `suppressed` of the rows that can be imported; nothing where the file has neither column."""
    keys, done = _own_keys(staged), 0
    for rows in chosen(staged, judged.kept, ["line", *keys.values()] if keys else []):
        emails = judged.kept["email"].slice(done, rows.height)
        done += rows.height
        texts = [(_plain(pl.col(keys[name])) if name in keys else pl.lit("")).alias(name) for name in (CONSENT, SUPPRESSED)]
        yield rows.select("line", *texts).with_columns(emails.alias("email"))
