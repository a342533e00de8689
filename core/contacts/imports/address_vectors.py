"""Addresses of a whole column at once: nearly all are plain and need one pattern, the rest go to the full check one by one."""

from __future__ import annotations

from functools import cache

import polars as pl

from core.contacts.addresses import MAX_LENGTH, normalise
from core.errors import InvalidInput

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What `normalise` takes as it is, but for capital letters. It takes more than this; nothing that it refuses is in it.
PLAIN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?$"
# Two hyphens can make a label of international letters, which is for the full check.
_LONGEST_DOMAIN, _LONGEST_LOCAL = 200, 64

# Mailboxes of a function, which several people read (RFC 2142, and what companies use besides).
_ROLES = """abuse accounting accounts admin administrator billing booking bookings careers contact contabilidad customerservice dmarc
enquiries enquiry feedback finance help helpdesk hello hostmaster hr info information inquiries invoice invoices it jobs kontakt legal
list mail mailer-daemon marketing media news newsletter noc no-reply noreply no_reply office orders postmaster press privacy recruiting
reception returns root sales security service shop spam staff subscribe support sysadmin team tech unsubscribe usenet uucp webmaster
welcome www"""


def normalised(given: pl.Series) -> pl.Series:
    """Return each text as `addresses.normalise` does, null where it can't be an address.

    Args:
        given: What stands in the column, without white space around it.
    """
    plain = given.to_frame("given").select(pl.col("given").str.to_lowercase(), is_plain=_is_plain(pl.col("given")))
    addresses = plain.select(pl.when("is_plain").then("given")).to_series()
    others = (~plain["is_plain"]).arg_true()
    if others.is_empty():
        return addresses
    checked = pl.Series([_address_or_none(text) for text in given.gather(others)], dtype=pl.String)
    return addresses.scatter(others, checked)


def is_role(address: pl.Expr) -> pl.Expr:
    """Return whether each address is a mailbox of a function, not of a person."""
    return address.str.extract(r"^([^@+]*)").is_in(_ROLES.split())


def is_disposable(address: pl.Expr) -> pl.Expr:
    """Return whether each address is of a service that hands out addresses to be thrown away."""
    return address.str.extract(r"@([^@]*)$").is_in(_disposable().implode())


def _is_plain(text: pl.Expr) -> pl.Expr:
    short = text.str.len_bytes() <= MAX_LENGTH
    local = text.str.find("@", literal=True)
    fits = (local <= _LONGEST_LOCAL) & (text.str.len_bytes() - local <= _LONGEST_DOMAIN)
    # Everything that the pattern takes is ASCII, so a letter that only looks so when made small can't slip in.
    return (short & fits & text.str.contains(PLAIN) & ~text.str.contains("@.*--")).fill_null(False)


def _address_or_none(given: str) -> str | None:
    try:
        return normalise(given)
    except InvalidInput:
        return None


@cache
def _disposable() -> pl.Series:
    from disposable_email_domains import blocklist

    return pl.Series(sorted(blocklist), dtype=pl.String)
