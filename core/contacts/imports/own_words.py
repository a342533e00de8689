"""What a file's own columns `consent` and `suppressed`, as our export writes them, say about people: they take away, and never give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
import sqlalchemy as sa

from core.contacts.consent.records import ConsentStatus
from core.contacts.imports.address_vectors import normalised
from core.contacts.imports.judging import Judged, chosen
from core.contacts.imports.mapping import OURS, Mapped
from core.contacts.imports.staged import Staged
from core.contacts.tables import contacts
from core.contacts.visibility import seen_one_by_one
from core.permissions import Principal
from core.storage.database import among, chunked

CONSENT, SUPPRESSED = "consent", "suppressed"
_CHUNK = 10_000
_YES = ("true", "yes", "1")
_LESS = (ConsentStatus.UNKNOWN, ConsentStatus.PENDING, ConsentStatus.UNSUBSCRIBED)  # the strictest is the last word
Stands = dict[ConsentStatus, list[str]]


def own_words(staged: Staged, mapped: Mapped, judged: Judged) -> tuple[Stands, list[str]]:
    """Return how people stand by the file who may not come in as subscribed, by state, and who of them had said no.

    A no counts in whatever row it stands: also in one that is refused for something else, or that another row of the same address
    takes the place of. Whoever was suppressed may come in as unsubscribed only; of known people that column says nothing, as theirs
    is on record here.
    """
    keys = _own_keys(staged)
    if not keys:
        return {}, []
    stands: Stands = {state: [] for state in _LESS}
    for rows in _said(staged, judged, keys):
        for state in (ConsentStatus.PENDING, ConsentStatus.UNKNOWN):
            stands[state] += rows.filter(pl.col(CONSENT) == state.value)["email"].to_list()
    noes, stopped = _refusals(staged, mapped, keys)
    stands[ConsentStatus.UNSUBSCRIBED] = sorted({*noes, *stopped})
    return {state: addresses for state, addresses in stands.items() if addresses}, noes


def ids_of(connection: sa.Connection, by: Principal, addresses: list[str]) -> list[int]:
    """Return the numbers of the contacts with these addresses whom `by` may see."""
    wanted = sa.select(contacts.c.id).where(contacts.c.workspace_id == by.workspace_id, *seen_one_by_one(by))
    found: list[int] = []
    for chunk in chunked(addresses, _CHUNK):
        found += connection.execute(wanted.where(contacts.c.email.in_(among(connection, chunk)))).scalars()
    return found


def strangers_among(connection: sa.Connection, workspace_id: int, addresses: list[str]) -> list[str]:
    """Return those of these addresses that no contact of the workspace has."""
    known, wanted = set[str](), sa.select(contacts.c.email).where(contacts.c.workspace_id == workspace_id)
    for chunk in chunked(addresses, _CHUNK):
        known |= set(connection.execute(wanted.where(contacts.c.email.in_(among(connection, chunk)))).scalars())
    return [address for address in addresses if address not in known]


def stand(connection: sa.Connection, workspace_id: int, change: int, source: str, stands: Stands) -> None:
    """Let those of them whom this import has just made stand as they did, before that is put on record."""
    made = (contacts.c.workspace_id == workspace_id, contacts.c.updated_seq == change, contacts.c.source == source)
    for state, addresses in stands.items():
        for chunk in chunked(addresses, _CHUNK):
            mine = sa.update(contacts).where(*made, contacts.c.email.in_(among(connection, chunk)))
            connection.execute(mine.values(consent=state.value))


def _own_keys(staged: Staged) -> dict[str, str]:
    headings = {CONSENT: CONSENT, OURS + SUPPRESSED: SUPPRESSED}
    return {headings[name]: staged.key(column) for column in staged.columns if (name := column.strip().lower()) in headings}


def _plain(text: pl.Expr) -> pl.Expr:
    return text.fill_null("").str.strip_chars().str.to_lowercase()


def _said(staged: Staged, judged: Judged, keys: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    """Yield `email` and `consent` of the rows that can be imported."""
    done = 0
    for rows in chosen(staged, judged.kept, ["line", *keys.values()]):
        emails = judged.kept["email"].slice(done, rows.height)
        done += rows.height
        yield rows.select("line", *_texts(keys)).with_columns(emails.alias("email"))


def _refusals(staged: Staged, mapped: Mapped, keys: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the addresses of all rows, whatever else is in them, that say no, and of those that say suppressed."""
    noes, stopped, given = set[str](), set[str](), staged.key(mapped.email)
    for rows in staged.slices([*dict.fromkeys((given, *keys.values()))]):
        said = rows.select(pl.col(given).str.strip_chars().alias("email"), *_texts(keys))
        said = said.filter((pl.col(CONSENT) == ConsentStatus.UNSUBSCRIBED.value) | pl.col(SUPPRESSED).is_in(_YES))
        said = said.with_columns(normalised(said["email"]).alias("email")).drop_nulls("email")
        noes |= set(said.filter(pl.col(CONSENT) == ConsentStatus.UNSUBSCRIBED.value)["email"])
        stopped |= set(said.filter(pl.col(SUPPRESSED).is_in(_YES))["email"])
    return sorted(noes), sorted(stopped)


def _texts(keys: Mapping[str, str]) -> list[pl.Expr]:
    return [(_plain(pl.col(keys[name])) if name in keys else pl.lit("")).alias(name) for name in (CONSENT, SUPPRESSED)]
